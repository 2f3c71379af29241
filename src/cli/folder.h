//  folder.h: where the cache is when nobody says.

#ifndef INK_FOLDER_H_INCLUDED
#define INK_FOLDER_H_INCLUDED

#include <stddef.h>

#define INK_FOLDER_MOST 4096

//  $XDG_CACHE_HOME/inkling, or ~/.cache/inkling. 0, or -1 when there is no home.
int ink_folder_cache (char path[INK_FOLDER_MOST]);

#endif

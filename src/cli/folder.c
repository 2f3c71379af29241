//  folder.c: where the cache is when nobody says.

#include "cli/folder.h"

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
ink_folder_cache (char path[INK_FOLDER_MOST])
{
    const char *base = getenv ("XDG_CACHE_HOME"), *home = getenv ("HOME");
    int size;
    if (base && *base == '/') {
        size = snprintf (path, INK_FOLDER_MOST, "%s/inkling", base);
    } else {
        const struct passwd *user = home && *home == '/' ? NULL : getpwuid (getuid ());
        if (!user && (!home || *home != '/'))
            return -1;
        size = snprintf (path, INK_FOLDER_MOST, "%s/.cache/inkling",
                         user ? user->pw_dir : home);
    }
    return size < INK_FOLDER_MOST ? 0 : -1;
}

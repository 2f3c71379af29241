//  sound.h: whether LMDB can be let loose on a file.

#ifndef INK_SOUND_H_INCLUDED
#define INK_SOUND_H_INCLUDED

#include <stdbool.h>

//  LMDB maps its file and believes what its two head pages say; a file that was cut short
//  then kills the process. So they are read first. True also for a file that is missing or
//  empty, which LMDB fills. `folder` is a descriptor.
bool ink_store_is_sound (int folder);

#endif

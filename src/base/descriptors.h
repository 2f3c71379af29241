//  descriptors.h: how many files and sockets this process may open. For shells only.
//
//  libzmq and czmq end the process when they get no descriptor for their own needs. So whoever
//  is about to start them finds out before whether there are enough.

#ifndef INK_DESCRIPTORS_H_INCLUDED
#define INK_DESCRIPTORS_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

//  Raises the limit of this process to the highest it may set itself. For programs: in a
//  library the limit is the application's.
void ink_descriptors_raise (void);

//  Whether so many more can be opened now.
bool ink_descriptors_are_there (size_t count);

#endif

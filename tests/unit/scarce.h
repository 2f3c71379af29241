//  scarce.h: memory that runs out when a test wants it to.

#ifndef SCARCE_H_INCLUDED
#define SCARCE_H_INCLUDED

#include <stdint.h>
#include <stdlib.h>

#include "base/memory.h"

static size_t scarce_left;  //  So many allocations succeed
static size_t scarce_count; //  So many were asked for
static size_t scarce_bytes; //  So much they asked for, in sum

static void *
scarce_realloc (void *old, size_t size)
{
    scarce_count++;
    scarce_bytes += size;
    if (scarce_left == 0)
        return NULL;
    scarce_left--;
    return realloc (old, size);
}

//  From now on allocations are counted, and all behind the first `left` fail.
static inline void
scarce_begin (size_t left)
{
    scarce_left = left;
    scarce_count = scarce_bytes = 0;
    ink_memory_realloc = scarce_realloc;
}

static inline void
scarce_end (void)
{
    ink_memory_realloc = realloc;
}

#endif

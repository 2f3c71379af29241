//  memory.c: where base, protocol and brains get their memory.

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

void *(*ink_memory_realloc) (void *old, size_t size) = realloc;

void *
ink_alloc (size_t size)
{
    if (size == 0)
        size = 1;
    void *memory = ink_memory_realloc (NULL, size);
    return memory ? memset (memory, 0, size) : NULL;
}

void *
ink_resize (void *old, size_t size)
{
    assert (size > 0);
    return ink_memory_realloc (old, size);
}

void
ink_free (void *memory)
{
    free (memory);
}

//  memory.h: where base, protocol and brains get their memory.
//
//  One pointer stands between them and malloc, so that a test can fail the n-th allocation.

#ifndef INK_MEMORY_H_INCLUDED
#define INK_MEMORY_H_INCLUDED

#include <stddef.h>

//  As realloc; replaced by tests only.
extern void *(*ink_memory_realloc) (void *old, size_t size);

void *ink_alloc (size_t size);             //  Zeros; NULL when out of memory
void *ink_resize (void *old, size_t size); //  As realloc, never called with size 0
void ink_free (void *memory);              //  NULL is fine

#endif

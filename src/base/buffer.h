//  buffer.h: bytes that grow, and an arena for what is thrown away together.

#ifndef INK_BUFFER_H_INCLUDED
#define INK_BUFFER_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *bytes;
    size_t size, room;
} ink_buffer_t; //  All zeros is an empty one

void ink_buffer_free (ink_buffer_t *self);

//  Appends; INK_ENOMEM: nothing has changed.
int ink_buffer_append (ink_buffer_t *self, const void *bytes, size_t size);

//  An arena hands out memory that is given back all at once. All zeros is an empty one; the
//  blocks are kept over a reset, so that a loop that resets it each turn allocates nothing.
typedef struct ink_arena_block ink_arena_block_t;

typedef struct {
    ink_arena_block_t *first, *current;
} ink_arena_t;

//  Zeroed memory for any type, valid until the reset; NULL when out of memory.
void *ink_arena_alloc (ink_arena_t *self, size_t size);

//  A copy of `size` characters with a NUL behind them; NULL when out of memory.
char *ink_arena_string (ink_arena_t *self, const char *text, size_t size);

void ink_arena_reset (ink_arena_t *self);
void ink_arena_free (ink_arena_t *self);

#endif

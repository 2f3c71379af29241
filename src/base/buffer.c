//  buffer.c: bytes that grow, and an arena for what is thrown away together.

#include <assert.h>
#include <stdalign.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "inkling/error.h"

#define ROOM_AT_FIRST 256
#define BLOCK_AT_FIRST 4096
#define BLOCK_MOST 1048576       //  Blocks stop to double here
#define SIZE_MOST (SIZE_MAX / 4) //  So that no sum or doubling wraps around

//  ---------------------------------------------------------------------------------------
//  Buffer

void
ink_buffer_free (ink_buffer_t *self)
{
    ink_free (self->bytes);
    *self = (ink_buffer_t){0};
}

static int
make_room (ink_buffer_t *self, size_t size)
{
    if (size > SIZE_MOST || self->size > SIZE_MOST)
        return INK_ENOMEM;
    size_t room = self->room ? self->room : ROOM_AT_FIRST;
    while (room < self->size + size)
        room *= 2;
    uint8_t *bytes = ink_resize (self->bytes, room);
    if (!bytes)
        return INK_ENOMEM;
    self->bytes = bytes;
    self->room = room;
    return INK_OK;
}

int
ink_buffer_append (ink_buffer_t *self, const void *bytes, size_t size)
{
    if (size == 0)
        return INK_OK;
    if (size > self->room - self->size && make_room (self, size) != INK_OK)
        return INK_ENOMEM;
    memcpy (self->bytes + self->size, bytes, size);
    self->size += size;
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Arena

//  Blocks before `current` are full, those behind it are left from before the last reset.
struct ink_arena_block {
    ink_arena_block_t *next;
    size_t size, used;
    alignas (max_align_t) uint8_t bytes[];
};

static ink_arena_block_t *
new_block (const ink_arena_block_t *before, size_t size)
{
    size_t room = before ? before->size * 2 : BLOCK_AT_FIRST;
    if (room > BLOCK_MOST)
        room = BLOCK_MOST;
    if (room < size)
        room = size;
    ink_arena_block_t *self = ink_resize (NULL, sizeof *self + room);
    if (self)
        *self = (ink_arena_block_t){.size = room};
    return self;
}

//  Makes the next block that holds `size` bytes the current one. A kept block that is too
//  small is stepped over until the next reset.
static int
next_block (ink_arena_t *self, size_t size)
{
    ink_arena_block_t **place = self->current ? &self->current->next : &self->first;
    while (*place && (*place)->size < size)
        place = &(*place)->next;
    if (*place == NULL) {
        *place = new_block (self->current, size);
        if (*place == NULL)
            return INK_ENOMEM;
    }
    self->current = *place;
    return INK_OK;
}

//  `size` bytes, not zeroed, at a multiple of `align`.
static void *
carve (ink_arena_t *self, size_t size, size_t align)
{
    if (size > SIZE_MOST)
        return NULL;
    size_t start = 0;
    if (self->current)
        start = (self->current->used + align - 1) & ~(align - 1);
    if (self->current == NULL || start > self->current->size ||
        size > self->current->size - start) {
        if (next_block (self, size) != INK_OK)
            return NULL;
        start = 0;
    }
    self->current->used = start + size;
    return self->current->bytes + start;
}

void *
ink_arena_alloc (ink_arena_t *self, size_t size)
{
    void *memory = carve (self, size, alignof (max_align_t));
    return memory ? memset (memory, 0, size) : NULL;
}

char *
ink_arena_string (ink_arena_t *self, const char *text, size_t size)
{
    assert (size < SIZE_MAX);
    char *copy = carve (self, size + 1, 1);
    if (!copy)
        return NULL;
    if (size > 0)
        memcpy (copy, text, size);
    copy[size] = '\0';
    return copy;
}

void
ink_arena_reset (ink_arena_t *self)
{
    self->current = self->first;
    if (self->current)
        self->current->used = 0;
}

void
ink_arena_free (ink_arena_t *self)
{
    while (self->first) {
        ink_arena_block_t *next = self->first->next;
        ink_free (self->first);
        self->first = next;
    }
    self->current = NULL;
}

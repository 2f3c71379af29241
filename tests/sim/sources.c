//  sources.c: the files of a world, with all they have ever been.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/chance.h"
#include "sources.h"

#define SIZE_LEAST (12 << 10)
#define SIZE_MOST (96 << 10)
#define LARGE (256 << 10)

//  Some strings are longer than chunks.
static bool
is_text (size_t at)
{
    return (at / 5000) % 3 == 1;
}

static void
fill (world_t *world, uint8_t *bytes, size_t size)
{
    uint8_t few = (uint8_t) (world_luck (world, 50) ? 0x0f : 0xff);
    for (size_t at = 0; at < size; at += 8) {
        uint64_t word = chance (&world->random);
        for (size_t n = 0; n < 8 && at + n < size; n++, word >>= 8)
            bytes[at + n] = (uint8_t) word & (uint8_t) (is_text (at) ? 0x0f : few);
        for (size_t n = 0; n < 8 && at + n < size && is_text (at); n++)
            bytes[at + n] |= 0x40;
    }
}

static void
add_version (world_t *world, source_t *self, uint64_t size)
{
    version_t *version = &self->versions[self->count];
    version->bytes = malloc (size);
    if (!version->bytes)
        abort ();
    fill (world, version->bytes, size);
    version->since = world->now;
    version->identity = (ink_identity_t){.device = 1,
                                         .inode = world_draw (world, 1u << 30),
                                         .size = size,
                                         .mtime_ns = world->now * 1000 + 1,
                                         .ctime_ns = world->now * 1000 + 1};
    if (self->count && world_luck (world, 70)) //  Written to in place
        version->identity.inode = self->versions[0].identity.inode;
    self->count++;
}

sources_t *
sources_new (world_t *world)
{
    sources_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->size = 1 + world_draw (world, SOURCES_MOST);
    for (size_t n = 0; n < self->size; n++) {
        snprintf (self->items[n].name, sizeof self->items[n].name, "data/%zu", n);
        uint64_t size = (uint64_t) world_between (world, SIZE_LEAST, SIZE_MOST);
        if (world_luck (world,
                        20)) //  So many chunks that nodes are looked at before them
            size = LARGE + size;
        add_version (world, &self->items[n], size);
    }
    return self;
}

void
sources_destroy (sources_t **self_p)
{
    for (size_t n = 0; n < (*self_p)->size; n++)
        for (size_t v = 0; v < (*self_p)->items[n].count; v++)
            free ((*self_p)->items[n].versions[v].bytes);
    free (*self_p);
    *self_p = NULL;
}

source_t *
sources_find (sources_t *self, const char *name)
{
    for (size_t n = 0; n < self->size; n++)
        if (strcmp (self->items[n].name, name) == 0)
            return &self->items[n];
    return NULL;
}

const version_t *
source_now (const source_t *self)
{
    return &self->versions[self->count - 1];
}

bool
source_change (world_t *world, source_t *self)
{
    if (self->count == VERSIONS_MOST)
        return false;
    uint64_t size = source_now (self)->identity.size;
    if (world_luck (world, 30))
        size = (uint64_t) world_between (world, SIZE_LEAST, SIZE_MOST);
    add_version (world, self, size);
    return true;
}

bool
source_is_poisoned (const source_t *self, uint64_t offset, uint64_t length)
{
    return self->poison_length && offset < self->poison + self->poison_length &&
           self->poison < offset + length;
}

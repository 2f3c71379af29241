//  map.c: entries in a dense row, and slots that find them by hash.
//
//  Walking reads the row from its end, so that it is quick and its order does not depend on
//  the hash. To remove, the last entry moves into the gap: the walk has been there already.

#include <assert.h>
#include <stdint.h>
#include <string.h>

//  The hash is compiled into this file; nothing is linked for it.
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/map.h"
#include "base/memory.h"
#include "inkling/error.h"

#define SLOTS_AT_FIRST 8

typedef struct {
    const void *key;
    void *item;
    uint32_t hash;
} entry_t;

//  The hash is kept here too: most slots that do not match are told without a look at a key.
typedef struct {
    uint32_t hash;
    uint32_t place; //  1 + index of the entry; 0: free
} slot_t;

struct ink_map {
    size_t key_size;
    size_t size, room; //  Entries; the room is three quarters of the slots
    size_t mask;       //  Number of slots, a power of two, minus one
    entry_t *entries;
    slot_t *slots;
};

ink_map_t *
ink_map_new (size_t key_size)
{
    assert (key_size > 0);
    ink_map_t *self = ink_alloc (sizeof *self);
    if (self)
        self->key_size = key_size;
    return self;
}

void
ink_map_destroy (ink_map_t **self_p)
{
    ink_map_t *self = *self_p;
    if (!self)
        return;
    ink_free (self->entries);
    ink_free (self->slots);
    ink_free (self);
    *self_p = NULL;
}

size_t
ink_map_size (const ink_map_t *self)
{
    return self->size;
}

static uint32_t
hash_of (const ink_map_t *self, const void *key)
{
    return (uint32_t) XXH3_64bits (key, self->key_size);
}

//  The slot of `key`, or NULL.
static slot_t *
find (const ink_map_t *self, const void *key)
{
    if (self->size == 0)
        return NULL;
    uint32_t hash = hash_of (self, key);
    for (size_t at = hash & self->mask;; at = (at + 1) & self->mask) {
        slot_t *slot = &self->slots[at];
        if (slot->place == 0)
            return NULL;
        if (slot->hash == hash &&
            memcmp (self->entries[slot->place - 1].key, key, self->key_size) == 0)
            return slot;
    }
}

void *
ink_map_get (const ink_map_t *self, const void *key)
{
    const slot_t *slot = find (self, key);
    return slot ? self->entries[slot->place - 1].item : NULL;
}

static void
fill_slot (slot_t *slots, size_t mask, uint32_t hash, size_t index)
{
    size_t at = hash & mask;
    while (slots[at].place)
        at = (at + 1) & mask;
    slots[at] = (slot_t){.hash = hash, .place = (uint32_t) (index + 1)};
}

//  Twice the slots, and room for the entries that go with them.
static int
grow (ink_map_t *self)
{
    size_t count = self->room ? (self->mask + 1) * 2 : SLOTS_AT_FIRST;
    size_t room = count / 4 * 3;
    if (count > UINT32_MAX)
        return INK_ENOMEM;
    slot_t *slots = ink_alloc (count * sizeof *slots);
    if (!slots)
        return INK_ENOMEM;
    entry_t *entries = ink_resize (self->entries, room * sizeof *entries);
    if (!entries) {
        ink_free (slots);
        return INK_ENOMEM;
    }
    for (size_t i = 0; i < self->size; i++)
        fill_slot (slots, count - 1, entries[i].hash, i);
    ink_free (self->slots);
    self->slots = slots;
    self->mask = count - 1;
    self->entries = entries;
    self->room = room;
    return INK_OK;
}

int
ink_map_put (ink_map_t *self, const void *key, void *item)
{
    assert (item && !find (self, key));
    if (self->size == self->room && grow (self) != INK_OK)
        return INK_ENOMEM;
    uint32_t hash = hash_of (self, key);
    self->entries[self->size] = (entry_t){.key = key, .item = item, .hash = hash};
    fill_slot (self->slots, self->mask, hash, self->size);
    self->size++;
    return INK_OK;
}

//  Frees a slot and moves those behind it up, so that no search stops too early.
static void
free_slot (ink_map_t *self, slot_t *slot)
{
    size_t gap = (size_t) (slot - self->slots);
    for (size_t at = gap;;) {
        at = (at + 1) & self->mask;
        const slot_t *next = &self->slots[at];
        if (next->place == 0)
            break;
        //  It may move when the gap lies on its way from where its hash points to.
        size_t way = (at - next->hash) & self->mask;
        if (way >= ((at - gap) & self->mask)) {
            self->slots[gap] = *next;
            gap = at;
        }
    }
    self->slots[gap] = (slot_t){0};
}

//  Moves the last entry into the gap at `index`.
static void
close_gap (ink_map_t *self, size_t index)
{
    size_t last = --self->size;
    if (index == last)
        return;
    self->entries[index] = self->entries[last];
    size_t at = self->entries[index].hash & self->mask;
    while (self->slots[at].place != last + 1)
        at = (at + 1) & self->mask;
    self->slots[at].place = (uint32_t) (index + 1);
}

void *
ink_map_remove (ink_map_t *self, const void *key)
{
    slot_t *slot = find (self, key);
    if (!slot)
        return NULL;
    size_t index = slot->place - 1;
    void *item = self->entries[index].item;
    free_slot (self, slot);
    close_gap (self, index);
    return item;
}

void *
ink_map_next (const ink_map_t *self, size_t *cursor)
{
    //  The cursor is 1 + the index that was returned last; 0 is the start, 1 the end.
    size_t index = *cursor ? *cursor - 1 : self->size;
    if (index == 0)
        return NULL;
    *cursor = index;
    return self->entries[index - 1].item;
}

//  recent.c: the last so many things, by key.

#include "base/recent.h"

#include <stdint.h>
#include <string.h>

#include "base/map.h"
#include "base/memory.h"

struct ink_recent {
    ink_map_t *map;
    uint8_t *items; //  In a ring
    size_t most, size, key_size;
    size_t next; //  The place that is used next
};

ink_recent_t *
ink_recent_new (size_t most, size_t size, size_t key_size)
{
    ink_recent_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    *self = (ink_recent_t){.most = most, .size = size, .key_size = key_size};
    self->map = ink_map_new (key_size);
    self->items = ink_alloc (most * size);
    if (!self->map || !self->items)
        ink_recent_destroy (&self);
    return self;
}

void
ink_recent_destroy (ink_recent_t **self_p)
{
    ink_recent_t *self = *self_p;
    if (!self)
        return;
    ink_map_destroy (&self->map);
    ink_free (self->items);
    ink_free (self);
    *self_p = NULL;
}

void *
ink_recent_get (const ink_recent_t *self, const void *key)
{
    return ink_map_size (self->map) ? ink_map_get (self->map, key) : NULL;
}

void *
ink_recent_put (ink_recent_t *self, const void *key)
{
    void *item = ink_recent_get (self, key);
    if (item)
        return item;
    item = self->items + self->next * self->size;
    if (ink_recent_get (self, item) == item) //  Else it was removed
        ink_map_remove (self->map, item);
    memset (item, 0, self->size);
    memcpy (item, key, self->key_size);
    if (ink_map_put (self->map, item, item))
        return NULL;
    self->next = (self->next + 1) % self->most;
    return item;
}

void
ink_recent_remove (ink_recent_t *self, const void *key)
{
    if (ink_recent_get (self, key))
        ink_map_remove (self->map, key);
}

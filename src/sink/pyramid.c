//  pyramid.c: nodes that may have all their children by now.

#include "sink/pyramid.h"

#include "base/memory.h"
#include "inkling/error.h"
#include "value/coarse.h"

typedef struct {
    ink_link_t link;
    ink_wish_t wish;
} entry_t;

int
ink_pyramid_init (ink_pyramid_t *self)
{
    ink_list_init (&self->waiting);
    self->map = ink_map_new (sizeof (ink_wish_key_t));
    return self->map ? INK_OK : INK_ENOMEM;
}

bool
ink_pyramid_take (ink_pyramid_t *self, ink_wish_t *wish)
{
    if (ink_list_empty (&self->waiting))
        return false;
    entry_t *entry = INK_ITEM (self->waiting.next, entry_t, link);
    ink_map_remove (self->map, &entry->wish.key);
    ink_list_remove (&entry->link);
    *wish = entry->wish;
    ink_free (entry);
    return true;
}

void
ink_pyramid_free (ink_pyramid_t *self)
{
    ink_wish_t wish;
    while (self->map && ink_pyramid_take (self, &wish))
        continue;
    ink_map_destroy (&self->map);
}

void
ink_pyramid_wish (ink_pyramid_t *self, const ink_wish_t *wish)
{
    if (ink_map_get (self->map, &wish->key) ||
        ink_map_size (self->map) == INK_WISHES_MOST)
        return;
    entry_t *entry = ink_alloc (sizeof *entry);
    if (!entry)
        return;
    entry->wish = *wish;
    if (ink_map_put (self->map, &entry->wish.key, entry))
        ink_free (entry);
    else
        ink_list_append (&self->waiting, &entry->link);
}

void
ink_pyramid_grow (ink_pyramid_t *self, const ink_wish_t *stored)
{
    ink_wish_t wish = *stored;
    if (stored->kernel->shape == INK_SHAPE_CELLS)
        wish.key.doublings += INK_COARSE_LEVEL;
    if (ink_node_parent (&stored->key.node, &wish.key.node))
        ink_pyramid_wish (self, &wish);
}

size_t
ink_pyramid_size (const ink_pyramid_t *self)
{
    return ink_map_size (self->map);
}

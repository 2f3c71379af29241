//  map.h: a hash map from keys of one fixed size to items.
//
//  Keys are not copied: each lives inside its item and must not change while it is in the
//  map. Open addressing; get, put and remove take O(1) on average.

#ifndef INK_MAP_H_INCLUDED
#define INK_MAP_H_INCLUDED

#include <stddef.h>

typedef struct ink_map ink_map_t;

//  Keys of `key_size` bytes. NULL when out of memory.
ink_map_t *ink_map_new (size_t key_size);
void ink_map_destroy (ink_map_t **self_p);

size_t ink_map_size (const ink_map_t *self);

//  The item of `key`, or NULL.
void *ink_map_get (const ink_map_t *self, const void *key);

//  Adds an item whose key is not in the map yet. `key` points into the item. INK_ENOMEM:
//  nothing has changed.
int ink_map_put (ink_map_t *self, const void *key, void *item);

//  Takes the item of `key` out and returns it, or NULL.
void *ink_map_remove (ink_map_t *self, const void *key);

//  Walks over all items, in no order: start with *cursor = 0; NULL at the end. The item that
//  was just returned may be removed, no other, and none may be added.
void *ink_map_next (const ink_map_t *self, size_t *cursor);

#endif

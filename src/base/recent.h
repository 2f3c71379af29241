//  recent.h: the last so many things, by key; the oldest makes room.

#ifndef INK_RECENT_H_INCLUDED
#define INK_RECENT_H_INCLUDED

#include <stddef.h>

typedef struct ink_recent ink_recent_t;

//  Remembers `most` items of `size` bytes, each beginning with its key of `key_size` bytes.
//  NULL when out of memory; all of it is taken now.
ink_recent_t *ink_recent_new (size_t most, size_t size, size_t key_size);
void ink_recent_destroy (ink_recent_t **self_p);

//  The item of `key`, or NULL. Lives until it is removed or forgotten.
void *ink_recent_get (const ink_recent_t *self, const void *key);

//  The item of `key`, made when it is not there: zeros behind the key. NULL when out of
//  memory: it is not remembered.
void *ink_recent_put (ink_recent_t *self, const void *key);

void ink_recent_remove (ink_recent_t *self, const void *key);

#endif

//  batch.c: puts, one behind the other in a buffer.

#include "cache/batch.h"

#include <string.h>

#define ROOM_KEPT ((size_t) 16 << 20)

typedef struct {
    ink_cache_key_t key;
    size_t size;
} head_t;

void
ink_doubts_add (ink_doubts_t *self, const ink_cache_key_t *key)
{
    if (self->count < INK_DOUBTS_MOST)
        self->keys[self->count++] = *key;
}

//  A put whose value found no room leaves its head behind: it is taken back.
void
ink_batch_put (ink_batch_t *self, const ink_cache_key_t *key, const void *value,
               size_t size)
{
    size_t before = self->puts.size;
    head_t head;
    memset (&head, 0, sizeof head);
    head.size = size;
    head.key.size = key->size;
    memcpy (head.key.bytes, key->bytes, key->size);
    int error = ink_buffer_append (&self->puts, &head, sizeof head);
    if (!error && size > 0)
        error = ink_buffer_append (&self->puts, value, size);
    if (!error)
        return;
    self->puts.size = before;
    if (!self->error)
        self->error = error;
}

bool
ink_batch_next (const ink_batch_t *self, size_t *cursor, ink_put_t *put)
{
    if (*cursor == self->puts.size)
        return false;
    head_t head;
    memcpy (&head, self->puts.bytes + *cursor, sizeof head);
    put->key = head.key;
    put->value = self->puts.bytes + *cursor + sizeof head;
    put->size = head.size;
    *cursor += sizeof head + head.size;
    return true;
}

bool
ink_batch_empty (const ink_batch_t *self)
{
    return self->puts.size == 0 && self->doubts.count == 0;
}

void
ink_batch_reset (ink_batch_t *self)
{
    self->puts.size = 0;
    self->doubts.count = 0;
    self->error = 0;
    if (self->puts.room > ROOM_KEPT)
        ink_buffer_free (&self->puts);
}

void
ink_batch_free (ink_batch_t *self)
{
    ink_buffer_free (&self->puts);
    ink_batch_reset (self);
}

//  batch.h: what a writer has put since it began.
//
//  A batch waits in memory and is written in one step by commit. So the lock that all
//  writing processes share is held only while it is written, and a step that fails because
//  the store is full can be tried again.

#ifndef INK_BATCH_H_INCLUDED
#define INK_BATCH_H_INCLUDED

#include "base/buffer.h"
#include "cache/cache.h"

//  Keys of records that a reader found to be wrong, to be looked at by the writer.
#define INK_DOUBTS_MOST 16

typedef struct {
    ink_cache_key_t keys[INK_DOUBTS_MOST];
    size_t count;
} ink_doubts_t;

//  Nothing happens when it is full: the record will be found again.
void ink_doubts_add (ink_doubts_t *self, const ink_cache_key_t *key);

typedef struct {
    ink_buffer_t puts;
    ink_doubts_t doubts;
    int error; //  Of the first put that could not be kept
} ink_batch_t; //  All zeros is an empty one

typedef struct {
    ink_cache_key_t key;
    const void *value; //  Points into the batch
    size_t size;
} ink_put_t;

void ink_batch_put (ink_batch_t *self, const ink_cache_key_t *key, const void *value,
                    size_t size);

//  Walks over the puts, in order: start with *cursor = 0; false at the end.
bool ink_batch_next (const ink_batch_t *self, size_t *cursor, ink_put_t *put);

bool ink_batch_empty (const ink_batch_t *self);

//  Empties it, and keeps its memory unless that is a great deal.
void ink_batch_reset (ink_batch_t *self);
void ink_batch_free (ink_batch_t *self);

#endif

//  store.h: what a store does for a cache.
//
//  The cache (cache.c) collects batches, opens records and counts; a store keeps records by
//  key, in the order in which they are to go (turn.h). Stores are lmdb.c and memory.c; each has its own struct
//  that begins with an ink_cache_t, and its own look that begins with an ink_look_t.

#ifndef INK_STORE_H_INCLUDED
#define INK_STORE_H_INCLUDED

#include <pthread.h>
#include <stdatomic.h>

#include "cache/batch.h"
#include "cache/cache.h"

//  What a step of the writer has done, counted when it succeeded.
typedef struct {
    uint64_t puts, evicted;
} ink_tally_t;

typedef struct {
    void (*close) (ink_cache_t *self);

    ink_look_t *(*look) (ink_cache_t *self);
    //  The record of a key as it lies in the store, not checked.
    bool (*find) (ink_look_t *look, const ink_cache_key_t *key, const void **record,
                  size_t *size);
    void (*end) (ink_look_t *look);

    //  Removes the doubtful records that are wrong, then adds those of the batch whose key
    //  is not there or holds a wrong record; all or nothing.
    int (*write) (ink_cache_t *self, const ink_batch_t *batch, ink_tally_t *tally);
    int (*purge) (ink_cache_t *self, const ink_series_t *series);
    int (*verify) (ink_cache_t *self, uint64_t *records, uint64_t *bad);
    int (*clear) (ink_cache_t *self);
    void (*tend) (ink_cache_t *self);
    void (*measure) (ink_cache_t *self, uint64_t *records, uint64_t *bytes);
} ink_store_t;

struct ink_cache {
    const ink_store_t *store;
    uint64_t limit;
    ink_batch_t batch; //  The writer's
    pthread_mutex_t doubts_mutex;
    ink_doubts_t doubts;
    atomic_uint_fast64_t hits, misses, corrupt, puts, evicted, refused, failed, renewed,
        set_aside;
};

//  A look counts for itself; its end adds it up.
struct ink_look {
    ink_cache_t *cache;
    uint64_t hits, misses, corrupt;
};

//  For the stores: the part of them that is the cache's.
void ink_cache_init (ink_cache_t *self, const ink_store_t *store, uint64_t limit);
void ink_cache_fini (ink_cache_t *self);

#endif

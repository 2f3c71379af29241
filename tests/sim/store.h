//  store.h: a cache whose disk is faked whole.
//
//  The cache is the real one (cache/cache.c): it seals records, checks them and collects
//  batches. The store beneath it is a map that forgets, fails and damages when the world
//  wants it to.

#ifndef SIM_STORE_H_INCLUDED
#define SIM_STORE_H_INCLUDED

#include "cache/cache.h"
#include "world.h"

struct store {
    ink_cache_t *cache;
    uint64_t fail_percent; //  Of commits
    uint64_t most;         //  Records; more are evicted, the oldest first
    uint64_t failed, torn, lost, evicted;
};

store_t *store_new (world_t *world);
void store_destroy (store_t **self_p);

//  Some records are damaged; some are evicted; what was not brought to the disk since the
//  last tending is gone. Each returns how many that were.
uint64_t store_tear (world_t *world);
uint64_t store_evict (world_t *world);
uint64_t store_lose_unsynced (world_t *world);

//  The writer has died in the midst of a batch.
void store_abandon (store_t *self);

#endif

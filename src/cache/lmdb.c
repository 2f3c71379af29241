//  lmdb.c: what an LMDB store does for the cache.

#include "cache/lmdb.h"

#include <assert.h>
#include <errno.h>

#include "base/memory.h"
#include "inkling/error.h"

//  Full, failing and busy pass; everything else means that the structure is damaged.
int
ink_lmdb_error (ink_lmdb_t *self, int rc)
{
    switch (rc) {
    case 0:
        return INK_OK;
    case ENOMEM:
        return INK_ENOMEM;
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
    case MDB_MAP_RESIZED:
        break;
    default:
        if (rc < 0)
            atomic_store (&self->broken, true);
    }
    return INK_ECACHE;
}

static ink_lmdb_look_t *
take_look (ink_lmdb_t *self)
{
    ink_lmdb_look_t *look = self->parked;
    if (look)
        self->parked = look->next;
    return look ? look : ink_alloc (sizeof *look);
}

//  A new transaction keeps its place in the table of readers when it is parked, so taking it
//  up again needs no lock and no memory.
static int
start_look (ink_lmdb_t *self, ink_lmdb_look_t *look)
{
    return look->txn ? mdb_txn_renew (look->txn)
                     : mdb_txn_begin (self->env, NULL, MDB_RDONLY, &look->txn);
}

//  Readers that died may hold all places; another process may have widened the map.
static int
mend_look (ink_lmdb_t *self, int rc)
{
    if (rc == MDB_READERS_FULL)
        return mdb_reader_check (self->env, NULL);
    if (rc == MDB_MAP_RESIZED && self->looks == 0 && !self->writing)
        return mdb_env_set_mapsize (self->env, 0);
    return rc;
}

static void
park_look (ink_lmdb_t *self, ink_lmdb_look_t *look)
{
    look->next = self->parked;
    self->parked = look;
}

static ink_look_t *
lmdb_look (ink_cache_t *cache)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    pthread_mutex_lock (&self->mutex);
    ink_lmdb_look_t *look = take_look (self);
    int rc = look ? start_look (self, look) : ENOMEM;
    if (look && rc && mend_look (self, rc) == 0)
        rc = start_look (self, look);
    if (rc == 0)
        self->looks++;
    else if (look)
        park_look (self, look);
    pthread_mutex_unlock (&self->mutex);
    if (rc)
        ink_lmdb_error (self, rc);
    return rc ? NULL : &look->look;
}

static bool
lmdb_find (ink_look_t *look, const ink_cache_key_t *key, const void **record,
           size_t *size)
{
    ink_lmdb_t *self = (ink_lmdb_t *) look->cache;
    MDB_val name = {key->size, (void *) (uintptr_t) key->bytes}, data;
    int rc = mdb_get (((ink_lmdb_look_t *) look)->txn, self->values, &name, &data);
    if (rc == 0) {
        *record = data.mv_data;
        *size = data.mv_size;
    } else if (rc != MDB_NOTFOUND) {
        look->corrupt++;
        ink_lmdb_error (self, rc);
    }
    return rc == 0;
}

static void
lmdb_end (ink_look_t *look)
{
    ink_lmdb_t *self = (ink_lmdb_t *) look->cache;
    mdb_txn_reset (((ink_lmdb_look_t *) look)->txn);
    pthread_mutex_lock (&self->mutex);
    assert (self->looks > 0);
    self->looks--;
    park_look (self, (ink_lmdb_look_t *) look);
    pthread_mutex_unlock (&self->mutex);
}

static int
write_batch (ink_lmdb_t *self, const ink_batch_t *batch, ink_tally_t *tally)
{
    ink_step_t step;
    ink_put_t put;
    int rc = ink_step_begin (&step, self, batch->puts.size);
    if (rc)
        return rc;
    for (size_t i = 0; rc == 0 && i < batch->doubts.count; i++)
        rc = ink_step_settle (&step, &batch->doubts.keys[i]);
    for (size_t cursor = 0; rc == 0 && ink_batch_next (batch, &cursor, &put);)
        rc = ink_step_put (&step, &put);
    *tally = step.tally;
    return ink_step_end (&step, rc);
}

//  A step of its own that leaves the tables at `share` percent of what they take.
static int
shrink (ink_lmdb_t *self, uint64_t share, ink_tally_t *tally)
{
    ink_step_t step;
    uint64_t records, bytes;
    int rc = ink_step_begin (&step, self, 0);
    if (rc)
        return rc;
    rc = ink_lmdb_weigh (self, step.txn, &records, &bytes);
    if (rc == 0)
        rc = ink_step_evict (&step, bytes / 100 * share);
    tally->evicted += step.tally.evicted;
    return ink_step_end (&step, rc);
}

//  The map is full although the tables are within their limit: large values found no hole
//  wide enough, or a reader holds old pages. What a step frees can be used by the second
//  step after it, and a step that is aborted does not count: hence two small ones that are
//  committed before the batch is tried again.
static int
lmdb_write (ink_cache_t *cache, const ink_batch_t *batch, ink_tally_t *tally)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    ink_tally_t before = {0};
    int rc = write_batch (self, batch, tally);
    if (rc == MDB_MAP_FULL && shrink (self, 90, &before) == 0 &&
        shrink (self, 99, &before) == 0)
        rc = write_batch (self, batch, tally);
    tally->evicted += before.evicted;
    return ink_lmdb_error (self, rc);
}

static int
lmdb_purge (ink_cache_t *cache, const ink_series_t *series)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    ink_step_t step;
    int rc = ink_step_begin (&step, self, 0);
    if (rc == 0)
        rc = ink_step_end (&step, ink_step_purge (&step, series));
    return ink_lmdb_error (self, rc);
}

static int
lmdb_verify (ink_cache_t *cache, uint64_t *records, uint64_t *bad)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    ink_step_t step;
    int rc = ink_step_begin (&step, self, 0);
    if (rc == 0)
        rc = ink_step_end (&step, ink_step_verify (&step, records, bad));
    return ink_lmdb_error (self, rc);
}

static int
lmdb_clear (ink_cache_t *cache)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    ink_step_t step;
    int rc = ink_step_begin (&step, self, 0);
    if (rc == 0)
        rc = ink_step_end (&step, ink_step_clear (&step));
    return ink_lmdb_error (self, rc);
}

static void
lmdb_tend (ink_cache_t *cache)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    if (atomic_exchange (&self->unsynced, false) && mdb_env_sync (self->env, 1))
        atomic_store (&self->unsynced, true);
    mdb_reader_check (self->env, NULL);
}

static void
lmdb_measure (ink_cache_t *cache, uint64_t *records, uint64_t *bytes)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    ink_look_t *look = ink_cache_look (cache);
    if (!look)
        return;
    ink_lmdb_weigh (self, ((ink_lmdb_look_t *) look)->txn, records, bytes);
    ink_look_end (&look);
}

const ink_store_t ink_lmdb_store = {.close = ink_lmdb_close,
                                    .look = lmdb_look,
                                    .find = lmdb_find,
                                    .end = lmdb_end,
                                    .write = lmdb_write,
                                    .purge = lmdb_purge,
                                    .verify = lmdb_verify,
                                    .clear = lmdb_clear,
                                    .tend = lmdb_tend,
                                    .measure = lmdb_measure};

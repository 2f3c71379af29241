//  lmdb.c: what an LMDB store does for the cache.

#include "cache/lmdb.h"

#include "base/memory.h"
#include "inkling/error.h"

static ink_lmdb_look_t *
take_look (ink_lmdb_file_t *file)
{
    ink_lmdb_look_t *look = file->parked;
    if (look)
        file->parked = look->next;
    else
        look = ink_alloc (sizeof *look);
    if (look)
        look->file = file;
    return look;
}

static void
park_look (ink_lmdb_look_t *look)
{
    look->next = look->file->parked;
    look->file->parked = look;
}

//  A new transaction keeps its place in the table of readers when it is parked, so taking it
//  up again needs no lock and no memory.
static int
start_look (ink_lmdb_look_t *look)
{
    return look->txn ? mdb_txn_renew (look->txn)
                     : mdb_txn_begin (look->file->env, NULL, MDB_RDONLY, &look->txn);
}

//  Readers that died may hold all places; another process may have widened the map.
static int
mend_look (ink_lmdb_look_t *look, int rc)
{
    if (rc == MDB_READERS_FULL)
        return mdb_reader_check (look->file->env, NULL);
    return rc == MDB_MAP_RESIZED ? ink_lmdb_widen (look->file) : rc;
}

static ink_lmdb_look_t *
look_into (ink_lmdb_file_t *file)
{
    ink_lmdb_look_t *look = take_look (file);
    if (!look)
        return NULL;
    int rc = start_look (look);
    if (rc && mend_look (look, rc) == 0)
        rc = start_look (look);
    if (rc == 0)
        return look;
    ink_lmdb_blame (file, rc);
    park_look (look);
    return NULL;
}

static ink_look_t *
lmdb_look (ink_cache_t *cache)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    pthread_mutex_lock (&self->mutex);
    ink_lmdb_file_t *file = ink_lmdb_take (self);
    ink_lmdb_look_t *look = file ? look_into (file) : NULL;
    if (file && !look)
        ink_lmdb_give (self, file);
    pthread_mutex_unlock (&self->mutex);
    return look ? &look->look : NULL;
}

static bool
lmdb_find (ink_look_t *look, const ink_cache_key_t *key, const void **record,
           size_t *size)
{
    ink_lmdb_look_t *self = (ink_lmdb_look_t *) look;
    MDB_val name = {key->size, (void *) (uintptr_t) key->bytes}, data;
    int rc = mdb_get (self->txn, self->file->values, &name, &data);
    if (rc == 0) {
        *record = data.mv_data;
        *size = data.mv_size;
    } else if (rc != MDB_NOTFOUND) {
        look->corrupt++;
        ink_lmdb_blame (self->file, rc);
    }
    return rc == 0;
}

static void
lmdb_end (ink_look_t *look)
{
    ink_lmdb_t *store = (ink_lmdb_t *) look->cache;
    ink_lmdb_look_t *self = (ink_lmdb_look_t *) look;
    mdb_txn_reset (self->txn);
    pthread_mutex_lock (&store->mutex);
    park_look (self);
    ink_lmdb_give (store, self->file);
    pthread_mutex_unlock (&store->mutex);
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
    rc = ink_lmdb_weigh (step.file, step.txn, &records, &bytes);
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
    return ink_lmdb_code (rc);
}

static int
lmdb_purge (ink_cache_t *cache, const ink_series_t *series)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    ink_step_t step;
    int rc = ink_step_begin (&step, self, 0);
    if (rc == 0)
        rc = ink_step_end (&step, ink_step_purge (&step, series));
    return ink_lmdb_code (rc);
}

static int
lmdb_clear (ink_cache_t *cache)
{
    return ink_lmdb_code (ink_lmdb_remove ((ink_lmdb_t *) cache));
}

//  May also be called by who only reads: a file that another process has set aside or
//  removed is let go, and with it its room on the disk.
static void
lmdb_tend (ink_cache_t *cache)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    int file;
    pthread_mutex_lock (&self->mutex);
    ink_lmdb_file_t *data = ink_lmdb_take (self);
    if (data && atomic_exchange (&self->unsynced, false) &&
        (mdb_env_get_fd (data->env, &file) || !ink_flush_order (&self->flush, file)))
        atomic_store (&self->unsynced, true);
    if (data) {
        mdb_reader_check (data->env, NULL);
        ink_lmdb_give (self, data);
    }
    pthread_mutex_unlock (&self->mutex);
}

static void
lmdb_measure (ink_cache_t *cache, uint64_t *records, uint64_t *bytes)
{
    ink_look_t *look = ink_cache_look (cache);
    if (!look)
        return;
    ink_lmdb_look_t *self = (ink_lmdb_look_t *) look;
    ink_lmdb_weigh (self->file, self->txn, records, bytes);
    ink_look_end (&look);
}

const ink_store_t ink_lmdb_store = {.close = ink_lmdb_close,
                                    .look = lmdb_look,
                                    .find = lmdb_find,
                                    .end = lmdb_end,
                                    .write = lmdb_write,
                                    .purge = lmdb_purge,
                                    .verify = ink_lmdb_verify,
                                    .clear = lmdb_clear,
                                    .tend = lmdb_tend,
                                    .measure = lmdb_measure};

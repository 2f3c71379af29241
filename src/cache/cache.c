//  cache.c: what is the same whatever store keeps the records.

#include "cache/store.h"

#include <assert.h>

#include "cache/record.h"
#include "inkling/error.h"

static void
add (atomic_uint_fast64_t *counter, uint64_t count)
{
    if (count > 0)
        atomic_fetch_add_explicit (counter, count, memory_order_relaxed);
}

static uint64_t
read_counter (atomic_uint_fast64_t *counter)
{
    return atomic_load_explicit (counter, memory_order_relaxed);
}

void
ink_cache_init (ink_cache_t *self, const ink_store_t *store, uint64_t limit)
{
    self->store = store;
    self->limit = limit;
    pthread_mutex_init (&self->doubts_mutex, NULL);
}

void
ink_cache_fini (ink_cache_t *self)
{
    ink_batch_free (&self->batch);
    pthread_mutex_destroy (&self->doubts_mutex);
}

void
ink_cache_close (ink_cache_t **self_p)
{
    ink_cache_t *self = *self_p;
    *self_p = NULL;
    if (self)
        self->store->close (self);
}

ink_look_t *
ink_cache_look (ink_cache_t *self)
{
    ink_look_t *look = self->store->look (self);
    if (look)
        *look = (ink_look_t){.cache = self};
    return look;
}

static void
doubt (ink_look_t *self, const ink_cache_key_t *key)
{
    self->corrupt++;
    pthread_mutex_lock (&self->cache->doubts_mutex);
    ink_doubts_add (&self->cache->doubts, key);
    pthread_mutex_unlock (&self->cache->doubts_mutex);
}

bool
ink_look_get (ink_look_t *self, const ink_cache_key_t *key, const void **value,
              size_t *size)
{
    const void *record = NULL;
    size_t record_size = 0;
    if (self->cache->store->find (self, key, &record, &record_size)) {
        if (ink_record_open (record, record_size, key, value, size)) {
            self->hits++;
            return true;
        }
        doubt (self, key);
    }
    self->misses++;
    return false;
}

bool
ink_look_holds (ink_look_t *self, const ink_cache_key_t *key)
{
    const void *record;
    size_t size;
    return self->cache->store->find (self, key, &record, &size);
}

void
ink_look_end (ink_look_t **self_p)
{
    ink_look_t *self = *self_p;
    *self_p = NULL;
    if (!self)
        return;
    add (&self->cache->hits, self->hits);
    add (&self->cache->misses, self->misses);
    add (&self->cache->corrupt, self->corrupt);
    self->cache->store->end (self);
}

void
ink_cache_begin (ink_cache_t *self)
{
    ink_batch_reset (&self->batch);
    pthread_mutex_lock (&self->doubts_mutex);
    self->batch.doubts = self->doubts;
    self->doubts.count = 0;
    pthread_mutex_unlock (&self->doubts_mutex);
}

void
ink_cache_put (ink_cache_t *self, const ink_cache_key_t *key, const void *value,
               size_t size)
{
    assert (key->size > 0 && key->size <= INK_CACHE_KEY_MOST);
    if (size > self->limit / 4 || size > UINT32_MAX)
        add (&self->refused, 1);
    else
        ink_batch_put (&self->batch, key, value, size);
}

int
ink_cache_commit (ink_cache_t *self)
{
    int error = self->batch.error;
    if (!error && !ink_batch_empty (&self->batch)) {
        ink_tally_t tally = {0};
        error = self->store->write (self, &self->batch, &tally);
        if (!error) {
            add (&self->puts, tally.puts);
            add (&self->evicted, tally.evicted);
        }
    }
    add (&self->failed, error != INK_OK);
    ink_batch_reset (&self->batch);
    return error;
}

int
ink_cache_purge (ink_cache_t *self, const ink_series_t *series)
{
    return self->store->purge (self, series);
}

void
ink_cache_tend (ink_cache_t *self)
{
    self->store->tend (self);
}

void
ink_cache_stat (ink_cache_t *self, ink_cache_stat_t *stat)
{
    *stat = (ink_cache_stat_t){.limit = self->limit,
                               .hits = read_counter (&self->hits),
                               .misses = read_counter (&self->misses),
                               .corrupt = read_counter (&self->corrupt),
                               .puts = read_counter (&self->puts),
                               .evicted = read_counter (&self->evicted),
                               .refused = read_counter (&self->refused),
                               .failed = read_counter (&self->failed),
                               .renewed = read_counter (&self->renewed),
                               .set_aside = read_counter (&self->set_aside)};
    self->store->measure (self, &stat->records, &stat->bytes);
}

int
ink_cache_verify (ink_cache_t *self, uint64_t *records, uint64_t *bad)
{
    uint64_t all = 0, wrong = 0;
    int error = self->store->verify (self, &all, &wrong);
    if (error)
        return error;
    add (&self->corrupt, wrong);
    *records = all;
    *bad = wrong;
    return INK_OK;
}

int
ink_cache_clear (ink_cache_t *self)
{
    return self->store->clear (self);
}

//  store.c: a cache whose disk is faked whole.

#include <stdlib.h>
#include <string.h>

#include "base/map.h"
#include "cache/record.h"
#include "cache/store.h"
#include "inkling/error.h"
#include "store.h"

#define RECORDS_MOST 4096

typedef struct {
    ink_cache_key_t key; //  Zeros behind its size
    uint64_t sequence;
    bool synced;
    size_t size;
    uint8_t record[];
} record_t;

typedef struct {
    ink_cache_t cache;
    world_t *world;
    store_t *store;
    ink_map_t *map;
    uint64_t sequence;
} disk_t;

typedef struct {
    ink_look_t look;
} glance_t;

static record_t *
find_record (disk_t *self, const ink_cache_key_t *key)
{
    ink_cache_key_t padded = {.size = key->size};
    memcpy (padded.bytes, key->bytes, key->size);
    return ink_map_get (self->map, &padded);
}

static void
drop (disk_t *self, record_t *record)
{
    ink_map_remove (self->map, &record->key);
    free (record);
}

static void
disk_close (ink_cache_t *cache)
{
    disk_t *self = (disk_t *) cache;
    size_t cursor = 0;
    record_t *record;
    while ((record = ink_map_next (self->map, &cursor)))
        free (record);
    ink_map_destroy (&self->map);
    ink_cache_fini (cache);
    free (self);
}

static ink_look_t *
disk_look (ink_cache_t *cache)
{
    (void) cache;
    glance_t *glance = calloc (1, sizeof *glance);
    return glance ? &glance->look : NULL;
}

static bool
disk_find (ink_look_t *look, const ink_cache_key_t *key, const void **record,
           size_t *size)
{
    const record_t *found = find_record ((disk_t *) look->cache, key);
    if (!found)
        return false;
    *record = found->record;
    *size = found->size;
    return true;
}

static void
disk_end (ink_look_t *look)
{
    free (look);
}

static record_t *
oldest (disk_t *self)
{
    record_t *best = NULL, *record;
    size_t cursor = 0;
    while ((record = ink_map_next (self->map, &cursor)))
        if (!best || record->sequence < best->sequence)
            best = record;
    return best;
}

static void
keep (disk_t *self, const ink_put_t *put)
{
    record_t *old = find_record (self, &put->key);
    const void *value;
    size_t size;
    if (old && ink_record_open (old->record, old->size, &put->key, &value, &size))
        return; //  The first one stays
    if (old)
        drop (self, old);
    record_t *record = calloc (1, sizeof *record + INK_RECORD_HEAD + put->size);
    if (!record)
        abort ();
    memcpy (record->key.bytes, put->key.bytes, put->key.size);
    record->key.size = put->key.size;
    record->sequence = ++self->sequence;
    record->size = INK_RECORD_HEAD + put->size;
    ink_record_seal (record->record, &put->key, record->sequence, put->value, put->size);
    if (ink_map_put (self->map, &record->key, record))
        abort ();
    while (ink_map_size (self->map) > self->store->most) {
        self->store->evicted++;
        drop (self, oldest (self));
    }
}

static int
disk_write (ink_cache_t *cache, const ink_batch_t *batch, ink_tally_t *tally)
{
    disk_t *self = (disk_t *) cache;
    if (world_luck (self->world, self->store->fail_percent)) {
        self->store->failed++;
        return INK_ECACHE;
    }
    ink_put_t put;
    for (size_t cursor = 0; ink_batch_next (batch, &cursor, &put); tally->puts++)
        keep (self, &put);
    return INK_OK;
}

static int
disk_purge (ink_cache_t *cache, const ink_series_t *series)
{
    disk_t *self = (disk_t *) cache;
    size_t cursor = 0;
    record_t *record;
    while ((record = ink_map_next (self->map, &cursor)))
        if (memcmp (record->key.bytes, series->bytes, sizeof series->bytes) == 0)
            drop (self, record);
    return INK_OK;
}

static void
disk_tend (ink_cache_t *cache)
{
    disk_t *self = (disk_t *) cache;
    size_t cursor = 0;
    record_t *record;
    while ((record = ink_map_next (self->map, &cursor)))
        record->synced = true;
}

static const ink_store_t disk_store = {.close = disk_close,
                                       .look = disk_look,
                                       .find = disk_find,
                                       .end = disk_end,
                                       .write = disk_write,
                                       .purge = disk_purge,
                                       .tend = disk_tend};

store_t *
store_new (world_t *world)
{
    store_t *self = calloc (1, sizeof *self);
    disk_t *disk = calloc (1, sizeof *disk);
    if (!self || !disk)
        abort ();
    disk->world = world;
    disk->store = self;
    disk->map = ink_map_new (sizeof (ink_cache_key_t));
    ink_cache_init (&disk->cache, &disk_store, UINT64_C (1) << 30);
    self->cache = &disk->cache;
    self->most = RECORDS_MOST;
    return self;
}

void
store_destroy (store_t **self_p)
{
    ink_cache_close (&(*self_p)->cache);
    free (*self_p);
    *self_p = NULL;
}

//  ---------------------------------------------------------------------------------------
//  Damage

uint64_t
store_tear (world_t *world)
{
    disk_t *disk = (disk_t *) world->store->cache;
    size_t cursor = 0;
    uint64_t torn = 0;
    record_t *record;
    while ((record = ink_map_next (disk->map, &cursor)))
        if (world_luck (world, 30)) {
            record->record[world_draw (world, record->size)] ^=
                (uint8_t) (1 << world_draw (world, 8));
            torn++;
        }
    world->store->torn += torn;
    return torn;
}

static uint64_t
drop_some (world_t *world, uint64_t percent, bool unsynced)
{
    disk_t *disk = (disk_t *) world->store->cache;
    size_t cursor = 0;
    uint64_t dropped = 0;
    record_t *record;
    while ((record = ink_map_next (disk->map, &cursor)))
        if ((!unsynced || !record->synced) && world_luck (world, percent)) {
            drop (disk, record);
            dropped++;
        }
    return dropped;
}

uint64_t
store_evict (world_t *world)
{
    uint64_t dropped = drop_some (world, 50, false);
    world->store->evicted += dropped;
    return dropped;
}

uint64_t
store_lose_unsynced (world_t *world)
{
    uint64_t dropped = drop_some (world, 100, true);
    world->store->lost += dropped;
    return dropped;
}

void
store_abandon (store_t *self)
{
    ink_cache_begin (self->cache);
}

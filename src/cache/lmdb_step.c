//  lmdb_step.c: one transaction of the writer of an LMDB store.

#include "cache/lmdb.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/record.h"

#define MARGIN ((uint64_t) 1 << 20)
#define GROWTH_PAGES 8 //  What a put may add to the trees beside its value

static MDB_val
key_of (const ink_cache_key_t *key)
{
    return (MDB_val){key->size, (void *) (uintptr_t) key->bytes};
}

//  Copies a key out of the store, for what it points into may move with the next change.
static bool
copy_key (const MDB_val *from, ink_cache_key_t *key)
{
    if (from->mv_size == 0 || from->mv_size > INK_CACHE_KEY_MOST)
        return false;
    key->size = (uint8_t) from->mv_size;
    memcpy (key->bytes, from->mv_data, from->mv_size);
    return true;
}

static bool
is_good (const ink_cache_key_t *key, const MDB_val *record)
{
    const void *value;
    size_t size;
    return ink_record_open (record->mv_data, record->mv_size, key, &value, &size);
}

//  Sequence numbers are kept big-endian, so that they sort as bytes.
static void
spell (uint64_t sequence, uint8_t spelt[8])
{
    for (int i = 7; i >= 0; i--, sequence >>= 8)
        spelt[i] = (uint8_t) sequence;
}

static uint64_t
unspell (const MDB_val *spelt)
{
    uint64_t sequence = 0;
    const uint8_t *bytes = spelt->mv_data;
    for (size_t i = 0; i < spelt->mv_size && i < 8; i++)
        sequence = sequence << 8 | bytes[i];
    return sequence;
}

int
ink_lmdb_weigh (ink_lmdb_t *store, MDB_txn *txn, uint64_t *records, uint64_t *bytes)
{
    MDB_stat values, order;
    int rc = mdb_stat (txn, store->values, &values);
    if (rc == 0)
        rc = mdb_stat (txn, store->order, &order);
    if (rc)
        return rc;
    *records = values.ms_entries;
    *bytes = values.ms_psize *
             (values.ms_branch_pages + values.ms_leaf_pages + values.ms_overflow_pages +
              order.ms_branch_pages + order.ms_leaf_pages + order.ms_overflow_pages);
    return 0;
}

//  Keeps the file longer than what LMDB has written, with a hole: a file that is shorter
//  than its head says was then cut short for certain, and reading a little behind a damaged
//  page is no fault. Only while the transaction lasts, for two processes must not do it at
//  the same time.
static void
lengthen (ink_step_t *self, size_t room)
{
    ink_lmdb_t *store = self->store;
    MDB_envinfo info;
    MDB_stat pages;
    struct stat file;
    int fd;
    if (mdb_env_info (store->env, &info) || mdb_env_stat (store->env, &pages) ||
        mdb_env_get_fd (store->env, &fd))
        return;
    uint64_t size = (info.me_last_pgno + 1) * pages.ms_psize + 2 * room + MARGIN;
    if (size <= store->file_size || fstat (fd, &file) < 0)
        return;
    size = (size / MARGIN + 4) * MARGIN;
    if ((uint64_t) file.st_size >= size || ftruncate (fd, (off_t) size) == 0)
        store->file_size = size;
}

static int
find_end (ink_step_t *self)
{
    MDB_val key, data;
    int rc = mdb_cursor_open (self->txn, self->store->order, &self->oldest);
    if (rc)
        return rc;
    rc = mdb_cursor_get (self->oldest, &key, &data, MDB_LAST);
    self->sequence = rc ? 1 : unspell (&key) + 1;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static void
set_writing (ink_lmdb_t *store, bool writing)
{
    pthread_mutex_lock (&store->mutex);
    store->writing = writing;
    pthread_mutex_unlock (&store->mutex);
}

//  Follows another process that has opened the store with a larger map.
static int
widen (ink_lmdb_t *store)
{
    pthread_mutex_lock (&store->mutex);
    int rc = store->looks > 0 ? MDB_MAP_RESIZED : mdb_env_set_mapsize (store->env, 0);
    pthread_mutex_unlock (&store->mutex);
    return rc;
}

int
ink_step_begin (ink_step_t *self, ink_lmdb_t *store, size_t room)
{
    *self = (ink_step_t){.store = store};
    set_writing (store, true);
    int rc = mdb_txn_begin (store->env, NULL, 0, &self->txn);
    if (rc == MDB_MAP_RESIZED) {
        rc = widen (store);
        if (rc == 0)
            rc = mdb_txn_begin (store->env, NULL, 0, &self->txn);
    }
    if (rc == 0) {
        lengthen (self, room);
        rc = find_end (self);
    }
    return rc ? ink_step_end (self, rc) : 0;
}

int
ink_step_end (ink_step_t *self, int rc)
{
    if (self->txn && rc == 0)
        rc = mdb_txn_commit (self->txn);
    else if (self->txn)
        mdb_txn_abort (self->txn);
    self->txn = NULL;
    set_writing (self->store, false);
    if (rc == 0)
        atomic_store (&self->store->unsynced, true);
    return rc;
}

//  Takes a record's line out of the order, if it is there. A damaged head may name another
//  record's, which stays.
static int
forget_order (ink_step_t *self, const ink_cache_key_t *key, uint64_t sequence)
{
    uint8_t spelt[8];
    spell (sequence, spelt);
    MDB_val line = {sizeof spelt, spelt}, data;
    int rc = mdb_get (self->txn, self->store->order, &line, &data);
    if (rc == 0 && data.mv_size == key->size &&
        memcmp (data.mv_data, key->bytes, key->size) == 0)
        rc = mdb_del (self->txn, self->store->order, &line, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

static int
remove_record (ink_step_t *self, const ink_cache_key_t *key, const MDB_val *record)
{
    uint64_t sequence = ink_record_sequence (record->mv_data, record->mv_size);
    MDB_val name = key_of (key);
    int rc = mdb_del (self->txn, self->store->values, &name, NULL);
    return rc ? rc : forget_order (self, key, sequence);
}

//  Removes the oldest record. A line whose record is gone already just goes.
static int
evict_one (ink_step_t *self)
{
    MDB_val line, data;
    ink_cache_key_t key;
    int rc = mdb_cursor_get (self->oldest, &line, &data, MDB_FIRST);
    if (rc)
        return rc;
    bool named = copy_key (&data, &key);
    rc = mdb_cursor_del (self->oldest, 0);
    if (rc || !named)
        return rc;
    MDB_val name = key_of (&key);
    rc = mdb_del (self->txn, self->store->values, &name, NULL);
    self->tally.evicted += rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

//  When no line is left, what still weighs are records that lost theirs to damage.
int
ink_step_evict (ink_step_t *self, uint64_t goal)
{
    for (;;) {
        uint64_t records, bytes;
        int rc = ink_lmdb_weigh (self->store, self->txn, &records, &bytes);
        if (rc || bytes <= goal)
            return rc;
        rc = evict_one (self);
        if (rc == MDB_NOTFOUND)
            return ink_step_clear (self);
        if (rc)
            return rc;
    }
}

static int
make_room (ink_step_t *self, size_t record_size)
{
    uint64_t page = (uint64_t) sysconf (_SC_PAGESIZE);
    uint64_t need = (record_size / page + 1 + GROWTH_PAGES) * page;
    uint64_t limit = self->store->cache.limit;
    return ink_step_evict (self, limit > need ? limit - need : 0);
}

static int
append_order (ink_step_t *self, const ink_cache_key_t *key)
{
    uint8_t spelt[8];
    spell (self->sequence++, spelt);
    MDB_val line = {sizeof spelt, spelt}, data = key_of (key);
    return mdb_put (self->txn, self->store->order, &line, &data, MDB_APPEND);
}

//  A record that is there and right stays as it is.
static int
clear_way (ink_step_t *self, const ink_cache_key_t *key, bool *taken)
{
    MDB_val name = key_of (key), record;
    int rc = mdb_get (self->txn, self->store->values, &name, &record);
    *taken = rc == 0 && is_good (key, &record);
    if (rc == 0 && !*taken)
        return remove_record (self, key, &record);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int
ink_step_put (ink_step_t *self, const ink_put_t *put)
{
    bool taken;
    int rc = clear_way (self, &put->key, &taken);
    if (rc || taken)
        return rc;
    MDB_val name = key_of (&put->key), record = {INK_RECORD_HEAD + put->size, NULL};
    rc = make_room (self, record.mv_size);
    if (rc == 0)
        rc = mdb_put (self->txn, self->store->values, &name, &record, MDB_RESERVE);
    if (rc)
        return rc;
    ink_record_seal (record.mv_data, &put->key, self->sequence, put->value, put->size);
    self->tally.puts++;
    return append_order (self, &put->key);
}

int
ink_step_settle (ink_step_t *self, const ink_cache_key_t *doubtful)
{
    bool good;
    return clear_way (self, doubtful, &good);
}

int
ink_step_purge (ink_step_t *self, const ink_series_t *series)
{
    MDB_val name = {sizeof series->bytes, (void *) (uintptr_t) series->bytes}, record;
    MDB_cursor *cursor;
    ink_cache_key_t key;
    int rc = mdb_cursor_open (self->txn, self->store->values, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get (cursor, &name, &record, MDB_SET_RANGE);
    while (rc == 0 && copy_key (&name, &key) && key.size >= sizeof series->bytes &&
           memcmp (key.bytes, series->bytes, sizeof series->bytes) == 0) {
        uint64_t sequence = ink_record_sequence (record.mv_data, record.mv_size);
        rc = mdb_cursor_del (cursor, 0);
        if (rc == 0)
            rc = forget_order (self, &key, sequence);
        if (rc == 0)
            rc = mdb_cursor_get (cursor, &name, &record, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int
ink_step_verify (ink_step_t *self, uint64_t *records, uint64_t *bad)
{
    MDB_val name, record;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open (self->txn, self->store->values, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get (cursor, &name, &record, MDB_FIRST);
    while (rc == 0) {
        ink_cache_key_t key = {0};
        ++*records;
        if (!copy_key (&name, &key) || !is_good (&key, &record)) {
            uint64_t sequence = ink_record_sequence (record.mv_data, record.mv_size);
            ++*bad;
            rc = mdb_cursor_del (cursor, 0);
            if (rc == 0)
                rc = forget_order (self, &key, sequence);
        }
        if (rc == 0)
            rc = mdb_cursor_get (cursor, &name, &record, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

int
ink_step_clear (ink_step_t *self)
{
    int rc = mdb_drop (self->txn, self->store->values, 0);
    return rc ? rc : mdb_drop (self->txn, self->store->order, 0);
}

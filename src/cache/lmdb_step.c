//  lmdb_step.c: one transaction of the writer of an LMDB store.

#include "cache/lmdb.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/page.h"
#include "cache/record.h"
#include "cache/turn.h"

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

//  Turns are kept big-endian, so that they sort as bytes.
static void
spell (uint64_t turn, uint8_t spelt[8])
{
    for (int i = 7; i >= 0; i--, turn >>= 8)
        spelt[i] = (uint8_t) turn;
}

static uint64_t
unspell (const MDB_val *spelt)
{
    uint64_t turn = 0;
    const uint8_t *bytes = spelt->mv_data;
    for (size_t i = 0; i < spelt->mv_size && i < 8; i++)
        turn = turn << 8 | bytes[i];
    return turn;
}

int
ink_lmdb_weigh (ink_lmdb_file_t *file, MDB_txn *txn, uint64_t *records, uint64_t *bytes)
{
    MDB_stat values, order;
    int rc = mdb_stat (txn, file->values, &values);
    if (rc == 0)
        rc = mdb_stat (txn, file->order, &order);
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
    ink_lmdb_file_t *data = self->file;
    MDB_envinfo info;
    MDB_stat pages;
    struct stat file;
    int fd;
    if (mdb_env_info (data->env, &info) || mdb_env_stat (data->env, &pages) ||
        mdb_env_get_fd (data->env, &fd))
        return;
    uint64_t size = (info.me_last_pgno + 1) * pages.ms_psize + 2 * room + MARGIN;
    if (size <= data->writable || fstat (fd, &file) < 0)
        return;
    size = (size / MARGIN + 4) * MARGIN;
    if ((uint64_t) file.st_size >= size || ftruncate (fd, (off_t) size) == 0)
        data->writable = size;
}

//  Follows another process that has opened the store with a larger map. A map that could
//  not be changed is gone.
static int
widen (ink_lmdb_t *store, ink_lmdb_file_t *file)
{
    pthread_mutex_lock (&store->mutex);
    int rc = ink_lmdb_widen (file);
    pthread_mutex_unlock (&store->mutex);
    return rc;
}

static ink_lmdb_file_t *
take_file (ink_lmdb_t *store)
{
    pthread_mutex_lock (&store->mutex);
    ink_lmdb_file_t *file = ink_lmdb_take (store);
    pthread_mutex_unlock (&store->mutex);
    return file;
}

static void
give_file (ink_lmdb_t *store, ink_lmdb_file_t *file)
{
    pthread_mutex_lock (&store->mutex);
    ink_lmdb_give (store, file);
    pthread_mutex_unlock (&store->mutex);
}

static int
begin_transaction (ink_step_t *self)
{
    int rc = mdb_txn_begin (self->file->env, NULL, 0, &self->txn);
    if (rc != MDB_MAP_RESIZED)
        return rc;
    rc = widen (self->store, self->file);
    return rc ? rc : mdb_txn_begin (self->file->env, NULL, 0, &self->txn);
}

int
ink_step_begin (ink_step_t *self, ink_lmdb_t *store, size_t room)
{
    *self = (ink_step_t){.store = store};
    if (!ink_folder_take_pen (&store->folder))
        return EBUSY;
    self->file = take_file (store);
    int rc = self->file ? begin_transaction (self) : EAGAIN;
    if (rc == 0) {
        lengthen (self, room);
        rc = mdb_cursor_open (self->txn, self->file->order, &self->order);
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
    if (self->file) {
        ink_lmdb_blame (self->file, rc);
        give_file (self->store, self->file);
    }
    ink_folder_give_pen (&self->store->folder);
    if (rc == 0)
        atomic_store (&self->store->unsynced, true);
    return rc;
}

//  Takes a record's line out of the order, if it is there. A damaged head may name another
//  record's, which stays.
static int
forget_order (ink_step_t *self, const ink_cache_key_t *key, uint64_t turn)
{
    uint8_t spelt[8];
    spell (turn, spelt);
    MDB_val line = {sizeof spelt, spelt}, data;
    int rc = mdb_get (self->txn, self->file->order, &line, &data);
    if (rc == 0 && data.mv_size == key->size &&
        memcmp (data.mv_data, key->bytes, key->size) == 0)
        rc = mdb_del (self->txn, self->file->order, &line, NULL);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

//  A large record has pages of its own behind a head, and LMDB frees as many as the head
//  says: also those of others when it is damaged. A page that was not written in this step
//  lies in the map.
static bool
can_be_freed (const ink_step_t *self, size_t key_size, const MDB_val *record)
{
    ink_page_t page;
    MDB_envinfo info;
    uint64_t page_size = ink_page_size ();
    size_t most = ((page_size - sizeof page) / 2 & ~(size_t) 1) - sizeof (uint16_t);
    if (sizeof (ink_entry_t) + key_size + record->mv_size <= most)
        return true;
    const uint8_t *head = (const uint8_t *) record->mv_data - sizeof page;
    memcpy (&page, head, sizeof page);
    mdb_env_info (self->file->env, &info);
    uint64_t place = (uint64_t) (head - (const uint8_t *) info.me_mapaddr);
    return (page.flags & INK_PAGE_OVERFLOW) &&
           page.span == (sizeof page + record->mv_size + page_size - 1) / page_size &&
           (place >= info.me_mapsize || page.number == place / page_size);
}

static int
delete_record (ink_step_t *self, const ink_cache_key_t *key, const MDB_val *record)
{
    MDB_val name = key_of (key);
    if (!can_be_freed (self, key->size, record))
        return MDB_CORRUPTED;
    return mdb_del (self->txn, self->file->values, &name, NULL);
}

static int
remove_record (ink_step_t *self, const ink_cache_key_t *key, const MDB_val *record)
{
    uint64_t turn = ink_record_turn (record->mv_data, record->mv_size);
    int rc = delete_record (self, key, record);
    return rc ? rc : forget_order (self, key, turn);
}

//  Removes the record whose turn it is. A line whose record is gone already just goes.
static int
evict_one (ink_step_t *self)
{
    MDB_val line, data;
    ink_cache_key_t key;
    int rc = mdb_cursor_get (self->order, &line, &data, MDB_FIRST);
    if (rc)
        return rc;
    bool named = copy_key (&data, &key);
    rc = mdb_cursor_del (self->order, 0);
    if (rc || !named)
        return rc;
    MDB_val name = key_of (&key), record;
    rc = mdb_get (self->txn, self->file->values, &name, &record);
    if (rc == 0)
        rc = delete_record (self, &key, &record);
    self->tally.evicted += rc == 0;
    return rc == MDB_NOTFOUND ? 0 : rc;
}

//  When no line is left, what still weighs are records that lost theirs to damage, and
//  nobody will ever take them out.
int
ink_step_evict (ink_step_t *self, uint64_t goal)
{
    for (;;) {
        uint64_t records, bytes;
        int rc = ink_lmdb_weigh (self->file, self->txn, &records, &bytes);
        if (rc || bytes <= goal)
            return rc;
        rc = evict_one (self);
        if (rc == MDB_NOTFOUND)
            return MDB_CORRUPTED;
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

//  The turn of who goes next; 0 when there is nobody.
static int
find_next (ink_step_t *self, uint64_t *turn)
{
    MDB_val line, data;
    int rc = mdb_cursor_get (self->order, &line, &data, MDB_FIRST);
    *turn = rc ? 0 : unspell (&line);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

//  The last turn before another; 0 when there is none.
static int
find_before (ink_step_t *self, uint64_t other, uint64_t *turn)
{
    uint8_t spelt[8];
    spell (other, spelt);
    MDB_val line = {sizeof spelt, spelt}, data;
    int rc = mdb_cursor_get (self->order, &line, &data, MDB_SET_RANGE);
    if (rc == 0 || rc == MDB_NOTFOUND)
        rc = mdb_cursor_get (self->order, &line, &data, rc ? MDB_LAST : MDB_PREV);
    *turn = rc ? 0 : unspell (&line);
    return rc == MDB_NOTFOUND ? 0 : rc;
}

//  Behind all who have the same place on the clock.
static int
find_turn (ink_step_t *self, const ink_cache_key_t *key, uint64_t *turn)
{
    uint64_t next, last;
    int rc = find_next (self, &next);
    if (rc)
        return rc;
    *turn = ink_turn_first (key, next);
    rc = find_before (self, ink_turn_behind (*turn), &last);
    if (rc == 0 && last >= *turn)
        *turn = last + 1;
    return rc;
}

static int
add_line (ink_step_t *self, const ink_cache_key_t *key, uint64_t turn)
{
    uint8_t spelt[8];
    spell (turn, spelt);
    MDB_val line = {sizeof spelt, spelt}, data = key_of (key);
    return mdb_put (self->txn, self->file->order, &line, &data, 0);
}

//  A record that is there and right stays as it is.
static int
clear_way (ink_step_t *self, const ink_cache_key_t *key, bool *taken)
{
    MDB_val name = key_of (key), record;
    int rc = mdb_get (self->txn, self->file->values, &name, &record);
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
    uint64_t turn = 0;
    rc = make_room (self, record.mv_size);
    if (rc == 0)
        rc = find_turn (self, &put->key, &turn);
    if (rc == 0)
        rc = mdb_put (self->txn, self->file->values, &name, &record, MDB_RESERVE);
    if (rc)
        return rc;
    ink_record_seal (record.mv_data, &put->key, turn, put->value, put->size);
    self->tally.puts++;
    return add_line (self, &put->key, turn);
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
    int rc = mdb_cursor_open (self->txn, self->file->values, &cursor);
    if (rc == 0)
        rc = mdb_cursor_get (cursor, &name, &record, MDB_SET_RANGE);
    while (rc == 0 && copy_key (&name, &key) && key.size >= sizeof series->bytes &&
           memcmp (key.bytes, series->bytes, sizeof series->bytes) == 0) {
        uint64_t turn = ink_record_turn (record.mv_data, record.mv_size);
        rc = can_be_freed (self, key.size, &record) ? mdb_cursor_del (cursor, 0)
                                                    : MDB_CORRUPTED;
        if (rc == 0)
            rc = forget_order (self, &key, turn);
        if (rc == 0)
            rc = mdb_cursor_get (cursor, &name, &record, MDB_NEXT);
    }
    return rc == MDB_NOTFOUND ? 0 : rc;
}

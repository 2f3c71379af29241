//  lmdb_verify.c: reads all of an LMDB store, and removes what is bad.
//
//  It may take minutes. So it goes slice by slice: others write meanwhile, and no old page is
//  held for long.

#include "cache/lmdb.h"

#include <errno.h>
#include <string.h>

#include "cache/record.h"

#define SLICE_RECORDS 4096

typedef struct {
    ink_cache_key_t next; //  Size 0: from the first one on
    bool ended;
    uint64_t records;
    ink_doubts_t bad;
} slice_t;

static int
read_record (slice_t *self, const MDB_val *name, const MDB_val *record)
{
    ink_cache_key_t key = {.size = (uint8_t) name->mv_size};
    const void *value;
    size_t size;
    if (name->mv_size == 0 || name->mv_size > INK_CACHE_KEY_MOST)
        return MDB_CORRUPTED;
    memcpy (key.bytes, name->mv_data, name->mv_size);
    self->records++;
    if (!ink_record_open (record->mv_data, record->mv_size, &key, &value, &size))
        ink_doubts_add (&self->bad, &key);
    self->next = key;
    return 0;
}

//  Begins behind the last record of the slice before.
static int
read_slice (slice_t *self, MDB_cursor *cursor)
{
    MDB_val name = {self->next.size, self->next.bytes}, record;
    ink_cache_key_t last = self->next;
    int rc = mdb_cursor_get (cursor, &name, &record,
                             last.size > 0 ? MDB_SET_RANGE : MDB_FIRST);
    if (rc == 0 && name.mv_size == last.size &&
        memcmp (name.mv_data, last.bytes, last.size) == 0)
        rc = mdb_cursor_get (cursor, &name, &record, MDB_NEXT);
    for (int n = 0; rc == 0 && n < SLICE_RECORDS && self->bad.count < INK_DOUBTS_MOST;
         n++) {
        rc = read_record (self, &name, &record);
        if (rc == 0)
            rc = mdb_cursor_get (cursor, &name, &record, MDB_NEXT);
    }
    self->ended = rc == MDB_NOTFOUND;
    return self->ended ? 0 : rc;
}

static int
look_at_slice (ink_cache_t *cache, slice_t *self)
{
    ink_look_t *look = ink_cache_look (cache);
    if (!look)
        return EAGAIN;
    ink_lmdb_look_t *in = (ink_lmdb_look_t *) look;
    MDB_cursor *cursor;
    int rc = mdb_cursor_open (in->txn, in->file->values, &cursor);
    if (rc == 0) {
        rc = read_slice (self, cursor);
        mdb_cursor_close (cursor);
    }
    ink_lmdb_blame (in->file, rc);
    ink_look_end (&look);
    return rc;
}

static int
remove_bad (ink_lmdb_t *store, slice_t *self)
{
    ink_step_t step;
    if (self->bad.count == 0)
        return 0;
    int rc = ink_step_begin (&step, store, 0);
    if (rc)
        return rc;
    for (size_t n = 0; rc == 0 && n < self->bad.count; n++)
        rc = ink_step_settle (&step, &self->bad.keys[n]);
    return ink_step_end (&step, rc);
}

static int
check_structure (ink_cache_t *cache)
{
    ink_look_t *look = ink_cache_look (cache);
    if (!look)
        return EAGAIN;
    int rc = ink_lmdb_check (((ink_lmdb_look_t *) look)->file);
    ink_look_end (&look);
    return rc;
}

int
ink_lmdb_verify (ink_cache_t *cache, uint64_t *records, uint64_t *bad)
{
    slice_t slice = {.ended = false};
    int rc = check_structure (cache);
    while (rc == 0 && !slice.ended) {
        slice.bad.count = 0;
        rc = look_at_slice (cache, &slice);
        *bad += slice.bad.count;
        if (rc == 0)
            rc = remove_bad ((ink_lmdb_t *) cache, &slice);
    }
    *records = slice.records;
    return ink_lmdb_code (rc);
}

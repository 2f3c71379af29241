//  lmdb.h: the parts of the LMDB store.
//
//      lmdb.c         what it does for the cache: looks, and steps of the writer
//      lmdb_open.c    opening, sharing within the process, closing
//      lmdb_step.c    one transaction of the writer
//
//  Two tables: `values`, records by key, and `order`, keys by sequence number, which is the
//  order of their insertion and of their eviction. What the tables take is what LMDB itself
//  counts in whole pages; it changes in the same transaction, so it cannot drift.

#ifndef INK_LMDB_H_INCLUDED
#define INK_LMDB_H_INCLUDED

#include <lmdb.h>
#include <sys/types.h>

#include "cache/folder.h"
#include "cache/store.h"

typedef struct ink_lmdb_look ink_lmdb_look_t;
typedef struct ink_lmdb ink_lmdb_t;

struct ink_lmdb {
    ink_cache_t cache;
    MDB_env *env;
    MDB_dbi values, order;
    ink_folder_t folder;

    //  Sharing within the process, under the mutex of lmdb_open.c.
    ink_lmdb_t *next;
    dev_t device;
    ino_t inode;
    pid_t process; //  After a fork the child must open the store anew
    size_t users;

    //  Guards the members below. A map may only be changed when nobody uses it.
    pthread_mutex_t mutex;
    ink_lmdb_look_t *parked; //  Looks that ended, to be used again
    size_t looks;            //  That last
    bool writing;

    uint64_t file_size;   //  It has at least; the writer's
    atomic_bool unsynced; //  Committed, and not yet on the disk
    atomic_bool
        broken; //  Its structure is damaged: not to be trusted at the next opening
};

struct ink_lmdb_look {
    ink_look_t look;
    MDB_txn *txn;
    ink_lmdb_look_t *next;
};

extern const ink_store_t ink_lmdb_store;

//  ink_cache_open_lmdb, on a boot of the machine that the caller names.
ink_cache_t *
ink_lmdb_open (const char *path, uint64_t limit, const char *boot, int *error);
void ink_lmdb_close (ink_cache_t *self);

//  Notes what an LMDB error means for the store, and returns the error for the caller of the
//  cache.
int ink_lmdb_error (ink_lmdb_t *self, int rc);

//  A step: a transaction of the writer. Functions return 0 or an LMDB error, after which the
//  step can only be ended.
typedef struct {
    ink_lmdb_t *store;
    MDB_txn *txn;
    MDB_cursor *oldest;
    uint64_t sequence; //  Of the next record
    ink_tally_t tally;
} ink_step_t;

//  `room`: how many bytes will be put, about.
int ink_step_begin (ink_step_t *self, ink_lmdb_t *store, size_t room);

//  Commits when rc is 0, else aborts; returns rc, or why it could not be committed.
int ink_step_end (ink_step_t *self, int rc);

int ink_step_put (ink_step_t *self, const ink_put_t *put);
int ink_step_settle (ink_step_t *self, const ink_cache_key_t *doubtful);
int ink_step_purge (ink_step_t *self, const ink_series_t *series);
int ink_step_verify (ink_step_t *self, uint64_t *records, uint64_t *bad);
int ink_step_clear (ink_step_t *self);

//  Evicts, oldest first, until the tables take at most `goal` bytes.
int ink_step_evict (ink_step_t *self, uint64_t goal);

//  Bytes that both tables take.
int ink_lmdb_weigh (ink_lmdb_t *store, MDB_txn *txn, uint64_t *records, uint64_t *bytes);

#endif

//  lmdb.h: the parts of the LMDB store.
//
//      lmdb.c         what it does for the cache: looks, and steps of the writer
//      lmdb_open.c    opening, sharing within the process, closing
//      lmdb_file.c    the data file: opened after a check, and anew when need be
//      lmdb_step.c    one transaction of the writer
//      lmdb_verify.c  reads everything, a slice at a time
//
//  Two tables: `values`, records by key, and `order`, keys by turn (turn.h), the order in which
//  they are evicted. What the tables take is what LMDB itself
//  counts in whole pages; it changes in the same transaction, so it cannot drift.

#ifndef INK_LMDB_H_INCLUDED
#define INK_LMDB_H_INCLUDED

#include <lmdb.h>
#include <limits.h>
#include <sys/types.h>

#include "cache/flush.h"
#include "cache/folder.h"
#include "cache/store.h"

typedef struct ink_lmdb_look ink_lmdb_look_t;
typedef struct ink_lmdb_file ink_lmdb_file_t;
typedef struct ink_lmdb ink_lmdb_t;

//  A data file that LMDB has open.
//
//  FAILED: LMDB will do nothing more before it is opened anew. DAMAGED: its structure is not
//  what it should be, so it must be set aside.
typedef enum { INK_LMDB_FINE, INK_LMDB_FAILED, INK_LMDB_DAMAGED } ink_lmdb_state_t;

struct ink_lmdb_file {
    ink_lmdb_file_t *next; //  Among those that wait for their last use to end
    MDB_env *env;
    MDB_dbi values, order;
    ino_t inode;
    off_t size;        //  It never gets shorter, unless somebody cuts it
    uint64_t writable; //  Bytes it has room for at least; the writer's
    atomic_int state;

    //  Under the mutex of the store. The map may only be changed when it is used once.
    size_t uses;             //  Looks and steps that last
    ink_lmdb_look_t *parked; //  Looks that ended, to be used again
};

struct ink_lmdb {
    ink_cache_t cache;
    char path[PATH_MAX]; //  Absolute
    ink_folder_t folder;
    ink_flush_t flush;
    atomic_bool unsynced; //  Committed, and not yet on the way to the disk

    //  Sharing within the process, under the mutex of lmdb_open.c.
    ink_lmdb_t *next;
    dev_t device;
    ino_t inode;
    pid_t process; //  After a fork the child must open the store anew
    size_t users;

    pthread_mutex_t mutex; //  Guards the members below
    ink_lmdb_file_t *file; //  NULL: there is none that can be used now
    ink_lmdb_file_t *retired;
    ino_t condemned; //  A file found damaged, to be set aside; 0: none
    int64_t next_renewal;
};

struct ink_lmdb_look {
    ink_look_t look;
    ink_lmdb_file_t *file;
    MDB_txn *txn;
    ink_lmdb_look_t *next;
};

extern const ink_store_t ink_lmdb_store;

//  ink_cache_open_lmdb, on a boot of the machine that the caller names.
ink_cache_t *
ink_lmdb_open (const char *path, uint64_t limit, const char *boot, int *error);
void ink_lmdb_close (ink_cache_t *self);

//  Opens the data file behind the door, and sets aside what is damaged. 0, or an error of
//  LMDB or the system.
int ink_lmdb_begin_file (ink_lmdb_t *self);

//  Closes it when it is not used.
void ink_lmdb_end_file (ink_lmdb_t *self);

//  Begins and ends a use of the data file, under the mutex. A file that has failed or was
//  damaged, cut short or replaced by another process is opened anew before; NULL when there
//  is none now.
ink_lmdb_file_t *ink_lmdb_take (ink_lmdb_t *self);
void ink_lmdb_give (ink_lmdb_t *self, ink_lmdb_file_t *file);

//  Follows another process whose map is larger. The file must be used by the caller alone;
//  when it fails, the file has failed.
int ink_lmdb_widen (ink_lmdb_file_t *self);

//  Checks all of its structure. 0, or an error that it is then blamed for.
int ink_lmdb_check (ink_lmdb_file_t *self);

//  Removes the file, also from under others who have it open, and begins anew.
int ink_lmdb_remove (ink_lmdb_t *self);

//  Reads every record of a store.
int ink_lmdb_verify (ink_cache_t *cache, uint64_t *records, uint64_t *bad);

//  Notes what an error of LMDB means for the file.
void ink_lmdb_blame (ink_lmdb_file_t *self, int rc);

//  What the caller of the cache hears of an error of LMDB or the system.
int ink_lmdb_code (int rc);

//  A step: a transaction of the writer. Functions return 0 or an LMDB error, after which the
//  step can only be ended. It does not begin while another process writes for long.
typedef struct {
    ink_lmdb_t *store;
    ink_lmdb_file_t *file;
    MDB_txn *txn;
    MDB_cursor *order;
    ink_tally_t tally;
} ink_step_t;

//  `room`: how many bytes will be put, about.
int ink_step_begin (ink_step_t *self, ink_lmdb_t *store, size_t room);

//  Commits when rc is 0, else aborts; returns rc, or why it could not be committed.
int ink_step_end (ink_step_t *self, int rc);

int ink_step_put (ink_step_t *self, const ink_put_t *put);
int ink_step_settle (ink_step_t *self, const ink_cache_key_t *doubtful);
int ink_step_purge (ink_step_t *self, const ink_series_t *series);

//  Evicts until the tables take at most `goal` bytes.
int ink_step_evict (ink_step_t *self, uint64_t goal);

//  Bytes that both tables take.
int
ink_lmdb_weigh (ink_lmdb_file_t *file, MDB_txn *txn, uint64_t *records, uint64_t *bytes);

#endif

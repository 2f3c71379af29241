//  lmdb_file.c: the data file of an LMDB store, opened after a check, and anew when need be.

#include "cache/lmdb.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/memory.h"
#include "cache/page.h"
#include "cache/sound.h"
#include "cache/tree.h"
#include "inkling/error.h"

#define MAP_LEAST ((uint64_t) 64 << 20)
#define READERS_MOST 1024
#define CHECK_PATIENCE_US 2000000
#define CHECKS_MOST 3
#define PAUSE_MOST_US 2000000
#define REMOVAL_PATIENCE_US 5000000

//  Full, failing and busy pass; everything else that LMDB calls an error is not to be
//  expected of a sound file.
static bool
is_damage (int rc)
{
    switch (rc) {
    case MDB_NOTFOUND:
    case MDB_MAP_FULL:
    case MDB_TXN_FULL:
    case MDB_READERS_FULL:
    case MDB_MAP_RESIZED:
    case MDB_PANIC:
        return false;
    default:
        return rc < 0;
    }
}

void
ink_lmdb_blame (ink_lmdb_file_t *self, int rc)
{
    if (is_damage (rc))
        atomic_store (&self->state, INK_LMDB_DAMAGED);
    else if (rc == MDB_PANIC)
        atomic_store (&self->state, INK_LMDB_FAILED);
}

//  ---------------------------------------------------------------------------------------
//  Opening

//  The map takes addresses, not memory. Twice the limit leaves room for pages that are freed
//  but still seen by a reader, and for holes.
static uint64_t
map_size (uint64_t limit)
{
    return 2 * limit < MAP_LEAST ? MAP_LEAST : 2 * limit;
}

//  No WRITEMAP: a full disk would be a signal. NOSYNC: see folder.h. NOTLS: a look is not
//  bound to a thread.
static int
open_env (ink_lmdb_file_t *self, const ink_lmdb_t *store)
{
    int rc = mdb_env_create (&self->env);
    if (rc)
        return rc;
    int file;
    if ((rc = mdb_env_set_mapsize (self->env, map_size (store->cache.limit))) ||
        (rc = mdb_env_set_maxdbs (self->env, 2)) ||
        (rc = mdb_env_set_maxreaders (self->env, READERS_MOST)) ||
        (rc = mdb_env_open (self->env, store->path, MDB_NOSYNC | MDB_NOTLS, 0600)) ||
        (rc = mdb_env_get_fd (self->env, &file)))
        return rc;
    fcntl (file, F_SETFD, FD_CLOEXEC);
    return mdb_reader_check (self->env, NULL);
}

//  Others may write meanwhile, so bad news must be heard three times: the heads may have been
//  read while they were written.
static int
check_heads (const ink_lmdb_t *store)
{
    for (int n = 0; n < CHECKS_MOST; n++)
        if (ink_store_is_sound (store->folder.folder))
            return 0;
    return MDB_CORRUPTED;
}

static int
check_tree (ink_lmdb_file_t *self, int64_t patience_us)
{
    ink_tree_t tree = INK_TREE_DAMAGED;
    int file, rc = mdb_env_get_fd (self->env, &file);
    for (int n = 0; rc == 0 && tree == INK_TREE_DAMAGED && n < CHECKS_MOST; n++) {
        MDB_txn *txn;
        rc = mdb_txn_begin (self->env, NULL, MDB_RDONLY, &txn);
        if (rc)
            return rc;
        tree = ink_tree_check (file, mdb_txn_id (txn), patience_us);
        mdb_txn_abort (txn);
    }
    return rc == 0 && tree == INK_TREE_DAMAGED ? MDB_CORRUPTED : rc;
}

static int
open_tables (ink_lmdb_file_t *self, unsigned how)
{
    MDB_txn *txn;
    int rc = mdb_txn_begin (self->env, NULL, how == MDB_CREATE ? 0 : MDB_RDONLY, &txn);
    if (rc)
        return rc;
    if ((rc = mdb_dbi_open (txn, "values", how, &self->values)) ||
        (rc = mdb_dbi_open (txn, "order", how, &self->order))) {
        mdb_txn_abort (txn);
        return rc;
    }
    return mdb_txn_commit (txn);
}

static void
close_env (ink_lmdb_file_t *self)
{
    if (self->env)
        mdb_env_close (self->env);
    self->env = NULL;
}

static int
make_tables (ink_lmdb_t *store, ink_lmdb_file_t *self)
{
    if (!ink_folder_take_pen (&store->folder))
        return EBUSY;
    int rc = open_tables (self, MDB_CREATE);
    ink_folder_give_pen (&store->folder);
    return rc;
}

//  The file that was opened by its path must be the one that lies in our folder.
static int
identify (ink_lmdb_t *store, ink_lmdb_file_t *self)
{
    struct stat stat;
    int file, rc = mdb_env_get_fd (self->env, &file);
    if (rc == 0 && fstat (file, &stat) < 0)
        rc = errno;
    if (rc)
        return rc;
    self->inode = ink_folder_data (&store->folder, &self->size);
    return self->inode == stat.st_ino ? 0 : ENOENT;
}

//  Tables that are there are opened without the writer's lock, which another process may
//  hold for long.
static int
open_file (ink_lmdb_t *store, ink_lmdb_file_t *self)
{
    int rc = check_heads (store);
    if (rc == 0)
        rc = open_env (self, store);
    if (rc == 0)
        rc = identify (store, self);
    if (rc == 0)
        rc = check_tree (self, CHECK_PATIENCE_US);
    if (rc == 0)
        rc = open_tables (self, 0);
    if (rc == MDB_NOTFOUND)
        rc = make_tables (store, self);
    if (rc)
        close_env (self);
    return rc;
}

//  What LMDB does not understand is set aside, once. EINVAL: the file of its locks is cut.
int
ink_lmdb_begin_file (ink_lmdb_t *self)
{
    ink_lmdb_file_t *file = ink_alloc (sizeof *file);
    if (!file)
        return ENOMEM;
    int rc = open_file (self, file);
    if (is_damage (rc) || rc == EINVAL) {
        ink_log (INK_LOG_EVENTS, "cache", "%s is damaged: it is set aside", self->path);
        rc = ink_folder_aside (&self->folder) < 0 ? errno : open_file (self, file);
    }
    atomic_store (&self->cache.set_aside, self->folder.asides);
    if (rc)
        ink_free (file);
    else
        self->file = file;
    return rc;
}

//  Without a limit of time, so in no loop.
int
ink_lmdb_check (ink_lmdb_file_t *self)
{
    int rc = check_tree (self, INT64_MAX / 2);
    ink_lmdb_blame (self, rc);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Watching over it

static void
close_file (ink_lmdb_file_t *self)
{
    assert (self->uses == 0);
    while (self->parked) {
        ink_lmdb_look_t *look = self->parked;
        self->parked = look->next;
        if (look->txn)
            mdb_txn_abort (look->txn);
        ink_free (look);
    }
    close_env (self);
    ink_free (self);
}

void
ink_lmdb_end_file (ink_lmdb_t *self)
{
    assert (!self->retired);
    if (self->file)
        close_file (self->file);
    self->file = NULL;
}

//  Why the file cannot be used any longer; NULL when it can.
static const char *
fault_of (ink_lmdb_t *store, ink_lmdb_file_t *self)
{
    off_t size = 0;
    ino_t inode = ink_folder_data (&store->folder, &size);
    if (inode != self->inode)
        return "was replaced";
    switch (atomic_load (&self->state)) {
    case INK_LMDB_FAILED:
        return "could not be written";
    case INK_LMDB_DAMAGED:
        return "is damaged";
    }
    if (size < self->size)
        return "was cut short";
    self->size = size;
    return NULL;
}

static void
retire (ink_lmdb_t *self)
{
    ink_lmdb_file_t *file = self->file;
    self->file = NULL;
    if (atomic_load (&file->state) == INK_LMDB_DAMAGED)
        self->condemned = file->inode;
    if (file->uses == 0) {
        close_file (file);
        return;
    }
    file->next = self->retired;
    self->retired = file;
}

//  LMDB must not have a file open twice.
static bool
is_still_open (const ink_lmdb_t *self, ino_t inode)
{
    for (const ink_lmdb_file_t *file = self->retired; file; file = file->next)
        if (file->inode == inode)
            return true;
    return false;
}

//  Behind the door. False when it has to wait for looks that last.
static bool
begin_anew (ink_lmdb_t *self)
{
    off_t size;
    ino_t inode = ink_folder_data (&self->folder, &size);
    bool condemned = inode != 0 && inode == self->condemned;
    if (!condemned && is_still_open (self, inode))
        return false;
    if (condemned && ink_folder_aside (&self->folder) < 0)
        return true;
    self->condemned = 0;
    if (ink_lmdb_begin_file (self) == 0)
        atomic_fetch_add (&self->cache.renewed, 1);
    return true;
}

//  Who opens or closes the store may do so for long, so nobody waits: meanwhile there is no store.
//  A disk that fails again and again does not take all of the time.
static void
renew (ink_lmdb_t *self)
{
    int64_t began = ink_clock_us ();
    if (began < self->next_renewal || !ink_folder_knock (&self->folder, 0))
        return;
    bool tried = begin_anew (self);
    ink_folder_settle (&self->folder);
    int64_t now = ink_clock_us (),
            pause = self->file ? 10 * (now - began) : PAUSE_MOST_US;
    if (tried)
        self->next_renewal = now + (pause < PAUSE_MOST_US ? pause : PAUSE_MOST_US);
}

ink_lmdb_file_t *
ink_lmdb_take (ink_lmdb_t *self)
{
    const char *fault = self->file ? fault_of (self, self->file) : NULL;
    if (fault) {
        ink_log (INK_LOG_EVENTS, "cache", "%s %s: it is opened anew", self->path, fault);
        retire (self);
    }
    if (!self->file)
        renew (self);
    if (self->file)
        self->file->uses++;
    return self->file;
}

void
ink_lmdb_give (ink_lmdb_t *self, ink_lmdb_file_t *file)
{
    assert (file->uses > 0);
    if (--file->uses > 0 || file == self->file)
        return;
    ink_lmdb_file_t **place = &self->retired;
    while (*place != file)
        place = &(*place)->next;
    *place = file->next;
    close_file (file);
}

int
ink_lmdb_widen (ink_lmdb_file_t *self)
{
    if (self->uses > 1)
        return MDB_MAP_RESIZED;
    int rc = mdb_env_set_mapsize (self->env, 0);
    if (rc)
        atomic_store (&self->state, INK_LMDB_FAILED);
    return rc;
}

int
ink_lmdb_remove (ink_lmdb_t *self)
{
    if (!ink_folder_knock (&self->folder, REMOVAL_PATIENCE_US))
        return EBUSY;
    int rc = ink_folder_remove (&self->folder) < 0 ? errno : 0;
    ink_folder_settle (&self->folder);
    pthread_mutex_lock (&self->mutex);
    self->next_renewal = 0;
    ink_lmdb_file_t *file = ink_lmdb_take (self);
    if (file)
        ink_lmdb_give (self, file);
    pthread_mutex_unlock (&self->mutex);
    return rc;
}

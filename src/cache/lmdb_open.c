//  lmdb_open.c: opens an LMDB store once a process, and closes it with its last user.

#include "cache/lmdb.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "inkling/error.h"

#define LIMIT_LEAST ((uint64_t) 1 << 20)
#define MAP_LEAST ((uint64_t) 64 << 20)
#define READERS_MOST 1024

//  LMDB must not open a folder twice in one process.
static pthread_mutex_t stores_mutex = PTHREAD_MUTEX_INITIALIZER;
static ink_lmdb_t *stores;

static int
refusal (int error)
{
    switch (error) {
    case ENOMEM:
        return INK_ENOMEM;
    case EACCES:
    case EPERM:
    case EROFS:
        return INK_EPERM;
    default:
        return INK_ECACHE;
    }
}

static ink_lmdb_t *
find_store (const struct stat *folder)
{
    for (ink_lmdb_t *store = stores; store; store = store->next)
        if (store->device == folder->st_dev && store->inode == folder->st_ino &&
            store->process == getpid ())
            return store;
    return NULL;
}

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
open_env (ink_lmdb_t *self, const char *path)
{
    int rc = mdb_env_create (&self->env);
    if (rc)
        return rc;
    int file;
    if ((rc = mdb_env_set_mapsize (self->env, map_size (self->cache.limit))) ||
        (rc = mdb_env_set_maxdbs (self->env, 2)) ||
        (rc = mdb_env_set_maxreaders (self->env, READERS_MOST)) ||
        (rc = mdb_env_open (self->env, path, MDB_NOSYNC | MDB_NOTLS, 0600)) ||
        (rc = mdb_env_get_fd (self->env, &file)))
        return rc;
    fcntl (file, F_SETFD, FD_CLOEXEC);
    return mdb_reader_check (self->env, NULL);
}

static int
open_tables (ink_lmdb_t *self, unsigned how)
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
close_env (ink_lmdb_t *self)
{
    if (self->env)
        mdb_env_close (self->env);
    self->env = NULL;
}

//  Tables that are there are opened without the writer's lock, which another process may
//  hold for long.
static int
open_all (ink_lmdb_t *self, const char *path)
{
    int rc = open_env (self, path);
    if (rc == 0)
        rc = open_tables (self, 0);
    if (rc == MDB_NOTFOUND)
        rc = open_tables (self, MDB_CREATE);
    if (rc)
        close_env (self);
    return rc;
}

//  What LMDB does not understand is moved aside, once, by who came first.
static int
open_or_begin_anew (ink_lmdb_t *self, const char *path)
{
    int rc = open_all (self, path);
    if (rc < 0 && self->folder.first)
        rc = ink_folder_aside (&self->folder) < 0 ? errno : open_all (self, path);
    return rc;
}

static ink_lmdb_t *
new_store (const struct stat *folder, uint64_t limit)
{
    ink_lmdb_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    ink_cache_init (&self->cache, &ink_lmdb_store,
                    limit < LIMIT_LEAST ? LIMIT_LEAST : limit);
    pthread_mutex_init (&self->mutex, NULL);
    self->device = folder->st_dev;
    self->inode = folder->st_ino;
    self->process = getpid ();
    return self;
}

static void
free_store (ink_lmdb_t *self)
{
    pthread_mutex_destroy (&self->mutex);
    ink_cache_fini (&self->cache);
    ink_free (self);
}

//  Takes `folder`.
static int
begin_store (const char *path, uint64_t limit, const char *boot, int folder,
             const struct stat *stat)
{
    ink_lmdb_t *self = new_store (stat, limit);
    if (!self) {
        close (folder);
        return INK_ENOMEM;
    }
    int rc = ink_folder_enter (&self->folder, folder, boot) < 0 ? errno : 0;
    if (rc == 0) {
        rc = open_or_begin_anew (self, path);
        if (rc)
            ink_folder_leave (&self->folder, INK_LEFT_OPEN);
    }
    if (rc) {
        free_store (self);
        return refusal (rc);
    }
    ink_folder_settle (&self->folder);
    self->next = stores;
    stores = self;
    return INK_OK;
}

static ink_cache_t *
share_store (const char *path, uint64_t limit, const char *boot, int *error)
{
    struct stat stat;
    int folder = ink_folder_make (path);
    if (folder < 0 || fstat (folder, &stat) < 0) {
        *error = refusal (errno);
        return NULL;
    }
    if (find_store (&stat))
        close (folder);
    else if ((*error = begin_store (path, limit, boot, folder, &stat)))
        return NULL;
    ink_lmdb_t *self = find_store (&stat);
    self->users++;
    return &self->cache;
}

ink_cache_t *
ink_lmdb_open (const char *path, uint64_t limit, const char *boot, int *error)
{
    pthread_mutex_lock (&stores_mutex);
    ink_cache_t *self = share_store (path, limit, boot, error);
    pthread_mutex_unlock (&stores_mutex);
    return self;
}

ink_cache_t *
ink_cache_open_lmdb (const char *path, uint64_t limit, int *error)
{
    char boot[INK_BOOT_MOST];
    ink_folder_boot (boot);
    return ink_lmdb_open (path, limit, boot, error);
}

static void
free_looks (ink_lmdb_t *self)
{
    assert (self->looks == 0);
    while (self->parked) {
        ink_lmdb_look_t *look = self->parked;
        self->parked = look->next;
        if (look->txn)
            mdb_txn_abort (look->txn);
        ink_free (look);
    }
}

//  The last one brings everything to the disk, also what others wrote, and only then calls
//  the store clean.
static void
end_store (ink_lmdb_t *self)
{
    ink_left_t left = INK_LEFT_OPEN;
    free_looks (self);
    if (ink_folder_last (&self->folder) && mdb_env_sync (self->env, 1) == 0)
        left = INK_LEFT_CLEAN;
    if (atomic_load (&self->broken))
        left = INK_LEFT_BROKEN;
    close_env (self);
    ink_folder_leave (&self->folder, left);
    free_store (self);
}

void
ink_lmdb_close (ink_cache_t *cache)
{
    ink_lmdb_t *self = (ink_lmdb_t *) cache;
    pthread_mutex_lock (&stores_mutex);
    if (--self->users == 0) {
        ink_lmdb_t **place = &stores;
        while (*place != self)
            place = &(*place)->next;
        *place = self->next;
        end_store (self);
    }
    pthread_mutex_unlock (&stores_mutex);
}

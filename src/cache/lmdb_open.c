//  lmdb_open.c: opens an LMDB store once a process, and closes it with its last user.

#include "cache/lmdb.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "inkling/error.h"

#define LIMIT_LEAST ((uint64_t) 1 << 20)

//  LMDB must not open a folder twice in one process.
static pthread_mutex_t stores_mutex = PTHREAD_MUTEX_INITIALIZER;
static ink_lmdb_t *stores;

int
ink_lmdb_code (int rc)
{
    switch (rc) {
    case 0:
        return INK_OK;
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

static ink_lmdb_t *
new_store (const char *path, const struct stat *folder, uint64_t limit)
{
    ink_lmdb_t *self = ink_alloc (sizeof *self);
    if (!self || !realpath (path, self->path)) {
        ink_free (self);
        return NULL;
    }
    ink_cache_init (&self->cache, &ink_lmdb_store,
                    limit < LIMIT_LEAST ? LIMIT_LEAST : limit);
    pthread_mutex_init (&self->mutex, NULL);
    ink_flush_init (&self->flush);
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
    ink_lmdb_t *self = new_store (path, stat, limit);
    if (!self) {
        close (folder);
        return INK_ENOMEM;
    }
    int rc = ink_folder_enter (&self->folder, folder, boot) < 0 ? errno : 0;
    if (rc == 0) {
        rc = ink_lmdb_begin_file (self);
        if (rc)
            ink_folder_leave (&self->folder, false);
    }
    if (rc) {
        ink_flush_fini (&self->flush);
        free_store (self);
        return ink_lmdb_code (rc);
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
        *error = ink_lmdb_code (errno);
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

int
ink_cache_set_aside (const char *path)
{
    ink_folder_t visit;
    int folder = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0 || ink_folder_visit (&visit, folder) < 0)
        return ink_lmdb_code (errno);
    int rc = ink_folder_aside (&visit) < 0 ? errno : 0;
    ink_folder_leave (&visit, false);
    return ink_lmdb_code (rc);
}

//  The last one brings everything to the disk, also what others wrote, and only then calls
//  the store clean.
static void
end_store (ink_lmdb_t *self)
{
    bool flushed = ink_flush_fini (&self->flush), there = self->file != NULL;
    ink_lmdb_end_file (self);
    ink_folder_leave (&self->folder, ink_folder_last (&self->folder) && flushed &&
                                         there && ink_folder_sync (&self->folder));
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

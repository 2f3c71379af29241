//  source.c: opens files beneath their roots, reads them and knows when they changed.

#include "source/source.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/memory.h"
#include "inkling/error.h"

#define ROOT_NAME_MOST 32
#define RACES_MOST 16

typedef struct root {
    struct root *next;
    char name[ROOT_NAME_MOST + 1];
    int folder;
    uint64_t resolve; //  RESOLVE_... for openat2
} root_t;

struct ink_roots {
    root_t *first;
};

struct ink_source {
    int file;
    ink_identity_t identity;
};

ink_roots_t *
ink_roots_new (void)
{
    return ink_alloc (sizeof (ink_roots_t));
}

void
ink_roots_destroy (ink_roots_t **self_p)
{
    ink_roots_t *self = *self_p;
    *self_p = NULL;
    while (self && self->first) {
        root_t *root = self->first;
        self->first = root->next;
        close (root->folder);
        ink_free (root);
    }
    ink_free (self);
}

static root_t *
find_root (const ink_roots_t *self, const char *name, size_t size)
{
    for (root_t *root = self->first; root; root = root->next)
        if (strlen (root->name) == size && memcmp (root->name, name, size) == 0)
            return root;
    return NULL;
}

static bool
good_name (const char *name)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen (name);
    return size >= 1 && size <= ROOT_NAME_MOST && strspn (name, letters) == size;
}

//  What a failed openat2 tells the client.
static int
refusal (int error)
{
    switch (error) {
    case EXDEV: //  "..", an absolute path or a link led out
    case ELOOP: //  A magic link of /proc, or links in a ring
        return INK_EESCAPE;
    case ENOENT:
    case ENOTDIR:
    case ENAMETOOLONG:
        return INK_ENOTFOUND;
    case EACCES:
    case EPERM:
        return INK_EPERM;
    case ENXIO: //  A socket, or a device that nobody drives
    case ENODEV:
        return INK_ENOTREGULAR;
    case ENOMEM:
        return INK_ENOMEM;
    default:
        return INK_ESYSTEM;
    }
}

//  Opens a path beneath a root. EAGAIN means that something was renamed while the kernel
//  walked and it could not tell whether ".." stayed inside: then it has to walk again.
static int
open_beneath (const root_t *root, const char *path, uint64_t flags)
{
    struct open_how how = {.flags = flags | O_CLOEXEC, .resolve = root->resolve};
    for (int races = 0;;) {
        int file = (int) syscall (SYS_openat2, root->folder, path, &how, sizeof how);
        if (file >= 0 || (errno != EAGAIN && errno != EINTR))
            return file;
        if (errno == EAGAIN && ++races > RACES_MOST)
            return -1;
    }
}

//  Asks once whether there is openat2 at all: without it nothing is served.
static int
probe (const root_t *root)
{
    int file = open_beneath (root, ".", O_PATH);
    if (file < 0)
        return errno == ENOSYS ? INK_ESYSTEM : refusal (errno);
    close (file);
    return INK_OK;
}

int
ink_roots_add (ink_roots_t *self, const char *name, const char *path)
{
    bool whole = *name == 0;
    if (whole ? strcmp (path, "/") != 0 : !good_name (name))
        return INK_EUSAGE;
    if (find_root (self, name, strlen (name)))
        return INK_EUSAGE;
    root_t *root = ink_alloc (sizeof *root);
    if (!root)
        return INK_ENOMEM;
    memcpy (root->name, name, strlen (name) + 1);
    root->resolve =
        RESOLVE_NO_MAGICLINKS | (uint64_t) (whole ? RESOLVE_IN_ROOT : RESOLVE_BENEATH);
    root->folder = open (path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = root->folder < 0 ? refusal (errno) : probe (root);
    if (error) {
        if (root->folder >= 0)
            close (root->folder);
        ink_free (root);
        return error;
    }
    root->next = self->first;
    self->first = root;
    return INK_OK;
}

static int64_t
nanoseconds (struct timespec time)
{
    return (int64_t) time.tv_sec * 1000000000 + time.tv_nsec;
}

static ink_identity_t
identity_of (const struct stat *stat)
{
    return (ink_identity_t){.device = stat->st_dev,
                            .inode = stat->st_ino,
                            .size = (uint64_t) stat->st_size,
                            .mtime_ns = nanoseconds (stat->st_mtim),
                            .ctime_ns = nanoseconds (stat->st_ctim)};
}

//  Files that look regular, but are written by the kernel while they are read: what they say
//  of their size and time means nothing.
static bool
is_made_up (int file)
{
    struct statfs system;
    if (fstatfs (file, &system) < 0)
        return false;
    switch (system.f_type) {
    case PROC_SUPER_MAGIC:
    case SYSFS_MAGIC:
    case CGROUP_SUPER_MAGIC:
    case CGROUP2_SUPER_MAGIC:
    case DEBUGFS_MAGIC:
    case TRACEFS_MAGIC:
    case SECURITYFS_MAGIC:
        return true;
    default:
        return false;
    }
}

//  What is made up takes no blocks, so others need not be asked where they lie.
static bool
is_regular (int file, const struct stat *stat)
{
    return S_ISREG (stat->st_mode) && (stat->st_blocks > 0 || !is_made_up (file));
}

//  Takes `file`, which is closed unless it is a regular one.
static int
adopt (int file, ink_source_t **source_p)
{
    struct stat stat;
    int error = fstat (file, &stat) < 0     ? INK_ESYSTEM
                : !is_regular (file, &stat) ? INK_ENOTREGULAR
                                            : INK_OK;
    ink_source_t *self = error ? NULL : ink_alloc (sizeof *self);
    if (!self) {
        close (file);
        return error ? error : INK_ENOMEM;
    }
    self->file = file;
    self->identity = identity_of (&stat);
    *source_p = self;
    return INK_OK;
}

//  O_NONBLOCK, because opening a pipe that nobody writes to would wait for ever; nothing is
//  read from it, and on a regular file the flag has no effect.
int
ink_source_open (const ink_roots_t *roots, const char *name, ink_source_t **source_p)
{
    size_t size = strcspn (name, "/");
    const root_t *root = find_root (roots, name, size);
    if (!root)
        return INK_ENOROOT;
    const char *path = name + size + (name[size] == '/');
    int file = open_beneath (root, size ? path : name, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    return file < 0 ? refusal (errno) : adopt (file, source_p);
}

void
ink_source_close (ink_source_t **self_p)
{
    ink_source_t *self = *self_p;
    *self_p = NULL;
    if (self)
        close (self->file);
    ink_free (self);
}

const ink_identity_t *
ink_source_identity (const ink_source_t *self)
{
    return &self->identity;
}

int
ink_source_check (const ink_source_t *self)
{
    struct stat stat;
    if (fstat (self->file, &stat) < 0)
        return INK_ECHANGED;
    ink_identity_t now = identity_of (&stat);
    const ink_identity_t *then = &self->identity;
    bool same = now.device == then->device && now.inode == then->inode &&
                now.size == then->size && now.mtime_ns == then->mtime_ns &&
                now.ctime_ns == then->ctime_ns;
    return same ? INK_OK : INK_ECHANGED;
}

void
ink_source_announce (const ink_source_t *self, uint64_t offset, uint64_t size)
{
    if (offset <= INT64_MAX && size <= INT64_MAX - offset)
        (void) posix_fadvise (self->file, (off_t) offset, (off_t) size,
                              POSIX_FADV_WILLNEED);
}

int
ink_source_read (const ink_source_t *self, uint64_t offset, void *out, size_t size)
{
    if (offset > INT64_MAX || size > INT64_MAX - offset)
        return INK_ECHANGED;
    uint8_t *at = out;
    while (size > 0) {
        ssize_t got = pread (self->file, at, size, (off_t) offset);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return INK_EIO;
        if (got == 0)
            return INK_ECHANGED;
        at += got;
        offset += (uint64_t) got;
        size -= (size_t) got;
    }
    return INK_OK;
}

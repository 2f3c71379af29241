//  folder.c: the mark and its locks.

#include "cache/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "cache/record.h"

#define MARK_MOST 128
#define PATH_MOST 4096
#define DOOR_PATIENCE_US 20000000 //  Who closes brings everything to the disk first
#define PEN_PATIENCE_US 200000
#define PAUSE_US 1000

enum { DOOR = 0, USERS = 1, PEN = 2 };

static int
make_parents (char *path)
{
    for (char *slash = strchr (path + 1, '/'); slash; slash = strchr (slash + 1, '/')) {
        *slash = 0;
        int rc = mkdir (path, 0700);
        *slash = '/';
        if (rc < 0 && errno != EEXIST && errno != EROFS && errno != EACCES)
            return -1;
    }
    return 0;
}

//  A parent that may not be made may be there all the same: the last step tells.
int
ink_folder_make (const char *path)
{
    char copy[PATH_MOST];
    int size = snprintf (copy, sizeof copy, "%s", path);
    if (size <= 0 || (size_t) size >= sizeof copy) {
        errno = size <= 0 ? ENOENT : ENAMETOOLONG;
        return -1;
    }
    if (make_parents (copy) < 0 || (mkdir (path, 0700) < 0 && errno != EEXIST))
        return -1;
    return open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

void
ink_folder_boot (char boot[INK_BOOT_MOST])
{
    memset (boot, 0, INK_BOOT_MOST);
    int file = open ("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    if (file < 0)
        return;
    ssize_t size = read (file, boot, INK_BOOT_MOST - 1);
    boot[size > 0 ? strcspn (boot, "\n ") : 0] = 0;
    close (file);
}

//  Locks of the open file, not of the process: they end with this descriptor alone.
static int
lock (const ink_folder_t *self, short type, off_t byte)
{
    struct flock flock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    return fcntl (self->mark, F_OFD_SETLK, &flock);
}

static int
lock_within (const ink_folder_t *self, off_t byte, int64_t patience_us)
{
    int64_t end = ink_clock_us () + patience_us;
    for (;;) {
        if (lock (self, F_WRLCK, byte) == 0)
            return 0;
        if (errno != EAGAIN && errno != EACCES)
            return -1;
        if (ink_clock_us () >= end) {
            errno = EBUSY;
            return -1;
        }
        nanosleep (&(struct timespec){.tv_nsec = PAUSE_US * 1000}, NULL);
    }
}

static void
form_mark (char mark[MARK_MOST], const char *boot, const char *state)
{
    snprintf (mark, MARK_MOST, "inkling-cache %d %s %s\n", INK_RECORD_VERSION,
              *boot ? boot : "-", state);
}

static void
read_mark (const ink_folder_t *self, char mark[MARK_MOST])
{
    memset (mark, 0, MARK_MOST);
    if (pread (self->mark, mark, MARK_MOST - 1, 0) < 0)
        *mark = 0;
}

//  On the disk before anything else is done: the mark may be too pessimistic, never the
//  other way round.
static int
write_mark (const ink_folder_t *self, const char *state)
{
    char mark[MARK_MOST], old[MARK_MOST];
    form_mark (mark, self->boot, state);
    read_mark (self, old);
    if (strcmp (mark, old) == 0)
        return 0;
    ssize_t size = (ssize_t) strlen (mark);
    if (pwrite (self->mark, mark, (size_t) size, 0) != size ||
        ftruncate (self->mark, size) < 0)
        return -1;
    return fdatasync (self->mark);
}

//  Splits a mark of this version into boot and state.
static bool
parse_mark (const char *mark, char boot[MARK_MOST], char state[MARK_MOST])
{
    int version = 0;
    return sscanf (mark, "inkling-cache %d %127s %127s", &version, boot, state) == 3 &&
           version == INK_RECORD_VERSION;
}

static bool
is_trusted (const ink_folder_t *self)
{
    char mark[MARK_MOST], boot[MARK_MOST], state[MARK_MOST];
    read_mark (self, mark);
    if (!parse_mark (mark, boot, state))
        return false;
    return strcmp (state, "clean") == 0 ||
           (strcmp (state, "open") == 0 && strcmp (boot, self->boot) == 0);
}

int
ink_folder_aside (ink_folder_t *self)
{
    if (mkdirat (self->folder, "bad", 0700) < 0 && errno != EEXIST)
        return -1;
    if (renameat (self->folder, "data.mdb", self->folder, "bad/data.mdb") < 0 &&
        errno != ENOENT)
        return -1;
    unlinkat (self->folder, "lock.mdb", 0);
    self->asides++;
    return 0;
}

static int
remove_file (const ink_folder_t *self, const char *name, int how)
{
    return unlinkat (self->folder, name, how) < 0 && errno != ENOENT ? -1 : 0;
}

int
ink_folder_remove (ink_folder_t *self)
{
    if (remove_file (self, "data.mdb", 0) || remove_file (self, "lock.mdb", 0) ||
        remove_file (self, "bad/data.mdb", 0))
        return -1;
    unlinkat (self->folder, "bad", AT_REMOVEDIR);
    return 0;
}

ino_t
ink_folder_data (const ink_folder_t *self, off_t *size)
{
    struct stat stat;
    if (fstatat (self->folder, "data.mdb", &stat, AT_SYMLINK_NOFOLLOW) < 0)
        return 0;
    *size = stat.st_size;
    return stat.st_ino;
}

bool
ink_folder_sync (const ink_folder_t *self)
{
    int file = openat (self->folder, "data.mdb", O_RDWR | O_CLOEXEC | O_NOFOLLOW);
    if (file < 0)
        return false;
    bool done = fdatasync (file) == 0;
    close (file);
    return done;
}

static int
come_first (ink_folder_t *self)
{
    bool there = faccessat (self->folder, "data.mdb", F_OK, 0) == 0;
    if (there && !is_trusted (self) && ink_folder_aside (self) < 0)
        return -1;
    return write_mark (self, "open");
}

//  Others have the store open: they must be of our version.
static int
come_later (ink_folder_t *self)
{
    char mark[MARK_MOST], boot[MARK_MOST], state[MARK_MOST];
    read_mark (self, mark);
    if (parse_mark (mark, boot, state))
        return 0;
    errno = EBUSY;
    return -1;
}

int
ink_folder_visit (ink_folder_t *self, int folder)
{
    *self = (ink_folder_t){.folder = folder};
    self->mark = openat (folder, "mark", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->mark >= 0 && lock_within (self, DOOR, DOOR_PATIENCE_US) == 0)
        return 0;
    int error = errno;
    if (self->mark >= 0)
        close (self->mark);
    close (folder);
    errno = error;
    return -1;
}

int
ink_folder_enter (ink_folder_t *self, int folder, const char *boot)
{
    if (ink_folder_visit (self, folder) < 0)
        return -1;
    snprintf (self->boot, sizeof self->boot, "%s", boot);
    self->first = lock (self, F_WRLCK, USERS) == 0;
    int rc = self->first ? come_first (self) : come_later (self);
    if (rc < 0) {
        int error = errno;
        ink_folder_leave (self, false);
        errno = error;
    }
    return rc;
}

bool
ink_folder_knock (ink_folder_t *self, int64_t patience_us)
{
    return lock_within (self, DOOR, patience_us) == 0;
}

void
ink_folder_settle (ink_folder_t *self)
{
    lock (self, F_RDLCK, USERS);
    lock (self, F_UNLCK, DOOR);
}

bool
ink_folder_take_pen (ink_folder_t *self)
{
    int64_t patience = self->pen_missed ? 0 : PEN_PATIENCE_US;
    self->pen_missed = lock_within (self, PEN, patience) < 0;
    return !self->pen_missed;
}

void
ink_folder_give_pen (ink_folder_t *self)
{
    lock (self, F_UNLCK, PEN);
}

bool
ink_folder_last (ink_folder_t *self)
{
    return ink_folder_knock (self, DOOR_PATIENCE_US) && lock (self, F_WRLCK, USERS) == 0;
}

void
ink_folder_leave (ink_folder_t *self, bool clean)
{
    if (clean && is_trusted (self))
        write_mark (self, "clean");
    close (self->mark);
    close (self->folder);
}

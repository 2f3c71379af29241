//  folder.c: the mark and its locks.

#include "cache/folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/record.h"
#include "cache/sound.h"

#define MARK_MOST 128
#define PATH_MOST 4096

enum { DOOR = 0, USERS = 1 };

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
lock (const ink_folder_t *self, int command, short type, off_t byte)
{
    struct flock flock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1};
    int rc;
    do
        rc = fcntl (self->mark, command, &flock);
    while (rc < 0 && errno == EINTR);
    return rc;
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
    return 0;
}

static int
come_first (ink_folder_t *self)
{
    bool there = faccessat (self->folder, "data.mdb", F_OK, 0) == 0;
    if (there && !(is_trusted (self) && ink_store_is_sound (self->folder)) &&
        ink_folder_aside (self) < 0)
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
ink_folder_enter (ink_folder_t *self, int folder, const char *boot)
{
    self->folder = folder;
    snprintf (self->boot, sizeof self->boot, "%s", boot);
    self->mark = openat (folder, "mark", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (self->mark < 0) {
        close (folder);
        return -1;
    }
    int rc = lock (self, F_OFD_SETLKW, F_WRLCK, DOOR);
    if (rc == 0) {
        self->first = lock (self, F_OFD_SETLK, F_WRLCK, USERS) == 0;
        rc = self->first ? come_first (self) : come_later (self);
    }
    if (rc < 0) {
        int error = errno;
        ink_folder_leave (self, INK_LEFT_OPEN);
        errno = error;
    }
    return rc;
}

void
ink_folder_settle (ink_folder_t *self)
{
    lock (self, F_OFD_SETLK, F_RDLCK, USERS);
    lock (self, F_OFD_SETLK, F_UNLCK, DOOR);
}

bool
ink_folder_last (ink_folder_t *self)
{
    return lock (self, F_OFD_SETLKW, F_WRLCK, DOOR) == 0 &&
           lock (self, F_OFD_SETLK, F_WRLCK, USERS) == 0;
}

//  A store that another process found broken stays so.
void
ink_folder_leave (ink_folder_t *self, ink_left_t left)
{
    if (left == INK_LEFT_BROKEN || (left == INK_LEFT_CLEAN && is_trusted (self)))
        write_mark (self, left == INK_LEFT_BROKEN ? "broken" : "clean");
    close (self->mark);
    close (self->folder);
}

//  lmdb_world.h: a folder with a store, and children that use it, for the tests of it.
//
//  A store must not be open in a process that forks and in its child, so each child opens it
//  for itself and tells by its exit status what it saw.

#ifndef INK_LMDB_WORLD_H_INCLUDED
#define INK_LMDB_WORLD_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/cache.h"
#include "inkling/error.h"
#include "cache_values.h"

#define VALUE_MOST 20000
#define PATH_MOST 256

typedef struct {
    char folder[64];
    uint64_t random;
} world_t;

//  In memory where there is room: hundreds of stores are opened and synchronised.
static inline int
set_up (void **state)
{
    struct statvfs shm;
    world_t *self = calloc (1, sizeof *self);
    self->random = 0xFEDCBA0987654321;
    bool roomy =
        statvfs ("/dev/shm", &shm) == 0 && shm.f_bavail * shm.f_frsize >= 1024 * MIB;
    strcpy (self->folder, roomy ? "/dev/shm/inkling-XXXXXX" : "/tmp/inkling-lmdb-XXXXXX");
    assert_non_null (mkdtemp (self->folder));
    *state = self;
    return 0;
}

static inline int
tear_down (void **state)
{
    world_t *self = *state;
    char command[PATH_MOST];
    umount2 (self->folder, MNT_DETACH);
    snprintf (command, sizeof command, "rm -rf '%s'", self->folder);
    int rc = system (command);
    free (self);
    return rc;
}

static inline void
in_folder (const world_t *self, const char *name, char path[PATH_MOST])
{
    snprintf (path, PATH_MOST, "%s/%s", self->folder, name);
}

static inline bool
exists (const world_t *self, const char *name)
{
    char path[PATH_MOST];
    in_folder (self, name, path);
    return access (path, F_OK) == 0;
}

static inline ink_cache_t *
open_cache (const world_t *self, uint64_t limit)
{
    int error = INK_OK;
    ink_cache_t *cache = ink_cache_open_lmdb (self->folder, limit, &error);
    return error ? NULL : cache;
}

//  The one value of key n: every second one is small.
static inline size_t
one_value (uint64_t n, uint8_t bytes[VALUE_MOST])
{
    return value_of (n, 0, n % 2 ? VALUE_MOST : 300, bytes);
}

static inline void
put (ink_cache_t *cache, uint64_t n)
{
    uint8_t bytes[VALUE_MOST];
    ink_cache_key_t key = key_of (n);
    ink_cache_put (cache, &key, bytes, one_value (n, bytes));
}

static inline int
put_all (ink_cache_t *cache, uint64_t from, uint64_t to)
{
    ink_cache_begin (cache);
    for (uint64_t n = from; n < to; n++)
        put (cache, n);
    return ink_cache_commit (cache);
}

typedef struct {
    uint64_t right, wrong;
} count_t;

static inline count_t
count_values (ink_cache_t *cache, uint64_t from, uint64_t to)
{
    count_t count = {0, 0};
    ink_look_t *look = ink_cache_look (cache);
    for (uint64_t n = from; look && n < to; n++) {
        uint8_t bytes[VALUE_MOST];
        ink_cache_key_t key = key_of (n);
        const void *value;
        size_t size;
        if (!ink_look_get (look, &key, &value, &size))
            continue;
        if (size == one_value (n, bytes) && memcmp (value, bytes, size) == 0)
            count.right++;
        else
            count.wrong++;
    }
    ink_look_end (&look);
    return count;
}

static inline void
assert_holds (ink_cache_t *cache, uint64_t from, uint64_t to, uint64_t right)
{
    count_t count = count_values (cache, from, to);
    assert_int_equal (count.wrong, 0);
    assert_int_equal (count.right, right);
}

static inline void
make_store (const world_t *self, uint64_t records)
{
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_non_null (cache);
    assert_int_equal (put_all (cache, 0, records), INK_OK);
    ink_cache_close (&cache);
}

enum { FINE = 0, WRONG_VALUE = 1, NOT_OPENED = 2, NOT_WRITTEN = 3 };

//  cmocka's handlers would carry the child back into the tests of its parent.
static inline void
unhandle (void)
{
    static const int signals[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++)
        signal (signals[i], SIG_DFL);
}

static inline int
in_child (int (*work) (const world_t *self, uint64_t argument), const world_t *self,
          uint64_t argument)
{
    int status;
    pid_t child = fork ();
    if (child == 0) {
        unhandle ();
        _exit (work (self, argument));
    }
    assert_int_equal (waitpid (child, &status, 0), child);
    return status;
}

//  A child whose pipe can be read; killed by stop.
static inline pid_t
start (void (*work) (const world_t *self, int out), const world_t *self, int *in)
{
    int ends[2];
    assert_int_equal (pipe (ends), 0);
    pid_t child = fork ();
    if (child == 0) {
        unhandle ();
        close (ends[0]);
        work (self, ends[1]);
        _exit (0);
    }
    close (ends[1]);
    *in = ends[0];
    return child;
}

static inline void
stop (pid_t child, int in)
{
    kill (child, SIGKILL);
    assert_int_equal (waitpid (child, NULL, 0), child);
    close (in);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

#endif

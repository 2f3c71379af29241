//  test_cache_faults.c: what is beneath and beside a store fails: the disk, and the others
//  who use it.
//
//  Calls that write to data.mdb go through this file, and fail or wait when a test says so.

#include "lmdb_world.h"

#include <errno.h>
#include <fcntl.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "cache/lmdb.h"

//  ---------------------------------------------------------------------------------------
//  The disk

#define SEEN_BY_LMDB __attribute__ ((visibility ("default")))

static atomic_int writes_left = -1; //  Until one fails; -1: none will
static atomic_int writes_failed;
static atomic_bool heads_fail, syncs_fail, syncs_wait; //  The next one does
static atomic_int syncs;
static sem_t sync_began, sync_may_end;

static bool
is_data (int file)
{
    char name[64], path[PATH_MOST] = "";
    snprintf (name, sizeof name, "/proc/self/fd/%d", file);
    return readlink (name, path, sizeof path - 1) > 0 && strstr (path, "data.mdb");
}

static bool
fails (int file)
{
    if (atomic_load (&writes_left) < 0 || !is_data (file) ||
        atomic_fetch_sub (&writes_left, 1) > 0)
        return false;
    atomic_store (&writes_left, -1);
    atomic_fetch_add (&writes_failed, 1);
    errno = EIO;
    return true;
}

SEEN_BY_LMDB ssize_t
pwrite (int file, const void *bytes, size_t size, off_t place)
{
    if (atomic_load (&heads_fail) && is_data (file) && place < 8192) {
        atomic_store (&heads_fail, false);
        errno = EIO;
        return -1;
    }
    return fails (file) ? -1 : syscall (SYS_pwrite64, file, bytes, size, place);
}

SEEN_BY_LMDB ssize_t
writev (int file, const struct iovec *parts, int count)
{
    return fails (file) ? -1 : syscall (SYS_writev, file, parts, count);
}

SEEN_BY_LMDB int
fdatasync (int file)
{
    if (!is_data (file))
        return (int) syscall (SYS_fdatasync, file);
    bool failing = atomic_exchange (&syncs_fail, false);
    bool waiting = atomic_load (&syncs_wait);
    atomic_fetch_add (&syncs, 1);
    sem_post (&sync_began);
    if (waiting)
        sem_wait (&sync_may_end);
    errno = failing ? EIO : errno;
    return failing ? -1 : 0;
}

//  What has begun so far is not waited for.
static void
forget_syncs (void)
{
    while (sem_trywait (&sync_began) == 0)
        continue;
}

static void
await_sync (void)
{
    struct timespec end;
    clock_gettime (CLOCK_REALTIME, &end);
    end.tv_sec += 30;
    assert_int_equal (sem_timedwait (&sync_began, &end), 0);
}

//  Each write of two steps fails once. The step may be lost, never what was committed
//  before, and the store goes on, if need be after it was opened anew: when it was a head that
//  could not be written, the step behind says so and is lost too.
static void
any_write_may_fail (void **state)
{
    world_t *self = *state;
    ink_cache_stat_t stat;
    uint64_t n = 0, kept = 0;
    ink_cache_t *cache = open_cache (self, 64 * MIB);
    int before = -1;
    for (int write = 0; before < atomic_load (&writes_failed); write++) {
        before = atomic_load (&writes_failed);
        atomic_store (&writes_left, write);
        for (int i = 0; i < 2; i++, n += 10)
            kept += put_all (cache, n, n + 10) == INK_OK ? 10 : 0;
        atomic_store (&writes_left, -1);
        int tries = 0; //  A store that is opened anew is not there meanwhile
        while (put_all (cache, n, n + 10) != INK_OK && ++tries < 1000)
            usleep (10000);
        assert_true (tries < 1000);
        assert_holds (cache, n, n + 10, 10);
        n += 10, kept += 10;
        assert_holds (cache, 0, n, kept);
    }
    ink_cache_stat (cache, &stat);
    assert_in_range (stat.failed, atomic_load (&writes_failed),
                     2 * atomic_load (&writes_failed));
    assert_true (stat.failed >= 4);
    assert_int_equal (stat.set_aside, 0);
    ink_cache_close (&cache);
    cache = open_cache (self, 64 * MIB);
    assert_holds (cache, 0, n, kept);
    ink_cache_close (&cache);
}

//  LMDB then does nothing more with the file until it is opened anew, which waits for the
//  looks that last.
static void
a_head_that_cannot_be_written_costs_two_batches (void **state)
{
    ink_cache_stat_t stat;
    ink_cache_t *cache = open_cache (*state, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    ink_look_t *look = ink_cache_look (cache);
    assert_non_null (look);
    atomic_store (&heads_fail, true);
    assert_int_equal (put_all (cache, 10, 20), INK_ECACHE);
    assert_int_equal (put_all (cache, 10, 20), INK_ECACHE);
    assert_holds (cache, 0, 20, 0);
    ink_look_end (&look);
    assert_int_equal (put_all (cache, 10, 20), INK_OK);
    assert_holds (cache, 0, 20, 20);
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.renewed, 1);
    assert_int_equal (stat.set_aside, 0);
    ink_cache_close (&cache);
}

//  The disk hangs: tend returns all the same, and writing and reading go on. The next order
//  waits for the first one.
static void
nobody_waits_for_the_disk (void **state)
{
    ink_cache_t *cache = open_cache (*state, 16 * MIB);
    forget_syncs ();
    atomic_store (&syncs_wait, true);
    int before = atomic_load (&syncs);
    for (uint64_t n = 0; n < 50; n += 10) {
        assert_int_equal (put_all (cache, n, n + 10), INK_OK);
        ink_cache_tend (cache);
        assert_holds (cache, 0, n + 10, n + 10);
    }
    await_sync ();
    assert_int_equal (atomic_load (&syncs), before + 1);
    atomic_store (&syncs_wait, false);
    sem_post (&sync_may_end);
    ink_cache_close (&cache);
    assert_true (atomic_load (&syncs) >= before + 2);
}

static ink_cache_t *
open_on_boot (const world_t *self, const char *boot)
{
    int error = INK_OK;
    ink_cache_t *cache = ink_lmdb_open (self->folder, 16 * MIB, boot, &error);
    assert_int_equal (error, INK_OK);
    return cache;
}

//  What could not be brought to the disk once is not called clean.
static void
a_store_that_missed_the_disk_is_not_left_clean (void **state)
{
    for (int missed = 0; missed < 2; missed++) {
        ink_cache_t *cache = open_on_boot (*state, "one");
        assert_int_equal (put_all (cache, 0, 10), INK_OK);
        forget_syncs ();
        atomic_store (&syncs_fail, missed);
        ink_cache_tend (cache);
        await_sync ();
        ink_cache_close (&cache);
        cache = open_on_boot (*state, "two");
        assert_holds (cache, 0, 10, missed ? 0 : 10);
        ink_cache_close (&cache);
    }
}

//  ---------------------------------------------------------------------------------------
//  The others

static ink_folder_t
visit (const world_t *self)
{
    ink_folder_t folder = {.mark = -1};
    int file = ink_folder_make (self->folder);
    assert_int_equal (ink_folder_visit (&folder, file), 0);
    return folder;
}

//  Who writes may be stopped in the middle. A step then fails after a short wait, the next
//  ones at once, and they succeed as soon as they may.
static void
a_stopped_writer_stops_nobody (void **state)
{
    world_t *self = *state;
    ink_cache_stat_t stat;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    ink_folder_t other = visit (self);
    assert_true (ink_folder_take_pen (&other));
    for (int i = 0; i < 100; i++)
        assert_int_equal (put_all (cache, 10, 20), INK_ECACHE);
    assert_holds (cache, 0, 20, 10);
    ink_folder_leave (&other, false);
    assert_int_equal (put_all (cache, 10, 20), INK_OK);
    assert_holds (cache, 0, 20, 20);
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.failed, 100);
    ink_cache_close (&cache);
}

//  Who opens or closes may be stopped, too: a handle then sees nothing for a while.
static void
a_closed_door_is_waited_for_but_shortly (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    ink_folder_t other = visit (self), third = other;
    assert_int_equal (ink_folder_aside (&other), 0);
    third.mark = openat (other.folder, "mark", O_RDWR | O_CLOEXEC);
    assert_false (ink_folder_knock (&third, 1000));
    assert_holds (cache, 0, 10, 0);
    assert_int_equal (put_all (cache, 0, 10), INK_ECACHE);
    close (third.mark);
    ink_folder_leave (&other, false);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    assert_holds (cache, 0, 10, 10);
    ink_cache_close (&cache);
}

static void
put_and_stay (const world_t *self, int out)
{
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    if (put_all (cache, 0, 10) == INK_OK && write (out, "x", 1) == 1)
        pause ();
}

static int
set_aside (const world_t *self, uint64_t unused)
{
    (void) unused;
    return ink_cache_set_aside (self->folder) == INK_OK ? FINE : NOT_WRITTEN;
}

//  Two processes have it open, a third one sets it aside: both go on with the same new one.
static void
a_store_is_set_aside_from_under_its_users (void **state)
{
    world_t *self = *state;
    ink_cache_stat_t stat;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    ink_look_t *look = ink_cache_look (cache);
    assert_int_equal (in_child (set_aside, self, 0), FINE);
    assert_true (exists (self, "bad/data.mdb"));
    const void *value;
    size_t size;
    ink_cache_key_t key = key_of (3);
    assert_true (ink_look_get (look, &key, &value, &size));
    assert_holds (cache, 0, 10, 0);
    ink_look_end (&look);
    char byte;
    int in;
    pid_t child = start (put_and_stay, self, &in);
    assert_int_equal (read (in, &byte, 1), 1);
    assert_holds (cache, 0, 10, 10);
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.renewed, 1);
    stop (child, in);
    ink_cache_close (&cache);
    assert_int_equal (ink_cache_set_aside ("/dev/null/x"), INK_ECACHE);
}

static int
clear (const world_t *self, uint64_t unused)
{
    (void) unused;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    int error = ink_cache_clear (cache);
    ink_cache_close (&cache);
    return error ? NOT_WRITTEN : FINE;
}

static bool
holds_a_removed_file (void)
{
    char line[1024];
    bool found = false;
    FILE *maps = fopen ("/proc/self/maps", "r");
    while (fgets (line, sizeof line, maps))
        found |= strstr (line, "data.mdb (deleted)") != NULL;
    fclose (maps);
    return found;
}

//  Another process clears the cache: the room on the disk comes back with our next tend.
static void
a_cleared_cache_gives_the_disk_back (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 1000), INK_OK);
    assert_int_equal (in_child (clear, self, 0), FINE);
    assert_true (holds_a_removed_file ());
    ink_cache_tend (cache);
    assert_false (holds_a_removed_file ());
    assert_holds (cache, 0, 1000, 0);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    assert_holds (cache, 0, 10, 10);
    assert_false (exists (self, "bad"));
    ink_cache_close (&cache);
}

//  Somebody removes the folder: no value, no harm.
static void
a_removed_folder_costs_the_cache_alone (void **state)
{
    world_t *self = *state;
    char command[PATH_MOST];
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    snprintf (command, sizeof command, "rm -rf '%s'", self->folder);
    assert_int_equal (system (command), 0);
    ink_cache_tend (cache);
    assert_holds (cache, 0, 10, 0);
    assert_int_equal (put_all (cache, 0, 10), INK_ECACHE);
    ink_cache_close (&cache);
}

//  Looks until no place is left, says so and waits to be killed.
static void
look_many_times (const world_t *self, int out)
{
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    int looks = 0;
    while (ink_cache_look (cache))
        looks++;
    if (write (out, &looks, sizeof looks) == sizeof looks)
        pause ();
}

static void
places_of_dead_readers_are_taken_again (void **state)
{
    world_t *self = *state;
    int in, looks;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    pid_t child = start (look_many_times, self, &in);
    assert_int_equal (read (in, &looks, sizeof looks), sizeof looks);
    assert_in_range (looks, 1000, 1024);
    assert_holds (cache, 0, 10, 0); //  They live, and there is no place for us
    stop (child, in);
    assert_holds (cache, 0, 10, 10);
    ink_cache_close (&cache);
}

int
main (void)
{
    sem_init (&sync_began, 0, 0);
    sem_init (&sync_may_end, 0, 0);
    const struct CMUnitTest tests[] = {
        TEST (any_write_may_fail),
        TEST (a_head_that_cannot_be_written_costs_two_batches),
        TEST (nobody_waits_for_the_disk),
        TEST (a_store_that_missed_the_disk_is_not_left_clean),
        TEST (a_stopped_writer_stops_nobody),
        TEST (a_closed_door_is_waited_for_but_shortly),
        TEST (a_store_is_set_aside_from_under_its_users),
        TEST (a_cleared_cache_gives_the_disk_back),
        TEST (a_removed_folder_costs_the_cache_alone),
        TEST (places_of_dead_readers_are_taken_again),
    };
    alarm (300); //  A wait without an end is a failure
    return cmocka_run_group_tests (tests, NULL, NULL);
}

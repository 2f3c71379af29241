//  test_cache_lmdb.c: what the store on disk survives: deaths, a full disk, a reboot.

#include "lmdb_world.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "cache/lmdb.h"

//  ---------------------------------------------------------------------------------------
//  The folder

static void
a_store_is_there_when_it_is_opened_again (void **state)
{
    world_t *self = *state;
    make_store (self, 100);
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_holds (cache, 0, 200, 100);
    assert_int_equal (put_all (cache, 100, 200), INK_OK);
    ink_cache_tend (cache);
    assert_holds (cache, 0, 200, 200);
    ink_cache_close (&cache);
    assert_false (exists (self, "bad"));
}

static void
a_missing_folder_is_made_for_the_owner_alone (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    struct stat stat_;
    int error = INK_OK;
    in_folder (self, "a/b/c", path);
    ink_cache_t *cache = ink_cache_open_lmdb (path, MIB, &error);
    assert_non_null (cache);
    ink_cache_close (&cache);
    for (int i = 0; i < 3; i++) {
        assert_int_equal (stat (path, &stat_), 0);
        assert_int_equal (stat_.st_mode & 07777, 0700);
        *strrchr (path, '/') = 0;
    }
    in_folder (self, "a/b/c/data.mdb", path);
    assert_int_equal (stat (path, &stat_), 0);
    assert_int_equal (stat_.st_mode & 07777, 0600);
}

static void
a_folder_that_cannot_be_used_is_told (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    int error = INK_OK;
    assert_null (ink_cache_open_lmdb ("/dev/null/x", MIB, &error));
    assert_int_equal (error, INK_ECACHE);
    assert_null (ink_cache_open_lmdb ("", MIB, &error));
    assert_int_equal (error, INK_ECACHE);
    in_folder (self, "locked", path);
    assert_int_equal (chmod (self->folder, 0555), 0);
    if (geteuid () == 0 && seteuid (65534) < 0)
        skip ();
    ink_cache_t *cache = ink_cache_open_lmdb (path, MIB, &error);
    if (getuid () == 0)
        assert_int_equal (seteuid (0), 0);
    assert_int_equal (chmod (self->folder, 0755), 0);
    assert_null (cache);
    assert_int_equal (error, INK_EPERM);
}

static void
one_process_opens_a_folder_once (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    int error = INK_OK;
    in_folder (self, ".", path);
    ink_cache_t *one = open_cache (self, 4 * MIB);
    ink_cache_t *two = ink_cache_open_lmdb (path, 8 * MIB, &error);
    assert_ptr_equal (one, two);
    ink_cache_close (&one);
    assert_int_equal (put_all (two, 0, 10), INK_OK);
    assert_holds (two, 0, 10, 10);
    ink_cache_close (&two);
}

static size_t
count_inherited (void)
{
    size_t count = 0;
    DIR *folder = opendir ("/proc/self/fd");
    for (struct dirent *entry; (entry = readdir (folder));) {
        int flags = fcntl (atoi (entry->d_name), F_GETFD);
        count += *entry->d_name != '.' && flags >= 0 && (flags & FD_CLOEXEC) == 0;
    }
    closedir (folder);
    return count;
}

static void
no_descriptor_is_left_to_programs_we_start (void **state)
{
    size_t before = count_inherited ();
    ink_cache_t *cache = open_cache (*state, MIB);
    assert_int_equal (count_inherited (), before);
    ink_cache_close (&cache);
}

//  ---------------------------------------------------------------------------------------
//  Deaths

//  Continues behind what is there, ten records a step, and tells each number it has
//  committed.
static void
write_on (const world_t *self, int out)
{
    ink_cache_t *cache = open_cache (self, 256 * MIB);
    for (uint64_t n = count_values (cache, 0, 100000).right;; n += 10)
        if (put_all (cache, n, n + 10) != INK_OK || write (out, &n, sizeof n) < 0)
            _exit (1);
}

//  What was told to be committed is there, whenever the writer is killed.
static void
a_writer_may_be_killed_at_any_time (void **state)
{
    world_t *self = *state;
    for (int i = 0; i < 25; i++) {
        uint64_t last = 0, all, bad;
        int in;
        pid_t child = start (write_on, self, &in);
        for (uint64_t told = 1 + next_random (&self->random) % 12; told > 0; told--)
            assert_int_equal (read (in, &last, sizeof last), sizeof last);
        for (volatile uint64_t spin = next_random (&self->random) % 300000; spin > 0;)
            spin--;
        kill (child, SIGKILL);
        waitpid (child, NULL, 0);
        while (read (in, &last, sizeof last) == sizeof last)
            ;
        close (in);
        ink_cache_t *cache = open_cache (self, 256 * MIB);
        assert_holds (cache, 0, last + 10, last + 10);
        assert_int_equal (ink_cache_verify (cache, &all, &bad), INK_OK);
        assert_int_equal (bad, 0);
        assert_true (all == last + 10 || all == last + 20);
        ink_cache_close (&cache);
    }
    assert_false (exists (self, "bad"));
}

//  Begins a look, says so and waits to be killed.
static void
look_for_ever (const world_t *self, int out)
{
    ink_cache_t *cache = open_cache (self, 4 * MIB);
    ink_look_t *look = ink_cache_look (cache);
    if (write (out, "x", 1) == 1 && look)
        pause ();
}

//  A look holds the pages it sees; the map, 64 MiB, then fills. The store refuses, keeps
//  what it has, and goes on when the reader is gone.
static void
a_dead_reader_is_cleared_away (void **state)
{
    world_t *self = *state;
    char byte;
    int in, error = INK_OK;
    ink_cache_t *cache = open_cache (self, 4 * MIB);
    assert_int_equal (put_all (cache, 0, 100), INK_OK);
    pid_t child = start (look_for_ever, self, &in);
    assert_int_equal (read (in, &byte, 1), 1);
    uint64_t n = 100;
    for (; !error && n < 100000; n += 100)
        error = put_all (cache, n, n + 100);
    assert_int_equal (error, INK_ECACHE);
    assert_holds (cache, n - 110, n - 100, 10);
    stop (child, in);
    ink_cache_tend (cache);
    for (int i = 0; i < 20; i++, n += 100)
        assert_int_equal (put_all (cache, n, n + 100), INK_OK);
    assert_holds (cache, n - 100, n, 100);
    ink_cache_close (&cache);
}

#define SHARED 3000

static void
write_every_second (const world_t *self, int out)
{
    ink_cache_t *cache = open_cache (self, 256 * MIB);
    for (uint64_t n = 0; n < SHARED; n += 2)
        if (put_all (cache, n, n + 1) != INK_OK)
            _exit (1);
    ink_cache_close (&cache);
    if (write (out, "x", 1) != 1)
        _exit (1);
}

//  Two processes write and read at the same time; neither closing disturbs the other.
static void
two_processes_share_a_store (void **state)
{
    world_t *self = *state;
    char byte;
    int in;
    pid_t child = start (write_every_second, self, &in);
    ink_cache_t *cache = open_cache (self, 256 * MIB);
    for (uint64_t n = 1; n < SHARED; n += 2) {
        assert_int_equal (put_all (cache, n, n + 1), INK_OK);
        assert_int_equal (count_values (cache, n > 10 ? n - 10 : 0, n + 1).wrong, 0);
    }
    assert_int_equal (read (in, &byte, 1), 1);
    assert_holds (cache, 0, SHARED, SHARED);
    assert_int_equal (put_all (cache, SHARED, SHARED + 10), INK_OK);
    stop (child, in);
    ink_cache_close (&cache);
    cache = open_cache (self, 256 * MIB);
    assert_holds (cache, 0, SHARED + 10, SHARED + 10);
    ink_cache_close (&cache);
}

//  Opened with a larger limit elsewhere, the file outgrows our map.
static int
outgrow (const world_t *self, uint64_t records)
{
    ink_cache_t *cache = open_cache (self, 256 * MIB);
    for (uint64_t n = 1000; n < records; n += 1000)
        if (put_all (cache, n, n + 1000) != INK_OK)
            return NOT_WRITTEN;
    ink_cache_close (&cache);
    return FINE;
}

static void
a_map_follows_one_that_is_larger (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 4 * MIB);
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    pid_t child = fork ();
    if (child == 0) {
        unhandle ();
        _exit (outgrow (self, 20000));
    }
    int status;
    assert_int_equal (waitpid (child, &status, 0), child);
    assert_int_equal (status, FINE);
    assert_holds (cache, 0, 10, 10);
    assert_holds (cache, 19000, 20000, 1000);
    assert_int_equal (put_all (cache, 20000, 20010), INK_OK);
    assert_holds (cache, 20000, 20010, 10);
    ink_cache_close (&cache);
}

//  ---------------------------------------------------------------------------------------
//  The disk and the machine

static void
fill (const char *path, size_t size)
{
    int file = open (path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal (posix_fallocate (file, 0, (off_t) size), 0);
    close (file);
}

static void
a_full_disk_costs_the_batch_alone (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    if (mount ("none", self->folder, "tmpfs", 0, "size=6m") < 0)
        skip ();
    in_folder (self, "filler", path);
    fill (path, 2 * MIB);
    ink_cache_t *cache = open_cache (self, 64 * MIB);
    uint64_t n = 0;
    int error = INK_OK;
    for (; !error && n < 10000; n += error ? 0 : 20)
        error = put_all (cache, n, n + 20);
    assert_int_equal (error, INK_ECACHE);
    assert_true (n > 100);
    assert_holds (cache, 0, n + 20, n);
    assert_int_equal (put_all (cache, n, n + 20), INK_ECACHE);
    assert_int_equal (unlink (path), 0);
    assert_int_equal (put_all (cache, n, n + 20), INK_OK);
    assert_holds (cache, 0, n + 20, n + 20);
    ink_cache_close (&cache);
    cache = open_cache (self, 64 * MIB);
    assert_holds (cache, 0, n + 20, n + 20);
    ink_cache_close (&cache);
    assert_false (exists (self, "bad"));
}

static ink_cache_t *
open_on_boot (const world_t *self, const char *boot)
{
    int error = INK_OK;
    ink_cache_t *cache = ink_lmdb_open (self->folder, 16 * MIB, boot, &error);
    assert_int_equal (error, INK_OK);
    return cache;
}

//  Leaves the store open, as a process that is killed.
static int
die_on_boot_one (const world_t *self, uint64_t records)
{
    ink_cache_t *cache = open_on_boot (self, "one");
    return put_all (cache, 0, records) ? NOT_WRITTEN : FINE;
}

static void
a_death_is_survived_until_the_machine_restarts (void **state)
{
    world_t *self = *state;
    assert_int_equal (in_child (die_on_boot_one, self, 30), FINE);
    assert_int_equal (in_child (die_on_boot_one, self, 40), FINE);
    ink_cache_t *cache = open_on_boot (self, "one");
    assert_holds (cache, 0, 40, 40);
    ink_cache_close (&cache);
    cache = open_on_boot (self, "two");
    assert_holds (cache, 0, 40, 40);
    ink_cache_close (&cache);
    assert_int_equal (in_child (die_on_boot_one, self, 50), FINE);
    cache = open_on_boot (self, "two");
    assert_holds (cache, 0, 50, 0);
    ink_cache_close (&cache);
    assert_true (exists (self, "bad/data.mdb"));
}

//  Where the machine does not tell its boot, only a clean store is trusted.
static void
an_unknown_boot_is_never_the_same (void **state)
{
    world_t *self = *state;
    make_store (self, 10);
    ink_cache_t *cache = open_on_boot (self, "");
    assert_holds (cache, 0, 10, 10);
    ink_cache_close (&cache);
    assert_int_equal (in_child (die_on_boot_one, self, 10), FINE);
    cache = open_on_boot (self, "");
    assert_holds (cache, 0, 10, 0);
    ink_cache_close (&cache);
}

static void
keep_open (const world_t *self, int out)
{
    ink_cache_t *cache = open_on_boot (self, "one");
    if (cache && write (out, "x", 1) == 1)
        pause ();
}

//  The one that closes while another has the store open must not call it clean.
static void
only_the_last_one_leaves_a_store_clean (void **state)
{
    world_t *self = *state;
    char byte;
    int in;
    pid_t child = start (keep_open, self, &in);
    assert_int_equal (read (in, &byte, 1), 1);
    ink_cache_t *cache = open_on_boot (self, "one");
    assert_int_equal (put_all (cache, 0, 10), INK_OK);
    ink_cache_close (&cache);
    cache = open_on_boot (self, "two");
    assert_holds (cache, 0, 10, 10);
    ink_cache_close (&cache);
    stop (child, in);
    cache = open_on_boot (self, "two");
    assert_holds (cache, 0, 10, 0);
    ink_cache_close (&cache);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_store_is_there_when_it_is_opened_again),
        TEST (a_missing_folder_is_made_for_the_owner_alone),
        TEST (a_folder_that_cannot_be_used_is_told),
        TEST (one_process_opens_a_folder_once),
        TEST (no_descriptor_is_left_to_programs_we_start),
        TEST (a_writer_may_be_killed_at_any_time),
        TEST (a_dead_reader_is_cleared_away),
        TEST (two_processes_share_a_store),
        TEST (a_map_follows_one_that_is_larger),
        TEST (a_full_disk_costs_the_batch_alone),
        TEST (a_death_is_survived_until_the_machine_restarts),
        TEST (an_unknown_boot_is_never_the_same),
        TEST (only_the_last_one_leaves_a_store_clean),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

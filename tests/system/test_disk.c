//  test_disk.c: a disk that is full, beneath what is written to.
//
//  The disk is a small tmpfs in a mount namespace of this process; where that is not allowed,
//  only what needs none is tested.

#include "asking.h"

#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>

#define SIZE (3 * MIB)

static bool disks; //  May be mounted

static int
begin (void **state)
{
    world_begin (state);
    make_file (*state, "file", NOISE, 1, SIZE);
    run (*state, SOON_MS, "mkdir disk");
    const char *disk = world_text (*state, "%s/disk", world_folder (*state));
    disks = mount ("none", disk, "tmpfs", 0, "size=3m") == 0;
    return 0;
}

static int
end (void **state)
{
    umount2 (world_text (*state, "%s/disk", world_folder (*state)), MNT_DETACH);
    return world_end (state);
}

static void
fill (world_t *world)
{
    run (world, SOON_MS, "dd if=/dev/zero of=disk/fill bs=1k 2>/dev/null");
}

static void
output_that_finds_no_room_is_an_error_and_leaves_nothing (void **state)
{
    static const char *const wheres[] = {"-o disk/out.raw", "-o disk/folder",
                                         "--partials disk/folder -o disk/out.raw"};
    if (!disks)
        skip ();
    fill (*state);
    for (size_t n = 0; n < 3; n++) {
        ran_t ran = run (
            *state, SOON_MS,
            world_text (*state, "inkling run digraph file --no-cache --report 0.5 %s",
                        wheres[n]));
        assert_int_equal (ran.status, 5);
        assert_non_null (strstr (ran.err, "No space left on device"));
        assert_non_null (strstr (ran.err, "hint: "));
        ran = run (*state, SOON_MS, "find disk -type f");
        assert_string_equal (ran.out, "disk/fill\n");
    }
}

static void
stdout_that_takes_nothing_is_an_error (void **state)
{
    ran_t ran = run (*state, SOON_MS,
                     "inkling run digraph file --no-cache --format raw >/dev/full");
    assert_int_equal (ran.status, 5);
    ran = run (*state, SOON_MS, "inkling run digraph file --no-cache --json >/dev/full");
    assert_int_equal (ran.status, 5);
    assert_non_null (strstr (ran.err, "cannot write to stdout"));
}

static void
a_cache_that_cannot_begin_is_an_error (void **state)
{
    if (!disks)
        skip ();
    fill (*state);
    ran_t ran = run (*state, SOON_MS, "inkling run digraph file --cache disk/cache -o x");
    assert_int_equal (ran.status, 5);
    assert_non_null (strstr (ran.err, "cache_failed"));
    assert_non_null (strstr (ran.err, "--no-cache"));
}

//  Cache, state and logs on a disk that fills up: every request is answered, also after each
//  part was killed and has found it full.
static void
a_server_whose_disk_is_full_goes_on (void **state)
{
    static const char *const parts[] = {"sink", "ventilator", "worker-1"};
    if (!disks)
        skip ();
    size_t size;
    uint8_t *bytes = read_file (*state, "file", &size);
    pid_t server =
        start (*state, "serve",
               "inkling serve --root data=$F --workers 1 --cache $F/disk/cache "
               "--state $F/disk/state");
    ink_client_t *client = connect_to (NULL);
    wait_live (client, 1);
    ink_request_t *request = question ("data/file", "digraph", -1);
    ink_request_set_cache (request, false, true);
    check_answer (client, request, "digraph", bytes, 0, SIZE);
    fill (*state);
    check_answer (client, request, "digraph", bytes, 0, SIZE);
    for (size_t n = 0; n < 3; n++) {
        pid_t killed = signal_child (server, parts[n], SIGKILL);
        check_answer (client, request, "digraph", bytes, 0, SIZE);
        UNTIL (child_with (server, parts[n]) && child_with (server, parts[n]) != killed,
               SOON_MS);
    }
    check_answer (client, request, "digraph", bytes, 0, SIZE);
    kill (server, SIGTERM);
    assert_int_equal (end_of (*state, server, SOON_MS), 0);
    ink_request_destroy (&request);
    ink_client_destroy (&client);
}

int
main (void)
{
    if (unshare (CLONE_NEWNS) == 0)
        mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL);
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (output_that_finds_no_room_is_an_error_and_leaves_nothing),
        TEST (stdout_that_takes_nothing_is_an_error),
        TEST (a_cache_that_cannot_begin_is_an_error),
        TEST (a_server_whose_disk_is_full_goes_on),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

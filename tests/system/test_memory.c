//  test_memory.c: memory that runs out, here and there and for whatever is large.

#include "asking.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define SIZE (3 * MIB)
#define RUN_STEP 17
#define RUN_MOST 600
#define ALLOCATIONS_STEP 60
#define ALLOCATIONS_MOST 420

static uint64_t expected[256];

static int
begin (void **state)
{
    world_begin (state);
    uint8_t *bytes = make_file (*state, "file", NOISE, 1, SIZE);
    memset (expected, 0, sizeof expected);
    for (size_t n = 0; n < SIZE; n++)
        expected[bytes[n]]++;
    return 0;
}

static bool
out_is_right (world_t *world)
{
    size_t size;
    void *out = read_file (world, "out.raw", &size);
    return size == sizeof expected && memcmp (out, expected, size) == 0;
}

//  Whatever allocation fails: the right answer, or an end with words and without an answer.
static void
run_is_right_or_ends_with_a_word (void **state)
{
    size_t right = 0, ended = 0;
    for (int n = 1; n < RUN_MOST; n += RUN_STEP) {
        ran_t ran =
            run (*state, 2 * SOON_MS,
                 world_text (*state,
                             "rm -f out.raw; STARVE_AT=%d STARVE_WHO='inkling run' %s "
                             "inkling run histogram file --no-cache --workers 1 "
                             "-o out.raw --progress none",
                             n, preloaded (*state, "starve")));
        if (ran.status == 0)
            assert_true (out_is_right (*state));
        else
            assert_true (*ran.err);
        right += ran.status == 0;
        ended += ran.status != 0;
    }
    assert_true (right > 0 && ended > 0);
}

//  One part of a server starves once: it is started again, and the request, which came at
//  whatever time, ends right, or is refused because memory ran out.
static size_t
starve_part (world_t *world, const char *part, int at)
{
    run (world, SOON_MS, "rm -rf once out.raw cache");
    pid_t server = start (
        world, "serve",
        world_text (
            world,
            "env STARVE_AT=%d STARVE_WHO='inkling %s' STARVE_ONCE=$F/once %s inkling "
            "serve --root data=$F --workers 1 --cache $F/cache",
            at, part, preloaded (world, "starve")));
    run (world, SOON_MS, "until [ -e $F/front ]; do sleep 0.02; done");
    ran_t ran = run (world, 2 * SOON_MS,
                     "inkling request histogram data/file --timeout 20 -o out.raw");
    if (ran.status == 0)
        assert_true (out_is_right (world));
    else
        assert_non_null (strstr (ran.err, "no_memory"));
    kill_hard (world, server);
    UNTIL (processes_of (world) == 0, SOON_MS);
    run (world, SOON_MS, "rm serve.log"); //  Libraries assert that there is memory
    bool starved =
        access (world_text (world, "%s/once", world_folder (world)), F_OK) == 0;
    unlink (world_text (world, "%s/front", world_folder (world)));
    return starved;
}

static void
a_part_that_starves_is_started_again_and_nothing_is_lost (void **state)
{
    static const char *const parts[] = {"ventilator", "sink", "worker"};
    for (size_t p = 0; p < 3; p++) {
        size_t starved = 0;
        for (int at = 20; at < ALLOCATIONS_MOST; at += ALLOCATIONS_STEP)
            starved += starve_part (*state, parts[p], at);
        assert_true (starved >= 3);
    }
}

//  ---------------------------------------------------------------------------------------
//  What is large

static void
serve (world_t *world, const char *environment)
{
    start (world, "serve",
           world_text (world,
                       "env %s inkling serve --root data=$F --workers 1 --cache $F/cache",
                       environment));
    run (world, SOON_MS, "until inkling status >status.log 2>&1; do sleep 0.05; done");
}

static void
make_sparse (world_t *world, const char *name, uint64_t size)
{
    const char *path = world_text (world, "%s/%s", world_folder (world), name);
    int file = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal (ftruncate (file, (off_t) size), 0);
    close (file);
}

//  No part may take more than some MiB for it, for none could have more.
static void
an_answer_that_is_too_large_is_refused_before_memory_is_taken (void **state)
{
    make_sparse (*state, "huge", (uint64_t) 1 << 40);
    serve (*state,
           world_text (*state, "STARVE_LARGE=4000000 %s", preloaded (*state, "starve")));
    ran_t ran = run (*state, SOON_MS, "inkling request bytes data/huge --chunk 64M");
    assert_int_equal (ran.status, 5);
    assert_non_null (strstr (ran.err, "too_large"));
    ran = run (*state, SOON_MS, "inkling request histogram data/file -o out.raw");
    assert_int_equal (ran.status, 0);
    assert_true (out_is_right (*state));
}

//  The sink cannot hold an answer that is allowed: its client is told, and nobody else notices.
static void
an_answer_the_sink_has_no_memory_for_is_an_error (void **state)
{
    make_sparse (*state, "large", 40 * MIB);
    serve (*state,
           world_text (*state, "STARVE_LARGE=8000000 STARVE_WHO='inkling sink' %s",
                       preloaded (*state, "starve")));
    ran_t ran = run (*state, SOON_MS, "inkling request bytes data/large --timeout 15");
    assert_int_equal (ran.status, 5);
    assert_non_null (strstr (ran.err, "no_memory"));
    ran = run (*state, SOON_MS, "inkling request histogram data/file -o out.raw");
    assert_int_equal (ran.status, 0);
    assert_true (out_is_right (*state));
}

//  The ventilator cannot receive it: libzmq gives up the connection to the sink, for ever. So it
//  is made anew, and the next request is served.
static void
an_answer_the_ventilator_has_no_memory_for_cuts_nobody_off (void **state)
{
    make_sparse (*state, "large", 40 * MIB);
    serve (*state,
           world_text (*state, "STARVE_LARGE=8000000 STARVE_WHO='inkling ventilator' %s",
                       preloaded (*state, "starve")));
    ran_t ran = run (*state, SOON_MS, "inkling request bytes data/large --timeout 2");
    assert_int_equal (ran.status, 4);
    ran = run (*state, 2 * SOON_MS,
               "until inkling request histogram data/file -o out.raw --timeout 10; do "
               "sleep 0.1; done");
    assert_true (out_is_right (*state));
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST (run_is_right_or_ends_with_a_word),
        TEST (a_part_that_starves_is_started_again_and_nothing_is_lost),
        TEST (an_answer_that_is_too_large_is_refused_before_memory_is_taken),
        TEST (an_answer_the_sink_has_no_memory_for_is_an_error),
        TEST (an_answer_the_ventilator_has_no_memory_for_cuts_nobody_off),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

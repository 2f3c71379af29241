//  test_clock.c: a machine that was paused, and a wall clock that jumps.

#include "asking.h"

#include <signal.h>
#include <stdio.h>

#define SIZE (4 * MIB)

//  Beyond every silence that is taken for a death: of worker, sink and client
#define PAUSE_MS 6000

static const char *const parts[] = {"sink", "ventilator", "worker-1", "worker-2"};
#define PARTS (sizeof parts / sizeof *parts)

static pid_t
serve (world_t *world, const char *environment)
{
    return start (
        world, "serve",
        world_text (world,
                    "env %s inkling serve --root data=$F --workers 2 --load $SLOW "
                    "--cache $F/cache",
                    environment));
}

//  Nobody was taken for dead, no lease was given out twice.
static void
check_nothing_was_lost (ink_client_t *client)
{
    static const char *const counters[] = {"workers_lost", "sinks_lost",
                                           "clients_lost", "leases_expired",
                                           "retries",      "parts_failed"};
    for (size_t n = 0; n < sizeof counters / sizeof *counters; n++)
        if (counter (client, counters[n]))
            fail_msg ("%s is %d", counters[n], (int) counter (client, counters[n]));
    assert_int_equal (live_workers (client), 2);
}

//  ---------------------------------------------------------------------------------------
//  Paused

static void
signal_all (pid_t server, int signal)
{
    for (size_t n = 0; n < PARTS; n++)
        signal_child (server, parts[n], signal);
    kill (server, signal);
}

static void
after_a_pause_of_all_nothing_is_lost (void **state)
{
    uint8_t *bytes = make_file (*state, "file", NOISE, 1, SIZE);
    pid_t server = serve (*state, "A=1");
    ink_client_t *client = connect_to (NULL);
    wait_live (client, 2);
    ink_request_t *request = question ("data/file", "slow", 500000);
    ink_request_set_chunk (request, 64 * KIB);
    replies_t replies = {0};
    submit (client, request);
    pid_t other = start (*state, "request",
                         "inkling request slow data/file --param us=500000 --chunk 128K");
    UNTIL (requests_known (client) == 2 && leases_held (client) > 0, SOON_MS);
    kill (other, SIGSTOP);
    signal_all (server, SIGSTOP);
    int64_t stopped = now_ms ();
    UNTIL (now_ms () - stopped > PAUSE_MS, 2 * PAUSE_MS);
    signal_all (server, SIGCONT);
    kill (other, SIGCONT);
    take_finals (client, &replies, 1, SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, bytes, 0, SIZE);
    assert_int_equal (end_of (*state, other, SOON_MS), 0);
    check_nothing_was_lost (client);
    forget (&replies);
    ink_request_destroy (&request);
    ink_client_destroy (&client);
}

//  ---------------------------------------------------------------------------------------
//  Jumps

static void
a_wall_clock_that_jumps_changes_nothing (void **state)
{
    static const int64_t jumps[] = {86400, -86400,      3600,       -3600,      -1,
                                    0,     315360000,   -315360000, 1000000000, 2,
                                    -2,    -1000000000, 0};
    int64_t jump = 0;
    uint8_t *bytes = make_file (*state, "file", NOISE, 1, SIZE);
    write_file (*state, "jump", &jump, sizeof jump);
    const char *environment =
        world_text (*state, "JUMP=$F/jump ASAN_OPTIONS=verify_asan_link_order=0 %s",
                    preloaded (*state, "jump"));
    serve (*state, environment);
    ink_client_t *client = connect_to (NULL);
    wait_live (client, 2);
    ink_request_t *request = question ("data/file", "slow", 600000);
    ink_request_set_chunk (request, 64 * KIB);
    replies_t replies = {0};
    submit (client, request);
    pid_t other =
        start (*state, "request",
               world_text (*state,
                           "env %s inkling request slow data/file --param us=600000 "
                           "--chunk 128K --timeout 60",
                           environment));
    size_t n = 0;
    while (replies.finals == 0) {
        jump = jumps[n++ % (sizeof jumps / sizeof *jumps)];
        write_file (*state, "jumping", &jump, sizeof jump);
        run (*state, SOON_MS, "dd if=jumping of=jump conv=notrunc 2>/dev/null");
        take_reply (client, &replies, 50);
    }
    assert_true (n > sizeof jumps / sizeof *jumps); //  Each was there while work went on
    check_final (final_of (&replies, "slow"), NULL, bytes, 0, SIZE);
    assert_int_equal (end_of (*state, other, SOON_MS), 0);
    check_nothing_was_lost (client);
    forget (&replies);
    ink_request_destroy (&request);
    ink_client_destroy (&client);
}

//  The shim does what it says, or the test above would prove nothing.
static void
the_clock_that_jumps_is_seen (void **state)
{
    int64_t jump = -315360000;
    write_file (*state, "jump", &jump, sizeof jump);
    ran_t wrong = run (
        *state, SOON_MS,
        world_text (*state, "JUMP=$F/jump %s date +%%s", preloaded (*state, "jump")));
    ran_t right = run (*state, SOON_MS, "date +%s");
    assert_true (atoll (right.out) - atoll (wrong.out) > 300000000);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, world_begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST (after_a_pause_of_all_nothing_is_lost),
        TEST (a_wall_clock_that_jumps_changes_nothing),
        TEST (the_clock_that_jumps_is_seen),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

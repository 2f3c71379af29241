//  test_descriptors.c: too few descriptors, and a crowd that takes those there are.

#include "asking.h"

#include <signal.h>
#include <stdio.h>
#include <unistd.h>
#include <zmq.h>

#include "base/descriptors.h"

#define SIZE (3 * MIB)
#define LIMIT 256 //  Of the server, when a crowd comes
#define CROWD 500

static bool
says_what_is_missing (const ran_t *ran)
{
    return (strstr (ran->err, "inkling: system: ") ||
            strstr (ran->err, "inkling: cache_failed: ")) &&
           strstr (ran->err, "hint: ") && !strstr (ran->err, "ssertion");
}

static ran_t
run_under (world_t *world, int limit, const char *command)
{
    return run (world, SOON_MS, world_text (world, "ulimit -n %d; %s", limit, command));
}

//  ---------------------------------------------------------------------------------------
//  Too few

//  Each either says at once what is missing or works; once it works, more is as good.
static void
run_works_or_says_what_it_lacks (void **state)
{
    uint8_t *bytes = make_file (*state, "file", NOISE, 1, SIZE);
    uint64_t expected[256] = {0};
    for (size_t n = 0; n < SIZE; n++)
        expected[bytes[n]]++;
    bool works = false;
    for (int limit = 8; limit <= 128; limit += 5) {
        ran_t ran = run_under (*state, limit,
                               "inkling run histogram file --cache cache --workers 2 "
                               "-o out.raw --progress none");
        if (ran.status == 5 && !works && says_what_is_missing (&ran))
            continue;
        size_t size;
        assert_int_equal (ran.status, 0);
        assert_memory_equal (read_file (*state, "out.raw", &size), expected,
                             sizeof expected);
        works = true;
    }
    assert_true (works);
}

static void
parts_that_lack_descriptors_say_so_and_end (void **state)
{
    static const char *const commands[] = {
        "inkling ventilator --root data=. --cache cache",
        "inkling sink --cache cache",
        "inkling worker --root data=.",
        "inkling serve --root data=. --workers 2 --cache cache",
    };
    for (size_t n = 0; n < sizeof commands / sizeof *commands; n++)
        for (int limit = 8; limit <= 120; limit += 28) {
            ran_t ran = run_under (*state, limit, commands[n]);
            assert_int_equal (ran.status, 5);
            assert_true (says_what_is_missing (&ran));
        }
}

static void
a_client_that_lacks_descriptors_says_so_and_ends (void **state)
{
    for (int limit = 8; limit <= 64; limit += 4) {
        ran_t ran = run_under (*state, limit, "inkling status --timeout 0.2");
        assert_true (ran.status == 5 || ran.status == 3);
        assert_true (ran.status == 3 || says_what_is_missing (&ran));
        assert_true (limit > 8 || ran.status == 5);
        assert_true (limit < 64 || ran.status == 3);
    }
}

//  With as many as it asks for, a server does its work.
static void
enough_is_enough (void **state)
{
    make_file (*state, "file", NOISE, 1, SIZE);
    start (*state, "serve",
           "sh -c 'ulimit -n 160; exec inkling serve --root data=$F --workers 2 --cache "
           "$F/cache'");
    ran_t ran = run (*state, 2 * SOON_MS,
                     "until inkling status >status.log 2>&1; do sleep 0.1; done; "
                     "inkling request histogram data/file --timeout 15 -o out.raw");
    assert_int_equal (ran.status, 0);
}

//  ---------------------------------------------------------------------------------------
//  A crowd

typedef struct {
    void *context, *sockets[CROWD];
} crowd_t;

static crowd_t
gather (const char *endpoint)
{
    crowd_t crowd = {.context = zmq_ctx_new ()};
    zmq_ctx_set (crowd.context, ZMQ_MAX_SOCKETS, CROWD + 10);
    zmq_ctx_set (crowd.context, ZMQ_BLOCKY, 0);
    for (int n = 0; n < CROWD; n++) {
        crowd.sockets[n] = zmq_socket (crowd.context, ZMQ_DEALER);
        assert_non_null (crowd.sockets[n]);
        assert_int_equal (zmq_connect (crowd.sockets[n], endpoint), 0);
    }
    return crowd;
}

static void
send_home (crowd_t *crowd)
{
    for (int n = 0; n < CROWD; n++)
        zmq_close (crowd->sockets[n]);
    zmq_ctx_term (crowd->context);
}

static void
check_served (ink_client_t *client, const uint8_t *bytes)
{
    ink_request_t *request = question ("data/file", "digraph", -1);
    ink_request_set_cache (request, false, false);
    check_answer (client, request, "digraph", bytes, 0, SIZE);
    ink_request_destroy (&request);
}

//  The server has 256 descriptors, and twice as many come and stay. Who was there goes on, a
//  worker that is started again finds its place, nobody spins, and when they leave all is as
//  it was.
static void
a_crowd_takes_what_there_is_and_no_more (world_t *world, const char *endpoint)
{
    uint8_t *bytes = make_file (world, "file", NOISE, 1, SIZE);
    setenv ("INKLING_ENDPOINT", endpoint, 1);
    char command[256];
    snprintf (
        command, sizeof command,
        "sh -c 'ulimit -n %d; exec inkling serve --root data=$F --workers 2 --cache "
        "$F/cache'",
        LIMIT);
    pid_t server = start (world, "serve", command);
    ink_client_t *good = connect_to (endpoint);
    wait_live (good, 2);
    pid_t ventilator = child_with (server, "ventilator");
    size_t before = descriptors_of (ventilator);

    crowd_t crowd = gather (endpoint);
    UNTIL (descriptors_of (ventilator) > LIMIT / 2, SOON_MS);
    int64_t began = now_ms (), used = processor_ms_of (ventilator);
    check_served (good, bytes);
    pid_t worker = signal_child (server, "worker-1", SIGKILL);
    UNTIL (child_with (server, "worker-1") != worker && live_workers (good) == 2,
           SOON_MS);
    check_served (good, bytes);
    UNTIL (now_ms () - began > 1500, SOON_MS);
    assert_true (processor_ms_of (ventilator) - used < (now_ms () - began) / 2);
    assert_true (descriptors_of (ventilator) < LIMIT);

    send_home (&crowd);
    UNTIL (descriptors_of (ventilator) <= before + 8, SOON_MS);
    ink_client_t *next = connect_to (endpoint);
    check_served (next, bytes);
    assert_int_equal (child_with (server, "ventilator"), ventilator);
    ink_client_destroy (&next);
    ink_client_destroy (&good);
}

static void
a_crowd_over_ipc_harms_nobody (void **state)
{
    a_crowd_takes_what_there_is_and_no_more (*state, world_endpoint (*state, false));
}

static void
a_crowd_over_tcp_harms_nobody (void **state)
{
    a_crowd_takes_what_there_is_and_no_more (*state, world_endpoint (*state, true));
}

int
main (void)
{
    ink_descriptors_raise (); //  For the crowd
#define TEST(name) cmocka_unit_test_setup_teardown (name, world_begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST (run_works_or_says_what_it_lacks),
        TEST (parts_that_lack_descriptors_say_so_and_end),
        TEST (a_client_that_lacks_descriptors_says_so_and_ends),
        TEST (enough_is_enough),
        TEST (a_crowd_over_ipc_harms_nobody),
        TEST (a_crowd_over_tcp_harms_nobody),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

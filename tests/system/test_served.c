//  test_served.c: a server of several processes, of which any may die at any moment.

#include "asking.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>

#include "../unit/chance.h"

#define CHUNK (64 * KIB)
#define SIZE (3 * MIB + 77)
#define PACE 500000 //  Half a second a MiB: this takes a second and a half for one worker

typedef struct {
    world_t *world;
    uint8_t *bytes;
    const char *endpoint;
    ink_client_t *client;
    pid_t server;
} place_t;

static int
begin_at (void **state, bool tcp)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 5, SIZE);
    place->endpoint = world_endpoint (place->world, tcp);
    setenv ("INKLING_ENDPOINT", place->endpoint, 1);
    place->client = connect_to (place->endpoint);
    return 0;
}

static int
begin_ipc (void **state)
{
    return begin_at (state, false);
}

static int
begin_tcp (void **state)
{
    return begin_at (state, true);
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    free (place);
    return world_end (&world);
}

static const char *const options =
    "--root data=$F --endpoint $INKLING_ENDPOINT --cache $F/cache --load $SLOW";

static pid_t
start_part (place_t *place, const char *name, const char *verb)
{
    return start (place->world, name,
                  world_text (place->world, "inkling %s %s", verb, options));
}

static void
serve (place_t *place)
{
    place->server = start_part (place, "serve", "serve --workers 2 --state $F/state");
    wait_live (place->client, 2);
}

static void
show_log (place_t *place, const char *name)
{
    size_t size;
    print_message ("%s\n", (char *) read_file (place->world, name, &size));
}

static ink_request_t *
slow_question (int64_t pace)
{
    ink_request_t *request = question ("data/file", "slow", pace);
    ink_request_set_chunk (request, CHUNK);
    return request;
}

//  Begins a request and waits until some of it is known.
static ink_request_t *
begin_request (place_t *place, replies_t *replies)
{
    ink_request_t *request = slow_question (PACE);
    submit (place->client, request);
    wait_partial (place->client, replies);
    return request;
}

static void
end_request (place_t *place, replies_t *replies, ink_request_t *request)
{
    take_finals (place->client, replies, 1, 3 * SOON_MS);
    check_final (final_of (replies, "slow"), NULL, place->bytes, 0, SIZE);
    for (size_t n = 0; n < replies->size; n++)
        assert_string_equal (ink_reply_request (replies->items[n]),
                             ink_request_id (request));
    forget (replies);
    ink_request_destroy (&request);
}

static void
check_all_kernels (place_t *place)
{
    static const char *const kernels[] = {"histogram", "digraph", "bytes", "count"};
    for (size_t n = 0; n < 4; n++) {
        ink_request_t *request = question ("data/file", kernels[n], -1);
        ink_request_set_range (request, 1000 * n, SIZE - 5000);
        check_answer (place->client, request, kernels[n], place->bytes, 1000 * n,
                      SIZE - 5000);
        ink_request_destroy (&request);
    }
}

//  ---------------------------------------------------------------------------------------

static void
a_server_answers (void **state)
{
    place_t *place = *state;
    serve (place);
    check_all_kernels (place);
    replies_t replies = {0};
    end_request (place, &replies, begin_request (place, &replies));
}

//  Kills one part while a request runs. The request ends as if nothing had been, and there
//  is another process in place of the dead one.
static void
kill_one (place_t *place, const char *part)
{
    replies_t replies = {0};
    serve (place);
    ink_request_t *request = begin_request (place, &replies);
    pid_t victim = signal_child (place->server, part, SIGKILL);
    end_request (place, &replies, request);
    UNTIL (child_with (place->server, part) && child_with (place->server, part) != victim,
           SOON_MS);
    wait_live (place->client, 2);
    check_all_kernels (place);
}

static void
a_killed_worker_costs_nothing_but_time (void **state)
{
    place_t *place = *state;
    kill_one (place, "worker-1");
    assert_true (counter (place->client, "workers_lost") > 0);
}

static void
a_killed_sink_costs_nothing_but_time (void **state)
{
    place_t *place = *state;
    kill_one (place, "sink");
    assert_true (counter (place->client, "sinks_lost") > 0);
}

static void
a_killed_ventilator_costs_nothing_but_time (void **state)
{
    kill_one (*state, "ventilator");
}

static void
all_parts_killed_at_once_cost_nothing_but_time (void **state)
{
    static const char *const parts[] = {"sink", "ventilator", "worker-1", "worker-2"};
    place_t *place = *state;
    replies_t replies = {0};
    serve (place);
    ink_request_t *request = begin_request (place, &replies);
    for (size_t n = 0; n < 4; n++)
        signal_child (place->server, parts[n], SIGKILL);
    end_request (place, &replies, request);
}

//  One round: three requests at once, and a part is killed when so many parts of them have been
//  computed as chance says.
static void
play_round (place_t *place, uint64_t *seed, int64_t round)
{
    static const char *const victims[] = {"sink", "ventilator", "worker-1", "worker-2"};
    static const char *const kernels[] = {"slow", "digraph", "bytes"};
    ink_request_t *requests[3];
    replies_t replies = {0};
    for (size_t n = 0; n < 3; n++) {
        requests[n] = question ("data/file", kernels[n], n ? -1 : PACE / 4 + round);
        ink_request_set_chunk (requests[n], CHUNK);
        submit (place->client, requests[n]);
    }
    uint64_t enough =
        counter (place->client, "parts_computed") + chance_below (seed, 2 * SIZE / CHUNK);
    UNTIL (counter (place->client, "parts_computed") >= enough ||
               requests_known (place->client) == 0,
           SOON_MS);
    signal_child (place->server, victims[chance_below (seed, 4)], SIGKILL);
    take_finals (place->client, &replies, 3, 3 * SOON_MS);
    for (size_t n = 0; n < 3; n++) {
        check_final (final_of (&replies, kernels[n]), NULL, place->bytes, 0, SIZE);
        ink_request_destroy (&requests[n]);
    }
    assert_int_equal (replies.finals, 3);
    forget (&replies);
}

static void
whoever_is_killed_and_whenever_the_answers_are_right (void **state)
{
    place_t *place = *state;
    uint64_t seed = 23;
    serve (place);
    for (int64_t round = 0; round < 8; round++) {
        play_round (place, &seed, round);
        wait_live (place->client, 1);
    }
}

//  A stopped process is as silent as a dead one, and comes back later with what is stale.
static void
a_worker_that_hangs_is_replaced_and_may_come_back (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    serve (place);
    ink_request_t *request = begin_request (place, &replies);
    pid_t victim = signal_child (place->server, "worker-1", SIGSTOP);
    UNTIL (counter (place->client, "workers_lost") > 0, SOON_MS);
    kill (victim, SIGCONT);
    end_request (place, &replies, request);
    wait_live (place->client, 2);
    check_all_kernels (place);
}

//  ---------------------------------------------------------------------------------------
//  One by one

static void
check_order (place_t *place, const char *const parts[3])
{
    pid_t pids[3];
    for (size_t n = 0; n < 3; n++)
        pids[n] = start_part (place, parts[n], parts[n]);
    wait_live (place->client, 1);
    check_all_kernels (place);
    for (size_t n = 0; n < 3; n++)
        kill (pids[n], SIGTERM);
    for (size_t n = 0; n < 3; n++)
        assert_int_equal (end_of (place->world, pids[n], SOON_MS), 0);
}

static void
the_parts_may_be_started_in_any_order (void **state)
{
    static const char *const orders[6][3] = {
        {"ventilator", "sink", "worker"}, {"ventilator", "worker", "sink"},
        {"sink", "ventilator", "worker"}, {"sink", "worker", "ventilator"},
        {"worker", "ventilator", "sink"}, {"worker", "sink", "ventilator"}};
    for (size_t n = 0; n < 6; n++)
        check_order (*state, orders[n]);
}

//  ---------------------------------------------------------------------------------------
//  Beginning and end

static void
a_second_server_is_refused (void **state)
{
    place_t *place = *state;
    serve (place);
    const char *line = world_text (
        place->world,
        "inkling serve --root data=$F --endpoint $INKLING_ENDPOINT --cache $F/other");
    ran_t ran = run (place->world, SOON_MS, line);
    assert_int_equal (ran.status, 5);
    const char *refusal = strstr (ran.err, "another server is running");
    if (!refusal || strstr (refusal + 1, "another server"))
        fail_msg ("%s", ran.err);
    check_all_kernels (place);

    line =
        "inkling serve --root data=$F --endpoint ipc://$F/state/front --state $F/state";
    ran = run (place->world, SOON_MS, line);
    assert_int_equal (ran.status, 5);
    assert_non_null (strstr (ran.err, "another server uses"));
}

static void
the_server_ends_and_leaves_nothing (place_t *place, int signal, int status)
{
    serve (place);
    replies_t replies = {0};
    ink_request_t *request = begin_request (place, &replies);
    kill (place->server, signal);
    int64_t began = now_ms ();
    int ended = end_of (place->world, place->server, SOON_MS);
    if (ended != status || now_ms () - began > 6000)
        show_log (place, "serve.log");
    assert_int_equal (ended, status);
    assert_true (now_ms () - began < 6000);
    UNTIL (processes_of (place->world) == 0, 6000);
    forget (&replies);
    ink_request_destroy (&request);
}

static size_t
sockets_left (const place_t *place)
{
    size_t sockets = 0;
    DIR *folder = opendir (world_folder (place->world));
    assert_non_null (folder);
    for (struct dirent *entry; (entry = readdir (folder));)
        sockets += entry->d_type == DT_SOCK;
    closedir (folder);
    return sockets;
}

static void
a_server_that_is_asked_to_leave_leaves_nothing (void **state)
{
    the_server_ends_and_leaves_nothing (*state, SIGTERM, 0);
    assert_int_equal (sockets_left (*state), 0);
}

//  The sockets of those that were killed go with their successors'.
static void
a_server_leaves_no_sockets_of_its_dead (void **state)
{
    place_t *place = *state;
    serve (place);
    signal_child (place->server, "worker-1", SIGKILL);
    UNTIL (counter (place->client, "workers_lost") > 0, SOON_MS);
    wait_live (place->client, 2); //  There have been three lanes
    signal_child (place->server, "ventilator", SIGKILL);
    UNTIL (counter (place->client, "workers_lost") == 0, SOON_MS);
    wait_live (place->client, 2);
    kill (place->server, SIGTERM);
    assert_int_equal (end_of (place->world, place->server, SOON_MS), 0);
    assert_int_equal (sockets_left (place), 0);
}

static void
a_server_that_is_killed_leaves_nothing (void **state)
{
    the_server_ends_and_leaves_nothing (*state, SIGKILL, 128 + SIGKILL);
}

//  What was computed before is in the cache of the next server.
static void
the_next_server_knows_what_the_last_one_computed (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    serve (place);
    ink_request_t *request = slow_question (PACE / 4);
    check_answer (place->client, request, "slow", place->bytes, 0, SIZE);
    kill (place->server, SIGTERM);
    assert_int_equal (end_of (place->world, place->server, SOON_MS), 0);
    serve (place);
    submit (place->client, request);
    take_finals (place->client, &replies, 1, SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, place->bytes, 0, SIZE);
    assert_int_equal (ink_reply_cached (replies.items[replies.size - 1]), SIZE);
    forget (&replies);
    ink_request_destroy (&request);
}

int
main (void)
{
#define OVER_IPC(name) cmocka_unit_test_setup_teardown (name, begin_ipc, end)
#define OVER_TCP(name)                             \
    {                                              \
#name " (tcp)", name, begin_tcp, end, NULL \
    }
#define OVER_BOTH(name) OVER_IPC (name), OVER_TCP (name)
    const struct CMUnitTest tests[] = {
        OVER_BOTH (a_server_answers),
        OVER_BOTH (a_killed_worker_costs_nothing_but_time),
        OVER_BOTH (a_killed_sink_costs_nothing_but_time),
        OVER_BOTH (a_killed_ventilator_costs_nothing_but_time),
        OVER_BOTH (all_parts_killed_at_once_cost_nothing_but_time),
        OVER_BOTH (whoever_is_killed_and_whenever_the_answers_are_right),
        OVER_IPC (a_worker_that_hangs_is_replaced_and_may_come_back),
        OVER_BOTH (the_parts_may_be_started_in_any_order),
        OVER_BOTH (a_second_server_is_refused),
        OVER_BOTH (a_server_that_is_asked_to_leave_leaves_nothing),
        OVER_IPC (a_server_leaves_no_sockets_of_its_dead),
        OVER_IPC (a_server_that_is_killed_leaves_nothing),
        OVER_IPC (the_next_server_knows_what_the_last_one_computed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_worker_faults.c: workers that loop, crash, stop, sleep and dawdle beneath a supervisor.
//
//  Whatever one of two workers does, the request ends with the right answer; and the process
//  is replaced when it hangs, and only then.

#include "asking.h"

#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "oracle.h"

#define CHUNK (64 * KIB)
#define SIZE (3 * MIB + 77)
#define MIDDLE (SIZE / 2)
#define PACE 200000 //  A fifth of a second a MiB

enum { NONE, LOOP, CRASH, OVERWRITE, SLEEP, DAWDLE }; //  Of bad.c

enum { SINK, VENTILATOR, WORKER_1, WORKER_2, PARTS };
static const char *const names[PARTS] = {"sink", "ventilator", "worker-1", "worker-2"};

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *client;
    pid_t server;
    pid_t parts[PARTS]; //  When the test began
} place_t;

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    //  A crash is a crash, also under a sanitizer
    setenv ("ASAN_OPTIONS", "handle_segv=0:handle_abort=0", 1);
    place->bytes = make_file (place->world, "file", NOISE, 11, SIZE);
    place->client = connect_to (world_endpoint (place->world, false));
    place->server =
        start (place->world, "serve",
               "inkling serve --root data=$F --cache $F/cache --load $BAD --workers 2");
    wait_live (place->client, 2);
    for (size_t n = 0; n < PARTS; n++)
        place->parts[n] = child_with (place->server, names[n]);
    *state = place;
    return 0;
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

//  ---------------------------------------------------------------------------------------
//  What the tests do and see

static ink_request_t *
bad_question (int64_t fault, int64_t times)
{
    ink_request_t *request = question ("data/file", "bad", PACE);
    ink_request_set_chunk (request, CHUNK);
    assert_int_equal (ink_request_set_param (request, "fault", fault), INK_OK);
    assert_int_equal (ink_request_set_param (request, "at", MIDDLE), INK_OK);
    assert_int_equal (ink_request_set_param (request, "times", times), INK_OK);
    return request;
}

static void
check_bad_final (place_t *place, replies_t *replies)
{
    take_finals (place->client, replies, 1, 3 * SOON_MS);
    const ink_reply_t *final = final_of (replies, "bad");
    void *expected;
    size_t size;
    assert_int_equal (ink_reply_error (final), INK_OK);
    assert_int_equal (ink_reply_failures (final), 0);
    oracle_compute ("histogram", NULL, place->bytes, 0, SIZE, &expected, &size);
    assert_int_equal (ink_reply_size (final), size);
    assert_memory_equal (ink_reply_data (final), expected, size);
    free (expected);
    forget (replies);
}

//  Asks and is answered; the fault has struck so often.
static void
answer_in_spite_of (place_t *place, int64_t fault, int64_t times)
{
    struct stat struck;
    replies_t replies = {0};
    ink_request_t *request = bad_question (fault, times);
    submit (place->client, request);
    check_bad_final (place, &replies);
    ink_request_destroy (&request);
    assert_int_equal (
        stat (world_text (place->world, "%s/struck", world_folder (place->world)),
              &struck),
        0);
    assert_int_equal (struck.st_size, times);
}

static size_t
replaced (const place_t *place)
{
    size_t count = 0;
    for (size_t n = 0; n < PARTS; n++)
        count += child_with (place->server, names[n]) != place->parts[n];
    return count;
}

static bool
log_has (place_t *place, const char *words)
{
    size_t size;
    return strstr (read_file (place->world, "serve.log", &size), words);
}

//  One worker was, the other parts were not.
static void
one_worker_is_replaced (place_t *place)
{
    UNTIL (replaced (place) == 1, SOON_MS);
    assert_int_equal (child_with (place->server, "sink"), place->parts[SINK]);
    assert_int_equal (child_with (place->server, "ventilator"), place->parts[VENTILATOR]);
    wait_live (place->client, 2);
    assert_int_equal (replaced (place), 1);
}

//  ---------------------------------------------------------------------------------------

static void
a_worker_in_an_endless_loop_is_killed_and_replaced (void **state)
{
    place_t *place = *state;
    answer_in_spite_of (place, LOOP, 1);
    one_worker_is_replaced (place);
    assert_true (log_has (place, "has been silent"));
    assert_true (log_has (place, "so it is killed"));
    assert_true (counter (place->client, "workers_lost") > 0);
}

static void
both_workers_in_an_endless_loop_are_killed_and_replaced (void **state)
{
    place_t *place = *state;
    answer_in_spite_of (place, LOOP, 2);
    wait_live (place->client, 2);
}

static void
a_kernel_that_crashes_costs_a_worker (void **state)
{
    place_t *place = *state;
    answer_in_spite_of (place, CRASH, 1);
    one_worker_is_replaced (place);
    assert_true (log_has (place, "was ended by Segmentation fault"));
    assert_false (log_has (place, "has been silent"));
}

//  Its values could be anything, and those of the kernels beside it.
static void
a_kernel_that_writes_behind_its_cells_costs_a_worker (void **state)
{
    place_t *place = *state;
    answer_in_spite_of (place, OVERWRITE, 1);
    one_worker_is_replaced (place);
    assert_true (log_has (place, "bad has written behind its cells"));
    assert_true (log_has (place, "was ended by Aborted"));
}

static void
a_worker_that_was_stopped_is_replaced (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = bad_question (NONE, 1);
    submit (place->client, request);
    wait_partial (place->client, &replies);
    kill (place->parts[WORKER_1], SIGSTOP);
    check_bad_final (place, &replies);
    one_worker_is_replaced (place);
    assert_int_not_equal (child_with (place->server, "worker-1"), place->parts[WORKER_1]);
    assert_false (is_running (place->parts[WORKER_1]));
    ink_request_destroy (&request);
}

//  Stops it until the ventilator has given up on it. True when that was short enough for the
//  supervisor, of which a busy machine cannot be sure.
static bool
stop_shortly (place_t *place)
{
    int64_t began = now_ms ();
    uint64_t lost = counter (place->client, "workers_lost");
    pid_t worker = child_with (place->server, "worker-1");
    kill (worker, SIGSTOP);
    UNTIL (counter (place->client, "workers_lost") > lost, SOON_MS);
    kill (worker, SIGCONT);
    wait_live (place->client, 2);
    return now_ms () - began < 4000;
}

static void
a_worker_that_was_stopped_shortly_goes_on (void **state)
{
    place_t *place = *state;
    bool shortly = false;
    for (int n = 0; n < 5 && !shortly; n++) {
        place->parts[WORKER_1] = child_with (place->server, "worker-1");
        shortly = stop_shortly (place);
    }
    if (!shortly)
        print_message ("this machine is too busy to tell\n");
    else
        assert_int_equal (replaced (place), 0);
    replies_t replies = {0};
    ink_request_t *request = bad_question (NONE, 1);
    submit (place->client, request);
    check_bad_final (place, &replies);
    ink_request_destroy (&request);
}

//  The ventilator gives its work to the other one, but to kill it would not help.
static void
a_worker_that_waits_for_a_disk_is_let_be (void **state)
{
    place_t *place = *state;
    answer_in_spite_of (place, SLEEP, 1);
    UNTIL (counter (place->client, "workers_lost") > 0, SOON_MS);
    wait_live (place->client, 2);
    assert_int_equal (replaced (place), 0);
    assert_false (log_has (place, "has been silent"));
}

static void
a_worker_a_hundred_times_slower_is_neither_killed_nor_waited_for (void **state)
{
    place_t *place = *state;
    answer_in_spite_of (place, DAWDLE, 1);
    assert_int_equal (replaced (place), 0);
    assert_false (log_has (place, "has been silent"));
    assert_int_equal (counter (place->client, "workers_lost"), 0);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (a_worker_in_an_endless_loop_is_killed_and_replaced),
        TEST (both_workers_in_an_endless_loop_are_killed_and_replaced),
        TEST (a_kernel_that_crashes_costs_a_worker),
        TEST (a_kernel_that_writes_behind_its_cells_costs_a_worker),
        TEST (a_worker_that_was_stopped_is_replaced),
        TEST (a_worker_that_was_stopped_shortly_goes_on),
        TEST (a_worker_that_waits_for_a_disk_is_let_be),
        TEST (a_worker_a_hundred_times_slower_is_neither_killed_nor_waited_for),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

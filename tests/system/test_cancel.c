//  test_cancel.c: whoever cancels, and however, work ends: what is not under way is never
//  begun, what is under way is left, and what another one waits for still comes.

#include "asking.h"

#include <signal.h>
#include <stdio.h>

#define CHUNK (64 * KIB)
#define SIZE (4 * MIB)
#define PARTS (SIZE / CHUNK)
#define PACE 1000000 //  A second a MiB: 62 ms a part
#define WORKERS 2

typedef struct {
    world_t *world;
    const char *name;
    uint8_t *bytes;
    ink_local_t *local;
    ink_client_t *client, *other;
} place_t;

//  Asks for `length` bytes and waits for the answer, so that the pace has been measured.
static void
warm_up (const place_t *place, int64_t pace, uint64_t length)
{
    ink_request_t *request = question (place->name, "slow", pace);
    ink_request_set_range (request, 0, length);
    ink_request_set_chunk (request, 4096);
    ink_request_set_cache (request, false, false);
    check_answer (place->client, request, "slow", place->bytes, 0, length);
    ink_request_destroy (&request);
}

static int
begin (void **state)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 3, SIZE);
    place->name = world_text (place->world, "%s/file", world_folder (place->world));
    ink_local_options_t options = {
        .workers = WORKERS,
        .endpoint = world_endpoint (place->world, false),
        .cache = world_text (place->world, "%s/cache", world_folder (place->world))};
    int error;
    place->local = ink_local_new (&options, &error);
    assert_int_equal (error, INK_OK);
    place->client = connect_to (options.endpoint);
    place->other = connect_to (options.endpoint);
    wait_live (place->client, WORKERS);
    warm_up (place, PACE, 64 * KIB);
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    ink_client_destroy (&place->other);
    ink_local_destroy (&place->local);
    free (place);
    return world_end (&world);
}

static ink_request_t *
long_question (const place_t *place, const char *id)
{
    ink_request_t *request = question (place->name, "slow", PACE);
    ink_request_set_chunk (request, CHUNK);
    assert_int_equal (ink_request_set_id (request, id), INK_OK);
    return request;
}

//  Parts of the first request that are in leases now.
static uint64_t
parts_in_progress (ink_client_t *client)
{
    ink_status_t *status = ink_client_status (client, SOON_MS);
    assert_non_null (status);
    const ink_request_info_t *info = ink_status_request (status, 0);
    uint64_t parts = info ? info->in_progress : 0;
    ink_status_destroy (&status);
    return parts;
}

//  What was in leases may still be computed, and one more lease of a part for each worker that
//  was given out between our look and the cancel.
static void
check_that_work_ends (ink_client_t *client, uint64_t in_progress, uint64_t computed)
{
    UNTIL (leases_held (client) == 0, SOON_MS);
    uint64_t after = counter (client, "parts_computed");
    assert_true (after <= computed + in_progress + WORKERS);
    assert_true (after < PARTS);
    assert_int_equal (requests_known (client), 0);
}

//  ---------------------------------------------------------------------------------------

static void
a_cancel_by_the_library_ends_the_request (void **state)
{
    place_t *place = *state;
    ink_request_t *request = long_question (place, "long");
    replies_t replies = {0};
    submit (place->client, request);
    wait_partial (place->client, &replies);
    uint64_t in_progress = parts_in_progress (place->other);
    assert_int_equal (ink_client_cancel (place->client, "long"), INK_OK);
    take_finals (place->client, &replies, 1, SOON_MS);
    uint64_t computed = counter (place->other, "parts_computed");
    const ink_reply_t *final = final_of (&replies, "slow");
    assert_int_equal (ink_reply_error (final), INK_ECANCELLED);
    assert_string_equal (ink_reply_status (final), "cancelled");
    check_that_work_ends (place->other, in_progress, computed);
    assert_int_equal (counter (place->other, "cancelled"), 1);
    assert_int_equal (ink_client_cancel (place->client, "long"), INK_ENOREQUEST);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
a_cancel_from_the_command_line_ends_the_request (void **state)
{
    place_t *place = *state;
    ink_request_t *request = long_question (place, "long");
    replies_t replies = {0};
    submit (place->client, request);
    wait_partial (place->client, &replies);
    uint64_t in_progress = parts_in_progress (place->other);
    ran_t ran = run (place->world, SOON_MS, "inkling cancel long");
    uint64_t computed = counter (place->other, "parts_computed");
    assert_int_equal (ran.status, 0);
    assert_string_equal (ran.out, "long is cancelled\n");
    take_finals (place->client, &replies, 1, SOON_MS);
    assert_int_equal (ink_reply_error (final_of (&replies, "slow")), INK_ECANCELLED);
    check_that_work_ends (place->other, in_progress, computed);

    ran = run (place->world, SOON_MS, "inkling cancel long");
    assert_int_equal (ran.status, 6);
    forget (&replies);
    ink_request_destroy (&request);
}

static pid_t
start_request (place_t *place)
{
    uint64_t before = counter (place->other, "parts_computed");
    pid_t pid = start (place->world, "request",
                       "inkling request slow $F/file --param us=2000000 --chunk 64K");
    UNTIL (counter (place->other, "parts_computed") > before + 2, SOON_MS);
    return pid;
}

static void
ctrl_c_ends_the_request (void **state)
{
    place_t *place = *state;
    pid_t pid = start_request (place);
    uint64_t in_progress = parts_in_progress (place->other);
    kill (pid, SIGINT);
    assert_int_equal (end_of (place->world, pid, SOON_MS), 130);
    uint64_t computed = counter (place->other, "parts_computed");
    check_that_work_ends (place->other, in_progress, computed);
    size_t size;
    assert_non_null (
        strstr (read_file (place->world, "request.log", &size), "interrupted"));
}

static void
the_request_of_a_killed_client_ends_soon (void **state)
{
    place_t *place = *state;
    pid_t pid = start_request (place);
    kill_hard (place->world, pid);
    UNTIL (requests_known (place->other) == 0, 7000);
    check_that_work_ends (place->other, 2 * WORKERS,
                          counter (place->other, "parts_computed"));
}

static void
destroying_the_client_ends_its_requests (void **state)
{
    place_t *place = *state;
    ink_request_t *request = long_question (place, "long");
    replies_t replies = {0};
    submit (place->client, request);
    wait_partial (place->client, &replies);
    ink_client_destroy (&place->client);
    UNTIL (requests_known (place->other) == 0, SOON_MS);
    check_that_work_ends (place->other, 2 * WORKERS,
                          counter (place->other, "parts_computed"));
    forget (&replies);
    ink_request_destroy (&request);
}

static void
what_another_client_waits_for_still_comes (void **state)
{
    place_t *place = *state;
    ink_request_t *first = long_question (place, "first");
    ink_request_t *second = long_question (place, "second");
    replies_t replies = {0}, kept = {0};
    submit (place->client, first);
    wait_partial (place->client, &replies);
    ink_request_set_range (second, 0, 2 * MIB);
    submit (place->other, second);
    wait_partial (place->other, &kept);
    assert_int_equal (ink_client_cancel (place->client, "first"), INK_OK);
    take_finals (place->client, &replies, 1, SOON_MS);
    take_finals (place->other, &kept, 1, 2 * SOON_MS);
    check_final (final_of (&kept, "slow"), NULL, place->bytes, 0, 2 * MIB);
    UNTIL (leases_held (place->other) == 0, SOON_MS);
    assert_true (counter (place->other, "parts_computed") < PARTS);
    forget (&replies);
    forget (&kept);
    ink_request_destroy (&first);
    ink_request_destroy (&second);
}

//  A part takes 16 s; cancelled, it is left within a slice.
static void
a_part_under_way_is_left (void **state)
{
    place_t *place = *state;
    const int64_t pace = 16000000;
    warm_up (place, pace, 64 * KIB);
    ink_request_t *request = question (place->name, "slow", pace);
    ink_request_set_chunk (request, MIB);
    replies_t replies = {0};
    submit (place->client, request);
    UNTIL (leases_held (place->other) > 0, SOON_MS);
    uint64_t computed = counter (place->other, "parts_computed");
    assert_int_equal (ink_client_cancel (place->client, ink_request_id (request)),
                      INK_OK);
    take_finals (place->client, &replies, 1, SOON_MS);
    UNTIL (leases_held (place->other) == 0, 2000);
    assert_int_equal (counter (place->other, "parts_computed"), computed);
    assert_int_equal (counter (place->other, "workers_lost"), 0);
    assert_int_equal (counter (place->other, "leases_expired"), 0);
    forget (&replies);
    ink_request_destroy (&request);
}

//  Three seconds for what is a slice of any other kernel, and other kernels in between: the
//  worker is heard of all the time.
static void
a_slow_kernel_does_not_cost_its_worker (void **state)
{
    place_t *place = *state;
    for (int64_t round = 0; round < 2; round++) {
        ink_request_t *fast = question (place->name, "histogram", -1);
        ink_request_t *slow = question (place->name, "slow", 12000000 + round);
        ink_request_set_range (slow, 0, 256 * KIB);
        ink_request_set_chunk (slow, 256 * KIB);
        check_answer (place->client, fast, "histogram", place->bytes, 0, SIZE);
        check_answer (place->client, slow, "slow", place->bytes, 0, 256 * KIB);
        ink_request_destroy (&fast);
        ink_request_destroy (&slow);
    }
    assert_int_equal (counter (place->other, "workers_lost"), 0);
}

static int
load_slow (void **state)
{
    (void) state;
    return ink_kernel_load (slow_kernel (), NULL, 0);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (a_cancel_by_the_library_ends_the_request),
        TEST (a_cancel_from_the_command_line_ends_the_request),
        TEST (ctrl_c_ends_the_request),
        TEST (the_request_of_a_killed_client_ends_soon),
        TEST (destroying_the_client_ends_its_requests),
        TEST (what_another_client_waits_for_still_comes),
        TEST (a_part_under_way_is_left),
        TEST (a_slow_kernel_does_not_cost_its_worker),
    };
    return cmocka_run_group_tests (tests, load_slow, NULL);
}

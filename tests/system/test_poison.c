//  test_poison.c: a range that ends every worker that computes it.
//
//  The final is partial: it lists the one byte that kills, and has everything else.

#include "asking.h"

#include <stdio.h>

#include "oracle.h"

#define CHUNK (64 * KIB)
#define SIZE (MIB + 77)
#define DEADLY ((int64_t) (SIZE / 2 + 12345))

enum { LOOP = 1, CRASH = 2 }; //  Of bad.c

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *client;
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
    start (place->world, "serve",
           "inkling serve --root data=$F --cache $F/cache --load $BAD --workers 2");
    wait_live (place->client, 2);
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

static ink_request_t *
deadly_question (int64_t fault)
{
    ink_request_t *request = question ("data/file", "bad", -1);
    ink_request_set_chunk (request, CHUNK);
    assert_int_equal (ink_request_set_param (request, "fault", fault), INK_OK);
    assert_int_equal (ink_request_set_param (request, "at", DEADLY), INK_OK);
    assert_int_equal (ink_request_set_param (request, "times", 1000000), INK_OK);
    return request;
}

//  All bytes but those that failed.
static void
check_rest (const place_t *place, const ink_reply_t *final)
{
    const ink_failure_t *failure = ink_reply_failure (final, 0);
    void *all, *lost;
    size_t size;
    oracle_compute ("histogram", NULL, place->bytes, 0, SIZE, &all, &size);
    oracle_compute ("histogram", NULL, place->bytes + failure->offset, failure->offset,
                    failure->length, &lost, &size);
    assert_int_equal (ink_reply_size (final), size);
    uint64_t *counts = all;
    for (size_t n = 0; n < size / sizeof *counts; n++)
        counts[n] -= ((uint64_t *) lost)[n];
    assert_memory_equal (ink_reply_data (final), all, size);
    free (all);
    free (lost);
}

//  The final of such a request, of which so many bytes may be missing.
static void
ask (place_t *place, int64_t fault, uint64_t missing)
{
    replies_t replies = {0};
    ink_request_t *request = deadly_question (fault);
    submit (place->client, request);
    take_finals (place->client, &replies, 1, 6 * SOON_MS);
    const ink_reply_t *final = final_of (&replies, "bad");
    assert_int_equal (ink_reply_error (final), INK_OK);
    assert_int_equal (ink_reply_failures (final), 1);
    const ink_failure_t *failure = ink_reply_failure (final, 0);
    assert_int_equal (failure->error, INK_ELOST);
    assert_true (failure->offset <= (uint64_t) DEADLY &&
                 failure->offset + failure->length > (uint64_t) DEADLY);
    assert_true (failure->length <= missing);
    assert_int_equal (covered_by (final), SIZE - failure->length);
    check_rest (place, final);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
the_byte_that_kills_is_found_and_the_rest_is_there (void **state)
{
    place_t *place = *state;
    ask (place, CRASH, 1);
    //  Two it takes; a part whose value died on its way with the first may be blamed too
    uint64_t lost = counter (place->client, "workers_lost");
    assert_true (lost >= 2 && lost <= 4);
    assert_true (counter (place->client, "parts_failed") > 0);
    wait_live (place->client, 2);
    ask (place, CRASH, 1); //  Once more: it is remembered, and nobody dies of it
    assert_int_equal (counter (place->client, "workers_lost"), lost);
}

//  Each loop takes two seconds to be seen, so the search ends before it is down to the byte.
static void
a_range_that_loops_is_narrowed_down_in_bounded_time (void **state)
{
    ask (*state, LOOP, CHUNK / 16);
}

static void
the_program_tells_of_it_and_ends_with_1 (void **state)
{
    place_t *place = *state;
    ran_t ran = run (place->world, 4 * SOON_MS,
                     world_text (place->world,
                                 "inkling request bad data/file --chunk 64K --json "
                                 "--param fault=2 --param at=%lld --param times=1000000",
                                 (long long) DEADLY));
    assert_int_equal (ran.status, 1);
    assert_non_null (strstr (ran.out, "\"status\":\"partial\""));
    assert_non_null (strstr (ran.out, world_text (place->world,
                                                  "\"failed\":[[%lld,1,\"worker_lost\"]]",
                                                  (long long) DEADLY)));
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, begin, end)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (the_byte_that_kills_is_found_and_the_rest_is_there),
        STORY (a_range_that_loops_is_narrowed_down_in_bounded_time),
        STORY (the_program_tells_of_it_and_ends_with_1),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

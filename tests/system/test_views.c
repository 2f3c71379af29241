//  test_views.c: viewers of a served file: views that move, that are shared, and that do not
//  wait for a scan of all of it.

#include "asking.h"

#include <stdio.h>

#include "../unit/chance.h"

#define CHUNK (64 * KIB)
#define SIZE (8 * MIB + 4321)
#define PACE 320000 //  Microseconds a MiB: 20 ms a part, and so a lease

typedef struct {
    world_t *world;
    uint8_t *bytes;
    const char *endpoint;
    ink_client_t *left, *right;
} place_t;

typedef struct {
    uint64_t offset, length;
} range_t;

//  Parts of 4 KiB, so that the pace is known afterwards.
static void
warm_up (const place_t *place)
{
    ink_request_t *request = question ("data/file", "slow", PACE);
    ink_request_set_range (request, 0, CHUNK);
    ink_request_set_chunk (request, 4096);
    ink_request_set_cache (request, false, false);
    check_answer (place->left, request, "slow", place->bytes, 0, CHUNK);
    ink_request_destroy (&request);
}

static int
begin (void **state, int workers)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 7, SIZE);
    place->endpoint = world_endpoint (place->world, false);
    setenv ("INKLING_ENDPOINT", place->endpoint, 1);
    start (place->world, "serve",
           world_text (place->world,
                       "inkling serve --root data=$F --cache $F/cache --load $SLOW "
                       "--endpoint $INKLING_ENDPOINT --workers %d",
                       workers));
    place->left = connect_to (place->endpoint);
    place->right = connect_to (place->endpoint);
    wait_live (place->left, (size_t) workers);
    warm_up (place);
    return 0;
}

static int
begin_with_one (void **state)
{
    return begin (state, 1);
}

static int
begin_with_two (void **state)
{
    return begin (state, 2);
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->left);
    ink_client_destroy (&place->right);
    free (place);
    return world_end (&world);
}

static void
see (ink_client_t *client, range_t range)
{
    ink_request_t *request = question ("data/file", "slow", PACE);
    ink_request_set_range (request, range.offset, range.length);
    ink_request_set_chunk (request, CHUNK);
    assert_int_equal (ink_request_set_view (request, "window", INK_MIDDLE), INK_OK);
    submit (client, request);
    ink_request_destroy (&request);
}

static void
check_last (const place_t *place, const replies_t *replies, range_t range)
{
    const ink_reply_t *last = replies->items[replies->size - 1];
    assert_true (ink_reply_is_final (last));
    check_final (last, NULL, place->bytes + range.offset, range.offset, range.length);
}

//  Chunks that some of the ranges touch.
static size_t
chunks_of (const range_t *ranges, size_t count)
{
    static bool touched[SIZE / CHUNK + 1];
    memset (touched, 0, sizeof touched);
    size_t chunks = 0;
    for (size_t n = 0; n < count; n++)
        for (uint64_t at = ranges[n].offset / CHUNK;
             at * CHUNK < ranges[n].offset + ranges[n].length; at++) {
            chunks += !touched[at];
            touched[at] = true;
        }
    return chunks;
}

//  ---------------------------------------------------------------------------------------

static void
two_viewers_of_one_file_share_the_work (void **state)
{
    place_t *place = *state;
    const range_t ranges[] = {{0, 32 * CHUNK}, {8 * CHUNK, 32 * CHUNK}};
    uint64_t computed = counter (place->left, "parts_computed");
    see (place->left, ranges[0]);
    see (place->right, ranges[1]);
    replies_t left = {0}, right = {0};
    take_finals (place->left, &left, 1, SOON_MS);
    take_finals (place->right, &right, 1, SOON_MS);
    check_last (place, &left, ranges[0]);
    check_last (place, &right, ranges[1]);
    assert_int_equal (counter (place->left, "parts_computed") - computed,
                      chunks_of (ranges, 2));
    assert_true (counter (place->left, "parts_shared") > 0);
    assert_int_equal (counter (place->left, "superseded"), 0);
    forget (&left);
    forget (&right);
}

//  Whole chunks: what is computed for one statement is known to the next.
static void
a_view_that_moves_ends_each_statement_once_and_computes_nothing_twice (void **state)
{
    enum { MOVES = 60 };
    place_t *place = *state;
    range_t ranges[MOVES];
    uint64_t seed = 3, computed = counter (place->right, "parts_computed");
    replies_t replies = {0};
    for (size_t n = 0; n < MOVES; n++) {
        ranges[n] = (range_t){(n + chance_below (&seed, 8)) * CHUNK, 16 * CHUNK};
        see (place->left, ranges[n]);
        if (n % 4 == 0) //  Sometimes somebody looks
            take_reply (place->left, &replies, 30);
    }
    take_finals (place->left, &replies, MOVES, SOON_MS);
    check_last (place, &replies, ranges[MOVES - 1]);
    for (size_t n = 0; n < replies.size; n++) {
        const ink_reply_t *reply = replies.items[n];
        assert_true (!ink_reply_error (reply) ||
                     ink_reply_error (reply) == INK_ECANCELLED);
        if (ink_reply_error (reply))
            assert_int_equal (ink_reply_size (reply), 0);
    }
    assert_int_equal (replies.finals, MOVES);
    assert_true (counter (place->right, "superseded") > 0);
    UNTIL (leases_held (place->right) == 0, SOON_MS);
    computed = counter (place->right, "parts_computed") - computed;
    uint64_t late = counter (place->right, "late_values");
    assert_true (computed - late <= chunks_of (ranges, MOVES));
    assert_int_equal (requests_known (place->right), 0);
    forget (&replies);
}

//  ---------------------------------------------------------------------------------------
//  Beside a scan

//  Asks for one chunk in a hurry; how many values of others came meanwhile.
static uint64_t
values_before_mine (const place_t *place, size_t n)
{
    uint64_t before = counter (place->right, "parts_computed");
    ink_request_t *request = question ("data/file", "histogram", -1);
    ink_request_set_range (request, n * CHUNK, CHUNK);
    ink_request_set_chunk (request, CHUNK);
    ink_request_set_cache (request, false, false);
    check_answer (place->right, request, "histogram", place->bytes, n * CHUNK, CHUNK);
    ink_request_destroy (&request);
    return counter (place->right, "parts_computed") - before - 1;
}

//  The worker computes one lease of the scan and holds another: who does not overtake waits for
//  both, always. Who does may still find two when our look and our question are far apart.
static void
a_hurried_request_waits_for_one_lease_of_a_scan (void **state)
{
    place_t *place = *state;
    ink_request_t *scan = question ("data/file", "slow", PACE);
    ink_request_set_chunk (scan, CHUNK);
    replies_t replies = {0};
    submit (place->left, scan);
    wait_partial (place->left, &replies);
    uint64_t began = counter (place->right, "parts_computed"), tries = 0, quick = 0;
    for (; tries < 30 && requests_known (place->right) == 1; tries++)
        quick += values_before_mine (place, tries) <= 1;
    assert_true (quick > 0);
    assert_true (counter (place->right, "leases_ahead") > 0);

    //  Yet the scan goes on, a lease of it for each that overtakes
    uint64_t computed = counter (place->right, "parts_computed") - began - tries;
    assert_true (computed >= tries / 2);
    take_finals (place->left, &replies, 1, 2 * SOON_MS);
    check_last (place, &replies, (range_t){0, SIZE});
    forget (&replies);
    ink_request_destroy (&scan);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (two_viewers_of_one_file_share_the_work,
                                         begin_with_two, end),
        cmocka_unit_test_setup_teardown (
            a_view_that_moves_ends_each_statement_once_and_computes_nothing_twice,
            begin_with_two, end),
        cmocka_unit_test_setup_teardown (a_hurried_request_waits_for_one_lease_of_a_scan,
                                         begin_with_one, end),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

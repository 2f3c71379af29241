//  test_sharing.c: what several requests want is computed once, and whoever comes late gets
//  what is known at once.

#include "asking.h"

#include "../unit/chance.h"

#define CHUNK (64 * KIB)
#define SIZE (4 * MIB + 4321)
#define PACE 200000 //  Microseconds a MiB
#define ASKERS_MOST 6

typedef struct {
    world_t *world;
    const char *name;
    uint8_t *bytes;
    ink_local_t *local;
    ink_client_t *clients[ASKERS_MOST];
} place_t;

typedef struct {
    uint64_t offset, length;
} range_t;

static int
begin (void **state)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 7, SIZE);
    place->name = world_text (place->world, "%s/file", world_folder (place->world));
    ink_local_options_t options = {
        .workers = 2,
        .cache = world_text (place->world, "%s/cache", world_folder (place->world))};
    int error;
    place->local = ink_local_new (&options, &error);
    assert_int_equal (error, INK_OK);
    for (size_t n = 0; n < ASKERS_MOST; n++)
        place->clients[n] = connect_to (ink_local_endpoint (place->local));
    wait_live (place->clients[0], 2);
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    for (size_t n = 0; n < ASKERS_MOST; n++)
        ink_client_destroy (&place->clients[n]);
    ink_local_destroy (&place->local);
    free (place);
    return world_end (&world);
}

static ink_request_t *
slow_question (const place_t *place, range_t range, int64_t pace)
{
    ink_request_t *request = question (place->name, "slow", pace);
    ink_request_set_range (request, range.offset, range.length);
    ink_request_set_chunk (request, CHUNK);
    return request;
}

static void
ask (const place_t *place, size_t client, range_t range, int64_t pace)
{
    ink_request_t *request = slow_question (place, range, pace);
    submit (place->clients[client], request);
    ink_request_destroy (&request);
}

static void
check (const place_t *place, size_t client, range_t range)
{
    replies_t replies = {0};
    take_finals (place->clients[client], &replies, 1, 2 * SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, place->bytes + range.offset,
                 range.offset, range.length);
    forget (&replies);
}

//  ---------------------------------------------------------------------------------------
//  Parts of a range, cut at multiples of the chunk

static size_t
cut (range_t range, range_t *parts)
{
    size_t count = 0;
    for (uint64_t at = range.offset, end = range.offset + range.length; at < end;) {
        uint64_t next = (at / CHUNK + 1) * CHUNK;
        next = next < end ? next : end;
        parts[count++] = (range_t){at, next - at};
        at = next;
    }
    return count;
}

static size_t
distinct_parts (const range_t *ranges, size_t count)
{
    static range_t all[ASKERS_MOST * (SIZE / CHUNK + 2)];
    size_t size = 0, distinct = 0;
    for (size_t n = 0; n < count; n++)
        size += cut (ranges[n], all + size);
    for (size_t n = 0; n < size; n++) {
        bool first = true;
        for (size_t before = 0; before < n; before++)
            first = first && memcmp (&all[before], &all[n], sizeof *all);
        distinct += first;
    }
    return distinct;
}

//  ---------------------------------------------------------------------------------------

static void
equal_requests_at_once_are_computed_once_and_a_third_not_at_all (void **state)
{
    place_t *place = *state;
    const range_t all = {0, SIZE};
    ask (place, 0, all, PACE);
    ask (place, 1, all, PACE);
    check (place, 0, all);
    check (place, 1, all);
    uint64_t computed = counter (place->clients[0], "parts_computed");
    assert_int_equal (computed, distinct_parts (&all, 1));

    replies_t replies = {0};
    ask (place, 2, all, PACE);
    take_finals (place->clients[2], &replies, 1, SOON_MS);
    const ink_reply_t *final = final_of (&replies, "slow");
    check_final (final, NULL, place->bytes, 0, SIZE);
    assert_int_equal (ink_reply_cached (final), SIZE);
    assert_int_equal (ink_reply_computed (final), 0);
    assert_int_equal (counter (place->clients[0], "parts_computed"), computed);
    forget (&replies);
}

static void
overlapping_requests_compute_each_part_once (void **state)
{
    place_t *place = *state;
    uint64_t seed = 11, expected = 0;
    for (int round = 0; round < 6; round++) {
        range_t ranges[ASKERS_MOST];
        const int64_t pace = 20000 + round; //  Another pace is another series
        for (size_t n = 0; n < ASKERS_MOST; n++) {
            ranges[n].offset = chance_below (&seed, 40) * CHUNK;
            ranges[n].length = (1 + chance_below (&seed, 24)) * CHUNK;
            if (n % 3 == 0) {
                ranges[n].offset += chance_below (&seed, CHUNK);
                ranges[n].length -= chance_below (&seed, CHUNK);
            }
            ask (place, n, ranges[n], pace);
        }
        for (size_t n = 0; n < ASKERS_MOST; n++)
            check (place, n, ranges[n]);
        expected += distinct_parts (ranges, ASKERS_MOST);
        if (counter (place->clients[0], "parts_computed") != expected)
            fail_msg ("round %d of seed 11: %llu parts computed, not %llu", round,
                      (unsigned long long) counter (place->clients[0], "parts_computed"),
                      (unsigned long long) expected);
    }
}

static void
a_late_joiner_gets_what_is_known_at_once (void **state)
{
    place_t *place = *state;
    const range_t all = {0, SIZE};
    replies_t first = {0}, late = {0};
    ask (place, 0, all, PACE);
    wait_partial (place->clients[0], &first);
    uint64_t known = covered_by (first.items[first.size - 1]);

    ask (place, 1, all, PACE);
    wait_partial (place->clients[1], &late);
    assert_true (covered_by (late.items[0]) >= known);
    assert_true (ink_reply_cached (late.items[0]) >= known);
    assert_true (covered_by (late.items[0]) < SIZE);
    take_finals (place->clients[0], &first, 1, 2 * SOON_MS);
    take_finals (place->clients[1], &late, 1, 2 * SOON_MS);
    check_final (final_of (&late, "slow"), NULL, place->bytes, 0, SIZE);
    assert_int_equal (counter (place->clients[0], "parts_computed"),
                      distinct_parts (&all, 1));
    assert_true (counter (place->clients[0], "parts_shared") > 0);
    forget (&first);
    forget (&late);
}

static void
the_same_request_again_attaches_to_the_one_that_runs (void **state)
{
    place_t *place = *state;
    ink_request_t *request = slow_question (place, (range_t){0, SIZE}, PACE);
    replies_t first = {0}, again = {0};
    submit (place->clients[0], request);
    wait_partial (place->clients[0], &first);
    submit (place->clients[1], request);
    take_finals (place->clients[1], &again, 1, 2 * SOON_MS);
    check_final (final_of (&again, "slow"), NULL, place->bytes, 0, SIZE);
    assert_int_equal (counter (place->clients[0], "requests"), 1);
    assert_int_equal (counter (place->clients[0], "parts_computed"),
                      distinct_parts (&(range_t){0, SIZE}, 1));

    //  Of this id, but another question: refused while the first runs
    ink_request_destroy (&request);
    request = slow_question (place, (range_t){0, SIZE}, PACE);
    ink_request_set_cache (request, false, true);
    submit (place->clients[2], request);
    replies_t running = {0}, refused = {0};
    wait_partial (place->clients[2], &running);
    ink_request_set_range (request, 0, CHUNK);
    submit (place->clients[3], request);
    take_finals (place->clients[3], &refused, 1, SOON_MS);
    assert_int_equal (ink_reply_error (refused.items[0]), INK_ECONFLICT);
    forget (&first);
    forget (&again);
    forget (&running);
    forget (&refused);
    ink_request_destroy (&request);
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
        TEST (equal_requests_at_once_are_computed_once_and_a_third_not_at_all),
        TEST (overlapping_requests_compute_each_part_once),
        TEST (a_late_joiner_gets_what_is_known_at_once),
        TEST (the_same_request_again_attaches_to_the_one_that_runs),
    };
    return cmocka_run_group_tests (tests, load_slow, NULL);
}

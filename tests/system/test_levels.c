//  test_levels.c: long ranges of cells are shown coarse, soon, and then exactly.

#include "chunks.h"

#include <math.h>
#include <signal.h>

#define CELL 16

//  All replies to a request over the whole file; `precision` 0: no reports are named.
static void
ask (const place_t *place, const char *kernel, uint64_t precision, replies_t *replies)
{
    ink_request_t *request = question ("data/file", kernel, -1);
    ink_request_set_param (request, "cell", CELL);
    ink_request_set_chunk (request, CHUNK);
    if (precision)
        ink_request_add_report_at (request, 0, precision);
    submit (place->client, request);
    take_finals (place->client, replies, 1, SOON_MS);
    ink_request_destroy (&request);
}

static void
fill (const place_t *place, const char *kernel)
{
    replies_t replies = {0};
    ask (place, kernel, 0, &replies);
    forget (&replies);
    UNTIL (counter (place->client, "sink_cache_puts") >= NODES, SOON_MS);
    assert_int_equal (counter (place->client, "sink_cache_puts"), NODES);
}

//  The mean byte of each `precision` bytes, rounded once; ours was rounded at each level.
static void
check_plot (const place_t *place, const ink_reply_t *reply, uint64_t precision)
{
    const uint8_t *means = ink_reply_data (reply);
    assert_int_equal (ink_reply_precision (reply), precision);
    assert_int_equal (ink_reply_size (reply), SIZE / precision);
    for (uint64_t n = 0; n < SIZE / precision; n++) {
        double sum = 0;
        for (uint64_t m = 0; m < precision; m++)
            sum += place->bytes[n * precision + m];
        assert_true (fabs (means[n] - sum / (double) precision) <= 3);
    }
}

static void
a_known_range_is_shown_from_a_few_values_then_exactly (void **state)
{
    const uint64_t precision = CELL << 8;
    place_t *place = *state;
    replies_t replies = {0};
    fill (place, "byteplot");
    uint64_t before = counter (place->client, "cache_hits");
    ask (place, "byteplot", precision, &replies);
    assert_int_equal (replies.size, 2);
    const ink_reply_t *first = replies.items[0], *final = replies.items[1];
    assert_false (ink_reply_is_final (first));
    assert_int_equal (covered_by (first), SIZE);
    check_plot (place, first, precision);
    assert_int_equal (ink_reply_precision (final), CELL);
    const int64_t params[] = {CELL};
    check_final (final, params, place->bytes, 0, SIZE);
    //  Sixteen for the first one: the second level of nodes. The final reads every chunk.
    UNTIL (counter (place->client, "cache_hits") >= before + CHUNKS + 16, SOON_MS);
    assert_int_equal (counter (place->client, "cache_hits"), before + CHUNKS + 16);
    forget (&replies);
}

//  When nobody says how coarse: 4 MiB of items are shown in 256 KiB.
static void
partials_of_large_answers_are_small (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    fill (place, "entropy");
    ask (place, "entropy", 0, &replies);
    assert_int_equal (replies.size, 2);
    for (size_t n = 0; n < replies.size; n++) {
        const ink_reply_t *reply = replies.items[n];
        bool final = ink_reply_is_final (reply);
        assert_int_equal (ink_reply_precision (reply), final ? CELL : 16 * CELL);
        assert_int_equal (ink_reply_size (reply), final ? SIZE / 4 : 256 * KIB);
    }
    const int64_t params[] = {CELL};
    check_final (replies.items[replies.size - 1], params, place->bytes, 0, SIZE);
    forget (&replies);
}

static void
a_line_of_a_coarse_partial_says_its_precision (void **state)
{
    place_t *place = *state;
    ran_t ran = run (place->world, SOON_MS,
                     "inkling run byteplot $F/file --param cell=16 --chunk 4K --no-cache "
                     "--json --progress none -o out.png --report 0@16M,0.5@64K,1 "
                     "--partials partials --format png && ls partials/byteplot.*.png");
    assert_int_equal (ran.status, 0);
    assert_non_null (strstr (ran.out, ",\"bytes\":1,\"precision\":16777216}"));
    char *final = strstr (ran.out, "\"type\":\"final\"");
    assert_non_null (final);
    assert_null (strstr (final, "precision"));
    assert_non_null (strstr (final, "partials/byteplot.1.png"));
    ran = run (place->world, SOON_MS, "inkling run byteplot $F/file --report 0@x");
    assert_int_equal (ran.status, 2);
    assert_non_null (strstr (ran.err, "--report"));
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (a_known_range_is_shown_from_a_few_values_then_exactly),
        TEST (partials_of_large_answers_are_small),
        TEST (a_line_of_a_coarse_partial_says_its_precision),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

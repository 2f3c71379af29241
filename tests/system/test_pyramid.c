//  test_pyramid.c: what is known of many chunks is read in a few values.

#include "chunks.h"

#include <signal.h>

static void
ask (const place_t *place, const char *kernel, uint64_t offset, uint64_t length)
{
    ink_request_t *request = question ("data/file", kernel, -1);
    ink_request_set_range (request, offset, length);
    ink_request_set_chunk (request, CHUNK);
    check_answer (place->client, request, kernel, place->bytes, offset, length);
    ink_request_destroy (&request);
}

//  The ventilator hears once a second what its looks have read.
static uint64_t
values_read_for (const place_t *place, const char *kernel, uint64_t offset,
                 uint64_t length)
{
    uint64_t before = counter (place->client, "cache_hits");
    ask (place, kernel, offset, length);
    UNTIL (counter (place->client, "cache_hits") > before, SOON_MS);
    return counter (place->client, "cache_hits") - before;
}

static void
fill (const place_t *place, const char *kernel, uint64_t puts)
{
    ask (place, kernel, 0, SIZE);
    UNTIL (counter (place->client, "sink_cache_puts") >= puts, SOON_MS);
    assert_int_equal (counter (place->client, "sink_cache_puts"), puts);
}

static void
a_range_of_thousands_of_known_chunks_is_read_in_few_values (void **state)
{
    place_t *place = *state;
    fill (place, "histogram", NODES);
    fill (place, "digraph", 2 * NODES);
    assert_int_equal (values_read_for (place, "histogram", 0, SIZE), 1);
    assert_int_equal (values_read_for (place, "digraph", 0, SIZE), 1);

    //  From chunk 13 to chunk 4086: 3 + 15 + 14 nodes going up, 15 + 7 going down
    const uint64_t offset = 13 * CHUNK, length = 4074 * CHUNK;
    assert_int_equal (values_read_for (place, "histogram", offset, length),
                      3 + 15 + 14 + 15 + 7);
    //  The last chunk sees nothing behind the range, so it is a fragment, and computed
    assert_int_equal (values_read_for (place, "digraph", offset, length),
                      3 + 15 + 14 + 15 + 6);
    //  Nothing was computed again, but for what a slow lease shared with another one: of two
    //  values of a part the second is late
    uint64_t late = counter (place->client, "late_values");
    late += counter (place->client, "doubled_values");
    uint64_t computed = counter (place->client, "parts_computed");
    assert_int_equal (computed - late, 2 * CHUNKS + 1);
}

//  Half of a node is computed for one request, the other half for another.
static void
children_of_several_requests_make_one_node (void **state)
{
    place_t *place = *state;
    for (uint64_t n = 0; n < 16; n += 4)
        ask (place, "histogram", (16 + n) * CHUNK, 4 * CHUNK);
    UNTIL (counter (place->client, "sink_cache_puts") >= 17, SOON_MS);
    assert_int_equal (values_read_for (place, "histogram", 16 * CHUNK, 16 * CHUNK), 1);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (a_range_of_thousands_of_known_chunks_is_read_in_few_values),
        TEST (children_of_several_requests_make_one_node),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

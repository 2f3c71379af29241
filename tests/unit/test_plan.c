//  test_plan.c: how a range is cut into parts.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <setjmp.h>
#include <cmocka.h>

#include "value/plan.h"

#define ROUNDS 20000
#define SEED 20240501

static uint64_t state;

//  A number that is often small and often close to 2^64 (splitmix64, shifted by chance).
static uint64_t
chance (void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static uint64_t
below (uint64_t limit)
{
    return chance () % limit;
}

//  A plan of at most some 200 parts, anywhere in a source of any size.
static ink_plan_t
any_plan (void)
{
    ink_plan_t plan;
    plan.chunk = INK_CHUNK_LEAST << below (15);
    plan.size = chance () >> below (60);
    plan.size += plan.size == 0;
    plan.offset = below (plan.size);
    uint64_t most = plan.size - plan.offset, some = 200 * plan.chunk;
    plan.length =
        below (2) && most <= some ? most : 1 + below (most < some ? most : some);
    return plan;
}

static void
fail_with (const ink_plan_t *plan, const char *what)
{
    fail_msg ("seed %d: %s: offset %llu length %llu size %llu chunk %llu", SEED, what,
              (unsigned long long) plan->offset, (unsigned long long) plan->length,
              (unsigned long long) plan->size, (unsigned long long) plan->chunk);
}

#define CHECK(plan, condition) ((condition) ? (void) 0 : fail_with ((plan), #condition))

static void
check_tiles (const ink_plan_t *plan)
{
    uint64_t next = plan->offset, count = ink_plan_count (plan);
    for (uint64_t n = 0; n < count; n++) {
        ink_part_t part = ink_plan_part (plan, n);
        CHECK (plan, part.offset == next);
        CHECK (plan, part.length > 0 && part.length <= plan->chunk);
        CHECK (plan, n == 0 || part.offset % plan->chunk == 0);
        CHECK (plan, part.offset / plan->chunk ==
                         (part.offset + part.length - 1) / plan->chunk);
        next += part.length;
    }
    CHECK (plan, next == plan->offset + plan->length);
}

static void
parts_tile_the_range_and_never_cross_a_border (void **unused)
{
    (void) unused;
    state = SEED;
    for (int round = 0; round < ROUNDS / 10; round++) {
        ink_plan_t plan = any_plan ();
        check_tiles (&plan);
    }
}

static void
check_find (const ink_plan_t *plan, uint64_t n)
{
    ink_part_t part = ink_plan_part (plan, n);
    uint64_t found = UINT64_MAX;
    CHECK (plan, ink_plan_find (plan, part, &found) && found == n);

    found = 12345;
    const ink_part_t wrong[] = {
        {part.offset, part.length + 1},
        {part.offset, part.length - 1},
        {part.offset + 1, part.length},
        {part.offset - 1, part.length},
        {part.offset, 0},
        {plan->offset + plan->length, 1},
        {plan->offset - 1, 1},
        {part.offset, UINT64_MAX},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        CHECK (plan, !ink_plan_find (plan, wrong[i], &found) && found == 12345);
}

static void
find_knows_the_parts_and_nothing_else (void **unused)
{
    (void) unused;
    state = SEED;
    for (int round = 0; round < ROUNDS; round++) {
        ink_plan_t plan = any_plan ();
        check_find (&plan, below (ink_plan_count (&plan)));
    }
}

static void
a_span_is_its_parts_side_by_side (void **unused)
{
    (void) unused;
    state = SEED;
    for (int round = 0; round < ROUNDS / 10; round++) {
        ink_plan_t plan = any_plan ();
        uint64_t count = ink_plan_count (&plan), first = below (count);
        uint64_t number = 1 + below (count - first), length = 0;
        for (uint64_t n = first; n < first + number; n++)
            length += ink_plan_part (&plan, n).length;
        ink_part_t span = ink_plan_span (&plan, first, number);
        CHECK (&plan, span.offset == ink_plan_part (&plan, first).offset);
        CHECK (&plan, span.length == length);
    }
}

static uint32_t
ahead (const ink_plan_t *plan, uint64_t n, uint32_t bytes)
{
    return ink_plan_sight (plan, ink_plan_part (plan, n), (ink_reach_t){0, bytes})
        .lookahead;
}

static uint32_t
back (const ink_plan_t *plan, uint64_t n, uint32_t bytes)
{
    return ink_plan_sight (plan, ink_plan_part (plan, n), (ink_reach_t){bytes, 0})
        .lookback;
}

static void
lookback_begins_with_the_range (void **unused)
{
    (void) unused;
    ink_plan_t plan = {.offset = 1000, .length = 10000, .size = 20000, .chunk = 4096};
    assert_int_equal (back (&plan, 0, 4096), 0);
    assert_int_equal (back (&plan, 1, 1), 1);
    assert_int_equal (back (&plan, 1, 4096), 3096);
    assert_int_equal (back (&plan, 2, 4096), 4096);
    assert_int_equal (back (&plan, 2, 0), 0);
}

static void
lookahead_ends_with_the_range (void **unused)
{
    (void) unused;
    ink_plan_t plan = {.offset = 1000, .length = 10000, .size = 20000, .chunk = 4096};
    assert_int_equal (ink_plan_count (&plan), 3);
    assert_int_equal (ahead (&plan, 0, 1), 1);
    assert_int_equal (ahead (&plan, 0, 4096), 4096);
    assert_int_equal (ahead (&plan, 1, 4096), 2808);
    assert_int_equal (ahead (&plan, 2, 4096), 0);
    assert_int_equal (ahead (&plan, 1, 0), 0);
}

static bool
is_node (const ink_plan_t *plan, uint64_t n, uint32_t lookahead)
{
    return ink_plan_is_node (plan, ink_plan_part (plan, n), (ink_reach_t){0, lookahead});
}

static void
whole_chunks_with_their_lookback_are_nodes (void **unused)
{
    (void) unused;
    ink_plan_t plan = {.offset = 4096, .length = 8192, .size = 20000, .chunk = 4096};
    ink_reach_t one = {1, 0};
    assert_false (ink_plan_is_node (&plan, ink_plan_part (&plan, 0), one));
    assert_true (ink_plan_is_node (&plan, ink_plan_part (&plan, 1), one));
    plan.offset = 0; //  There is nothing before it
    assert_true (ink_plan_is_node (&plan, ink_plan_part (&plan, 0), one));
}

static void
whole_chunks_with_their_lookahead_are_nodes (void **unused)
{
    (void) unused;
    ink_plan_t plan = {.offset = 1000, .length = 11288, .size = 20000, .chunk = 4096};
    assert_int_equal (ink_plan_count (&plan), 3);
    assert_false (is_node (&plan, 0, 0));
    assert_true (is_node (&plan, 1, 0));
    assert_true (is_node (&plan, 1, 1));
    assert_true (is_node (&plan, 2, 0));
    //  The range ends here, the source does not: the pair across the border is missing.
    assert_false (is_node (&plan, 2, 1));
}

static void
the_last_part_of_a_source_is_a_node (void **unused)
{
    (void) unused;
    ink_plan_t plan = {.offset = 4096, .length = 5000, .size = 9096, .chunk = 4096};
    assert_true (is_node (&plan, 0, 4096));
    assert_true (is_node (&plan, 1, 4096));
    plan.length = 4999;
    assert_false (is_node (&plan, 1, 0));
}

static bool
sees_alike (const ink_plan_t *a, ink_part_t mine, const ink_plan_t *b, ink_part_t other,
            ink_reach_t reach)
{
    ink_reach_t x = ink_plan_sight (a, mine, reach), y = ink_plan_sight (b, other, reach);
    return x.lookback == y.lookback && x.lookahead == y.lookahead;
}

//  What makes sharing right: a node is the same bytes and the same sight in any plan.
static void
a_node_does_not_depend_on_the_range (void **unused)
{
    (void) unused;
    state = SEED;
    uint64_t nodes = 0;
    for (int round = 0; round < ROUNDS; round++) {
        ink_plan_t plan = any_plan ();
        ink_reach_t reach = {(uint32_t) (below (2) * below (4097)),
                             (uint32_t) below (4097)};
        ink_part_t part = ink_plan_part (&plan, below (ink_plan_count (&plan)));
        ink_plan_t whole = {0, plan.size, plan.size, plan.chunk};
        ink_part_t same = ink_plan_part (&whole, part.offset / plan.chunk);
        bool is = part.offset == same.offset && part.length == same.length &&
                  sees_alike (&plan, part, &whole, same, reach);
        CHECK (&plan, ink_plan_is_node (&plan, part, reach) == is);
        nodes += is;
    }
    assert_in_range (nodes, ROUNDS / 10, ROUNDS - ROUNDS / 10);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (parts_tile_the_range_and_never_cross_a_border),
        cmocka_unit_test (find_knows_the_parts_and_nothing_else),
        cmocka_unit_test (a_span_is_its_parts_side_by_side),
        cmocka_unit_test (lookback_begins_with_the_range),
        cmocka_unit_test (lookahead_ends_with_the_range),
        cmocka_unit_test (whole_chunks_with_their_lookback_are_nodes),
        cmocka_unit_test (whole_chunks_with_their_lookahead_are_nodes),
        cmocka_unit_test (the_last_part_of_a_source_is_a_node),
        cmocka_unit_test (a_node_does_not_depend_on_the_range),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_node.c: the pyramid of nodes above the chunks.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chance.h"
#include "value/node.h"

#define ROUNDS 20000
#define SEED 4711

static uint64_t
nodes_on (const ink_node_t *node)
{
    ink_plan_t level = ink_node_level (node);
    return ink_plan_count (&level);
}

static ink_part_t
part_of (const ink_node_t *node)
{
    ink_plan_t level = ink_node_level (node);
    return ink_plan_part (&level, node->n);
}

//  A chunk anywhere in a source of any size.
static ink_node_t
any_chunk (uint64_t *seed)
{
    ink_node_t node;
    node.span = INK_CHUNK_LEAST << chance_below (seed, 15);
    node.size = chance (seed) >> chance_below (seed, 60);
    node.size += node.size == 0;
    node.n = 0;
    node.n = chance_below (seed, nodes_on (&node));
    return node;
}

//  The children of a node are the bytes of it, in order, and know whose they are.
static void
check_children (const ink_node_t *node)
{
    ink_node_t child, parent;
    ink_part_t whole = part_of (node);
    uint64_t count = ink_node_children (node, &child), next = whole.offset;
    assert_in_range (count, 1, INK_NODE_CHILDREN);
    for (uint64_t n = 0; n < count; n++, child.n++) {
        ink_part_t part = part_of (&child);
        assert_int_equal (part.offset, next);
        next += part.length;
        assert_true (ink_node_parent (&child, &parent));
        assert_memory_equal (&parent, node, sizeof parent);
    }
    assert_int_equal (next, whole.offset + whole.length);
}

static void
every_way_up_ends_at_the_node_that_is_the_source (void **state)
{
    (void) state;
    uint64_t seed = SEED;
    for (int round = 0; round < ROUNDS; round++) {
        ink_node_t node = any_chunk (&seed), parent;
        while (ink_node_parent (&node, &parent)) {
            assert_int_equal (parent.span, node.span * 16);
            check_children (&parent);
            node = parent;
        }
        ink_part_t part = part_of (&node);
        if (node.size <= UINT64_C (1) << 60) { //  Above there are no wider numbers
            assert_int_equal (part.offset, 0);
            assert_int_equal (part.length, node.size);
            assert_true (node.span < 16 * node.size || node.span == INK_CHUNK_LEAST ||
                         node.n == 0);
        }
    }
}

static void
a_source_of_one_chunk_has_nothing_above_it (void **state)
{
    (void) state;
    ink_node_t node = {4096, 4096, 0}, parent;
    assert_false (ink_node_parent (&node, &parent));
    node.size = 4097;
    assert_true (ink_node_parent (&node, &parent));
    assert_int_equal (parent.span, 65536);
    assert_false (ink_node_parent (&parent, &node));
}

//  The same by trying all: the first and the last byte a kernel sees for the node are within the range.
static uint64_t
widest_by_trying (const ink_plan_t *plan, uint64_t offset, ink_reach_t reach)
{
    uint64_t best = plan->chunk;
    for (uint64_t span = plan->chunk; span / 16 < plan->size; span *= 16) {
        uint64_t end = offset + span < plan->size ? offset + span : plan->size;
        uint64_t seen = end + reach.lookahead;
        seen = seen < plan->size ? seen : plan->size;
        uint64_t from = offset > reach.lookback ? offset - reach.lookback : 0;
        if (offset % span == 0 && from >= plan->offset &&
            seen <= plan->offset + plan->length && span > best && best * 16 == span)
            best = span;
    }
    return best;
}

static void
the_widest_node_is_the_widest_that_the_range_can_use (void **state)
{
    (void) state;
    uint64_t seed = SEED, wide = 0;
    for (int round = 0; round < ROUNDS; round++) {
        ink_plan_t plan = {.chunk = INK_CHUNK_LEAST << chance_below (&seed, 3)};
        plan.size = 1 + chance (&seed) % (plan.chunk << chance_below (&seed, 16));
        uint64_t grain = chance_below (&seed, 4) ? plan.chunk * 16 : 1;
        plan.offset = chance_below (&seed, plan.size) / grain * grain;
        plan.length = 1 + chance_below (&seed, plan.size - plan.offset);
        if (chance_below (&seed, 2))
            plan.length = plan.size - plan.offset;
        ink_reach_t reach = {
            (uint32_t) (chance_below (&seed, 2) * chance_below (&seed, 9)),
            (uint32_t) (chance_below (&seed, 2) * chance_below (&seed, 9))};
        for (int n = 0; n < 20; n++) {
            uint64_t p = chance_below (&seed, ink_plan_count (&plan)) / 16 * 16;
            ink_part_t part = ink_plan_part (&plan, p);
            uint64_t span = ink_node_widest (&plan, p, reach);
            assert_int_equal (span, widest_by_trying (&plan, part.offset, reach));
            ink_part_t node = ink_node_part (&plan, p, span);
            assert_int_equal (node.offset, part.offset);
            uint64_t parts = ink_node_parts (&plan, node);
            assert_int_equal (ink_plan_span (&plan, p, parts).length, node.length);
            wide += span > plan.chunk;
        }
    }
    assert_true (wide > ROUNDS);
}

//  100 chunks of 4 KiB, from the 15th on, but not the last: 1, then 5 times 16, then 3.
static const ink_reach_t none, one_ahead = {0, 1}, one_back = {1, 0};

static void
a_range_is_made_of_few_nodes (void **state)
{
    (void) state;
    const ink_plan_t plan = {15 * 4096, 84 * 4096, 100 * 4096, 4096};
    const uint64_t expected[] = {1, 16, 16, 16, 16, 16, 1, 1, 1};
    uint64_t p = 0;
    for (size_t n = 0; n < sizeof expected / sizeof *expected; n++) {
        uint64_t span = ink_node_widest (&plan, p, none);
        uint64_t parts = ink_node_parts (&plan, ink_node_part (&plan, p, span));
        assert_int_equal (parts, expected[n]);
        p += parts;
    }
    assert_int_equal (p, ink_plan_count (&plan));
}

//  What a kernel sees behind the node must be within the range too.
static void
a_node_whose_lookahead_the_range_lacks_is_not_used (void **state)
{
    (void) state;
    ink_plan_t plan = {0, 65536, 80000, 4096};
    assert_int_equal (ink_node_widest (&plan, 0, none), 65536);
    assert_int_equal (ink_node_widest (&plan, 0, one_ahead), 4096);
    plan.length++;
    assert_int_equal (ink_node_widest (&plan, 0, one_ahead), 65536);
    plan.length = plan.size;
    assert_int_equal (ink_node_widest (&plan, 0, one_ahead), 1048576);
}

static void
a_node_whose_lookback_the_range_lacks_is_not_used (void **state)
{
    (void) state;
    ink_plan_t plan = {65536, 65536, 200000, 4096};
    assert_int_equal (ink_node_widest (&plan, 0, none), 65536);
    assert_int_equal (ink_node_widest (&plan, 0, one_back), 4096);
    plan.offset--;
    plan.length++;
    assert_int_equal (ink_node_widest (&plan, 1, one_back), 65536);
    plan = (ink_plan_t){0, 65536, 200000, 4096};
    assert_int_equal (ink_node_widest (&plan, 0, one_back), 65536);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (every_way_up_ends_at_the_node_that_is_the_source),
        cmocka_unit_test (a_source_of_one_chunk_has_nothing_above_it),
        cmocka_unit_test (the_widest_node_is_the_widest_that_the_range_can_use),
        cmocka_unit_test (a_range_is_made_of_few_nodes),
        cmocka_unit_test (a_node_whose_lookahead_the_range_lacks_is_not_used),
        cmocka_unit_test (a_node_whose_lookback_the_range_lacks_is_not_used),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

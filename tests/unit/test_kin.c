//  test_kin.c: who wants the value of a part.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "chance.h"
#include "inkling/error.h"
#include "value/kin.h"

#define STRANDS 200
#define SOURCE 65536

typedef struct {
    ink_kin_t kin;
    ink_plan_t plan;
    uint8_t series[INK_SERIES_SIZE];
    bool joined;
} strand_t;

static ink_groups_t groups;
static strand_t strands[STRANDS];

static ink_reach_t
any_reach (uint64_t *seed)
{
    uint64_t bits = chance_below (seed, 4);
    return (ink_reach_t){bits & 1, (uint32_t) bits >> 1};
}

static void
join_some (uint64_t *seed)
{
    for (size_t n = 0; n < STRANDS; n++) {
        strand_t *strand = &strands[n];
        uint64_t offset = chance_below (seed, 16) * 2048;
        uint64_t length = 1 + chance_below (seed, 12) * 2048;
        *strand = (strand_t){.plan = {offset, length, SOURCE, 4096}};
        strand->series[0] = (uint8_t) chance_below (seed, 2);
        ink_kin_init (&strand->kin);
        strand->joined = chance_below (seed, 4) > 0;
        if (strand->joined)
            assert_int_equal (ink_kin_join (&strand->kin, &groups, strand->series,
                                            &strand->plan, any_reach (seed)),
                              INK_OK);
    }
}

//  By looking at every part of every strand.
static size_t
wanting (const strand_t *like, ink_part_t part, ink_reach_t sight)
{
    size_t count = 0;
    for (size_t n = 0; n < STRANDS; n++) {
        const strand_t *strand = &strands[n];
        if (!strand->joined || strand->series[0] != like->series[0])
            continue;
        for (uint64_t p = 0; p < ink_plan_count (&strand->plan); p++) {
            ink_part_t own = ink_plan_part (&strand->plan, p);
            ink_reach_t seen = ink_plan_sight (&strand->plan, own, strand->kin.reach);
            count += own.offset == part.offset && own.length == part.length &&
                     seen.lookback == sight.lookback && seen.lookahead == sight.lookahead;
        }
    }
    return count;
}

static size_t
walked (const strand_t *like, ink_part_t part, ink_reach_t sight)
{
    size_t count = 0;
    for (ink_kin_walk_t walk = ink_kin_walk (&groups, like->series, part, sight);
         ink_kin_next (&walk);) {
        ink_part_t own = ink_plan_part (walk.kin->plan, walk.n);
        assert_true (own.offset == part.offset && own.length == part.length);
        count++;
    }
    return count;
}

static void
a_walk_finds_exactly_those_who_want_the_value (void **state)
{
    (void) state;
    uint64_t seed = 7;
    for (int world = 0; world < 20; world++) {
        assert_int_equal (ink_groups_init (&groups), INK_OK);
        join_some (&seed);
        for (size_t n = 0; n < STRANDS; n++)
            for (uint64_t p = 0; p < ink_plan_count (&strands[n].plan); p++)
                for (uint32_t bits = 0; bits < 4; bits++) {
                    ink_part_t part = ink_plan_part (&strands[n].plan, p);
                    ink_reach_t sight = {bits & 1, bits >> 1};
                    assert_int_equal (walked (&strands[n], part, sight),
                                      wanting (&strands[n], part, sight));
                }
        ink_groups_free (&groups);
    }
}

static void
who_has_left_is_not_found (void **state)
{
    (void) state;
    const ink_reach_t none = {0};
    strand_t small = {.plan = {0, 100, SOURCE, 4096}};
    strand_t large = {.plan = {0, 8192, SOURCE, 4096}};
    assert_int_equal (ink_groups_init (&groups), INK_OK);
    ink_kin_init (&small.kin);
    ink_kin_leave (&small.kin, &groups); //  Nothing happens
    assert_int_equal (ink_kin_join (&small.kin, &groups, small.series, &small.plan, none),
                      0);
    assert_int_equal (ink_kin_join (&large.kin, &groups, large.series, &large.plan, none),
                      0);
    assert_int_equal (walked (&small, (ink_part_t){0, 100}, none), 1);
    assert_int_equal (walked (&large, (ink_part_t){0, 4096}, none), 1);
    ink_kin_leave (&small.kin, &groups);
    ink_kin_leave (&large.kin, &groups);
    assert_int_equal (walked (&small, (ink_part_t){0, 100}, none), 0);
    assert_int_equal (walked (&large, (ink_part_t){0, 4096}, none), 0);
    ink_groups_free (&groups);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_walk_finds_exactly_those_who_want_the_value),
        cmocka_unit_test (who_has_left_is_not_found),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

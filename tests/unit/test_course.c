//  test_course.c: in what order the parts of a range are computed.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "value/course.h"

static const uint64_t sizes[] = {1,    2,    3,    7,    8,     9,    255,    256,    257,
                                 4095, 4096, 4097, 8192, 12289, 1000, 100000, 1048576};
#define SIZES (sizeof sizes / sizeof *sizes)

static void
visit_each_once (const ink_course_t *course)
{
    uint8_t *seen = calloc (course->parts, 1);
    uint64_t part, visited = 0;
    assert_non_null (seen);
    assert_true (ink_course_places (course) < 2 * course->parts + 2 * INK_COURSE_BLOCKS);
    for (uint64_t place = 0; place < ink_course_places (course); place++) {
        if (!ink_course_part (course, place, &part))
            continue;
        assert_true (part < course->parts && !seen[part]);
        assert_int_equal (ink_course_place (course, part), place);
        seen[part] = 1;
        visited++;
    }
    assert_int_equal (visited, course->parts);
    free (seen);
}

static void
a_spread_course_visits_every_part_once (void **state)
{
    (void) state;
    for (size_t n = 0; n < SIZES; n++) {
        ink_course_t course = ink_course_spread (sizes[n]);
        visit_each_once (&course);
    }
}

//  A part and the next one in the course are half the range apart, also of a million.
static void
a_scattered_course_visits_every_part_once_and_leaves_none_together (void **state)
{
    (void) state;
    for (size_t n = 0; n < SIZES; n++) {
        ink_course_t course = ink_course_scatter (sizes[n]);
        visit_each_once (&course);
        uint64_t places = ink_course_places (&course), half = places / 2, first, next;
        for (uint64_t place = 0; place + 1 < places; place += 2)
            if (ink_course_part (&course, place, &first) &&
                ink_course_part (&course, place + 1, &next))
                assert_int_equal (next - first, half);
    }
}

static void
a_course_around_any_part_visits_every_part_once (void **state)
{
    (void) state;
    for (size_t n = 0; n < SIZES; n++)
        for (int tenth = 0; tenth <= 10; tenth++) {
            uint64_t focus = sizes[n] * (uint64_t) tenth / 10;
            ink_course_t course = ink_course_around (sizes[n], focus);
            visit_each_once (&course);
        }
}

static void
a_course_around_a_part_goes_away_from_it (void **state)
{
    (void) state;
    ink_course_t course = ink_course_around (1000, 300);
    uint64_t part, last = 0;
    for (uint64_t place = 0; place < ink_course_places (&course); place++) {
        if (!ink_course_part (&course, place, &part))
            continue;
        uint64_t distance = part > 300 ? part - 300 : 300 - part;
        assert_true (distance >= last);
        last = distance;
    }
}

//  Cut into as many equal strata as parts have been visited, rounded down to a power of two
//  and halved, each stratum has been visited.
static void
every_beginning_of_a_spread_course_is_a_fair_sample (void **state)
{
    (void) state;
    static const uint64_t spread[] = {64, 100, 1000, 4096, 100000};
    for (size_t n = 0; n < sizeof spread / sizeof *spread; n++) {
        ink_course_t course = ink_course_spread (spread[n]);
        uint8_t *seen = calloc (spread[n], 1);
        uint64_t part, blocks = 0, strata = 2;
        assert_non_null (seen);
        for (uint64_t place = 0; place < ink_course_places (&course); place++) {
            if (!ink_course_part (&course, place, &part))
                continue;
            seen[part] = 1;
            blocks += place % course.block == 0;
            if (blocks < 2 * strata || strata * course.block > spread[n] / 2)
                continue;
            for (uint64_t s = 0; s < strata; s++) {
                bool visited = false;
                for (uint64_t p = s * spread[n] / strata;
                     p < (s + 1) * spread[n] / strata; p++)
                    visited |= seen[p];
                assert_true (visited);
            }
            strata *= 2;
        }
        assert_true (strata > 16);
        free (seen);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_spread_course_visits_every_part_once),
        cmocka_unit_test (
            a_scattered_course_visits_every_part_once_and_leaves_none_together),
        cmocka_unit_test (a_course_around_any_part_visits_every_part_once),
        cmocka_unit_test (a_course_around_a_part_goes_away_from_it),
        cmocka_unit_test (every_beginning_of_a_spread_course_is_a_fair_sample),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_schedule.c: when a partial is due.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "sink/schedule.h"

#define MS ((int64_t) 1000)
#define NOW (1000000 * MS)
#define NEVER INT64_MAX

static void
without_completions_the_first_is_due_at_once_and_then_every_50_ms (void **state)
{
    (void) state;
    ink_schedule_t schedule;
    ink_schedule_init (&schedule, NULL, 0, 2048, 0);
    assert_true (ink_schedule_due (&schedule, 1, 100) <= NOW);
    ink_schedule_sent (&schedule, NOW, 1, 100);
    assert_int_equal (ink_schedule_due (&schedule, 2, 100), NOW + 50 * MS);
    ink_schedule_sent (&schedule, NOW + 70 * MS, 2, 100);
    assert_int_equal (ink_schedule_due (&schedule, 3, 100), NOW + 120 * MS);
}

static void
large_answers_are_due_less_often (void **state)
{
    (void) state;
    ink_schedule_t schedule;
    ink_schedule_init (&schedule, NULL, 0, (uint64_t) 64 << 20, 0);
    ink_schedule_sent (&schedule, NOW, 1, 100);
    assert_int_equal (ink_schedule_due (&schedule, 2, 100) - NOW, (64 << 20) / 32);
}

static void
completions_are_due_when_they_are_reached_whatever_their_order (void **state)
{
    (void) state;
    const ink_msg_report_t reports[] = {{500000, 0}, {100000, 0}, {900000, 0}};
    ink_schedule_t schedule;
    ink_schedule_init (&schedule, reports, 3, 2048, 0);
    assert_int_equal (ink_schedule_due (&schedule, 9, 100), NEVER);
    assert_true (ink_schedule_due (&schedule, 10, 100) <= NOW);
    ink_schedule_sent (&schedule, NOW, 10, 100);
    assert_int_equal (ink_schedule_due (&schedule, 49, 100), NEVER);
    assert_true (ink_schedule_due (&schedule, 50, 100) <= NOW);
}

static void
a_partial_is_as_coarse_as_the_last_report_it_reaches (void **state)
{
    (void) state;
    const ink_msg_report_t reports[] = {{500000, 64}, {0, 4096}, {1000000, 0}};
    ink_schedule_t schedule;
    ink_schedule_init (&schedule, reports, 3, 2048, 7);
    assert_int_equal (ink_schedule_precision (&schedule, 0, 100), 4096);
    assert_int_equal (ink_schedule_precision (&schedule, 49, 100), 4096);
    assert_int_equal (ink_schedule_precision (&schedule, 50, 100), 64);
    assert_int_equal (ink_schedule_precision (&schedule, 100, 100), 0);
    ink_schedule_init (&schedule, NULL, 0, 2048, 7);
    assert_int_equal (ink_schedule_precision (&schedule, 50, 100), 7);
}

static void
one_reply_may_serve_several_completions (void **state)
{
    (void) state;
    const ink_msg_report_t reports[] = {
        {100000, 0}, {200000, 0}, {200000, 0}, {900000, 0}};
    ink_schedule_t schedule;
    ink_schedule_init (&schedule, reports, 4, 2048, 0);
    ink_schedule_sent (&schedule, NOW, 20, 100);
    assert_int_equal (ink_schedule_due (&schedule, 89, 100), NEVER);
    assert_true (ink_schedule_due (&schedule, 90, 100) <= NOW);
    ink_schedule_sent (&schedule, NOW, 100, 100);
    assert_int_equal (ink_schedule_due (&schedule, 100, 100), NEVER);
}

static void
completions_of_the_largest_ranges_do_not_overflow (void **state)
{
    (void) state;
    const ink_msg_report_t half = {500000, 0};
    ink_schedule_t schedule;
    ink_schedule_init (&schedule, &half, 1, 2048, 0);
    assert_int_equal (ink_schedule_due (&schedule, UINT64_MAX / 2 - 2, UINT64_MAX),
                      NEVER);
    assert_true (ink_schedule_due (&schedule, UINT64_MAX / 2 + 1, UINT64_MAX) <= NOW);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (
            without_completions_the_first_is_due_at_once_and_then_every_50_ms),
        cmocka_unit_test (large_answers_are_due_less_often),
        cmocka_unit_test (completions_are_due_when_they_are_reached_whatever_their_order),
        cmocka_unit_test (a_partial_is_as_coarse_as_the_last_report_it_reaches),
        cmocka_unit_test (one_reply_may_serve_several_completions),
        cmocka_unit_test (completions_of_the_largest_ranges_do_not_overflow),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_past.c: what is remembered of workers that were lost.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>

#include "ventilator/past.h"

static ink_past_t past;

static int
begin (void **state)
{
    (void) state;
    past = (ink_past_t){.size = 0};
    return 0;
}

static ink_worker_t
worker (int n)
{
    ink_worker_t worker = {.pid = (uint64_t) n};
    snprintf (worker.name, sizeof worker.name, "w%d", n);
    return worker;
}

static void
a_name_is_remembered_once_with_its_last_record (void **state)
{
    (void) state;
    ink_worker_t one = worker (1), two = worker (2);
    one.record.lost = 1;
    ink_past_keep (&past, &one);
    ink_past_keep (&past, &two);
    one.record = (ink_record_t){2, 3, 4};
    ink_past_keep (&past, &one);
    assert_int_equal (past.size, 2);
    assert_string_equal (past.lost[0].name, "w2");
    assert_int_equal (past.lost[1].record.lost, 2);
    ink_worker_t again = worker (1);
    ink_past_resume (&past, &again);
    assert_int_equal (again.record.lost, 2);
    assert_int_equal (again.record.deaths, 3);
    assert_int_equal (again.record.refused, 4);
    assert_int_equal (past.size, 1);
    ink_worker_t stranger = worker (3);
    ink_past_resume (&past, &stranger);
    assert_int_equal (stranger.record.lost, 0);
    assert_int_equal (past.size, 1);
}

static void
the_oldest_goes_first_when_there_are_too_many (void **state)
{
    (void) state;
    for (int n = 0; n < INK_PAST_MOST + 3; n++) {
        ink_worker_t one = worker (n);
        ink_past_keep (&past, &one);
    }
    assert_int_equal (past.size, INK_PAST_MOST);
    assert_string_equal (past.lost[0].name, "w3");
    assert_int_equal (past.lost[INK_PAST_MOST - 1].pid, INK_PAST_MOST + 2);
}

static void
who_left_is_forgotten (void **state)
{
    (void) state;
    ink_worker_t one = worker (1);
    ink_past_keep (&past, &one);
    ink_past_forget (&past, "w2");
    assert_int_equal (past.size, 1);
    ink_past_forget (&past, "w1");
    assert_int_equal (past.size, 0);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup (name, begin)
    const struct CMUnitTest tests[] = {
        TEST (a_name_is_remembered_once_with_its_last_record),
        TEST (the_oldest_goes_first_when_there_are_too_many),
        TEST (who_left_is_forgotten),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_restart.c: when a child that died is started again.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "supervisor/restart.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)

static void
a_new_child_is_due_at_once (void **state)
{
    (void) state;
    ink_restart_t child = {0};
    assert_true (ink_restart_is_due (&child, 0));
    assert_true (ink_restart_deadline (&child) <= 0);
}

static void
a_running_child_is_never_due (void **state)
{
    (void) state;
    ink_restart_t child = {0};
    ink_restart_started (&child, 5 * SECOND);
    assert_false (ink_restart_is_due (&child, INT64_MAX));
    assert_true (ink_restart_deadline (&child) == INT64_MAX);
}

static void
one_that_ran_for_a_while_is_started_again_at_once (void **state)
{
    (void) state;
    ink_restart_t child = {0};
    ink_restart_started (&child, 5 * SECOND);
    ink_restart_ended (&child, 8 * SECOND);
    assert_true (ink_restart_is_due (&child, 8 * SECOND));
    assert_int_equal (child.restarts, 1);
}

static void
early_ends_make_pauses_that_double_and_at_last_it_is_given_up (void **state)
{
    (void) state;
    ink_restart_t child = {0};
    int64_t now = 0;
    for (int n = 0; n < 7; n++) {
        ink_restart_started (&child, now);
        ink_restart_ended (&child, now += SECOND);
        int64_t due = now + (100 * MS << n);
        assert_int_equal (ink_restart_deadline (&child), due);
        assert_false (ink_restart_is_due (&child, due - 1));
        assert_true (ink_restart_is_due (&child, due));
        now = due;
    }
    ink_restart_started (&child, now);
    ink_restart_ended (&child, now);
    assert_true (child.given_up);
    assert_false (ink_restart_is_due (&child, INT64_MAX));
    assert_true (ink_restart_deadline (&child) == INT64_MAX);
}

static void
a_good_run_makes_up_for_early_ends (void **state)
{
    (void) state;
    ink_restart_t child = {0};
    int64_t now = 0;
    for (int n = 0; n < 100; n++) {
        ink_restart_started (&child, now);
        now += n % 7 == 6 ? 3 * SECOND : 0;
        ink_restart_ended (&child, now);
        assert_false (child.given_up);
        now = ink_restart_deadline (&child);
    }
    assert_int_equal (child.restarts, 100);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_new_child_is_due_at_once),
        cmocka_unit_test (a_running_child_is_never_due),
        cmocka_unit_test (one_that_ran_for_a_while_is_started_again_at_once),
        cmocka_unit_test (early_ends_make_pauses_that_double_and_at_last_it_is_given_up),
        cmocka_unit_test (a_good_run_makes_up_for_early_ends),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

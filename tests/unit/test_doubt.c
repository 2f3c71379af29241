//  test_doubt.c: whether the store is to blame for crashes of those who use it.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "supervisor/doubt.h"

#define SECOND ((int64_t) 1000000)

static ink_doubt_t doubt;
static int64_t now;

static int
begin (void **state)
{
    (void) state;
    doubt = (ink_doubt_t){0};
    now = 1000 * SECOND;
    return 0;
}

static ink_remedy_t
crash_after (int64_t us)
{
    ink_doubt_crashed (&doubt, now += us);
    return doubt.remedy;
}

static void
one_crash_is_an_accident (void **state)
{
    (void) state;
    assert_int_equal (crash_after (0), INK_REMEDY_NONE);
}

static void
two_crashes_have_the_store_checked (void **state)
{
    (void) state;
    crash_after (0);
    assert_int_equal (crash_after (60 * SECOND), INK_REMEDY_CHECK);
    ink_doubt_mended (&doubt, now);
    assert_int_equal (doubt.remedy, INK_REMEDY_NONE);
}

static void
crashes_far_apart_are_accidents (void **state)
{
    (void) state;
    for (int n = 0; n < 100; n++)
        assert_int_equal (crash_after (60 * SECOND + 1), INK_REMEDY_NONE);
}

static void
who_crashes_on_the_way_out_adds_nothing (void **state)
{
    (void) state;
    crash_after (0);
    for (int n = 0; n < 10; n++)
        assert_int_equal (crash_after (SECOND), INK_REMEDY_CHECK);
}

static void
two_more_crashes_renew_it_and_then_it_was_not_the_store (void **state)
{
    (void) state;
    crash_after (0);
    assert_int_equal (crash_after (SECOND), INK_REMEDY_CHECK);
    ink_doubt_mended (&doubt, now);
    assert_int_equal (crash_after (SECOND), INK_REMEDY_NONE);
    assert_int_equal (crash_after (SECOND), INK_REMEDY_RENEW);
    ink_doubt_mended (&doubt, now);
    for (int n = 0; n < 100; n++)
        assert_int_equal (crash_after (SECOND), INK_REMEDY_NONE);
}

static void
a_minute_of_calm_makes_good (void **state)
{
    (void) state;
    crash_after (0);
    crash_after (SECOND);
    ink_doubt_mended (&doubt, now += 20 * SECOND);
    assert_int_equal (crash_after (60 * SECOND + 1), INK_REMEDY_NONE);
    assert_int_equal (crash_after (SECOND), INK_REMEDY_CHECK);
}

//  The time that a check takes is not calm.
static void
calm_begins_when_they_run_again (void **state)
{
    (void) state;
    crash_after (0);
    crash_after (SECOND);
    ink_doubt_mended (&doubt, now += 50 * SECOND);
    assert_int_equal (crash_after (50 * SECOND), INK_REMEDY_NONE);
    assert_int_equal (crash_after (50 * SECOND), INK_REMEDY_RENEW);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup (name, begin)
    const struct CMUnitTest tests[] = {
        TEST (one_crash_is_an_accident),
        TEST (two_crashes_have_the_store_checked),
        TEST (crashes_far_apart_are_accidents),
        TEST (who_crashes_on_the_way_out_adds_nothing),
        TEST (two_more_crashes_renew_it_and_then_it_was_not_the_store),
        TEST (a_minute_of_calm_makes_good),
        TEST (calm_begins_when_they_run_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_watch.c: whether a child that runs still works.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "supervisor/watch.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)
#define LOOK (500 * MS)

static int64_t now;
static ink_watch_t child;

static int
begin (void **state)
{
    (void) state;
    now = 7 * SECOND;
    ink_watch_started (&child, now);
    return 0;
}

//  Looks as often as it asks to be looked at, for that long; all verdicts but the last must
//  be to let it be.
static ink_verdict_t
look_for (int64_t us, bool beaten)
{
    ink_verdict_t verdict = INK_VERDICT_LET;
    for (int64_t end = now + us; now < end;) {
        assert_int_equal (verdict, INK_VERDICT_LET);
        assert_int_equal (ink_watch_deadline (&child), now + LOOK);
        now = ink_watch_deadline (&child);
        verdict = ink_watch_look (&child, now, beaten);
    }
    return verdict;
}

static void
one_that_beats_is_let_be (void **state)
{
    (void) state;
    assert_int_equal (look_for (3600 * SECOND, true), INK_VERDICT_LET);
    assert_int_equal (child.state, INK_WATCH_WORKING);
}

static void
one_that_falls_silent_is_ended_after_5_s_and_killed_a_second_later (void **state)
{
    (void) state;
    look_for (10 * SECOND, true);
    assert_int_equal (look_for (5 * SECOND - LOOK, false), INK_VERDICT_LET);
    assert_int_equal (look_for (LOOK, false), INK_VERDICT_END);
    assert_int_equal (look_for (SECOND - LOOK, false), INK_VERDICT_LET);
    assert_int_equal (look_for (LOOK, false), INK_VERDICT_KILL);
    assert_int_equal (look_for (3600 * SECOND, false), INK_VERDICT_LET);
}

static void
a_beat_makes_up_for_silence (void **state)
{
    (void) state;
    for (int n = 0; n < 100; n++) {
        look_for (LOOK, true);
        assert_int_equal (look_for (5 * SECOND - LOOK, false), INK_VERDICT_LET);
    }
}

static void
one_that_has_not_begun_has_30_s (void **state)
{
    (void) state;
    assert_int_equal (look_for (30 * SECOND - LOOK, false), INK_VERDICT_LET);
    assert_int_equal (look_for (LOOK, false), INK_VERDICT_END);
}

//  It may have heard the signal already.
static void
one_that_was_asked_to_end_is_killed_though_it_beats (void **state)
{
    (void) state;
    look_for (LOOK, true);
    look_for (5 * SECOND, false);
    assert_int_equal (look_for (SECOND, true), INK_VERDICT_KILL);
}

static void
one_that_others_asked_to_end_is_killed_a_second_later (void **state)
{
    (void) state;
    look_for (LOOK, true);
    ink_watch_asked (&child, now);
    assert_int_equal (look_for (SECOND, true), INK_VERDICT_KILL);
}

//  However long nobody looked, and however often.
static void
a_pause_that_nobody_saw_counts_for_a_second (void **state)
{
    (void) state;
    look_for (LOOK, true);
    now += 3600 * SECOND;
    assert_int_equal (ink_watch_look (&child, now, false), INK_VERDICT_LET);
    assert_int_equal (child.silent, SECOND);
    for (int n = 0; n < 10; n++) {
        now += 3600 * SECOND;
        assert_int_equal (ink_watch_look (&child, now, false), INK_VERDICT_LET);
        assert_int_equal (look_for (LOOK, true), INK_VERDICT_LET);
    }
}

static void
waiting_for_a_disk_is_no_silence (void **state)
{
    (void) state;
    look_for (LOOK, true);
    look_for (4 * SECOND, false);
    for (int n = 0; n < 100; n++)
        ink_watch_excused (&child, now += LOOK);
    assert_int_equal (look_for (LOOK, false), INK_VERDICT_LET);
    assert_int_equal (look_for (LOOK, false), INK_VERDICT_END);
}

//  Looks that come early, because another child has died, count for no more.
static void
many_looks_are_no_longer_silence (void **state)
{
    (void) state;
    look_for (LOOK, true);
    for (int n = 0; n < 4999; n++)
        assert_int_equal (ink_watch_look (&child, now += MS, false), INK_VERDICT_LET);
    assert_int_equal (ink_watch_look (&child, now += MS, false), INK_VERDICT_END);
}

static void
a_new_start_is_a_new_child (void **state)
{
    (void) state;
    look_for (LOOK, true);
    look_for (5 * SECOND, false);
    ink_watch_started (&child, now);
    assert_int_equal (look_for (30 * SECOND - LOOK, false), INK_VERDICT_LET);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup (name, begin)
    const struct CMUnitTest tests[] = {
        TEST (one_that_beats_is_let_be),
        TEST (one_that_falls_silent_is_ended_after_5_s_and_killed_a_second_later),
        TEST (a_beat_makes_up_for_silence),
        TEST (one_that_has_not_begun_has_30_s),
        TEST (one_that_was_asked_to_end_is_killed_though_it_beats),
        TEST (one_that_others_asked_to_end_is_killed_a_second_later),
        TEST (a_pause_that_nobody_saw_counts_for_a_second),
        TEST (waiting_for_a_disk_is_no_silence),
        TEST (many_looks_are_no_longer_silence),
        TEST (a_new_start_is_a_new_child),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_bisect.c: the smallest ranges that cannot be computed.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkling/error.h"
#include "worker/bisect.h"

#define BYTES 4096

//  A part some bytes of which kill
typedef struct {
    ink_part_t part;
    uint8_t poison[BYTES], listed[BYTES], tried[BYTES];
    size_t trials;
} victim_t;

static bool
kills (const victim_t *self, ink_part_t piece)
{
    for (uint64_t n = 0; n < piece.length; n++)
        if (self->poison[piece.offset - self->part.offset + n])
            return true;
    return false;
}

static ink_bisect_t *
search (victim_t *self, uint64_t grain)
{
    ink_bisect_t *bisect = ink_bisect_new (self->part);
    memset (self->tried, 0, sizeof self->tried);
    self->trials = 0;
    for (ink_part_t piece; ink_bisect_next (bisect, &piece); self->trials++) {
        assert_true (piece.length > 0 && piece.offset >= self->part.offset);
        assert_true (piece.offset + piece.length <=
                     self->part.offset + self->part.length);
        if (kills (self, piece)) {
            ink_bisect_failed (bisect, INK_ELOST, grain);
            continue;
        }
        ink_bisect_passed (bisect);
        for (uint64_t n = 0; n < piece.length; n++)
            self->tried[piece.offset - self->part.offset + n]++;
    }
    assert_true (self->trials <= INK_BISECT_TRIALS);
    return bisect;
}

//  What is listed is in order and apart; marks it.
static void
mark_listed (victim_t *self, const ink_bisect_t *bisect)
{
    size_t count;
    const ink_msg_failure_t *failures = ink_bisect_failures (bisect, &count);
    memset (self->listed, 0, sizeof self->listed);
    for (size_t n = 0; n < count; n++) {
        assert_true (failures[n].length > 0);
        assert_true (n == 0 || failures[n - 1].offset + failures[n - 1].length <
                                   failures[n].offset);
        memset (self->listed + (failures[n].offset - self->part.offset), 1,
                failures[n].length);
    }
}

//  Each byte was computed once, or is listed, and none is both.
static void
check_partition (const victim_t *self)
{
    for (uint64_t n = 0; n < self->part.length; n++) {
        assert_int_equal (self->tried[n] + self->listed[n], 1);
        assert_true (self->listed[n] || !self->poison[n]);
    }
}

static void
a_part_that_passes_is_tried_once (void **state)
{
    (void) state;
    victim_t self = {.part = {1000, 3000}};
    ink_bisect_t *bisect = search (&self, 1);
    mark_listed (&self, bisect);
    check_partition (&self);
    assert_int_equal (self.trials, 1);
    ink_bisect_destroy (&bisect);
}

static void
the_one_byte_that_kills_is_found (void **state)
{
    (void) state;
    for (uint64_t at = 0; at < 100; at++) {
        victim_t self = {.part = {7, 100}};
        self.poison[at] = 1;
        ink_bisect_t *bisect = search (&self, 1);
        size_t count;
        const ink_msg_failure_t *failures = ink_bisect_failures (bisect, &count);
        assert_int_equal (count, 1);
        assert_int_equal (failures[0].offset, 7 + at);
        assert_int_equal (failures[0].length, 1);
        assert_int_equal (failures[0].error, INK_ELOST);
        assert_true (self.trials <= 1 + 2 * 7);
        ink_bisect_destroy (&bisect);
    }
}

//  A listed grain holds a byte that kills, as long as there was time to look.
static void
check_grains (const victim_t *self, uint64_t grain)
{
    uint64_t end = self->part.offset + self->part.length;
    for (uint64_t at = self->part.offset; at < end;) {
        uint64_t next = (at / grain + 1) * grain;
        ink_part_t piece = {at, (next < end ? next : end) - at};
        assert_int_equal (self->listed[at - self->part.offset], kills (self, piece));
        at += piece.length;
    }
}

static void
random_poison_is_found_to_the_grain (void **state)
{
    (void) state;
    unsigned seed = 20261122;
    srand (seed);
    for (int round = 0; round < 2000; round++) {
        victim_t self = {
            .part = {(uint64_t) rand () % 5000, 1 + (uint64_t) rand () % BYTES}};
        uint64_t grain = UINT64_C (1) << rand () % 13;
        for (int poison = rand () % 12; poison > 0; poison--)
            self.poison[(uint64_t) rand () % self.part.length] = 1;
        ink_bisect_t *bisect = search (&self, grain);
        mark_listed (&self, bisect);
        check_partition (&self);
        check_grains (&self, grain);
        ink_bisect_destroy (&bisect);
    }
}

static void
a_part_that_always_kills_ends_too (void **state)
{
    (void) state;
    victim_t self = {.part = {0, BYTES}};
    memset (self.poison, 1, sizeof self.poison);
    ink_bisect_t *bisect = search (&self, 1);
    mark_listed (&self, bisect);
    check_partition (&self);
    size_t count;
    const ink_msg_failure_t *failures = ink_bisect_failures (bisect, &count);
    assert_int_equal (count, 1); //  Neighbours are one range
    assert_int_equal (failures[0].length, BYTES);
    ink_bisect_destroy (&bisect);
}

//  Every other byte kills: as much as can be tried, and the rest in larger pieces.
static void
what_cannot_be_told_apart_in_time_has_failed (void **state)
{
    (void) state;
    victim_t self = {.part = {0, BYTES}};
    for (size_t n = 0; n < BYTES; n += 2)
        self.poison[n] = 1;
    ink_bisect_t *bisect = search (&self, 1);
    mark_listed (&self, bisect);
    check_partition (&self);
    assert_int_equal (self.trials, INK_BISECT_TRIALS);
    ink_bisect_destroy (&bisect);
}

static void
neighbours_with_other_errors_stay_apart (void **state)
{
    (void) state;
    ink_bisect_t *bisect = ink_bisect_new ((ink_part_t){0, 2});
    ink_bisect_failed (bisect, INK_ELOST, 1);
    ink_bisect_failed (bisect, INK_ELOST, 1);
    ink_bisect_failed (bisect, INK_EIO, 1);
    size_t count;
    const ink_msg_failure_t *failures = ink_bisect_failures (bisect, &count);
    assert_int_equal (count, 2);
    assert_int_equal (failures[0].error, INK_ELOST);
    assert_int_equal (failures[1].error, INK_EIO);
    ink_bisect_destroy (&bisect);
}

static void
stopped_early_it_lists_what_is_known_to_fail (void **state)
{
    (void) state;
    ink_bisect_t *bisect = ink_bisect_new ((ink_part_t){0, 1024});
    ink_bisect_failed (bisect, INK_EIO, 1);
    ink_bisect_passed (bisect); //  The first half
    ink_bisect_stop (bisect);
    ink_part_t piece;
    assert_false (ink_bisect_next (bisect, &piece));
    size_t count;
    const ink_msg_failure_t *failures = ink_bisect_failures (bisect, &count);
    assert_int_equal (count, 1);
    assert_int_equal (failures[0].offset, 512);
    assert_int_equal (failures[0].length, 512);
    assert_int_equal (failures[0].error, INK_EIO);
    ink_bisect_destroy (&bisect);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_part_that_passes_is_tried_once),
        cmocka_unit_test (the_one_byte_that_kills_is_found),
        cmocka_unit_test (random_poison_is_found_to_the_grain),
        cmocka_unit_test (a_part_that_always_kills_ends_too),
        cmocka_unit_test (what_cannot_be_told_apart_in_time_has_failed),
        cmocka_unit_test (neighbours_with_other_errors_stay_apart),
        cmocka_unit_test (stopped_early_it_lists_what_is_known_to_fail),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

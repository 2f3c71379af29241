//  test_text.c: sizes, ranges and near misses.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"

static void
sizes_count_in_steps_of_1024 (void **state)
{
    (void) state;
    static const struct {
        const char *text;
        uint64_t size;
    } good[] = {{"0", 0},
                {"4096", 4096},
                {"4K", 4096},
                {"64M", UINT64_C (67108864)},
                {"2G", UINT64_C (2147483648)},
                {"3T", UINT64_C (3298534883328)},
                {"18446744073709551615", UINT64_MAX},
                {"16777215T", UINT64_C (16777215) << 40}};
    for (size_t n = 0; n < sizeof good / sizeof *good; n++) {
        uint64_t size = 1;
        assert_true (ink_text_size (good[n].text, &size));
        assert_int_equal (size, good[n].size);
    }
}

static void
what_is_no_size_is_refused_and_stores_nothing (void **state)
{
    (void) state;
    static const char *const bad[] = {"",
                                      "K",
                                      "-1",
                                      "+1",
                                      " 1",
                                      "1 ",
                                      "1k",
                                      "1KK",
                                      "1KiB",
                                      "0x10",
                                      "1.5G",
                                      "16777216T",
                                      "1e3",
                                      "18446744073709551616",
                                      "99999999999999999999"};
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        uint64_t size = 77;
        assert_false (ink_text_size (bad[n], &size));
        assert_int_equal (size, 77);
    }
}

static void
numbers_may_have_a_sign (void **state)
{
    (void) state;
    int64_t number = 0;
    assert_true (ink_text_number ("-4K", &number));
    assert_int_equal (number, -4096);
    assert_true (ink_text_number ("9223372036854775807", &number));
    assert_int_equal (number, INT64_MAX);
    assert_false (ink_text_number ("9223372036854775808", &number));
    assert_false (ink_text_number ("--1", &number));
    assert_false (ink_text_number ("-", &number));
}

static void
a_range_without_length_goes_to_the_end (void **state)
{
    (void) state;
    uint64_t offset, length;
    assert_true (ink_text_range ("1G:64M", &offset, &length));
    assert_int_equal (offset, 1 << 30);
    assert_int_equal (length, 64 << 20);
    assert_true (ink_text_range ("4K:", &offset, &length));
    assert_int_equal (offset, 4096);
    assert_true (length == UINT64_MAX);
    assert_true (ink_text_range ("7", &offset, &length));
    assert_int_equal (offset, 7);
    assert_true (length == UINT64_MAX);
}

static void
a_broken_range_is_refused_and_stores_nothing (void **state)
{
    (void) state;
    static const char *const bad[] = {"",    ":",   ":5",   "1:2:3",
                                      "a:5", "5:a", "-1:5", "1: 5"};
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        uint64_t offset = 7, length = 8;
        assert_false (ink_text_range (bad[n], &offset, &length));
        assert_int_equal (offset, 7);
        assert_int_equal (length, 8);
    }
}

//  The definition, in plain recursion.
static size_t
slow_distance (const char *a, size_t i, const char *b, size_t j)
{
    if (i == 0 || j == 0)
        return i + j;
    size_t best = slow_distance (a, i - 1, b, j - 1) + (a[i - 1] != b[j - 1]);
    size_t other = slow_distance (a, i - 1, b, j) + 1;
    best = other < best ? other : best;
    other = slow_distance (a, i, b, j - 1) + 1;
    best = other < best ? other : best;
    if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        other = slow_distance (a, i - 2, b, j - 2) + 1;
        best = other < best ? other : best;
    }
    return best;
}

static void
random_word (char *word)
{
    size_t size = (size_t) rand () % 7;
    for (size_t n = 0; n < size; n++)
        word[n] = (char) ('a' + rand () % 3);
    word[size] = '\0';
}

static void
the_distance_is_that_of_its_definition (void **state)
{
    (void) state;
    srand (4711);
    for (int round = 0; round < 500; round++) {
        char a[8], b[8];
        random_word (a);
        random_word (b);
        size_t expected = slow_distance (a, strlen (a), b, strlen (b));
        if (ink_text_distance (a, b) != expected)
            fail_msg ("seed 4711: '%s' and '%s'", a, b);
    }
}

static void
long_words_are_compared_by_their_first_64_letters (void **state)
{
    (void) state;
    char a[200], b[200];
    memset (a, 'x', 199);
    memset (b, 'x', 199);
    a[199] = b[199] = '\0';
    b[150] = 'y';
    assert_int_equal (ink_text_distance (a, b), 0);
    b[10] = 'y';
    assert_int_equal (ink_text_distance (a, b), 1);
}

static const char *
nearest (const char *word)
{
    ink_nearest_t self = ink_nearest_to (word);
    ink_nearest_offer (&self, "histogram");
    ink_nearest_offer (&self, "digraph");
    ink_nearest_offer (&self, "entropy");
    ink_nearest_offer (&self, "count");
    return self.best;
}

static void
a_slip_or_a_beginning_finds_the_name_that_was_meant (void **state)
{
    (void) state;
    assert_string_equal (nearest ("histogrma"), "histogram");
    assert_string_equal (nearest ("hist"), "histogram");
    assert_string_equal (nearest ("entrpy"), "entropy");
    assert_string_equal (nearest ("cuont"), "count");
    assert_string_equal (nearest ("diagraph"), "digraph");
    assert_null (nearest ("zebra"));
    assert_null (nearest (""));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (sizes_count_in_steps_of_1024),
        cmocka_unit_test (what_is_no_size_is_refused_and_stores_nothing),
        cmocka_unit_test (numbers_may_have_a_sign),
        cmocka_unit_test (a_range_without_length_goes_to_the_end),
        cmocka_unit_test (a_broken_range_is_refused_and_stores_nothing),
        cmocka_unit_test (the_distance_is_that_of_its_definition),
        cmocka_unit_test (long_words_are_compared_by_their_first_64_letters),
        cmocka_unit_test (a_slip_or_a_beginning_finds_the_name_that_was_meant),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_search.c: search, cut in every way, against the plainest way for bytes, and for patterns
//  against itself, uncut. What patterns match is compared with another engine in the tests of
//  the system.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chance.h"
#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "value/gather.h"

#define SEED 60221
#define SIZE 40000

static uint8_t source[SIZE];

static ink_args_t
args_of (const char *name, const char *typed, int64_t most)
{
    ink_args_t args;
    ink_why_t why;
    ink_args_init (&args, &ink_kernel_search);
    assert_int_equal (ink_args_set (&args, &ink_kernel_search, name, 0, typed, &why), 0);
    assert_int_equal (ink_args_set (&args, &ink_kernel_search, "most", most, NULL, &why),
                      0);
    assert_int_equal (ink_args_check (&args, &ink_kernel_search, &why), 0);
    return args;
}

//  Maps the slice from memory of its own, so that the sanitizer sees a byte too many.
static void
map_slice (ink_gather_t *gather, const ink_args_t *args, ink_part_t range,
           ink_part_t piece)
{
    ink_plan_t plan = {.offset = range.offset, .length = range.length};
    ink_reach_t seen =
        ink_plan_sight (&plan, piece, ink_value_reach (&ink_kernel_search, args));
    size_t size = seen.lookback + piece.length + seen.lookahead;
    uint8_t *bytes = malloc (size);
    assert_non_null (bytes);
    memcpy (bytes, source + piece.offset - seen.lookback, size);
    ink_slice_t slice = {.bytes = bytes + seen.lookback,
                         .length = piece.length,
                         .lookback = seen.lookback,
                         .lookahead = seen.lookahead,
                         .offset = piece.offset,
                         .args = args};
    assert_int_equal (ink_gather_map (gather, &ink_kernel_search, &slice), INK_OK);
    free (bytes);
}

static void
add_part (ink_answer_t *answer, const ink_args_t *args, ink_part_t range, ink_part_t part,
          uint64_t slice)
{
    ink_geometry_t geometry = {0};
    ink_kernel_search.geometry (args, &geometry);
    ink_gather_t *gather = ink_gather_new ();
    ink_gather_begin (gather, &geometry, part);
    for (uint64_t at = 0; at < part.length; at += slice) {
        uint64_t left = part.length - at;
        map_slice (gather, args, range,
                   (ink_part_t){part.offset + at, slice < left ? slice : left});
    }
    size_t size = ink_gather_size (gather);
    uint8_t *value = malloc (size);
    ink_gather_pack (gather, value);
    assert_int_equal (ink_answer_add (answer, value, size, part), INK_OK);
    free (value);
    ink_gather_destroy (&gather);
}

typedef struct {
    uint64_t *words;
    size_t size;
} list_t;

//  The answer, with parts of up to `most` bytes that are added in any order.
static list_t
search (const ink_args_t *args, ink_part_t range, uint64_t most, uint64_t *seed)
{
    static ink_part_t parts[SIZE];
    size_t count = 0;
    for (uint64_t at = 0; at < range.length; count++) {
        uint64_t length = 1 + chance_below (seed, most), left = range.length - at;
        size_t place = chance_below (seed, count + 1);
        parts[count] = parts[place];
        parts[place] = (ink_part_t){range.offset + at, length < left ? length : left};
        at += parts[place].length;
    }
    ink_answer_t *answer = ink_answer_new (&ink_kernel_search, args, range);
    for (size_t n = 0; n < count; n++)
        add_part (answer, args, range, parts[n], 1 + chance_below (seed, most));
    list_t list = {.size = ink_answer_size (answer)};
    list.words = malloc (list.size);
    ink_answer_write (answer, list.words);
    ink_answer_destroy (&answer);
    return list;
}

static ink_part_t
any_range (uint64_t *seed)
{
    uint64_t offset = chance_below (seed, SIZE);
    return (ink_part_t){offset, 1 + chance_below (seed, SIZE - offset)};
}

//  Runs of few letters, so that much matches, and matches overlap.
static void
fill (uint64_t *seed, const char *letters)
{
    size_t kinds = strlen (letters);
    for (size_t at = 0; at < SIZE;) {
        size_t end = at + 1 + chance_below (seed, 300);
        uint64_t of = 1 + chance_below (seed, kinds), from = chance_below (seed, kinds);
        for (; at < end && at < SIZE; at++)
            source[at] = (uint8_t) letters[(from + chance_below (seed, of)) % kinds];
    }
}

//  Every place is tried; what overlaps is one.
static void
check_bytes (const list_t *is, const uint8_t *needle, size_t size, ink_part_t range)
{
    uint64_t count = 0, end = 0;
    for (uint64_t at = range.offset; at + size <= range.offset + range.length; at++) {
        if (memcmp (source + at, needle, size) != 0)
            continue;
        if (!count || at >= end) {
            if (count)
                assert_int_equal (is->words[2 * count] + is->words[2 * count + 1], end);
            count++;
            assert_int_equal (is->words[2 * count], at);
        }
        end = at + size;
    }
    if (count)
        assert_int_equal (is->words[2 * count] + is->words[2 * count + 1], end);
    assert_int_equal (is->words[0], count);
    assert_int_equal (is->size, 16 + 16 * count);
}

static void
bytes_are_found_however_cut (void **state)
{
    (void) state;
    uint64_t seed = SEED, found = 0;
    for (int round = 0; round < 300; round++) {
        fill (&seed, "ab");
        size_t size = 1 + chance_below (&seed, chance_below (&seed, 2) ? 4 : 100);
        size_t from = chance_below (&seed, SIZE - size);
        char typed[2 * 100 + 1];
        for (size_t n = 0; n < size; n++)
            snprintf (typed + 2 * n, 3, "%02x", source[from + n]);
        ink_args_t args = args_of ("bytes", typed, 256);
        ink_part_t range = any_range (&seed);
        list_t is = search (&args, range, 1 + chance_below (&seed, 9000), &seed);
        check_bytes (&is, source + from, size, range);
        found += is.words[0];
        free (is.words);
    }
    assert_true (found > 10000);
}

static void
patterns_match_the_same_however_cut (void **state)
{
    (void) state;
    static const char *const patterns[] = {
        "a+",    "(?<=b)a", "(?<!ab)a{2,5}", "\\bab*\\b",     "a.*?b",
        "^a",    "a$",      "(?=aa)a",       "(a|ab)(c|bcd)", "[^b]b",
        "\\Aab", "b\\z",    "(?m)^[ab]",     "(?i)AB+",       "\\Bab",
        "x?",    ".{7}",    "(?<=a.{200})b", "a\\Kb",         "(?<=(b))\\1",
    };
    uint64_t seed = SEED, found = 0;
    for (size_t n = 0; n < 10 * sizeof patterns / sizeof *patterns; n++) {
        fill (&seed, n % 2 ? "ab \n" : "abcd");
        int64_t most = 1 + (int64_t) chance_below (&seed, 300);
        ink_args_t args = args_of ("pattern", patterns[n / 10], most);
        ink_part_t range = any_range (&seed);
        list_t is = search (&args, range, 1 + chance_below (&seed, 3000), &seed);
        list_t whole = {.words = NULL};
        ink_answer_t *answer = ink_answer_new (&ink_kernel_search, &args, range);
        add_part (answer, &args, range, range, SIZE);
        whole.size = ink_answer_size (answer);
        whole.words = malloc (whole.size);
        ink_answer_write (answer, whole.words);
        assert_int_equal (is.size, whole.size);
        assert_memory_equal (is.words, whole.words, is.size);
        found += is.words[0];
        ink_answer_destroy (&answer);
        free (whole.words);
        free (is.words);
    }
    assert_true (found > 10000);
}

static void
a_pattern_may_begin_with_what_it_says (void **state)
{
    (void) state;
    static const struct {
        const char *pattern;
        uint64_t count, first, length;
    } asked[] = {{"(?i)AB", 3, 2, 2},  {"(?i)[b-c]B", 1, 9, 2}, {"AB", 1, 5, 2},
                 {"(?i)a|x", 7, 0, 1}, {"(?<=b)x", 1, 4, 1},    {"^x", 1, 0, 1},
                 {"\\w{3}", 1, 0, 11}, {"b?b", 2, 3, 1},        {"(?i)é", 0, 0, 0}};
    memcpy (source, "xxabxABxaBb", 11);
    for (size_t n = 0; n < sizeof asked / sizeof *asked; n++) {
        uint64_t seed = SEED;
        ink_args_t args = args_of ("pattern", asked[n].pattern, 256);
        list_t is = search (&args, (ink_part_t){0, 11}, 4, &seed);
        assert_int_equal (is.words[0], asked[n].count);
        if (asked[n].count) {
            assert_int_equal (is.words[2], asked[n].first);
            assert_int_equal (is.words[3], asked[n].length);
        }
        free (is.words);
    }
}

static void
what_cannot_be_searched_for_is_told (void **state)
{
    (void) state;
    static const struct {
        const char *name, *typed, *why;
    } wrong[] = {
        {"most", NULL, "it wants bytes, as in"},
        {"pattern", "(a", "character 2"},
        {"pattern", "a**+?{", NULL},
        {"pattern", "(*UTF)a", "UTF"},
        {"pattern", "(?<=a.{255})b", "255"},
    };
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        ink_args_t args;
        ink_why_t why = {""};
        ink_args_init (&args, &ink_kernel_search);
        (void) ink_args_set (&args, &ink_kernel_search, wrong[n].name, 9, wrong[n].typed,
                             &why);
        assert_int_equal (ink_args_check (&args, &ink_kernel_search, &why), INK_EPARAM);
        if (wrong[n].why)
            assert_non_null (strstr (why.text, wrong[n].why));
    }
}

//  Each place takes more steps than it may; the first ends the slice.
static void
a_pattern_that_takes_too_long_is_given_up (void **state)
{
    (void) state;
    memset (source, 'a', SIZE);
    ink_args_t args = args_of ("pattern", "(a+)+[bc]", 256);
    ink_geometry_t geometry = {0};
    ink_kernel_search.geometry (&args, &geometry);
    ink_gather_t *gather = ink_gather_new ();
    ink_gather_begin (gather, &geometry, (ink_part_t){0, 4096});
    ink_slice_t slice = {
        .bytes = source, .length = 4096, .lookahead = 255, .args = &args};
    assert_int_equal (ink_gather_map (gather, &ink_kernel_search, &slice), INK_EGAVEUP);
    ink_gather_destroy (&gather);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (bytes_are_found_however_cut),
        cmocka_unit_test (patterns_match_the_same_however_cut),
        cmocka_unit_test (a_pattern_may_begin_with_what_it_says),
        cmocka_unit_test (what_cannot_be_searched_for_is_told),
        cmocka_unit_test (a_pattern_that_takes_too_long_is_given_up),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

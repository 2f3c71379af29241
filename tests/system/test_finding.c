//  test_finding.c: what strings and search find is what other programs find, whatever the chunk,
//  the workers and the cache.

#include "asking.h"

#include <stdio.h>
#include <unistd.h>

#define SIZE 400000

//  Words and binary in turn, and one string that is longer than chunks.
static void
make_source (world_t *world)
{
    uint8_t *text = make_file (world, "text", TEXT, 7, SIZE);
    uint8_t *noise = make_file (world, "noise", NOISE, 8, SIZE);
    for (size_t at = 0; at < SIZE; at++) {
        if (at / 1000 % 3 == 1)
            text[at] = noise[at];
        if (at > 100000 && at < 200000)
            text[at] = (uint8_t) ('a' + at % 26);
    }
    memset (text + 300000, 0, 20000);
    write_file (world, "source", text, SIZE);
}

//  Both lines must print the same, and something.
static void
check_same (world_t *world, const char *line, const char *other)
{
    ran_t is = run (world, 6 * SOON_MS, line), right = run (world, 6 * SOON_MS, other);
    if (is.status || right.status || !right.out_size || is.out_size != right.out_size ||
        memcmp (is.out, right.out, is.out_size) != 0)
        fail_msg ("%s\nis not %s\n%s%s", line, other, is.err, right.err);
}

//  Computed with chunks of several sizes, then found in the cache.
static void
check_finding (world_t *world, const char *kernel, const char *other)
{
    static const char *const ways[] = {"--chunk 4K --workers 3", "--chunk 64K",
                                       "--no-cache", "--chunk 4K"};
    for (size_t n = 0; n < sizeof ways / sizeof *ways; n++)
        check_same (world,
                    world_text (world, "inkling run --progress none %s %s source",
                                ways[n], kernel),
                    other);
}

static void
strings_are_those_of_binutils (void **state)
{
    world_t *world = *state;
    make_source (world);
    check_finding (world, "strings", "strings -n 4 -t d source | cut -b -4104");
    check_finding (world, "strings --param min=9",
                   "strings -n 9 -t d source | cut -b -4104");
    check_finding (world, "strings --param min=1 --range 0:50000",
                   "head -c 50000 source | strings -n 1 -t d");
}

static void
a_pattern_finds_what_another_engine_does (void **state)
{
    world_t *world = *state;
    make_source (world);
    static const struct {
        const char *pattern;
        int most, offset, length;
    } asked[] = {
        {"[a-z]+", 256, 0, 300000},       {"\\b[a-z]{3,5}\\b", 40, 777, SIZE - 777},
        {"(?<=e)[a-s]{2}", 9, 1, 200000}, {"(?i)THE|and", 3, 0, SIZE},
        {"\\x00{100,}", 300, 0, SIZE},    {"^.", 5, 99000, 50},
    };
    for (size_t n = 0; n < sizeof asked / sizeof *asked; n++)
        check_finding (
            world,
            world_text (
                world, "search --param 'pattern=%s' --param most=%d --range %d:%d",
                asked[n].pattern, asked[n].most, asked[n].offset, asked[n].length),
            world_text (
                world, "python3 \"$ROOT/tests/system/stretches.py\" source %d %d %d '%s'",
                asked[n].offset, asked[n].length, asked[n].most, asked[n].pattern));
}

//  Where matches do not overlap, it is what grep finds.
static void
matches_are_those_of_grep (void **state)
{
    world_t *world = *state;
    make_source (world);
    check_finding (world, "search --param bytes=7468",
                   "LC_ALL=C grep -obUaP th source | sed 's/:.*/ 2/' | "
                   "awk '{printf \"%7d %d\\n\", $1, $2}'");
    check_finding (world, "search --param 'pattern=[A-Z][a-z]' --param most=2",
                   "LC_ALL=C grep -obUaP '[A-Z][a-z]' source | sed 's/:.*/ 2/' | "
                   "awk '{printf \"%7d %d\\n\", $1, $2}'");
}

static void
what_is_not_listed_is_counted (void **state)
{
    world_t *world = *state;
    make_source (world);
    check_same (
        world,
        "inkling run --format json --progress none strings --param limit=10 source | "
        "python3 -c 'import json,sys; d=json.load(sys.stdin); "
        "print(d[\"count\"], d[\"listed\"], len(d[\"records\"]))'",
        "echo $(strings -n 4 source | wc -l) 10 10");
    check_same (
        world, "inkling run --progress none strings --param limit=3 source | tail -n 1",
        "echo and $(($(strings -n 4 source | wc -l) - 3)) more: ask for a part of the "
        "range, or more of them");
}

static void
a_pattern_that_takes_too_long_fails_with_one_clear_error (void **state)
{
    world_t *world = *state;
    uint8_t *same = make_file (world, "same", TEXT, 1, SIZE);
    memset (same, 'a', SIZE);
    write_file (world, "same", same, SIZE);
    ran_t ran =
        run (world, 6 * SOON_MS, "inkling run search --param 'pattern=(a+)+[bc]' same");
    assert_int_equal (ran.status, 1);
    assert_non_null (strstr (ran.err, "gave_up"));
    assert_non_null (strstr (ran.err, "simpler"));
    assert_null (strstr (ran.err, "worker_lost"));
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, world_begin, world_end)

int
main (void)
{
    char *root = getcwd (NULL, 0); //  Of the repository, where tests are run
    setenv ("ROOT", root, 1);
    free (root);
    const struct CMUnitTest tests[] = {
        TEST (strings_are_those_of_binutils),
        TEST (a_pattern_finds_what_another_engine_does),
        TEST (matches_are_those_of_grep),
        TEST (what_is_not_listed_is_counted),
        TEST (a_pattern_that_takes_too_long_fails_with_one_clear_error),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

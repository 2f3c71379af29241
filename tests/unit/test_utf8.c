//  test_utf8.c: texts against the grammar of RFC 3629.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "protocol/utf8.h"

static bool
tail (uint8_t byte)
{
    return byte >= 0x80 && byte <= 0xBF;
}

//  The size of the character at `b`, as the grammar in section 4 lists the ranges; 0 when
//  there is none. Bytes behind the end are to be 0.
static size_t
by_grammar (const uint8_t *b)
{
    if (b[0] <= 0x7F)
        return 1;
    if (b[0] >= 0xC2 && b[0] <= 0xDF && tail (b[1]))
        return 2;
    if ((b[0] == 0xE0 && b[1] >= 0xA0 && b[1] <= 0xBF && tail (b[2])) ||
        (b[0] >= 0xE1 && b[0] <= 0xEC && tail (b[1]) && tail (b[2])) ||
        (b[0] == 0xED && b[1] >= 0x80 && b[1] <= 0x9F && tail (b[2])) ||
        (b[0] >= 0xEE && b[0] <= 0xEF && tail (b[1]) && tail (b[2])))
        return 3;
    if ((b[0] == 0xF0 && b[1] >= 0x90 && b[1] <= 0xBF && tail (b[2]) && tail (b[3])) ||
        (b[0] >= 0xF1 && b[0] <= 0xF3 && tail (b[1]) && tail (b[2]) && tail (b[3])) ||
        (b[0] == 0xF4 && b[1] >= 0x80 && b[1] <= 0x8F && tail (b[2]) && tail (b[3])))
        return 4;
    return 0;
}

static bool
control (const uint8_t *b)
{
    return b[0] < 0x20 || b[0] == 0x7F || (b[0] == 0xC2 && b[1] < 0xA0);
}

static bool
expected (const uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t step = by_grammar (bytes + at);
        if (step == 0 || at + step > size || control (bytes + at))
            return false;
        at += step;
    }
    return true;
}

static void
check (const uint8_t *bytes, size_t size)
{
    if (ink_utf8_valid (bytes, size) != expected (bytes, size))
        fail_msg ("%02x %02x %02x %02x, size %zu", bytes[0], bytes[1], bytes[2], bytes[3],
                  size);
}

static void
all_of_one_and_two_bytes_are_as_the_grammar_says (void **state)
{
    (void) state;
    for (unsigned i = 0; i < 0x10000; i++) {
        uint8_t bytes[8] = {(uint8_t) (i >> 8), (uint8_t) i};
        check (bytes, 2);
        bytes[1] = 0;
        check (bytes, 1);
    }
}

static void
longer_ones_at_every_border_are_as_the_grammar_says (void **state)
{
    (void) state;
    static const uint8_t borders[] = {0x00, 0x1F, 0x41, 0x7F, 0x80, 0x8F, 0x90,
                                      0x9F, 0xA0, 0xBF, 0xC0, 0xC2, 0xE1, 0xFF};
    size_t n = sizeof borders;
    for (unsigned lead = 0; lead < 256; lead++)
        for (size_t i = 0; i < n * n * n; i++) {
            uint8_t bytes[8] = {(uint8_t) lead, borders[i / n / n], borders[i / n % n],
                                borders[i % n]};
            check (bytes, 4);
            bytes[3] = 0;
            check (bytes, 3);
        }
}

static void
a_long_text_is_looked_at_up_to_its_end (void **state)
{
    (void) state;
    uint8_t text[105] = {0};
    for (size_t at = 0; at < 100; at++) {
        for (size_t i = 0; i < 100; i++)
            text[i] = 'a';
        assert_true (ink_utf8_valid (text, 100));
        text[at] = 0xFF;
        assert_false (ink_utf8_valid (text, 100));
        assert_true (ink_utf8_valid (text, at));
    }
    assert_true (ink_utf8_valid (NULL, 0));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (all_of_one_and_two_bytes_are_as_the_grammar_says),
        cmocka_unit_test (longer_ones_at_every_border_are_as_the_grammar_says),
        cmocka_unit_test (a_long_text_is_looked_at_up_to_its_end),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_args.c: parameters of every kind, and what is not one.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkling/error.h"
#include "kernels/args.h"

enum { SIZE, WAY, TEXT, BYTES, REST };

static const char *const ways[] = {"up", "down", NULL};

static const ink_param_t params[] = {
    {.name = "size", .summary = "", .fallback = 8, .least = -4, .most = 64},
    {.name = "way", .summary = "", .fallback = 1, .kind = INK_PARAM_WORD, .words = ways},
    {.name = "text", .summary = "", .kind = INK_PARAM_TEXT},
    {.name = "bytes", .summary = "", .kind = INK_PARAM_BYTES, .text = "00fF"},
    {.name = "rest", .summary = "", .kind = INK_PARAM_TEXT, .text = "so"},
    {.name = NULL},
};

static int
check (const ink_args_t *args, char *why, size_t why_size)
{
    if (args->numbers[SIZE] != 13)
        return 0;
    snprintf (why, why_size, "13 is unlucky,\nand so is \xc3\xa4%0500d", 7);
    return 1;
}

static const ink_kernel_t kernel = {.name = "k", .params = params, .check = check};

static int
make (void **state)
{
    *state = malloc (sizeof (ink_args_t));
    assert_non_null (*state);
    memset (*state, 0xEE, sizeof (ink_args_t));
    ink_args_init (*state, &kernel);
    return 0;
}

static int
discard (void **state)
{
    free (*state);
    return 0;
}

static void
is (const ink_args_t *self, size_t n, const char *bytes, size_t size)
{
    assert_int_equal (self->numbers[n], size);
    assert_memory_equal (ink_args_text (self, n), bytes, size);
}

static void
takes (ink_args_t *self, const char *name, const char *typed)
{
    ink_why_t why;
    if (ink_args_set (self, &kernel, name, 0, typed, &why))
        fail_msg ("%s", why.text);
}

static void
refuses (ink_args_t *self, const char *name, int64_t number, const char *text,
         const char *reason)
{
    ink_why_t why = {""};
    ink_args_t before = *self;
    assert_int_equal (ink_args_set (self, &kernel, name, number, text, &why), INK_EPARAM);
    if (!strstr (why.text, reason))
        fail_msg ("%s has no %s", why.text, reason);
    assert_memory_equal (self, &before, sizeof before);
}

static void
what_is_not_said_is_the_fallback (void **state)
{
    ink_args_t *self = *state;
    assert_int_equal (self->numbers[SIZE], 8);
    assert_int_equal (self->numbers[WAY], 1);
    is (self, TEXT, "", 0);
    is (self, BYTES, "\0\xff", 2);
    is (self, REST, "so", 2);
}

static void
each_kind_is_read_as_it_is_typed (void **state)
{
    ink_args_t *self = *state;
    takes (self, "size", "-4");
    assert_int_equal (self->numbers[SIZE], -4);
    takes (self, "way", "up");
    assert_int_equal (self->numbers[WAY], 0);
    takes (self, "text", "\\bELF\\x00=\xc3\xa4 ");
    is (self, TEXT, "\\bELF\\x00=\xc3\xa4 ", 13);
    takes (self, "bytes", "7f454C4600");
    is (self, BYTES, "\x7f\x45\x4c\x46\0", 5);
    is (self, REST, "so", 2);
}

//  Against texts that are kept one by one.
static void
texts_do_not_get_into_each_others_way (void **state)
{
    ink_args_t *self = *state;
    static const char *const names[] = {"text", "bytes", "rest"};
    char kept[3][80] = {"", {'\0', '\xff'}, "so"}, typed[160];
    size_t sizes[3] = {0, 2, 2};
    srand (1);
    for (int round = 0; round < 2000; round++) {
        size_t which = (size_t) rand () % 3, size = 1 + (size_t) rand () % 79;
        memset (kept[which], 'A' + rand () % 26, size);
        kept[which][rand () % (int) size] = '.';
        sizes[which] = size;
        for (size_t at = 0; at < size; at++)
            snprintf (typed + at * (which == 1 ? 2 : 1), 3, which == 1 ? "%02x" : "%c",
                      kept[which][at]);
        takes (self, names[which], typed);
        for (size_t n = 0; n < 3; n++)
            is (self, TEXT + n, kept[n], sizes[n]);
    }
}

static void
all_texts_together_have_256_bytes (void **state)
{
    ink_args_t *self = *state;
    char text[300];
    memset (text, 'x', sizeof text);
    text[253] = '\0';
    refuses (self, "text", 0, text, "text of k may have 252 bytes at most");
    text[252] = '\0';
    takes (self, "text", text);
    refuses (self, "rest", 0, "abc", "2 bytes at most");
    refuses (self, "bytes", 0, "000000", "2 bytes at most");
    takes (self, "bytes", "01");
    takes (self, "rest", "abc");
    is (self, REST, "abc", 3);
    is (self, TEXT, text, 252);
}

static void
what_is_not_of_its_kind_is_refused_and_changes_nothing (void **state)
{
    ink_args_t *self = *state;
    refuses (self, "size", 65, NULL, "size of k is -4 to 64");
    refuses (self, "size", -5, "", "-4 to 64");
    refuses (self, "size", 5, "4x", "is a number");
    refuses (self, "size", 5, "65", "-4 to 64");
    refuses (self, "way", 0, NULL, "way of k is one of up, down");
    refuses (self, "way", 0, "Up", "one of up, down");
    refuses (self, "text", 5, NULL, "is a text and not empty");
    refuses (self, "text", 0, "", "not empty");
    refuses (self, "bytes", 7, NULL, "not empty");
    refuses (self, "bytes", 0, "7f4", "hexadecimal");
    refuses (self, "bytes", 0, "7g", "hexadecimal");
    refuses (self, "bytes", 0, "0x7f", "hexadecimal");
    ink_why_t why;
    assert_int_equal (ink_args_set (self, &kernel, "sizes", 4, NULL, &why),
                      INK_ENOTFOUND);
}

static void
the_kernel_has_the_last_word_and_says_it_in_ascii (void **state)
{
    ink_args_t *self = *state;
    ink_why_t why;
    takes (self, "size", "12");
    assert_int_equal (ink_args_check (self, &kernel, &why), INK_OK);
    takes (self, "size", "13");
    assert_int_equal (ink_args_check (self, &kernel, &why), INK_EPARAM);
    assert_int_equal (strlen (why.text), sizeof why.text - 1);
    assert_memory_equal (why.text, "13 is unlucky,?and so is ??000", 30);
}

static void
what_is_typed_again_is_the_same (void **state)
{
    ink_args_t *self = *state, again;
    takes (self, "text", "a text");
    takes (self, "bytes", "00ff7F");
    takes (self, "way", "up");
    ink_args_init (&again, &kernel);
    for (size_t n = 0; params[n].name; n++) {
        char typed[INK_ARGS_TYPED];
        ink_why_t why;
        ink_args_type (self, &kernel, n, typed);
        assert_int_equal (n == SIZE, *typed == '\0');
        assert_int_equal (
            ink_args_set (&again, &kernel, params[n].name, self->numbers[n], typed, &why),
            INK_OK);
    }
    for (size_t n = 0; params[n].name; n++)
        assert_int_equal (again.numbers[n], self->numbers[n]);
    is (&again, TEXT, "a text", 6);
    is (&again, BYTES, "\0\xff\x7f", 3);
    is (&again, REST, "so", 2);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, make, discard)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (what_is_not_said_is_the_fallback),
        TEST (each_kind_is_read_as_it_is_typed),
        TEST (texts_do_not_get_into_each_others_way),
        TEST (all_texts_together_have_256_bytes),
        TEST (what_is_not_of_its_kind_is_refused_and_changes_nothing),
        TEST (the_kernel_has_the_last_word_and_says_it_in_ascii),
        TEST (what_is_typed_again_is_the_same),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_error.c: every way a request can fail is told in full.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "inkling/error.h"

static void
every_name_leads_back_to_its_code (void **state)
{
    (void) state;
    for (int code = 0; code < INK_ERROR_COUNT; code++)
        assert_int_equal (ink_error_from_name (ink_error_name (code)), code);
}

static void
names_are_words_for_the_wire (void **state)
{
    (void) state;
    const char *letters = "abcdefghijklmnopqrstuvwxyz_";
    for (int code = 0; code < INK_ERROR_COUNT; code++) {
        const char *name = ink_error_name (code);
        assert_true (name[0] != '\0' && name[strspn (name, letters)] == '\0');
    }
}

static void
every_failure_has_a_sentence_and_an_exit_status (void **state)
{
    (void) state;
    for (int code = INK_OK + 1; code < INK_ERROR_COUNT; code++) {
        const char *text = ink_error_text (code);
        assert_true (strlen (text) > 10 && text[strlen (text) - 1] != '.');
        assert_in_range (ink_error_status (code), 1, 7);
        assert_in_range (ink_error_again (code), 0, 1);
        assert_non_null (ink_error_hint (code));
    }
}

static void
what_is_documented_holds (void **state)
{
    (void) state;
    assert_int_equal (ink_error_status (INK_OK), 0);
    assert_string_equal (ink_error_name (INK_ECHANGED), "source_changed");
    assert_int_equal (ink_error_again (INK_ECHANGED), 1);
    assert_int_equal (ink_error_status (INK_ECANCELLED), 7);
    assert_string_equal (ink_error_hint (INK_ECANCELLED), "");
}

static void
unknown_codes_and_names_are_answered (void **state)
{
    (void) state;
    int codes[] = {-1, INK_ERROR_COUNT, INT32_MAX, INT32_MIN};
    for (size_t i = 0; i < 4; i++) {
        assert_string_equal (ink_error_name (codes[i]), "unknown");
        assert_true (strlen (ink_error_text (codes[i])) > 0);
        assert_string_equal (ink_error_hint (codes[i]), "");
        assert_int_equal (ink_error_status (codes[i]), 1);
        assert_int_equal (ink_error_again (codes[i]), 0);
    }
    assert_int_equal (ink_error_from_name ("unknown"), -1);
    assert_int_equal (ink_error_from_name (""), -1);
    assert_int_equal (ink_error_from_name ("OK"), -1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (every_name_leads_back_to_its_code),
        cmocka_unit_test (names_are_words_for_the_wire),
        cmocka_unit_test (every_failure_has_a_sentence_and_an_exit_status),
        cmocka_unit_test (what_is_documented_holds),
        cmocka_unit_test (unknown_codes_and_names_are_answered),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

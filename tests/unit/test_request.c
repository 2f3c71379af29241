//  test_request.c: a request says on the wire what the application asked for.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "client/request.h"

static int
setup (void **state)
{
    *state = ink_request_new ("data/file");
    return *state == NULL;
}

static int
teardown (void **state)
{
    ink_request_destroy ((ink_request_t **) state);
    return *state != NULL;
}

static ink_msg_request_t
message (ink_request_t *request)
{
    ink_msg_t msg;
    ink_request_message (request, &msg);
    assert_int_equal (msg.kind, INK_MSG_REQUEST);
    return msg.request;
}

static void
a_new_request_covers_the_whole_source (void **state)
{
    ink_request_t *request = *state;
    const ink_msg_request_t msg = message (request);
    assert_string_equal (msg.source, "data/file");
    assert_string_equal (msg.id, ink_request_id (request));
    assert_true (msg.offset == 0 && msg.length == INK_TO_END && msg.chunk == 0);
    assert_true (msg.priority == 0 && msg.timeout_ms == 86400000);
    assert_true (msg.cache_read == 1 && msg.cache_write == 1);
    assert_true (msg.kernels.size == 0 && msg.reports.size == 0);
    assert_string_equal (msg.view, "");
}

static void
what_is_set_is_what_is_said (void **state)
{
    ink_request_t *request = *state;
    ink_request_set_range (request, 5, 7);
    ink_request_set_chunk (request, 65536);
    ink_request_set_priority (request, -3);
    ink_request_set_timeout (request, 1500);
    ink_request_set_cache (request, false, true);
    const ink_msg_request_t msg = message (request);
    assert_true (msg.offset == 5 && msg.length == 7 && msg.chunk == 65536);
    assert_true (msg.priority == -3 && msg.timeout_ms == 1500);
    assert_true (msg.cache_read == 0 && msg.cache_write == 1);
}

static void
a_view_has_a_name_and_a_focus (void **state)
{
    ink_request_t *request = *state;
    assert_int_equal (ink_request_set_view (request, "window", 77), INK_OK);
    assert_int_equal (ink_request_set_view (request, "", 1), INK_EUSAGE);
    assert_int_equal (ink_request_set_view (request, "no view", 1), INK_EUSAGE);
    ink_msg_request_t msg = message (request);
    assert_string_equal (msg.view, "window");
    assert_int_equal (msg.focus, 77);
    assert_int_equal (ink_request_set_view (request, "pane", INK_MIDDLE), INK_OK);
    msg = message (request);
    assert_string_equal (msg.view, "pane");
    assert_true (msg.focus == INK_ANY);
}

static void
priorities_are_kept_within_their_limits (void **state)
{
    ink_request_set_priority (*state, -5000);
    assert_true (message (*state).priority == -1000);
    ink_request_set_priority (*state, 5000);
    assert_true (message (*state).priority == 1000);
}

static void
a_timeout_of_zero_is_a_day (void **state)
{
    ink_request_set_timeout (*state, 5);
    ink_request_set_timeout (*state, 0);
    assert_true (message (*state).timeout_ms == 86400000);
}

static void
every_kernel_gets_every_parameter (void **state)
{
    ink_request_t *request = *state;
    assert_int_equal (ink_request_set_param (request, "bits", 4), INK_OK);
    assert_int_equal (ink_request_set_param (request, "cell", 512), INK_OK);
    assert_int_equal (ink_request_set_param (request, "bits", 6), INK_OK);
    assert_int_equal (ink_request_add_kernel (request, "trigram"), INK_OK);
    assert_int_equal (ink_request_add_kernel (request, "entropy"), INK_OK);
    const ink_msg_request_t msg = message (request);
    assert_int_equal (msg.kernels.size, 2);
    assert_string_equal (msg.kernels.items[0].name, "trigram");
    assert_string_equal (msg.kernels.items[1].name, "entropy");
    for (size_t n = 0; n < 2; n++) {
        assert_int_equal (msg.kernels.items[n].params.size, 2);
        assert_string_equal (msg.kernels.items[n].params.items[0].name, "bits");
        assert_true (msg.kernels.items[n].params.items[0].value == 6);
        assert_true (msg.kernels.items[n].params.items[1].value == 512);
    }
}

static void
a_parameter_is_a_number_or_a_text (void **state)
{
    ink_request_t *request = *state;
    char longest[514];
    memset (longest, 'x', sizeof longest);
    longest[513] = '\0';
    assert_int_equal (ink_request_set_text_param (request, "a", ""), INK_EUSAGE);
    assert_int_equal (ink_request_set_text_param (request, "a", longest), INK_EUSAGE);
    longest[512] = '\0';
    assert_int_equal (ink_request_set_text_param (request, "a", longest), INK_OK);
    assert_int_equal (ink_request_add_kernel (request, "search"), INK_OK);
    ink_request_t *copy = ink_request_copy (request);
    assert_true (ink_request_same (request, copy));
    assert_int_equal (ink_request_set_text_param (copy, "a", "y"), INK_OK);
    assert_false (ink_request_same (request, copy));
    ink_request_destroy (&copy);
    const ink_msg_param_t *param = message (request).kernels.items[0].params.items;
    assert_string_equal (param->text, longest);
    assert_int_equal (ink_request_set_param (request, "a", 5), INK_OK);
    param = message (request).kernels.items[0].params.items;
    assert_true (param->value == 5 && param->text[0] == '\0');
}

static void
there_is_room_for_eight_kernels_each_once (void **state)
{
    assert_int_equal (ink_request_add_kernel (*state, ""), INK_EUSAGE);
    char name[80];
    for (int n = 0; n < 8; n++) {
        snprintf (name, sizeof name, "kernel%d", n);
        assert_int_equal (ink_request_add_kernel (*state, name), INK_OK);
        assert_int_equal (ink_request_add_kernel (*state, name), INK_EUSAGE);
    }
    assert_int_equal (ink_request_add_kernel (*state, "ninth"), INK_EUSAGE);
    assert_int_equal (message (*state).kernels.size, 8);
}

static void
names_have_at_most_64_bytes (void **state)
{
    char name[66];
    memset (name, 'a', 65);
    name[65] = 0;
    assert_int_equal (ink_request_add_kernel (*state, name), INK_EUSAGE);
    assert_int_equal (ink_request_set_param (*state, name, 1), INK_EUSAGE);
    assert_int_equal (ink_request_set_id (*state, name), INK_EUSAGE);
    name[64] = 0;
    assert_int_equal (ink_request_add_kernel (*state, name), INK_OK);
    assert_int_equal (ink_request_set_param (*state, name, 1), INK_OK);
    assert_int_equal (ink_request_set_id (*state, name), INK_OK);
    assert_string_equal (ink_request_id (*state), name);
}

static void
there_is_room_for_eight_parameters (void **state)
{
    char name[2] = "a";
    for (int n = 0; n < 8; n++, name[0]++)
        assert_int_equal (ink_request_set_param (*state, name, n), INK_OK);
    assert_int_equal (ink_request_set_param (*state, name, 8), INK_EUSAGE);
    assert_int_equal (ink_request_set_param (*state, "a", 9), INK_OK);
}

static void
a_sample_is_a_fraction_above_zero (void **state)
{
    static const double bad[] = {0, -0.1, 1.0001, (double) NAN, (double) INFINITY};
    assert_true (message (*state).estimates);
    assert_int_equal (message (*state).sample, 0);
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++)
        assert_int_equal (ink_request_set_sample (*state, bad[n]), INK_EUSAGE);
    assert_int_equal (message (*state).sample, 0);
    assert_int_equal (ink_request_set_sample (*state, 0.25), INK_OK);
    assert_int_equal (message (*state).sample, 250000);
    assert_int_equal (ink_request_set_sample (*state, 1e-12), INK_OK);
    assert_int_equal (message (*state).sample, 1); //  0 would be all
    assert_int_equal (ink_request_set_sample (*state, 1), INK_OK);
    assert_int_equal (message (*state).sample, 0);
    ink_request_set_estimates (*state, false);
    assert_false (message (*state).estimates);
}

static void
reports_are_shares_between_zero_and_one (void **state)
{
    assert_int_equal (ink_request_add_report (*state, -0.1), INK_EUSAGE);
    assert_int_equal (ink_request_add_report (*state, 1.1), INK_EUSAGE);
    assert_int_equal (ink_request_add_report (*state, (double) NAN), INK_EUSAGE);
    assert_int_equal (ink_request_add_report (*state, 0.25), INK_OK);
    assert_int_equal (ink_request_add_report (*state, 1), INK_OK);
    const ink_msg_request_t msg = message (*state);
    assert_int_equal (msg.reports.size, 2);
    assert_true (msg.reports.items[0].millionths == 250000);
    assert_true (msg.reports.items[1].millionths == 1000000);
    assert_int_equal (msg.reports.items[1].precision, 0);
    for (int n = 2; n < 64; n++)
        assert_int_equal (ink_request_add_report (*state, 0.5), INK_OK);
    assert_int_equal (ink_request_add_report (*state, 0.5), INK_EUSAGE);
}

static void
an_id_of_another_form_changes_nothing (void **state)
{
    static const char *const bad[] = {"", "a b", "a/b", "ä", "a\n"};
    assert_int_equal (ink_request_set_id (*state, "Good.id_1-2"), INK_OK);
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        assert_int_equal (ink_request_set_id (*state, bad[n]), INK_EUSAGE);
        assert_string_equal (ink_request_id (*state), "Good.id_1-2");
    }
}

static void
a_shorter_id_leaves_zeros_behind_it (void **state)
{
    ink_request_t *request = *state;
    static const ink_name_t expected = "x";
    assert_int_equal (ink_request_set_id (request, "x"), INK_OK);
    assert_memory_equal (request->id, expected, sizeof expected);
}

static void
fresh_ids_differ_and_sort_by_time (void **state)
{
    //  The first ten characters are the millisecond: make ids until it has passed
    char last[65];
    strcpy (last, ink_request_id (*state));
    int order = 0;
    while (order == 0) {
        ink_request_t *request = ink_request_new ("x");
        const char *id = ink_request_id (request);
        assert_int_equal (strlen (id), 26);
        assert_true (ink_id_is_valid (id));
        assert_string_not_equal (id, last);
        order = strncmp (id, last, 10);
        strcpy (last, id);
        ink_request_destroy (&request);
    }
    assert_true (order > 0);
}

static void
a_copy_is_the_same_until_either_changes (void **state)
{
    ink_request_t *request = *state;
    ink_request_add_kernel (request, "count");
    ink_request_set_param (request, "a", 1);
    ink_request_add_report (request, 0.5);
    ink_request_t *copy = ink_request_copy (request);
    assert_true (ink_request_same (request, copy));
    assert_string_equal (message (copy).kernels.items[0].params.items[0].name, "a");
    ink_request_set_param (copy, "a", 2);
    assert_false (ink_request_same (request, copy));
    ink_request_set_param (copy, "a", 1);
    assert_true (ink_request_same (request, copy));
    assert_int_equal (ink_request_set_other (copy, "r/b"), INK_OK);
    assert_false (ink_request_same (request, copy));
    ink_request_t *third = ink_request_copy (copy);
    assert_true (ink_request_same (third, copy));
    assert_string_equal (message (third).other, "r/b");
    ink_request_destroy (&third);
    assert_int_equal (ink_request_set_other (copy, ""), INK_OK);
    assert_true (ink_request_same (request, copy));
    ink_request_set_range (copy, 1, 1);
    assert_false (ink_request_same (request, copy));
    ink_request_set_range (copy, 0, INK_TO_END);
    assert_true (ink_request_same (request, copy));
    ink_request_set_sample (copy, 0.5);
    assert_false (ink_request_same (request, copy));
    ink_request_set_sample (copy, 1);
    assert_true (ink_request_same (request, copy));
    ink_request_set_estimates (copy, false);
    assert_false (ink_request_same (request, copy));
    ink_request_set_estimates (copy, true);
    assert_true (ink_request_same (request, copy));
    ink_request_add_report_at (request, 1, 65536);
    ink_request_add_report_at (copy, 1, 65537);
    assert_int_equal (message (copy).reports.items[1].precision, 65537);
    assert_false (ink_request_same (request, copy));
    ink_request_destroy (&copy);
}

static int countdown;

static void *
failing (void *old, size_t size)
{
    return countdown-- == 0 ? NULL : realloc (old, size);
}

static void
without_memory_there_is_no_request_and_no_copy (void **state)
{
    void *(*usual) (void *, size_t) = ink_memory_realloc;
    ink_memory_realloc = failing;
    for (int n = 0; n < 2; n++) {
        countdown = n;
        ink_request_t *request = ink_request_new ("x");
        countdown = n;
        ink_request_t *copy = ink_request_copy (*state);
        assert_null (request);
        assert_null (copy);
    }
    ink_memory_realloc = usual;
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST (a_new_request_covers_the_whole_source),
        TEST (what_is_set_is_what_is_said),
        TEST (a_view_has_a_name_and_a_focus),
        TEST (priorities_are_kept_within_their_limits),
        TEST (a_timeout_of_zero_is_a_day),
        TEST (every_kernel_gets_every_parameter),
        TEST (a_parameter_is_a_number_or_a_text),
        TEST (there_is_room_for_eight_kernels_each_once),
        TEST (names_have_at_most_64_bytes),
        TEST (there_is_room_for_eight_parameters),
        TEST (a_sample_is_a_fraction_above_zero),
        TEST (reports_are_shares_between_zero_and_one),
        TEST (an_id_of_another_form_changes_nothing),
        TEST (a_shorter_id_leaves_zeros_behind_it),
        TEST (fresh_ids_differ_and_sort_by_time),
        TEST (a_copy_is_the_same_until_either_changes),
        TEST (without_memory_there_is_no_request_and_no_copy),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_cli_replyline.c: the line of JSON that people script against.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "cli/replyline.h"

static ink_replyline_t
partial (void)
{
    return (ink_replyline_t){.request = "r1",
                             .kernel = "digraph",
                             .status = "ok",
                             .seq = 3,
                             .total = UINT64_C (2147483648),
                             .cached = 1048576,
                             .computed = 2097152,
                             .estimated = 4096,
                             .bound = 0.0125,
                             .elapsed_ms = 12.3999,
                             .bytes = 524288};
}

static void
expect_line (const ink_replyline_t *reply, const char *expected)
{
    char *line = ink_replyline (reply);
    assert_non_null (line);
    assert_string_equal (line, expected);
    free (line);
}

static void
keys_and_their_order_are_those_of_the_interface (void **state)
{
    (void) state;
    ink_replyline_t reply = partial ();
    expect_line (&reply, "{\"request\":\"r1\",\"kernel\":\"digraph\",\"seq\":3,"
                         "\"type\":\"partial\",\"status\":\"ok\",\"total\":2147483648,"
                         "\"covered\":3145728,\"cached\":1048576,\"computed\":2097152,"
                         "\"estimated\":4096,\"bound\":0.0125,\"failed\":[],"
                         "\"elapsed_ms\":12.4,\"bytes\":524288}");
}

static void
a_precision_is_told_when_there_is_one (void **state)
{
    (void) state;
    ink_replyline_t reply = partial ();
    reply.precision = 65536;
    char *line = ink_replyline (&reply);
    assert_non_null (strstr (line, "\"bytes\":524288,\"precision\":65536}"));
    free (line);
}

static void
the_bound_of_what_is_exact_is_null (void **state)
{
    (void) state;
    ink_replyline_t reply = partial ();
    reply.bound = -1;
    reply.final = true;
    char *line = ink_replyline (&reply);
    assert_non_null (strstr (line, "\"bound\":null,"));
    assert_non_null (strstr (line, "\"type\":\"final\","));
    free (line);
}

static void
failed_ranges_are_offset_length_and_code (void **state)
{
    (void) state;
    const ink_failure_t failures[] = {{4096, 8192, INK_EIO}, {0, 1, INK_ELOST}};
    ink_replyline_t reply = partial ();
    reply.status = "partial";
    reply.failures = failures;
    reply.failure_count = 2;
    char *line = ink_replyline (&reply);
    assert_non_null (
        strstr (line, "\"failed\":[[4096,8192,\"io_error\"],[0,1,\"worker_lost\"]],"));
    assert_null (strstr (line, "\"error\""));
    free (line);
}

static void
a_failed_reply_also_names_its_error (void **state)
{
    (void) state;
    ink_replyline_t reply = partial ();
    reply.status = "failed";
    reply.error = INK_ENOWORKER;
    char *line = ink_replyline (&reply);
    assert_non_null (strstr (line, "\"bytes\":524288,\"error\":\"no_worker\"}"));
    free (line);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (keys_and_their_order_are_those_of_the_interface),
        cmocka_unit_test (a_precision_is_told_when_there_is_one),
        cmocka_unit_test (the_bound_of_what_is_exact_is_null),
        cmocka_unit_test (failed_ranges_are_offset_length_and_code),
        cmocka_unit_test (a_failed_reply_also_names_its_error),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

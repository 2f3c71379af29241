//  test_waits.c: what a request waits for, in words.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <string.h>

#include "client/waits.h"

typedef struct {
    ink_msg_request_info_t info;
    const char *sentence;
} row_t;

#define ROW(code, chunks, workers, ms, kernels, ...) \
    {                                                \
        {.waits_for = INK_WAIT_##code,               \
         .wait_chunks = chunks,                      \
         .wait_workers = workers,                    \
         .wait_ms = ms,                              \
         .wait_kernels = kernels},                   \
            __VA_ARGS__                              \
    }

static const row_t rows[] = {
    ROW (SOURCE, 0, 0, 5, "", "the source is being opened"),
    ROW (CACHE, 0, 0, 5, "", "the cache is being asked"),
    ROW (SINK, 3, 0, 3149, "", "3 chunks wait for a sink; none has been heard for 3.1 s"),
    ROW (SINK, 0, 0, 3149, "",
         "settled, waiting for a sink; none has been heard for 3.1 s"),
    ROW (REFUSED, 1, 0, 0, "",
         "1 chunk waits for a sink; the one that is there serves as many ventilators as "
         "it may"),
    ROW (WORKER, 3, 0, 0, "entropy",
         "3 chunks wait for a worker with kernel entropy; none is connected"),
    ROW (PROOF, 3, 1, 1250, "entropy",
         "3 chunks wait for a worker with kernel entropy; 1 is connected, but its path "
         "has "
         "not been proven for 1.2 s"),
    ROW (PROOF, 3, 2, 60000, "count,entropy",
         "3 chunks wait for a worker with kernel count,entropy; 2 are connected, but no "
         "path has been proven for 60.0 s"),
    ROW (
        TRUST, 3, 1, 2000, "entropy",
        "3 chunks wait for a worker with kernel entropy; 1 is connected, but not trusted "
        "for 2.0 s: its values were bad"),
    ROW (CREDIT, 12, 2, 4200, "",
         "12 chunks wait: both workers are busy (oldest lease 4.2 s)"),
    ROW (CREDIT, 1, 1, 99, "", "1 chunk waits: the worker is busy (oldest lease 0.0 s)"),
    ROW (CREDIT, 2, 7, 100, "",
         "2 chunks wait: all 7 workers are busy (oldest lease 0.1 s)"),
    ROW (VALUES, 5, 2, 300, "",
         "5 chunks are being computed by 2 workers (oldest lease 0.3 s)"),
    ROW (VALUES, 1, 1, 300, "",
         "1 chunk is being computed by 1 worker (oldest lease 0.3 s)"),
    ROW (VALUES, 5, 0, 0, "", "5 chunks are being computed for another request"),
    ROW (FINAL, 0, 0, 3100, "", "settled, waiting for the sink, silent for 3.1 s"),
};

static void
every_reason_is_a_sentence (void **state)
{
    (void) state;
    char said[1000];
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        ink_waits_say (&rows[n].info, said, sizeof said);
        assert_string_equal (said, rows[n].sentence);
    }
}

static void
an_untaken_reply_is_said_besides (void **state)
{
    (void) state;
    char said[1000];
    ink_msg_request_info_t info = {.waits_for = INK_WAIT_SOURCE, .untaken = 2};
    ink_waits_say (&info, said, sizeof said);
    assert_string_equal (said,
                         "the source is being opened; the client has an untaken reply");
    info.waits_for = 0;
    ink_waits_say (&info, said, sizeof said);
    assert_string_equal (said, "the client has an untaken reply");
}

static void
what_is_not_known_is_not_said (void **state)
{
    (void) state;
    char said[1000] = "something";
    ink_msg_request_info_t info = {.waits_for = 4000000000};
    ink_waits_say (&info, said, sizeof said);
    assert_string_equal (said, "");
    assert_string_equal (ink_waits_name (4000000000), "unknown");
    assert_string_equal (ink_waits_name (INK_WAIT_CREDIT), "busy");
}

//  Texts and numbers are a ventilator's: whatever it says, nothing is written beyond the end.
static void
nothing_is_said_beyond_the_end (void **state)
{
    (void) state;
    char names[600], said[200];
    memset (names, 'k', sizeof names - 1);
    names[sizeof names - 1] = 0;
    for (uint64_t code = 0; code < 12; code++)
        for (size_t size = 1; size < sizeof said; size++) {
            ink_msg_request_info_t info = {.waits_for = code,
                                           .wait_chunks = UINT64_MAX,
                                           .wait_workers = UINT64_MAX,
                                           .wait_ms = UINT64_MAX,
                                           .wait_kernels = names,
                                           .untaken = 1};
            memset (said, '!', sizeof said);
            ink_waits_say (&info, said, size);
            assert_true (strlen (said) < size);
            assert_int_equal (said[size], '!');
        }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (every_reason_is_a_sentence),
        cmocka_unit_test (an_untaken_reply_is_said_besides),
        cmocka_unit_test (what_is_not_known_is_not_said),
        cmocka_unit_test (nothing_is_said_beyond_the_end),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

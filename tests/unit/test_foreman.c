//  test_foreman.c: what clients ask of the foreman, and are answered.

#include "foreman_bench.h"

//  ---------------------------------------------------------------------------------------
//  Admission

static void
refuses (bench_t *self, ink_msg_request_t request, const char *error)
{
    char expected[64];
    snprintf (expected, sizeof expected, "client 1 < REFUSAL %s %s\n", request.id, error);
    request_this (self, 1, request);
    TOLD (self, expected);
}

static void
a_request_is_refused_with_the_reason (void **state)
{
    bench_t *self = *state;
    ink_msg_request_t good = wish (self, "a", "count,entropy", 0, 4), bad;
    bad = good, bad.id = "no spaces";
    refuses (self, bad, "bad_message");
    bad = good, bad.id = "";
    refuses (self, bad, "bad_message");
    bad = good, bad.kernels.size = 0;
    refuses (self, bad, "bad_message");
    bad = good, bad.priority = 1001;
    refuses (self, bad, "bad_message");
    bad = good, bad.chunk = 5000;
    refuses (self, bad, "bad_chunk");
    bad = good, bad.chunk = 2048;
    refuses (self, bad, "bad_chunk");
    bad = good, bad.chunk = (uint64_t) 128 << 20;
    refuses (self, bad, "bad_chunk");
    bad = good, bad.length = 0;
    refuses (self, bad, "empty_range");
    bad = good, bad.offset = PARTS * PART;
    refuses (self, bad, "bad_range");
    bad = good, bad.length = PARTS * PART + 1;
    refuses (self, bad, "bad_range");
    refuses (self, wish (self, "a", "count,count", 0, 4), "bad_message");
    refuses (self, wish (self, "a", "nonsense", 0, 4), "unknown_kernel");
}

static void
a_parameter_must_belong_to_a_kernel_and_be_within_its_limits (void **state)
{
    bench_t *self = *state;
    ink_msg_request_t bad = wish (self, "a", "count,entropy", 0, 4);
    ink_msg_param_t param = {"cell", 64, ""};
    self->kernels[0].params.items = &param;
    self->kernels[0].params.size = 1;
    param.value = 63;
    self->kernels[1].params = self->kernels[0].params;
    refuses (self, bad, "bad_parameter");
    param = (ink_msg_param_t){"cell", 64, "64x"};
    refuses (self, bad, "bad_parameter");
    param = (ink_msg_param_t){"colour", 1, ""};
    refuses (self, bad, "bad_parameter");
    param = (ink_msg_param_t){"cell", 65536, ""};
    refuses (self, bad, "bad_chunk");
}

static void
a_request_names_as_many_sources_as_its_kernels_take (void **state)
{
    bench_t *self = *state;
    ink_msg_request_t bad = wish (self, "a", "count,diff", 0, 4);
    refuses (self, bad, "wrong_files");
    bad.other = "data/other";
    refuses (self, bad, "wrong_files");
    refuses (self, wish (self, "a", "diff", 0, 4), "wrong_files");
}

static void
another_version_of_a_kernel_is_unknown (void **state)
{
    bench_t *self = *state;
    ink_msg_request_t bad = wish (self, "a", "count", 0, 4);
    self->kernels[0].version = 99;
    refuses (self, bad, "unknown_kernel");
}

static void
what_cannot_be_opened_is_refused_with_that_error (void **state)
{
    static const int errors[] = {INK_ENOROOT, INK_ENOTFOUND, INK_EPERM, INK_EESCAPE,
                                 INK_ENOTREGULAR};
    bench_t *self = *state;
    for (size_t n = 0; n < sizeof errors / sizeof *errors; n++) {
        self->open_error = errors[n];
        refuses (self, wish (self, "a", "count", 0, 4), ink_error_name (errors[n]));
    }
    self->open_error = INK_OK;
    self->file.size = 0;
    refuses (self, wish (self, "a", "count", 0, 4), "empty_range");
}

static void
an_answer_or_a_plan_that_is_too_large_is_refused (void **state)
{
    bench_t *self = *state;
    self->file.size = (uint64_t) 1 << 40;
    ink_msg_request_t bad = wish (self, "a", "bytes", 0, 4);
    bad.chunk = (uint64_t) 64 << 20;
    bad.length = ((uint64_t) 256 << 20) + 1;
    refuses (self, bad, "too_large");
    bad = wish (self, "a", "count", 0, 4);
    bad.length = (INK_PARTS_MOST + 1) * PART;
    refuses (self, bad, "too_large");
    bad.length = INK_ANY;
    refuses (self, bad, "too_large");
}

static void
a_client_has_1024_open_requests_at_most (void **state)
{
    bench_t *self = *state;
    char id[16];
    for (int n = 0; n < 1024; n++) {
        snprintf (id, sizeof id, "r%d", n);
        request (self, 1, id, "count", 0, 1);
        self->trace[0] = 0;
    }
    refuses (self, wish (self, "late", "count", 0, 1), "busy");
    request (self, 2, "late", "count", 0, 1);
    TOLD (self, "sink < EXPECT 1025 count [0+1]\n");
    cancel (self, 1, "r7");
    self->trace[0] = 0;
    request (self, 1, "later", "count", 0, 1);
    TOLD (self, "sink < EXPECT 1026 count [0+1]\n");
}

static void
one_gigabyte_of_answers_is_on_its_way_at_most (void **state)
{
    bench_t *self = *state;
    self->file.size = (uint64_t) 1 << 40;
    ink_msg_request_t large = wish (self, "a", "bytes", 0, 4);
    large.chunk = (uint64_t) 64 << 20;
    large.length = (uint64_t) 256 << 20;
    for (char id[] = "a"; id[0] < 'e'; id[0]++) {
        large.id = id;
        request_this (self, 1, large);
    }
    self->trace[0] = 0;
    large.id = "e";
    refuses (self, large, "busy");
    cancel (self, 1, "a");
    self->trace[0] = 0;
    request_this (self, 1, large);
    assert_non_null (strstr (self->trace, "EXPECT"));
}

static void
the_same_request_attaches_and_another_conflicts (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 4);
    TOLD (self, "sink < EXPECT 1 count [0+4]\n");
    request (self, 1, "a", "count", 0, 4);
    TOLD (self, "");
    refuses (self, wish (self, "a", "count", 0, 5), "conflict");
    refuses (self, wish (self, "a", "count,digraph", 0, 4), "conflict");
    ink_msg_request_t other = wish (self, "a", "count", 0, 4);
    other.timeout_ms = 5;
    refuses (self, other, "conflict");
}

static void
an_id_stands_for_its_request_when_that_has_ended (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 4);
    cancel (self, 1, "a");
    self->trace[0] = 0;
    refuses (self, wish (self, "a", "count", 0, 5), "conflict");
    request (self, 1, "a", "count", 0, 4);
    assert_non_null (strstr (self->trace, "EXPECT"));
}

static void
who_attaches_from_a_new_connection_gets_the_replies_and_lost_finals (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count,histogram", 0, 4);
    sink_replies (self, 1, 0, false, 1);
    sink_replies (self, 1, 0, false, 2);
    sink_replies (self, 1, 1, true, 4);
    TOLD (self, "sink < EXPECT 1 count,histogram [0+4]\n"
                "client 1 < a.0 partial 1: 0+1 of 64\n"
                "client 1 < a.1 final 2: 0+4 of 64\n");
    request (self, 2, "a", "count,histogram", 0, 4);
    TOLD (self, "client 2 < a.0 partial 3: 0+2 of 64\n"
                "sink < RESEND 1.1\n");
    sink_replies (self, 1, 1, true, 4);
    sink_replies (self, 1, 0, true, 4);
    TOLD (self, "client 2 < a.1 final 4: 0+4 of 64\n"
                "client 2 < a.0 final 5: 0+4 of 64\n"
                "sink < FORGET 1\n");
}

static void
who_attaches_while_all_is_planned_again_gets_every_final (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count,histogram", 0, 4);
    sink_replies (self, 1, 1, true, 4);
    self->slow_cache = true;
    greeting (self, 8);
    self->trace[0] = 0;
    request (self, 2, "a", "count,histogram", 0, 4);
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 1});
    TOLD (self, "sink < EXPECT 1 count,histogram [0+4]\n");
    sink_replies (self, 1, 1, true, 4);
    sink_replies (self, 1, 0, true, 4);
    TOLD (self, "client 2 < a.1 final 2: 0+4 of 64\n"
                "client 2 < a.0 final 3: 0+4 of 64\n"
                "sink < FORGET 1\n");
}

//  ---------------------------------------------------------------------------------------
//  The cache

static void
what_the_cache_knows_wholly_is_final_at_once (void **state)
{
    bench_t *self = *state;
    memset (self->known, 1, sizeof self->known);
    request (self, 1, "a", "digraph,histogram", 0, 4);
    TOLD (self, "client 1 < from the cache a.0 final 1: 4+0 of 4\n"
                "client 1 < from the cache a.1 final 2: 4+0 of 4\n");
    cancel (self, 1, "a");
    TOLD (self, "client 1 < REFUSAL a no_such_request\n");
}

static void
what_is_never_cached_is_not_looked_for (void **state)
{
    bench_t *self = *state;
    self->slow_cache = true;
    request (self, 1, "a", "count,bytes", 0, 4);
    TOLD (self, "sink < EXPECT 1 count,bytes [0+4]\n");
    ink_msg_request_t fresh = wish (self, "b", "histogram", 0, 4);
    fresh.cache_read = 0;
    request_this (self, 1, fresh);
    TOLD (self, "sink < EXPECT 2 histogram [0+4]\n");
}

static void
what_it_knows_in_part_is_answered_and_the_rest_leased (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    self->known[0][0] = self->known[0][1] = self->known[0][3] = 1;
    request (self, 1, "a", "histogram", 0, 6);
    TOLD (self, "client 1 < from the cache a.0 partial 1: 3+0 of 6\n"
                "sink < EXPECT 1 histogram [0+6]\n"
                "sink < KNOWN 1.0 [0+2] [3+1]\n"
                "lane 1 < LEASE 1 histogram [4+1 2+1]\n"
                "lane 1 < LEASE 2 histogram [5+1]\n");
}

static void
what_is_cached_is_only_reported_when_its_share_was_asked_for (void **state)
{
    bench_t *self = *state;
    ink_msg_report_t half = {INK_MILLION / 2, 0};
    self->known[0][0] = 1;
    ink_msg_request_t some = wish (self, "a", "histogram", 0, 4);
    some.reports.items = &half;
    some.reports.size = 1;
    request_this (self, 1, some);
    TOLD (self, "sink < EXPECT 1 histogram [0+4]\nsink < KNOWN 1.0 [0+1]\n");
    self->known[0][1] = 1;
    some.id = "b";
    request_this (self, 1, some);
    TOLD (self, "client 1 < from the cache b.0 partial 1: 2+0 of 4\n"
                "sink < EXPECT 2 histogram [0+4]\nsink < KNOWN 2.0 [0+2]\n");
}

//  The first report is the one a glimpse is for. What then shows less is not told.
static void
a_glimpse_is_answered_before_the_chunks_are_looked_at (void **state)
{
    bench_t *self = *state;
    const ink_msg_report_t reports[] = {{INK_MILLION, 0}, {INK_MILLION / 4, 9000}};
    ink_event_t glimpsed = {.kind = INK_EVENT_GLIMPSED, .handle = 1};
    ink_msg_request_t coarse = wish (self, "a", "entropy,byteplot", 0, 8);
    uint8_t known[8] = {1, 1};
    coarse.reports.items = reports;
    coarse.reports.size = 2;
    self->slow_cache = true;
    request_this (self, 1, coarse);
    glimpsed.glimpsed[0] = PART;
    step (self, glimpsed);
    TOLD (self, ""); //  Less than a quarter
    glimpsed.glimpsed[0] = 3 * PART;
    step (self, glimpsed);
    TOLD (self, "client 1 < glimpsed a.0 partial 1: 3+0 of 8 at 8192\n");
    taken (self, 1, "a", 1);
    step (self, glimpsed);
    step (self,
          (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 1, .known = {known, known}});
    TOLD (self, "client 1 < from the cache a.1 partial 2: 2+0 of 8 at 8192\n"
                "sink < EXPECT 1 entropy,byteplot [0+8]\n"
                "sink < KNOWN 1.0 [0+2]\n"
                "sink < KNOWN 1.1 [0+2]\n");
    glimpsed.glimpsed[1] = 8 * PART;
    step (self, glimpsed);
    TOLD (self, ""); //  Too late
}

//  Nothing is sent to who has not taken the last one, so the sink is to tell it.
static void
what_was_known_is_left_to_the_sink_while_a_glimpse_is_on_its_way (void **state)
{
    bench_t *self = *state;
    uint8_t known[8] = {1, 1};
    self->slow_cache = true;
    request (self, 1, "a", "entropy", 0, 8);
    step (self,
          (ink_event_t){.kind = INK_EVENT_GLIMPSED, .handle = 1, .glimpsed = {3 * PART}});
    self->trace[0] = 0;
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 1, .known = {known}});
    TOLD (self, "sink < EXPECT 1 entropy [0+8]\n"
                "sink < KNOWN 1.0 [0+2] untold\n");
}

//  It was on its way to the old connection, and may never have been seen.
static void
who_attaches_from_a_new_connection_is_told_less_than_a_glimpse_showed (void **state)
{
    bench_t *self = *state;
    self->slow_cache = true;
    self->precision = PART;
    request (self, 1, "a", "entropy", 0, 8);
    step (self,
          (ink_event_t){.kind = INK_EVENT_GLIMPSED, .handle = 1, .glimpsed = {3 * PART}});
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 1});
    taken (self, 1, "a", 1);
    self->trace[0] = 0;
    sink_replies (self, 1, 0, false, 2);
    TOLD (self, "");
    request (self, 2, "a", "entropy", 0, 8);
    sink_replies (self, 1, 0, false, 2);
    TOLD (self, "client 2 < a.0 partial 2: 0+2 of 64\n");
}

//  Also when the request ends with it; not when nothing is to be kept of it.
static void
nodes_that_lack_are_wished_for (void **state)
{
    bench_t *self = *state;
    const ink_msg_node_t nodes[] = {{16 * PART, 0, 0}, {16 * PART, 1, 0}};
    uint8_t known[32];
    ink_event_t looked = {.kind = INK_EVENT_LOOKED,
                          .handle = 1,
                          .known = {known},
                          .lacking = {nodes},
                          .lacks = {2}};
    memset (known, 1, sizeof known);
    self->slow_cache = true;
    request (self, 1, "a", "histogram", 0, 32);
    step (self, looked);
    TOLD (self, "sink < WISH\nclient 1 < from the cache a.0 final 1: 32+0 of 32\n");
    ink_msg_request_t wary = wish (self, "b", "histogram", 0, 32);
    wary.cache_write = 0;
    request_this (self, 1, wary);
    looked.handle = 2;
    step (self, looked);
    TOLD (self, "client 1 < from the cache b.0 final 1: 32+0 of 32\n");
}

//  A part of 64 MiB is less than half of 30 TB, whatever it is multiplied with.
static void
a_share_of_a_huge_range_is_not_miscounted (void **state)
{
    bench_t *self = *state;
    ink_msg_report_t half = {INK_MILLION / 2, 0};
    self->file.size = (uint64_t) 30 << 40;
    ink_msg_request_t huge = wish (self, "a", "histogram", 0, 4);
    huge.reports.items = &half;
    huge.reports.size = 1;
    huge.chunk = (uint64_t) 64 << 20;
    huge.length = huge.chunk * 450000;
    uint8_t *known = calloc (450000, 1);
    known[0] = 1;
    self->slow_cache = true;
    request_this (self, 1, huge);
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 1, .known = {known}});
    free (known);
    assert_null (strstr (self->trace, "partial"));
}

//  ---------------------------------------------------------------------------------------
//  Replies

static void
one_partial_is_on_its_way_and_the_newest_waits (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count,histogram", 0, 4);
    self->trace[0] = 0;
    sink_replies (self, 1, 0, false, 1);
    sink_replies (self, 1, 0, false, 2);
    sink_replies (self, 1, 0, false, 3);
    sink_replies (self, 1, 1, false, 1);
    TOLD (self, "client 1 < a.0 partial 1: 0+1 of 64\n"
                "client 1 < a.1 partial 2: 0+1 of 64\n");
    taken (self, 1, "a", 9);
    TOLD (self, "");
    taken (self, 1, "a", 1);
    TOLD (self, "client 1 < a.0 partial 3: 0+3 of 64\n");
    taken (self, 1, "a", 3);
    TOLD (self, "");
    assert_int_equal (self->answers, 3 * 8);
}

static void
a_final_passes_what_waits (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 4);
    sink_replies (self, 1, 0, false, 1);
    sink_replies (self, 1, 0, false, 2);
    self->trace[0] = 0;
    sink_replies (self, 1, 0, true, 4);
    TOLD (self, "client 1 < a.0 final 2: 0+4 of 64\nsink < FORGET 1\n");
    taken (self, 1, "a", 1);
    TOLD (self, "");
}

static void
what_comes_behind_a_final_is_dropped (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count,histogram", 0, 4);
    self->trace[0] = 0;
    sink_replies (self, 1, 0, true, 4);
    sink_replies (self, 1, 0, false, 4);
    sink_replies (self, 1, 0, true, 4);
    sink_replies (self, 1, 5, true, 4);
    sink_replies (self, 9, 0, true, 4);
    TOLD (self, "client 1 < a.0 final 1: 0+4 of 64\n");
}

//  ---------------------------------------------------------------------------------------
//  Ends

static void
a_cancel_gives_finals_before_it_is_answered (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    request (self, 1, "a", "count,histogram", 0, 4);
    self->trace[0] = 0;
    sink_replies (self, 1, 1, true, 4);
    TOLD (self, "client 1 < a.1 final 1: 0+4 of 64\n");
    cancel (self, 2, "a");
    TOLD (self, "client 1 < a.0 final 2 cancelled: 0+0 of 4\n"
                "sink < FORGET 1\n"
                "all < REVOKE [2 1 3]\n"
                "client 2 < CANCELLED a dropped 0 running 8\n");
}

static void
a_cancel_before_the_file_is_open_is_a_cancel (void **state)
{
    bench_t *self = *state;
    self->slow_disk = true;
    request (self, 1, "a", "count", 0, 4);
    cancel (self, 1, "a");
    TOLD (self, "client 1 < a.0 final 1 cancelled: 0+0 of 0\n"
                "client 1 < CANCELLED a dropped 0 running 0\n");
    step (self, (ink_event_t){.kind = INK_EVENT_OPENED, .handle = 1});
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 1});
    TOLD (self, "");
}

static void
a_client_that_is_silent_for_5_seconds_is_cancelled (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 4);
    request (self, 2, "b", "count", 0, 4);
    worker (self, 3);
    self->pings[1] = false;
    pass (self, 5 * SECOND);
    TOLD (self, "");
    pass (self, 200 * MS);
    TOLD (self, "client 1 < a.0 final 1 cancelled: 0+0 of 4\nsink < FORGET 1\n");
}

static void
a_client_that_is_gone_is_cancelled (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 4);
    self->trace[0] = 0;
    step (self, (ink_event_t){.kind = INK_EVENT_CLIENT_GONE, .peer = 1});
    TOLD (self, "client 1 < a.0 final 1 cancelled: 0+0 of 4\nsink < FORGET 1\n");
    step (self, (ink_event_t){.kind = INK_EVENT_CLIENT_GONE, .peer = 1});
    TOLD (self, "");
}

static void
a_request_that_is_not_done_in_time_times_out (void **state)
{
    bench_t *self = *state;
    worker (self, 3);
    ink_msg_request_t hasty = wish (self, "a", "count", 0, 1);
    hasty.timeout_ms = 3000;
    request_this (self, 1, hasty);
    self->trace[0] = 0;
    pass (self, 2900 * MS);
    TOLD (self, "");
    pass (self, 200 * MS);
    TOLD (self, "client 1 < a.0 final 1 timeout: 0+0 of 1\n"
                "sink < FORGET 1\n"
                "all < REVOKE [1]\n");
}

static void
a_request_that_nobody_can_serve_ends_after_5_seconds (void **state)
{
    bench_t *self = *state;
    worker_of (self, 3, "histogram");
    request (self, 1, "a", "count", 0, 1);
    self->trace[0] = 0;
    pass (self, 5 * SECOND);
    TOLD (self, "");
    pass (self, 200 * MS);
    TOLD (self, "client 1 < a.0 final 1 no_worker: 0+0 of 1\nsink < FORGET 1\n");
}

static void
a_worker_that_comes_in_time_saves_it (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 1);
    pass (self, 4 * SECOND);
    worker (self, 1);
    settle (self, 1);
    sink_replies (self, 1, 0, true, 1);
    TOLD (self, "client 1 < a.0 final 1: 0+1 of 64\nsink < FORGET 1\n");
}

static void
without_a_sink_what_is_cached_is_answered_and_the_rest_ends (void **state)
{
    bench_t *self = *state;
    self->known[0][0] = 1;
    request (self, 1, "all", "histogram", 0, 1);
    TOLD (self, "client 1 < from the cache all.0 final 1: 1+0 of 1\n");
    request (self, 1, "some", "histogram", 0, 2);
    self->trace[0] = 0;
    pass (self, 5 * SECOND);
    TOLD (self, "");
    pass (self, 200 * MS);
    TOLD (self, "client 1 < some.0 final 2 no_sink: 1+0 of 2\nsink < FORGET 2\n");
}

static void
a_silent_sink_is_connected_to_anew_every_4_s (void **state)
{
    bench_t *self = *state;
    pass (self, 20 * SECOND);
    assert_int_equal (self->meetings, 0);
    self->greets = false;
    pass (self, 4 * SECOND);
    assert_int_equal (self->meetings, 0);
    pass (self, 9 * SECOND);
    assert_in_range (self->meetings, 2, 3);
    self->greets = true;
    pass (self, SECOND);
    int before = self->meetings;
    pass (self, 20 * SECOND);
    assert_int_equal (self->meetings, before);
}

//  Everything was computed, and the sink that has it is gone for good.
static void
a_request_whose_sink_never_comes_back_ends (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    request (self, 1, "a", "count", 0, 1);
    settle (self, 1);
    self->trace[0] = 0;
    self->greets = false;
    pass (self, 10 * SECOND);
    TOLD (self, "client 1 < a.0 final 1 no_sink: 0+0 of 1\nsink < FORGET 1\n");
}

//  ---------------------------------------------------------------------------------------
//  Strangers

static void
what_is_not_for_the_ventilator_is_refused (void **state)
{
    bench_t *self = *state;
    from_client (self, 1, (ink_msg_t){.kind = INK_MSG_BYE});
    TOLD (self, "client 1 < REFUSAL  bad_message\n");
    step (self,
          (ink_event_t){.kind = INK_EVENT_BAD_MESSAGE, .peer = 1, .error = INK_EVERSION});
    TOLD (self, "client 1 < REFUSAL  bad_version\n");
    step (self, (ink_event_t){.kind = INK_EVENT_BAD_MESSAGE, .from = INK_EVENT_WORKER});
    TOLD (self, "");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_request_is_refused_with_the_reason),
        STORY (a_parameter_must_belong_to_a_kernel_and_be_within_its_limits),
        STORY (a_request_names_as_many_sources_as_its_kernels_take),
        STORY (another_version_of_a_kernel_is_unknown),
        STORY (what_cannot_be_opened_is_refused_with_that_error),
        STORY (an_answer_or_a_plan_that_is_too_large_is_refused),
        STORY (a_client_has_1024_open_requests_at_most),
        STORY (one_gigabyte_of_answers_is_on_its_way_at_most),
        STORY (the_same_request_attaches_and_another_conflicts),
        STORY (an_id_stands_for_its_request_when_that_has_ended),
        STORY (who_attaches_from_a_new_connection_gets_the_replies_and_lost_finals),
        STORY (who_attaches_while_all_is_planned_again_gets_every_final),
        STORY (what_the_cache_knows_wholly_is_final_at_once),
        STORY (what_is_never_cached_is_not_looked_for),
        STORY (what_it_knows_in_part_is_answered_and_the_rest_leased),
        STORY (what_is_cached_is_only_reported_when_its_share_was_asked_for),
        STORY (a_glimpse_is_answered_before_the_chunks_are_looked_at),
        STORY (what_was_known_is_left_to_the_sink_while_a_glimpse_is_on_its_way),
        STORY (who_attaches_from_a_new_connection_is_told_less_than_a_glimpse_showed),
        STORY (nodes_that_lack_are_wished_for),
        STORY (a_share_of_a_huge_range_is_not_miscounted),
        STORY (one_partial_is_on_its_way_and_the_newest_waits),
        STORY (a_final_passes_what_waits),
        STORY (what_comes_behind_a_final_is_dropped),
        STORY (a_cancel_gives_finals_before_it_is_answered),
        STORY (a_cancel_before_the_file_is_open_is_a_cancel),
        STORY (a_client_that_is_silent_for_5_seconds_is_cancelled),
        STORY (a_client_that_is_gone_is_cancelled),
        STORY (a_request_that_is_not_done_in_time_times_out),
        STORY (a_request_that_nobody_can_serve_ends_after_5_seconds),
        STORY (a_worker_that_comes_in_time_saves_it),
        cmocka_unit_test_setup_teardown (
            without_a_sink_what_is_cached_is_answered_and_the_rest_ends, setup_empty,
            teardown),
        STORY (a_silent_sink_is_connected_to_anew_every_4_s),
        STORY (a_request_whose_sink_never_comes_back_ends),
        STORY (what_is_not_for_the_ventilator_is_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

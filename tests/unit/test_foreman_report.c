//  test_foreman_report.c: what a person sees of the foreman, and what it does when memory
//  runs out.

#include "foreman_bench.h"
#include "scarce.h"

//  ---------------------------------------------------------------------------------------
//  Status

//  Asks, and calls `look` with the answer while it lives.
static void
with_status (bench_t *self, void (*look) (const ink_msg_status_t *status))
{
    const ink_actions_t *out;
    ink_msg_t msg = {.kind = INK_MSG_ASK, .ask.id = ""};
    ink_event_t event = {.kind = INK_EVENT_CLIENT, .peer = 15, .msg = &msg};
    assert_int_equal (ink_foreman_step (self->foreman, self->now, &event, &out), INK_OK);
    assert_int_equal (out->size, 1);
    assert_int_equal (out->items[0].peer, 15);
    assert_int_equal (out->items[0].msg.kind, INK_MSG_STATUS);
    look (&out->items[0].msg.status);
}

static uint64_t
counter (const ink_msg_status_t *status, const char *name)
{
    for (size_t n = 0; n < status->counters.size; n++)
        if (!strcmp (status->counters.items[n].name, name))
            return status->counters.items[n].value;
    fail_msg ("nothing counts %s", name);
    return 0;
}

static void
one_runs (const ink_msg_status_t *status)
{
    assert_int_equal (status->requests.size, 1);
    const ink_msg_request_info_t *info = &status->requests.items[0];
    assert_string_equal (info->id, "a");
    assert_string_equal (info->source, "data/file");
    assert_string_equal (info->kernels, "count,histogram");
    assert_string_equal (info->state, "running");
    assert_int_equal (info->waits_for, INK_WAIT_CREDIT);
    assert_int_equal (info->wait_chunks, 4);
    assert_int_equal (info->wait_workers, 1);
    assert_int_equal (info->wait_ms, 1000);
    assert_string_equal (info->wait_kernels, "");
    assert_int_equal (info->untaken, 0);
    assert_int_equal (info->total, 8 * PART);
    assert_int_equal (info->cached, PART);
    assert_int_equal (info->computed, 2 * PART);
    assert_int_equal (info->covered, 3 * PART);
    assert_int_equal (info->ready, 4);
    assert_int_equal (info->in_progress, 3);
    assert_int_equal (info->age_ms, 1000);
    assert_int_equal (info->priority, 5);

    assert_int_equal (status->workers.size, 1);
    const ink_msg_worker_info_t *worker = &status->workers.items[0];
    assert_string_equal (worker->name, "w1");
    assert_string_equal (worker->host, "here");
    assert_string_equal (worker->kernels, "histogram,digraph,count");
    assert_string_equal (worker->state, "live");
    assert_int_equal (worker->slots, 1);
    assert_int_equal (worker->leases, 2);
    assert_int_equal (worker->seen_ms, 0);
}

static void
a_request_and_its_worker_are_described (void **state)
{
    bench_t *self = *state;
    worker_of (self, 1, "count,histogram,digraph");
    request (self, 9, "teach", "count,histogram", 0, 1);
    settle (self, 1);
    cancel (self, 9, "teach");
    self->known[1][0] = 1;
    ink_msg_request_t some = wish (self, "a", "count,histogram", 4, 4);
    some.priority = 5;
    request_this (self, 1, some);
    sink_replies (self, 2, 0, false, 2);
    pass (self, SECOND);
    with_status (self, one_runs);
}

static void
one_waits_for_a_sink (const ink_msg_status_t *status)
{
    assert_int_equal (status->requests.items[0].waits_for, INK_WAIT_SINK);
    assert_int_equal (status->requests.items[0].wait_chunks, 4);
}

static void
who_waits_for_a_sink_says_so (void **state)
{
    bench_t *self = *state;
    request (self, 1, "a", "count", 0, 4);
    with_status (self, one_waits_for_a_sink);
}

static void
one_waits_for_a_worker (const ink_msg_status_t *status)
{
    assert_int_equal (status->requests.items[0].waits_for, INK_WAIT_WORKER);
    assert_int_equal (status->requests.items[0].wait_chunks, 4);
    assert_string_equal (status->requests.items[0].wait_kernels, "count");
}

static void
who_waits_for_a_worker_says_for_which (void **state)
{
    bench_t *self = *state;
    worker_of (self, 1, "histogram");
    request (self, 1, "a", "count", 0, 4);
    with_status (self, one_waits_for_a_worker);
}

static const ink_msg_worker_info_t *
worker_named (const ink_msg_status_t *status, const char *name)
{
    for (size_t n = 0; n < status->workers.size; n++)
        if (!strcmp (status->workers.items[n].name, name))
            return &status->workers.items[n];
    return NULL;
}

static void
one_is_lost (const ink_msg_status_t *status)
{
    const ink_msg_worker_info_t *lost = worker_named (status, "w1");
    assert_int_equal (status->workers.size, 2);
    assert_string_equal (lost->state, "lost");
    assert_string_equal (lost->host, "here");
    assert_int_equal (lost->leases, 0);
    assert_int_equal (lost->lost, 1);
    assert_int_equal (lost->deaths, 1);
    assert_int_equal (lost->refused, 1);
    assert_in_range (lost->seen_ms, 2000, 3000);
    assert_string_equal (worker_named (status, "w2")->state, "live");
    assert_int_equal (worker_named (status, "w2")->lost, 0);
}

static void
one_has_come_back (const ink_msg_status_t *status)
{
    const ink_msg_worker_info_t *back = worker_named (status, "w1");
    assert_int_equal (status->workers.size, 2);
    assert_string_equal (back->state, "greeted");
    assert_int_equal (back->lost, 1);
    assert_int_equal (back->deaths, 1);
    assert_int_equal (back->refused, 1);
}

static void
one_is_there (const ink_msg_status_t *status)
{
    assert_int_equal (status->workers.size, 1);
    assert_null (worker_named (status, "w1"));
}

static void
who_was_lost_is_shown_until_it_comes_back_or_leaves (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    worker_of (self, 2, "bytes");
    request (self, 9, "a", "count", 0, 4);
    arrives (self, 1, 0, INK_EVALUE);
    self->beats[1] = false;
    pass (self, 3 * SECOND);
    with_status (self, one_is_lost);
    hello (self, 1, ALL_KERNELS);
    with_status (self, one_has_come_back);
    from_worker (self, 1, (ink_msg_t){.kind = INK_MSG_BYE, .bye.instance = 201});
    with_status (self, one_is_there);
}

static void
one_is_quarantined (const ink_msg_status_t *status)
{
    assert_string_equal (worker_named (status, "w1")->state, "quarantined");
    assert_int_equal (worker_named (status, "w1")->refused, 3);
    assert_int_equal (counter (status, "quarantines"), 1);
    assert_int_equal (status->requests.items[0].waits_for, INK_WAIT_TRUST);
}

static void
one_is_live (const ink_msg_status_t *status)
{
    assert_string_equal (worker_named (status, "w1")->state, "live");
}

//  The next worker that comes is given everything.
static void
a_worker_of_bad_values_is_given_nothing_for_ten_seconds (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 9, "a", "count", 1, 8);
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_EVALUE);
    arrives (self, 3, 0, INK_EVALUE);
    TOLD (self, "lane 1 < LEASE 4 count [1+1] again 1 care 1\n"
                "lane 1 < LEASE 5 count [5+1] again 1 care 1\n");
    arrives (self, 4, 0, INK_EVALUE);
    arrives (self, 5, 0, INK_OK);
    TOLD (self, "sink < FAILED 2.0 part 0 bad_value\n");
    with_status (self, one_is_quarantined);
    pass (self, 11 * SECOND);
    with_status (self, one_is_live);
}

static void
things_were_counted (const ink_msg_status_t *status)
{
    assert_int_equal (counter (status, "requests"), 3);
    assert_int_equal (counter (status, "refused"), 2);
    assert_int_equal (counter (status, "finals"), 5);
    assert_int_equal (counter (status, "partials"), 1);
    assert_int_equal (counter (status, "partials_replaced"), 1);
    assert_int_equal (counter (status, "cancelled"), 1);
    assert_int_equal (counter (status, "leases"), 4);
    assert_int_equal (counter (status, "leases_revoked"), 1);
    assert_int_equal (counter (status, "parts_computed"), 5);
    assert_int_equal (counter (status, "late_values"), 1);
    assert_int_equal (counter (status, "bad_messages"), 1);
    assert_int_equal (counter (status, "workers_lost"), 1);
}

static void
what_happens_is_counted (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    sink_replies (self, 2, 0, false, 1);
    sink_replies (self, 2, 0, false, 1);
    settle (self, 2);
    sink_replies (self, 2, 0, true, 1);
    arrives (self, 2, 0, INK_OK);
    request (self, 1, "b", "count", 0, 1);
    hello (self, 1, ALL_KERNELS);
    worker (self, 2);
    cancel (self, 1, "b");
    cancel (self, 1, "nobody");
    from_client (self, 1, (ink_msg_t){.kind = INK_MSG_BYE});
    with_status (self, things_were_counted);
}

static void
each_ended_in_one_way (const ink_msg_status_t *status)
{
    static const char *const ways[] = {
        "ended_ok",        "ended_partial", "ended_cancelled", "ended_timeout",
        "ended_no_worker", "ended_changed", "ended_failed",    "ended_refused"};
    for (size_t n = 0; n < 8; n++)
        assert_int_equal (counter (status, ways[n]), 1);
    assert_int_equal (counter (status, "requests"), 8);
}

static void
without_part_2 (bench_t *self, uint64_t handle)
{
    ink_msg_failure_t failure = {2 * PART, PART, INK_ELOST};
    from_sink (self, (ink_msg_t){.kind = INK_MSG_REPLY,
                                 .reply = {.id = "",
                                           .handle = handle,
                                           .final = 1,
                                           .detail = "",
                                           .failures = {&failure, 1}}});
}

static void
requests_are_counted_by_how_they_ended (void **state)
{
    bench_t *self = *state;
    teach (self); //  Three kernels of one request: one end
    request (self, 1, "b", "count", 2, 4);
    without_part_2 (self, 2);
    stopped (self, 1, 2), stopped (self, 1, 3);
    request (self, 1, "c", "count", 2, 4);
    cancel (self, 1, "c");
    stopped (self, 1, 4), stopped (self, 1, 5);
    ink_msg_request_t hasty = wish (self, "d", "count", 2, 4);
    hasty.timeout_ms = 1000;
    request_this (self, 1, hasty);
    pass (self, 2 * SECOND);
    stopped (self, 1, 6), stopped (self, 1, 7);
    request (self, 1, "e", "count", 2, 4);
    arrives (self, 8, 0, INK_ECHANGED);
    request (self, 1, "f", "count", 2, 4);
    ink_msg_t failed = {
        .kind = INK_MSG_REPLY,
        .reply = {
            .id = "", .handle = 6, .final = 1, .detail = "", .error = INK_ENOKERNEL}};
    from_sink (self, failed);
    self->open_error = INK_ENOTFOUND;
    request (self, 1, "g", "count", 2, 4);
    self->open_error = INK_OK;
    from_worker (self, 1, (ink_msg_t){.kind = INK_MSG_BYE, .bye.instance = 101});
    request (self, 1, "h", "count", 2, 4);
    pass (self, 6 * SECOND);
    with_status (self, each_ended_in_one_way);
}

static void
values_are_told_apart (const ink_msg_status_t *status)
{
    assert_int_equal (counter (status, "late_values"), 1);
    assert_int_equal (counter (status, "doubled_values"), 1);
    assert_int_equal (counter (status, "bad_values"), 1);
    assert_int_equal (counter (status, "retries"), 1);
}

static void
late_doubled_and_bad_values_are_counted (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    request (self, 1, "a", "count,histogram", 0, 2);
    arrives (self, 1, 0, INK_OK);
    arrives (self, 1, 0, INK_OK);
    arrives (self, 1, 1, INK_EVALUE);
    arrives (self, 99, 0, INK_OK);
    with_status (self, values_are_told_apart);
}

static void
others_have_counted (const ink_msg_status_t *status)
{
    assert_int_equal (counter (status, "cache_hits"), 5);
    assert_int_equal (counter (status, "cache_misses"), 6);
    assert_int_equal (counter (status, "cache_corrupt"), 7);
    assert_int_equal (counter (status, "sink_values"), 8);
    assert_int_equal (counter (status, "sink_bad_messages"), 9);
    assert_int_equal (counter (status, "sink_cache_failed"), 10);
}

static void
what_sink_and_cache_count_is_told_too (void **state)
{
    bench_t *self = *state;
    const ink_cache_stat_t cache = {.hits = 5, .misses = 6, .corrupt = 7};
    step (self, (ink_event_t){.kind = INK_EVENT_CACHE, .cache = &cache});
    from_sink (self, (ink_msg_t){.kind = INK_MSG_GREETING,
                                 .greeting = {.epoch = 1,
                                              .instance = 7,
                                              .values = 8,
                                              .bad_messages = 9,
                                              .cache_failed = 10}});
    with_status (self, others_have_counted);
}

static void
all_are_documented (const ink_msg_status_t *status)
{
    static char page[1 << 20];
    FILE *file = fopen ("doc/protocol.md", "r");
    assert_non_null (file);
    page[fread (page, 1, sizeof page - 1, file)] = 0;
    fclose (file);
    const char *section = strstr (page, "## 10. What is counted");
    assert_non_null (section);
    for (size_t n = 0; n < status->counters.size; n++) {
        char name[INK_NAME_MOST + 3];
        snprintf (name, sizeof name, "`%s`", status->counters.items[n].name);
        if (!strstr (section, name))
            fail_msg ("doc/protocol.md does not say what %s counts", name);
    }
}

static void
every_counter_is_documented (void **state)
{
    with_status (*state, all_are_documented);
}

static void
five_were_bad (const ink_msg_status_t *status)
{
    assert_int_equal (counter (status, "bad_messages"), 5);
    assert_int_equal (counter (status, "bad_at_front"), 1);
    assert_int_equal (counter (status, "bad_at_back"), 3);
    assert_int_equal (counter (status, "bad_from_sink"), 1);
}

//  Of the wrong direction, or of no known form; only a client is told.
static void
what_is_bad_is_counted_where_it_came (void **state)
{
    bench_t *self = *state;
    from_client (self, 1, (ink_msg_t){.kind = INK_MSG_BYE});
    TOLD (self, "client 1 < REFUSAL  bad_message\n");
    from_worker (self, 2, (ink_msg_t){.kind = INK_MSG_REQUEST});
    from_worker (self, 2, (ink_msg_t){.kind = INK_MSG_WELCOME});
    step (self, (ink_event_t){.kind = INK_EVENT_BAD_MESSAGE, .from = INK_EVENT_WORKER});
    from_sink (self, (ink_msg_t){.kind = INK_MSG_EXPECT});
    TOLD (self, "");
    with_status (self, five_were_bad);
}

//  ---------------------------------------------------------------------------------------
//  Memory

//  A bit of everything. False once memory ran out.
static bool
story (bench_t *self)
{
    int rc = tick (self);
    rc = rc ? rc : greeting (self, 7);
    rc = rc ? rc : hello (self, 1, ALL_KERNELS);
    rc = rc ? rc : ready (self, 1);
    rc = rc ? rc : proven (self);
    rc = rc ? rc : request (self, 2, "a", "count,histogram", 0, 40);
    rc = rc ? rc : request (self, 3, "b", "count", 10, 40);
    rc = rc ? rc : arrives (self, 1, 0, INK_OK);
    rc = rc ? rc : arrives_at (self, 0, 1, 1, INK_OK);
    rc = rc ? rc : arrives (self, 2, 0, INK_EIO);
    rc = rc ? rc : sink_replies (self, 1, 0, false, 1);
    rc = rc ? rc : sink_replies (self, 1, 0, false, 2);
    rc = rc ? rc : taken (self, 2, "a", 1);
    rc = rc ? rc : hello (self, 1, ALL_KERNELS);
    rc = rc ? rc : request (self, 4, "a", "count,histogram", 0, 40);
    rc = rc ? rc : greeting (self, 8);
    rc = rc ? rc : cancel (self, 2, "b");
    rc = rc ? rc : from_client (self, 2, (ink_msg_t){.kind = INK_MSG_ASK, .ask.id = ""});
    assert_true (rc == INK_OK || rc == INK_ENOMEM);
    return rc == INK_OK;
}

//  Every allocation of the story fails once: the step says so, or the work goes on; nothing
//  leaks (under a sanitizer).
static void
memory_may_run_out_at_any_moment (void **state)
{
    (void) state;
    bool whole = false;
    for (size_t left = 0; !whole; left++) {
        void *world;
        scarce_begin (left);
        int rc = setup_empty (&world);
        bench_t *self = world;
        self->finds = left % 2;
        self->known[0][3] = 1;
        if (!rc)
            whole = story (self) && scarce_count <= left;
        scarce_end ();
        teardown (&world);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_request_and_its_worker_are_described),
        cmocka_unit_test_setup_teardown (who_waits_for_a_sink_says_so, setup_empty,
                                         teardown),
        STORY (who_waits_for_a_worker_says_for_which),
        STORY (who_was_lost_is_shown_until_it_comes_back_or_leaves),
        STORY (a_worker_of_bad_values_is_given_nothing_for_ten_seconds),
        STORY (what_happens_is_counted),
        STORY (requests_are_counted_by_how_they_ended),
        STORY (late_doubled_and_bad_values_are_counted),
        STORY (what_sink_and_cache_count_is_told_too),
        STORY (every_counter_is_documented),
        STORY (what_is_bad_is_counted_where_it_came),
        cmocka_unit_test (memory_may_run_out_at_any_moment),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_foreman_faults.c: what becomes of work when somebody dies, errs or is not heard.

#include "foreman_bench.h"
#include "ventilator/registry.h"

//  ---------------------------------------------------------------------------------------
//  Meeting

static void
a_worker_gets_work_only_when_its_probe_came_back (void **state)
{
    bench_t *self = *state;
    request (self, 5, "a", "count", 0, 1);
    self->trace[0] = 0;
    hello (self, 1, "count");
    TOLD (self, "lane 1 opens, worker 1 < WELCOME\n");
    from_sink (self, (ink_msg_t){.kind = INK_MSG_PROBE, .probe = {1, 1, 0}});
    TOLD (self, "");
    ready (self, 1);
    TOLD (self, "lane 1 < PROBE\n");
    self->probe.nonce++;
    proven (self);
    self->probe.nonce--, self->probe.epoch++;
    proven (self);
    TOLD (self, "");
    self->probe.epoch--;
    proven (self);
    TOLD (self, "lane 1 < LEASE 1 count [0+1]\n");
}

//  The way takes longer than the beat: the first probe must still be good when it is back.
static void
a_slow_path_is_proven_too (void **state)
{
    bench_t *self = *state;
    hello (self, 1, "count");
    ready (self, 1);
    ink_msg_probe_t first = self->probe;
    pass (self, SECOND);
    self->trace[0] = 0;
    self->probe = first;
    proven (self);
    request (self, 5, "a", "count", 0, 1);
    TOLD (self, "sink < EXPECT 1 count [0+1]\nlane 1 < LEASE 1 count [0+1]\n");
}

static void
an_unknown_worker_is_asked_to_say_hello_again (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    self->instance[1] += 7;
    beat (self, 1);
    TOLD (self, "worker 1 < AGAIN\n");
    ready (self, 2);
    TOLD (self, "worker 2 < AGAIN\n");
    from_worker (self, 3, (ink_msg_t){.kind = INK_MSG_PONG});
    TOLD (self, ""); //  No worker says this
}

//  Named by number, and from one peer: the bench has no names for so many.
static int
stranger (bench_t *self, uint64_t n)
{
    char name[16];
    snprintf (name, sizeof name, "s%d", (int) n);
    ink_msg_t msg = {.kind = INK_MSG_HELLO,
                     .hello = {name, 100000 + n, "here", 1, 1, "1", {self->kernels, 0}}};
    return from_worker (self, 12, msg);
}

static void
the_worker_behind_the_last_is_refused (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    for (uint64_t n = 1; n < INK_WORKERS_MOST; n++, self->trace[0] = 0)
        stranger (self, n);
    stranger (self, INK_WORKERS_MOST);
    TOLD (self, "worker 12 < REFUSAL  busy\n");
    beat (self, 1);
    TOLD (self, "");
    hello (self, 1, ALL_KERNELS); //  One that is known may begin again
    TOLD (self, "lane 1 closes\nlane 1025 opens, worker 1 < WELCOME\n");
    pass (self, 4 * SECOND); //  The strangers were silent
    self->trace[0] = 0;
    stranger (self, INK_WORKERS_MOST);
    TOLD (self, "lane 1026 opens, worker 12 < WELCOME\n");
}

static void
who_missed_a_revocation_is_told_what_it_holds (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 10, 1);
    cancel (self, 1, "a");
    self->trace[0] = 0;
    from_worker (self, 1, (ink_msg_t){.kind = INK_MSG_RESYNC, .resync.instance = 101});
    TOLD (self, "worker 1 < HELD [3]\n");
}

static void
a_full_lane_is_a_lost_worker_without_blame (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    self->trace[0] = 0;
    step (self, (ink_event_t){.kind = INK_EVENT_LANE_STUCK, .worker = 1});
    TOLD (self, "worker 1 < AGAIN\nlane 1 closes\n");
    worker (self, 2);
    request (self, 1, "b", "count", 0, 1);
    assert_null (strstr (self->trace, "again"));
}

//  ---------------------------------------------------------------------------------------
//  Workers die

static void
a_silent_worker_s_leases_go_out_again_and_only_started_work_is_blamed (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 2);
    TOLD (self, "sink < EXPECT 2 count [0+2]\n"
                "lane 1 < LEASE 2 count [0+1]\n"
                "lane 1 < LEASE 3 count [1+1]\n");
    self->beats[1] = false;
    pass (self, 2 * SECOND);
    TOLD (self, "");
    pass (self, 100 * MS);
    TOLD (self, "lane 1 closes\n");
    hello (self, 2, "count");
    ready (self, 2);
    proven (self);
    TOLD (self, "lane 2 opens, worker 2 < WELCOME\n"
                "lane 2 < PROBE\n"
                "lane 2 < LEASE 4 count [0+1] again 1\n"
                "lane 2 < LEASE 5 count [1+1]\n");
}

static void
the_first_part_that_has_not_settled_is_blamed (void **state)
{
    bench_t *self = *state;
    self->busy_ns = 2000000;
    teach (self);
    request (self, 7, "a", "count", 0, 8);
    TOLD (self, "sink < EXPECT 2 count [0+8]\n"
                "lane 1 < LEASE 2 count [0+1 4+1 2+1 6+1]\n"
                "lane 1 < LEASE 3 count [1+1 5+1]\n");
    arrives (self, 2, 0, INK_OK);
    hello (self, 1, "count");
    ready (self, 1);
    self->trace[0] = 0;
    proven (self);
    TOLD (self, "lane 2 < LEASE 4 count [4+1] again 1\n"
                "lane 2 < LEASE 5 count [2+1 6+1 1+1]\n");
}

static void
a_worker_that_says_bye_is_not_blamed (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    from_worker (self, 1, (ink_msg_t){.kind = INK_MSG_BYE, .bye.instance = 101});
    worker (self, 2);
    request (self, 7, "b", "count", 0, 1);
    TOLD (self, "sink < EXPECT 3 count [0+1]\n");
    assert_int_equal (self->slots[3], 1);
}

//  The worker is started again under its name each time the chunk has killed it.
static void
die (bench_t *self)
{
    hello (self, 1, ALL_KERNELS);
    ready (self, 1);
    self->trace[0] = 0;
    proven (self);
}

static void
a_chunk_that_kills_eight_workers_is_given_up_and_the_rest_is_computed (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 3);
    for (int deaths = 1; deaths < 8; deaths++)
        die (self);
    assert_non_null (strstr (self->trace, "count [0+1] again 7 care 2\n"));
    self->trace[0] = 0;
    hello (self, 1, ALL_KERNELS);
    TOLD (self, "sink < FAILED 2.0 part 0 worker_lost\n"
                "lane 8 closes\n"
                "lane 9 opens, worker 1 < WELCOME\n");
    ready (self, 1);
    proven (self);
    TOLD (self, "lane 9 < PROBE\n"
                "lane 9 < LEASE 18 count [2+1]\n"
                "lane 9 < LEASE 19 count [1+1]\n");
    settle (self, 18);
    settle (self, 19);
    sink_replies (self, 2, 0, true, 2);
    TOLD (self, "client 7 < a.0 final 1: 0+2 of 64\nsink < FORGET 2\n");
}

//  The digraph of part 0 kills: the histogram of it must not be given up.
static void
a_kernel_that_kills_is_told_from_one_that_does_not (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "histogram,digraph", 0, 1);
    TOLD (self, "sink < EXPECT 2 histogram,digraph [0+1]\n"
                "lane 1 < LEASE 2 histogram,digraph [0+1]\n");
    die (self);
    TOLD (self, "lane 2 < LEASE 3 histogram [0+1] again 1\n"
                "lane 2 < LEASE 4 digraph [0+1]\n");
    settle (self, 3);
    for (int deaths = 0; deaths < 8; deaths++)
        hello (self, 1, ALL_KERNELS), ready (self, 1), proven (self);
    assert_non_null (strstr (self->trace, "FAILED 2.1 part 0 worker_lost"));
    assert_null (strstr (self->trace, "FAILED 2.0"));
}

//  ---------------------------------------------------------------------------------------
//  Leases that show nothing

static void
a_lease_that_shows_nothing_is_revoked_and_given_out_again (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    TOLD (self, "sink < EXPECT 2 count [0+1]\nlane 1 < LEASE 2 count [0+1]\n");
    pass (self, 6 * SECOND);
    TOLD (self, "");
    pass (self, SECOND);
    assert_non_null (strstr (self->trace, "all < REVOKE [2]\nlane 1 < PROBE\n"));
    self->trace[0] = 0;
    proven (self);
    TOLD (self, "lane 1 < LEASE 3 count [0+1]\n");
    settle (self, 3);
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "");
}

//  What it sends is lost for good: it is to connect anew, and is not to blame.
static void
a_worker_whose_path_is_dead_is_met_again (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    pass (self, 7 * SECOND);
    self->trace[0] = 0;
    pass (self, 3 * SECOND);
    assert_non_null (strstr (self->trace, "worker 1 < AGAIN\nlane 1 closes\n"));
    self->trace[0] = 0;
    hello (self, 1, "count");
    ready (self, 1);
    proven (self);
    assert_non_null (strstr (self->trace, "LEASE 3 count [0+1]\n"));
}

//  A minute a chunk, and nobody knew: it must be given the time in the end.
static void
a_chunk_that_is_only_slow_is_computed_in_the_end (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    request (self, 7, "a", "count", 0, 1);
    char *last = NULL;
    for (int seconds = 0; seconds < 400; seconds++) {
        self->trace[0] = 0;
        pass (self, SECOND);
        if ((last = strstr (self->trace, "REVOKE ["))) {
            seconds = 0;
            stopped (self, 1, strtoull (last + 8, NULL, 10));
            proven (self);
        }
    }
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, 1);
    assert_int_equal (demand->strands[0].in_progress, 1);
}

static void
a_slot_is_free_10_seconds_after_its_revocation_at_the_latest (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 2);
    cancel (self, 7, "a");
    request (self, 8, "b", "count", 10, 1);
    self->trace[0] = 0;
    pass (self, 9900 * MS);
    TOLD (self, "");
    pass (self, 200 * MS);
    TOLD (self, "lane 1 < LEASE 4 count [10+1]\n");
}

//  ---------------------------------------------------------------------------------------
//  Errors

static void
an_io_error_is_tried_once_more_and_then_failed (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_EIO);
    TOLD (self, "lane 1 < LEASE 3 count [0+1] again 1 care 1\n");
    arrives (self, 3, 0, INK_EIO);
    TOLD (self, "sink < FAILED 2.0 part 0 io_error\n");
}

static void
everybody_who_waited_is_told_of_a_failure (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    request (self, 8, "b", "histogram,count", 0, 1);
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_EVALUE);
    arrives (self, 4, 0, INK_EVALUE);
    TOLD (self, "lane 1 < LEASE 4 count [0+1] again 1 care 1\n"
                "sink < FAILED 2.0 part 0 bad_value\n"
                "sink < FAILED 3.1 part 0 bad_value\n");
}

static void
an_error_nobody_knows_is_a_bad_value (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    arrives (self, 2, 0, -5);
    self->trace[0] = 0;
    arrives (self, 3, 0, 12345);
    TOLD (self, "sink < FAILED 2.0 part 0 bad_value\n");
}

static void
a_source_that_changed_ends_all_requests_over_it (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 6, "other", "histogram", 0, 1);
    request (self, 7, "a", "count", 0, 1);
    self->slow_cache = true;
    request (self, 8, "b", "histogram,count", 4, 1);
    self->trace[0] = 0;
    arrives (self, 3, 0, INK_ECHANGED);
    //  In no order
    assert_non_null (strstr (self->trace,
                             "client 7 < a.0 final 1 source_changed: 0+0 of 1\n"
                             "sink < FORGET 3 purge\n"));
    assert_non_null (strstr (self->trace,
                             "client 8 < b.0 final 1 source_changed: 0+0 of 1\n"
                             "client 8 < b.1 final 2 source_changed: 0+0 of 1\n"));
    assert_null (strstr (self->trace, "other"));
    self->trace[0] = 0;
}

static void
what_is_not_of_a_lease_changes_nothing (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 3);
    self->trace[0] = 0;
    arrives (self, 99, 0, INK_OK);
    arrives (self, 2, 1, INK_OK);
    arrives (self, 2, 0, INK_OK);
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "lane 1 < LEASE 4 count [1+1]\n");
}

//  ---------------------------------------------------------------------------------------
//  The sink dies

static void
with_another_sink_all_is_planned_again_and_one_final_comes (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "histogram", 0, 3);
    settle (self, 2);
    sink_replies (self, 2, 0, false, 1);
    self->known[0][0] = 1;
    self->trace[0] = 0;
    greeting (self, 8);
    TOLD (self, "all < REVOKE [3 4]\n"
                "sink < EXPECT 2 histogram [0+3]\n"
                "sink < KNOWN 2.0 [0+1] untold\n");
    stopped (self, 1, 3);
    stopped (self, 1, 4);
    TOLD (self, "lane 1 < LEASE 5 histogram [2+1]\n"
                "lane 1 < LEASE 6 histogram [1+1]\n");
    settle (self, 5);
    settle (self, 6);
    sink_replies (self, 2, 0, true, 3);
    sink_replies (self, 2, 0, true, 3);
    TOLD (self, "client 7 < a.0 final 2: 0+3 of 64\nsink < FORGET 2\n");
}

//  One kernel had its final before the sink died: it gets no other.
static void
a_final_is_not_sent_twice_because_of_another_sink (void **state)
{
    bench_t *self = *state;
    request (self, 7, "a", "count,histogram", 0, 1);
    sink_replies (self, 1, 0, true, 1);
    self->trace[0] = 0;
    greeting (self, 8);
    sink_replies (self, 1, 0, true, 1);
    sink_replies (self, 1, 1, true, 1);
    TOLD (self, "sink < EXPECT 1 count,histogram [0+1]\n"
                "client 7 < a.1 final 2: 0+1 of 64\n"
                "sink < FORGET 1\n");
}

static void
flow_control_survives_another_sink (void **state)
{
    bench_t *self = *state;
    request (self, 7, "a", "histogram", 0, 4);
    sink_replies (self, 1, 0, false, 1);
    self->known[0][0] = 1;
    self->trace[0] = 0;
    greeting (self, 8);
    sink_replies (self, 1, 0, false, 2);
    TOLD (self, "sink < EXPECT 1 histogram [0+4]\nsink < KNOWN 1.0 [0+1] untold\n");
    taken (self, 7, "a", 1);
    TOLD (self, "client 7 < a.0 partial 2: 0+2 of 64\n");
    assert_int_equal (self->answers, 2 * 8);
}

static void
a_sink_that_was_silent_is_another_one (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    self->greets = false;
    pass (self, 4500 * MS);
    TOLD (self, "");
    greeting (self, 7);
    TOLD (self, "all < REVOKE [1]\n"
                "sink < EXPECT 1 count [0+1]\n"
                "lane 1 < LEASE 2 count [0+1]\n");
}

//  ---------------------------------------------------------------------------------------
//  Pauses

//  What was waiting in the sockets is read first, then time is looked at.
static void
a_pause_of_our_own_blames_nobody (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    request (self, 8, "b", "bytes", 0, 1);
    pass (self, 2 * SECOND);
    self->trace[0] = 0;
    self->now += 60 * SECOND;
    chatter (self);
    tick (self);
    pass (self, SECOND);
    TOLD (self, "");
}

//  Also when nothing was waiting there, and the first to be read is a tick.
static void
after_a_pause_everybody_has_time_to_speak (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    pass (self, SECOND);
    self->trace[0] = 0;
    self->now += 60 * SECOND;
    tick (self);
    pass (self, SECOND);
    TOLD (self, "");
}

//  A pause is forgiven once: who died in it is noticed soon.
static void
a_worker_that_died_in_a_pause_is_noticed (void **state)
{
    bench_t *self = *state;
    teach (self);
    worker_of (self, 2, "histogram");
    request (self, 7, "a", "count", 0, 1);
    pass (self, SECOND);
    self->trace[0] = 0;
    self->now += 60 * SECOND;
    self->beats[1] = false;
    for (int n = 0; n < 20; n++)
        chatter (self);
    pass (self, 3 * SECOND);
    TOLD (self, "lane 1 closes\n");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_worker_gets_work_only_when_its_probe_came_back),
        STORY (a_slow_path_is_proven_too),
        STORY (an_unknown_worker_is_asked_to_say_hello_again),
        STORY (the_worker_behind_the_last_is_refused),
        STORY (who_missed_a_revocation_is_told_what_it_holds),
        STORY (a_full_lane_is_a_lost_worker_without_blame),
        STORY (a_silent_worker_s_leases_go_out_again_and_only_started_work_is_blamed),
        STORY (the_first_part_that_has_not_settled_is_blamed),
        STORY (a_worker_that_says_bye_is_not_blamed),
        STORY (a_chunk_that_kills_eight_workers_is_given_up_and_the_rest_is_computed),
        STORY (a_kernel_that_kills_is_told_from_one_that_does_not),
        STORY (a_lease_that_shows_nothing_is_revoked_and_given_out_again),
        STORY (a_worker_whose_path_is_dead_is_met_again),
        STORY (a_chunk_that_is_only_slow_is_computed_in_the_end),
        STORY (a_slot_is_free_10_seconds_after_its_revocation_at_the_latest),
        STORY (an_io_error_is_tried_once_more_and_then_failed),
        STORY (everybody_who_waited_is_told_of_a_failure),
        STORY (an_error_nobody_knows_is_a_bad_value),
        STORY (a_source_that_changed_ends_all_requests_over_it),
        STORY (what_is_not_of_a_lease_changes_nothing),
        STORY (with_another_sink_all_is_planned_again_and_one_final_comes),
        STORY (a_final_is_not_sent_twice_because_of_another_sink),
        STORY (flow_control_survives_another_sink),
        STORY (a_sink_that_was_silent_is_another_one),
        STORY (a_pause_of_our_own_blames_nobody),
        STORY (after_a_pause_everybody_has_time_to_speak),
        STORY (a_worker_that_died_in_a_pause_is_noticed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_foreman_views.c: views that move.

#include "foreman_bench.h"
#include "ventilator/office.h"

//  A statement of view "v" over parts of the file, seen from the middle.
static ink_msg_request_t
statement (bench_t *self, const char *id, uint64_t first, uint64_t count)
{
    ink_msg_request_t request = wish (self, id, "count", first, count);
    request.view = "v";
    return request;
}

static void
see (bench_t *self, const char *id, uint64_t first, uint64_t count)
{
    request_this (self, 1, statement (self, id, first, count));
}

static uint64_t
running (bench_t *self, uint64_t handle)
{
    return ink_foreman_demand (self->foreman, handle)->running;
}

//  ---------------------------------------------------------------------------------------
//  From the focus outwards

static void
a_view_is_leased_from_its_middle_outwards (void **state)
{
    bench_t *self = *state;
    teach (self);
    see (self, "a", 0, 8);
    settle (self, 2);
    settle (self, 3);
    TOLD (self, "sink < EXPECT 2 count [0+8]\n"
                "lane 1 < LEASE 2 count [4+1]\n"
                "lane 1 < LEASE 3 count [5+1]\n"
                "lane 1 < LEASE 4 count [3+1]\n"
                "lane 1 < LEASE 5 count [6+1]\n");
}

//  Leases of a view over parts 8 to 15 with that focus.
static void
begins_at (bench_t *self, uint64_t focus, const char *leases)
{
    teach (self);
    ink_msg_request_t request = statement (self, "a", 8, 8);
    request.focus = focus;
    request_this (self, 1, request);
    const char *told = strchr (self->trace, '\n') + 1;
    assert_string_equal (told, leases);
}

static void
a_focus_is_where_a_view_begins (void **state)
{
    begins_at (*state, 10 * PART + 5,
               "lane 1 < LEASE 2 count [10+1]\nlane 1 < LEASE 3 count [11+1]\n");
}

static void
a_focus_before_the_view_is_its_first_part (void **state)
{
    begins_at (*state, 0, "lane 1 < LEASE 2 count [8+1]\nlane 1 < LEASE 3 count [9+1]\n");
}

static void
a_focus_behind_the_view_is_its_last_part (void **state)
{
    begins_at (*state, INK_ANY - 1,
               "lane 1 < LEASE 2 count [15+1]\nlane 1 < LEASE 3 count [14+1]\n");
}

static void
a_focus_without_a_view_means_nothing (void **state)
{
    bench_t *self = *state;
    teach (self);
    ink_msg_request_t request = wish (self, "a", "count", 0, 8);
    request.focus = 3 * PART;
    request_this (self, 1, request);
    TOLD (self, "sink < EXPECT 2 count [0+8]\n"
                "lane 1 < LEASE 2 count [0+1]\n"
                "lane 1 < LEASE 3 count [4+1]\n");
}

static void
a_view_of_another_form_is_refused (void **state)
{
    bench_t *self = *state;
    ink_msg_request_t request = statement (self, "a", 0, 8);
    request.view = "a view";
    request_this (self, 1, request);
    TOLD (self, "client 1 < REFUSAL a bad_message\n");
}

//  ---------------------------------------------------------------------------------------
//  Stated anew

//  Part 5 is wanted by both, and stays where it is.
static void
a_new_statement_ends_the_old_one_and_keeps_what_it_still_wants (void **state)
{
    bench_t *self = *state;
    teach (self);
    see (self, "a", 0, 8);
    self->trace[0] = 0;
    see (self, "b", 5, 8);
    TOLD (self, "sink < EXPECT 3 count [5+8]\n"
                "client 1 < a.0 final 1 cancelled: 0+0 of 8\n"
                "sink < FORGET 2\n"
                "all < REVOKE [2]\n");
    stopped (self, 1, 2);
    TOLD (self, "lane 1 < LEASE 4 count [9+1]\n");
    settle (self, 3);
    TOLD (self, "lane 1 < LEASE 5 count [10+1]\n");
    assert_int_equal (self->foreman->counters.superseded, 1);
    assert_int_equal (self->foreman->counters.ended_cancelled, 1);
    assert_int_equal (self->foreman->counters.cancelled, 0);
    assert_int_equal (self->foreman->counters.retries, 0);
}

static void
all_leases_that_die_are_revoked_by_one_message (void **state)
{
    bench_t *self = *state;
    teach (self);
    worker (self, 2);
    worker (self, 3);
    see (self, "a", 0, 16);
    self->trace[0] = 0;
    see (self, "b", 32, 8);
    TOLD (self, "sink < EXPECT 3 count [32+8]\n"
                "client 1 < a.0 final 1 cancelled: 0+0 of 16\n"
                "sink < FORGET 2\n"
                "all < REVOKE [6 4 2 3 5 7]\n");
    assert_int_equal (self->foreman->counters.leases_revoked, 6);
}

static void
leases_that_go_on_are_counted_for_the_new_statement (void **state)
{
    bench_t *self = *state;
    teach (self);
    see (self, "a", 0, 8);
    assert_int_equal (running (self, 2), 2);
    see (self, "b", 1, 8);
    assert_int_equal (running (self, 3), 2);
    settle (self, 2);
    assert_int_equal (running (self, 3), 2);
    for (uint64_t lease = 3; lease < 10; lease++)
        settle (self, lease);
    assert_int_equal (running (self, 3), 0);
}

//  What another client wants goes on for that one.
static void
leases_that_go_on_for_another_client_are_counted_for_it (void **state)
{
    bench_t *self = *state;
    teach (self);
    see (self, "a", 0, 8);
    request (self, 2, "other", "count", 4, 1);
    assert_int_equal (running (self, 3), 0);
    see (self, "b", 32, 8);
    assert_int_equal (running (self, 3), 1);
    settle (self, 2);
    assert_int_equal (running (self, 3), 0);
}

static void
what_the_cache_answers_wholly_ends_the_old_one_too (void **state)
{
    bench_t *self = *state;
    teach (self);
    request_this (self, 1, statement (self, "a", 0, 8));
    memset (self->known[0], 1, PARTS);
    self->trace[0] = 0;
    ink_msg_request_t request = wish (self, "b", "histogram", 16, 8);
    request.view = "v";
    request_this (self, 1, request);
    TOLD (self, "client 1 < from the cache b.0 final 1: 8+0 of 8\n"
                "client 1 < a.0 final 1 cancelled: 0+0 of 8\n"
                "sink < FORGET 2\n"
                "all < REVOKE [2 3]\n");
}

static void
what_is_refused_supersedes_nothing (void **state)
{
    bench_t *self = *state;
    teach (self);
    see (self, "a", 0, 8);
    self->trace[0] = 0;
    see (self, "b", PARTS, 8);
    self->open_error = INK_ENOTFOUND;
    see (self, "c", 0, 8);
    TOLD (self, "client 1 < REFUSAL b bad_range\n"
                "client 1 < REFUSAL c not_found\n");
    settle (self, 2);
    TOLD (self, "lane 1 < LEASE 4 count [3+1]\n");
}

static void
others_are_left_alone (void **state)
{
    bench_t *self = *state;
    teach (self);
    see (self, "a", 0, 8);
    request (self, 1, "plain", "count", 8, 8);
    ink_msg_request_t request = statement (self, "pane", 16, 8);
    request.view = "w";
    request_this (self, 1, request);
    request_this (self, 2, statement (self, "theirs", 24, 8));
    assert_null (strstr (self->trace, "final"));
    see (self, "b", 32, 8);
    assert_non_null (strstr (self->trace, "a.0 final 1 cancelled"));
    assert_int_equal (self->foreman->counters.finals, 3 + 1); //  Three were taught
}

//  The cache is slow, and all of them wait for it.
static void
all_earlier_statements_end_in_whatever_state_they_are (void **state)
{
    bench_t *self = *state;
    teach (self);
    self->slow_cache = true;
    ink_msg_request_t request = wish (self, "a", "histogram", 0, 8);
    request.view = "v";
    request_this (self, 1, request);
    self->slow_disk = true;
    request.id = "b";
    request_this (self, 1, request);
    self->slow_cache = self->slow_disk = false;
    request.id = "c";
    self->trace[0] = 0;
    request_this (self, 1, request);
    TOLD (self, "sink < EXPECT 4 histogram [0+8]\n"
                "client 1 < a.0 final 1 cancelled: 0+0 of 8\n"
                "client 1 < b.0 final 1 cancelled: 0+0 of 0\n"
                "lane 1 < LEASE 2 histogram [4+1]\n"
                "lane 1 < LEASE 3 histogram [5+1]\n");
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 2});
    step (self, (ink_event_t){.kind = INK_EVENT_OPENED, .handle = 3});
    TOLD (self, "");
}

//  Requests are issued again in any order: the number tells which statement is the last.
static void
an_earlier_statement_that_comes_later_is_superseded_at_once (void **state)
{
    bench_t *self = *state;
    teach (self);
    ink_msg_request_t request = statement (self, "b", 0, 8);
    request.move = 2;
    request_this (self, 1, request);
    self->trace[0] = 0;
    request = statement (self, "a", 32, 8);
    request.move = 1;
    request_this (self, 1, request);
    TOLD (self, "client 1 < a.0 final 1 cancelled: 0+0 of 8\n");
    settle (self, 2);
    TOLD (self, "lane 1 < LEASE 4 count [3+1]\n");
}

//  Whoever issues it again counts for himself.
static void
who_attaches_brings_his_own_number (void **state)
{
    bench_t *self = *state;
    teach (self);
    ink_msg_request_t request = statement (self, "a", 0, 8);
    request.move = 100;
    request_this (self, 1, request);
    request.move = 1;
    request_this (self, 2, request);
    self->trace[0] = 0;
    request = statement (self, "b", 4, 1);
    request.move = 2;
    request_this (self, 2, request);
    TOLD (self, "sink < EXPECT 3 count [4+1]\n"
                "client 2 < a.0 final 1 cancelled: 0+0 of 8\n"
                "sink < FORGET 2\n"
                "all < REVOKE [3]\n");
}

//  ---------------------------------------------------------------------------------------
//  Leases that are wanted in part

//  A part takes 2 ms, so that a lease is ten of them: parts 20, 21, 19, 22, 18, 23, 17, 24, 16
//  and 25, then 15 to 11 and 26 to 30.
static void
look_closely (bench_t *self, const char *kernels)
{
    self->busy_ns = 2000000;
    teach (self);
    ink_msg_request_t request = statement (self, "a", 0, 40);
    request.kernels.size = list_kernels (self, kernels);
    request_this (self, 1, request);
}

static void
what_nobody_wants_is_taken_out_of_a_lease (void **state)
{
    bench_t *self = *state;
    look_closely (self, "count");
    TOLD (self, "sink < EXPECT 2 count [0+40]\n"
                "lane 1 < LEASE 2 count [20+2 19+1 22+1 18+1 23+1 17+1 24+1 16+1 25+1]\n"
                "lane 1 < LEASE 3 count [15+1 26+1 14+1 27+1 13+1 28+1 12+1 29+1 11+1 "
                "30+1]\n");
    see (self, "b", 22, 2);
    TOLD (self, "sink < EXPECT 3 count [22+2]\n"
                "client 1 < a.0 final 1 cancelled: 0+0 of 40\n"
                "sink < FORGET 2\n"
                "all < REVOKE [3 2:0 2:1 2:2 2:4 2:6 2:7 2:8 2:9]\n");
    assert_int_equal (self->foreman->counters.spans_revoked, 8);
    assert_int_equal (self->foreman->counters.leases_revoked, 1);
}

static void
a_lease_ends_when_all_that_is_wanted_has_settled (void **state)
{
    bench_t *self = *state;
    look_closely (self, "count");
    see (self, "b", 22, 2);
    arrives (self, 2, 3, INK_OK);
    assert_non_null (ink_leases_find (&self->foreman->leases, 2));
    arrives (self, 2, 5, INK_OK);
    assert_null (ink_leases_find (&self->foreman->leases, 2));
    stopped (self, 1, 3);
    INK_LIST_EACH (link, ink_registry_workers (self->foreman->registry))
    assert_int_equal (INK_ITEM (link, ink_worker_t, link)->in_hand_ns, 0);
}

//  The worker was there before it heard.
static void
a_value_of_a_revoked_span_is_late_and_changes_nothing (void **state)
{
    bench_t *self = *state;
    look_closely (self, "count");
    see (self, "b", 22, 2);
    arrives (self, 2, 0, INK_OK);
    arrives (self, 2, 1, INK_EIO);
    assert_int_equal (self->foreman->counters.late_values, 2);
    assert_int_equal (self->foreman->counters.doubled_values, 0);
    assert_int_equal (ink_foreman_demand (self->foreman, 3)->strands[0].in_progress, 2);
    arrives (self, 2, 3, INK_OK);
    arrives (self, 2, 3, INK_OK);
    assert_int_equal (self->foreman->counters.doubled_values, 1);
}

static void
a_span_stays_while_one_of_its_kernels_is_wanted (void **state)
{
    bench_t *self = *state;
    look_closely (self, "count,histogram");
    self->trace[0] = 0;
    ink_msg_request_t request = wish (self, "b", "histogram", 20, 2);
    request_this (self, 2, request);
    cancel (self, 1, "a");
    assert_non_null (strstr (self->trace, "all < REVOKE [3 2:2 2:3 2:4]\n"));
    arrives (self, 2, 0, INK_OK); //  A count nobody wants, which was owed
    assert_int_equal (self->foreman->counters.late_values, 1);
    arrives (self, 2, 1, INK_OK);
    arrives (self, 2, 2, INK_OK);
    assert_non_null (ink_leases_find (&self->foreman->leases, 2));
    arrives (self, 2, 3, INK_OK);
    assert_null (ink_leases_find (&self->foreman->leases, 2));
}

//  Sixteen leases of up to 256 spans, in each of which some are wanted still.
static void
more_than_a_message_holds_is_said_by_several (void **state)
{
    bench_t *self = *state;
    self->busy_ns = 4096;
    teach (self);
    for (uint64_t n = 2; n <= 8; n++)
        worker (self, n);
    self->file.size = 8000 * PART;
    request (self, 1, "a", "count", 0, 8000);
    request (self, 2, "b", "count", 0, 64);
    const ink_demand_t *a = ink_foreman_demand (self->foreman, 2);
    const ink_demand_t *b = ink_foreman_demand (self->foreman, 3);
    uint64_t unwanted = a->strands[0].in_progress - b->strands[0].in_progress;
    uint64_t seq = self->foreman->seq;
    assert_true (unwanted > 2 * INK_REVOKED_MOST);
    cancel (self, 1, "a");
    assert_int_equal (self->foreman->counters.leases_revoked, 0);
    assert_int_equal (self->foreman->counters.spans_revoked, unwanted);
    assert_int_equal (self->foreman->seq, seq + (unwanted + 1023) / 1024);
}

//  Five hundred moves: each request has one final, and nothing is left behind.
static void
a_view_that_moves_on_and_on_leaves_nothing_behind (void **state)
{
    bench_t *self = *state;
    teach (self);
    char id[16];
    for (uint64_t n = 0; n < 500; n++) {
        snprintf (id, sizeof id, "m%d", (int) n);
        see (self, id, n % 48, 1 + n % 7);
        self->trace[0] = 0;
        if (n % 3 == 0)
            for (uint64_t lease = 1; lease < 1500; lease++)
                if (ink_leases_find (&self->foreman->leases, lease))
                    stopped (self, 1, lease);
    }
    assert_int_equal (self->foreman->counters.superseded, 499);
    assert_int_equal (self->foreman->counters.finals, 3 + 499);
    assert_int_equal (ink_map_size (self->foreman->demands.by_handle), 1);
    assert_true (ink_map_size (self->foreman->leases.by_id) <= 2);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_view_is_leased_from_its_middle_outwards),
        STORY (a_focus_is_where_a_view_begins),
        STORY (a_focus_before_the_view_is_its_first_part),
        STORY (a_focus_behind_the_view_is_its_last_part),
        STORY (a_focus_without_a_view_means_nothing),
        STORY (a_view_of_another_form_is_refused),
        STORY (a_new_statement_ends_the_old_one_and_keeps_what_it_still_wants),
        STORY (all_leases_that_die_are_revoked_by_one_message),
        STORY (leases_that_go_on_are_counted_for_the_new_statement),
        STORY (leases_that_go_on_for_another_client_are_counted_for_it),
        STORY (what_the_cache_answers_wholly_ends_the_old_one_too),
        STORY (what_is_refused_supersedes_nothing),
        STORY (others_are_left_alone),
        STORY (all_earlier_statements_end_in_whatever_state_they_are),
        STORY (an_earlier_statement_that_comes_later_is_superseded_at_once),
        STORY (who_attaches_brings_his_own_number),
        STORY (what_nobody_wants_is_taken_out_of_a_lease),
        STORY (a_lease_ends_when_all_that_is_wanted_has_settled),
        STORY (a_value_of_a_revoked_span_is_late_and_changes_nothing),
        STORY (a_span_stays_while_one_of_its_kernels_is_wanted),
        STORY (more_than_a_message_holds_is_said_by_several),
        STORY (a_view_that_moves_on_and_on_leaves_nothing_behind),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

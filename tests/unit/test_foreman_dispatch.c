//  test_foreman_dispatch.c: who gets which work, and how work is shared.

#include "foreman_bench.h"

static size_t
count_of (const char *text, const char *word)
{
    size_t count = 0;
    for (const char *at = text; (at = strstr (at, word)); at++)
        count++;
    return count;
}

//  ---------------------------------------------------------------------------------------
//  Leases

static void
several_kernels_read_each_part_once (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count,histogram", 4, 2);
    TOLD (self, "sink < EXPECT 2 count,histogram [4+2]\n"
                "lane 1 < LEASE 2 count,histogram [4+1]\n"
                "lane 1 < LEASE 3 count,histogram [5+1]\n");
}

static void
a_worker_gets_only_the_kernels_it_has (void **state)
{
    bench_t *self = *state;
    worker_of (self, 1, "histogram");
    worker_of (self, 2, "count,digraph");
    request (self, 5, "a", "count,histogram,digraph", 0, 1);
    TOLD (self, "sink < EXPECT 1 count,histogram,digraph [0+1]\n"
                "lane 1 < LEASE 1 histogram [0+1]\n"
                "lane 2 < LEASE 2 count,digraph [0+1]\n");
}

static void
a_kernel_that_is_known_where_another_is_not_is_left_out (void **state)
{
    bench_t *self = *state;
    teach (self);
    self->known[0][0] = 1;
    request (self, 1, "a", "digraph,histogram", 4, 2);
    assert_non_null (strstr (self->trace, "LEASE 2 histogram [4+1]\n"
                                          "lane 1 < LEASE 3 digraph,histogram [5+1]\n"));
}

static void
leases_never_exceed_credit (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 8);
    TOLD (self, "sink < EXPECT 2 count [0+8]\n"
                "lane 1 < LEASE 2 count [0+1]\n"
                "lane 1 < LEASE 3 count [4+1]\n");
    arrives (self, 3, 0, INK_OK);
    assert_int_equal (count_of (self->trace, "LEASE"), 1);
    pass (self, SECOND);
    assert_int_equal (count_of (self->trace, "LEASE"), 1);
}

static void
a_lease_is_20_ms_of_work_and_shrinks_near_the_end (void **state)
{
    bench_t *self = *state;
    self->busy_ns = 2000000;
    teach (self);
    request (self, 1, "a", "count", 0, 40);
    TOLD (self,
          "sink < EXPECT 2 count [0+40]\n"
          "lane 1 < LEASE 2 count [0+1 32+1 16+1 8+1 24+1 4+1 36+1 20+1 12+1 28+1]\n"
          "lane 1 < LEASE 3 count [2+1 34+1 18+1 10+1 26+1 6+1 38+1 22+1 14+1 30+1]\n");
    settle (self, 2);
    TOLD (self,
          "lane 1 < LEASE 4 count [1+1 33+1 17+1 9+1 25+1 5+1 37+1 21+1 13+1 29+1]\n");
    settle (self, 3);
    TOLD (self, "lane 1 < LEASE 5 count [3+1 35+1 19+1 11+1 27+1]\n");
    settle (self, 4);
    TOLD (self, "lane 1 < LEASE 6 count [7+1 39+1 23+1]\n");
    settle (self, 5);
    TOLD (self, "lane 1 < LEASE 7 count [15+1]\n");
    settle (self, 6);
    TOLD (self, "lane 1 < LEASE 8 count [31+1]\n");
}

static void
workers_share_what_is_left_near_the_end (void **state)
{
    bench_t *self = *state;
    self->busy_ns = 2000000;
    teach (self);
    worker (self, 2);
    request (self, 1, "a", "count", 0, 16);
    TOLD (self, "sink < EXPECT 2 count [0+16]\n"
                "lane 1 < LEASE 2 count [0+1 8+1 4+1 12+1]\n"
                "lane 2 < LEASE 3 count [2+1 10+1 6+1]\n"
                "lane 2 < LEASE 4 count [14+1 1+1 9+1]\n"
                "lane 1 < LEASE 5 count [5+1 13+1]\n");
}

static void
a_new_worker_is_judged_by_the_others (void **state)
{
    bench_t *self = *state;
    teach (self);
    from_worker (self, 1, (ink_msg_t){.kind = INK_MSG_BYE, .bye.instance = 101});
    worker (self, 2);
    request (self, 1, "a", "count", 0, 8);
    TOLD (self, "sink < EXPECT 2 count [0+8]\n"
                "lane 2 < LEASE 2 count [0+1]\n"
                "lane 2 < LEASE 3 count [4+1]\n");
}

static void
a_worker_that_tells_of_a_million_years_harms_nobody (void **state)
{
    bench_t *self = *state;
    self->busy_ns = UINT64_MAX;
    teach (self);
    request (self, 1, "a", "count", 0, 8);
    self->busy_ns = UINT64_MAX / 1001;
    settle (self, 2);
    settle (self, 3);
    TOLD (self, "sink < EXPECT 2 count [0+8]\n"
                "lane 1 < LEASE 2 count [0+1]\n"
                "lane 1 < LEASE 3 count [4+1]\n"
                "lane 1 < LEASE 4 count [2+1]\n"
                "lane 1 < LEASE 5 count [6+1]\n");
}

//  ---------------------------------------------------------------------------------------
//  Sharing

static void
parts_that_two_want_are_leased_once (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 2);
    self->trace[0] = 0;
    request (self, 2, "b", "count", 1, 2);
    TOLD (self, "sink < EXPECT 3 count [1+2]\n");
    settle (self, 2);
    TOLD (self, "lane 1 < LEASE 4 count [2+1]\n");
    settle (self, 3);
    settle (self, 4);
    TOLD (self, "");
    sink_replies (self, 2, 0, true, 2);
    sink_replies (self, 3, 0, true, 2);
    TOLD (self, "client 1 < a.0 final 1: 0+2 of 64\n"
                "sink < FORGET 2\n"
                "client 2 < b.0 final 1: 0+2 of 64\n"
                "sink < FORGET 3\n");
}

//  b's EXPECT was not heard when the value came: the cache is asked for it.
static void
a_late_joiner_gets_the_value_from_the_cache (void **state)
{
    bench_t *self = *state;
    self->finds = true;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 0, 1);
    self->trace[0] = 0;
    arrives_at (self, 2, 2, 0, INK_OK);
    TOLD (self, "look at 3.0 part 0\n"
                "sink < KNOWN 3.0 [0+1] untold\n");
}

static void
what_the_cache_does_not_have_is_computed_for_a_late_joiner (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 0, 1);
    self->trace[0] = 0;
    arrives_at (self, 2, 2, 0, INK_OK);
    TOLD (self, "look at 3.0 part 0\n");
    pass (self, 200 * MS); //  It would come too early again
    TOLD (self, "lane 1 < LEASE 3 count [0+1]\n");
    settle (self, 3);
    sink_replies (self, 3, 0, true, 1);
    TOLD (self, "client 2 < b.0 final 1: 0+1 of 64\nsink < FORGET 3\n");
}

static void
two_late_joiners_have_it_computed_once (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 0, 1);
    request (self, 3, "c", "count", 0, 1);
    self->trace[0] = 0;
    arrives_at (self, 2, 2, 0, INK_OK);
    TOLD (self, "look at 3.0 part 0\n"
                "look at 4.0 part 0\n");
    pass (self, 200 * MS);
    TOLD (self, "lane 1 < LEASE 3 count [0+1]\n");
    settle (self, 3);
    TOLD (self, "");
}

static void
a_value_that_settles_while_the_cache_is_asked_is_not_lost (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "histogram", 0, 1);
    self->slow_cache = true;
    request (self, 2, "b", "histogram", 0, 1);
    settle (self, 2);
    self->trace[0] = 0;
    step (self, (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = 3});
    TOLD (self, "sink < EXPECT 3 histogram [0+1]\n"
                "lane 1 < LEASE 3 histogram [0+1]\n");
}

//  A digraph looks one byte behind its part: the last part of a range is another value than
//  the same part within a longer range.
static void
parts_that_see_more_behind_them_are_not_shared (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "digraph", 0, 1);
    request (self, 2, "b", "digraph", 0, 2);
    TOLD (self, "sink < EXPECT 2 digraph [0+1]\n"
                "lane 1 < LEASE 2 digraph [0+1]\n"
                "sink < EXPECT 3 digraph [0+2]\n"
                "lane 1 < LEASE 3 digraph [0+1]\n");
}

static void
other_parameters_are_not_shared (void **state)
{
    bench_t *self = *state;
    ink_msg_param_t cell = {"cell", 64, ""};
    worker (self, 1);
    request (self, 1, "a", "entropy", 0, 1);
    ink_msg_request_t fine = wish (self, "b", "entropy", 0, 1);
    self->kernels[0].params.items = &cell;
    self->kernels[0].params.size = 1;
    request_this (self, 1, fine);
    assert_int_equal (count_of (self->trace, "LEASE"), 2);
}

static void
a_cancel_of_one_of_two_leaves_the_other_its_lease (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 0, 1);
    self->trace[0] = 0;
    cancel (self, 1, "a");
    TOLD (self, "client 1 < a.0 final 1 cancelled: 0+0 of 1\n"
                "sink < FORGET 2\n"
                "client 1 < CANCELLED a dropped 0 running 1\n");
    cancel (self, 2, "b");
    TOLD (self, "client 2 < b.0 final 1 cancelled: 0+0 of 1\n"
                "sink < FORGET 3\n"
                "all < REVOKE [2]\n"
                "client 2 < CANCELLED b dropped 0 running 1\n");
}

static void
stopped_frees_the_slot (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 2);
    cancel (self, 1, "a");
    request (self, 2, "b", "count", 10, 2);
    self->trace[0] = 0;
    stopped (self, 1, 3);
    TOLD (self, "lane 1 < LEASE 4 count [10+1]\n");
    stopped (self, 1, 3);
    stopped (self, 1, 99);
    TOLD (self, "");
    stopped (self, 1, 2);
    TOLD (self, "lane 1 < LEASE 5 count [11+1]\n");
}

//  The value that was on its way when the lease was revoked ends it as well.
static void
values_of_a_revoked_lease_free_the_slot_too (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 10, 2);
    cancel (self, 1, "a");
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "lane 1 < LEASE 4 count [11+1]\n");
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "");
}

//  ---------------------------------------------------------------------------------------
//  Fairness

//  Settles the older lease of worker 1 again and again, and tells who was served. One that went
//  ahead was served before, and leaves no credit behind.
static const char *
served (bench_t *self, uint64_t from, int count)
{
    static char order[64];
    int at = 0;
    for (uint64_t lease = from; lease < from + (uint64_t) count; lease++) {
        self->trace[0] = 0;
        arrives (self, lease, 0, INK_OK);
        const char *told = strstr (self->trace, "count [");
        if (told)
            order[at++] = atoi (told + 7) < 32 ? 'a' : 'b';
    }
    order[at] = 0;
    return order;
}

static void
a_huge_request_and_a_small_one_alternate (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "huge", "count", 0, 32);
    request (self, 2, "small", "count", 40, 6);
    assert_string_equal (served (self, 2, 16), "abababababaaaaa");
}

static void
two_requests_of_one_client_alternate_too (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "huge", "count", 0, 32);
    request (self, 1, "small", "count", 40, 6);
    assert_string_equal (served (self, 2, 8), "abababa");
}

static void
a_client_with_many_requests_gets_no_more_than_another (void **state)
{
    bench_t *self = *state;
    teach (self);
    for (char id[] = "a"; id[0] < 'h'; id[0]++)
        request (self, 1, id, "count", (uint64_t) (id[0] - 'a') * 4, 4);
    request (self, 2, "other", "count", 40, 8);
    assert_string_equal (served (self, 2, 12), "bababababab");
}

//  Twelve leases at once, and time enough to find the balance: four of them are b's, whose
//  priority is 100.
static void
shares_at (bench_t *self, uint64_t client_of_a, uint64_t client_of_b)
{
    teach (self);
    for (uint64_t n = 2; n <= 6; n++)
        worker (self, n);
    ink_msg_request_t b = wish (self, "b", "count", 32, 32);
    b.priority = 100;
    request_this (self, client_of_b, b);
    request (self, client_of_a, "a", "count", 0, 32);
    for (uint64_t lease = 2; lease < 22; lease++)
        settle (self, lease);
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->running, 4);
    assert_int_equal (ink_foreman_demand (self->foreman, 3)->running, 8);
}

static void
priority_100_halves_the_share_of_a_request (void **state)
{
    shares_at (*state, 7, 7);
}

static void
priority_100_halves_the_share_of_a_client (void **state)
{
    shares_at (*state, 7, 8);
}

//  The weight of a client is that of its first request, also when that one comes later.
static void
a_client_whose_urgent_request_comes_later_is_served_first (void **state)
{
    bench_t *self = *state;
    teach (self);
    ink_msg_request_t lazy = wish (self, "lazy", "count", 0, 8);
    lazy.priority = 200;
    request_this (self, 1, lazy);
    request (self, 2, "usual", "count", 16, 8);
    ink_msg_request_t urgent = wish (self, "urgent", "count", 40, 8);
    urgent.priority = -200;
    request_this (self, 1, urgent);
    self->trace[0] = 0;
    settle (self, 2);
    settle (self, 3);
    TOLD (self, "lane 1 < LEASE 5 count [40+1]\n");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (several_kernels_read_each_part_once),
        STORY (a_worker_gets_only_the_kernels_it_has),
        STORY (a_kernel_that_is_known_where_another_is_not_is_left_out),
        STORY (leases_never_exceed_credit),
        STORY (a_lease_is_20_ms_of_work_and_shrinks_near_the_end),
        STORY (workers_share_what_is_left_near_the_end),
        STORY (a_new_worker_is_judged_by_the_others),
        STORY (a_worker_that_tells_of_a_million_years_harms_nobody),
        STORY (parts_that_two_want_are_leased_once),
        STORY (a_late_joiner_gets_the_value_from_the_cache),
        STORY (what_the_cache_does_not_have_is_computed_for_a_late_joiner),
        STORY (two_late_joiners_have_it_computed_once),
        STORY (a_value_that_settles_while_the_cache_is_asked_is_not_lost),
        STORY (parts_that_see_more_behind_them_are_not_shared),
        STORY (other_parameters_are_not_shared),
        STORY (a_cancel_of_one_of_two_leaves_the_other_its_lease),
        STORY (stopped_frees_the_slot),
        STORY (values_of_a_revoked_lease_free_the_slot_too),
        STORY (a_huge_request_and_a_small_one_alternate),
        STORY (two_requests_of_one_client_alternate_too),
        STORY (a_client_with_many_requests_gets_no_more_than_another),
        STORY (priority_100_halves_the_share_of_a_request),
        STORY (priority_100_halves_the_share_of_a_client),
        STORY (a_client_whose_urgent_request_comes_later_is_served_first),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

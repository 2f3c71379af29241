//  test_foreman_overtake.c: who need not wait for all that is in hand.

#include "foreman_bench.h"
#include "ventilator/office.h"

//  A bulk scan of client 1 holds worker 1 with leases 2 and 3, of one part each.
static void
scan (bench_t *self)
{
    teach (self);
    request (self, 1, "scan", "count", 0, 32);
    self->trace[0] = 0;
}

static void
who_has_nothing_running_goes_ahead_of_a_scan (void **state)
{
    bench_t *self = *state;
    scan (self);
    request (self, 2, "quick", "count", 40, 1);
    TOLD (self, "sink < EXPECT 3 count [40+1]\n"
                "lane 1 < LEASE 4 count [40+1] ahead\n");
    assert_int_equal (self->foreman->counters.leases_ahead, 1);
}

static void
a_request_goes_ahead_of_a_scan_of_its_own_client (void **state)
{
    bench_t *self = *state;
    scan (self);
    request (self, 1, "quick", "count", 40, 1);
    TOLD (self, "sink < EXPECT 3 count [40+1]\n"
                "lane 1 < LEASE 4 count [40+1] ahead\n");
}

static void
one_lease_at_a_time_goes_ahead (void **state)
{
    bench_t *self = *state;
    scan (self);
    request (self, 2, "quick", "count", 40, 8);
    request (self, 3, "other", "count", 50, 1);
    TOLD (self, "sink < EXPECT 3 count [40+8]\n"
                "lane 1 < LEASE 4 count [40+1] ahead\n"
                "sink < EXPECT 4 count [50+1]\n");
    settle (self, 4);
    TOLD (self, "lane 1 < LEASE 5 count [44+1] ahead\n");
    settle (self, 2);
    TOLD (self, "");
}

//  What goes ahead takes the place of what would have had credit: the scan has every second lease.
static void
a_scan_goes_on_beside_one_who_overtakes_again_and_again (void **state)
{
    bench_t *self = *state;
    scan (self);
    char id[16];
    uint64_t before = ink_foreman_demand (self->foreman, 2)->strands[0].left;
    uint64_t next = 4, oldest = 2;
    for (uint64_t n = 0; n < 16; n++) {
        snprintf (id, sizeof id, "q%d", (int) n);
        request (self, 2, id, "count", 40 + n, 1);
        assert_non_null (strstr (self->trace, "ahead"));
        settle (self, oldest); //  It was being computed when the other came
        oldest = oldest == 2 ? 3 : next - 1;
        settle (self, next);
        self->trace[0] = 0;
        next += 2;
    }
    uint64_t after = ink_foreman_demand (self->foreman, 2)->strands[0].left;
    assert_int_equal (before - after, 16);
}

static void
where_there_is_credit_nobody_overtakes (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "scan", "count", 0, 1);
    self->trace[0] = 0;
    request (self, 2, "quick", "count", 40, 1);
    TOLD (self, "sink < EXPECT 3 count [40+1]\n"
                "lane 1 < LEASE 3 count [40+1]\n");
}

//  Worker 1 was given work first, but is slower than was thought.
static void
one_goes_ahead_at_the_worker_that_is_done_first (void **state)
{
    bench_t *self = *state;
    teach (self);
    worker (self, 2);
    request (self, 1, "scan", "count", 0, 32);
    ink_worker_t *slow = ink_registry_by_id (self->foreman->registry, 1);
    INK_ITEM (slow->leases.next, ink_lease_t, link)->due += 30 * MS;
    self->trace[0] = 0;
    request (self, 2, "quick", "count", 40, 1);
    TOLD (self, "sink < EXPECT 3 count [40+1]\n"
                "lane 2 < LEASE 6 count [40+1] ahead\n");
    request (self, 3, "other", "count", 50, 1);
    TOLD (self, "sink < EXPECT 4 count [50+1]\n"
                "lane 1 < LEASE 7 count [50+1] ahead\n");
}

//  Part 0 is in a lease of the scan.
static void
who_gets_something_with_a_lease_of_another_does_not_overtake (void **state)
{
    bench_t *self = *state;
    scan (self);
    request (self, 2, "quick", "count", 0, 2);
    TOLD (self, "sink < EXPECT 3 count [0+2]\n");
    settle (self, 2);
    TOLD (self, "lane 1 < LEASE 4 count [1+1]\n");
}

static void
what_was_overtaken_is_due_so_much_later (void **state)
{
    bench_t *self = *state;
    scan (self);
    int64_t first = ink_leases_find (&self->foreman->leases, 2)->due;
    int64_t second = ink_leases_find (&self->foreman->leases, 3)->due;
    request (self, 2, "quick", "count", 40, 1);
    int64_t ahead = ink_leases_find (&self->foreman->leases, 4)->estimate_ns / 1000;
    assert_true (ahead > 0);
    assert_int_equal (ink_leases_find (&self->foreman->leases, 2)->due, first);
    assert_int_equal (ink_leases_find (&self->foreman->leases, 3)->due, second + ahead);
}

//  After one lease it would have as much as the other: nothing is gained for fairness.
static void
of_two_who_have_one_lease_each_none_overtakes (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 1, "a", "count", 0, 1);
    request (self, 2, "b", "count", 10, 1);
    request (self, 3, "c", "count", 20, 1);
    assert_null (strstr (self->trace, "ahead"));
    settle (self, 2);
    assert_non_null (strstr (self->trace, "LEASE 4 count [20+1]\n"));
}

static void
a_thousand_small_requests_do_not_overtake_each_other (void **state)
{
    bench_t *self = *state;
    teach (self);
    char id[16];
    for (uint64_t n = 0; n < 60; n++) {
        snprintf (id, sizeof id, "r%d", (int) n);
        request (self, 1 + n % 3, id, "count", n, 1);
    }
    for (uint64_t lease = 2; lease < 62; lease++)
        settle (self, lease);
    assert_int_equal (self->foreman->counters.leases_ahead, 0);
    assert_int_equal (self->foreman->counters.leases, 61);
}

//  Of priority 200 a lease counts four times.
static void
who_is_in_no_hurry_does_not_overtake (void **state)
{
    bench_t *self = *state;
    scan (self);
    ink_msg_request_t lazy = wish (self, "lazy", "count", 40, 1);
    lazy.priority = 200;
    request_this (self, 2, lazy);
    assert_null (strstr (self->trace, "ahead"));
    ink_msg_request_t urgent = wish (self, "urgent", "count", 50, 1);
    urgent.priority = -100;
    request_this (self, 3, urgent);
    assert_non_null (strstr (self->trace, "count [50+1] ahead"));
}

static void
a_worker_without_the_kernel_is_not_asked_to (void **state)
{
    bench_t *self = *state;
    self->beats[1] = true;
    worker_of (self, 1, "count");
    request (self, 1, "scan", "count", 0, 32);
    request (self, 2, "quick", "digraph", 40, 1);
    assert_null (strstr (self->trace, "ahead"));
}

//  Either may have been computed; both are computed alone then, and the innocent one is cleared.
static void
the_one_that_went_ahead_may_be_to_blame_for_a_lost_worker (void **state)
{
    bench_t *self = *state;
    scan (self);
    request (self, 2, "quick", "count", 40, 1);
    self->beats[1] = false;
    self->trace[0] = 0;
    pass (self, 2200 * MS);
    TOLD (self, "lane 1 closes\n");
    worker (self, 2);
    settle (self, 5);
    settle (self, 6);
    assert_int_equal (self->foreman->counters.retries, 3);
    assert_true (self->slots[5] == 1 && self->slots[6] == 1);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (who_has_nothing_running_goes_ahead_of_a_scan),
        STORY (a_request_goes_ahead_of_a_scan_of_its_own_client),
        STORY (one_lease_at_a_time_goes_ahead),
        STORY (a_scan_goes_on_beside_one_who_overtakes_again_and_again),
        STORY (where_there_is_credit_nobody_overtakes),
        STORY (one_goes_ahead_at_the_worker_that_is_done_first),
        STORY (who_gets_something_with_a_lease_of_another_does_not_overtake),
        STORY (what_was_overtaken_is_due_so_much_later),
        STORY (of_two_who_have_one_lease_each_none_overtakes),
        STORY (a_thousand_small_requests_do_not_overtake_each_other),
        STORY (who_is_in_no_hurry_does_not_overtake),
        STORY (a_worker_without_the_kernel_is_not_asked_to),
        STORY (the_one_that_went_ahead_may_be_to_blame_for_a_lost_worker),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_foreman_backup.c: an idle worker takes over from a slow one.

#include "foreman_bench.h"

//  Two workers that know their trade; the first holds the only lease, and is slow.
static void
begin (bench_t *self, uint64_t parts)
{
    self->busy_ns = 2000000;
    teach (self);
    worker (self, 2);
    request (self, 7, "a", "count", 0, parts);
    self->trace[0] = 0;
}

static void
a_slow_lease_is_given_to_an_idle_worker_too (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 100 * MS);
    TOLD (self, "");
    pass (self, 100 * MS);
    TOLD (self, "lane 2 < LEASE 3 count [0+1]\n");
    pass (self, SECOND);
    TOLD (self, ""); //  Once is enough
}

static void
who_settles_first_stops_the_other (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 200 * MS);
    self->trace[0] = 0;
    arrives (self, 3, 0, INK_OK);
    TOLD (self, "all < REVOKE [2]\n");
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "");
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, 2);
    assert_int_equal (demand->strands[0].left, 0);
    assert_int_equal (demand->running, 0);
}

static void
the_slow_one_may_settle_first (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 200 * MS);
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "all < REVOKE [3]\n");
    stopped (self, 2, 3);
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->running, 0);
}

static void
only_what_is_left_of_a_lease_is_computed_twice (void **state)
{
    bench_t *self = *state;
    begin (self, 16); //  0, 8, 4 and 12 to the first worker
    arrives (self, 2, 0, INK_OK);
    arrives (self, 2, 1, INK_OK);
    for (uint64_t lease = 3; lease < 12; lease++)
        if (lease != 5)
            settle (self, lease);
    pass (self, SECOND);
    assert_non_null (strstr (self->trace, "count [4+1 12+1]\n"));
    assert_null (strstr (self->trace, "[0+"));
    assert_null (strstr (self->trace, "[8+"));
}

static void
when_the_slow_one_dies_the_backup_goes_on (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 200 * MS);
    self->beats[1] = false;
    self->trace[0] = 0;
    pass (self, 2200 * MS);
    TOLD (self, "lane 1 closes\n");
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->strands[0].in_progress, 1);
    arrives (self, 3, 0, INK_OK);
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->strands[0].left, 0);
}

static void
when_the_backup_dies_the_slow_one_goes_on (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 200 * MS);
    self->beats[2] = false;
    self->trace[0] = 0;
    pass (self, 2200 * MS);
    TOLD (self, "lane 2 closes\n");
    arrives (self, 2, 0, INK_OK);
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->strands[0].left, 0);
}

static void
a_cancel_stops_both (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 200 * MS);
    self->trace[0] = 0;
    cancel (self, 7, "a");
    assert_non_null (strstr (self->trace, "REVOKE [2 3]"));
}

static void
an_error_of_one_leaves_the_other_at_work (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    pass (self, 200 * MS);
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_EIO);
    TOLD (self, "");
    arrives (self, 3, 0, INK_OK);
    TOLD (self, "");
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->strands[0].left, 0);
}

static void
what_has_cost_a_worker_is_not_risked_on_two (void **state)
{
    bench_t *self = *state;
    begin (self, 1);
    self->beats[1] = false;
    worker_of (self, 3, "histogram");
    hello (self, 1, "count"); //  Died and came back
    ready (self, 1);
    proven (self);
    self->beats[1] = true;
    self->trace[0] = 0;
    pass (self, SECOND);
    TOLD (self, "");
}

static void
who_lacks_the_kernel_cannot_help (void **state)
{
    bench_t *self = *state;
    teach (self);
    worker_of (self, 2, "histogram");
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    pass (self, SECOND);
    TOLD (self, "");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_slow_lease_is_given_to_an_idle_worker_too),
        STORY (who_settles_first_stops_the_other),
        STORY (the_slow_one_may_settle_first),
        STORY (only_what_is_left_of_a_lease_is_computed_twice),
        STORY (when_the_slow_one_dies_the_backup_goes_on),
        STORY (when_the_backup_dies_the_slow_one_goes_on),
        STORY (a_cancel_stops_both),
        STORY (an_error_of_one_leaves_the_other_at_work),
        STORY (what_has_cost_a_worker_is_not_risked_on_two),
        STORY (who_lacks_the_kernel_cannot_help),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_foreman_care.c: what has failed before is computed with care, and what comes of it.

#include "foreman_bench.h"

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
what_has_cost_two_workers_is_computed_isolated (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    die (self);
    TOLD (self, "lane 2 < LEASE 3 count [0+1] again 1\n");
    die (self);
    TOLD (self, "lane 3 < LEASE 4 count [0+1] again 2 care 2\n");
    self->torn = 1;
    arrives (self, 4, 0, INK_OK);
    TOLD (self, "");
    sink_replies (self, 2, 0, true, 1);
    assert_non_null (strstr (self->trace, "final"));
}

static void
who_asks_again_loses_no_worker_to_it (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "histogram,count", 0, 2);
    die (self);
    die (self);
    cancel (self, 7, "a");
    self->trace[0] = 0;
    worker (self, 2);
    request (self, 7, "b", "histogram,count", 0, 2);
    assert_non_null (strstr (self->trace, "histogram [0+1] again 2 care 2\n"));
}

static void
a_whole_value_clears_the_chunk (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    die (self);
    die (self);
    arrives (self, 4, 0, INK_OK);
    sink_replies (self, 2, 0, true, 1);
    self->trace[0] = 0;
    request (self, 7, "b", "count", 0, 1);
    assert_non_null (strstr (self->trace, "count [0+1]\n"));
    assert_null (strstr (self->trace, "again"));
}

static void
a_torn_value_does_not_clear_it (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    die (self);
    die (self);
    self->torn = 5;
    arrives (self, 4, 0, INK_OK);
    sink_replies (self, 2, 0, true, 1);
    self->trace[0] = 0;
    request (self, 7, "b", "count", 0, 1);
    assert_non_null (strstr (self->trace, "count [0+1] again 2 care 2\n"));
}

//  It was slow, and says nothing of how fast the worker is.
static void
what_was_done_with_care_teaches_no_speed (void **state)
{
    bench_t *self = *state;
    self->busy_ns = 2000000;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    arrives (self, 2, 0, INK_EIO);
    self->busy_ns = 900000000;
    arrives (self, 3, 0, INK_OK);
    self->trace[0] = 0;
    request (self, 7, "b", "count", 10, 40);
    const char *ten = "count [10+1 42+1 26+1 18+1 34+1 14+1 46+1 30+1 22+1 38+1]\n";
    assert_non_null (strstr (self->trace, ten)); //  20 ms of 2 ms each
}

//  The worker has sent the value of something else under the name of this lease.
static void
a_value_that_nobody_took_settles_nothing (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    self->foreign = true;
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "lane 1 < LEASE 3 count [0+1] again 1 care 1\n");
    arrives (self, 3, 0, INK_OK);
    TOLD (self, "sink < FAILED 2.0 part 0 bad_value\n");
}

//  It came before the sink had heard that anybody waits: no lie, but no value either.
static void
a_value_that_came_too_early_is_looked_up (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    self->foreign = true;
    arrives_at (self, 1, 2, 0, INK_OK);
    TOLD (self, "look at 2.0 part 0\n");
    pass (self, 200 * MS);
    TOLD (self, "lane 1 < LEASE 3 count [0+1]\n");
}

static void
what_a_new_sink_settles_before_it_is_met_counts_for_nothing (void **state)
{
    bench_t *self = *state;
    teach (self);
    request (self, 7, "a", "count", 0, 1);
    self->trace[0] = 0;
    self->instance[0]++;
    arrives (self, 2, 0, INK_OK);
    TOLD (self, "");
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->strands[0].left, 1);
    greeting (self, self->instance[0]);
    assert_non_null (strstr (self->trace, "EXPECT"));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (what_has_cost_two_workers_is_computed_isolated),
        STORY (who_asks_again_loses_no_worker_to_it),
        STORY (a_whole_value_clears_the_chunk),
        STORY (a_torn_value_does_not_clear_it),
        STORY (what_was_done_with_care_teaches_no_speed),
        STORY (a_value_that_nobody_took_settles_nothing),
        STORY (a_value_that_came_too_early_is_looked_up),
        STORY (what_a_new_sink_settles_before_it_is_met_counts_for_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

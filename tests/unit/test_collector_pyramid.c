//  test_collector_pyramid.c: what the brain of the sink wants made of what was stored.

#include "collector_bench.h"

static void
a_node_is_raised_when_nothing_comes (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    idle (self);
    TOLD (self, "");
    value (self, 0);
    value (self, 1);
    assert_true (ink_collector_has_wishes (self->collector));
    stored (self);
    self->trace[0] = 0;
    idle (self);
    TOLD (self, "raise 0 of 16\n"); //  Once for all of its children
    assert_false (ink_collector_has_wishes (self->collector));
    idle (self);
    TOLD (self, "");
}

static void
a_node_that_was_raised_makes_the_next_one_a_wish (void **state)
{
    bench_t *self = *state;
    ink_wish_t made = {.kernel = &ink_kernel_histogram};
    made.key.series = self->series;
    made.key.node = (ink_node_t){1000 * PART, 16 * PART, 35};
    ink_heard_t heard = {.kind = INK_HEARD_RAISED, .raised = &made};
    const ink_sink_actions_t *out;
    assert_int_equal (ink_collector_step (self->collector, self->now, &heard, &out), 0);
    idle (self);
    TOLD (self, "raise 2 of 256\n");
    made.key.node = (ink_node_t){1000 * PART, 4096 * PART, 0}; //  The highest one
    assert_int_equal (ink_collector_step (self->collector, self->now, &heard, &out), 0);
    assert_false (ink_collector_has_wishes (self->collector));
}

static void
what_is_not_kept_or_is_no_node_raises_nothing (void **state)
{
    bench_t *self = *state;
    self->write = false;
    expect (self, 1, 0, 1);
    value (self, 0);
    assert_false (ink_collector_has_wishes (self->collector));
    self->write = true;
    expect_kernel (self, "digraph", 2, 4, 1);
    ink_msg_t msg = value_of (self, 4, NULL);
    ink_payload_t *payload = ink_payload_new (2 + 65536 / 8);
    memset (ink_payload_data (payload), 0, 2 + 65536 / 8);
    memcpy (ink_payload_data (payload), "\2\1", 2); //  Sparse, of nothing
    msg = value_of (self, 4, payload);
    self->trace[0] = 0;
    step (self, INK_HEARD_WORKER, &msg, payload);
    TOLD (self, "store\n"); //  The pair across its end is missing
    assert_false (ink_collector_has_wishes (self->collector));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_node_is_raised_when_nothing_comes),
        STORY (a_node_that_was_raised_makes_the_next_one_a_wish),
        STORY (what_is_not_kept_or_is_no_node_raises_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

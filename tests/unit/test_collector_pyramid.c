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

static void
wish_for (bench_t *self, const char *kernel, ink_msg_node_t node)
{
    ink_msg_kernel_t named = {.name = kernel, .version = 1};
    ink_msg_series_t series = {self->series.bytes};
    ink_msg_t msg = {.kind = INK_MSG_WISH,
                     .wish = {.kernels = {&named, 1},
                              .series = {&series, 1},
                              .size = 1000 * PART,
                              .nodes = {&node, 1}}};
    step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

static void
what_a_ventilator_found_to_lack_is_raised (void **state)
{
    bench_t *self = *state;
    wish_for (self, "histogram", (ink_msg_node_t){256 * PART, 3, 0});
    wish_for (self, "histogram", (ink_msg_node_t){256 * PART, 3, 0});
    wish_for (self, "byteplot", (ink_msg_node_t){1 << 20, 2, 4}); //  Of chunks of 64 KiB
    idle (self);
    TOLD (self, "raise 3 of 256\n");
    idle (self);
    TOLD (self, "raise 2 of 256\n");
    idle (self);
    TOLD (self, "");
}

//  None of these can be a node above the chunks.
static void
wishes_that_make_no_sense_are_let_go (void **state)
{
    bench_t *self = *state;
    static const struct {
        const char *kernel;
        ink_msg_node_t node;
    } bad[] = {
        {"nothing", {16 * PART, 0, 0}},
        {"histogram", {0, 0, 0}},
        {"histogram", {PART, 0, 0}},           //  A chunk
        {"histogram", {24 * PART, 0, 0}},      //  No power of two
        {"histogram", {16 * PART, 63, 0}},     //  Behind the end
        {"histogram", {65536 * PART, 0, 0}},   //  Above the highest
        {"histogram", {16 * PART, 0, 4}},      //  Coarse counts
        {"byteplot", {16 * PART, 0, 0}},       //  Cells that are not coarse
        {"byteplot", {16 * PART, 0, 4}},       //  Of chunks of one cell
        {"byteplot", {256 * PART, 0, 3}},      //  Between two levels
        {"bytes", {UINT64_C (1) << 21, 0, 4}}, //  Never coarse
        {"byteplot", {UINT64_C (1) << 63, 0, 60}},
    };
    for (size_t n = 0; n < sizeof bad / sizeof *bad; n++) {
        wish_for (self, bad[n].kernel, bad[n].node);
        assert_false (ink_collector_has_wishes (self->collector));
    }
    ink_msg_t empty = {.kind = INK_MSG_WISH};
    step (self, INK_HEARD_VENTILATOR, &empty, NULL);
    assert_false (ink_collector_has_wishes (self->collector));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_node_is_raised_when_nothing_comes),
        STORY (a_node_that_was_raised_makes_the_next_one_a_wish),
        STORY (what_is_not_kept_or_is_no_node_raises_nothing),
        STORY (what_a_ventilator_found_to_lack_is_raised),
        STORY (wishes_that_make_no_sense_are_let_go),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_collector_estimate.c: what the collector says of what it does not know.

#include "collector_bench.h"
#include "value/course.h"

//  A request for counts of 16 parts, of which nothing is known.
static void
expect_counts (bench_t *self)
{
    self->estimate = true;
    greet (self);
    expect (self, 1, 0, 16);
}

//  A sample of 32 pieces, 64 bytes of which are 1 and `twos` are 2.
static int
sample_for (bench_t *self, uint64_t handle, uint64_t slot, uint32_t twos, int damage)
{
    uint32_t cells[256] = {[1] = 64, [2] = twos};
    const ink_args_t args = {0};
    ink_value_shape_t shape =
        ink_value_measure (&ink_kernel_histogram, &args, cells, (ink_part_t){0, PART});
    ink_payload_t *payload = ink_payload_new (shape.size);
    ink_value_pack (&shape, &ink_kernel_histogram, &args, cells,
                    ink_payload_data (payload));
    uint64_t checksum = XXH3_64bits (ink_payload_data (payload), shape.size);
    ink_msg_span_t spans[32];
    for (uint64_t n = 0; n < 32; n++)
        spans[n] = (ink_msg_span_t){n * PART / 2 + slot * 64, (64 + twos) / 32};
    ink_msg_t msg = {.kind = INK_MSG_SAMPLE,
                     .sample = {.epoch = self->epoch,
                                .lease = 5,
                                .slot = slot,
                                .handle = handle,
                                .series = self->series.bytes,
                                .spans.items = spans,
                                .spans.size = 32,
                                .checksum = checksum + (uint64_t) damage}};
    return step (self, INK_HEARD_WORKER, &msg, payload);
}

static void
sample (bench_t *self, uint64_t slot)
{
    sample_for (self, 1, slot, 192, 0);
}

//  That so many parts are estimated to hold a quarter ones and three quarters twos, beside
//  what is exact.
static void
holds (const bench_t *self, uint64_t parts)
{
    assert_int_equal (self->cells[1] / 16, (parts * PART / 4 + self->cells[15]) / 16);
    assert_int_equal (self->cells[2], parts * PART / 4 * 3);
    assert_true (self->bound > 0 && self->bound < INK_MILLION);
}

static void
the_first_partial_is_an_estimate_from_samples (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    sample (self, 0);
    stored (self);
    TOLD (self, "settled after 1: 5.0\n"); //  One batch says nothing of its own error
    sample (self, 1);
    stored (self);
    TOLD (self, "settled after 1: 5.1\n"
                "partial 1.0: 0+0 and 16 estimated\n");
    holds (self, 16);
}

//  Doubled on its way, or drawn once more under another lease: one batch is still all there is.
static void
a_sample_that_comes_twice_counts_once (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    for (int n = 0; n < 20; n++)
        sample (self, 0);
    self->trace[0] = 0;
    stored (self);
    assert_null (strstr (self->trace, "partial"));
    assert_null (strstr (self->trace, "bad_value"));
}

//  The list of those that came has an end.
static void
samples_beyond_those_that_are_drawn_are_for_nothing (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    for (uint64_t n = 0; n < 100; n++)
        sample (self, n);
    stored (self);
    assert_null (strstr (self->trace, "bad_value"));
    assert_non_null (strstr (self->trace, "partial 1.0: 0+0 and 16 estimated\n"));
}

static void
what_comes_later_makes_less_of_it_an_estimate (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    sample (self, 0);
    sample (self, 1);
    stored (self);
    value (self, 15);
    stored (self);
    self->trace[0] = 0;
    self->now += 50 * MS;
    tick (self);
    TOLD (self, "partial 1.0: 0+1 and 15 estimated\n");
    uint64_t sum = 0;
    for (size_t n = 0; n < 256; n++)
        sum += self->cells[n];
    assert_in_range (sum, 16 * PART - 2, 16 * PART + 2);
    assert_true (self->cells[15] >= PART);
}

static void
a_final_is_exact (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    sample (self, 0);
    sample (self, 1);
    for (uint64_t n = 0; n < 16; n++)
        value (self, n);
    self->trace[0] = 0;
    stored (self);
    assert_non_null (strstr (self->trace, "final 1.0: 0+16\n"));
    assert_true (self->bound == INK_EXACT);
    counted (self, 0, 16);
    self->trace[0] = 0;
    sample (self, 2); //  Behind the end
    stored (self);
    TOLD (self, "settled after 1: 5.2\n");
}

static void
who_wants_no_estimates_gets_none (void **state)
{
    bench_t *self = *state;
    greet (self);
    expect (self, 1, 0, 16);
    sample (self, 0);
    sample (self, 1);
    stored (self);
    TOLD (self, "settled after 1: 5.0 5.1\n");
    value (self, 3);
    stored (self);
    TOLD (self, "store\n"
                "settled after 1: 1.3\n"
                "partial 1.0: 0+1\n");
    counted (self, 3, 1);
}

static void
a_sample_is_for_one_request_alone (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    expect (self, 2, 0, 16);
    sample_for (self, 2, 0, 192, 0);
    sample_for (self, 2, 1, 192, 0);
    sample_for (self, 3, 2, 192, 0); //  Nobody's
    stored (self);
    TOLD (self, "settled after 2: 5.0 5.1 5.2\n"
                "partial 2.0: 0+0 and 16 estimated\n");
}

static void
a_sample_before_all_is_known_that_the_cache_knew_is_for_nothing (void **state)
{
    bench_t *self = *state;
    self->estimate = true;
    self->knowns = 1;
    greet (self);
    expect (self, 1, 0, 16);
    sample (self, 0);
    sample (self, 1);
    stored (self);
    TOLD (self, "settled after 0: 5.0 5.1\n");
    known (self, 1, 0, 4);
    self->now += 50 * MS;
    tick (self);
    TOLD (self, "");
    sample (self, 2);
    sample (self, 3);
    stored (self);
    TOLD (self, "settled after 1: 5.2 5.3\n"
                "partial 1.0: 4+0 and 12 estimated\n");
}

static void
a_damaged_sample_is_a_bad_value_and_nothing_else (void **state)
{
    bench_t *self = *state;
    expect_counts (self);
    sample_for (self, 1, 0, 192, 1);
    sample_for (self, 1, 1, 192, 0);
    stored (self);
    TOLD (self, "settled after 1: 5.0 bad_value 5.1\n");
    greet (self);
    assert_int_equal (self->greeting.samples, 2);
    assert_int_equal (self->greeting.values, 0);
    assert_int_equal (self->greeting.bad_values, 1);
}

static void
completion_0_is_reached_by_the_first_estimate (void **state)
{
    bench_t *self = *state;
    self->estimate = true;
    self->reports[1] = (ink_msg_report_t){900000, 0};
    self->report_count = 2;
    greet (self);
    expect (self, 1, 0, 16);
    for (uint64_t n = 0; n < 4; n++)
        sample (self, n);
    stored (self);
    TOLD (self, "settled after 1: 5.0 5.1 5.2 5.3\n"
                "partial 1.0: 0+0 and 16 estimated\n");
    self->now += SECOND;
    sample (self, 4);
    stored (self);
    TOLD (self, "settled after 1: 5.4\n");
}

//  ---------------------------------------------------------------------------------------
//  Parts that come spread over the range

#define MANY 64

static void
expect_many (bench_t *self, const ink_kernel_t *kernel)
{
    ink_msg_kernel_t named = {.name = kernel->name, .version = 1};
    ink_msg_series_t series = {self->series.bytes};
    ink_msg_t msg = {.kind = INK_MSG_EXPECT,
                     .expect = {.epoch = self->epoch,
                                .order = ++self->order,
                                .handle = 1,
                                .length = MANY * PART,
                                .size = MANY * PART,
                                .chunk = PART,
                                .kernels = {&named, 1},
                                .series = {&series, 1},
                                .estimate = 1,
                                .spread = 1,
                                .places = self->places}};
    step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

//  Expects many parts, of which it gets the first 40 in a spread order: all of them zeros.
static void
collect_forty (bench_t *self, const ink_kernel_t *kernel)
{
    static uint32_t cells[65536];
    const ink_args_t args = {0};
    expect_many (self, kernel);
    cells[0] = (uint32_t) PART;
    ink_course_t course = ink_course_spread (MANY);
    ink_reach_t reach = ink_value_reach (kernel, &args);
    for (uint64_t place = 0, part; place < 40; place++) {
        ink_value_shape_t shape =
            ink_value_measure (kernel, &args, cells, (ink_part_t){0, PART});
        ink_payload_t *payload = ink_payload_new (shape.size);
        ink_value_pack (&shape, kernel, &args, cells, ink_payload_data (payload));
        assert_true (ink_course_part (&course, place, &part));
        ink_msg_t msg = value_of (self, part, payload);
        msg.value.lookahead = part < MANY - 1 ? reach.lookahead : 0;
        step (self, INK_HEARD_WORKER, &msg, payload);
    }
    self->trace[0] = 0;
    stored (self);
}

static void
parts_are_samples_too (void **state)
{
    bench_t *self = *state;
    greet (self);
    collect_forty (self, &ink_kernel_histogram);
    assert_non_null (strstr (self->trace, "partial 1.0: 0+40 and 24 estimated\n"));
    assert_int_equal (self->cells[0], MANY * PART);
}

//  A part of 4 KiB for a table of 65536 counters.
static void
parts_that_are_small_beside_their_table_are_none_unless_others_are_spared (void **state)
{
    bench_t *self = *state;
    greet (self);
    collect_forty (self, &ink_kernel_digraph);
    assert_non_null (strstr (self->trace, "partial 1.0: 0+40\n"));
    forget (self, 1, false);
    self->places = 41;
    collect_forty (self, &ink_kernel_digraph);
    assert_non_null (strstr (self->trace, "partial 1.0: 0+40 and 24 estimated\n"));
}

//  ---------------------------------------------------------------------------------------
//  Spared

static void
the_final_comes_when_all_came_but_what_is_spared (void **state)
{
    bench_t *self = *state;
    self->estimate = true;
    self->places = 8; //  The even ones
    greet (self);
    expect (self, 1, 0, 16);
    sample (self, 0);
    sample (self, 1);
    for (uint64_t n = 0; n < 14; n += 2)
        value (self, n);
    stored (self);
    assert_null (strstr (self->trace, "final"));
    self->trace[0] = 0;
    value (self, 14);
    stored (self);
    TOLD (self, "store\n"
                "settled after 1: 1.14\n"
                "final 1.0: 0+8 and 8 estimated\n");
    assert_true (self->bound < INK_MILLION);
    resend (self, 1); //  It can still be told again
    TOLD (self, "final 1.0: 0+8 and 8 estimated\n");
}

static void
what_the_cache_knew_is_not_spared (void **state)
{
    bench_t *self = *state;
    self->estimate = true;
    self->places = 8;
    self->knowns = 1;
    greet (self);
    expect (self, 1, 0, 16);
    known (self, 1, 0, 16);
    TOLD (self, "final 1.0: 16+0\n");
    counted (self, 0, 16);
}

//  They were computed for a kin before we heard that this one wants them.
static void
parts_that_came_before_they_were_expected_are_samples_like_the_others (void **state)
{
    bench_t *self = *state;
    self->places = 40;
    greet (self);
    expect_many (self, &ink_kernel_histogram);
    ink_course_t course = ink_course_scatter (MANY);
    self->trace[0] = 0;
    for (uint64_t place = 0, part; place < 40; place++) {
        assert_true (ink_course_part (&course, place, &part));
        known (self, 1, part, 1);
    }
    assert_non_null (strstr (self->trace, "final 1.0: 40+0 and 24 estimated\n"));
    assert_null (strstr (self->trace, "without"));
}

//  One part is too few to say anything of the others.
static void
what_is_spared_has_failed_when_nothing_can_be_estimated (void **state)
{
    bench_t *self = *state;
    self->estimate = true;
    self->places = 2; //  0 and 8
    greet (self);
    expect (self, 1, 0, 16);
    value (self, 0);
    failed (self, 1, 8, INK_EIO);
    stored (self);
    TOLD (self, "store\n"
                "settled after 1: 1.0\n"
                "final 1.0: 0+1 without [1+15] io_error\n");
}

//  ---------------------------------------------------------------------------------------
//  Cells: of byteplot, a part each

#define PLOTTED 64

//  A piece in each cell, as bright as its number says, and `more` bytes too many.
static int
sample_cells (bench_t *self, size_t more)
{
    ink_msg_span_t spans[PLOTTED];
    ink_payload_t *payload = ink_payload_new (PLOTTED + more);
    uint8_t *items = ink_payload_data (payload);
    memset (items, 0, PLOTTED + more);
    for (uint64_t n = 0; n < PLOTTED; n++) {
        spans[n] = (ink_msg_span_t){n * PART, PART};
        items[n] = (uint8_t) (2 * n);
    }
    uint64_t checksum = XXH3_64bits (items, PLOTTED + more);
    ink_msg_t msg = {.kind = INK_MSG_SAMPLE,
                     .sample = {.epoch = self->epoch,
                                .lease = 5,
                                .handle = 1,
                                .series = self->series.bytes,
                                .spans.items = spans,
                                .spans.size = PLOTTED,
                                .checksum = checksum}};
    int rc = step (self, INK_HEARD_WORKER, &msg, payload);
    stored (self);
    return rc;
}

static void
expect_cells (bench_t *self)
{
    self->estimate = true;
    self->parts = PLOTTED;
    greet (self);
    expect_kernel (self, "byteplot", 1, 0, PLOTTED);
}

static void
cells_are_outlined_by_wider_ones (void **state)
{
    bench_t *self = *state;
    expect_cells (self);
    sample_cells (self, 0);
    TOLD (self, "settled after 1: 5.0\n"
                "partial 1.0: 0+0 at 8192 and 64 estimated\n");
    const uint8_t *items = (uint8_t *) self->cells;
    for (size_t n = 0; n < PLOTTED / 2; n++)
        assert_in_range (items[n], 4 * n, 4 * n + 2);
    assert_in_range (self->bound, 2 * INK_MILLION * 5 / 4 / 255,
                     2 * INK_MILLION * 5 / 4 / 255 + 2);
}

static void
a_damaged_sample_of_cells_leaves_nothing_behind (void **state)
{
    bench_t *self = *state;
    expect_cells (self);
    sample_cells (self, 1);
    TOLD (self, "settled after 1: 5.0 bad_value\n");
    sample_cells (self, 0);
    TOLD (self, "settled after 1: 5.0\n"
                "partial 1.0: 0+0 at 8192 and 64 estimated\n");
}

static void
who_wants_fine_cells_gets_an_outline_only_at_once (void **state)
{
    bench_t *self = *state;
    self->reports[0] = (ink_msg_report_t){INK_MILLION / 64, 0};
    self->report_count = 1;
    expect_cells (self);
    sample_cells (self, 0);
    TOLD (self, "settled after 1: 5.0\n");
    self->reports[0].millionths = 0;
    expect_kernel (self, "byteplot", 1, 0, PLOTTED);
    sample_cells (self, 0);
    TOLD (self, "settled after 2: 5.0\n"
                "partial 1.0: 0+0 at 8192 and 64 estimated\n");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (the_first_partial_is_an_estimate_from_samples),
        STORY (a_sample_that_comes_twice_counts_once),
        STORY (samples_beyond_those_that_are_drawn_are_for_nothing),
        STORY (what_comes_later_makes_less_of_it_an_estimate),
        STORY (a_final_is_exact),
        STORY (who_wants_no_estimates_gets_none),
        STORY (a_sample_is_for_one_request_alone),
        STORY (a_sample_before_all_is_known_that_the_cache_knew_is_for_nothing),
        STORY (a_damaged_sample_is_a_bad_value_and_nothing_else),
        STORY (completion_0_is_reached_by_the_first_estimate),
        STORY (cells_are_outlined_by_wider_ones),
        STORY (a_damaged_sample_of_cells_leaves_nothing_behind),
        STORY (who_wants_fine_cells_gets_an_outline_only_at_once),
        STORY (parts_are_samples_too),
        STORY (parts_that_are_small_beside_their_table_are_none_unless_others_are_spared),
        STORY (the_final_comes_when_all_came_but_what_is_spared),
        STORY (what_the_cache_knew_is_not_spared),
        STORY (parts_that_came_before_they_were_expected_are_samples_like_the_others),
        STORY (what_is_spared_has_failed_when_nothing_can_be_estimated),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

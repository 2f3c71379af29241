//  test_glimpse.c: coarse nodes are seen in few values, and what they show is what the chunks
//  would have shown.

#include "pyramid_world.h"
#include "ventilator/look.h"
#include "ventilator/partial.h"

#define CHUNK INK_CHUNK_LEAST
#define SIZE (700 * CHUNK - 1234)
#define CELL 16

typedef struct {
    pyramid_world_t world;
    ink_demand_t demand;
    ink_lookup_t *lookup;
} bench_t;

static bench_t *
bench_new (const ink_kernel_t *kernel, uint64_t offset, uint64_t length,
           uint64_t precision)
{
    bench_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->world.seed = 5;
    pyramid_begin (&self->world, kernel, SIZE, CHUNK);
    ink_strand_t *strand = &self->demand.strands[0];
    self->demand.plan = (ink_plan_t){offset, length, SIZE, CHUNK};
    self->demand.parts = ink_plan_count (&self->demand.plan);
    self->demand.cache_read = true;
    self->demand.strand_count = 1;
    self->demand.report_count = 2;
    self->demand.reports[0] = (ink_msg_report_t){INK_MILLION, 0};
    self->demand.reports[1] = (ink_msg_report_t){0, precision};
    strand->demand = &self->demand;
    strand->kernel = kernel;
    strand->series = self->world.series;
    strand->args = self->world.args;
    return self;
}

static void
put_level (bench_t *self, uint64_t span)
{
    ink_node_t node = {SIZE, span, 0};
    for (uint64_t count = pyramid_count (&node); node.n < count; node.n++)
        pyramid_put (&self->world, &node);
}

static void
bench_destroy (bench_t *self)
{
    ink_lookup_destroy (&self->lookup);
    pyramid_end (&self->world);
    free (self);
}

//  Until glimpses can be told, or the look has ended.
static bool
glimpses (bench_t *self)
{
    self->lookup = ink_lookup_new (self->world.cache, &self->demand);
    bool ended = false, glimpsed = false;
    while (!ended && !glimpsed) {
        ended = ink_lookup_advance (self->lookup, -1);
        glimpsed = ink_lookup_has_glimpsed (self->lookup);
    }
    assert_false (ink_lookup_has_glimpsed (self->lookup)); //  It is told once
    return glimpsed;
}

static uint64_t
values_read (bench_t *self)
{
    ink_cache_stat_t stat;
    ink_cache_stat (self->world.cache, &stat);
    return stat.hits;
}

//  The answer over the range, of chunks, in cells of `precision`.
static uint8_t *
expected (bench_t *self, uint64_t precision, size_t *size)
{
    const ink_plan_t *plan = &self->demand.plan;
    ink_part_t range = {plan->offset, plan->length};
    size_t room = ink_answer_bytes (self->world.kernel, &self->world.args, range);
    uint8_t *fine = calloc (1, room);
    ink_slice_t slice = {.bytes = self->world.bytes + plan->offset,
                         .length = plan->length,
                         .offset = plan->offset,
                         .args = &self->world.args};
    self->world.kernel->map (&slice, fine);
    *size = room;
    return pyramid_coarsen (&self->world, fine, range, precision, size);
}

//  Cells that touch the ends of the range may stand for fewer bytes than there are.
static void
check_glimpse (bench_t *self, uint64_t precision, uint64_t covered)
{
    size_t size, item = self->world.kernel == &ink_kernel_entropy ? 4 : 1;
    uint8_t *whole = expected (self, precision, &size);
    const ink_answer_t *answer = ink_lookup_glimpse (self->lookup, 0);
    assert_int_equal (ink_answer_size_at (answer, precision), size);
    uint8_t *seen = malloc (size);
    ink_answer_write_at (answer, precision, seen);
    bool aligned = self->demand.plan.offset == 0;
    size_t skip = aligned ? 0 : item;
    size_t end =
        self->demand.plan.offset + self->demand.plan.length == SIZE ? size : size - item;
    assert_memory_equal (seen + skip, whole + skip, end - skip);
    assert_int_equal (ink_lookup_glimpsed (self->lookup, 0), covered);
    free (whole);
    free (seen);
}

static void
a_whole_source_is_seen_in_the_values_of_one_level (void **state)
{
    (void) state;
    const ink_kernel_t *const kernels[] = {&ink_kernel_entropy, &ink_kernel_byteplot};
    for (size_t k = 0; k < 2; k++)
        for (unsigned doublings = 4; doublings < 13; doublings++) {
            uint64_t precision = CELL << doublings;
            bench_t *self = bench_new (kernels[k], 0, SIZE, precision);
            put_level (self, CHUNK);
            put_level (self, 16 * CHUNK);
            put_level (self, 256 * CHUNK);
            put_level (self, 4096 * CHUNK);
            assert_true (glimpses (self));
            assert_int_equal (values_read (self), doublings < 8    ? 44
                                                  : doublings < 12 ? 3
                                                                   : 1);
            check_glimpse (self, precision, SIZE);
            bench_destroy (self);
        }
}

//  What was asked for is as fine as the chunks: they are read, and nothing else.
static void
what_is_wanted_fine_is_not_glimpsed (void **state)
{
    (void) state;
    bench_t *self = bench_new (&ink_kernel_entropy, 0, SIZE, 15 * CELL);
    put_level (self, 16 * CHUNK);
    assert_false (glimpses (self));
    assert_int_equal (values_read (self), 0);
    bench_destroy (self);
    self = bench_new (&ink_kernel_histogram, 0, SIZE, 1 << 20);
    put_level (self, 16 * CHUNK);
    assert_false (glimpses (self));
    bench_destroy (self);
    self = bench_new (&ink_kernel_entropy, 0, 63 * CHUNK, 1 << 20); //  Few chunks
    put_level (self, 16 * CHUNK);
    assert_false (glimpses (self));
    bench_destroy (self);
}

//  Nodes that are missing leave a hole, or are seen one level below.
static void
children_stand_in_for_a_node_that_is_missing (void **state)
{
    (void) state;
    bench_t *self = bench_new (&ink_kernel_byteplot, 0, SIZE, CELL << 8);
    put_level (self, 16 * CHUNK);
    pyramid_put (&self->world, &(ink_node_t){SIZE, 256 * CHUNK, 1});
    pyramid_corrupt (&self->world, &(ink_node_t){SIZE, 256 * CHUNK, 1});
    pyramid_put (&self->world, &(ink_node_t){SIZE, 256 * CHUNK, 2});
    assert_true (glimpses (self));
    assert_int_equal (values_read (self) - 1, 16 + 16 + 1); //  One was read to damage it
    check_glimpse (self, CELL << 8, SIZE);
    bench_destroy (self);
}

static void
a_node_that_sticks_out_shows_what_lies_in_the_range (void **state)
{
    (void) state;
    const uint64_t offset = 100 * CHUNK + 777, length = 400 * CHUNK;
    bench_t *self = bench_new (&ink_kernel_byteplot, offset, length, CELL << 5);
    put_level (self, 16 * CHUNK);
    assert_true (glimpses (self));
    const uint64_t coarse = CELL << 4; //  Of the nodes: what they fill is known
    uint64_t from = (offset / coarse + 1) * coarse;
    uint64_t to = (offset + length) / coarse * coarse;
    check_glimpse (self, CELL << 5, to - from);
    bench_destroy (self);
}

static void
without_nodes_nothing_is_glimpsed (void **state)
{
    (void) state;
    bench_t *self = bench_new (&ink_kernel_byteplot, 0, SIZE, CELL << 8);
    put_level (self, CHUNK);
    assert_false (glimpses (self));
    assert_int_equal (values_read (self), 700);
    bench_destroy (self);
}

//  Covers less, and is no finer.
static void
a_partial_that_shows_less_than_a_glimpse_is_known (void **state)
{
    (void) state;
    ink_strand_t strand = {.glimpsed = 100, .glimpse_precision = 64};
    ink_msg_reply_t reply = {.cached = 50, .computed = 49, .precision = 64};
    assert_true (ink_partial_is_less (&strand, &reply));
    reply.precision = 128;
    assert_true (ink_partial_is_less (&strand, &reply));
    reply.precision = 32;
    assert_false (ink_partial_is_less (&strand, &reply));
    reply.precision = 64;
    reply.computed = 50;
    assert_false (ink_partial_is_less (&strand, &reply));
    reply.computed = 0;
    assert_true (ink_partial_is_less (&strand, &reply));
    reply.estimated = 350; //  All of 400: as good as 100
    reply.total = 400;
    assert_false (ink_partial_is_less (&strand, &reply));
    reply.total = 396;
    assert_true (ink_partial_is_less (&strand, &reply));
    reply.final = 1;
    assert_false (ink_partial_is_less (&strand, &reply));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_whole_source_is_seen_in_the_values_of_one_level),
        cmocka_unit_test (what_is_wanted_fine_is_not_glimpsed),
        cmocka_unit_test (children_stand_in_for_a_node_that_is_missing),
        cmocka_unit_test (a_node_that_sticks_out_shows_what_lies_in_the_range),
        cmocka_unit_test (without_nodes_nothing_is_glimpsed),
        cmocka_unit_test (a_partial_that_shows_less_than_a_glimpse_is_known),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

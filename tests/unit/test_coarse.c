//  test_coarse.c: coarse answers are what a plain loop over the fine ones says.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "inkling/error.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "value/coarse.h"

#define ROUNDS 400
#define CELLS_MOST 3000
#define CELL 64

static const ink_kernel_t *const kernels[] = {&ink_kernel_entropy, &ink_kernel_byteclass,
                                              &ink_kernel_byteplot, &ink_kernel_hilbert};

//  A range of some cells, known in some places.
typedef struct {
    uint64_t seed;
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_part_t range;
    uint64_t first, cells; //  First cell of the source, and how many
    size_t size;           //  Of a cell's item
    uint8_t *fine;
    bool known[CELLS_MOST];
    ink_answer_t *answer;
} bench_t;

static void
make_items (bench_t *self)
{
    for (uint64_t n = 0; n < self->cells * self->size; n++)
        self->fine[n] = self->kernel == &ink_kernel_byteclass
                            ? (uint8_t) (n % 8 ? 0 : chance_below (&self->seed, 60))
                            : (uint8_t) chance (&self->seed);
    for (uint64_t n = 0; self->kernel == &ink_kernel_entropy && n < self->cells; n++) {
        float bits = (float) chance_below (&self->seed, 8000) / 1000;
        memcpy (self->fine + 4 * n, &bits, 4);
    }
}

//  Bytes of the range in cells [from, to) of the source.
static ink_part_t
bytes_of (const bench_t *self, uint64_t from, uint64_t to)
{
    uint64_t begin = from * CELL, end = to * CELL;
    uint64_t last = self->range.offset + self->range.length;
    begin = begin < self->range.offset ? self->range.offset : begin;
    end = end > last ? last : end;
    return (ink_part_t){begin, end > begin ? end - begin : 0};
}

//  Runs of cells become known, with gaps between them.
static void
make_known (bench_t *self, bool whole)
{
    for (uint64_t n = 0, run; n < self->cells; n += run) {
        run = whole ? self->cells : 1 + chance_below (&self->seed, 60);
        run = run < self->cells - n ? run : self->cells - n;
        if (!whole && chance_below (&self->seed, 2))
            continue;
        ink_part_t part = bytes_of (self, self->first + n, self->first + n + run);
        memset (self->known + n, true, run);
        assert_int_equal (ink_answer_add (self->answer, self->fine + n * self->size,
                                          run * self->size, part),
                          INK_OK);
    }
}

static bench_t *
bench_new (uint64_t seed, bool whole)
{
    bench_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->seed = seed;
    self->kernel = kernels[chance_below (&self->seed, 4)];
    self->args.numbers[0] = CELL;
    self->range.offset = chance_below (&self->seed, 100000);
    self->range.length = 1 + chance_below (&self->seed, (CELLS_MOST - 2) * CELL);
    self->first = self->range.offset / CELL;
    self->cells = (self->range.offset + self->range.length - 1) / CELL - self->first + 1;
    ink_geometry_t geometry = {0};
    self->kernel->geometry (&self->args, &geometry);
    self->size = geometry.cell_size;
    self->fine = malloc (self->cells * self->size);
    self->answer = ink_answer_new (self->kernel, &self->args, self->range);
    assert_true (self->fine && self->answer);
    make_items (self);
    make_known (self, whole);
    return self;
}

static void
bench_destroy (bench_t *self)
{
    ink_answer_destroy (&self->answer);
    free (self->fine);
    free (self);
}

//  What the items of row `row` say of the cells [from, to) of the source together; weight 0:
//  nothing is known.
static double
plainly (const bench_t *self, uint64_t from, uint64_t to, size_t row, double *weight)
{
    double sum = 0;
    *weight = 0;
    for (uint64_t cell = from; cell < to; cell++) {
        if (cell < self->first || cell >= self->first + self->cells ||
            !self->known[cell - self->first])
            continue;
        double bytes = (double) bytes_of (self, cell, cell + 1).length;
        const uint8_t *item = self->fine + (cell - self->first) * self->size;
        *weight += bytes;
        if (self->kernel == &ink_kernel_entropy) {
            float bits;
            memcpy (&bits, item, 4);
            sum += bits * bytes;
        } else if (self->kernel == &ink_kernel_byteclass) {
            sum += item[8 * row];
        } else
            sum += *item * bytes;
    }
    if (self->kernel == &ink_kernel_byteclass || !*weight)
        return sum;
    return sum / *weight;
}

static void
check_item (const bench_t *self, const uint8_t *item, uint64_t from, unsigned doublings)
{
    double weight, steps = (doublings + 3) / 4;
    uint64_t to = from + (UINT64_C (1) << doublings);
    size_t rows = self->kernel == &ink_kernel_byteclass ? 6 : 0;
    for (size_t row = 0; row < rows; row++) {
        uint64_t count;
        memcpy (&count, item + 8 * row, 8);
        assert_true ((double) count == plainly (self, from, to, row, &weight));
    }
    double expected = plainly (self, from, to, 0, &weight);
    if (self->kernel == &ink_kernel_entropy) {
        float bits;
        memcpy (&bits, item, 4);
        assert_true (weight > 0 ? fabs (bits - expected) < 1e-5 : isnan (bits));
    } else if (self->kernel->item == INK_ITEM_U8) //  Rounded at each step
        assert_true (weight > 0 ? fabs (*item - expected) <= 0.5 * steps + 1e-9
                                : *item == 0);
}

static void
a_coarse_answer_is_that_of_a_plain_loop_over_the_fine_one (void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        bench_t *self = bench_new (seed, seed % 4 == 0);
        unsigned doublings = (unsigned) chance_below (&self->seed, 20);
        uint64_t precision = (uint64_t) CELL << doublings;
        size_t size = ink_answer_size_at (self->answer, precision);
        uint64_t first = self->range.offset / precision;
        uint64_t last = (self->range.offset + self->range.length - 1) / precision;
        assert_int_equal (size, (last - first + 1) * self->size);
        uint8_t *out = malloc (size);
        assert_non_null (out);
        ink_answer_write_at (self->answer, precision, out);
        for (uint64_t n = first; n <= last; n++)
            check_item (self, out + (n - first) * self->size, n << doublings, doublings);
        free (out);
        bench_destroy (self);
    }
}

//  By hand, since all cells known are the same for any weights.
static void
short_cells_weigh_less (void **state)
{
    (void) state;
    ink_args_t args = {.numbers = {CELL}};
    ink_part_t range = {CELL - 1,
                        CELL + 1}; //  1 byte of the first cell, 64 of the second
    ink_answer_t *answer = ink_answer_new (&ink_kernel_byteplot, &args, range);
    const uint8_t items[] = {255, 60};
    uint8_t mean;
    assert_int_equal (ink_answer_add (answer, items, 2, range), INK_OK);
    ink_answer_write_at (answer, 2 * CELL, &mean);
    assert_int_equal (mean, (255 + 64 * 60 + 32) / 65);
    ink_answer_destroy (&answer);
}

//  Children, made coarser one by one, make the node that was made of all of them at once; and
//  what sticks out of a range is left out.
static void
nodes_are_merged_as_if_they_had_been_made_here (void **state)
{
    (void) state;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        bench_t *self = bench_new (seed, true);
        unsigned doublings = 4 + (unsigned) chance_below (&self->seed, 5);
        uint64_t precision = (uint64_t) CELL << doublings, merged;
        uint64_t span = precision << chance_below (&self->seed, 3);
        uint64_t from = chance_below (&self->seed, self->range.length);
        ink_part_t window = {self->range.offset + from,
                             1 + chance_below (&self->seed, self->range.length - from)};
        ink_answer_t *coarse =
            ink_answer_new_at (self->kernel, &self->args, window, precision);
        uint64_t end = self->range.offset + self->range.length, covered = 0;
        for (uint64_t at = self->range.offset; at < end;) {
            uint64_t next = (at / span + 1) * span < end ? (at / span + 1) * span : end;
            ink_part_t part = {at, next - at};
            at = next;
            if (part.offset >= window.offset + window.length ||
                part.offset + part.length <= window.offset)
                continue;
            uint64_t skip = part.offset / CELL - self->first;
            uint64_t count = (next - 1) / CELL - part.offset / CELL + 1;
            assert_int_equal (ink_answer_add_node (coarse, self->fine + skip * self->size,
                                                   count * self->size, part, CELL,
                                                   &merged),
                              INK_OK);
            covered += merged;
        }
        assert_true (covered <= window.length);
        size_t size = ink_answer_size (coarse);
        uint8_t *out = malloc (size);
        ink_answer_write (coarse, out);
        uint64_t first = window.offset / precision, inside = 0;
        for (uint64_t n = 0; n < size / self->size; n++) {
            uint64_t begin = (first + n) * precision, stop = begin + precision;
            //  Only cells that are whole in the window, or end with all there is
            bool whole =
                (begin >= window.offset || window.offset == self->range.offset) &&
                (stop <= window.offset + window.length ||
                 window.offset + window.length == end);
            if (!whole)
                continue;
            check_item (self, out + n * self->size, (first + n) << doublings, doublings);
            inside++;
        }
        assert_true (!inside || covered > 0);
        free (out);
        ink_answer_destroy (&coarse);
        bench_destroy (self);
    }
}

static void
a_node_of_another_size_is_refused (void **state)
{
    (void) state;
    ink_args_t args = {.numbers = {CELL}};
    ink_part_t range = {0, 64 * CELL};
    uint8_t value[64] = {0};
    uint64_t merged;
    ink_answer_t *answer =
        ink_answer_new_at (&ink_kernel_byteplot, &args, range, 16 * CELL);
    assert_int_equal (ink_answer_add_node (answer, value, 63, range, CELL, &merged),
                      INK_EVALUE);
    assert_int_equal (ink_answer_add_node (answer, value, 4, range, CELL, &merged),
                      INK_EVALUE);
    assert_int_equal (ink_answer_add_node (answer, value, 64, range, CELL, &merged),
                      INK_OK);
    assert_int_equal (merged, range.length);
    ink_answer_destroy (&answer);
}

static void
precisions_are_doubled_as_often_as_was_asked (void **state)
{
    (void) state;
    ink_args_t args = {.numbers = {4096}};
    const ink_part_t range = {4095, 1 << 30};
    const struct {
        uint64_t wanted, near;
    } table[] = {{0, 4096},
                 {1, 4096},
                 {4096, 4096},
                 {8191, 4096},
                 {8192, 8192},
                 {65536, 65536},
                 {65537, 65536},
                 {INT64_MAX, 2ull << 30},
                 {UINT64_MAX, 2ull << 30}};
    for (size_t n = 0; n < sizeof table / sizeof *table; n++)
        assert_int_equal (
            ink_coarse_near (&ink_kernel_entropy, &args, range, table[n].wanted),
            table[n].near);
    assert_int_equal (ink_coarse_near (&ink_kernel_histogram, &args, range, 65536), 0);
    assert_int_equal (ink_coarse_near (&ink_kernel_bytes, &args, range, 65536), 1);
}

static void
what_nobody_asked_for_is_fine_or_fits_256_kib (void **state)
{
    (void) state;
    ink_args_t args = {.numbers = {16}};
    ink_part_t range = {7, (4 << 20) - 16}; //  262144 cells of 4 bytes
    assert_int_equal (ink_coarse_usual (&ink_kernel_entropy, &args, range), 16);
    range.length += 16;
    uint64_t usual = ink_coarse_usual (&ink_kernel_entropy, &args, range);
    assert_true (usual > 16);
    assert_true (ink_answer_bytes_at (&ink_kernel_entropy, &args, range, usual) <=
                 256 << 10);
    assert_true (ink_answer_bytes_at (&ink_kernel_entropy, &args, range, usual / 2) >
                 256 << 10);
    assert_int_equal (ink_coarse_usual (&ink_kernel_bytes, &args, range), 1);
    args.numbers[0] = 7;
    assert_int_equal (ink_coarse_usual (&ink_kernel_trigram, &args, range), 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_coarse_answer_is_that_of_a_plain_loop_over_the_fine_one),
        cmocka_unit_test (short_cells_weigh_less),
        cmocka_unit_test (nodes_are_merged_as_if_they_had_been_made_here),
        cmocka_unit_test (a_node_of_another_size_is_refused),
        cmocka_unit_test (precisions_are_doubled_as_often_as_was_asked),
        cmocka_unit_test (what_nobody_asked_for_is_fine_or_fits_256_kib),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

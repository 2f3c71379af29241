//  test_kernels.c: every kernel, cut in every way, against the oracle.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "inkling/local.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "value/gather.h"

//  Unit tests are linked with the library only, so the oracle comes as its source.
#include "../system/oracle.c"

#define SEED 90125
#define ROUNDS 150
#define SOURCE_MOST 100000

static uint64_t state;

static uint64_t
chance (void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static uint64_t
below (uint64_t limit)
{
    return chance () % limit;
}

//  Stretches of noise, of runs, of few different bytes and of text, as files have them.
static void
fill_any (uint8_t *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        size_t end = at + 1 + below (3000);
        uint64_t kinds = below (4), base = chance ();
        for (; at < size && at < end; at++)
            bytes[at] = kinds == 0   ? (uint8_t) chance ()
                        : kinds == 1 ? (uint8_t) base
                        : kinds == 2 ? (uint8_t) (below (300) ? 32 + below (95) : 0)
                                     : (uint8_t) (base + below (5));
    }
}

//  ---------------------------------------------------------------------------------------
//  A worker and a sink in small

typedef struct {
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_geometry_t geometry;
    const uint8_t *source;
    ink_plan_t plan;
} job_t;

//  How many bytes of the part, from `offset` on, the next slice takes.
static uint64_t
any_slice (const job_t *job, uint64_t offset, uint64_t left)
{
    uint64_t take = 1 + below (below (2) ? left : 1000), cell = job->geometry.cell_bytes;
    if (job->kernel->shape == INK_SHAPE_CELLS)
        take = (offset + take + cell - 1) / cell * cell - offset;
    return take < left ? take : left;
}

//  The slice has memory of its own, so that the sanitizer sees a byte too many.
static void
map_slice (const job_t *job, uint64_t offset, uint64_t length, void *cells)
{
    ink_reach_t seen = ink_plan_sight (&job->plan, (ink_part_t){offset, length},
                                       ink_value_reach (job->kernel, &job->args));
    ink_slice_t slice = {.length = length,
                         .lookback = seen.lookback,
                         .lookahead = seen.lookahead,
                         .offset = offset,
                         .args = &job->args};
    size_t size = seen.lookback + length + seen.lookahead;
    uint8_t *bytes = malloc (size);
    assert_non_null (bytes);
    memcpy (bytes, job->source + offset - seen.lookback, size);
    if (!(job->kernel->flags & INK_KERNEL_UNREAD))
        slice.bytes = bytes + seen.lookback;
    if (job->kernel->shape == INK_SHAPE_RECORDS)
        assert_int_equal (ink_gather_map (cells, job->kernel, &slice), 0);
    else
        job->kernel->map (&slice, cells);
    free (bytes);
}

static void *
gather_part (const job_t *job, ink_part_t part)
{
    ink_gather_t *gather = ink_gather_new ();
    assert_non_null (gather);
    ink_gather_begin (gather, &job->geometry, part);
    for (uint64_t at = 0; at < part.length;) {
        uint64_t length = any_slice (job, part.offset + at, part.length - at);
        map_slice (job, part.offset + at, length, gather);
        at += length;
    }
    return gather;
}

static void *
map_part (const job_t *job, ink_part_t part)
{
    if (job->kernel->shape == INK_SHAPE_RECORDS)
        return gather_part (job, part);
    size_t room = ink_value_room (job->kernel, &job->args, part.length);
    uint8_t *cells = malloc (room);
    assert_non_null (cells);
    bool counts = job->kernel->shape == INK_SHAPE_COUNTS;
    memset (cells, counts ? 0 : 0xaa, room);
    uint8_t *next = cells;
    for (uint64_t at = 0; at < part.length;) {
        ink_part_t piece = {part.offset + at, 0};
        piece.length = any_slice (job, piece.offset, part.length - at);
        map_slice (job, piece.offset, piece.length, next);
        if (!counts)
            next += ink_answer_bytes (job->kernel, &job->args, piece);
        at += piece.length;
    }
    if (job->kernel->settle)
        job->kernel->settle (&job->args, cells);
    return cells;
}

static void
add_part (const job_t *job, ink_answer_t *answer, ink_part_t part)
{
    void *cells = map_part (job, part);
    ink_value_shape_t shape = ink_value_measure (job->kernel, &job->args, cells, part);
    uint8_t *packed = malloc (shape.size);
    assert_non_null (packed);
    ink_value_pack (&shape, job->kernel, &job->args, cells, packed);
    assert_int_equal (ink_answer_add (answer, packed, shape.size, part), 0);
    free (packed);
    if (job->kernel->shape == INK_SHAPE_RECORDS)
        ink_gather_destroy ((ink_gather_t **) &cells);
    free (cells);
}

//  Adds all parts in an order of chance.
static void *
answer_of (const job_t *job, size_t *size)
{
    ink_part_t range = {job->plan.offset, job->plan.length};
    ink_answer_t *answer = ink_answer_new (job->kernel, &job->args, range);
    assert_non_null (answer);
    uint64_t count = ink_plan_count (&job->plan), *order = calloc (count, sizeof *order);
    assert_non_null (order);
    for (uint64_t n = 0; n < count; n++) {
        uint64_t swap = below (n + 1);
        order[n] = order[swap];
        order[swap] = n;
    }
    for (uint64_t n = 0; n < count; n++)
        add_part (job, answer, ink_plan_part (&job->plan, order[n]));
    *size = ink_answer_size (answer);
    void *output = malloc (*size);
    assert_non_null (output);
    ink_answer_write (answer, output);
    free (order);
    ink_answer_destroy (&answer);
    return output;
}

//  ---------------------------------------------------------------------------------------
//  Every kernel against the oracle

static void
choose_range (job_t *job, uint64_t round)
{
    ink_plan_t *plan = &job->plan;
    plan->size = 1 + below (below (3) ? SOURCE_MOST : 3000);
    plan->chunk = INK_CHUNK_LEAST << below (5);
    plan->offset = below (plan->size);
    uint64_t most = plan->size - plan->offset;
    plan->length = round % 5 == 0 ? 1 : round % 5 == 1 ? most : 1 + below (most);
    if (round % 7 == 0)
        plan->offset = 0, plan->length = plan->size;
    if (round % 11 == 0) //  The last byte
        plan->offset = plan->size - 1, plan->length = 1;
}

//  No cell is larger than the smallest chunk. A large table is chosen less often, and then
//  cut into few parts: each takes its time.
static void
choose_params (job_t *job)
{
    const ink_param_t *param = job->kernel->params;
    ink_args_init (&job->args, job->kernel);
    if (param && param->power_of_two && below (2))
        job->args.numbers[0] = param->least << below (9);
    else if (param && !param->power_of_two && below (2))
        job->args.numbers[0] = param->least + (int64_t) below (below (4) ? 3 : 4);
    if (job->kernel == &ink_kernel_strings && below (2))
        job->args.numbers[0] = 1 + (int64_t) below (4096 >> below (12));
    if (job->kernel == &ink_kernel_strings && below (2))
        job->args.numbers[1] = 1 + (int64_t) below (100);
    job->kernel->geometry (&job->args, &job->geometry);
    if (job->geometry.cells > 65536)
        job->plan.chunk = INK_CHUNK_LEAST << 4;
}

static void
check_against_oracle (const job_t *job, uint64_t round)
{
    size_t size, expected_size = 0;
    void *expected, *output = answer_of (job, &size);
    const ink_plan_t *plan = &job->plan;
    int rc =
        oracle_compute (job->kernel->name, job->args.numbers, job->source + plan->offset,
                        plan->offset, plan->length, &expected, &expected_size);
    if (rc || size != expected_size || memcmp (output, expected, size) != 0)
        fail_msg ("seed %d round %llu: %s over %llu:%llu of %llu, chunk %llu, param %lld",
                  SEED, (unsigned long long) round, job->kernel->name,
                  (unsigned long long) plan->offset, (unsigned long long) plan->length,
                  (unsigned long long) plan->size, (unsigned long long) plan->chunk,
                  (long long) job->args.numbers[0]);
    free (expected);
    free (output);
}

static void
check_kernel (const ink_kernel_t *kernel)
{
    state = SEED;
    uint8_t *source = malloc (SOURCE_MOST);
    assert_non_null (source);
    for (uint64_t round = 0; round < ROUNDS; round++) {
        job_t job = {.kernel = kernel, .source = source};
        fill_any (source, SOURCE_MOST);
        choose_range (&job, round);
        choose_params (&job);
        check_against_oracle (&job, round);
    }
    free (source);
}

static void
histogram_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_histogram);
}

static void
digraph_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_digraph);
}

static void
entropy_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_entropy);
}

static void
trigram_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_trigram);
}

static void
byteclass_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_byteclass);
}

static void
byteplot_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_byteplot);
}

static void
hilbert_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_hilbert);
}

static void
count_is_that_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_count);
}

static void
bytes_are_those_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_bytes);
}

static void
strings_are_those_of_the_oracle_however_cut (void **unused)
{
    (void) unused;
    check_kernel (&ink_kernel_strings);
}

//  ---------------------------------------------------------------------------------------
//  Entropy by itself

static float
entropy_of_cell (const uint8_t *bytes, size_t length)
{
    ink_args_t cell = {.numbers = {1 << 20}};
    ink_slice_t slice = {.bytes = bytes, .length = length, .args = &cell};
    float bits;
    ink_kernel_entropy.map (&slice, &bits);
    return bits;
}

static void
entropy_is_exact_where_it_can_be (void **unused)
{
    (void) unused;
    uint8_t bytes[5000];
    for (size_t length = 1; length <= sizeof bytes; length++) {
        memset (bytes, (int) (length % 256), length);
        float bits = entropy_of_cell (bytes, length);
        assert_true (bits == 0 && !signbit (bits));
    }
    for (size_t i = 0; i < 4096; i++)
        bytes[i] = (uint8_t) i;
    assert_true (entropy_of_cell (bytes, 4096) == 8);
    for (size_t i = 0; i < 4096; i++)
        bytes[i] = (uint8_t) (i % 2);
    assert_true (entropy_of_cell (bytes, 4096) == 1);
}

//  Another formula for the same thing: it must agree to the precision of a float.
static void
entropy_is_that_of_the_textbook (void **unused)
{
    (void) unused;
    state = SEED;
    uint8_t bytes[8192];
    for (int round = 0; round < 2000; round++) {
        size_t length = 1 + below (sizeof bytes);
        fill_any (bytes, length);
        uint32_t counts[256] = {0};
        for (size_t i = 0; i < length; i++)
            counts[bytes[i]]++;
        double expected = 0;
        for (int b = 0; b < 256; b++)
            if (counts[b])
                expected -=
                    counts[b] / (double) length * log2 (counts[b] / (double) length);
        assert_true (fabs (expected - (double) entropy_of_cell (bytes, length)) <= 4e-7);
    }
}

//  ---------------------------------------------------------------------------------------
//  The others by themselves, with numbers that were not computed

static void
trigram_of_a_word_is_what_one_counts_by_hand (void **unused)
{
    (void) unused;
    static uint32_t counts[1 << 21];
    ink_args_t bits = {.numbers = {7}};
    ink_slice_t slice = {.bytes = (const uint8_t *) "@@@@@@@@@@@\x82",
                         .length = 10,
                         .lookahead = 2,
                         .args = &bits};
    ink_kernel_trigram.map (&slice, counts);
    assert_int_equal (counts[0x20 << 14 | 0x20 << 7 | 0x20], 9);
    assert_int_equal (counts[0x20 << 14 | 0x20 << 7 | 0x41], 1);
    uint64_t sum = 0;
    for (size_t n = 0; n < sizeof counts / sizeof *counts; n++)
        sum += counts[n];
    assert_int_equal (sum, 10);
}

static void
each_byte_is_of_the_class_that_is_written_down (void **unused)
{
    (void) unused;
    static const struct {
        int from, to, class;
    } spans[] = {{0, 0, 0},  {1, 8, 1},     {14, 31, 1},   {32, 126, 2},
                 {9, 13, 3}, {127, 127, 3}, {128, 254, 4}, {255, 255, 5}};
    ink_args_t cell = {.numbers = {4096}};
    int seen = 0;
    for (size_t n = 0; n < sizeof spans / sizeof *spans; n++)
        for (int value = spans[n].from; value <= spans[n].to; value++, seen++) {
            uint8_t byte = (uint8_t) value;
            uint64_t counts[6], expected[6] = {0};
            expected[spans[n].class] = 1;
            ink_slice_t slice = {.bytes = &byte, .length = 1, .args = &cell};
            ink_kernel_byteclass.map (&slice, counts);
            assert_memory_equal (counts, expected, sizeof expected);
        }
    assert_int_equal (seen, 256);
}

static void
the_largest_cells_do_not_overflow (void **unused)
{
    (void) unused;
    const size_t cell = 1 << 20;
    ink_args_t args = {.numbers = {cell}};
    uint8_t *bytes = malloc (cell), mean = 0;
    assert_non_null (bytes);
    memset (bytes, 255, cell);
    ink_slice_t slice = {.bytes = bytes, .length = cell, .args = &args};
    uint64_t counts[6];
    ink_kernel_byteclass.map (&slice, counts);
    assert_int_equal (counts[5], cell);
    ink_kernel_byteplot.map (&slice, &mean);
    assert_int_equal (mean, 255);
    ink_kernel_hilbert.map (&slice, &mean);
    assert_int_equal (mean, 255);
    free (bytes);
}

static void
byteplot_rounds_to_the_nearest_and_halves_up (void **unused)
{
    (void) unused;
    static const struct {
        uint8_t bytes[3], length, mean;
    } cases[] = {{{7}, 1, 7},       {{7, 8}, 2, 8},    {{0, 1}, 2, 1},
                 {{0, 0, 1}, 3, 0}, {{0, 1, 1}, 3, 1}, {{255, 254}, 2, 255}};
    ink_args_t cell = {.numbers = {4}};
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        ink_slice_t slice = {
            .bytes = cases[n].bytes, .length = cases[n].length, .args = &cell};
        uint8_t mean;
        ink_kernel_byteplot.map (&slice, &mean);
        assert_int_equal (mean, cases[n].mean);
    }
}

//  ---------------------------------------------------------------------------------------
//  Names and parameters

static void
kernels_are_found_by_name (void **unused)
{
    (void) unused;
    static const char *const names[] = {
        "histogram", "digraph", "trigram", "entropy", "byteclass", "byteplot", "hilbert",
        "diff",      "count",   "bytes",   "strings", "search",    "digest"};
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        assert_string_equal (ink_kernels_at (n)->name, names[n]);
        assert_ptr_equal (ink_kernels_find (names[n]), ink_kernels_at (n));
    }
    assert_null (ink_kernels_find ("histogra"));
    assert_null (ink_kernels_find (""));
    assert_null (ink_kernels_at (SIZE_MAX));
}

static void
parameters_have_limits (void **unused)
{
    (void) unused;
    const ink_kernel_t *entropy = &ink_kernel_entropy;
    ink_args_t args;
    ink_args_init (&args, entropy);
    assert_int_equal (args.numbers[0], 4096);
    assert_int_equal (args.numbers[1], 0);
    assert_int_equal (ink_kernels_params (entropy), 1);
    assert_int_equal (ink_kernels_params (&ink_kernel_digraph), 0);
    assert_int_equal (ink_kernels_param (entropy, "cell"), 0);
    assert_int_equal (ink_kernels_param (entropy, "cells"), -1);
    for (int64_t value = 16; value <= 1 << 20; value *= 2)
        assert_true (ink_args_allowed (entropy, 0, value));
    static const int64_t wrong[] = {INT64_MIN, -16,  0,       1,       8,        15,
                                    17,        4095, 1048575, 1 << 21, INT64_MAX};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_false (ink_args_allowed (entropy, 0, wrong[i]));
    assert_false (ink_args_allowed (entropy, 1, 16));
}

//  ---------------------------------------------------------------------------------------
//  The example: loaded like any kernel, and cut like any

//  Builds it beside this file, wherever the repository is.
static const ink_kernel_t *
load_example (void)
{
    char folder[] = "/tmp/inkling-test-XXXXXX", object[64], command[3000];
    const char *slash = strrchr (__FILE__, '/');
    int length = slash ? (int) (slash - __FILE__) : 1;
    const char *here = slash ? __FILE__ : ".";
    assert_non_null (mkdtemp (folder));
    snprintf (object, sizeof object, "%s/parity.so", folder);
    snprintf (
        command, sizeof command,
        "gcc -O2 -shared -fPIC -I%.*s/../../include -o %s %.*s/../../examples/parity.c",
        length, here, object, length, here);
    assert_int_equal (system (command), 0);
    assert_int_equal (ink_kernel_load (object, NULL, 0), 0);
    assert_int_equal (remove (object), 0);
    assert_int_equal (remove (folder), 0);
    return ink_kernels_find ("parity");
}

//  What the example says it does, said again.
static void
check_parity (const job_t *job)
{
    size_t size;
    uint8_t *output = answer_of (job, &size);
    uint64_t first = job->plan.offset / 4096, end = job->plan.offset + job->plan.length;
    uint8_t *expected = calloc (size, 1);
    assert_non_null (expected);
    for (uint64_t at = job->plan.offset; at < end; at++)
        expected[at / 4096 - first] ^= job->source[at];
    assert_int_equal (size, (end - 1) / 4096 - first + 1);
    assert_memory_equal (output, expected, size);
    free (expected);
    free (output);
}

static void
the_example_is_what_it_says_however_cut (void **unused)
{
    (void) unused;
    static uint8_t bytes[SOURCE_MOST];
    const ink_kernel_t *parity = load_example ();
    assert_non_null (parity);
    state = SEED;
    for (uint64_t round = 0; round < ROUNDS; round++) {
        job_t job = {.kernel = parity, .source = bytes};
        fill_any (bytes, sizeof bytes);
        choose_range (&job, round);
        ink_args_init (&job.args, job.kernel);
        job.kernel->geometry (&job.args, &job.geometry);
        check_parity (&job);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (histogram_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (digraph_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (entropy_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (trigram_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (byteclass_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (byteplot_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (hilbert_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (count_is_that_of_the_oracle_however_cut),
        cmocka_unit_test (bytes_are_those_of_the_oracle_however_cut),
        cmocka_unit_test (strings_are_those_of_the_oracle_however_cut),
        cmocka_unit_test (entropy_is_exact_where_it_can_be),
        cmocka_unit_test (entropy_is_that_of_the_textbook),
        cmocka_unit_test (trigram_of_a_word_is_what_one_counts_by_hand),
        cmocka_unit_test (each_byte_is_of_the_class_that_is_written_down),
        cmocka_unit_test (the_largest_cells_do_not_overflow),
        cmocka_unit_test (byteplot_rounds_to_the_nearest_and_halves_up),
        cmocka_unit_test (kernels_are_found_by_name),
        cmocka_unit_test (parameters_have_limits),
        cmocka_unit_test (the_example_is_what_it_says_however_cut),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

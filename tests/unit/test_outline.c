//  test_outline.c: what a sequence of cells is like, by samples.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chance.h"
#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "value/outline.h"

#define CELL 64
#define LENGTH ((uint64_t) 1 << 20)
#define PIECES 256

static uint8_t file[LENGTH];

//  Stretches of one kind of bytes each.
static void
make_file (uint64_t *seed)
{
    for (uint64_t at = 0; at < LENGTH;) {
        uint64_t stretch = 1 + chance_below (seed, LENGTH >> chance_below (seed, 8));
        uint64_t kind = chance_below (seed, 8), least = chance (seed) % 128;
        for (; stretch > 0 && at < LENGTH; stretch--, at++)
            file[at] = (uint8_t) (least + chance_below (seed, (uint64_t) 1 << kind));
    }
}

typedef struct {
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_answer_t *exact;
    ink_outline_t *outline;
} bench_t;

static void
begin (bench_t *self, const ink_kernel_t *kernel)
{
    ink_part_t range = {0, LENGTH};
    self->kernel = kernel;
    ink_args_init (&self->args, kernel);
    self->args.numbers[0] = CELL;
    self->exact = ink_answer_new (kernel, &self->args, range);
    self->outline = ink_outline_new (kernel, &self->args, range);
    assert_non_null (self->exact);
    assert_non_null (self->outline);
}

static void
end (bench_t *self)
{
    ink_answer_destroy (&self->exact);
    ink_outline_destroy (&self->outline);
}

static void *
map (const bench_t *self, ink_part_t part, size_t *size)
{
    *size = ink_answer_bytes (self->kernel, &self->args, part);
    void *items = malloc (*size);
    assert_non_null (items);
    ink_slice_t slice = {.bytes = file + part.offset,
                         .length = part.length,
                         .offset = part.offset,
                         .args = &self->args};
    self->kernel->map (&slice, items);
    return items;
}

static void
compute (bench_t *self, ink_part_t part)
{
    size_t size;
    void *items = map (self, part, &size);
    assert_int_equal (ink_answer_add (self->exact, items, size, part), INK_OK);
    free (items);
}

static int
sample (bench_t *self, ink_part_t piece)
{
    size_t size;
    void *items = map (self, piece, &size);
    int rc = ink_outline_sample (self->outline, items, size, piece);
    free (items);
    return rc;
}

static void
sample_all (bench_t *self, uint64_t *seed)
{
    for (uint64_t n = 0; n < PIECES; n++) {
        uint64_t stratum = LENGTH / PIECES, cells = stratum / CELL;
        ink_part_t piece = {n * stratum + chance_below (seed, cells) * CELL, CELL};
        assert_int_equal (sample (self, piece), INK_OK);
    }
}

static void *
write (const bench_t *self, size_t *size)
{
    uint64_t precision = ink_outline_precision (self->outline);
    *size = ink_answer_size_at (self->exact, precision);
    void *out = malloc (*size);
    assert_non_null (out);
    ink_outline_write (self->outline, self->exact, precision, out);
    return out;
}

//  ---------------------------------------------------------------------------------------

//  Compared with what is written when all is known.
static double
largest_error (bench_t *self)
{
    size_t size;
    float *said = write (self, &size);
    compute (self, (ink_part_t){0, LENGTH});
    float *truth = write (self, &size);
    double largest = 0;
    for (size_t n = 0; n < size / sizeof *said; n++) {
        double off = (double) said[n] - (double) truth[n];
        off = off < 0 ? -off : off;
        largest = off > largest ? off : largest;
    }
    free (said);
    free (truth);
    return largest / 8;
}

static void
the_truth_is_within_the_bound_in_19_of_20_outlines (void **state)
{
    (void) state;
    uint64_t seed = 1, within = 0, telling = 0;
    for (int n = 0; n < 100; n++) {
        bench_t bench;
        uint64_t millionths;
        make_file (&seed);
        begin (&bench, &ink_kernel_entropy);
        sample_all (&bench, &seed);
        assert_true (ink_outline_bound (bench.outline, &millionths));
        within += largest_error (&bench) * 1e6 <= (double) millionths;
        telling += millionths < 900000;
        end (&bench);
    }
    assert_true (within >= 95);
    assert_true (telling >= 80);
}

static void
what_is_known_is_not_estimated (void **state)
{
    (void) state;
    bench_t bench;
    uint64_t seed = 2;
    size_t size;
    make_file (&seed);
    begin (&bench, &ink_kernel_byteclass);
    sample_all (&bench, &seed);
    compute (&bench, (ink_part_t){0, LENGTH / 2});
    uint64_t *said = write (&bench, &size);
    uint64_t *truth = malloc (size);
    assert_non_null (truth);
    ink_answer_write_at (bench.exact, ink_outline_precision (bench.outline), truth);
    assert_memory_equal (said, truth, size / 2);
    assert_memory_not_equal (said + size / 16, truth + size / 16, size / 2);
    free (said);
    free (truth);
    end (&bench);
}

//  A cell that is half known has twice what is known of it, when the piece is like that.
static void
counts_grow_with_the_bytes_they_stand_for (void **state)
{
    (void) state;
    bench_t bench;
    size_t size;
    memset (file, 255, sizeof file);
    begin (&bench, &ink_kernel_byteclass);
    for (uint64_t n = 0; n < 20; n++)
        assert_int_equal (sample (&bench, (ink_part_t){n * 4096, CELL}), INK_OK);
    compute (&bench, (ink_part_t){0, CELL});
    uint64_t precision = ink_outline_precision (bench.outline);
    uint64_t *said = write (&bench, &size);
    assert_true (precision > CELL);
    for (size_t n = 0; n < size / 48; n++)
        for (size_t class = 0; class < 6; class ++)
            assert_int_equal (said[n * 6 + class], class == 5 ? precision : 0);
    free (said);
    end (&bench);
}

static void
there_are_about_as_many_cells_as_pieces (void **state)
{
    (void) state;
    bench_t bench;
    begin (&bench, &ink_kernel_entropy);
    for (uint64_t n = 1; n <= PIECES; n++) {
        ink_part_t piece = {(n - 1) * CELL, CELL};
        assert_int_equal (sample (&bench, piece), INK_OK);
        uint64_t cells = LENGTH / ink_outline_precision (bench.outline);
        assert_in_range (cells, n / 2, n > 2 ? n : 2);
    }
    end (&bench);
}

static void
pieces_that_are_none_are_refused (void **state)
{
    (void) state;
    bench_t bench;
    const uint8_t items[64] = {0};
    uint64_t millionths;
    begin (&bench, &ink_kernel_byteplot);
    struct {
        ink_part_t part;
        size_t size;
    } wrong[] = {{{1, CELL}, 2},
                 {{0, CELL - 1}, 1},
                 {{0, 0}, 0},
                 {{LENGTH, CELL}, 1},
                 {{0, 2 * CELL}, 1},
                 {{0, CELL}, 2},
                 {{LENGTH - CELL, 2 * CELL}, 2},
                 {{0, UINT64_MAX}, 1}};
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++)
        assert_int_equal (
            ink_outline_sample (bench.outline, items, wrong[n].size, wrong[n].part),
            INK_EVALUE);
    for (uint64_t n = 0; n < 47; n++)
        assert_int_equal (sample (&bench, (ink_part_t){n * CELL, CELL}), INK_OK);
    assert_false (ink_outline_bound (bench.outline, &millionths));
    assert_int_equal (sample (&bench, (ink_part_t){0, 4 * CELL}), INK_OK);
    assert_true (ink_outline_bound (bench.outline, &millionths));
    end (&bench);
}

static void
kernels_that_say_too_little_do_not_suit (void **state)
{
    (void) state;
    ink_args_t args = {.numbers = {4096}};
    ink_kernel_t endless = ink_kernel_entropy;
    assert_true (ink_outline_suits (&endless, &args));
    endless.scale = 0;
    assert_false (ink_outline_suits (&endless, &args));
    assert_true (ink_outline_suits (&ink_kernel_byteplot, &args));
    assert_true (ink_outline_suits (&ink_kernel_diff, &args));
    assert_false (ink_outline_suits (&ink_kernel_bytes, &args));
    assert_false (ink_outline_suits (&ink_kernel_histogram, &args));
    args.numbers[0] = 1 << 20;
    assert_false (ink_outline_suits (&ink_kernel_byteplot, &args));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_truth_is_within_the_bound_in_19_of_20_outlines),
        cmocka_unit_test (what_is_known_is_not_estimated),
        cmocka_unit_test (counts_grow_with_the_bytes_they_stand_for),
        cmocka_unit_test (there_are_about_as_many_cells_as_pieces),
        cmocka_unit_test (pieces_that_are_none_are_refused),
        cmocka_unit_test (kernels_that_say_too_little_do_not_suit),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_estimate.c: what the rest of a table of counters will be, and how far off that may be.
//
//  Here a file is a sequence of stretches, each of one kind of bytes, and the truth is counted
//  byte by byte. doc/estimates.md has the same experiment over real files.

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "chance.h"
#include "inkling/error.h"
#include "kernels/kernels.h"
#include "scarce.h"
#include "value/course.h"
#include "value/estimate.h"

#define LENGTH ((uint64_t) 4 << 20)
#define CHUNK ((uint64_t) 16 << 10)
#define PARTS (LENGTH / CHUNK)
#define SAMPLE 256
#define BATCHES 8
#define BATCH 32

static uint8_t file[LENGTH];
static uint64_t truth[256];
static const ink_args_t none;

static void
make_file (uint64_t *seed)
{
    memset (truth, 0, sizeof truth);
    for (uint64_t at = 0; at < LENGTH;) {
        uint64_t stretch = 1 + chance_below (seed, LENGTH >> chance_below (seed, 10));
        uint64_t kind = chance_below (seed, 4), least = chance (seed) % 200;
        for (; stretch > 0 && at < LENGTH; stretch--, at++)
            file[at] = kind == 0   ? (uint8_t) least
                       : kind == 1 ? (uint8_t) chance (seed)
                                   : (uint8_t) (least + chance_below (seed, 1 << kind));
    }
    for (uint64_t at = 0; at < LENGTH; at++)
        truth[file[at]]++;
}

//  Packs the counts of some ranges of `length` bytes, given by their begins.
static size_t
pack (const uint64_t *begins, size_t count, uint64_t length, uint8_t *out)
{
    uint32_t cells[256] = {0};
    for (size_t n = 0; n < count; n++)
        for (uint64_t at = begins[n]; at < begins[n] + length; at++)
            cells[file[at]]++;
    ink_packing_t packing = ink_counts_measure (cells, 256, sizeof *cells);
    ink_counts_pack (&packing, cells, 256, sizeof *cells, out);
    return packing.size;
}

typedef struct {
    ink_estimate_t *estimate;
    ink_answer_t *exact;
    uint64_t covered;
} run_t;

static void
begin (run_t *self)
{
    self->covered = 0;
    self->exact = ink_answer_new (&ink_kernel_histogram, &none, (ink_part_t){0, LENGTH});
    self->estimate = ink_estimate_new (&ink_kernel_histogram, &none, LENGTH, CHUNK,
                                       self->exact, LENGTH);
    assert_non_null (self->exact);
    assert_non_null (self->estimate);
}

static void
end (run_t *self)
{
    ink_answer_destroy (&self->exact);
    ink_estimate_destroy (&self->estimate);
}

static void
sample (run_t *self, uint64_t *seed, uint64_t batch)
{
    uint64_t begins[BATCH], stratum = LENGTH / (BATCHES * BATCH);
    uint8_t value[2048];
    for (uint64_t n = 0; n < BATCH; n++)
        begins[n] =
            (batch + n * BATCHES) * stratum + chance_below (seed, stratum - SAMPLE + 1);
    size_t size = pack (begins, BATCH, SAMPLE, value);
    assert_int_equal (
        ink_estimate_sample (self->estimate, value, size, BATCH, BATCH * SAMPLE), INK_OK);
}

static void
compute (run_t *self, uint64_t place)
{
    ink_course_t course = ink_course_spread (PARTS);
    uint64_t p;
    uint8_t value[2048];
    assert_true (ink_course_part (&course, place, &p));
    ink_part_t part = {p * CHUNK, CHUNK};
    size_t size = pack (&part.offset, 1, CHUNK, value);
    assert_int_equal (ink_answer_add (self->exact, value, size, part), INK_OK);
    assert_int_equal (ink_estimate_part (self->estimate, value, size, CHUNK, place),
                      INK_OK);
    self->covered += CHUNK;
}

//  The bound, and the largest error, as shares of the length.
static double
bound_of (const run_t *self, double *error)
{
    uint64_t out[256], millionths, rest = LENGTH - self->covered;
    assert_true (ink_estimate_bound (self->estimate, rest, &millionths));
    ink_estimate_write (self->estimate, self->exact, rest, out);
    *error = 0;
    for (size_t c = 0; c < 256; c++) {
        double off = (double) out[c] - (double) truth[c];
        off = (off < 0 ? -off : off) / (double) LENGTH;
        *error = off > *error ? off : *error;
    }
    return (double) millionths / 1e6;
}

//  ---------------------------------------------------------------------------------------

//  Replies at many moments of 100 runs over files of all kinds.
static void
the_truth_is_within_the_bound_in_19_of_20_replies (void **state)
{
    (void) state;
    uint64_t seed = 7, replies = 0, within = 0, tight = 0;
    for (int n = 0; n < 100; n++) {
        run_t run;
        make_file (&seed);
        begin (&run);
        for (uint64_t batch = 0; batch < BATCHES; batch++)
            sample (&run, &seed, batch);
        for (uint64_t place = 0; place < PARTS; place++) {
            if ((place & (place - 1)) == 0 || place % 16 == 15) {
                double error, bound = bound_of (&run, &error);
                within += error <= bound;
                tight += bound < 0.15;
                replies++;
            }
            compute (&run, place);
        }
        end (&run);
    }
    assert_true (within * 20 >= replies * 19);
    assert_true (tight * 20 >= replies * 19); //  It says something, too
}

//  Without samples: a fair course is a sample by itself.
static void
parts_alone_give_a_bound_that_holds (void **state)
{
    (void) state;
    uint64_t seed = 8, replies = 0, within = 0;
    for (int n = 0; n < 60; n++) {
        run_t run;
        make_file (&seed);
        begin (&run);
        for (uint64_t place = 0; place < PARTS; place++) {
            if (place >= 16 && place % 16 == 0) {
                double error, bound = bound_of (&run, &error);
                within += error <= bound;
                replies++;
            }
            compute (&run, place);
        }
        end (&run);
    }
    assert_true (within * 20 >= replies * 19);
}

static void
what_is_estimated_adds_up_to_the_length (void **state)
{
    (void) state;
    uint64_t seed = 9, out[256], sum = 0;
    run_t run;
    make_file (&seed);
    begin (&run);
    sample (&run, &seed, 0);
    sample (&run, &seed, 1);
    ink_estimate_write (run.estimate, run.exact, LENGTH, out);
    for (size_t c = 0; c < 256; c++)
        sum += out[c];
    assert_true (sum >= LENGTH - 128 && sum <= LENGTH + 128); //  Each is rounded
    end (&run);
}

static void
a_few_units_give_no_bound (void **state)
{
    (void) state;
    uint64_t seed = 10, millionths = 4711;
    run_t run;
    make_file (&seed);
    begin (&run);
    assert_false (ink_estimate_bound (run.estimate, LENGTH, &millionths));
    sample (&run, &seed, 0); //  A group alone does not differ from anything
    assert_false (ink_estimate_bound (run.estimate, LENGTH, &millionths));
    assert_int_equal (millionths, 4711);
    sample (&run, &seed, 1);
    assert_true (ink_estimate_bound (run.estimate, LENGTH, &millionths));
    end (&run);
}

//  Samples see nothing of what a range holds that is smaller than they are far apart.
static void
where_all_units_agree_something_else_may_still_be (void **state)
{
    (void) state;
    uint64_t seed = 11, millionths;
    run_t run;
    memset (file, 0, sizeof file);
    begin (&run);
    for (uint64_t batch = 0; batch < BATCHES; batch++)
        sample (&run, &seed, batch);
    assert_true (ink_estimate_bound (run.estimate, LENGTH, &millionths));
    assert_in_range (millionths, 3000000 / 256, 3000000 / 256 + 1); //  3/n
    end (&run);
}

static void
a_value_that_is_none_changes_nothing (void **state)
{
    (void) state;
    uint64_t seed = 12, before[256], after[256];
    const uint8_t wrong[] = {9, 9, 9};
    run_t run;
    make_file (&seed);
    begin (&run);
    sample (&run, &seed, 0);
    sample (&run, &seed, 1);
    ink_estimate_write (run.estimate, run.exact, LENGTH, before);
    assert_int_equal (ink_estimate_sample (run.estimate, wrong, 3, 32, 8192), INK_EVALUE);
    assert_int_equal (ink_estimate_sample (run.estimate, wrong, 3, 0, 0), INK_EVALUE);
    assert_int_equal (ink_estimate_part (run.estimate, wrong, 3, CHUNK, 0), INK_EVALUE);
    ink_estimate_write (run.estimate, run.exact, LENGTH, after);
    assert_memory_equal (before, after, sizeof before);
    end (&run);
}

static void
tables_that_are_too_large_and_cells_do_not_suit (void **state)
{
    (void) state;
    ink_args_t args = {.numbers = {7}};
    assert_false (ink_estimate_suits (&ink_kernel_trigram, &args));
    args.numbers[0] = 5;
    assert_true (ink_estimate_suits (&ink_kernel_trigram, &args));
    args.numbers[0] = 4096;
    assert_false (ink_estimate_suits (&ink_kernel_entropy, &args));
    assert_false (ink_estimate_suits (&ink_kernel_count, &args));
}

static void
without_memory_there_is_none (void **state)
{
    (void) state;
    ink_answer_t *known =
        ink_answer_new (&ink_kernel_digraph, &none, (ink_part_t){0, LENGTH});
    assert_non_null (known);
    for (size_t left = 0;; left++) {
        scarce_begin (left);
        ink_estimate_t *estimate =
            ink_estimate_new (&ink_kernel_digraph, &none, LENGTH, CHUNK, known, LENGTH);
        scarce_end ();
        if (estimate) {
            assert_true (left > 10);
            ink_estimate_destroy (&estimate);
            ink_answer_destroy (&known);
            return;
        }
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_truth_is_within_the_bound_in_19_of_20_replies),
        cmocka_unit_test (parts_alone_give_a_bound_that_holds),
        cmocka_unit_test (what_is_estimated_adds_up_to_the_length),
        cmocka_unit_test (a_few_units_give_no_bound),
        cmocka_unit_test (where_all_units_agree_something_else_may_still_be),
        cmocka_unit_test (a_value_that_is_none_changes_nothing),
        cmocka_unit_test (tables_that_are_too_large_and_cells_do_not_suit),
        cmocka_unit_test (without_memory_there_is_none),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

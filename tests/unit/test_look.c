//  test_look.c: how much of the cache is looked at before others have their turn.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <stdlib.h>

#include "kernels/kernels.h"
#include "ventilator/look.h"

#define PARTS 200
#define OVER (-1) //  A budget that is used up at the first look at the clock

//  A demand for all of a source of PARTS chunks, and a cache that knows all of it, in values
//  as large as they can be.
typedef struct {
    ink_demand_t demand;
    ink_cache_t *cache;
} bench_t;

static void
put_all (bench_t *self, const ink_strand_t *strand)
{
    size_t room = ink_value_room (strand->kernel, &strand->args, INK_CHUNK_LEAST);
    uint32_t *counts = malloc (room);
    assert_non_null (counts);
    for (size_t n = 0; n < room / sizeof *counts; n++)
        counts[n] = 1;
    ink_part_t part = {0, INK_CHUNK_LEAST};
    ink_value_shape_t shape =
        ink_value_measure (strand->kernel, &strand->args, counts, part);
    uint8_t *value = malloc (shape.size);
    assert_non_null (value);
    ink_value_pack (&shape, strand->kernel, &strand->args, counts, value);
    ink_cache_begin (self->cache);
    for (uint64_t n = 0; n < PARTS; n++) {
        ink_cache_key_t key =
            ink_cache_key (&strand->series, &self->demand.plan,
                           ink_plan_part (&self->demand.plan, n), strand->kin.reach);
        ink_cache_put (self->cache, &key, value, shape.size);
    }
    assert_int_equal (ink_cache_commit (self->cache), 0);
    free (value);
    free (counts);
}

static bench_t *
bench_new (const ink_kernel_t *kernel)
{
    bench_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    uint64_t size = PARTS * INK_CHUNK_LEAST;
    self->demand.cache_read = true;
    self->demand.parts = PARTS;
    self->demand.plan = (ink_plan_t){0, size, size, INK_CHUNK_LEAST};
    self->demand.strand_count = 1;
    self->demand.strands[0].kernel = kernel;
    self->cache = ink_cache_open_memory ((uint64_t) 64 << 20);
    assert_non_null (self->cache);
    put_all (self, &self->demand.strands[0]);
    return self;
}

static void
bench_destroy (bench_t *self)
{
    ink_cache_close (&self->cache);
    free (self);
}

static size_t
known_by (const ink_lookup_t *lookup)
{
    size_t known = 0;
    for (size_t n = 0; n < PARTS; n++)
        known += ink_lookup_known (lookup, 0)[n];
    return known;
}

//  How many parts are known when the clock is looked at for the first time; all are in the
//  end.
static size_t
known_at_first (const ink_kernel_t *kernel)
{
    bench_t *self = bench_new (kernel);
    ink_lookup_t *lookup = ink_lookup_new (self->cache, &self->demand);
    assert_non_null (lookup);
    assert_false (ink_lookup_advance (lookup, OVER));
    size_t first = known_by (lookup);
    while (!ink_lookup_advance (lookup, OVER))
        continue;
    assert_int_equal (known_by (lookup), PARTS);
    ink_lookup_destroy (&lookup);
    bench_destroy (self);
    return first;
}

static void
small_values_are_merged_64_at_a_time (void **state)
{
    (void) state;
    assert_int_equal (known_at_first (&ink_kernel_histogram), 64);
}

//  A value of 64 KiB is worth 17 small ones.
static void
large_values_are_merged_few_at_a_time (void **state)
{
    (void) state;
    assert_int_equal (known_at_first (&ink_kernel_digraph), 4);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (small_values_are_merged_64_at_a_time),
        cmocka_unit_test (large_values_are_merged_few_at_a_time),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

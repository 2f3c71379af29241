//  test_nodes_lmdb.c: nodes in a store on the disk: damaged, purged, and there after a restart.

#include "pyramid_world.h"
#include "sink/raise.h"
#include "ventilator/look.h"

#include <stdio.h>
#include <unistd.h>

#define CHUNKS 64
#define SIZE (CHUNKS * INK_CHUNK_LEAST)

typedef struct {
    pyramid_world_t world;
    char folder[64];
    ink_demand_t demand;
} bench_t;

static void
open_store (bench_t *self)
{
    int error = INK_OK;
    self->world.cache = ink_cache_open_lmdb (self->folder, 64 << 20, &error);
    assert_int_equal (error, INK_OK);
}

static bool
raise_node (bench_t *self, uint64_t span, uint64_t n)
{
    ink_raise_t raise = {0};
    ink_wish_t wish = {.kernel = self->world.kernel};
    bool made = false;
    wish.key.series = self->world.series;
    wish.key.node = (ink_node_t){SIZE, span, n};
    wish.key.doublings = pyramid_doublings (&self->world, &wish.key.node);
    wish.args = self->world.args;
    ink_raise_begin (&raise, &wish);
    while (raise.under_way)
        made = ink_raise_step (&raise, self->world.cache);
    return made;
}

//  All nodes of a source of 64 chunks: 64, 4 and 1.
static bench_t *
bench_new (const ink_kernel_t *kernel)
{
    bench_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->world.seed = 21;
    pyramid_begin (&self->world, kernel, SIZE, INK_CHUNK_LEAST);
    ink_cache_close (&self->world.cache);
    strcpy (self->folder, "/tmp/inkling-nodes-XXXXXX");
    assert_non_null (mkdtemp (self->folder));
    open_store (self);
    for (uint64_t n = 0; n < CHUNKS; n++)
        pyramid_put (&self->world, &(ink_node_t){SIZE, INK_CHUNK_LEAST, n});
    for (uint64_t n = 0; n < 4; n++)
        assert_true (raise_node (self, 16 * INK_CHUNK_LEAST, n));
    assert_true (raise_node (self, 256 * INK_CHUNK_LEAST, 0));
    self->demand.plan = (ink_plan_t){0, SIZE, SIZE, INK_CHUNK_LEAST};
    self->demand.parts = CHUNKS;
    self->demand.cache_read = true;
    self->demand.strand_count = 1;
    self->demand.strands[0].kernel = kernel;
    self->demand.strands[0].series = self->world.series;
    return self;
}

static void
bench_destroy (bench_t *self)
{
    char command[128];
    snprintf (command, sizeof command, "rm -rf '%s'", self->folder);
    pyramid_end (&self->world);
    assert_int_equal (system (command), 0);
    free (self);
}

//  A whole histogram is right; gives how many values it was made of.
static uint64_t
read_histogram (bench_t *self)
{
    uint64_t expected[256] = {0}, found[256];
    ink_cache_stat_t before, after;
    ink_cache_stat (self->world.cache, &before);
    ink_lookup_t *lookup = ink_lookup_new (self->world.cache, &self->demand);
    while (!ink_lookup_advance (lookup, 1000000))
        continue;
    for (uint64_t n = 0; n < SIZE; n++)
        expected[self->world.bytes[n]]++;
    assert_non_null (ink_lookup_answer (lookup, 0));
    ink_answer_write (ink_lookup_answer (lookup, 0), found);
    assert_memory_equal (found, expected, sizeof found);
    ink_lookup_destroy (&lookup);
    ink_cache_stat (self->world.cache, &after);
    return after.hits - before.hits;
}

//  Turns a bit of the value of a node in the file.
static void
damage (bench_t *self, uint64_t span)
{
    char path[96];
    size_t size, length;
    ink_node_t node = {SIZE, span, 0};
    uint8_t *value = pyramid_value (&self->world, &node, &size), *at;
    snprintf (path, sizeof path, "%s/data.mdb", self->folder);
    FILE *file = fopen (path, "r+");
    assert_non_null (file);
    fseek (file, 0, SEEK_END);
    length = (size_t) ftell (file);
    uint8_t *bytes = malloc (length);
    rewind (file);
    assert_int_equal (fread (bytes, 1, length, file), length);
    size_t found = 0;
    for (at = bytes; (at = memmem (at, length - (size_t) (at - bytes), value, size));
         at++, found++) {
        fseek (file, at - bytes + 3, SEEK_SET);
        fputc (at[3] ^ 16, file);
    }
    assert_true (found > 0);
    assert_int_equal (fclose (file), 0);
    free (bytes);
    free (value);
}

static void
nodes_are_there_after_a_restart (void **state)
{
    (void) state;
    bench_t *self = bench_new (&ink_kernel_histogram);
    assert_int_equal (read_histogram (self), 1);
    ink_cache_close (&self->world.cache);
    open_store (self);
    assert_int_equal (read_histogram (self), 1);
    bench_destroy (self);
}

//  Its children tell the same. Its record is removed with the next step, and made again.
static void
a_damaged_node_is_what_its_children_are (void **state)
{
    (void) state;
    bench_t *self = bench_new (&ink_kernel_histogram);
    ink_node_t top = {SIZE, 256 * INK_CHUNK_LEAST, 0};
    ink_cache_stat_t stat;
    ink_cache_close (&self->world.cache);
    damage (self, 256 * INK_CHUNK_LEAST);
    open_store (self);
    assert_int_equal (read_histogram (self), 4);
    ink_cache_stat (self->world.cache, &stat);
    assert_int_equal (stat.corrupt, 1);
    assert_int_equal (stat.set_aside, 0);
    ink_cache_close (&self->world.cache);
    damage (self, 16 * INK_CHUNK_LEAST);
    open_store (self);
    assert_int_equal (read_histogram (self), 3 + 16);
    pyramid_put (&self->world, &(ink_node_t){SIZE, INK_CHUNK_LEAST, 0}); //  A step
    assert_false (pyramid_holds (&self->world, &top));
    assert_true (raise_node (self, 16 * INK_CHUNK_LEAST, 0));
    assert_true (raise_node (self, 256 * INK_CHUNK_LEAST, 0));
    assert_int_equal (read_histogram (self), 1);
    bench_destroy (self);
}

static void
a_purge_takes_nodes_of_every_level_and_coarseness (void **state)
{
    (void) state;
    const ink_kernel_t *const kernels[] = {&ink_kernel_histogram, &ink_kernel_entropy};
    for (size_t k = 0; k < 2; k++) {
        bench_t *self = bench_new (kernels[k]);
        ink_cache_stat_t stat;
        ink_cache_stat (self->world.cache, &stat);
        assert_int_equal (stat.records, CHUNKS + 4 + 1);
        assert_int_equal (ink_cache_purge (self->world.cache, &self->world.series),
                          INK_OK);
        ink_cache_stat (self->world.cache, &stat);
        assert_int_equal (stat.records, 0);
        bench_destroy (self);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (nodes_are_there_after_a_restart),
        cmocka_unit_test (a_damaged_node_is_what_its_children_are),
        cmocka_unit_test (a_purge_takes_nodes_of_every_level_and_coarseness),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

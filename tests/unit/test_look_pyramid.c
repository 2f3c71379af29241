//  test_look_pyramid.c: whatever nodes the cache has, a look finds all that is known, counts it
//  as a plain count does, and reads as few values as can be.

#include "pyramid_world.h"
#include "ventilator/look.h"

#define ROUNDS 300
#define PARTS_MOST 700
#define NODES_MOST 800

typedef struct {
    pyramid_world_t world;
    ink_demand_t demand;
    struct {
        ink_node_t node;
        uint64_t from, to;
        bool usable;
    } there[NODES_MOST];
    size_t count;
    bool known[PARTS_MOST];
} bench_t;

//  A node can be used when the kernel saw nothing for it that the range does not have.
static bool
is_usable (const bench_t *self, uint64_t from, uint64_t to)
{
    const ink_plan_t *plan = &self->demand.plan;
    uint64_t seen = to + (self->world.kernel == &ink_kernel_digraph);
    seen = seen < plan->size ? seen : plan->size;
    return from >= plan->offset && seen <= plan->offset + plan->length;
}

static void
put_some (bench_t *self, uint64_t percent, uint64_t damaged)
{
    pyramid_world_t *world = &self->world;
    for (uint64_t span = world->chunk; span / 16 < world->size; span *= 16) {
        ink_node_t node = {world->size, span, 0};
        for (uint64_t count = pyramid_count (&node); node.n < count; node.n++) {
            if (chance_below (&world->seed, 100) >= percent)
                continue;
            pyramid_put (world, &node);
            bool bad = chance_below (&world->seed, 100) < damaged;
            if (bad)
                pyramid_corrupt (world, &node);
            uint64_t from = node.n * span, to = from + span;
            to = to < world->size ? to : world->size;
            assert_true (self->count < NODES_MOST);
            self->there[self->count].node = node;
            self->there[self->count].from = from;
            self->there[self->count].to = to;
            self->there[self->count++].usable = !bad && is_usable (self, from, to);
        }
    }
}

static bench_t *
bench_new (uint64_t seed)
{
    static const ink_kernel_t *const kernels[] = {&ink_kernel_histogram,
                                                  &ink_kernel_digraph};
    bench_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    pyramid_world_t *world = &self->world;
    world->seed = seed;
    uint64_t *dice = &world->seed, chunk = INK_CHUNK_LEAST << chance_below (dice, 2);
    uint64_t size = 1 + chance_below (dice, chunk * (chance_below (dice, 3) ? 40 : 300));
    pyramid_begin (world, kernels[chance_below (dice, 2)], size, chunk);
    uint64_t grain = chance_below (dice, 3) ? chunk : 1;
    ink_plan_t *plan = &self->demand.plan;
    plan->size = size;
    plan->chunk = chunk;
    plan->offset = chance_below (dice, 2) ? 0 : chance_below (dice, size) / grain * grain;
    plan->length = size - plan->offset;
    if (chance_below (dice, 2))
        plan->length = 1 + chance_below (dice, plan->length);
    self->demand.cache_read = true;
    self->demand.parts = ink_plan_count (plan);
    self->demand.strand_count = 1;
    self->demand.strands[0].kernel = world->kernel;
    self->demand.strands[0].series = world->series;
    self->demand.strands[0].args = world->args;
    put_some (self, 10 + 90 * chance_below (dice, 2), 20 * chance_below (dice, 2));
    return self;
}

static void
bench_destroy (bench_t *self)
{
    pyramid_end (&self->world);
    free (self);
}

//  Marks the parts of every usable node; gives how many of them are within no other. Nodes
//  of one pyramid lie within each other or apart, so fewer values cannot tell all of it.
static uint64_t
mark_known (bench_t *self)
{
    uint64_t fewest = 0;
    for (size_t n = 0; n < self->count; n++) {
        bool inside = false;
        if (!self->there[n].usable)
            continue;
        for (size_t m = 0; m < self->count; m++)
            inside |= self->there[m].usable &&
                      self->there[m].node.span > self->there[n].node.span &&
                      self->there[m].from <= self->there[n].from &&
                      self->there[m].to >= self->there[n].to;
        fewest += !inside;
        for (uint64_t p = 0; p < self->demand.parts; p++) {
            ink_part_t part = ink_plan_part (&self->demand.plan, p);
            self->known[p] |= part.offset >= self->there[n].from &&
                              part.offset + part.length <= self->there[n].to;
        }
    }
    return fewest;
}

//  Byte by byte.
static void
count_plainly (const bench_t *self, uint64_t *cells)
{
    const ink_plan_t *plan = &self->demand.plan;
    const uint8_t *bytes = self->world.bytes;
    for (uint64_t p = 0; p < self->demand.parts; p++) {
        ink_part_t part = ink_plan_part (plan, p);
        for (uint64_t at = part.offset; at < part.offset + part.length; at++)
            if (!self->known[p])
                break;
            else if (self->world.kernel == &ink_kernel_histogram)
                cells[bytes[at]]++;
            else if (at + 1 < plan->offset + plan->length)
                cells[bytes[at] * 256 + bytes[at + 1]]++;
    }
}

static void
check_answer (const bench_t *self, const ink_lookup_t *lookup)
{
    size_t cells = self->world.kernel == &ink_kernel_histogram ? 256 : 65536;
    uint64_t *expected = calloc (cells, 8), *found = calloc (cells, 8);
    assert_true (expected && found);
    count_plainly (self, expected);
    const ink_answer_t *answer = ink_lookup_answer (lookup, 0);
    if (answer)
        ink_answer_write (answer, found);
    assert_memory_equal (found, expected, cells * 8);
    const uint8_t *known = ink_lookup_known (lookup, 0);
    for (uint64_t p = 0; p < self->demand.parts; p++)
        assert_int_equal (known && known[p], self->known[p]);
    free (expected);
    free (found);
}

//  What is told to be lacking is not there, or damaged, and all of its parts are known. Where all
//  chunks are known and nothing else is, the whole first level lacks.
static void
check_lacking (const bench_t *self, const ink_lookup_t *lookup)
{
    const ink_plan_t *plan = &self->demand.plan;
    size_t count;
    const ink_msg_node_t *lacking = ink_lookup_lacking (lookup, 0, &count);
    for (size_t n = 0; n < count; n++) {
        uint64_t from = lacking[n].n * lacking[n].span, to = from + lacking[n].span;
        to = to < plan->size ? to : plan->size;
        assert_true (from >= plan->offset && to <= plan->offset + plan->length);
        for (size_t m = 0; m < self->count; m++)
            assert_false (self->there[m].usable && self->there[m].from == from &&
                          self->there[m].node.span == lacking[n].span);
        for (uint64_t p = 0; p < self->demand.parts; p++) {
            ink_part_t part = ink_plan_part (plan, p);
            if (part.offset >= from && part.offset < to)
                assert_true (self->known[p]);
        }
    }
}

static uint64_t
hits_of (const bench_t *self)
{
    ink_cache_stat_t stat;
    ink_cache_stat (self->world.cache, &stat);
    return stat.hits;
}

static void
any_nodes_tell_all_that_is_known_in_the_fewest_values (void **state)
{
    (void) state;
    uint64_t wide = 0;
    for (uint64_t seed = 0; seed < ROUNDS; seed++) {
        bench_t *self = bench_new (seed);
        uint64_t fewest = mark_known (self), before = hits_of (self);
        ink_lookup_t *lookup = ink_lookup_new (self->world.cache, &self->demand);
        while (!ink_lookup_advance (lookup, (int64_t) (seed % 2) * 1000 - 1))
            continue;
        check_answer (self, lookup);
        check_lacking (self, lookup);
        assert_int_equal (hits_of (self) - before, fewest);
        uint64_t known = 0;
        for (uint64_t p = 0; p < self->demand.parts; p++)
            known += self->known[p];
        wide += fewest && known > 4 * fewest;
        ink_lookup_destroy (&lookup);
        bench_destroy (self);
    }
    assert_true (wide > ROUNDS / 10);
}

//  And no level above it, which cannot be made yet. Cells are found to lack their coarse nodes,
//  though these are of no use for a final; above those that are there.
static void
nodes_that_lack_are_told (void **state)
{
    (void) state;
    const ink_kernel_t *const kernels[] = {&ink_kernel_digraph, &ink_kernel_byteplot};
    for (size_t k = 0; k < 2; k++) {
        bench_t *self = calloc (1, sizeof *self);
        size_t count;
        self->world.seed = 3;
        pyramid_begin (&self->world, kernels[k], 300 * INK_CHUNK_LEAST, INK_CHUNK_LEAST);
        self->demand = (ink_demand_t){.cache_read = true, .parts = 299};
        self->demand.plan = (ink_plan_t){INK_CHUNK_LEAST, 299 * INK_CHUNK_LEAST,
                                         300 * INK_CHUNK_LEAST, INK_CHUNK_LEAST};
        self->demand.strand_count = 1;
        self->demand.strands[0].kernel = kernels[k];
        self->demand.strands[0].series = self->world.series;
        self->demand.strands[0].demand = &self->demand;
        self->demand.strands[0].args = self->world.args;
        for (uint64_t n = 0; n < 300; n++)
            if (n != 100)
                pyramid_put (&self->world,
                             &(ink_node_t){self->world.size, INK_CHUNK_LEAST, n});
        for (uint64_t n = 16; n < 19; n++)
            pyramid_put (&self->world,
                         &(ink_node_t){self->world.size, 16 * INK_CHUNK_LEAST, n});
        ink_lookup_t *lookup = ink_lookup_new (self->world.cache, &self->demand);
        while (!ink_lookup_advance (lookup, 1000000))
            continue;
        const ink_msg_node_t *lacking = ink_lookup_lacking (lookup, 0, &count);
        assert_int_equal (count,
                          14 + 1); //  1 to 15 but for 6, and the one above the last
        for (size_t n = 0; n < 14; n++) {
            assert_int_equal (lacking[n].n, n + 1 + (n >= 5));
            assert_int_equal (lacking[n].span, 16 * INK_CHUNK_LEAST);
            assert_int_equal (lacking[n].doublings, k ? 4 : 0);
        }
        assert_int_equal (lacking[14].n, 1);
        assert_int_equal (lacking[14].span, 256 * INK_CHUNK_LEAST);
        assert_int_equal (lacking[14].doublings, k ? 8 : 0);
        ink_lookup_destroy (&lookup);
        bench_destroy (self);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (any_nodes_tell_all_that_is_known_in_the_fewest_values),
        cmocka_unit_test (nodes_that_lack_are_told),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

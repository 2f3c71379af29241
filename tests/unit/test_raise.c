//  test_raise.c: nodes are made of their children, bit for bit, or not at all.

#include "pyramid_world.h"
#include "scarce.h"
#include "sink/raise.h"

#define SIZE (300 * INK_CHUNK_LEAST - 77)

static ink_wish_t
wish_for (const pyramid_world_t *self, ink_node_t node)
{
    ink_wish_t wish = {.kernel = self->kernel};
    wish.key.series = self->series;
    wish.key.node = node;
    wish.args = self->args;
    wish.key.doublings = pyramid_doublings (self, &node);
    return wish;
}

static bool
raise_node (const pyramid_world_t *self, ink_node_t node)
{
    ink_raise_t raise = {0};
    ink_wish_t wish = wish_for (self, node);
    bool made = false;
    ink_raise_begin (&raise, &wish);
    while (raise.under_way)
        made = ink_raise_step (&raise, self->cache);
    return made;
}

static void
check_value (const pyramid_world_t *self, ink_node_t node)
{
    const void *value;
    size_t size, expected_size;
    uint8_t *expected = pyramid_value (self, &node, &expected_size);
    ink_look_t *look = ink_cache_look (self->cache);
    ink_cache_key_t key = pyramid_key (self, &node);
    assert_true (ink_look_get (look, &key, &value, &size));
    assert_int_equal (size, expected_size);
    assert_memory_equal (value, expected, size);
    ink_look_end (&look);
    free (expected);
}

static void
put_chunks (pyramid_world_t *self)
{
    ink_node_t chunk = {self->size, self->chunk, 0};
    for (uint64_t count = pyramid_count (&chunk); chunk.n < count; chunk.n++)
        pyramid_put (self, &chunk);
}

//  All that waits is made, and what that makes possible.
static uint64_t
climb (pyramid_world_t *self, ink_pyramid_t *pyramid)
{
    ink_wish_t wish;
    uint64_t made = 0;
    while (ink_pyramid_take (pyramid, &wish))
        if (raise_node (self, wish.key.node)) {
            ink_pyramid_grow (pyramid, &wish);
            made++;
        }
    return made;
}

static void
check_pyramid_of (const ink_kernel_t *kernel)
{
    pyramid_world_t self = {.seed = 7};
    ink_pyramid_t pyramid;
    pyramid_begin (&self, kernel, SIZE, INK_CHUNK_LEAST);
    put_chunks (&self);
    assert_int_equal (ink_pyramid_init (&pyramid), INK_OK);
    ink_wish_t chunk = wish_for (&self, (ink_node_t){SIZE, INK_CHUNK_LEAST, 0});
    for (; chunk.key.node.n < 300; chunk.key.node.n++)
        ink_pyramid_grow (&pyramid, &chunk);
    assert_int_equal (ink_pyramid_size (&pyramid), 19);
    assert_int_equal (climb (&self, &pyramid), 19 + 2 + 1);
    for (uint64_t span = 16 * INK_CHUNK_LEAST; span / 16 < SIZE; span *= 16) {
        ink_node_t node = {SIZE, span, 0};
        for (uint64_t count = pyramid_count (&node); node.n < count; node.n++)
            check_value (&self, node);
    }
    ink_pyramid_free (&pyramid);
    pyramid_end (&self);
}

static void
a_pyramid_of_nodes_is_what_a_kernel_makes_of_them_at_once (void **state)
{
    (void) state;
    check_pyramid_of (&ink_kernel_histogram);
    check_pyramid_of (&ink_kernel_digraph);
    check_pyramid_of (&ink_kernel_trigram);
    check_pyramid_of (&ink_kernel_entropy);
    check_pyramid_of (&ink_kernel_byteclass);
    check_pyramid_of (&ink_kernel_byteplot);
}

static void
a_node_that_lacks_a_child_is_not_made (void **state)
{
    (void) state;
    for (uint64_t lacking = 0; lacking < 12; lacking++) {
        pyramid_world_t self = {.seed = 8};
        pyramid_begin (&self, &ink_kernel_histogram, 12 * INK_CHUNK_LEAST - 5,
                       INK_CHUNK_LEAST);
        ink_node_t child = {self.size, self.chunk, 0},
                   node = {self.size, 16 * self.chunk, 0};
        for (; child.n < 12; child.n++)
            if (child.n != lacking)
                pyramid_put (&self, &child);
        assert_false (raise_node (&self, node));
        assert_false (pyramid_holds (&self, &node));
        ink_cache_stat_t stat;
        ink_cache_stat (self.cache, &stat);
        assert_int_equal (stat.hits, 0); //  It was seen without reading the others
        child.n = lacking;
        pyramid_put (&self, &child);
        assert_true (raise_node (&self, node));
        check_value (&self, node);
        pyramid_end (&self);
    }
}

static void
a_node_with_a_damaged_child_is_not_made (void **state)
{
    (void) state;
    pyramid_world_t self = {.seed = 9};
    pyramid_begin (&self, &ink_kernel_digraph, 16 * INK_CHUNK_LEAST, INK_CHUNK_LEAST);
    put_chunks (&self);
    ink_node_t node = {self.size, 16 * self.chunk, 0};
    pyramid_corrupt (&self, &(ink_node_t){self.size, self.chunk, 11});
    assert_false (raise_node (&self, node));
    assert_false (pyramid_holds (&self, &node));
    pyramid_end (&self);
}

static void
a_node_that_is_there_is_not_made_again (void **state)
{
    (void) state;
    pyramid_world_t self = {.seed = 10};
    pyramid_begin (&self, &ink_kernel_histogram, 16 * INK_CHUNK_LEAST, INK_CHUNK_LEAST);
    ink_node_t node = {self.size, 16 * self.chunk, 0};
    pyramid_put (&self, &node); //  And its children are not
    assert_true (raise_node (&self, node));
    pyramid_end (&self);
}

static void
without_a_cache_nothing_is_made (void **state)
{
    (void) state;
    pyramid_world_t self = {.seed = 11};
    pyramid_begin (&self, &ink_kernel_histogram, INK_CHUNK_LEAST, INK_CHUNK_LEAST);
    ink_cache_t *cache = self.cache;
    self.cache = NULL;
    assert_false (raise_node (&self, (ink_node_t){self.size, 16 * self.chunk, 0}));
    self.cache = cache;
    pyramid_end (&self);
}

//  Large values are merged a few at a step, so that nobody waits for long.
static void
a_step_merges_a_few_large_children (void **state)
{
    (void) state;
    pyramid_world_t self = {.seed = 12};
    pyramid_begin (&self, &ink_kernel_trigram, 16 * INK_CHUNK_LEAST, INK_CHUNK_LEAST);
    self.args.numbers[0] = 6; //  A bitmap of 32 KiB
    for (uint64_t n = 0; n < self.size; n++)
        self.bytes[n] = (uint8_t) chance (&self.seed);
    put_chunks (&self);
    ink_raise_t raise = {0};
    ink_wish_t wish = wish_for (&self, (ink_node_t){self.size, 16 * self.chunk, 0});
    ink_raise_begin (&raise, &wish);
    uint64_t last = 0;
    size_t steps = 0, size;
    free (pyramid_value (&self, &(ink_node_t){self.size, self.chunk, 0}, &size));
    for (; raise.under_way; steps++) {
        ink_raise_step (&raise, self.cache);
        assert_true ((raise.merged - last) * size <= (256 << 10) + 2 * size);
        last = raise.merged;
    }
    assert_int_equal (last, 16);
    assert_in_range (steps, 2, 8);
    check_value (&self, wish.key.node);
    pyramid_end (&self);
}

//  Whatever is evicted, a child is never there without the node made of it; and though but a
//  tenth of the chunks are there at a time, the node of all of them is made, and stays.
static void
children_are_evicted_before_their_parents (void **state)
{
    (void) state;
    pyramid_world_t self = {.seed = 13};
    ink_pyramid_t pyramid;
    pyramid_begin (&self, &ink_kernel_histogram, 1024 * INK_CHUNK_LEAST, INK_CHUNK_LEAST);
    ink_cache_close (&self.cache);
    self.cache = ink_cache_open_memory (40000); //  A hundred nodes or so
    assert_int_equal (ink_pyramid_init (&pyramid), INK_OK);
    ink_wish_t chunk = wish_for (&self, (ink_node_t){self.size, self.chunk, 0});
    ink_node_t parent;
    for (; chunk.key.node.n < 1024; chunk.key.node.n++) {
        pyramid_put (&self, &chunk.key.node);
        ink_pyramid_grow (&pyramid, &chunk);
        climb (&self, &pyramid);
        ink_node_t node = chunk.key.node;
        for (node.n = 0; node.n < chunk.key.node.n / 16 * 16; node.n++)
            if (pyramid_holds (&self, &node)) {
                assert_true (ink_node_parent (&node, &parent));
                assert_true (pyramid_holds (&self, &parent));
            }
    }
    ink_cache_stat_t stat;
    ink_cache_stat (self.cache, &stat);
    assert_true (stat.evicted > 500);
    assert_true (pyramid_holds (&self, &(ink_node_t){self.size, 4096 * self.chunk, 0}));
    ink_pyramid_free (&pyramid);
    pyramid_end (&self);
}

//  It is made whole, or it is not there.
static void
memory_may_run_out_at_any_moment (void **state)
{
    (void) state;
    pyramid_world_t self = {.seed = 14};
    pyramid_begin (&self, &ink_kernel_histogram, 16 * INK_CHUNK_LEAST, INK_CHUNK_LEAST);
    put_chunks (&self);
    ink_node_t node = {self.size, 16 * self.chunk, 0};
    bool made = false;
    size_t left = 0;
    for (; !made; left++) {
        scarce_begin (left);
        made = raise_node (&self, node);
        scarce_end ();
        assert_int_equal (pyramid_holds (&self, &node), made);
    }
    assert_true (left > 3);
    check_value (&self, node);
    pyramid_end (&self);
}

//  What is stored beyond the bound is let go, and no wish is kept twice.
static void
wishes_have_a_bound (void **state)
{
    (void) state;
    ink_pyramid_t pyramid;
    assert_int_equal (ink_pyramid_init (&pyramid), INK_OK);
    ink_wish_t stored = {.kernel = &ink_kernel_histogram}, taken;
    stored.key.node = (ink_node_t){UINT64_MAX, 4096, 0};
    for (uint64_t n = 0; n < 16 * INK_WISHES_MOST + 1000; n++) {
        stored.key.node.n = n;
        ink_pyramid_grow (&pyramid, &stored);
    }
    assert_int_equal (ink_pyramid_size (&pyramid), INK_WISHES_MOST);
    for (uint64_t n = 0; n < INK_WISHES_MOST; n++) {
        assert_true (ink_pyramid_take (&pyramid, &taken));
        assert_int_equal (taken.key.node.n, n);
        assert_int_equal (taken.key.node.span, 65536);
    }
    assert_false (ink_pyramid_take (&pyramid, &taken));
    ink_pyramid_grow (&pyramid, &stored);
    ink_pyramid_free (&pyramid);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_pyramid_of_nodes_is_what_a_kernel_makes_of_them_at_once),
        cmocka_unit_test (a_node_that_lacks_a_child_is_not_made),
        cmocka_unit_test (a_node_with_a_damaged_child_is_not_made),
        cmocka_unit_test (a_node_that_is_there_is_not_made_again),
        cmocka_unit_test (without_a_cache_nothing_is_made),
        cmocka_unit_test (a_step_merges_a_few_large_children),
        cmocka_unit_test (children_are_evicted_before_their_parents),
        cmocka_unit_test (memory_may_run_out_at_any_moment),
        cmocka_unit_test (wishes_have_a_bound),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

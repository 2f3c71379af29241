//  pyramid_world.h: a small source, its nodes in a cache, and what a plain count says of them.
//
//  Values of nodes are mapped from the bytes at once, never merged, so they are an oracle for
//  what is merged. Cells are then made coarser in one go; test_coarse.c says how.

#ifndef PYRAMID_WORLD_H_INCLUDED
#define PYRAMID_WORLD_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "sink/pyramid.h"
#include "value/answer.h"

typedef struct {
    uint64_t seed;
    uint8_t *bytes;
    uint64_t size, chunk;
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_series_t series;
    ink_cache_t *cache;
} pyramid_world_t;

static inline void
pyramid_begin (pyramid_world_t *self, const ink_kernel_t *kernel, uint64_t size,
               uint64_t chunk)
{
    self->size = size;
    self->chunk = chunk;
    self->kernel = kernel;
    self->bytes = malloc (size);
    assert_non_null (self->bytes);
    for (uint64_t n = 0; n < size; n++)
        self->bytes[n] = (uint8_t) chance_below (&self->seed, 5);
    ink_args_init (&self->args, kernel);
    if (kernel->shape == INK_SHAPE_CELLS)
        self->args.numbers[0] = 16;
    self->series = ink_series_of (kernel, &self->args,
                                  &(ink_identity_t){.size = self->size}, NULL, 0);
    self->cache = ink_cache_open_memory ((uint64_t) 256 << 20);
    assert_non_null (self->cache);
}

static inline void
pyramid_end (pyramid_world_t *self)
{
    ink_cache_close (&self->cache);
    free (self->bytes);
}

//  How often the cells of a node were doubled.
static inline unsigned
pyramid_doublings (const pyramid_world_t *self, const ink_node_t *node)
{
    bool cells = self->kernel->shape == INK_SHAPE_CELLS;
    return cells ? (unsigned) __builtin_ctzll (node->span / self->chunk) : 0;
}

static inline ink_cache_key_t
pyramid_key (const pyramid_world_t *self, const ink_node_t *node)
{
    ink_plan_t level = ink_node_level (node);
    ink_cache_key_t key =
        ink_cache_key (&self->series, &level, ink_plan_part (&level, node->n),
                       ink_value_reach (self->kernel, &self->args));
    ink_cache_key_coarsen (&key, pyramid_doublings (self, node));
    return key;
}

//  Takes the value of a part and gives that in coarse cells.
static inline uint8_t *
pyramid_coarsen (const pyramid_world_t *self, uint8_t *value, ink_part_t part,
                 uint64_t precision, size_t *size)
{
    ink_answer_t *answer = ink_answer_new (self->kernel, &self->args, part);
    assert_non_null (answer);
    assert_int_equal (ink_answer_add (answer, value, *size, part), INK_OK);
    *size = ink_answer_size_at (answer, precision);
    uint8_t *coarse = malloc (*size);
    assert_non_null (coarse);
    ink_answer_write_at (answer, precision, coarse);
    ink_answer_destroy (&answer);
    free (value);
    return coarse;
}

//  The value of a node, mapped from its bytes; to be freed.
static inline uint8_t *
pyramid_value (const pyramid_world_t *self, const ink_node_t *node, size_t *size)
{
    ink_plan_t level = ink_node_level (node);
    ink_part_t part = ink_plan_part (&level, node->n);
    void *cells = calloc (1, ink_value_room (self->kernel, &self->args, part.length));
    assert_non_null (cells);
    ink_reach_t reach = ink_value_reach (self->kernel, &self->args);
    ink_slice_t slice = {.bytes = self->bytes + part.offset,
                         .length = part.length,
                         .lookahead = ink_plan_sight (&level, part, reach).lookahead,
                         .offset = part.offset,
                         .args = &self->args};
    self->kernel->map (&slice, cells);
    if (self->kernel->settle)
        self->kernel->settle (&self->args, cells);
    ink_value_shape_t shape = ink_value_measure (self->kernel, &self->args, cells, part);
    uint8_t *value = malloc (shape.size);
    assert_non_null (value);
    ink_value_pack (&shape, self->kernel, &self->args, cells, value);
    free (cells);
    *size = shape.size;
    unsigned doublings = pyramid_doublings (self, node);
    return doublings
               ? pyramid_coarsen (self, value, part, UINT64_C (16) << doublings, size)
               : value;
}

static inline void
pyramid_put (pyramid_world_t *self, const ink_node_t *node)
{
    size_t size;
    uint8_t *value = pyramid_value (self, node, &size);
    ink_cache_key_t key = pyramid_key (self, node);
    ink_cache_begin (self->cache);
    ink_cache_put (self->cache, &key, value, size);
    assert_int_equal (ink_cache_commit (self->cache), INK_OK);
    free (value);
}

static inline bool
pyramid_holds (const pyramid_world_t *self, const ink_node_t *node)
{
    ink_look_t *look = ink_cache_look (self->cache);
    ink_cache_key_t key = pyramid_key (self, node);
    bool holds = ink_look_holds (look, &key);
    ink_look_end (&look);
    return holds;
}

//  Turns a bit of the record of a node that is there: the store in memory gives its own.
static inline void
pyramid_corrupt (pyramid_world_t *self, const ink_node_t *node)
{
    const void *value;
    size_t size;
    ink_look_t *look = ink_cache_look (self->cache);
    ink_cache_key_t key = pyramid_key (self, node);
    assert_true (ink_look_get (look, &key, &value, &size));
    ((uint8_t *) (uintptr_t) value)[chance_below (&self->seed, size)] ^= 4;
    ink_look_end (&look);
}

static inline uint64_t
pyramid_count (const ink_node_t *node)
{
    ink_plan_t level = ink_node_level (node);
    return ink_plan_count (&level);
}

#endif

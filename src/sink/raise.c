//  raise.c: a node is made of its children, some of them at a time.

#include "sink/raise.h"

#include "base/memory.h"
#include "base/plant.h"
#include "inkling/error.h"
#include "value/coarse.h"

#define BYTES_A_STEP ((size_t) 256 << 10)

typedef enum { ON, THERE, LACKING } state_t;

void
ink_raise_begin (ink_raise_t *self, const ink_wish_t *wish)
{
    ink_raise_end (self);
    *self = (ink_raise_t){.under_way = true, .wish = *wish};
}

void
ink_raise_end (ink_raise_t *self)
{
    ink_answer_destroy (&self->answer);
    self->under_way = false;
}

static ink_part_t
part_of (const ink_node_t *node)
{
    ink_plan_t level = ink_node_level (node);
    return ink_plan_part (&level, node->n);
}

//  The cells of a child are finer than those of the node that is made; those of counts, and of
//  chunks, are not coarse at all.
static unsigned
doublings_of (const ink_raise_t *self, const ink_node_t *node)
{
    unsigned doublings = (unsigned) self->wish.key.doublings;
    bool is_child = node->span < self->wish.key.node.span;
    return doublings && is_child ? doublings - INK_COARSE_LEVEL : doublings;
}

static uint64_t
precision_of (const ink_raise_t *self, const ink_node_t *node)
{
    return ink_coarse_own (self->wish.kernel, &self->wish.args)
           << doublings_of (self, node);
}

static ink_cache_key_t
key_of (const ink_raise_t *self, const ink_node_t *node)
{
    ink_plan_t level = ink_node_level (node);
    ink_cache_key_t key =
        ink_cache_key (&self->wish.key.series, &level, part_of (node),
                       ink_value_reach (self->wish.kernel, &self->wish.args));
    ink_cache_key_coarsen (&key, doublings_of (self, node));
    return key;
}

static bool
is_held (const ink_raise_t *self, ink_look_t *look, const ink_node_t *node)
{
    ink_cache_key_t key = key_of (self, node);
    return ink_look_holds (look, &key);
}

//  Children come mostly in order, so that the last one is the one to be missing.
static state_t
prepare (ink_raise_t *self, ink_look_t *look)
{
    const ink_wish_t *wish = &self->wish;
    ink_node_t first;
    if (is_held (self, look, &wish->key.node))
        return THERE;
    uint64_t count = ink_node_children (&wish->key.node, &first);
    for (ink_node_t child = first; count > 0; count--) {
        child.n = first.n + count - 1;
        if (!is_held (self, look, &child))
            return LACKING;
    }
    self->answer =
        ink_answer_new_at (wish->kernel, &wish->args, part_of (&wish->key.node),
                           precision_of (self, &wish->key.node));
    return self->answer ? ON : LACKING;
}

//  Gives how many bytes were merged; 0 when the child is not there or damaged.
static size_t
merge_child (ink_raise_t *self, ink_look_t *look, const ink_node_t *child)
{
    ink_cache_key_t key = key_of (self, child);
    const void *value;
    size_t size;
    uint64_t merged;
    if (!ink_look_get (look, &key, &value, &size) ||
        ink_answer_add_node (self->answer, value, size, part_of (child),
                             precision_of (self, child), &merged))
        return 0;
    return size;
}

static state_t
merge (ink_raise_t *self, ink_look_t *look)
{
    ink_node_t child;
    uint64_t count = ink_node_children (&self->wish.key.node, &child);
    child.n += self->merged;
    count -= INK_PLANTED (40) && count > 1;
    for (size_t bytes = 0; self->merged < count && bytes < BYTES_A_STEP; child.n++) {
        size_t size = merge_child (self, look, &child);
        if (!size)
            return LACKING;
        bytes += size;
        self->merged++;
    }
    return self->merged < count ? ON : THERE;
}

static state_t
write (const ink_raise_t *self, ink_cache_t *cache)
{
    ink_part_t part = part_of (&self->wish.key.node);
    ink_cache_key_t key = key_of (self, &self->wish.key.node);
    size_t size = ink_answer_extract_size (self->answer, part);
    uint8_t *value = ink_alloc (size);
    if (!value)
        return LACKING;
    ink_answer_extract (self->answer, part, value);
    ink_cache_begin (cache);
    ink_cache_put (cache, &key, value, size);
    ink_free (value);
    return ink_cache_commit (cache) == INK_OK ? THERE : LACKING;
}

bool
ink_raise_step (ink_raise_t *self, ink_cache_t *cache)
{
    ink_look_t *look = cache ? ink_cache_look (cache) : NULL;
    state_t state = look ? ON : LACKING;
    if (look && !self->answer)
        state = prepare (self, look);
    bool merges = state == ON;
    if (merges)
        state = merge (self, look);
    ink_look_end (&look);
    if (merges && state == THERE)
        state = write (self, cache);
    if (state != ON)
        ink_raise_end (self);
    return state == THERE;
}

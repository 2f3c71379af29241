//  glimpse.c: what the nodes above the chunks tell of cells.

#include "ventilator/glimpse.h"

#include "inkling/error.h"
#include "value/coarse.h"
#include "ventilator/partial.h"

//  As many chunks are read at once anyway
#define PARTS_LEAST 64

//  The widest nodes whose cells are no coarser than they should be.
static void
choose_level (ink_glimpse_t *self, uint64_t size, uint64_t chunk, uint64_t precision)
{
    ink_node_t node = {size, chunk, 0}, above;
    unsigned most = ink_coarse_doublings (self->own, precision);
    while (self->doublings + INK_COARSE_LEVEL <= most &&
           ink_node_parent (&node, &above)) {
        self->doublings += INK_COARSE_LEVEL;
        node = above;
    }
    self->node = node;
}

void
ink_glimpse_begin (ink_glimpse_t *self, const ink_demand_t *demand,
                   const ink_strand_t *strand, const ink_args_t *args)
{
    const ink_plan_t *plan = &demand->plan;
    *self = (ink_glimpse_t){.kernel = strand->kernel,
                            .args = args,
                            .series = strand->series,
                            .range = {plan->offset, plan->length},
                            .own = ink_coarse_own (strand->kernel, args)};
    if (demand->parts < PARTS_LEAST ||
        !ink_coarse_has_levels (strand->kernel, args, plan->chunk))
        return;
    choose_level (self, plan->size, plan->chunk, ink_partial_first (strand));
    if (!self->doublings)
        return;
    self->node.n = plan->offset / self->node.span;
    self->end = (plan->offset + plan->length - 1) / self->node.span + 1;
}

void
ink_glimpse_end (ink_glimpse_t *self)
{
    ink_answer_destroy (&self->answer);
}

static bool
prepare (ink_glimpse_t *self)
{
    if (!self->answer)
        self->answer = ink_answer_new_at (self->kernel, self->args, self->range,
                                          self->own << self->doublings);
    return self->answer;
}

static bool
merge (ink_glimpse_t *self, ink_look_t *look, const ink_node_t *node, unsigned doublings,
       size_t *bytes)
{
    ink_plan_t level = ink_node_level (node);
    ink_part_t part = ink_plan_part (&level, node->n);
    ink_cache_key_t key = ink_cache_key (&self->series, &level, part,
                                         ink_value_reach (self->kernel, self->args));
    ink_cache_key_coarsen (&key, doublings);
    const void *value;
    size_t size;
    uint64_t merged;
    if (!ink_look_get (look, &key, &value, &size) || !prepare (self) ||
        ink_answer_add_node (self->answer, value, size, part, self->own << doublings,
                             &merged))
        return false;
    self->covered += merged;
    *bytes += size;
    return true;
}

static bool
is_in_range (const ink_glimpse_t *self, const ink_node_t *node)
{
    uint64_t begin = node->n * node->span, end = self->range.offset + self->range.length;
    return begin < end && begin + node->span > self->range.offset;
}

bool
ink_glimpse_step (ink_glimpse_t *self, ink_look_t *look, size_t *bytes)
{
    if (self->node.n == self->end)
        return false;
    if (!merge (self, look, &self->node, self->doublings, bytes) &&
        self->doublings > INK_COARSE_LEVEL) {
        ink_node_t child;
        uint64_t children = ink_node_children (&self->node, &child);
        for (; children > 0; children--, child.n++)
            if (is_in_range (self, &child))
                (void) merge (self, look, &child, self->doublings - INK_COARSE_LEVEL,
                              bytes);
    }
    self->node.n++;
    return true;
}

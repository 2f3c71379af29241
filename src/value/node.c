//  node.c: the pyramid of nodes above the chunks.

#include "value/node.h"

#include <assert.h>

//  The next span up; 0 when no number holds it.
static uint64_t
wider (uint64_t span)
{
    return span <= UINT64_MAX / INK_NODE_CHILDREN ? span * INK_NODE_CHILDREN : 0;
}

ink_plan_t
ink_node_level (const ink_node_t *self)
{
    return (ink_plan_t){0, self->size, self->size, self->span};
}

bool
ink_node_parent (const ink_node_t *self, ink_node_t *parent)
{
    uint64_t span = wider (self->span);
    if (self->span >= self->size || !span)
        return false;
    *parent = (ink_node_t){self->size, span, self->n / INK_NODE_CHILDREN};
    return true;
}

uint64_t
ink_node_children (const ink_node_t *self, ink_node_t *first)
{
    uint64_t span = self->span / INK_NODE_CHILDREN;
    assert (span > 0);
    *first = (ink_node_t){self->size, span, self->n * INK_NODE_CHILDREN};
    ink_plan_t level = ink_node_level (first);
    uint64_t there = ink_plan_count (&level) - first->n;
    return there < INK_NODE_CHILDREN ? there : INK_NODE_CHILDREN;
}

//  Each node lies within the one above it, so the first that cannot be used is the last to be
//  looked at.
uint64_t
ink_node_widest (const ink_plan_t *plan, uint64_t n, ink_reach_t reach)
{
    uint64_t offset = ink_plan_part (plan, n).offset, widest = plan->chunk;
    ink_plan_t level = *plan;
    while (level.chunk < plan->size && (level.chunk = wider (level.chunk)) != 0 &&
           offset % level.chunk == 0 &&
           ink_plan_is_node (&level, ink_node_part (plan, n, level.chunk), reach))
        widest = level.chunk;
    return widest;
}

ink_part_t
ink_node_part (const ink_plan_t *plan, uint64_t n, uint64_t span)
{
    ink_plan_t level = *plan;
    level.chunk = span;
    uint64_t offset = ink_plan_part (plan, n).offset;
    return ink_plan_part (&level, offset / span - plan->offset / span);
}

uint64_t
ink_node_parts (const ink_plan_t *plan, ink_part_t node)
{
    uint64_t last = node.offset + node.length - 1;
    return last / plan->chunk - node.offset / plan->chunk + 1;
}

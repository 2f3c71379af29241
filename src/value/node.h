//  node.h: the pyramid of nodes above the chunks.
//
//  A node is a chunk, or an aligned group of 16 nodes one level below; its value is the merge
//  of its children. The nodes of a level are the parts of a plan for the whole source, cut at
//  so many bytes. The last one of a level ends with the source and has the children there
//  are; on the highest level stands one alone.
//
//  A node is the same whatever chunk size its level was reached from: 16 chunks of 4 KiB and
//  one of 64 KiB are one node, of one value.

#ifndef INK_NODE_H_INCLUDED
#define INK_NODE_H_INCLUDED

#include "value/plan.h"

#define INK_NODE_CHILDREN 16

typedef struct {
    uint64_t size; //  Of the source
    uint64_t span; //  What its level is cut at: a power of two
    uint64_t n;    //  Which one of its level
} ink_node_t;      //  No padding

//  The plan of its level, of which it is the n-th part.
ink_plan_t ink_node_level (const ink_node_t *self);

//  The node of which it is a child; false when it stands alone on its level.
bool ink_node_parent (const ink_node_t *self, ink_node_t *parent);

//  How many children it has, and the first of them; the others have the next numbers. Not for
//  chunks.
uint64_t ink_node_children (const ink_node_t *self, ink_node_t *first);

//  The widest node that begins where the part n of a plan does and that a request for the
//  plan's range can use: it lies within the range with all that a kernel with this
//  reach sees before and behind it. Gives its span; the plan's own chunk when there is none above the part.
uint64_t ink_node_widest (const ink_plan_t *plan, uint64_t n, ink_reach_t reach);

//  The part that begins where the part n of `plan` does when the same range is cut at `span`,
//  one that is not wider than the widest node; how many parts of the plan it has.
ink_part_t ink_node_part (const ink_plan_t *plan, uint64_t n, uint64_t span);
uint64_t ink_node_parts (const ink_plan_t *plan, ink_part_t node);

#endif

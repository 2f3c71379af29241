//  plan.h: how a range is cut into parts.
//
//  A chunk size G cuts the source at its multiples. A range is then an unaligned head,
//  chunks, an unaligned tail: its parts, numbered from 0. The cut depends on the range and
//  on G alone, so ventilator and sink number the parts alike without telling each other.
//
//  A kernel with a reach sees some bytes before a part and behind it: as many as it wants, but
//  none outside the range. These numbers are the part's lookback and lookahead. A part is a
//  node, and can be shared by different ranges, when it is a whole chunk (or ends with the
//  source) and both are as long as the source allows; else it is a fragment, shared only by
//  requests that cut the same one.

#ifndef INK_PLAN_H_INCLUDED
#define INK_PLAN_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#define INK_CHUNK_LEAST ((uint64_t) 4 << 10)
#define INK_CHUNK_MOST ((uint64_t) 64 << 20)

typedef struct {
    uint64_t offset, length; //  The range, inside the source and not empty
    uint64_t size;           //  Of the source
    uint64_t chunk;          //  A power of two from INK_CHUNK_LEAST to INK_CHUNK_MOST
} ink_plan_t;

typedef struct {
    uint64_t offset, length;
} ink_part_t;

//  How many parts there are, at least 1.
uint64_t ink_plan_count (const ink_plan_t *self);

//  The n-th part, n below the count.
ink_part_t ink_plan_part (const ink_plan_t *self, uint64_t n);

//  How far a kernel looks over the borders of a part, or may.
typedef struct {
    uint32_t lookback, lookahead;
} ink_reach_t;

//  The number of the part that is exactly `part`; false when the plan has none such.
bool ink_plan_find (const ink_plan_t *self, ink_part_t part, uint64_t *n);

//  The bytes of the parts [first, first + count), as one piece.
ink_part_t ink_plan_span (const ink_plan_t *self, uint64_t first, uint64_t count);

//  How many bytes a kernel with this reach sees before and behind the part.
ink_reach_t ink_plan_sight (const ink_plan_t *self, ink_part_t part, ink_reach_t reach);

//  Whether the part is a node for a kernel with this reach.
bool ink_plan_is_node (const ink_plan_t *self, ink_part_t part, ink_reach_t reach);

#endif

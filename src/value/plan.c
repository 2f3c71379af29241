//  plan.c: how a range is cut into parts.
//
//  No sum here passes the end of the source, so none can overflow.

#include "value/plan.h"

#include <assert.h>

static uint64_t
least (uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t
end_of_part (ink_part_t part)
{
    return part.offset + part.length;
}

uint64_t
ink_plan_count (const ink_plan_t *self)
{
    uint64_t last = self->offset + self->length - 1;
    return last / self->chunk - self->offset / self->chunk + 1;
}

ink_part_t
ink_plan_part (const ink_plan_t *self, uint64_t n)
{
    assert (n < ink_plan_count (self));
    uint64_t start = (self->offset / self->chunk + n) * self->chunk;
    if (start < self->offset)
        start = self->offset;
    uint64_t in_chunk = self->chunk - start % self->chunk;
    uint64_t in_range = self->offset + self->length - start;
    return (ink_part_t){start, least (in_chunk, in_range)};
}

bool
ink_plan_find (const ink_plan_t *self, ink_part_t part, uint64_t *n)
{
    if (part.offset < self->offset || part.offset - self->offset >= self->length)
        return false;
    uint64_t number = part.offset / self->chunk - self->offset / self->chunk;
    ink_part_t found = ink_plan_part (self, number);
    if (found.offset != part.offset || found.length != part.length)
        return false;
    *n = number;
    return true;
}

ink_part_t
ink_plan_span (const ink_plan_t *self, uint64_t first, uint64_t count)
{
    assert (count > 0);
    ink_part_t head = ink_plan_part (self, first);
    ink_part_t tail = ink_plan_part (self, first + count - 1);
    return (ink_part_t){head.offset, end_of_part (tail) - head.offset};
}

//  What can be seen from a part within the bytes [begin, end).
static ink_reach_t
sight (ink_part_t part, ink_reach_t reach, uint64_t begin, uint64_t end)
{
    return (ink_reach_t){(uint32_t) least (reach.lookback, part.offset - begin),
                         (uint32_t) least (reach.lookahead, end - end_of_part (part))};
}

ink_reach_t
ink_plan_sight (const ink_plan_t *self, ink_part_t part, ink_reach_t reach)
{
    return sight (part, reach, self->offset, self->offset + self->length);
}

bool
ink_plan_is_node (const ink_plan_t *self, ink_part_t part, ink_reach_t reach)
{
    bool whole = part.offset % self->chunk == 0 &&
                 (part.length == self->chunk || end_of_part (part) == self->size);
    ink_reach_t seen = ink_plan_sight (self, part, reach);
    ink_reach_t most = sight (part, reach, 0, self->size);
    return whole && seen.lookback == most.lookback && seen.lookahead == most.lookahead;
}

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

uint32_t
ink_plan_lookahead (const ink_plan_t *self, ink_part_t part, uint32_t overlap)
{
    return (uint32_t) least (overlap, self->offset + self->length - end_of_part (part));
}

bool
ink_plan_is_node (const ink_plan_t *self, ink_part_t part, uint32_t overlap)
{
    uint64_t behind = self->size - end_of_part (part);
    bool whole =
        part.offset % self->chunk == 0 && (part.length == self->chunk || behind == 0);
    return whole && ink_plan_lookahead (self, part, overlap) == least (overlap, behind);
}

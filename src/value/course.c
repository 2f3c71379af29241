//  course.c: in what order the parts of a range are computed.

#include "value/course.h"

#include <assert.h>

static uint64_t
blocks_of (uint64_t parts, uint64_t block)
{
    return (parts + block - 1) / block;
}

static ink_course_t
spread (uint64_t parts, uint64_t block)
{
    ink_course_t self = {.parts = parts, .block = block};
    while ((uint64_t) 1 << self.bits < blocks_of (parts, block))
        self.bits++;
    return self;
}

ink_course_t
ink_course_spread (uint64_t parts)
{
    return spread (parts, blocks_of (parts, INK_COURSE_BLOCKS));
}

ink_course_t
ink_course_scatter (uint64_t parts)
{
    return spread (parts, 1);
}

ink_course_t
ink_course_around (uint64_t parts, uint64_t focus)
{
    return (ink_course_t){
        .parts = parts, .around = true, .focus = focus < parts ? focus : parts - 1};
}

static uint64_t
reverse (uint64_t number, unsigned bits)
{
    uint64_t reversed = 0;
    for (unsigned n = 0; n < bits; n++, number >>= 1)
        reversed = reversed << 1 | (number & 1);
    return reversed;
}

uint64_t
ink_course_places (const ink_course_t *self)
{
    if (!self->around)
        return self->block << self->bits;
    uint64_t behind = self->parts - 1 - self->focus;
    return 2 * (behind > self->focus ? behind : self->focus) + 1;
}

//  Focus, one behind it, one before it, two behind it ...
static bool
part_around (const ink_course_t *self, uint64_t place, uint64_t *part)
{
    uint64_t distance = (place + 1) / 2;
    bool before = place % 2 == 0;
    if (distance > (before ? self->focus : self->parts - 1 - self->focus))
        return false;
    *part = before ? self->focus - distance : self->focus + distance;
    return true;
}

bool
ink_course_part (const ink_course_t *self, uint64_t place, uint64_t *part)
{
    assert (place < ink_course_places (self));
    if (self->around)
        return part_around (self, place, part);
    uint64_t block = reverse (place / self->block, self->bits);
    *part = block * self->block + place % self->block;
    return *part < self->parts;
}

uint64_t
ink_course_place (const ink_course_t *self, uint64_t part)
{
    assert (part < self->parts);
    if (self->around)
        return part > self->focus ? 2 * (part - self->focus) - 1
                                  : 2 * (self->focus - part);
    return reverse (part / self->block, self->bits) * self->block + part % self->block;
}

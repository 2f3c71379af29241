//  course.h: in what order the parts of a range are computed.
//
//  Spread over the range, so that the parts of any beginning of the course are a fair sample of
//  all: blocks of adjacent parts, each block at the place that its number has with its bits
//  reversed (the sequence of van der Corput). Or around a focus, the nearest first.
//
//  A course has places, and at most one part at each: those of a spread course that has not
//  2^n blocks are not all taken.

#ifndef INK_COURSE_H_INCLUDED
#define INK_COURSE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

//  More blocks would make no better sample, but reading less sequential
#define INK_COURSE_BLOCKS 4096

typedef struct {
    uint64_t parts;
    bool around;
    uint64_t focus; //  Part that comes first, when it goes around it
    uint64_t block; //  Parts that stay together, when it is spread
    unsigned bits;  //  Of the number of a block
} ink_course_t;

ink_course_t ink_course_spread (uint64_t parts);
//  The same, but no two parts stay together: for a range of which only some are computed.
ink_course_t ink_course_scatter (uint64_t parts);

ink_course_t ink_course_around (uint64_t parts, uint64_t focus);

//  How many places there are: fewer than 2 * parts + 2 * INK_COURSE_BLOCKS.
uint64_t ink_course_places (const ink_course_t *self);

//  The part at a place; false when there is none.
bool ink_course_part (const ink_course_t *self, uint64_t place, uint64_t *part);

//  The place of a part.
uint64_t ink_course_place (const ink_course_t *self, uint64_t part);

#endif

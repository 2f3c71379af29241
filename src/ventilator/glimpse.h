//  glimpse.h: what the nodes above the chunks tell of cells: soon, and coarse.
//
//  The nodes of a level have cells 16 times as wide as those below it. When the first partial
//  of a long range is wanted so coarse, it is made of the widest nodes that are fine enough: a
//  few values in place of all the chunks, of which the final is made.

#ifndef INK_GLIMPSE_H_INCLUDED
#define INK_GLIMPSE_H_INCLUDED

#include "value/answer.h"
#include "value/node.h"
#include "ventilator/demand.h"

typedef struct {
    const ink_kernel_t *kernel;
    const ink_args_t *args; //  Borrowed
    ink_series_t series;
    ink_part_t range;
    ink_node_t node;      //  The next to be read
    uint64_t end;         //  Number of the last, and one
    uint64_t own;         //  Precision of the kernel
    unsigned doublings;   //  Of the cells of these nodes
    ink_answer_t *answer; //  NULL: nothing is known yet
    uint64_t covered;     //  Bytes
} ink_glimpse_t;

//  Of a strand of the demand; `args` are its own, and last as long as the glimpse. When the
//  chunks are read as soon, or nothing coarse is wanted, there is nothing to do.
void ink_glimpse_begin (ink_glimpse_t *self, const ink_demand_t *demand,
                        const ink_strand_t *strand, const ink_args_t *args);
void ink_glimpse_end (ink_glimpse_t *self);

//  Reads one node or, if it is not there, its children unless they are chunks; false when
//  there is none left. Adds to *bytes what was read.
bool ink_glimpse_step (ink_glimpse_t *self, ink_look_t *look, size_t *bytes);

#endif

//  column.h: what a kernel makes of the values of a lease, one after the other.
//
//  A value begins with a span and, of a sample, ends several spans later: counts add up over
//  them, items stand side by side. A chain goes on through all values of its lease.

#ifndef INK_COLUMN_H_INCLUDED
#define INK_COLUMN_H_INCLUDED

#include "inkling/kernel.h"
#include "protocol/messages.h"
#include "protocol/post.h"
#include "value/gather.h"
#include "value/plan.h"

typedef struct {
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_geometry_t geometry;
    ink_msg_speed_t *speed;
    int64_t *pace;        //  Picoseconds a byte, as last measured; 0: not yet
    ink_gather_t *gather; //  Of records
    void *cells;          //  Of others
    size_t room, size;    //  Of the cells: at most, and in this value
    size_t filled;        //  Of items, by the spans of the value before this one
    int64_t busy_ns;      //  In this value
} ink_column_t;

void ink_column_free (ink_column_t *self);

//  Makes it the column of the k-th kernel of a lease. INK_ENOKERNEL; INK_EPARAM: also when a
//  kernel is to be sampled that cannot be; INK_EFILES; INK_EVALUE: the state a chain is to go on
//  from is none.
int ink_column_set (ink_column_t *self, const ink_msg_lease_t *lease, size_t k);

//  Begins the value that begins with that span. INK_ENOMEM.
int ink_column_begin (ink_column_t *self, const ink_msg_lease_t *lease, size_t span,
                      size_t k);

ink_reach_t ink_column_reach (const ink_column_t *self);

//  Maps a slice of a span that begins at `span_offset`. What the kernel says.
int ink_column_map (ink_column_t *self, const ink_slice_t *slice, uint64_t span_offset);

//  The span is complete, and not the last one of its value.
void ink_column_pass (ink_column_t *self, const ink_msg_span_t *span);

//  Packs the value of a span, or of the sample that ends with it; NULL when out of memory. A
//  kernel that has written behind its cells ends the process here.
ink_payload_t *ink_column_pack (ink_column_t *self, const ink_msg_span_t *span);
ink_payload_t *ink_column_pack_sample (ink_column_t *self, const ink_msg_span_t *span);

#endif

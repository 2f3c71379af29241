//  cut.h: a lease in the making; a room of the foreman's, for dispatch.c alone.
//
//  A lease is cut from one demand for one worker: parts that follow each other in the demand's
//  course, worth about 20 ms on that worker, less near the end so that all workers end together.

#ifndef INK_CUT_H_INCLUDED
#define INK_CUT_H_INCLUDED

#include "ventilator/office.h"

#define INK_CUT_SLOTS 512

typedef struct {
    ink_demand_t *demand;
    ink_worker_t *worker;
    bool ahead;     //  Of what waits at the worker
    uint64_t first; //  Place in the course
    size_t kernels, spans;
    uint64_t parts[INK_SPANS_MOST];
    size_t strands[INK_KERNELS_MOST]; //  Of the demand, those in the lease
    int64_t estimate_ns;
    size_t slots;
    ink_chunk_t *chunks[INK_CUT_SLOTS];
} ink_cut_t;

//  Cuts from the READY parts of the demand. No slots: there is nothing for this worker, or
//  memory ran out.
void ink_cut_ready (ink_foreman_t *self, ink_cut_t *cut);

//  Cuts again what is left of a lease, from the place `first` on.
void ink_cut_backup (ink_foreman_t *self, ink_cut_t *cut, const ink_lease_t *lease);

//  Grants instead a lease over `count` samples, `fold` of them for each value; the cut says of
//  which kernels. False when memory ran out.
bool ink_cut_hand_out_samples (ink_foreman_t *self, ink_cut_t *cut,
                               const ink_msg_span_t *samples, size_t count, size_t fold);

//  Grants the lease and sends it. False when memory ran out.
bool ink_cut_hand_out (ink_foreman_t *self, ink_cut_t *cut);

#endif

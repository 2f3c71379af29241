//  compute.h: how a worker works off a lease in virtual time (src/worker/compute.c).

#ifndef SIM_COMPUTE_H_INCLUDED
#define SIM_COMPUTE_H_INCLUDED

#include "worker.h"

//  Begins the next slice of the lease and says how many microseconds it will take. The worker
//  may die of what it is to map.
int64_t
compute_begin_slice (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease);

//  Maps the slice; when it was the last of its span, the values lie in `unsent`.
void compute_end_slice (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease);

//  Sends a value, or what this worker makes of it.
void compute_send (world_t *world, sim_worker_t *self, sim_value_t *value);

//  The lease of a value.
uint64_t sim_value_lease (const sim_value_t *value);

//  For care.c: the bytes of the second source beside those of the slice; the parameters of a
//  lease's kernel; what it sees of the request's range, or of a sample, around a piece; a VALUE
//  of a lease, to be filled in.
void compute_add_other (world_t *world, const ink_msg_lease_t *lease, ink_slice_t *slice);
void
compute_args (const ink_kernel_t *kernel, const ink_msg_kernel_t *msg, ink_args_t *args);
ink_reach_t
compute_sight (const ink_msg_lease_t *lease, const ink_msg_span_t *span,
               const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t piece);
sim_value_t *compute_add_value (sim_worker_t *self, const ink_msg_lease_t *lease,
                                size_t span, size_t k);

#endif

//  harm.h: one fault of each kind.

#ifndef SIM_HARM_H_INCLUDED
#define SIM_HARM_H_INCLUDED

#include "faults.h"
#include "worker.h"

//  Does it now, to whom chance will have it. False when there was nobody to do it to.
bool harm_apply (world_t *world, fault_kind_t kind);

//  A worker dies, or says goodbye; it comes back after a while.
void harm_end_worker (world_t *world, sim_worker_t *worker, bool politely);

//  A worker dies of what it maps; a process dies in the midst of a turn; a worker has lied.
void harm_crash (world_t *world, sim_worker_t *worker);
void harm_die (world_t *world, process_t *process);
void harm_lied (world_t *world, sim_worker_t *worker);

#endif

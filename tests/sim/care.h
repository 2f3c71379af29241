//  care.h: how a worker works off a lease that has failed before, piece by piece.

#ifndef SIM_CARE_H_INCLUDED
#define SIM_CARE_H_INCLUDED

#include "worker.h"

//  Tries the pieces of the part, as the worker's bisect tells. INK_ECHANGED.
int care_compute (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease);

//  Owes the value of what has passed.
void care_pack (sim_worker_t *self, const ink_msg_lease_t *lease);

#endif

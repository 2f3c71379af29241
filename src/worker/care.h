//  care.h: works off a lease that has failed before, piece by piece.
//
//  What can be computed of its part becomes its value; what cannot, in the smallest ranges
//  that can be told apart, is listed with it. When the lease says so each piece is computed
//  in a process of its own, so that a kernel that crashes or loops harms nobody.

#ifndef INK_CARE_H_INCLUDED
#define INK_CARE_H_INCLUDED

#include "worker/compute.h"

typedef struct ink_care ink_care_t;

//  As ink_compute_new.
ink_care_t *ink_care_new (const ink_roots_t *roots, uint64_t instance,
                          ink_compute_emit_t *emit, void *emit_self);
void ink_care_destroy (ink_care_t **self_p);

//  As ink_compute_slice, for a lease that has `care`.
bool ink_care_slice (ink_care_t *self, const ink_msg_lease_t *lease);

//  There is no such lease any more: ends what still runs for it.
void ink_care_stop (ink_care_t *self);

#endif

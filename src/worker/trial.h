//  trial.h: computes one piece of a part and sees what comes of it.
//
//  The piece is computed by the very code that computes leases (compute.h), here, or in a
//  process of its own that may crash or loop as it likes: nothing of it is shared but the
//  pages its value is left in.

#ifndef INK_TRIAL_H_INCLUDED
#define INK_TRIAL_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

#include "protocol/messages.h"
#include "source/source.h"
#include "value/plan.h"

typedef enum {
    INK_TRIAL_RUNNING,
    INK_TRIAL_PASSED, //  There is a value
    INK_TRIAL_FAILED  //  There is an error; INK_ELOST: the process died, or stood still
} ink_trial_state_t;

typedef struct ink_trial ink_trial_t;

//  For pieces whose packed values have at most `room` bytes. `roots` is borrowed. NULL when
//  out of memory.
ink_trial_t *ink_trial_new (const ink_roots_t *roots, size_t room);

//  Ends a process that still runs.
void ink_trial_destroy (ink_trial_t **self_p);

//  Begins with a piece of the one part and kernel of the lease, which is borrowed until the
//  trial has ended.
void ink_trial_begin (ink_trial_t *self, const ink_msg_lease_t *lease, ink_part_t piece,
                      bool isolated);

//  Goes on for about 5 ms.
ink_trial_state_t ink_trial_step (ink_trial_t *self);

const void *ink_trial_value (const ink_trial_t *self, size_t *size);
int ink_trial_error (const ink_trial_t *self);

#endif

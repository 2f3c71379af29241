//  bisect.h: finds the smallest ranges of a part that cannot be computed.
//
//  A brain: it says which piece to try next and is told how that went. What fails is halved
//  and both halves are tried, the large before the small, until a piece is a single grain or
//  so much was tried that it has to end; what is left then has failed as it is.

#ifndef INK_BISECT_H_INCLUDED
#define INK_BISECT_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/messages.h"
#include "value/plan.h"

//  So many pieces of a part are tried at most. Fewer than that can fail.
#define INK_BISECT_TRIALS 1000

typedef struct ink_bisect ink_bisect_t;

//  NULL when out of memory.
ink_bisect_t *ink_bisect_new (ink_part_t part);
void ink_bisect_destroy (ink_bisect_t **self_p);

//  The piece to try, the same until it is told of; false when all is known.
bool ink_bisect_next (const ink_bisect_t *self, ink_part_t *piece);

void ink_bisect_passed (ink_bisect_t *self);

//  It failed with this error. If it is more than a grain it is cut, at a multiple of the grain
//  in the source.
void ink_bisect_failed (ink_bisect_t *self, int error, uint64_t grain);

//  Nothing more can be tried: what is known to hold a failure has failed.
void ink_bisect_stop (ink_bisect_t *self);

//  What has failed, in order, neighbours joined; lives as long as the bisect.
const ink_msg_failure_t *ink_bisect_failures (const ink_bisect_t *self, size_t *count);

#endif

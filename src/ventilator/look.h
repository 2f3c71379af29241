//  look.h: what the cache knows of a demand, in the fewest values, merged on the spot.
//
//  A node above the chunks (value/node.h) stands for all its parts. At each place the widest
//  node is looked for that begins there and lies within the range, and only where it is
//  missing the one below. So n known chunks are read in O(log n) values when all nodes are
//  there. Of cells nodes tell less than their parts do, but soon: see glimpse.h.

#ifndef INK_LOOK_H_INCLUDED
#define INK_LOOK_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "cache/cache.h"
#include "value/answer.h"
#include "ventilator/demand.h"

typedef struct ink_lookup ink_lookup_t;

//  Begins a look for `demand`, of which all that is needed is copied. `cache` may be NULL:
//  nothing is known then. NULL when out of memory.
ink_lookup_t *ink_lookup_new (ink_cache_t *cache, const ink_demand_t *demand);
void ink_lookup_destroy (ink_lookup_t **self_p);

//  Looks on for about `budget_us`, or until glimpses can be told; true when everything has been
//  looked at.
bool ink_lookup_advance (ink_lookup_t *self, int64_t budget_us);

//  Whether glimpses can be told: true once, if any has shown anything.
bool ink_lookup_has_glimpsed (ink_lookup_t *self);

//  The glimpse of the k-th kernel; NULL when nothing was seen. How many bytes it covers.
const ink_answer_t *ink_lookup_glimpse (const ink_lookup_t *self, size_t k);
uint64_t ink_lookup_glimpsed (const ink_lookup_t *self, size_t k);

//  Nodes of the k-th kernel that were missing though all their children are there: the first ones
//  of them, at most INK_NODES_MOST. Sets *count.
const ink_msg_node_t *
ink_lookup_lacking (const ink_lookup_t *self, size_t k, size_t *count);

uint64_t ink_lookup_handle (const ink_lookup_t *self);

//  A byte for each part of the k-th kernel, 1 where it is known; NULL when nothing is.
const uint8_t *ink_lookup_known (const ink_lookup_t *self, size_t k);

//  Bytes of the answer they make; 0 when nothing is known.
uint64_t ink_lookup_bytes (const ink_lookup_t *self, size_t k);
//  The state of a chain behind what is known of it; NULL when nothing is, or for no chain.
const void *ink_lookup_state (const ink_lookup_t *self, size_t k, size_t *size);

//  All known values of the k-th kernel merged; NULL when nothing is known.
const ink_answer_t *ink_lookup_answer (const ink_lookup_t *self, size_t k);

#endif

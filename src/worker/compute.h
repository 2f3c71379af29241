//  compute.h: works off a lease, slice by slice.
//
//  A slice is what is read and mapped between two looks at the sockets: 256 KiB, or less when
//  the kernels are slow, so that a revoked lease is left within about 5 ms. Each slice is
//  read once for all kernels of the lease.

#ifndef INK_COMPUTE_H_INCLUDED
#define INK_COMPUTE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "protocol/messages.h"
#include "protocol/post.h"
#include "source/source.h"

typedef struct ink_compute ink_compute_t;

//  Takes a VALUE or SAMPLE and its payload (NULL with an error) to where they go.
typedef void (ink_compute_emit_t) (void *self, const ink_msg_t *value,
                                   ink_payload_t **payload_p);

//  `roots` is borrowed. NULL when out of memory.
ink_compute_t *ink_compute_new (const ink_roots_t *roots, uint64_t instance,
                                ink_compute_emit_t *emit, void *emit_self);
void ink_compute_destroy (ink_compute_t **self_p);

//  Works on the lease for one slice, from its beginning when it is another one than last
//  time. Emits the values of each span that is complete. True when the lease is done.
bool ink_compute_slice (ink_compute_t *self, const ink_msg_lease_t *lease);

//  What has been done since the beginning, a row a kernel; lives until the next slice.
const ink_msg_speed_t *ink_compute_speeds (const ink_compute_t *self, size_t *size);

#endif

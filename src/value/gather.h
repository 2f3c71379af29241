//  gather.h: the records of one part, as a kernel finds them slice by slice.

#ifndef INK_GATHER_H_INCLUDED
#define INK_GATHER_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "value/plan.h"

typedef struct ink_gather ink_gather_t;

//  NULL when out of memory.
ink_gather_t *ink_gather_new (void);
void ink_gather_destroy (ink_gather_t **self_p);

//  Begins a part, with nothing found in it.
void
ink_gather_begin (ink_gather_t *self, const ink_geometry_t *geometry, ink_part_t part);

//  Maps the next slice of the part. INK_EGAVEUP: the kernel did; INK_EVALUE: it found what
//  cannot be there; INK_ENOMEM. The part is spoiled then.
int
ink_gather_map (ink_gather_t *self, const ink_kernel_t *kernel, const ink_slice_t *slice);

//  The value of the part, for ink_answer_add.
size_t ink_gather_size (const ink_gather_t *self);
void ink_gather_pack (const ink_gather_t *self, uint8_t *out);

//  The most bytes the value of a part of at most `length` can have.
size_t ink_gather_most (const ink_geometry_t *geometry, uint64_t length);

#endif

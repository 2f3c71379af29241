//  outline.h: what a sequence of cells is like where nothing of it is known, by samples.
//
//  Pieces of the range are looked at, spread evenly over it; each says what the cells around it
//  may be like. It makes sense only for cells so coarse that there are about as many as pieces.
//
//  The bound is the largest difference between two neighbouring pieces, and something more when
//  they are few: what lies between a piece and the cell around it is mostly less than what lies
//  between it and the next piece.
//  doc/estimates.md tells how often it held.

#ifndef INK_OUTLINE_H_INCLUDED
#define INK_OUTLINE_H_INCLUDED

#include "value/answer.h"

typedef struct ink_outline ink_outline_t;

//  Whether answers of a kernel can be outlined: small cells that can be made coarser, in items
//  of which is known how large they can be.
bool ink_outline_suits (const ink_kernel_t *kernel, const ink_args_t *args);

//  For the answer of a kernel that suits over a range. NULL when out of memory.
ink_outline_t *
ink_outline_new (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range);
void ink_outline_destroy (ink_outline_t **self_p);

//  Whether a piece lies in the range, and begins and ends where cells do.
bool ink_outline_has (const ink_outline_t *self, ink_part_t piece);

//  Whether so many pieces more can be taken.
bool ink_outline_has_room (const ink_outline_t *self, size_t pieces);

//  The items of a piece of the range, which begins and ends where cells do. INK_EVALUE: they
//  are not so many; the piece lies elsewhere; it is one too many.
int ink_outline_sample (ink_outline_t *self, const void *items, size_t size,
                        ink_part_t piece);

//  The finest precision that the pieces allow: there are no more cells than pieces.
uint64_t ink_outline_precision (const ink_outline_t *self);

//  No cell of that precision is off by more than so many millionths of what its items can be at
//  most, in 19 of 20 cases. False: too few pieces to say.
bool ink_outline_bound (const ink_outline_t *self, uint64_t *millionths);

//  Writes what is known at that precision, or one that is coarser: as ink_answer_write_at, but
//  where something is not known it is taken for what the nearest piece is like.
void ink_outline_write (const ink_outline_t *self, const ink_answer_t *exact,
                        uint64_t precision, void *out);

#endif

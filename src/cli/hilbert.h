//  hilbert.h: a line folded into a square so that neighbours stay neighbours.

#ifndef INK_HILBERT_H_INCLUDED
#define INK_HILBERT_H_INCLUDED

#include <stdint.h>

typedef struct {
    uint32_t x, y;
} ink_place_t;

//  Where step `n` of the curve is, in a square of 2^order by 2^order. It begins at the upper
//  left and ends at the upper right.
ink_place_t ink_hilbert_place (unsigned order, uint64_t n);

//  The smallest order whose square has a place for each of `cells`, `most` at most.
unsigned ink_hilbert_order (uint64_t cells, unsigned most);

#endif

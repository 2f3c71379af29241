//  hilbert.c: a line folded into a square so that neighbours stay neighbours.

#include "cli/hilbert.h"

//  Two bits of n at a time, the lowest first, name a quarter of a square twice as wide. The
//  curve goes down the left, over, and up the right; within the first and the last quarter
//  it is mirrored so that the ends meet.
ink_place_t
ink_hilbert_place (unsigned order, uint64_t n)
{
    ink_place_t at = {0, 0};
    for (unsigned level = 0; level < order; level++, n >>= 2) {
        uint32_t side = UINT32_C (1) << level;
        ink_place_t inner = at;
        switch (n & 3) {
        case 0: //  Upper left, along the diagonal
            at = (ink_place_t){inner.y, inner.x};
            break;
        case 1: //  Lower left
            at = (ink_place_t){inner.x, inner.y + side};
            break;
        case 2: //  Lower right
            at = (ink_place_t){inner.x + side, inner.y + side};
            break;
        default: //  Upper right, along the other diagonal
            at = (ink_place_t){2 * side - 1 - inner.y, side - 1 - inner.x};
        }
    }
    return at;
}

unsigned
ink_hilbert_order (uint64_t cells, unsigned most)
{
    unsigned order = 0;
    while (order < most && UINT64_C (1) << (2 * order) < cells)
        order++;
    return order;
}

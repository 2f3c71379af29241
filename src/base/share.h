//  share.h: shares of a whole, told in millionths.

#ifndef INK_SHARE_H_INCLUDED
#define INK_SHARE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

//  Whether `part` of `whole` is at least so many millionths. Multiplied out in two steps: the
//  product may pass 64 bits.
static inline bool
ink_share_is_reached (uint64_t millionths, uint64_t part, uint64_t whole)
{
    uint64_t full = whole / 1000000 * millionths;
    uint64_t rest = whole % 1000000 * millionths / 1000000;
    return part >= full + rest;
}

#endif

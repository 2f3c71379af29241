//  varint.h: numbers in as few bytes as they need, seven bits a byte, the lowest first.

#ifndef INK_VARINT_H_INCLUDED
#define INK_VARINT_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INK_VARINT_MOST 10 //  Bytes

static inline size_t
ink_varint_size (uint64_t number)
{
    size_t size = 1;
    for (; number >= 128; number >>= 7)
        size++;
    return size;
}

//  Gives the place behind the number.
static inline uint8_t *
ink_varint_write (uint8_t *at, uint64_t number)
{
    for (; number >= 128; number >>= 7)
        *at++ = (uint8_t) (number | 128);
    *at++ = (uint8_t) number;
    return at;
}

//  Reads from *at on, not behind `end`; false when there is no number of 64 bits.
static inline bool
ink_varint_read (const uint8_t **at, const uint8_t *end, uint64_t *number)
{
    *number = 0;
    for (unsigned shift = 0; shift < 64 && *at < end; shift += 7) {
        uint64_t bits = **at & 127;
        bool last = **at < 128;
        if (shift == 63 && bits > 1)
            return false;
        (*at)++;
        *number |= bits << shift;
        if (last)
            return true;
    }
    return false;
}

#endif

//  cache_values.h: keys and values that follow from a number, for the tests of caches.

#ifndef INK_CACHE_VALUES_H_INCLUDED
#define INK_CACHE_VALUES_H_INCLUDED

#include <stdint.h>
#include <string.h>

#include "cache/cache.h"

#define MIB ((uint64_t) 1 << 20)

static inline uint64_t
next_random (uint64_t *state)
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    return *state;
}

//  Key number n, in one of four series.
static inline ink_cache_key_t
key_of (uint64_t n)
{
    ink_cache_key_t key = {.size = n % 3 == 0 ? 37 : 25};
    memset (key.bytes, (int) (n % 4), 16);
    for (int i = 0; i < 8; i++)
        key.bytes[17 + i] = (uint8_t) (n >> (56 - 8 * i));
    return key;
}

//  What is put under key n for the `time`-th time: size and bytes follow from both.
static inline size_t
value_of (uint64_t n, uint64_t time, size_t most, uint8_t *bytes)
{
    uint64_t state = (n + 1) * 0x9E3779B97F4A7C15 ^ (time + 1) * 0xC2B2AE3D27D4EB4F;
    next_random (&state);
    size_t size = next_random (&state) % (most + 1);
    for (size_t i = 0; i < size; i += 8) {
        uint64_t word = next_random (&state);
        memcpy (bytes + i, &word, size - i < 8 ? size - i : 8);
    }
    return size;
}

#endif

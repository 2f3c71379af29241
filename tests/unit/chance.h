//  chance.h: random numbers that are the same in every run.

#ifndef CHANCE_H_INCLUDED
#define CHANCE_H_INCLUDED

#include <stdint.h>

//  The next number of a sequence; *seed is its state. (SplitMix64)
static inline uint64_t
chance (uint64_t *seed)
{
    uint64_t z = *seed += 0x9E3779B97F4A7C15u;
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9u;
    z = (z ^ z >> 27) * 0x94D049BB133111EBu;
    return z ^ z >> 31;
}

//  0 to n - 1.
static inline uint64_t
chance_below (uint64_t *seed, uint64_t n)
{
    return chance (seed) % n;
}

#endif

//  turn.c: whose turn it is to go when a cache is full.

#include "cache/turn.h"

//  Of cache.h: where the level and the length of a fragment are in a key
#define LEVEL_AT 16
#define LENGTH_AT 25
#define LENGTH_END 33

#define PLACE_SHIFT 32
#define PLACE_MOST (UINT32_MAX - 1)
#define LEVEL_MOST 40

static unsigned
log2_of (uint64_t number)
{
    return number ? 63 - (unsigned) __builtin_clzll (number) : 0;
}

static uint64_t
worth_of (const ink_cache_key_t *key)
{
    unsigned level = key->bytes[LEVEL_AT], node = level;
    uint64_t length = 0;
    for (size_t n = LENGTH_AT; !node && n < LENGTH_END && n < key->size; n++)
        length = length << 8 | key->bytes[n];
    if (!node)
        level = log2_of (length);
    uint64_t worth = UINT64_C (2) << (level < LEVEL_MOST ? level : LEVEL_MOST) / 2;
    return node ? worth : worth / 2;
}

uint64_t
ink_turn_first (const ink_cache_key_t *key, uint64_t next)
{
    uint64_t place = (next >> PLACE_SHIFT) + worth_of (key);
    return (place < PLACE_MOST ? place : PLACE_MOST) << PLACE_SHIFT;
}

uint64_t
ink_turn_behind (uint64_t turn)
{
    return ((turn >> PLACE_SHIFT) + 1) << PLACE_SHIFT;
}

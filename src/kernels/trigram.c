//  trigram.c: how often each three bytes follow one another, by their highest bits.
//
//  Of each byte `bits` bits are kept, so that the table is a cube of 2^bits a side. The
//  triples that cross the end of a slice belong to the slice they begin in; so the two bytes
//  behind the end are wanted.
//
//  Measured on one core, ns a byte over slices of 256 KiB (programs, random, zeros):
//
//      bits                       4               5               7
//      byte after byte    1.0 1.1 2.1     1.0 1.0 2.1     2.4 3.0 2.1
//      six of a word      0.8 0.7 0.3     0.7 0.8 0.3     1.8 2.9 0.3
//
//  The table of 7 bits takes 8 MiB, more than the caches near a core: it waits for memory.

#include <string.h>

#include "inkling/kernel.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "words are read little-endian");

#define INLINE static inline __attribute__ ((always_inline))

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cells = (size_t) 1 << 3 * args->numbers[0];
    geometry->lookahead = 2;
}

//  The highest `bits` bits of all eight bytes, side by side: first of each byte, then those
//  of pairs, of fours, of all.
INLINE uint64_t
squeeze (unsigned bits, uint64_t word)
{
    const uint64_t bytes = UINT64_C (0x0101010101010101) * ((1u << bits) - 1);
    const uint64_t even = UINT64_C (0x00ff00ff00ff00ff);
    const uint64_t pairs = UINT64_C (0x0000ffff0000ffff);
    word = word >> (8 - bits) & bytes;
    word = (word & even) | (word >> (8 - bits) & even << bits);
    word = (word & pairs) | (word >> (16 - 2 * bits) & pairs << 2 * bits);
    return (word & UINT32_MAX) | word >> 32 << 4 * bits;
}

//  Counts the six triples of eight bytes, the first of which is the highest of `word`.
INLINE void
count_word (unsigned bits, uint64_t word, uint32_t *counts)
{
    const uint64_t cell = (UINT64_C (1) << 3 * bits) - 1;
    word = squeeze (bits, word);
    counts[word >> 5 * bits]++;
    counts[word >> 4 * bits & cell]++;
    counts[word >> 3 * bits & cell]++;
    counts[word >> 2 * bits & cell]++;
    counts[word >> bits & cell]++;
    counts[word & cell]++;
}

INLINE size_t
cell_of (unsigned bits, const uint8_t *bytes)
{
    size_t a = bytes[0] >> (8 - bits), b = bytes[1] >> (8 - bits);
    return a << 2 * bits | b << bits | bytes[2] >> (8 - bits);
}

INLINE void
count_triples (unsigned bits, const uint8_t *bytes, size_t length, uint32_t *counts)
{
    size_t at = 0;
    for (; at + 8 <= length; at += 6) {
        uint64_t word;
        memcpy (&word, bytes + at, 8);
        //  Eight equal bytes: six equal triples. Else each would wait for the one before.
        if (word == (word << 8 | word >> 56))
            counts[cell_of (bits, bytes + at)] += 6;
        else
            count_word (bits, __builtin_bswap64 (word), counts);
    }
    for (; at + 3 <= length; at++)
        counts[cell_of (bits, bytes + at)]++;
}

//  Made once for each number of bits, so that all shifts and masks are constants.
static void
map (const ink_slice_t *slice, void *cells)
{
    size_t length = slice->length + slice->lookahead;
    switch (slice->args->numbers[0]) {
    case 4:
        count_triples (4, slice->bytes, length, cells);
        break;
    case 5:
        count_triples (5, slice->bytes, length, cells);
        break;
    case 6:
        count_triples (6, slice->bytes, length, cells);
        break;
    default:
        count_triples (7, slice->bytes, length, cells);
    }
}

static const ink_param_t params[] = {
    {.name = "bits",
     .summary = "bits kept of each byte",
     .fallback = 5,
     .least = 4,
     .most = 7},
    {.name = NULL},
};

const ink_kernel_t ink_kernel_trigram = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "trigram",
    .summary = "how often each three bytes follow one another",
    .shape = INK_SHAPE_COUNTS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 23,
    .params = params,
    .geometry = geometry,
    .map = map,
};

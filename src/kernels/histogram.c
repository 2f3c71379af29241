//  histogram.c: how often each byte occurs.

#include <string.h>

#include "inkling/kernel.h"

//  Eight tables, one for each byte of a word: a byte that follows its like then does not
//  wait for the counter that was just written. On runs of one byte that is 3.8 times as
//  fast as one table, on programs 1.6 times.
#define LANES 8

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = 256;
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint32_t seen[LANES][256] = {{0}};
    size_t at = 0;
    for (; at + 8 <= slice->length; at += 8) {
        uint64_t word;
        memcpy (&word, slice->bytes + at, 8);
        seen[0][word & 255]++;
        seen[1][word >> 8 & 255]++;
        seen[2][word >> 16 & 255]++;
        seen[3][word >> 24 & 255]++;
        seen[4][word >> 32 & 255]++;
        seen[5][word >> 40 & 255]++;
        seen[6][word >> 48 & 255]++;
        seen[7][word >> 56]++;
    }
    for (; at < slice->length; at++)
        seen[0][slice->bytes[at]]++;

    uint32_t *counts = cells;
    for (size_t lane = 0; lane < LANES; lane++)
        for (size_t byte = 0; byte < 256; byte++)
            counts[byte] += seen[lane][byte];
}

const ink_kernel_t ink_kernel_histogram = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "histogram",
    .summary = "how often each byte occurs",
    .shape = INK_SHAPE_COUNTS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 23,
    .geometry = geometry,
    .map = map,
};

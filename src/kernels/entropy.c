//  entropy.c: Shannon entropy of each cell, in bits a byte.
//
//  For a cell of n bytes in which byte b occurs c[b] times it is
//
//      (sum over b of c[b] * (log2 n - log2 c[b])) / n
//
//  in doubles, b from 0 to 255, bytes that do not occur left out, rounded to a float at
//  the end. No term is negative, so nothing cancels: a cell of one byte is exactly 0,
//  one in which all bytes are equally frequent exactly 8.

#include <math.h>
#include <string.h>

#include "inkling/kernel.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "floats are little-endian");

//  As in histogram.c; eight cost more to clear and add than they save in 4096 bytes.
#define LANES 4

//  Logarithms of small counts are kept for the length of a slice: 2.4 GB/s, not 1.4.
#define KEPT 512

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cell_bytes = (size_t) args->numbers[0];
    geometry->cell_size = sizeof (float);
}

static void
count_bytes (const uint8_t *bytes, size_t length, uint32_t counts[256])
{
    uint32_t seen[LANES][256] = {{0}};
    size_t at = 0;
    for (; at + 8 <= length; at += 8) {
        uint64_t word;
        memcpy (&word, bytes + at, 8);
        seen[0][word & 255]++;
        seen[1][word >> 8 & 255]++;
        seen[2][word >> 16 & 255]++;
        seen[3][word >> 24 & 255]++;
        seen[0][word >> 32 & 255]++;
        seen[1][word >> 40 & 255]++;
        seen[2][word >> 48 & 255]++;
        seen[3][word >> 56]++;
    }
    for (; at < length; at++)
        seen[0][bytes[at]]++;
    for (size_t byte = 0; byte < 256; byte++)
        counts[byte] = seen[0][byte] + seen[1][byte] + seen[2][byte] + seen[3][byte];
}

//  log2 of a count. In `kept`, a negative number means not known yet.
static double
log2_of (uint32_t count, double kept[KEPT])
{
    if (count >= KEPT)
        return log2 (count);
    if (kept[count] < 0)
        kept[count] = log2 (count);
    return kept[count];
}

static double
entropy_of (const uint8_t *bytes, size_t length, double kept[KEPT])
{
    uint32_t counts[256];
    count_bytes (bytes, length, counts);
    double whole = log2 ((double) length), sum = 0;
    for (size_t byte = 0; byte < 256; byte++)
        sum += counts[byte] * (whole - log2_of (counts[byte], kept));
    return sum / (double) length;
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint8_t *out = cells;
    size_t cell = (size_t) slice->args->numbers[0];
    double kept[KEPT];
    for (size_t count = 0; count < KEPT; count++)
        kept[count] = count ? -1 : 0; //  Of 0 any will do: it is multiplied by 0
    size_t room = cell - (size_t) (slice->offset % cell); //  The first cell may be short
    for (size_t at = 0; at < slice->length; room = cell) {
        size_t length = slice->length - at < room ? slice->length - at : room;
        float bits = (float) entropy_of (slice->bytes + at, length, kept);
        memcpy (out, &bits, sizeof bits);
        out += sizeof bits;
        at += length;
    }
}

//  The mean of what is known, each cell as heavy as it is long.
static void
coarsen (const void *items, const uint64_t *bytes, size_t count, void *item)
{
    double sum = 0, weight = 0;
    for (size_t n = 0; n < count; n++) {
        float bits;
        memcpy (&bits, (const uint8_t *) items + n * sizeof bits, sizeof bits);
        if (!bytes[n] || isnan (bits))
            continue;
        sum += bits * (double) bytes[n];
        weight += (double) bytes[n];
    }
    float mean = weight > 0 ? (float) (sum / weight) : NAN;
    memcpy (item, &mean, sizeof mean);
}

static const ink_param_t params[] = {
    {.name = "cell",
     .summary = "bytes a cell",
     .fallback = 4096,
     .least = 16,
     .most = 1 << 20,
     .power_of_two = 1},
    {.name = NULL},
};

const ink_kernel_t ink_kernel_entropy = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "entropy",
    .summary = "Shannon entropy of each cell, 0 to 8 bits a byte",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_F32,
    .chunk_log2 = 23,
    .params = params,
    .geometry = geometry,
    .map = map,
    .coarsen = coarsen,
    .scale = 8,
};

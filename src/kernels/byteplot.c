//  byteplot.c: the mean of each cell, as one byte: a small image of a large file.
//
//  The mean of n bytes with the sum s is floor (s / n + 1/2): the nearest whole number, the
//  higher one of two. So a cell of one byte is that byte.

#include <string.h>

#include "inkling/kernel.h"

//  Sums of eight pairs of bytes. Each lane takes 128 pairs of at most 510.
typedef uint16_t lanes_t __attribute__ ((vector_size (16)));
#define ROUNDS 128

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cell_bytes = (size_t) args->numbers[0];
    geometry->cell_size = 1;
}

static uint32_t
sum_of (const uint8_t *bytes, size_t length)
{
    uint32_t sum = 0;
    size_t at = 0;
    while (at + sizeof (lanes_t) <= length) {
        lanes_t lanes = {0}, pairs;
        for (size_t n = 0; n < ROUNDS && at + sizeof pairs <= length; n++) {
            memcpy (&pairs, bytes + at, sizeof pairs);
            lanes += (pairs & 255) + (pairs >> 8);
            at += sizeof pairs;
        }
        for (size_t n = 0; n < sizeof lanes / sizeof lanes[0]; n++)
            sum += lanes[n];
    }
    for (; at < length; at++)
        sum += bytes[at];
    return sum;
}

static uint8_t
mean_of (const uint8_t *bytes, size_t length)
{
    uint32_t count = (uint32_t) length; //  At most 1 MiB: 256 times as much fits
    return (uint8_t) ((sum_of (bytes, length) + count / 2) / count);
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint8_t *means = cells;
    size_t cell = (size_t) slice->args->numbers[0];
    size_t room = cell - (size_t) (slice->offset % cell); //  The first cell may be short
    for (size_t at = 0; at < slice->length; room = cell) {
        size_t length = slice->length - at < room ? slice->length - at : room;
        *means++ = mean_of (slice->bytes + at, length);
        at += length;
    }
}

//  The mean of the means, each as heavy as its cell is long, rounded as they are.
static void
coarsen (const void *items, const uint64_t *bytes, size_t count, void *item)
{
    const uint8_t *means = items;
    double sum = 0, weight = 0;
    for (size_t n = 0; n < count; n++) {
        sum += means[n] * (double) bytes[n];
        weight += (double) bytes[n];
    }
    *(uint8_t *) item = (uint8_t) (sum / weight + 0.5);
}

static const ink_param_t params[] = {
    {.name = "cell",
     .summary = "bytes a cell",
     .fallback = 4096,
     .least = 1,
     .most = 1 << 20,
     .power_of_two = 1},
    {.name = NULL},
};

const ink_kernel_t ink_kernel_byteplot = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "byteplot",
    .summary = "the mean byte of each cell, drawn in rows",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_U8,
    .chunk_log2 = 23,
    .params = params,
    .geometry = geometry,
    .map = map,
    .coarsen = coarsen,
};

//  byteclass.c: how many bytes of each cell are zeros, text, white space and so on.

#include <string.h>

#include "inkling/kernel.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "counters are little-endian");

#define CLASSES 6

//  One byte of a class, in a word of six lanes of ten bits: so bytes are counted by one
//  addition each, 0.25 ns, until a lane may be full.
#define ONE(n) (UINT64_C (1) << 10 * (n))
#define LANE_MOST 1023

static const uint64_t one[256] = {
    [0] = ONE (0),           //  Nothing
    [1 ... 8] = ONE (1),     //  Control
    [9 ... 13] = ONE (3),    //  White space
    [14 ... 31] = ONE (1),   //  Control
    [32 ... 126] = ONE (2),  //  Text
    [127] = ONE (3),         //  Delete, by old custom
    [128 ... 254] = ONE (4), //  High
    [255] = ONE (5),         //  All bits
};

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cell_bytes = (size_t) args->numbers[0];
    geometry->cell_size = CLASSES * sizeof (uint64_t);
}

//  At most LANE_MOST bytes. Four sums that do not wait for each other.
static uint64_t
sum_ones (const uint8_t *bytes, size_t length)
{
    uint64_t sums[4] = {0};
    size_t at = 0;
    for (; at + 4 <= length; at += 4) {
        sums[0] += one[bytes[at]];
        sums[1] += one[bytes[at + 1]];
        sums[2] += one[bytes[at + 2]];
        sums[3] += one[bytes[at + 3]];
    }
    for (; at < length; at++)
        sums[0] += one[bytes[at]];
    return sums[0] + sums[1] + sums[2] + sums[3];
}

static void
count_classes (const uint8_t *bytes, size_t length, uint64_t counts[CLASSES])
{
    for (size_t at = 0; at < length;) {
        size_t run = length - at < LANE_MOST ? length - at : LANE_MOST;
        uint64_t sum = sum_ones (bytes + at, run);
        for (size_t n = 0; n < CLASSES; n++)
            counts[n] += sum >> 10 * n & LANE_MOST;
        at += run;
    }
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint8_t *out = cells;
    size_t cell = (size_t) slice->args->numbers[0];
    size_t room = cell - (size_t) (slice->offset % cell); //  The first cell may be short
    for (size_t at = 0; at < slice->length; room = cell) {
        size_t length = slice->length - at < room ? slice->length - at : room;
        uint64_t counts[CLASSES] = {0};
        count_classes (slice->bytes + at, length, counts);
        memcpy (out, counts, sizeof counts);
        out += sizeof counts;
        at += length;
    }
}

//  The sum: what is not known counts nothing.
static void
coarsen (const void *items, const uint64_t *bytes, size_t count, void *item)
{
    uint64_t sums[CLASSES] = {0}, counts[CLASSES];
    for (size_t n = 0; n < count; n++) {
        memcpy (counts, (const uint8_t *) items + n * sizeof counts, sizeof counts);
        for (size_t class = 0; bytes[n] && class < CLASSES; class ++)
            sums[class] += counts[class];
    }
    memcpy (item, sums, sizeof sums);
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

const ink_kernel_t ink_kernel_byteclass = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "byteclass",
    .summary = "how many bytes of each cell are of which of six classes",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 23,
    .params = params,
    .geometry = geometry,
    .map = map,
    .coarsen = coarsen,
};

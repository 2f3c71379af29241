//  diff.c: how many bytes of each cell differ from those of another file.
//
//  A byte that the other file does not have, because it has ended, differs.

#include <string.h>

#include "inkling/kernel.h"

#define LOW UINT64_C (0x7f7f7f7f7f7f7f7f)

//  The sums of eight lanes do not overflow in so many words
#define WORDS 255

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cell_bytes = (size_t) args->numbers[0];
    geometry->cell_size = sizeof (uint64_t);
}

//  1 in each byte of the word that is not 0.
static uint64_t
ones (uint64_t word)
{
    return (((word & LOW) + LOW) | word) >> 7 & ~LOW >> 7;
}

static uint64_t
sum_lanes (uint64_t lanes)
{
    const uint64_t even = UINT64_C (0x00ff00ff00ff00ff);
    uint64_t pairs = (lanes & even) + (lanes >> 8 & even);
    return pairs * UINT64_C (0x0001000100010001) >> 48;
}

//  Most of two files is mostly the same: that is found out at the speed of memory.
static uint64_t
count_differing (const uint8_t *a, const uint8_t *b, size_t length)
{
    uint64_t count = 0;
    size_t at = 0;
    if (memcmp (a, b, length) == 0)
        return 0;
    while (length - at >= 8) {
        uint64_t lanes = 0;
        for (size_t n = 0; n < WORDS && length - at >= 8; n++, at += 8) {
            uint64_t x, y;
            memcpy (&x, a + at, 8);
            memcpy (&y, b + at, 8);
            lanes += ones (x ^ y);
        }
        count += sum_lanes (lanes);
    }
    for (; at < length; at++)
        count += a[at] != b[at];
    return count;
}

static uint64_t
count_cell (const ink_slice_t *slice, size_t at, size_t length)
{
    size_t there = slice->other_length > at ? slice->other_length - at : 0;
    if (there >= length)
        return count_differing (slice->bytes + at, slice->other + at, length);
    return length - there +
           (there ? count_differing (slice->bytes + at, slice->other + at, there) : 0);
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint8_t *out = cells;
    size_t cell = (size_t) slice->args->numbers[0];
    size_t room = cell - (size_t) (slice->offset % cell); //  The first cell may be short
    for (size_t at = 0; at < slice->length; room = cell) {
        size_t length = slice->length - at < room ? slice->length - at : room;
        uint64_t count = count_cell (slice, at, length);
        memcpy (out, &count, sizeof count);
        out += sizeof count;
        at += length;
    }
}

//  The sum: what is not known counts nothing.
static void
coarsen (const void *items, const uint64_t *bytes, size_t count, void *item)
{
    uint64_t sum = 0, differing;
    for (size_t n = 0; n < count; n++) {
        memcpy (&differing, (const uint8_t *) items + n * sizeof differing,
                sizeof differing);
        sum += bytes[n] ? differing : 0;
    }
    memcpy (item, &sum, sizeof sum);
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

const ink_kernel_t ink_kernel_diff = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "diff",
    .summary = "how many bytes of each cell differ from another file's",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 23,
    .params = params,
    .sources = 2,
    .geometry = geometry,
    .map = map,
    .coarsen = coarsen,
};

//  hilbert.c: the mean byte of each cell, drawn along a Hilbert curve.
//
//  The answer is that of byteplot, bit for bit: item n is the n-th cell of the range. The
//  curve is a way to draw it, for item n stands at step n. Were the answer laid out as a
//  square, each item's place would depend on the length of the range, and no value of a part
//  could be shared by two ranges.

#include "inkling/kernel.h"

extern const ink_kernel_t ink_kernel_byteplot; //  In byteplot.c

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    ink_kernel_byteplot.geometry (args, geometry);
}

static void
map (const ink_slice_t *slice, void *cells)
{
    ink_kernel_byteplot.map (slice, cells);
}

static void
coarsen (const void *items, const uint64_t *bytes, size_t count, void *item)
{
    ink_kernel_byteplot.coarsen (items, bytes, count, item);
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

const ink_kernel_t ink_kernel_hilbert = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "hilbert",
    .summary = "the mean byte of each cell, drawn along a Hilbert curve",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_U8,
    .chunk_log2 = 23,
    .params = params,
    .geometry = geometry,
    .map = map,
    .coarsen = coarsen,
};

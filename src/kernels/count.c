//  count.c: the length of the range. Reads nothing: what is left is the price of Inkling.

#include "inkling/kernel.h"

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = 1;
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint32_t *count = cells;
    *count += (uint32_t) slice->length;
}

const ink_kernel_t ink_kernel_count = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "count",
    .summary = "the length of the range; reads nothing, for measuring",
    .shape = INK_SHAPE_COUNTS,
    .item = INK_ITEM_U64,
    .flags = INK_KERNEL_UNCACHED | INK_KERNEL_UNREAD,
    .chunk_log2 = 23,
    .geometry = geometry,
    .map = map,
};

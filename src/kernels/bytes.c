//  bytes.c: the bytes themselves, for a hex pane.

#include <string.h>

#include "inkling/kernel.h"

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cell_bytes = 1;
    geometry->cell_size = 1;
}

static void
map (const ink_slice_t *slice, void *cells)
{
    memcpy (cells, slice->bytes, slice->length);
}

const ink_kernel_t ink_kernel_bytes = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "bytes",
    .summary = "the bytes themselves",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_U8,
    .flags = INK_KERNEL_UNCACHED,
    .chunk_log2 = 20,
    .geometry = geometry,
    .map = map,
};

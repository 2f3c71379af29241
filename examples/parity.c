//  parity.c: a kernel of one's own: inkling run --load ./parity.so parity FILE
//
//  For each cell it gives the exclusive or of the bytes: a stripe of parity, as disk
//  arrays keep it, one byte wide.

#include <inkling/kernel.h>

static const ink_param_t params[] = {
    {.name = "cell",
     .summary = "bytes a cell",
     .fallback = 4096,
     .least = 16,
     .most = 1 << 20,
     .power_of_two = 1},
    {0},
};

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cell_bytes = (size_t) args->numbers[0];
    geometry->cell_size = 1;
}

//  Whole cells, except that the range may begin and end within one.
static void
map (const ink_slice_t *slice, void *cells)
{
    uint8_t *parity = cells;
    uint64_t cell = (uint64_t) slice->args->numbers[0], first = slice->offset / cell;
    for (size_t at = 0; at < slice->length; at++) {
        uint64_t n = (slice->offset + at) / cell;
        if (at == 0 || n != (slice->offset + at - 1) / cell)
            parity[n - first] = 0; //  Cells are not zeroed before
        parity[n - first] ^= slice->bytes[at];
    }
}

static const ink_kernel_t kernel = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "parity",
    .summary = "exclusive or of the bytes of each cell",
    .shape = INK_SHAPE_CELLS,
    .item = INK_ITEM_U8,
    .chunk_log2 = 22,
    .params = params,
    .geometry = geometry,
    .map = map,
};

const ink_kernel_t *
ink_kernel_entry (void)
{
    return &kernel;
}

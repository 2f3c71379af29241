//  chosen.c: counts the bytes that were chosen, in parameters of every kind.

#include <inkling/kernel.h>

#include <stdio.h>

enum { THESE, HEX, SIDE };

static const char *const sides[] = {"inside", "outside", 0};

static const ink_param_t params[] = {
    {.name = "these", .summary = "the bytes of a text", .kind = INK_PARAM_TEXT},
    {.name = "hex", .summary = "and these", .kind = INK_PARAM_BYTES, .text = "00"},
    {.name = "side",
     .summary = "those, or the others",
     .kind = INK_PARAM_WORD,
     .words = sides},
    {0},
};

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = 1;
}

//  A byte that is in both is a mistake, and tells so.
static int
check (const ink_args_t *args, char *why, size_t why_size)
{
    const uint8_t *these = ink_args_text (args, THESE), *hex = ink_args_text (args, HEX);
    for (int64_t a = 0; a < args->numbers[THESE]; a++)
        for (int64_t b = 0; b < args->numbers[HEX]; b++)
            if (these[a] == hex[b]) {
                snprintf (why, why_size, "byte %02x is chosen twice", hex[b]);
                return 1;
            }
    return 0;
}

static void
map (const ink_slice_t *slice, void *cells)
{
    char chosen[256] = {0};
    uint32_t *count = cells;
    for (int place = THESE; place <= HEX; place++)
        for (int64_t n = 0; n < slice->args->numbers[place]; n++)
            chosen[ink_args_text (slice->args, (size_t) place)[n]] = 1;
    for (size_t at = 0; at < slice->length; at++)
        *count += chosen[slice->bytes[at]] != slice->args->numbers[SIDE];
}

static const ink_kernel_t kernel = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "chosen",
    .summary = "how many bytes are chosen",
    .shape = INK_SHAPE_COUNTS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 16,
    .params = params,
    .geometry = geometry,
    .map = map,
    .check = check,
};

const ink_kernel_t *ink_kernel_entry (void);

const ink_kernel_t *
ink_kernel_entry (void)
{
    return &kernel;
}

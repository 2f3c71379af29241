//  slow.c: a histogram that takes its time, so that a test can act while work is under way.
//
//  It rests `us` microseconds for each MiB. It takes no processor meanwhile, so a slow test
//  does not slow the others.

#include <inkling/kernel.h>

#include <errno.h>
#include <time.h>

static const ink_param_t params[] = {
    {.name = "us",
     .summary = "microseconds a MiB",
     .fallback = 100000,
     .most = 100000000},
    {0},
};

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = 256;
}

static void
rest (int64_t ns)
{
    struct timespec left = {ns / 1000000000, ns % 1000000000};
    while (nanosleep (&left, &left) && errno == EINTR)
        continue;
}

static void
map (const ink_slice_t *slice, void *cells)
{
    uint32_t *counts = cells;
    for (size_t at = 0; at < slice->length; at++)
        counts[slice->bytes[at]]++;
    rest ((int64_t) slice->length * slice->args->numbers[0] * 1000 >> 20);
}

static const ink_kernel_t kernel = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "slow",
    .summary = "a histogram that takes its time",
    .shape = INK_SHAPE_COUNTS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 16,
    .params = params,
    .geometry = geometry,
    .map = map,
};

const ink_kernel_t *ink_kernel_entry (void);

const ink_kernel_t *
ink_kernel_entry (void)
{
    return &kernel;
}

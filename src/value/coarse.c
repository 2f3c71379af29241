//  coarse.c: how coarse a partial answer may be.

#include "value/coarse.h"

#include "value/answer.h"

#define LARGE ((uint64_t) 1 << 20)
#define SMALL ((uint64_t) 256 << 10)

uint64_t
ink_coarse_own (const ink_kernel_t *kernel, const ink_args_t *args)
{
    ink_geometry_t geometry = {0};
    kernel->geometry (args, &geometry);
    return kernel->shape == INK_SHAPE_CELLS ? geometry.cell_bytes : 0;
}

static bool
is_one_cell (ink_part_t range, uint64_t precision)
{
    return range.offset / precision == (range.offset + range.length - 1) / precision;
}

uint64_t
ink_coarse_near (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range,
                 uint64_t wanted)
{
    uint64_t precision = ink_coarse_own (kernel, args);
    while (kernel->coarsen && precision <= wanted / 2 && !is_one_cell (range, precision))
        precision *= 2;
    return precision;
}

uint64_t
ink_coarse_usual (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range)
{
    uint64_t own = ink_coarse_own (kernel, args), precision = own;
    if (ink_answer_bytes (kernel, args, range) <= LARGE || !kernel->coarsen)
        return own;
    while (ink_answer_bytes_at (kernel, args, range, precision) > SMALL)
        precision *= 2;
    return precision;
}

unsigned
ink_coarse_doublings (uint64_t own, uint64_t precision)
{
    return own ? (unsigned) (__builtin_ctzll (precision) - __builtin_ctzll (own)) : 0;
}

bool
ink_coarse_has_levels (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t chunk)
{
    return kernel->coarsen && chunk >> INK_COARSE_LEVEL >= ink_coarse_own (kernel, args);
}

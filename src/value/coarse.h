//  coarse.h: how coarse a partial answer may be.
//
//  The precision of cells is how many bytes of the source each stands for: the kernel's own, doubled
//  as often as one likes if the kernel can make items coarser. Counts have none: it is 0.

#ifndef INK_COARSE_H_INCLUDED
#define INK_COARSE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "value/plan.h"

//  Each level of nodes above the chunks has cells that were doubled so often more: 16 children
//  are as large as one.
#define INK_COARSE_LEVEL 4

//  The kernel's own precision.
uint64_t ink_coarse_own (const ink_kernel_t *kernel, const ink_args_t *args);

//  What comes closest to `wanted`, and is not coarser; at most such that the range is one cell.
uint64_t ink_coarse_near (const ink_kernel_t *kernel, const ink_args_t *args,
                          ink_part_t range, uint64_t wanted);

//  What partials have when nobody says: the kernel's own up to 1 MiB, else the finest that
//  makes 256 KiB.
uint64_t
ink_coarse_usual (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range);

//  How often the own precision is doubled in another.
unsigned ink_coarse_doublings (uint64_t own, uint64_t precision);

//  Whether the cells of 16 chunks can be made those of a node: a chunk must have 16 of them.
bool ink_coarse_has_levels (const ink_kernel_t *kernel, const ink_args_t *args,
                            uint64_t chunk);

#endif

//  kernels.h: the kernels this process knows.

#ifndef INK_KERNELS_H_INCLUDED
#define INK_KERNELS_H_INCLUDED

#include <stddef.h>

#include "inkling/kernel.h"

extern const ink_kernel_t ink_kernel_histogram;
extern const ink_kernel_t ink_kernel_digraph;
extern const ink_kernel_t ink_kernel_trigram;
extern const ink_kernel_t ink_kernel_entropy;
extern const ink_kernel_t ink_kernel_byteclass;
extern const ink_kernel_t ink_kernel_byteplot;
extern const ink_kernel_t ink_kernel_hilbert;
extern const ink_kernel_t ink_kernel_diff;
extern const ink_kernel_t ink_kernel_digest;
extern const ink_kernel_t ink_kernel_count;
extern const ink_kernel_t ink_kernel_bytes;
extern const ink_kernel_t ink_kernel_strings;
extern const ink_kernel_t ink_kernel_search;

//  The kernel of a name, or NULL.
const ink_kernel_t *ink_kernels_find (const char *name);

//  The n-th kernel: built in, then loaded; NULL behind the last.
const ink_kernel_t *ink_kernels_at (size_t n);

//  Makes a checked kernel known; it is kept for ever. 0 when INK_KERNELS_LOADED are.
#define INK_KERNELS_LOADED 48
int ink_kernels_add (const ink_kernel_t *kernel);

//  How many parameters the kernel has.
size_t ink_kernels_params (const ink_kernel_t *kernel);

//  The place of a parameter in the kernel's table, or -1.
int ink_kernels_param (const ink_kernel_t *kernel, const char *name);

#endif

//  kernels.c: the kernels this process knows.

#include "kernels/kernels.h"

#include <string.h>

static const ink_kernel_t *const built_in[] = {
    &ink_kernel_histogram, &ink_kernel_digraph,  &ink_kernel_trigram, &ink_kernel_entropy,
    &ink_kernel_byteclass, &ink_kernel_byteplot, &ink_kernel_hilbert, &ink_kernel_diff,
    &ink_kernel_count,     &ink_kernel_bytes,    &ink_kernel_strings, &ink_kernel_search,
    &ink_kernel_digest,
};
#define BUILT_IN (sizeof built_in / sizeof *built_in)

//  Written before the first thread is started, only read afterwards.
static const ink_kernel_t *loaded[INK_KERNELS_LOADED];
static size_t loaded_count;

int
ink_kernels_add (const ink_kernel_t *kernel)
{
    if (loaded_count == INK_KERNELS_LOADED)
        return 0;
    loaded[loaded_count++] = kernel;
    return 1;
}

const ink_kernel_t *
ink_kernels_at (size_t n)
{
    if (n < BUILT_IN)
        return built_in[n];
    return n - BUILT_IN < loaded_count ? loaded[n - BUILT_IN] : NULL;
}

const ink_kernel_t *
ink_kernels_find (const char *name)
{
    for (size_t n = 0; ink_kernels_at (n); n++)
        if (strcmp (ink_kernels_at (n)->name, name) == 0)
            return ink_kernels_at (n);
    return NULL;
}

size_t
ink_kernels_params (const ink_kernel_t *kernel)
{
    size_t count = 0;
    while (kernel->params && kernel->params[count].name)
        count++;
    return count;
}

int
ink_kernels_param (const ink_kernel_t *kernel, const char *name)
{
    size_t count = ink_kernels_params (kernel);
    for (size_t n = 0; n < count; n++)
        if (strcmp (kernel->params[n].name, name) == 0)
            return (int) n;
    return -1;
}

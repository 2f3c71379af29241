//  kernels.c: the kernels this process knows, and the parameters they were asked with.

#include "kernels/kernels.h"

#include <string.h>

#include "inkling/error.h"

static const ink_kernel_t *const built_in[] = {
    &ink_kernel_histogram, &ink_kernel_digraph,   &ink_kernel_trigram,
    &ink_kernel_entropy,   &ink_kernel_byteclass, &ink_kernel_byteplot,
    &ink_kernel_hilbert,   &ink_kernel_count,     &ink_kernel_bytes,
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

void
ink_kernels_fallbacks (const ink_kernel_t *kernel, int64_t *params)
{
    size_t count = ink_kernels_params (kernel);
    memset (params, 0, INK_KERNEL_PARAMS * sizeof *params);
    for (size_t n = 0; n < count; n++)
        params[n] = kernel->params[n].fallback;
}

int
ink_kernels_allowed (const ink_kernel_t *kernel, size_t n, int64_t value)
{
    if (n >= ink_kernels_params (kernel))
        return 0;
    const ink_param_t *param = &kernel->params[n];
    if (value < param->least || value > param->most)
        return 0;
    return !param->power_of_two || (value > 0 && (value & (value - 1)) == 0);
}

int
ink_kernels_set (const ink_kernel_t *kernel, int64_t *params, const char *name,
                 int64_t value)
{
    int place = ink_kernels_param (kernel, name);
    if (place < 0)
        return INK_ENOTFOUND;
    if (!ink_kernels_allowed (kernel, (size_t) place, value))
        return INK_EPARAM;
    params[place] = value;
    return INK_OK;
}

//  load.c: makes a kernel from a shared object known to this process.
//
//  A loaded kernel is trusted, it runs in our process; the checks are there to tell its
//  author what is wrong before the first request does.

#include "inkling/local.h"

#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define CELLS_MOST ((size_t) 1 << 22)
#define CELL_BYTES_MOST ((size_t) 1 << 20)
#define CELL_SIZE_MOST 4096
#define OVERLAP_MOST 4096

static bool
is_name (const char *name, const char *letters)
{
    size_t length = name ? strnlen (name, INK_KERNEL_NAME + 1) : 0;
    return length > 0 && length <= INK_KERNEL_NAME && strspn (name, letters) == length;
}

static bool
is_power_of_two (uint64_t number)
{
    return number > 0 && (number & (number - 1)) == 0;
}

//  Each of these gives the first thing that is wrong, or NULL.

static const char *
wrong_param (const ink_kernel_t *kernel, size_t n)
{
    const ink_param_t *param = &kernel->params[n];
    if (!is_name (param->name, NAME_LETTERS "_"))
        return "a parameter has no proper name";
    if (!param->summary)
        return "a parameter has no summary";
    if (ink_kernels_param (kernel, param->name) != (int) n)
        return "two parameters have one name";
    if (!ink_kernels_allowed (kernel, n, param->fallback))
        return "a parameter's fallback is not within its limits";
    if (!ink_kernels_allowed (kernel, n, param->least) ||
        !ink_kernels_allowed (kernel, n, param->most))
        return "a parameter's limits are not allowed themselves";
    return NULL;
}

static const char *
wrong_params (const ink_kernel_t *kernel)
{
    for (size_t n = 0; kernel->params && kernel->params[n].name; n++) {
        if (n == INK_KERNEL_PARAMS)
            return "it has too many parameters";
        const char *wrong = wrong_param (kernel, n);
        if (wrong)
            return wrong;
    }
    return NULL;
}

static const char *
wrong_shape (const ink_kernel_t *kernel)
{
    bool counts = kernel->shape == INK_SHAPE_COUNTS;
    if (!counts && kernel->shape != INK_SHAPE_CELLS)
        return "its shape is neither counts nor cells";
    if (kernel->item < INK_ITEM_U64 || kernel->item > INK_ITEM_F32)
        return "its items are of no known kind";
    if (counts && kernel->item != INK_ITEM_U64)
        return "counts are always INK_ITEM_U64";
    if (!counts && kernel->settle)
        return "only counts can be settled";
    return NULL;
}

static const char *
wrong_table (const ink_kernel_t *kernel)
{
    if (!is_name (kernel->name, NAME_LETTERS))
        return "its name is not of 1 to 32 lower case letters, digits and '-'";
    if (!kernel->summary)
        return "it has no summary";
    if (kernel->flags & ~(uint32_t) (INK_KERNEL_UNCACHED | INK_KERNEL_UNREAD))
        return "it has unknown flags";
    if (kernel->overlap > OVERLAP_MOST)
        return "its overlap is above 4096 bytes";
    if (kernel->chunk_log2 < 12 || kernel->chunk_log2 > 26)
        return "its chunk is not of 4 KiB to 64 MiB";
    if (!kernel->geometry || !kernel->map)
        return "geometry or map is missing";
    return NULL;
}

static const char *
wrong_geometry (const ink_kernel_t *kernel, const int64_t *params)
{
    static const size_t item_size[] = {
        [INK_ITEM_U64] = 8, [INK_ITEM_U8] = 1, [INK_ITEM_F32] = 4};
    ink_geometry_t is = {0};
    kernel->geometry (params, &is);
    if (kernel->shape == INK_SHAPE_COUNTS)
        return is.cells == 0 || is.cells > CELLS_MOST ? "it has no or too many cells"
                                                      : NULL;
    if (!is_power_of_two (is.cell_bytes) || is.cell_bytes > CELL_BYTES_MOST)
        return "its cells are not of a power of two of bytes up to 1 MiB";
    if (is.cell_size == 0 ||
        (is.cell_size > CELL_SIZE_MOST && is.cell_size > is.cell_bytes))
        return "what it says of a cell has no bytes or too many";
    return is.cell_size % item_size[kernel->item] ? "a cell is not of whole items" : NULL;
}

//  Every corner of what the parameters allow, and the fallbacks.
static const char *
wrong_corners (const ink_kernel_t *kernel)
{
    int64_t params[INK_KERNEL_PARAMS];
    ink_kernels_fallbacks (kernel, params);
    const char *wrong = wrong_geometry (kernel, params);
    size_t count = ink_kernels_params (kernel);
    for (size_t corner = 0; !wrong && corner < (size_t) 1 << count; corner++) {
        for (size_t n = 0; n < count; n++)
            params[n] =
                corner >> n & 1 ? kernel->params[n].most : kernel->params[n].least;
        wrong = wrong_geometry (kernel, params);
    }
    return wrong;
}

static const char *
wrong_kernel (const ink_kernel_t *kernel)
{
    if (!kernel)
        return "ink_kernel_entry returns no kernel";
    if (kernel->abi != INK_KERNEL_ABI)
        return "it was built for another version of inkling/kernel.h";
    const char *wrong = wrong_table (kernel);
    if (!wrong)
        wrong = wrong_shape (kernel);
    if (!wrong)
        wrong = wrong_params (kernel);
    if (!wrong)
        wrong = wrong_corners (kernel);
    if (!wrong && ink_kernels_find (kernel->name))
        wrong = "a kernel of this name is known already";
    return wrong;
}

static void
explain (char *why, size_t why_size, const char *path, const char *reason)
{
    if (why && why_size)
        snprintf (why, why_size, "%s: %s", path, reason);
}

int
ink_kernel_load (const char *path, char *why, size_t why_size)
{
    //  A full path: dlopen looks for a bare name among the libraries of the system.
    char *full = realpath (path, NULL);
    if (!full) {
        explain (why, why_size, path, strerror (errno));
        return INK_EKERNEL;
    }
    void *object = dlopen (full, RTLD_NOW | RTLD_LOCAL);
    free (full);
    if (!object) {
        explain (why, why_size, path, dlerror ());
        return INK_EKERNEL;
    }
    ink_kernel_entry_t *entry = (ink_kernel_entry_t *) dlsym (object, "ink_kernel_entry");
    const ink_kernel_t *kernel = entry ? entry () : NULL;
    const char *wrong = entry ? wrong_kernel (kernel) : "it has no ink_kernel_entry";
    if (!wrong && !ink_kernels_add (kernel))
        wrong = "too many kernels are loaded";
    if (wrong) {
        explain (why, why_size, path, wrong);
        dlclose (object);
        return INK_EKERNEL;
    }
    return INK_OK;
}

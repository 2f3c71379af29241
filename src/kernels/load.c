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

#include "kernels/args.h"
#include "kernels/kernels.h"

#define NAME_LETTERS "abcdefghijklmnopqrstuvwxyz0123456789-"
#define CELLS_MOST ((size_t) 1 << 22)
#define CELL_BYTES_MOST ((size_t) 1 << 20)
#define CELL_SIZE_MOST 4096

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
wrong_number (const ink_kernel_t *kernel, size_t n)
{
    const ink_param_t *param = &kernel->params[n];
    if (!ink_args_allowed (kernel, n, param->fallback))
        return "a parameter's fallback is not within its limits";
    if (!ink_args_allowed (kernel, n, param->least) ||
        !ink_args_allowed (kernel, n, param->most))
        return "a parameter's limits are not allowed themselves";
    return NULL;
}

static const char *
wrong_words (const ink_kernel_t *kernel, size_t n)
{
    const ink_param_t *param = &kernel->params[n];
    if (!param->words)
        return "a parameter has no words";
    for (size_t word = 0; param->words[word]; word++)
        if (!is_name (param->words[word], NAME_LETTERS "_"))
            return "a word of a parameter is not of a name's letters";
    if (!ink_args_allowed (kernel, n, param->fallback))
        return "a parameter's fallback is none of its words";
    return NULL;
}

//  The fallbacks up to this one, as they will be set one after the other.
static const char *
wrong_text (const ink_kernel_t *kernel, size_t n)
{
    ink_why_t why;
    ink_args_t args = {0};
    for (size_t at = 0; at <= n; at++) {
        const ink_param_t *param = &kernel->params[at];
        bool is_text = param->kind == INK_PARAM_TEXT || param->kind == INK_PARAM_BYTES;
        if (is_text && param->text && *param->text &&
            ink_args_set (&args, kernel, param->name, 0, param->text, &why))
            return "a parameter's fallback is not a text of its kind, or too long";
    }
    return NULL;
}

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
    switch (param->kind) {
    case INK_PARAM_NUMBER:
        return wrong_number (kernel, n);
    case INK_PARAM_WORD:
        return wrong_words (kernel, n);
    case INK_PARAM_TEXT:
    case INK_PARAM_BYTES:
        return wrong_text (kernel, n);
    }
    return "a parameter is of no known kind";
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
    bool records = kernel->shape == INK_SHAPE_RECORDS;
    bool chain = kernel->shape == INK_SHAPE_CHAIN;
    if (!counts && !records && !chain && kernel->shape != INK_SHAPE_CELLS)
        return "its shape is none of counts, cells, records and chains";
    if (chain && (!kernel->sound || !kernel->finish))
        return "a chain needs sound and finish";
    if (kernel->item < INK_ITEM_U64 || kernel->item > INK_ITEM_F32)
        return "its items are of no known kind";
    if ((counts || records) && kernel->item != INK_ITEM_U64)
        return "counts and records are always INK_ITEM_U64";
    if (records && kernel->flags & INK_KERNEL_UNREAD)
        return "records cannot be found without bytes";
    if (!counts && kernel->settle)
        return "only counts can be settled";
    if (kernel->shape != INK_SHAPE_CELLS && kernel->coarsen)
        return "only cells can be made coarser";
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
    if (kernel->sources > 2)
        return "it takes more than two sources";
    if (kernel->sources == 2 && kernel->flags & INK_KERNEL_UNREAD)
        return "it compares two sources and reads none";
    if (kernel->chunk_log2 < 12 || kernel->chunk_log2 > 26)
        return "its chunk is not of 4 KiB to 64 MiB";
    if (!kernel->geometry || !kernel->map)
        return "geometry or map is missing";
    return NULL;
}

static const char *
wrong_records (const ink_geometry_t *is)
{
    if (is->listed == 0)
        return "it lists no records";
    return is->text > INK_RECORD_TEXT || is->text > is->lookahead
               ? "it keeps more of a record than 4096 bytes, or than it looks ahead"
               : NULL;
}

static const char *
wrong_state (const ink_geometry_t *is)
{
    if (is->lookback || is->lookahead)
        return "a chain looks at nothing beside a part";
    if (is->cells == 0 || is->cells > INK_KERNEL_STATE || is->cells % 8)
        return "its state is not of 8 to 1024 bytes, a multiple of 8";
    return is->cell_size == 0 || is->cell_size > CELL_SIZE_MOST
               ? "its answer has no bytes or too many"
               : NULL;
}

static const char *
wrong_geometry (const ink_kernel_t *kernel, const ink_args_t *args)
{
    static const size_t item_size[] = {
        [INK_ITEM_U64] = 8, [INK_ITEM_U8] = 1, [INK_ITEM_F32] = 4};
    ink_geometry_t is = {0};
    kernel->geometry (args, &is);
    if (is.lookback > INK_KERNEL_REACH || is.lookahead > INK_KERNEL_REACH)
        return "it looks further than 8192 bytes";
    if (kernel->shape == INK_SHAPE_RECORDS)
        return wrong_records (&is);
    if (kernel->shape == INK_SHAPE_COUNTS)
        return is.cells == 0 || is.cells > CELLS_MOST ? "it has no or too many cells"
                                                      : NULL;
    if (kernel->shape == INK_SHAPE_CHAIN)
        return wrong_state (&is);
    if (!is_power_of_two (is.cell_bytes) || is.cell_bytes > CELL_BYTES_MOST)
        return "its cells are not of a power of two of bytes up to 1 MiB";
    if (is.cell_size == 0 ||
        (is.cell_size > CELL_SIZE_MOST && is.cell_size > is.cell_bytes))
        return "what it says of a cell has no bytes or too many";
    if (kernel->coarsen && is.cell_size > INK_COARSE_ITEM)
        return "what it says of a cell is too large to be made coarser";
    return is.cell_size % item_size[kernel->item] ? "a cell is not of whole items" : NULL;
}

//  The least of a parameter, or the most; texts stay what they are.
static int64_t
edge_of (const ink_param_t *param, bool upper, int64_t fallback)
{
    int64_t words = 0;
    switch (param->kind) {
    case INK_PARAM_NUMBER:
        return upper ? param->most : param->least;
    case INK_PARAM_WORD:
        while (param->words[words])
            words++;
        return upper ? words - 1 : 0;
    default:
        return fallback;
    }
}

//  Every corner of what the parameters allow, and the fallbacks.
static const char *
wrong_corners (const ink_kernel_t *kernel)
{
    ink_why_t why;
    ink_args_t args;
    ink_args_init (&args, kernel);
    bool asked = ink_args_check (&args, kernel, &why) == INK_OK;
    const char *wrong = asked ? wrong_geometry (kernel, &args) : NULL;
    size_t count = ink_kernels_params (kernel);
    for (size_t corner = 0; !wrong && corner < (size_t) 1 << count; corner++) {
        for (size_t n = 0; n < count; n++)
            args.numbers[n] =
                edge_of (&kernel->params[n], corner >> n & 1, args.numbers[n]);
        if (ink_args_check (&args, kernel, &why) == INK_OK)
            wrong = wrong_geometry (kernel, &args);
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

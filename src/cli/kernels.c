//  kernels.c: `inkling kernels`: what can be computed.

#include "cli/cli.h"

#include <stdbool.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/human.h"
#include "cli/options.h"
#include "cli/query.h"
#include "kernels/kernels.h"

enum { LOAD = 0x600, JSON };

static const struct argp_option table[] = {
    {"load", LOAD, "FILE.so", 0, "Load a kernel; may be given again", 0},
    {"json", JSON, NULL, 0, "Print JSON", 0},
    {0}};

//  Only `loads` and `json` of the options are used.
static error_t
parse (int key, char *arg, struct argp_state *state)
{
    ink_options_t *options = state->input;
    switch (key) {
    case LOAD:
        if (options->load_count == INK_OPTION_LOADS)
            return ink_argument_spare (arg);
        options->loads[options->load_count++] = arg;
        return 0;
    case JSON:
        options->json = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp kernels_argp = {
    .options = table, .parser = parse, .doc = "List the kernels and their parameters."};

static json_t *
json_of_params (const ink_kernel_t *kernel)
{
    json_t *params = json_array ();
    for (size_t n = 0; n < ink_kernels_params (kernel); n++) {
        const ink_param_t *param = kernel->params + n;
        json_array_append_new (
            params,
            json_pack ("{s:s, s:s, s:I, s:I, s:I, s:b}", "name", param->name, "summary",
                       param->summary, "default", (json_int_t) param->fallback, "least",
                       (json_int_t) param->least, "most", (json_int_t) param->most,
                       "power_of_two", param->power_of_two));
    }
    return params;
}

static json_t *
json_of (const ink_kernel_t *kernel)
{
    return json_pack ("{s:s, s:I, s:s, s:s, s:I, s:b, s:o}", "name", kernel->name,
                      "version", (json_int_t) kernel->version, "summary", kernel->summary,
                      "shape", kernel->shape == INK_SHAPE_COUNTS ? "counts" : "cells",
                      "chunk", (json_int_t) 1 << kernel->chunk_log2, "cached",
                      !(kernel->flags & INK_KERNEL_UNCACHED), "params",
                      json_of_params (kernel));
}

static json_t *
json_of_all (void)
{
    json_t *kernels = json_array ();
    for (size_t n = 0; ink_kernels_at (n); n++)
        json_array_append_new (kernels, json_of (ink_kernels_at (n)));
    return json_pack ("{s:o}", "kernels", kernels);
}

static void
print (const ink_kernel_t *kernel)
{
    printf ("%-12s %s\n", kernel->name, kernel->summary);
    for (size_t n = 0; n < ink_kernels_params (kernel); n++) {
        const ink_param_t *param = kernel->params + n;
        printf ("%-12s   --param %s=%lld   %s, %lld to %lld%s\n", "", param->name,
                (long long) param->fallback, param->summary, (long long) param->least,
                (long long) param->most, param->power_of_two ? ", a power of two" : "");
    }
}

int
ink_cli_kernels (int argc, char **argv)
{
    ink_options_t options;
    ink_options_init (&options);
    int status;
    if (!ink_arguments_parse (&kernels_argp, argc, argv, &options, &status))
        return status;
    status = ink_options_load (&options);
    if (status)
        return status;
    if (options.json)
        return ink_query_print (json_of_all ());
    for (size_t n = 0; ink_kernels_at (n); n++)
        print (ink_kernels_at (n));
    return 0;
}

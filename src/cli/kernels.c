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
json_of_words (const ink_param_t *param)
{
    json_t *words = json_array ();
    for (size_t n = 0; param->words[n]; n++)
        json_array_append_new (words, json_string (param->words[n]));
    return words;
}

//  Its kind and what goes with that.
static json_t *
json_of_kind (const ink_param_t *param)
{
    switch (param->kind) {
    case INK_PARAM_NUMBER:
        return json_pack ("{s:s, s:I, s:I, s:I, s:b}", "kind", "number", "default",
                          (json_int_t) param->fallback, "least",
                          (json_int_t) param->least, "most", (json_int_t) param->most,
                          "power_of_two", param->power_of_two);
    case INK_PARAM_WORD:
        return json_pack ("{s:s, s:s, s:o}", "kind", "word", "default",
                          param->words[param->fallback], "words", json_of_words (param));
    default:
        return json_pack ("{s:s, s:s}", "kind",
                          param->kind == INK_PARAM_TEXT ? "text" : "bytes", "default",
                          param->text ? param->text : "");
    }
}

static json_t *
json_of_params (const ink_kernel_t *kernel)
{
    json_t *params = json_array ();
    for (size_t n = 0; n < ink_kernels_params (kernel); n++) {
        const ink_param_t *param = kernel->params + n;
        json_t *json =
            json_pack ("{s:s, s:s}", "name", param->name, "summary", param->summary);
        json_t *kind = json_of_kind (param);
        json_object_update (json, kind);
        json_decref (kind);
        json_array_append_new (params, json);
    }
    return params;
}

static const char *
shape_of (const ink_kernel_t *kernel)
{
    static const char *const names[] = {[INK_SHAPE_COUNTS] = "counts",
                                        [INK_SHAPE_CELLS] = "cells",
                                        [INK_SHAPE_RECORDS] = "records",
                                        [INK_SHAPE_CHAIN] = "chain"};
    return names[kernel->shape];
}

static json_t *
json_of (const ink_kernel_t *kernel)
{
    return json_pack (
        "{s:s, s:I, s:s, s:s, s:I, s:I, s:b, s:o}", "name", kernel->name, "version",
        (json_int_t) kernel->version, "summary", kernel->summary, "shape",
        shape_of (kernel), "sources", (json_int_t) (kernel->sources == 2 ? 2 : 1),
        "chunk", (json_int_t) 1 << kernel->chunk_log2, "cached",
        !(kernel->flags & INK_KERNEL_UNCACHED), "params", json_of_params (kernel));
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
print_param (const ink_param_t *param)
{
    printf ("%-12s   --param %s=", "", param->name);
    switch (param->kind) {
    case INK_PARAM_NUMBER:
        printf ("%lld   %s, %lld to %lld%s\n", (long long) param->fallback,
                param->summary, (long long) param->least, (long long) param->most,
                param->power_of_two ? ", a power of two" : "");
        return;
    case INK_PARAM_WORD:
        printf ("%s   %s: ", param->words[param->fallback], param->summary);
        for (size_t n = 0; param->words[n]; n++)
            printf ("%s%s", n ? ", " : "", param->words[n]);
        putchar ('\n');
        return;
    case INK_PARAM_TEXT:
        printf ("%s   %s\n", param->text ? param->text : "TEXT", param->summary);
        return;
    case INK_PARAM_BYTES:
        printf ("%s   %s\n", param->text ? param->text : "HEX", param->summary);
        return;
    }
}

static void
print (const ink_kernel_t *kernel)
{
    printf ("%-12s %s%s\n", kernel->name, kernel->summary,
            kernel->sources == 2 ? " (FILE OTHER)" : "");
    for (size_t n = 0; n < ink_kernels_params (kernel); n++)
        print_param (kernel->params + n);
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

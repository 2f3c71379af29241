//  request.c: `inkling request`: as run, over an endpoint.

#include "cli/cli.h"

#include <string.h>

#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/complain.h"
#include "cli/signals.h"
#include "inkling/error.h"

#define ENDPOINT 0x400

static const struct argp_option table[] = {
    {"endpoint", ENDPOINT, "E", 0,
     "Of the ventilator; if not said, $INKLING_ENDPOINT, then that of `inkling serve`",
     0},
    {0}};

static error_t
parse (int key, char *arg, struct argp_state *state)
{
    ink_options_t *options = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = options;
        return 0;
    case ENDPOINT:
        options->endpoint = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp_child children[] = {{.argp = &ink_options_argp}, {0}};
static const struct argp request_argp = {
    .options = table,
    .parser = parse,
    .args_doc = "KERNEL[,KERNEL...] NAME/PATH [OTHER]",
    .doc = "Compute over a file that a server has, beneath "
           "one of its roots.",
    .children = children};

//  0, or the exit status after a complaint.
static int
check_source (const char *source)
{
    if (strchr (source, '/'))
        return 0;
    return ink_complain_so (INK_EUSAGE,
                            "NAME is a root of `inkling serve --root NAME=DIR`",
                            "the file is not of the form NAME/PATH: '%s'", source);
}

int
ink_cli_request (int argc, char **argv)
{
    ink_options_t options;
    ink_options_init (&options);
    int status;
    if (!ink_arguments_parse (&request_argp, argc, argv, &options, &status))
        return status;
    status = ink_options_load (&options);
    if (status)
        return status;
    status = check_source (options.source);
    if (status == 0 && options.other)
        status = check_source (options.other);
    if (status)
        return status;
    return ink_ask (&options, options.endpoint, options.source, options.other,
                    ink_signals_block ());
}

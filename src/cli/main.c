//  main.c: the program `inkling`: finds the verb and hands over to it.

#include "base/descriptors.h"
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/complain.h"
#include "inkling/error.h"
#include "inkling/kernel.h"
#include "inkling/version.h"
#include "protocol/messages.h"

typedef struct {
    const char *name;
    int (*act) (int argc, char **argv);
    const char *arguments, *summary;
} verb_t;

static const verb_t verbs[] = {
    {"run", ink_cli_run, "KERNEL[,...] FILE", "compute over a file, here and now"},
    {"request", ink_cli_request, "KERNEL[,...] NAME/PATH",
     "compute over a file of a server"},
    {"serve", ink_cli_serve, "--root NAME=DIR",
     "be a server: ventilator, sink and workers"},
    {"ventilator", ink_cli_ventilator, "", "only the part that hands out work"},
    {"sink", ink_cli_sink, "", "only the part that collects values"},
    {"worker", ink_cli_worker, "", "only the part that computes"},
    {"status", ink_cli_status, "[ID]", "what a server is doing"},
    {"workers", ink_cli_workers, "", "who computes for a server"},
    {"kernels", ink_cli_kernels, "", "what can be computed"},
    {"cancel", ink_cli_cancel, "ID", "end a request"},
    {"cache", ink_cli_cache, "stat|verify|clear",
     "look into a cache, check it, clear it"},
    {"version", ink_cli_version, "", "which inkling this is"},
    {"help", ink_cli_help, "[VERB]", "this, or all about a verb"},
};
#define VERBS (sizeof verbs / sizeof *verbs)

static const verb_t *
find_verb (const char *name)
{
    for (size_t n = 0; n < VERBS; n++)
        if (strcmp (verbs[n].name, name) == 0)
            return verbs + n;
    return NULL;
}

static int
complain_verb (const char *name)
{
    ink_nearest_t nearest = ink_nearest_to (name);
    for (size_t n = 0; n < VERBS; n++)
        ink_nearest_offer (&nearest, verbs[n].name);
    char hint[80];
    snprintf (hint, sizeof hint, "did you mean inkling %s?",
              nearest.best ? nearest.best : "");
    return ink_complain_so (INK_EUSAGE, nearest.best ? hint : NULL,
                            "there is no verb '%s'", name);
}

static void
print_help (FILE *out)
{
    fputs ("inkling: an inkling of the answer first, all of it as it is computed\n\n",
           out);
    for (size_t n = 0; n < VERBS; n++)
        fprintf (out, "  inkling %-10s %-23s %s\n", verbs[n].name, verbs[n].arguments,
                 verbs[n].summary);
    fputs ("\nTry:  inkling run histogram,digraph,entropy FILE\n"
           "      inkling help run\n",
           out);
}

int
ink_cli_help (int argc, char **argv)
{
    if (argc < 2 || argv[1][0] == '-') {
        print_help (stdout);
        return 0;
    }
    const verb_t *verb = find_verb (argv[1]);
    if (!verb || verb->act == ink_cli_help)
        return verb ? ink_cli_help (1, argv) : complain_verb (argv[1]);
    char help[] = "--help";
    char *arguments[] = {argv[1], help, NULL};
    return verb->act (2, arguments);
}

int
ink_cli_version (int argc, char **argv)
{
    (void) argc;
    (void) argv;
    printf ("inkling %s (protocol %d, kernels of ABI %d)\n", INK_VERSION,
            INK_PROTOCOL_VERSION, INK_KERNEL_ABI);
    return 0;
}

int
main (int argc, char **argv)
{
    ink_descriptors_raise ();
    if (argc < 2) {
        print_help (stderr);
        return ink_error_status (INK_EUSAGE);
    }
    if (strcmp (argv[1], "--help") == 0 || strcmp (argv[1], "-h") == 0)
        return ink_cli_help (argc - 1, argv + 1);
    if (strcmp (argv[1], "--version") == 0 || strcmp (argv[1], "-V") == 0)
        return ink_cli_version (argc - 1, argv + 1);
    const verb_t *verb = find_verb (argv[1]);
    return verb ? verb->act (argc - 1, argv + 1) : complain_verb (argv[1]);
}

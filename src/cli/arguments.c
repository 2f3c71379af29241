//  arguments.c: argp, with errors in the program's own shape and near misses named.

#include "cli/arguments.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/complain.h"
#include "inkling/error.h"

#define HELP_KEY 0x7f00

typedef struct {
    const struct argp *verb;
    void *input;
    bool help;
    int next; //  Where argp stopped
} parse_t;

static error_t
parse (int key, char *arg, struct argp_state *state)
{
    (void) arg;
    parse_t *self = state->input;
    switch (key) {
    case ARGP_KEY_INIT:
        state->child_inputs[0] = self->input;
        return 0;
    case HELP_KEY:
    case '?':
        self->help = true;
        return INK_ARGUMENT_BAD;
    case ARGP_KEY_ERROR:
        self->next = state->next;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

//  Offers all long options of an argp and its children; true when one is exactly `word`.
static bool
offer_options (ink_nearest_t *nearest, const struct argp *argp)
{
    const struct argp_option *option = argp->options;
    for (; option && (option->name || option->key || option->doc); option++) {
        if (!option->name)
            continue;
        if (strcmp (option->name, nearest->word) == 0)
            return true;
        ink_nearest_offer (nearest, option->name);
    }
    for (const struct argp_child *child = argp->children; child && child->argp; child++)
        if (offer_options (nearest, child->argp))
            return true;
    return false;
}

//  An option was not understood: finds out why.
static void
complain_option (const struct argp *argp, const char *option)
{
    if (option[1] != '-') {
        ink_complain_so (INK_EUSAGE, NULL, "there is no option %.2s, or it needs a value",
                         option);
        return;
    }
    char word[65];
    size_t size = strcspn (option + 2, "=");
    snprintf (word, sizeof word, "%.*s", (int) size, option + 2);
    ink_nearest_t nearest = ink_nearest_to (word);
    char hint[128] = "";
    if (offer_options (&nearest, argp)) {
        ink_complain_so (INK_EUSAGE, NULL, "--%s %s", word,
                         option[2 + size] ? "takes no value" : "needs a value");
        return;
    }
    if (nearest.best)
        snprintf (hint, sizeof hint, "did you mean --%s?", nearest.best);
    ink_complain_so (INK_EUSAGE, nearest.best ? hint : NULL, "there is no option --%s",
                     word);
}

//  argp stops behind the option it does not know, or at the argument nobody takes.
static void
complain_argument (const parse_t *self, int argc, char **argv)
{
    int before = self->next - 1;
    if (before > 0 && before < argc && argv[before][0] == '-' && argv[before][1])
        complain_option (self->verb, argv[before]);
    else if (self->next > 0 && self->next < argc && argv[self->next][0] == '-')
        complain_option (self->verb, argv[self->next]);
    else
        ink_argument_spare (self->next > 0 && self->next < argc ? argv[self->next] : "?");
}

static void
show_help (const struct argp *argp, const char *verb)
{
    char name[80];
    snprintf (name, sizeof name, "inkling %s", verb);
    argp_help (argp, stdout,
               ARGP_HELP_USAGE | ARGP_HELP_PRE_DOC | ARGP_HELP_LONG | ARGP_HELP_POST_DOC,
               name);
}

bool
ink_arguments_parse (const struct argp *verb, int argc, char **argv, void *input,
                     int *status)
{
    static const struct argp_option help[] = {
        {"help", HELP_KEY, NULL, 0, "Show this", -1}, {0}};
    const struct argp_child children[] = {{.argp = verb}, {0}};
    const struct argp argp = {.options = help,
                              .parser = parse,
                              .args_doc = verb->args_doc,
                              .children = children};
    parse_t self = {.verb = verb, .input = input};
    error_t error =
        argp_parse (&argp, argc, argv, ARGP_NO_ERRS | ARGP_NO_HELP, NULL, &self);
    if (error == 0)
        return true;
    if (self.help)
        show_help (verb, argv[0]);
    else if (error != INK_ARGUMENT_BAD)
        complain_argument (&self, argc, argv);
    *status = self.help ? 0 : ink_error_status (INK_EUSAGE);
    return false;
}

error_t
ink_arguments_pass (int key, char *arg, struct argp_state *state)
{
    (void) arg;
    if (key != ARGP_KEY_INIT)
        return ARGP_ERR_UNKNOWN;
    state->child_inputs[0] = state->input;
    return 0;
}

error_t
ink_argument_size (const char *option, const char *text, uint64_t least, uint64_t most,
                   uint64_t *value)
{
    uint64_t size;
    if (!ink_text_size (text, &size) || size < least || size > most) {
        ink_complain_so (INK_EUSAGE, "a number, then K, M, G or T for steps of 1024",
                         "%s cannot be '%s'", option, text);
        return INK_ARGUMENT_BAD;
    }
    *value = size;
    return 0;
}

error_t
ink_argument_number (const char *option, const char *text, int64_t least, int64_t most,
                     int64_t *value)
{
    int64_t number;
    if (!ink_text_number (text, &number) || number < least || number > most) {
        ink_complain_so (INK_EUSAGE, NULL,
                         "%s wants a whole number from %lld to %lld, not '%s'", option,
                         (long long) least, (long long) most, text);
        return INK_ARGUMENT_BAD;
    }
    *value = number;
    return 0;
}

error_t
ink_argument_decimal (const char *option, const char *text, double least, double most,
                      double *value)
{
    //  strtod also knows blanks, hexadecimals, "nan" and "inf": not here.
    char *end = NULL;
    bool plain = *text && strspn (text, "+-.0123456789eE") == strlen (text);
    double number = plain ? strtod (text, &end) : 0;
    if (!plain || *end || !isfinite (number) || number < least || number > most) {
        ink_complain_so (INK_EUSAGE, NULL, "%s wants a number from %g to %g, not '%s'",
                         option, least, most, text);
        return INK_ARGUMENT_BAD;
    }
    *value = number;
    return 0;
}

error_t
ink_argument_seconds (const char *option, const char *text, uint32_t *milliseconds)
{
    double seconds;
    error_t error = ink_argument_decimal (option, text, 0.001, 4000000, &seconds);
    if (error == 0)
        *milliseconds = (uint32_t) lround (seconds * 1000);
    return error;
}

error_t
ink_argument_spare (const char *text)
{
    ink_complain_so (INK_EUSAGE, NULL, "'%s' is one argument too many", text);
    return INK_ARGUMENT_BAD;
}

error_t
ink_argument_missing (const char *what)
{
    ink_complain_so (INK_EUSAGE, NULL, "%s is missing", what);
    return INK_ARGUMENT_BAD;
}

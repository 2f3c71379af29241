//  query.c: what the verbs share that put one question to a ventilator.

#include "cli/query.h"

#include <stdio.h>

#include "cli/arguments.h"
#include "cli/complain.h"
#include "cli/connect.h"

#define TIMEOUT_MS 3000

enum { ENDPOINT = 0x500, JSON, TIMEOUT };

static const struct argp_option table[] = {
    {"endpoint", ENDPOINT, "E", 0,
     "Of the ventilator; if not said, $INKLING_ENDPOINT, then that of `inkling serve`",
     0},
    {"timeout", TIMEOUT, "SECONDS", 0, "Wait so long for an answer; if not said, 3", 0},
    {"json", JSON, NULL, 0, "Print JSON", 0},
    {0}};

static error_t
parse (int key, char *arg, struct argp_state *state)
{
    ink_query_t *self = state->input;
    switch (key) {
    case ENDPOINT:
        self->endpoint = arg;
        return 0;
    case JSON:
        self->json = true;
        return 0;
    case TIMEOUT:
        return ink_argument_seconds ("--timeout", arg, &self->timeout_ms);
    case ARGP_KEY_ARG:
        if (!self->takes_id || self->id)
            return ink_argument_spare (arg);
        self->id = arg;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ink_query_argp = {.options = table, .parser = parse};

int
ink_query_timeout (const ink_query_t *self)
{
    if (self->timeout_ms == 0)
        return TIMEOUT_MS;
    return self->timeout_ms < 86400000 ? (int) self->timeout_ms : 86400000;
}

ink_client_t *
ink_query_connect (const ink_query_t *self, int *status)
{
    return ink_connect (self->endpoint, status);
}

ink_status_t *
ink_query_status (const ink_query_t *self, int *status)
{
    ink_client_t *client = ink_query_connect (self, status);
    if (!client)
        return NULL;
    ink_status_t *answer = ink_client_status (client, ink_query_timeout (self));
    if (!answer)
        *status = ink_complain (INK_EUNREACHABLE, self->endpoint);
    ink_client_destroy (&client);
    return answer;
}

int
ink_query_print (json_t *document)
{
    int failed = !document || json_dumpf (document, stdout, JSON_COMPACT) != 0 ||
                 putchar ('\n') == EOF || fflush (stdout) != 0;
    json_decref (document);
    return failed ? ink_complain (INK_ESYSTEM, "cannot write to stdout") : 0;
}

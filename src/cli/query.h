//  query.h: what the verbs share that put one question to a ventilator.

#ifndef INK_QUERY_H_INCLUDED
#define INK_QUERY_H_INCLUDED

#include <argp.h>
#include <jansson.h>
#include <stdbool.h>

#include "inkling/client.h"

typedef struct {
    const char *endpoint;
    const char *id; //  The one argument, or NULL
    bool json;
    bool takes_id;
    uint32_t timeout_ms;
} ink_query_t;

//  Fills an ink_query_t, which is its input; to be the first child of a verb's argp.
extern const struct argp ink_query_argp;

//  How long to wait, in milliseconds.
int ink_query_timeout (const ink_query_t *self);

//  Connects; NULL after a complaint, with its exit status in *status.
ink_client_t *ink_query_connect (const ink_query_t *self, int *status);

//  The state of things; NULL after a complaint, with its exit status in *status.
ink_status_t *ink_query_status (const ink_query_t *self, int *status);

//  Prints one JSON document on a line, and gives it back. 0, or an exit status.
int ink_query_print (json_t *document);

#endif

//  question.h: a question to Inkling, asked through its client as any program would.

#ifndef BENCH_QUESTION_H_INCLUDED
#define BENCH_QUESTION_H_INCLUDED

#include "inkling/client.h"
#include "measure.h"

#define STARTS_WITHIN 10 //  Seconds

typedef struct {
    ink_client_t *client;
    const char *source, *kernel;
    uint64_t offset, length;
    uint64_t step; //  The next one asks so many bytes further on
    bool cache;
    bool complete; //  The first reply must be the final
} question_t;

static inline ink_request_t *
question_request (question_t *self)
{
    ink_request_t *request = ink_request_new (self->source);
    if (!request || ink_request_add_kernel (request, self->kernel))
        die ("cannot make a request");
    ink_request_set_range (request, self->offset, self->length);
    self->offset += self->step;
    ink_request_set_cache (request, self->cache, self->cache);
    return request;
}

static inline void
question_ask (void *arg)
{
    question_t *self = arg;
    ink_request_t *request = question_request (self);
    int rc = ink_client_submit (self->client, request);
    if (rc)
        die ("%s: %s", self->kernel, ink_error_text (rc));
    ink_request_destroy (&request);
}

//  The final, yours to destroy.
static inline ink_reply_t *
question_final (const question_t *self)
{
    for (;;) {
        ink_reply_t *reply = ink_client_receive (self->client, 60000);
        if (!reply)
            die ("%s: no answer", self->kernel);
        if (ink_reply_is_final (reply))
            return reply;
        if (self->complete)
            die ("%s: a partial where the final was due", self->kernel);
        ink_reply_destroy (&reply);
    }
}

static inline void
question_await (void *arg)
{
    question_t *self = arg;
    ink_reply_t *reply = question_final (self);
    if (ink_reply_error (reply))
        die ("%s: %s", self->kernel, ink_error_text (ink_reply_error (reply)));
    ink_reply_destroy (&reply);
}

static inline service_t
question_service (question_t *self)
{
    return (service_t){self, question_ask, question_await};
}

//  A client of an Inkling that has workers: the first answer has come.
static inline ink_client_t *
meet (const char *endpoint, const char *source)
{
    for (double began = seconds_now (); seconds_now () - began < STARTS_WITHIN;) {
        question_t first = {.client = ink_client_new (endpoint),
                            .source = source,
                            .kernel = "count",
                            .length = 1};
        if (!first.client)
            break;
        question_ask (&first);
        ink_reply_t *reply = question_final (&first);
        int error = ink_reply_error (reply);
        ink_reply_destroy (&reply);
        if (error == INK_OK)
            return first.client;
        ink_client_destroy (&first.client);
    }
    die ("nobody answers at %s", endpoint);
}

#endif

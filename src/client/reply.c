//  reply.c: one reply, as the application reads it.

#include <string.h>

#include "base/memory.h"
#include "client/reply.h"

//  Copies at most `most` bytes into zeroed room for one more.
static void
fill (char *out, const char *text, size_t most)
{
    memcpy (out, text, strnlen (text, most));
}

//  A code this build does not know is one its protocol does not have.
static int
known_error (uint64_t error)
{
    return error < INK_ERROR_COUNT ? (int) error : INK_EMESSAGE;
}

ink_reply_t *
ink_reply_new (const char *request, const char *kernel, uint64_t seq,
               const ink_msg_reply_t *msg)
{
    size_t failures = msg->failures.size;
    ink_reply_t *self = ink_alloc (sizeof *self + failures * sizeof (ink_failure_t));
    if (self == NULL)
        return NULL;
    ink_list_init (&self->link);
    fill (self->request, request, INK_NAME_MOST);
    fill (self->kernel, kernel, INK_NAME_MOST);
    fill (self->detail, msg->detail ? msg->detail : "", INK_TEXT_MOST);
    self->seq = seq;
    self->sent = msg->seq;
    self->final = msg->final;
    self->error = known_error (msg->error);
    self->total = msg->total;
    self->cached = msg->cached;
    self->computed = msg->computed;
    self->estimated = msg->estimated;
    self->bound = msg->bound;
    self->elapsed_us = msg->elapsed_us;
    self->source_size = msg->source_size;
    self->other_size = msg->other_size;
    self->precision = msg->precision;
    self->failures = failures;
    for (size_t n = 0; n < failures; n++) {
        const ink_msg_failure_t *failure = &msg->failures.items[n];
        self->failure[n] = (ink_failure_t){.offset = failure->offset,
                                           .length = failure->length,
                                           .error = known_error (failure->error)};
    }
    return self;
}

void
ink_reply_destroy (ink_reply_t **self_p)
{
    ink_reply_t *self = *self_p;
    if (self) {
        ink_payload_destroy (&self->payload);
        ink_free (self);
        *self_p = NULL;
    }
}

const char *
ink_reply_request (const ink_reply_t *self)
{
    return self->request;
}

const char *
ink_reply_kernel (const ink_reply_t *self)
{
    return self->kernel;
}

uint64_t
ink_reply_seq (const ink_reply_t *self)
{
    return self->seq;
}

bool
ink_reply_is_final (const ink_reply_t *self)
{
    return self->final;
}

int
ink_reply_error (const ink_reply_t *self)
{
    return self->error;
}

const char *
ink_reply_detail (const ink_reply_t *self)
{
    return self->detail;
}

const char *
ink_reply_status (const ink_reply_t *self)
{
    if (self->error == INK_ECANCELLED)
        return "cancelled";
    if (self->error)
        return "failed";
    return self->failures ? "partial" : "ok";
}

uint64_t
ink_reply_total (const ink_reply_t *self)
{
    return self->total;
}

uint64_t
ink_reply_cached (const ink_reply_t *self)
{
    return self->cached;
}

uint64_t
ink_reply_computed (const ink_reply_t *self)
{
    return self->computed;
}

uint64_t
ink_reply_estimated (const ink_reply_t *self)
{
    return self->estimated;
}

double
ink_reply_bound (const ink_reply_t *self)
{
    return self->bound == INK_EXACT ? -1 : (double) self->bound / INK_MILLION;
}

uint64_t
ink_reply_source_size (const ink_reply_t *self)
{
    return self->source_size;
}

uint64_t
ink_reply_other_size (const ink_reply_t *self)
{
    return self->other_size;
}

uint64_t
ink_reply_precision (const ink_reply_t *self)
{
    return self->precision;
}

double
ink_reply_elapsed_ms (const ink_reply_t *self)
{
    return (double) self->elapsed_us / 1000;
}

const void *
ink_reply_data (const ink_reply_t *self)
{
    return ink_reply_size (self) ? ink_payload_data (self->payload) : NULL;
}

size_t
ink_reply_size (const ink_reply_t *self)
{
    return self->payload ? ink_payload_size (self->payload) : 0;
}

size_t
ink_reply_failures (const ink_reply_t *self)
{
    return self->failures;
}

const ink_failure_t *
ink_reply_failure (const ink_reply_t *self, size_t n)
{
    return n < self->failures ? &self->failure[n] : NULL;
}

//  trace.c: what happened, a line an event and a line a decision.

#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "protocol/codec.h"
#include "trace.h"

static void
print_line (const trace_line_t *line)
{
    char who[32], text[160];
    snprintf (who, sizeof who, "%s %d", line->role, line->n);
    snprintf (text, sizeof text, line->form, (unsigned long long) line->numbers[0],
              (unsigned long long) line->numbers[1],
              (unsigned long long) line->numbers[2]);
    printf ("%12.6f  %-13s %c  %-12s %-10s %s\n", (double) line->time / 1e6, who,
            line->mark, line->word, line->name, text);
}

static uint64_t
hash_text (const char *text, uint64_t seed)
{
    return XXH3_64bits_withSeed (text, strlen (text), seed);
}

void
trace_add (trace_t *self, const trace_line_t *line)
{
    const uint64_t numbers[] = {self->hash,         (uint64_t) line->time,
                                (uint64_t) line->n, (uint64_t) line->mark,
                                line->numbers[0],   line->numbers[1],
                                line->numbers[2]};
    uint64_t hash = XXH3_64bits (numbers, sizeof numbers);
    hash = hash_text (line->role, hash);
    hash = hash_text (line->word, hash);
    self->hash = hash_text (line->name, hash);
    self->last[self->count++ % TRACE_LAST] = *line;
    if (self->printing)
        print_line (line);
}

void
trace_print (const trace_t *self)
{
    uint64_t from = self->count > TRACE_LAST ? self->count - TRACE_LAST : 0;
    for (uint64_t n = from; n < self->count; n++)
        print_line (&self->last[n % TRACE_LAST]);
}

//  ---------------------------------------------------------------------------------------
//  Messages

static void
set (trace_line_t *line, const char *name, const char *form, uint64_t a, uint64_t b,
     uint64_t c)
{
    snprintf (line->name, sizeof line->name, "%s", name);
    line->form = form;
    line->numbers[0] = a;
    line->numbers[1] = b;
    line->numbers[2] = c;
}

static void
describe_reply (trace_line_t *line, const ink_msg_reply_t *msg)
{
    set (line, msg->id,
         msg->final ? "handle %llu, FINAL of kernel %llu, error %llu"
                    : "handle %llu, partial of kernel %llu, covers %llu",
         msg->handle, msg->kernel, msg->final ? msg->error : msg->cached + msg->computed);
}

static void
describe_work (trace_line_t *line, const ink_msg_t *msg)
{
    if (msg->kind == INK_MSG_LEASE)
        set (line, "", "lease %llu, spans %llu, first at %llu", msg->lease.lease,
             msg->lease.spans.size,
             msg->lease.spans.size ? msg->lease.spans.items[0].offset : 0);
    else if (msg->kind == INK_MSG_VALUE)
        set (line, "", "lease %llu, slot %llu, error %llu", msg->value.lease,
             msg->value.slot, msg->value.error);
    else if (msg->kind == INK_MSG_SAMPLE)
        set (line, "", "lease %llu, slot %llu, error %llu", msg->sample.lease,
             msg->sample.slot, msg->sample.error);
    else if (msg->kind == INK_MSG_SETTLED)
        set (line, "", "order %llu, arrivals %llu, first of lease %llu",
             msg->settled.order, msg->settled.arrivals.size,
             msg->settled.arrivals.size ? msg->settled.arrivals.items[0].lease : 0);
    else if (msg->kind == INK_MSG_REVOKE)
        set (line, "", "seq %llu, leases %llu, first %llu", msg->revoke.seq,
             msg->revoke.leases.size,
             msg->revoke.leases.size ? msg->revoke.leases.items[0].lease : 0);
    else if (msg->kind == INK_MSG_STOPPED)
        set (line, "", "lease %llu", msg->stopped.lease, 0, 0);
    else if (msg->kind == INK_MSG_HELD)
        set (line, "", "seq %llu, leases %llu", msg->held.seq, msg->held.leases.size, 0);
}

static void
describe_sink (trace_line_t *line, const ink_msg_t *msg)
{
    if (msg->kind == INK_MSG_EXPECT)
        set (line, "", "order %llu, handle %llu, kernels %llu", msg->expect.order,
             msg->expect.handle, msg->expect.kernels.size);
    else if (msg->kind == INK_MSG_KNOWN)
        set (line, "", "handle %llu, kernel %llu, runs %llu", msg->known.handle,
             msg->known.kernel, msg->known.runs.size);
    else if (msg->kind == INK_MSG_FAILED)
        set (line, "", "handle %llu, kernel %llu, part %llu", msg->failed.handle,
             msg->failed.kernel, msg->failed.part);
    else if (msg->kind == INK_MSG_FORGET)
        set (line, "", "handle %llu, purge %llu", msg->forget.handle, msg->forget.purge,
             0);
    else if (msg->kind == INK_MSG_RESEND)
        set (line, "", "handle %llu, kernel %llu", msg->resend.handle, msg->resend.kernel,
             0);
    else if (msg->kind == INK_MSG_GREETING)
        set (line, "", "instance %llx", msg->greeting.instance, 0, 0);
}

void
trace_describe (trace_line_t *line, const ink_msg_t *msg)
{
    line->word = ink_msg_name (msg->kind);
    set (line, "", "", 0, 0, 0);
    switch (msg->kind) {
    case INK_MSG_REQUEST:
        set (line, msg->request.id, "from %llu, length %llu, kernels %llu",
             msg->request.offset, msg->request.length, msg->request.kernels.size);
        break;
    case INK_MSG_CANCEL:
        set (line, msg->cancel.id, "", 0, 0, 0);
        break;
    case INK_MSG_TAKEN:
        set (line, msg->taken.id, "seq %llu", msg->taken.seq, 0, 0);
        break;
    case INK_MSG_READ:
        set (line, "", "replies %llu", msg->read.replies, 0, 0);
        break;
    case INK_MSG_REPLY:
        describe_reply (line, &msg->reply);
        break;
    case INK_MSG_REFUSAL:
        set (line, msg->refusal.id, "error %llu", msg->refusal.error, 0, 0);
        break;
    case INK_MSG_CANCELLED:
        set (line, msg->cancelled.id, "dropped %llu, running %llu",
             msg->cancelled.dropped, msg->cancelled.running, 0);
        break;
    case INK_MSG_PONG:
        set (line, "", "nonce %llu, epoch %llx", msg->pong.nonce, msg->pong.epoch, 0);
        break;
    case INK_MSG_HELLO:
        set (line, msg->hello.name, "instance %llx", msg->hello.instance, 0, 0);
        break;
    case INK_MSG_WELCOME:
        set (line, "", "epoch %llx, worker %llu", msg->welcome.epoch, msg->welcome.worker,
             0);
        break;
    case INK_MSG_PROBE:
        set (line, "", "worker %llu, nonce %llu", msg->probe.worker, msg->probe.nonce, 0);
        break;
    case INK_MSG_BEACON:
        set (line, "", "epoch %llx, seq %llu", msg->beacon.epoch, msg->beacon.seq, 0);
        break;
    default:
        describe_work (line, msg);
        describe_sink (line, msg);
    }
}

//  foreman_trace.h: a foreman in a toy world, and what it wants done, written down.
//
//  Every source is one file of 64 parts of 4 KiB. Sources open and the cache answers within
//  the same step, unless a story says otherwise. What the foreman wants done is written down
//  as lines, in order; TOLD compares them and begins anew. Beacons, greetings and pongs are
//  not written down.

#ifndef FOREMAN_TRACE_H_INCLUDED
#define FOREMAN_TRACE_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkling/error.h"
#include "protocol/codec.h"
#include "ventilator/foreman.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)
#define PART ((uint64_t) 4096)
#define PARTS 64
#define EVERYBODY 16
#define ALL_KERNELS "count,histogram,digraph,entropy,bytes"

typedef struct {
    ink_foreman_t *foreman;
    int64_t now;
    ink_identity_t file, other;
    int open_error;
    bool slow_cache;         //  LOOK is not answered by itself
    bool slow_disk;          //  Neither is OPEN
    bool finds;              //  LOOK_PART finds a value
    uint8_t known[8][PARTS]; //  What LOOK finds, by kernel and part
    uint64_t order;          //  Of the last EXPECT, which the sink has heard at once
    uint64_t busy_ns;        //  What a part takes
    uint64_t precision;      //  Of what the sink replies
    uint64_t torn;           //  Bytes that failed in a part
    bool foreign;            //  Values are of something nobody waits for
    ink_msg_probe_t probe;   //  The last one
    size_t slots[256];       //  Of each lease, by id
    bool samples[256];       //  Whether it is over samples
    ink_msg_span_t pieces[INK_SPANS_MOST]; //  Of the last such
    uint64_t places;                       //  Of the last EXPECT
    uint64_t answers;                      //  Bytes that came with replies, in sum
    int meetings; //  How often the sink was to be connected to anew
    bool pings[EVERYBODY], beats[EVERYBODY], greets; //  Who is alive, while time passes
    uint64_t instance[EVERYBODY];
    ink_event_t caused[64];
    size_t caused_size;
    ink_msg_kernel_t kernels[16];
    char names[16][INK_NAME_MOST + 1];
    char trace[16384];
} bench_t;

//  ---------------------------------------------------------------------------------------
//  What is written down

static inline void
write_down (bench_t *self, const char *format, ...)
{
    size_t size = strlen (self->trace);
    va_list args;
    va_start (args, format);
    vsnprintf (self->trace + size, sizeof self->trace - size, format, args);
    va_end (args);
}

#define TOLD(self, expected)                             \
    do {                                                 \
        assert_string_equal ((self)->trace, (expected)); \
        (self)->trace[0] = 0;                            \
    } while (0)

static inline void
write_kernels (bench_t *self, const ink_msg_kernel_t *kernels, size_t size)
{
    for (size_t n = 0; n < size; n++)
        write_down (self, "%s%s", n ? "," : "", kernels[n].name);
}

//  "[0+2 5+1]": parts 0 and 1, then 5
static inline void
write_spans (bench_t *self, const ink_msg_span_t *spans, size_t size)
{
    for (size_t n = 0, run; n < size; n += run) {
        for (run = 1; n + run < size; run++)
            if (spans[n + run].offset != spans[n].offset + run * PART)
                break;
        write_down (self, "%s%d+%d", n ? " " : " [", (int) (spans[n].offset / PART),
                    (int) run);
    }
    write_down (self, "]");
}

//  Every span lies within the range.
static inline void
write_lease (bench_t *self, const ink_msg_lease_t *msg)
{
    for (size_t n = 0; n < msg->spans.size; n++) {
        assert_in_range (msg->spans.items[n].offset, msg->begin, msg->end - 1);
        assert_in_range (msg->spans.items[n].length, 1,
                         msg->end - msg->spans.items[n].offset);
    }
    write_down (self, "LEASE %d ", (int) msg->lease);
    write_kernels (self, msg->kernels.items, msg->kernels.size);
    if (msg->fold)
        write_down (self, " %d samples by %d", (int) msg->spans.size, (int) msg->fold);
    else
        write_spans (self, msg->spans.items, msg->spans.size);
    if (msg->ahead)
        write_down (self, " ahead");
    if (msg->attempt)
        write_down (self, " again %d", (int) msg->attempt);
    if (msg->care)
        write_down (self, " care %d", (int) msg->care);
    if (msg->states.size && msg->states.items[0].words.size)
        write_down (self, " state %d", (int) msg->states.items[0].words.items[0].bits);
    size_t fold = msg->fold ? msg->fold : 1;
    self->slots[msg->lease % 256] = msg->spans.size / fold * msg->kernels.size;
    self->samples[msg->lease % 256] = msg->fold > 0;
    if (msg->fold)
        memcpy (self->pieces, msg->spans.items,
                msg->spans.size * sizeof *msg->spans.items);
}

static inline void
write_ids (bench_t *self, const char *word, const ink_msg_id_t *ids, size_t size)
{
    write_down (self, "%s [", word);
    for (size_t n = 0; n < size; n++)
        write_down (self, "%s%d", n ? " " : "", (int) ids[n].id);
    write_down (self, "]");
}

//  Leases, and spans of others: "3:1" is the second one of lease 3.
static inline void
write_revoked (bench_t *self, const ink_msg_revoke_t *msg)
{
    write_down (self, "REVOKE [");
    for (size_t n = 0; n < msg->leases.size; n++) {
        const ink_msg_revoked_t *revoked = &msg->leases.items[n];
        write_down (self, "%s%d", n ? " " : "", (int) revoked->lease);
        if (revoked->span != INK_ANY)
            write_down (self, ":%d", (int) revoked->span);
    }
    write_down (self, "]");
}

//  "a.0 partial 3: 2+1 of 4" is the third reply to a, of its first kernel, that covers two
//  cached and one computed of four parts.
static inline void
write_reply (bench_t *self, const ink_msg_reply_t *msg)
{
    write_down (self, "%s.%d %s %d", msg->id, (int) msg->kernel,
                msg->final ? "final" : "partial", (int) msg->seq);
    if (msg->error)
        write_down (self, " %s", ink_error_name ((int) msg->error));
    write_down (self, ": %d+%d of %d", (int) (msg->cached / PART),
                (int) (msg->computed / PART), (int) (msg->total / PART));
    if (msg->precision > PART) //  Coarse
        write_down (self, " at %d", (int) msg->precision);
    for (size_t n = 0; n < msg->failures.size; n++)
        write_down (self, " without [%d+%d]",
                    (int) (msg->failures.items[n].offset / PART),
                    (int) (msg->failures.items[n].length / PART));
}

static inline void
write_expect (bench_t *self, const ink_msg_expect_t *msg)
{
    self->order = msg->order;
    self->places = msg->places;
    write_down (self, "EXPECT %d ", (int) msg->handle);
    write_kernels (self, msg->kernels.items, msg->kernels.size);
    write_down (self, " [%d+%d]", (int) (msg->offset / PART), (int) (msg->length / PART));
}

static inline void
write_known (bench_t *self, const ink_msg_known_t *msg)
{
    write_down (self, "KNOWN %d.%d", (int) msg->handle, (int) msg->kernel);
    for (size_t n = 0; n < msg->runs.size; n++)
        write_down (self, " [%d+%d]", (int) msg->runs.items[n].first,
                    (int) msg->runs.items[n].count);
    write_down (self, msg->told ? "" : " untold");
}

static inline void
write_message (bench_t *self, const ink_msg_t *msg)
{
    switch (msg->kind) {
    case INK_MSG_LEASE:
        write_lease (self, &msg->lease);
        break;
    case INK_MSG_REVOKE:
        write_revoked (self, &msg->revoke);
        break;
    case INK_MSG_HELD:
        write_ids (self, "HELD", msg->held.leases.items, msg->held.leases.size);
        break;
    case INK_MSG_REPLY:
        write_reply (self, &msg->reply);
        break;
    case INK_MSG_EXPECT:
        write_expect (self, &msg->expect);
        break;
    case INK_MSG_KNOWN:
        write_known (self, &msg->known);
        break;
    case INK_MSG_REFUSAL:
        write_down (self, "REFUSAL %s %s", msg->refusal.id,
                    ink_error_name ((int) msg->refusal.error));
        break;
    case INK_MSG_CANCELLED:
        write_down (self, "CANCELLED %s dropped %d running %d", msg->cancelled.id,
                    (int) msg->cancelled.dropped, (int) msg->cancelled.running);
        break;
    case INK_MSG_FAILED:
        write_down (self, "FAILED %d.%d part %d %s", (int) msg->failed.handle,
                    (int) msg->failed.kernel, (int) msg->failed.part,
                    ink_error_name ((int) msg->failed.error));
        break;
    case INK_MSG_RESEND:
        write_down (self, "RESEND %d.%d", (int) msg->resend.handle,
                    (int) msg->resend.kernel);
        break;
    case INK_MSG_PROBE:
        self->probe = msg->probe;
        write_down (self, "PROBE");
        break;
    case INK_MSG_FORGET:
        write_down (self, "FORGET %d%s", (int) msg->forget.handle,
                    msg->forget.purge ? " purge" : "");
        break;
    default:
        write_down (self, "%s", ink_msg_name (msg->kind));
    }
    write_down (self, "\n");
}

static inline bool
is_chatter (ink_msg_kind_t kind)
{
    return kind == INK_MSG_BEACON || kind == INK_MSG_GREET || kind == INK_MSG_PONG;
}

static inline ink_event_t *
later (bench_t *self, ink_event_kind_t kind, uint64_t handle)
{
    assert_true (self->caused_size < 64);
    ink_event_t *event = &self->caused[self->caused_size++];
    *event = (ink_event_t){.kind = kind, .handle = handle};
    return event;
}

static inline void
note_source (bench_t *self, const ink_action_t *action)
{
    ink_event_t *event;
    switch (action->kind) {
    case INK_DO_OPEN:
        if (!self->slow_disk) {
            event = later (self, INK_EVENT_OPENED, action->handle);
            event->error = self->open_error;
            event->identity = self->file;
            event->other = self->other;
        }
        break;
    case INK_DO_LOOK:
        if (!self->slow_cache) {
            event = later (self, INK_EVENT_LOOKED, action->handle);
            for (size_t k = 0; k < 8; k++)
                event->known[k] = self->known[k];
        }
        break;
    default:
        write_down (self, "look at %d.%d part %d\n", (int) action->handle,
                    (int) action->kernel, (int) action->part);
        event = later (self, INK_EVENT_FOUND, action->handle);
        event->kernel = action->kernel;
        event->part = action->part;
        event->payload = self->finds ? ink_payload_new (8) : NULL;
    }
}

static inline void
note (bench_t *self, const ink_action_t *action)
{
    if (is_chatter (action->msg.kind))
        return;
    switch (action->kind) {
    case INK_DO_ANSWER:
    case INK_DO_GLIMPSE:
    case INK_DO_SEND_CLIENT:
        write_down (self, "client %d < %s", (int) action->peer,
                    action->kind == INK_DO_ANSWER    ? "from the cache "
                    : action->kind == INK_DO_GLIMPSE ? "glimpsed "
                                                     : "");
        break;
    case INK_DO_SEND_WORKER:
        write_down (self, "worker %d < ", (int) action->peer);
        break;
    case INK_DO_KNOWN:
    case INK_DO_SEND_SINK:
        write_down (self, "sink < ");
        break;
    case INK_DO_PUBLISH:
        write_down (self, "all < ");
        break;
    case INK_DO_SEND_LANE:
        write_down (self, "lane %d < ", (int) action->worker);
        break;
    case INK_DO_OPEN_LANE:
        write_down (self, "lane %d opens, worker %d < ", (int) action->worker,
                    (int) action->peer);
        break;
    case INK_DO_CLOSE_LANE:
        write_down (self, "lane %d closes\n", (int) action->worker);
        return;
    case INK_DO_MEET_SINK:
        self->meetings++;
        return;
    case INK_DO_LOOK_END:
        return;
    default:
        note_source (self, action);
        return;
    }
    write_message (self, &action->msg);
}

#endif

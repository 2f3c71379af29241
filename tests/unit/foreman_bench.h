//  foreman_bench.h: a foreman in a toy world, and words for what happens to it.
//
//  Every source is one file of 64 parts of 4 KiB. Sources open and the cache answers within
//  the same step, unless a story says otherwise. What the foreman wants done is written down
//  as lines, in order; TOLD compares them and begins anew. Beacons, greetings and pongs are
//  not written down.

#ifndef FOREMAN_BENCH_H_INCLUDED
#define FOREMAN_BENCH_H_INCLUDED

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
    ink_event_t todo[64];
    size_t todo_size;
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
    assert_true (self->todo_size < 64);
    ink_event_t *event = &self->todo[self->todo_size++];
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

//  ---------------------------------------------------------------------------------------
//  Steps

static inline int
step_once (bench_t *self, ink_event_t event)
{
    const ink_actions_t *out;
    int rc = ink_foreman_step (self->foreman, self->now, &event, &out);
    for (size_t n = 0; n < out->size; n++) {
        if (rc == INK_OK)
            note (self, &out->items[n]);
        if (out->items[n].payload)
            self->answers += ink_payload_size (out->items[n].payload);
        ink_payload_destroy (&out->items[n].payload);
    }
    return rc;
}

//  The event, and what its actions caused.
static inline int
step (bench_t *self, ink_event_t event)
{
    int rc = step_once (self, event);
    for (size_t n = 0; n < self->todo_size; n++) {
        ink_event_t next = self->todo[n];
        if (rc == INK_OK)
            rc = step_once (self, next);
        else
            ink_payload_destroy (&next.payload);
    }
    self->todo_size = 0;
    return rc;
}

static inline int
from_client (bench_t *self, uint64_t peer, ink_msg_t msg)
{
    self->pings[peer] = true;
    return step (self,
                 (ink_event_t){.kind = INK_EVENT_CLIENT, .peer = peer, .msg = &msg});
}

static inline int
from_worker (bench_t *self, uint64_t peer, ink_msg_t msg)
{
    return step (self,
                 (ink_event_t){.kind = INK_EVENT_WORKER, .peer = peer, .msg = &msg});
}

static inline int
from_sink (bench_t *self, ink_msg_t msg)
{
    return step (self, (ink_event_t){.kind = INK_EVENT_SINK, .msg = &msg});
}

//  ---------------------------------------------------------------------------------------
//  Clients

//  Splits "count,histogram"; lives until the next call.
static inline size_t
list_kernels (bench_t *self, const char *kernels)
{
    size_t count = 0, length;
    for (const char *at = kernels; *at; at += length + (at[length] == ',')) {
        length = strcspn (at, ",");
        snprintf (self->names[count], sizeof self->names[count], "%.*s", (int) length,
                  at);
        self->kernels[count] =
            (ink_msg_kernel_t){.name = self->names[count], .version = 1};
        count++;
    }
    return count;
}

//  A request for whole parts of the file.
static inline ink_msg_request_t
wish (bench_t *self, const char *id, const char *kernels, uint64_t first, uint64_t count)
{
    return (ink_msg_request_t){.id = id,
                               .source = "data/file",
                               .offset = first * PART,
                               .length = count * PART,
                               .kernels.items = self->kernels,
                               .kernels.size = list_kernels (self, kernels),
                               .chunk = PART,
                               .cache_read = 1,
                               .cache_write = 1,
                               .view = "",
                               .focus = INK_ANY};
}

static inline int
request_this (bench_t *self, uint64_t peer, ink_msg_request_t request)
{
    return from_client (self, peer,
                        (ink_msg_t){.kind = INK_MSG_REQUEST, .request = request});
}

static inline int
request (bench_t *self, uint64_t peer, const char *id, const char *kernels,
         uint64_t first, uint64_t count)
{
    return request_this (self, peer, wish (self, id, kernels, first, count));
}

static inline int
cancel (bench_t *self, uint64_t peer, const char *id)
{
    return from_client (self, peer, (ink_msg_t){.kind = INK_MSG_CANCEL, .cancel.id = id});
}

static inline int
taken (bench_t *self, uint64_t peer, const char *id, uint64_t seq)
{
    return from_client (self, peer,
                        (ink_msg_t){.kind = INK_MSG_TAKEN, .taken = {id, seq}});
}

//  ---------------------------------------------------------------------------------------
//  Workers: worker n speaks from peer n and is named "wn"

static inline int
hello (bench_t *self, uint64_t n, const char *kernels)
{
    char name[16];
    snprintf (name, sizeof name, "w%d", (int) n);
    self->instance[n] += 100;
    ink_msg_t msg = {.kind = INK_MSG_HELLO,
                     .hello = {.name = name,
                               .instance = self->instance[n] + n,
                               .host = "here",
                               .slots = 1,
                               .version = "1",
                               .kernels.items = self->kernels,
                               .kernels.size = list_kernels (self, kernels)}};
    self->beats[n] = true;
    return from_worker (self, n, msg);
}

static inline int
ready (bench_t *self, uint64_t n)
{
    ink_msg_t msg = {.kind = INK_MSG_READY};
    msg.ready.instance = self->instance[n] + n;
    return from_worker (self, n, msg);
}

static inline int
beat (bench_t *self, uint64_t n)
{
    ink_msg_t msg = {.kind = INK_MSG_HEARTBEAT};
    msg.heartbeat.instance = self->instance[n] + n;
    return from_worker (self, n, msg);
}

static inline int
stopped (bench_t *self, uint64_t n, uint64_t lease)
{
    return from_worker (
        self, n,
        (ink_msg_t){.kind = INK_MSG_STOPPED, .stopped = {self->instance[n] + n, lease}});
}

//  The last probe has come back, by way of the sink.
static inline int
proven (bench_t *self)
{
    return from_sink (self, (ink_msg_t){.kind = INK_MSG_PROBE, .probe = self->probe});
}

//  Worker n comes and may be given work. Its lane is named by the order of coming.
static inline void
worker_of (bench_t *self, uint64_t n, const char *kernels)
{
    hello (self, n, kernels);
    ready (self, n);
    proven (self);
    self->trace[0] = 0;
}

static inline void
worker (bench_t *self, uint64_t n)
{
    worker_of (self, n, ALL_KERNELS);
}

//  ---------------------------------------------------------------------------------------
//  The sink

static inline int
greeting (bench_t *self, uint64_t instance)
{
    self->greets = true;
    self->instance[0] = instance;
    return from_sink (self, (ink_msg_t){.kind = INK_MSG_GREETING,
                                        .greeting.epoch = 1,
                                        .greeting.instance = instance});
}

//  One value has arrived, before the sink had heard of anything younger than `order`.
static inline int
arrives_at (bench_t *self, uint64_t order, uint64_t lease, uint64_t slot, int error)
{
    ink_msg_arrival_t arrival = {.lease = lease,
                                 .slot = slot,
                                 .error = (uint64_t) error,
                                 .taken = !self->foreign,
                                 .failed = self->torn,
                                 .busy_ns = self->busy_ns,
                                 .sample = self->samples[lease % 256]};
    return from_sink (self, (ink_msg_t){.kind = INK_MSG_SETTLED,
                                        .settled = {.epoch = 1,
                                                    .instance = self->instance[0],
                                                    .order = order,
                                                    .arrivals.items = &arrival,
                                                    .arrivals.size = 1}});
}

static inline int
arrives (bench_t *self, uint64_t lease, uint64_t slot, int error)
{
    return arrives_at (self, self->order, lease, slot, error);
}

//  All values of a lease have arrived.
static inline void
settle (bench_t *self, uint64_t lease)
{
    for (size_t slot = 0; slot < self->slots[lease % 256]; slot++)
        assert_int_equal (arrives (self, lease, slot, INK_OK), INK_OK);
}

static inline int
sink_replies (bench_t *self, uint64_t handle, uint64_t kernel, bool final,
              uint64_t computed)
{
    ink_event_t event = {.kind = INK_EVENT_SINK, .payload = ink_payload_new (8)};
    ink_msg_t msg = {.kind = INK_MSG_REPLY,
                     .reply = {.id = "",
                               .handle = handle,
                               .kernel = kernel,
                               .final = final,
                               .detail = "",
                               .total = PARTS * PART,
                               .computed = computed * PART,
                               .bound = INK_EXACT,
                               .precision = self->precision}};
    event.msg = &msg;
    return step (self, event);
}

//  ---------------------------------------------------------------------------------------
//  Time

static inline int
tick (bench_t *self)
{
    return step (self, (ink_event_t){.kind = INK_EVENT_TIMER});
}

//  Everybody who is alive says so.
static inline void
chatter (bench_t *self)
{
    for (uint64_t n = 1; n < EVERYBODY; n++) {
        if (self->pings[n])
            from_client (self, n, (ink_msg_t){.kind = INK_MSG_PING, .ping.nonce = 1});
        if (self->beats[n])
            beat (self, n);
    }
    if (self->greets)
        greeting (self, self->instance[0]);
}

static inline void
pass (bench_t *self, int64_t time)
{
    for (int64_t end = self->now + time; self->now < end;) {
        self->now += 50 * MS;
        chatter (self);
        tick (self);
    }
}

//  ---------------------------------------------------------------------------------------

static inline int
setup_empty (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    self->now = 1000 * SECOND;
    self->busy_ns = 20 * 1000000;
    self->file = (ink_identity_t){.device = 1, .inode = 2, .size = PARTS * PART};
    self->foreman = ink_foreman_new (1, "control", "values");
    *state = self;
    return !self->foreman;
}

//  With a sink.
static inline int
setup (void **state)
{
    if (setup_empty (state))
        return 1;
    bench_t *self = *state;
    tick (self);
    greeting (self, 7);
    self->trace[0] = 0;
    return 0;
}

static inline int
teardown (void **state)
{
    bench_t *self = *state;
    ink_foreman_destroy (&self->foreman);
    free (self);
    return 0;
}

//  Worker 1 comes, and shows that a part of any kernel takes it 20 ms: a lease is one part
//  from now on, and it holds two. Handle 1 and leases 1 to 3 are gone then.
static inline void
teach (bench_t *self)
{
    worker (self, 1);
    request (self, 9, "teach", "count,histogram,digraph", 0, 1);
    settle (self, 1);
    for (uint64_t k = 0; k < 3; k++)
        sink_replies (self, 1, k, true, 1);
    self->pings[9] = false;
    self->trace[0] = 0;
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

#endif

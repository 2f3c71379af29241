//  foreman_bench.h: words for what happens to a foreman in its toy world (foreman_trace.h).

#ifndef FOREMAN_BENCH_H_INCLUDED
#define FOREMAN_BENCH_H_INCLUDED

#include "foreman_trace.h"

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
    for (size_t n = 0; n < self->caused_size; n++) {
        ink_event_t next = self->caused[n];
        if (rc == INK_OK)
            rc = step_once (self, next);
        else
            ink_payload_destroy (&next.payload);
    }
    self->caused_size = 0;
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

//  brains_world.h: foreman, collector and runners, the real ones, over a network that is not.
//
//  Between foreman and sink, and foreman and clients, messages come in order or, when a peer
//  is started again, not at all. Values are lost, doubled and late, control messages lost.
//  Workers die, the sink dies, clients come back over new connections. Time is a number.

#ifndef BRAINS_WORLD_H_INCLUDED
#define BRAINS_WORLD_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "cache/cache.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "protocol/codec.h"
#include "sink/collector.h"
#include "ventilator/look.h"
#include "ventilator/office.h"
#include "worker/runner.h"
#include "chance.h"

#define MS ((int64_t) 1000)
#define PART ((uint64_t) 4096)
#define PARTS 24
#define WORKERS 3
#define CLIENTS 3
#define REQUESTS 4 //  Open at once
#define KERNELS 3
#define QUEUE 8192
#define LANES 512

static const char *const kernel_names[KERNELS] = {"histogram", "entropy", "count"};

//  ---------------------------------------------------------------------------------------
//  Letters

typedef struct {
    ink_msg_t msg;
    ink_arena_t arena;
    ink_payload_t *payload;
    uint64_t peer;
} parcel_t;

typedef struct {
    parcel_t *items[QUEUE];
    size_t size;
} queue_t;

static inline ink_payload_t *
copy_payload (ink_payload_t *payload)
{
    if (!payload)
        return NULL;
    ink_payload_t *copy = ink_payload_new (ink_payload_size (payload));
    memcpy (ink_payload_data (copy), ink_payload_data (payload),
            ink_payload_size (payload));
    return copy;
}

//  What is put there must be a message that can be sent.
static inline void
put (queue_t *queue, uint64_t peer, const ink_msg_t *msg, ink_payload_t *payload)
{
    ink_buffer_t scratch = {0};
    parcel_t *parcel = calloc (1, sizeof *parcel);
    assert_int_equal (ink_msg_copy (msg, &scratch, &parcel->msg, &parcel->arena), INK_OK);
    ink_buffer_free (&scratch);
    parcel->payload = copy_payload (payload);
    parcel->peer = peer;
    assert_true (queue->size < QUEUE);
    queue->items[queue->size++] = parcel;
}

static inline void
burn (parcel_t *parcel)
{
    ink_payload_destroy (&parcel->payload);
    ink_arena_free (&parcel->arena);
    free (parcel);
}

static inline parcel_t *
take_at (queue_t *queue, size_t n)
{
    if (n >= queue->size)
        return NULL;
    parcel_t *parcel = queue->items[n];
    memmove (queue->items + n, queue->items + n + 1,
             (--queue->size - n) * sizeof *queue->items);
    return parcel;
}

static inline void
empty (queue_t *queue)
{
    while (queue->size)
        burn (take_at (queue, 0));
}

//  ---------------------------------------------------------------------------------------
//  The world

typedef struct {
    ink_runner_t *runner;
    uint64_t instance;
    uint64_t peer;    //  Of its connection to the ventilator
    uint64_t lane;    //  It is connected to; 0: none
    size_t next_slot; //  Of the current lease
    uint64_t lease;   //  The current one
    int64_t hangs_until;
    queue_t back, control;
} worker_t;

typedef struct {
    uint64_t number; //  0: none
    uint64_t client;
    uint64_t first, count;
    size_t places[KERNELS], kernel_count; //  Which kernels, in the request's order
    bool cancelled, ended[KERNELS];
    uint64_t seq, untaken[KERNELS];
} wish_t;

typedef struct {
    uint64_t handle;
    ink_lookup_t *lookup;
    bool told;
} view_t;

typedef struct {
    uint64_t random;
    bool calm;
    int64_t now;
    ink_foreman_t *foreman;
    ink_collector_t *collector;
    ink_cache_t *cache; //  NULL in some worlds
    bool batch;
    worker_t workers[WORKERS];
    uint64_t peers[CLIENTS];
    int64_t pinged[CLIENTS];
    queue_t inbox[CLIENTS];
    wish_t wishes[REQUESTS];
    queue_t front, back; //  Of the foreman
    queue_t to_sink, from_sink, values;
    queue_t *lanes[LANES];
    view_t views[64];
    ink_event_t caused[256];
    size_t caused_size;
    uint64_t next_peer, next_instance, next_number;
    uint64_t finals, errors, failures;
} world_t;

static inline uint64_t
draw (world_t *self, uint64_t below)
{
    return chance_below (&self->random, below);
}

//  True in so many of a thousand cases, never when the world is calm.
static inline bool
fault (world_t *self, uint64_t of_thousand)
{
    return !self->calm && draw (self, 1000) < of_thousand;
}

static inline bool
often (world_t *self)
{
    return draw (self, 100) < 70;
}

//  ---------------------------------------------------------------------------------------
//  What the file says: one byte value a part, an entropy that is the part's number

static inline size_t
value_of (const ink_kernel_t *kernel, ink_part_t part, uint8_t out[4096])
{
    uint32_t cells[256] = {0};
    float item = (float) (part.offset / PART) / 8;
    ink_args_t args;
    ink_args_init (&args, kernel);
    if (kernel == &ink_kernel_entropy)
        memcpy (cells, &item, sizeof item);
    else
        cells[kernel == &ink_kernel_histogram ? part.offset / PART : 0] =
            (uint32_t) part.length;
    ink_value_shape_t shape = ink_value_measure (kernel, &args, cells, part);
    ink_value_pack (&shape, kernel, &args, cells, out);
    return shape.size;
}

//  The answer over all parts of a range that did not fail.
static inline ink_payload_t *
oracle (const ink_kernel_t *kernel, ink_part_t range, const ink_msg_reply_t *reply)
{
    uint8_t value[4096];
    ink_args_t args;
    ink_args_init (&args, kernel);
    ink_answer_t *answer = ink_answer_new (kernel, &args, range);
    for (uint64_t at = range.offset; at < range.offset + range.length; at += PART) {
        bool failed = false;
        for (size_t n = 0; n < reply->failures.size; n++)
            failed |=
                at >= reply->failures.items[n].offset &&
                at - reply->failures.items[n].offset < reply->failures.items[n].length;
        ink_part_t part = {at, PART};
        size_t size = value_of (kernel, part, value);
        if (!failed)
            assert_int_equal (ink_answer_add (answer, value, size, part), INK_OK);
    }
    ink_payload_t *payload = ink_payload_new (ink_answer_size (answer));
    ink_answer_write (answer, ink_payload_data (payload));
    ink_answer_destroy (&answer);
    return payload;
}

//  ---------------------------------------------------------------------------------------
//  The foreman's actions

static inline view_t *
view_of (world_t *self, uint64_t handle)
{
    for (size_t n = 0; n < 64; n++)
        if (self->views[n].handle == handle)
            return &self->views[n];
    return NULL;
}

static inline void
end_view (view_t *view)
{
    if (!view)
        return;
    ink_lookup_destroy (&view->lookup);
    *view = (view_t){0};
}

static inline void
begin_view (world_t *self, uint64_t handle)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    end_view (view_of (self, handle));
    if (!demand)
        return;
    view_t *view = view_of (self, 0);
    *view = (view_t){.handle = handle, .lookup = ink_lookup_new (self->cache, demand)};
    if (often (self))
        ink_lookup_advance (view->lookup, INT32_MAX);
}

static inline ink_event_t *
cause (world_t *self, ink_event_kind_t kind)
{
    assert_true (self->caused_size < 256);
    ink_event_t *event = &self->caused[self->caused_size++];
    *event = (ink_event_t){.kind = kind};
    return event;
}

static inline void
to_client (world_t *self, const ink_action_t *action, ink_payload_t *payload)
{
    for (size_t c = 0; c < CLIENTS; c++)
        if (self->peers[c] == action->peer) {
            put (&self->inbox[c], action->peer, &action->msg, payload);
            return;
        }
    cause (self, INK_EVENT_CLIENT_GONE)->peer = action->peer;
}

static inline void
from_cache (world_t *self, const ink_action_t *action)
{
    const view_t *view = view_of (self, action->handle);
    uint64_t precision = action->msg.reply.precision;
    assert_non_null (view);
    const ink_answer_t *known = action->kind == INK_DO_GLIMPSE
                                    ? ink_lookup_glimpse (view->lookup, action->kernel)
                                    : ink_lookup_answer (view->lookup, action->kernel);
    assert_non_null (known);
    ink_payload_t *payload = ink_payload_new (ink_answer_size_at (known, precision));
    ink_answer_write_at (known, precision, ink_payload_data (payload));
    to_client (self, action, payload);
    ink_payload_destroy (&payload);
}

static inline void
tell_known (world_t *self, const ink_action_t *action)
{
    const view_t *view = view_of (self, action->handle);
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, action->handle);
    const ink_answer_t *known = ink_lookup_answer (view->lookup, action->kernel);
    bool counts = demand->strands[action->kernel].kernel->shape != INK_SHAPE_CELLS;
    uint8_t bytes[65536];
    size_t size = 0;
    for (size_t n = 0; n < (counts ? 1 : action->msg.known.runs.size); n++) {
        const ink_msg_run_t *run = &action->msg.known.runs.items[n];
        ink_part_t span = ink_plan_span (&demand->plan, run->first, run->count);
        ink_answer_extract (known, span, bytes + size);
        size += ink_answer_extract_size (known, span);
    }
    ink_payload_t *payload = ink_payload_new (size);
    memcpy (ink_payload_data (payload), bytes, size);
    put (&self->to_sink, 1, &action->msg, payload);
    ink_payload_destroy (&payload);
}

static inline void
look_at_part (world_t *self, const ink_action_t *action)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, action->handle);
    ink_event_t *event = cause (self, INK_EVENT_FOUND);
    event->handle = action->handle;
    event->kernel = action->kernel;
    event->part = action->part;
    if (!demand || !self->cache)
        return;
    const ink_strand_t *strand = &demand->strands[action->kernel];
    ink_part_t part = ink_plan_part (&demand->plan, action->part);
    ink_cache_key_t key =
        ink_cache_key (&strand->series, &demand->plan, part, strand->kin.reach);
    const void *value;
    size_t size;
    ink_look_t *look = ink_cache_look (self->cache);
    if (ink_look_get (look, &key, &value, &size)) {
        event->payload = ink_payload_new (size);
        memcpy (ink_payload_data (event->payload), value, size);
    }
    ink_look_end (&look);
}

static inline void
to_lane (world_t *self, const ink_action_t *action)
{
    assert_true (action->worker < LANES && self->lanes[action->worker]);
    put (self->lanes[action->worker], 1, &action->msg, NULL);
}

static inline void
to_worker (world_t *self, const ink_action_t *action)
{
    for (size_t n = 0; n < WORKERS; n++)
        if (self->workers[n].peer == action->peer)
            put (&self->workers[n].back, 1, &action->msg, NULL);
}

static inline void
publish (world_t *self, const ink_action_t *action)
{
    for (size_t n = 0; n < WORKERS; n++)
        if (self->workers[n].lane && !fault (self, 50))
            put (&self->workers[n].control, 1, &action->msg, NULL);
}

static inline void
set_lane (world_t *self, uint64_t worker, queue_t *lane)
{
    assert_true (worker < LANES);
    if (self->lanes[worker])
        empty (self->lanes[worker]);
    free (self->lanes[worker]);
    self->lanes[worker] = lane;
}

static inline void
perform (world_t *self, ink_action_t *action)
{
    switch (action->kind) {
    case INK_DO_SEND_CLIENT:
        to_client (self, action, action->payload);
        break;
    case INK_DO_SEND_WORKER:
        to_worker (self, action);
        break;
    case INK_DO_SEND_SINK:
        put (&self->to_sink, 1, &action->msg, action->payload);
        break;
    case INK_DO_MEET_SINK: //  Nothing is lost here
        break;
    case INK_DO_PUBLISH:
        publish (self, action);
        break;
    case INK_DO_SEND_LANE:
        to_lane (self, action);
        break;
    case INK_DO_OPEN_LANE:
        set_lane (self, action->worker, calloc (1, sizeof (queue_t)));
        to_worker (self, action);
        break;
    case INK_DO_CLOSE_LANE:
        set_lane (self, action->worker, NULL);
        break;
    case INK_DO_OPEN: {
        ink_event_t *event = cause (self, INK_EVENT_OPENED);
        event->handle = action->handle;
        event->identity = (ink_identity_t){.inode = 5, .size = PARTS * PART};
        break;
    }
    case INK_DO_LOOK:
        begin_view (self, action->handle);
        break;
    case INK_DO_ANSWER:
    case INK_DO_GLIMPSE:
        from_cache (self, action);
        break;
    case INK_DO_KNOWN:
        tell_known (self, action);
        break;
    case INK_DO_LOOK_END:
        end_view (view_of (self, action->handle));
        break;
    case INK_DO_LOOK_PART:
        look_at_part (self, action);
        break;
    }
}

//  ---------------------------------------------------------------------------------------
//  What must be true between steps

static inline void
check_strand (ink_foreman_t *foreman, const ink_strand_t *strand)
{
    uint64_t counts[INK_PART_ERROR + 1] = {0};
    for (uint64_t p = 0; p < strand->demand->parts; p++) {
        ink_chunk_key_t key = ink_office_key (strand, p);
        const ink_chunk_t *chunk = ink_leases_chunk (&foreman->leases, &key);
        counts[strand->states[p]]++;
        if (strand->states[p] == INK_PART_IN_PROGRESS)
            assert_true (chunk && chunk->lease);
        if (strand->states[p] == INK_PART_READY)
            assert_true (!chunk || !chunk->lease);
    }
    assert_int_equal (strand->ready, counts[INK_PART_READY]);
    assert_int_equal (strand->in_progress, counts[INK_PART_IN_PROGRESS]);
    assert_int_equal (strand->left,
                      strand->ready + strand->in_progress + counts[INK_PART_LOOKING]);
}

static inline void
check_demands (ink_foreman_t *foreman)
{
    size_t cursor = 0;
    ink_client_entry_t *client;
    while ((client = ink_map_next (foreman->demands.clients, &cursor))) {
        uint64_t running = 0, open = 0;
        INK_LIST_EACH (link, &client->demands)
        {
            ink_demand_t *demand = INK_ITEM (link, ink_demand_t, link);
            running += demand->running;
            open++;
            assert_int_equal (demand->node.place > 0, ink_demand_ready (demand) > 0);
            for (size_t k = 0;
                 demand->state != INK_DEMAND_OPENING && k < demand->strand_count; k++)
                check_strand (foreman, &demand->strands[k]);
        }
        assert_int_equal (client->running, running);
        assert_int_equal (client->open, open);
        assert_int_equal (client->node.place > 0, client->eager.size > 0);
    }
}

static inline void
check_lease (ink_foreman_t *foreman, const ink_lease_t *lease)
{
    size_t open = 0;
    for (size_t n = 0; n < lease->slots; n++) {
        const ink_chunk_t *chunk = lease->chunks[n];
        open += !lease->settled[n];
        if (!chunk)
            continue;
        assert_true (chunk->lease == lease || chunk->backup == lease);
        assert_false (lease->settled[n]);
        assert_int_equal (lease->state, INK_LEASE_RUNNING);
        assert_true (ink_office_is_wanted (foreman, &chunk->key, NULL));
    }
    assert_int_equal (open, lease->open);
    assert_true (open > 0);
}

static inline void
check_workers (ink_foreman_t *foreman)
{
    INK_LIST_EACH (link, ink_registry_workers (foreman->registry))
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        int64_t last = 0, sum = 0, over = 0;
        size_t held = 0, ahead = 0;
        INK_LIST_EACH (owned, &worker->leases)
        {
            const ink_lease_t *lease = INK_ITEM (owned, ink_lease_t, link);
            check_lease (foreman, lease);
            sum += lease->estimate_ns;
            held++;
            ahead += lease->ahead;
            if (lease->ahead)
                over += lease->estimate_ns;
            else
                last = lease->estimate_ns;
        }
        assert_int_equal (worker->held, held);
        assert_int_equal (worker->in_hand_ns, sum);
        assert_true (ahead <= 1);
        assert_true (held - ahead <= worker->slots + 1 ||
                     sum - over - last < INK_CREDIT_NS);
    }
}

static inline void
check (ink_foreman_t *foreman)
{
    check_demands (foreman);
    check_workers (foreman);
}

//  ---------------------------------------------------------------------------------------
//  Steps

static inline void
step_foreman (world_t *self, ink_event_t event)
{
    const ink_actions_t *out;
    assert_int_equal (ink_foreman_step (self->foreman, self->now, &event, &out), INK_OK);
    check (self->foreman);
    for (size_t n = 0; n < out->size; n++) {
        perform (self, &out->items[n]);
        ink_payload_destroy (&out->items[n].payload);
    }
}

static inline void
perform_for_sink (world_t *self, const ink_sink_action_t *action, ink_payload_t *value)
{
    ink_payload_t *payload = NULL;
    switch (action->kind) {
    case INK_SINK_SEND:
        put (&self->from_sink, 1, &action->msg, NULL);
        break;
    case INK_SINK_REPLY:
        payload = ink_payload_new (action->answer ? ink_answer_size (action->answer) : 0);
        if (action->answer)
            ink_answer_write (action->answer, ink_payload_data (payload));
        put (&self->from_sink, 1, &action->msg, payload);
        ink_payload_destroy (&payload);
        break;
    case INK_SINK_STORE:
        if (self->cache && !self->batch)
            ink_cache_begin (self->cache);
        self->batch = self->cache;
        if (self->cache)
            ink_cache_put (self->cache, &action->key, ink_payload_data (value),
                           ink_payload_size (value));
        break;
    case INK_SINK_RAISE:
    case INK_SINK_PURGE:
        fail_msg ("nothing has changed");
    }
}

static inline void
step_sink (world_t *self, ink_heard_t heard)
{
    const ink_sink_actions_t *out;
    assert_int_equal (ink_collector_step (self->collector, self->now, &heard, &out),
                      INK_OK);
    for (size_t n = 0; n < out->size; n++)
        perform_for_sink (self, &out->items[n], heard.payload);
}

static inline void
commit (world_t *self)
{
    if (self->batch)
        (void) ink_cache_commit (self->cache);
    self->batch = false;
}

#endif

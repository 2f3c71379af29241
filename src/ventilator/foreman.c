//  foreman.c: the door of the ventilator's brain, time, and how demands end.

#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "value/answer.h"
#include "ventilator/office.h"
#include "ventilator/partial.h"
#include "ventilator/unread.h"

#define TICK_US 100000
#define BEACON_US 250000
#define GREET_US 1000000

//  While somebody is being met, everything that proves a path is said this often
#define MEETING_US 5000

//  A sink that is away for longer is greeted as seldom as one that is there: what is said to
//  nobody piles up
#define HURRY_US 10000000
#define CLIENT_SILENCE_US 5000000
#define SINK_SILENCE_US 4000000
#define STRANDED_US 5000000
#define FINALS_US 5000000

//  We tick far more often than this: a longer gap is a pause of this process
#define PAUSE_US 500000

ink_foreman_t *
ink_foreman_new (uint64_t epoch, const char *control, const char *values)
{
    ink_foreman_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->epoch = epoch;
    self->control = control;
    self->values = values;
    self->registry = ink_registry_new ();
    if (!self->registry || ink_demands_init (&self->demands) ||
        ink_leases_init (&self->leases))
        ink_foreman_destroy (&self);
    return self;
}

void
ink_foreman_destroy (ink_foreman_t **self_p)
{
    ink_foreman_t *self = *self_p;
    if (!self)
        return;
    ink_leases_free (&self->leases);
    ink_demands_free (&self->demands);
    ink_registry_destroy (&self->registry);
    ink_payload_destroy (&self->nowhere.payload);
    ink_free (self->out.items);
    ink_arena_free (&self->arena);
    ink_free (self);
    *self_p = NULL;
}

const ink_demand_t *
ink_foreman_demand (ink_foreman_t *self, uint64_t handle)
{
    return ink_map_get (self->demands.by_handle, &handle);
}

//  ---------------------------------------------------------------------------------------
//  Actions

ink_action_t *
ink_office_do (ink_foreman_t *self, ink_do_t kind)
{
    ink_actions_t *out = &self->out;
    if (out->size == out->room) {
        size_t room = out->room ? out->room * 2 : 64;
        ink_action_t *items = ink_resize (out->items, room * sizeof *items);
        if (!items) {
            self->failed = true;
            ink_payload_destroy (&self->nowhere.payload);
            return &self->nowhere;
        }
        out->items = items;
        out->room = room;
    }
    ink_action_t *action = &out->items[out->size++];
    memset (action, 0, sizeof *action);
    action->kind = kind;
    return action;
}

ink_msg_t *
ink_office_say (ink_foreman_t *self, ink_do_t kind, uint64_t peer, ink_msg_kind_t msg)
{
    ink_action_t *action = ink_office_do (self, kind);
    action->peer = peer;
    action->msg.kind = msg;
    return &action->msg;
}

void *
ink_office_alloc (ink_foreman_t *self, size_t size)
{
    void *memory = ink_arena_alloc (&self->arena, size);
    if (!memory)
        self->failed = true;
    return memory;
}

const char *
ink_office_text (ink_foreman_t *self, const char *text)
{
    const char *copy = ink_arena_string (&self->arena, text, strlen (text));
    if (!copy)
        self->failed = true;
    return copy ? copy : "";
}

//  ---------------------------------------------------------------------------------------
//  Replies: at most one partial of a kernel is on its way, the newest waits behind it

//  Without a payload, the shell adds what the cache knows.
static uint64_t
bytes_of (const ink_strand_t *strand, const ink_msg_reply_t *reply,
          const ink_payload_t *payload)
{
    const ink_demand_t *demand = strand->demand;
    ink_part_t range = {demand->offset, demand->length};
    if (payload)
        return ink_payload_size (payload);
    if (strand->kernel->shape == INK_SHAPE_RECORDS)
        return reply->error ? 0 : strand->known_bytes;
    return reply->error ? 0
                        : ink_answer_bytes_at (strand->kernel, &strand->args, range,
                                               reply->precision);
}

ink_action_t *
ink_office_reply (ink_foreman_t *self, ink_strand_t *strand, const ink_msg_reply_t *reply,
                  ink_payload_t *payload)
{
    ink_demand_t *demand = strand->demand;
    if (ink_partial_is_less (strand, reply)) {
        ink_payload_destroy (&payload);
        return NULL;
    }
    ink_payload_destroy (&strand->held_payload);
    self->counters.partials_replaced += strand->held;
    strand->held = !reply->final && strand->untaken && !INK_PLANTED (9);
    if (strand->held) {
        strand->held_reply = *reply;
        strand->held_payload = payload;
        return NULL;
    }
    strand->ended = reply->final;
    if (reply->final && !demand->error)
        demand->error = (int) reply->error;
    demand->incomplete |= reply->failures.size > 0;
    self->counters.finals += reply->final;
    self->counters.partials += !reply->final;
    strand->untaken = reply->final ? 0 : demand->seq + 1;
    ink_unread_sent (&self->demands, demand->client, bytes_of (strand, reply, payload));

    ink_action_t *action = ink_office_do (self, INK_DO_SEND_CLIENT);
    action->peer = demand->client->peer;
    action->payload = payload;
    action->msg.kind = INK_MSG_REPLY;
    action->msg.reply = *reply;
    action->msg.reply.id = ink_office_text (self, demand->id);
    action->msg.reply.kernel = (uint64_t) (strand - demand->strands);
    action->msg.reply.seq = ++demand->seq;
    action->msg.reply.source_size = demand->identity.size;
    action->msg.reply.other_size = demand->other_identity.size;
    action->msg.reply.elapsed_us = (uint64_t) (self->now - demand->admitted);
    return action;
}

//  Its chunks that no kin wants are dropped, and leases of which nothing is left revoked.
static void
release_chunks (ink_foreman_t *self, ink_demand_t *demand, ink_strand_t *strand)
{
    for (uint64_t p = 0; strand->in_progress && p < demand->parts; p++) {
        if (strand->states[p] != INK_PART_IN_PROGRESS)
            continue;
        strand->in_progress--;
        strand->states[p] = INK_PART_DONE;
        ink_chunk_key_t key = ink_office_key (strand, p);
        ink_chunk_t *chunk = ink_leases_chunk (&self->leases, &key);
        if (!chunk || (ink_office_is_wanted (self, &key, demand) && !INK_PLANTED (10)))
            continue;
        ink_office_note_unwanted (self, chunk);
        ink_office_drop (self, chunk);
    }
}

//  The sink keeps its answers until then: a final that is lost is asked for again.
static void
tell_forget (ink_foreman_t *self, const ink_demand_t *demand, bool purge)
{
    if (!demand->order || INK_PLANTED (8))
        return;
    ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_SINK, 0, INK_MSG_FORGET);
    msg->forget.handle = demand->handle;
    msg->forget.purge = purge;
}

void
ink_office_retire (ink_foreman_t *self, ink_demand_t *demand, bool purge)
{
    ink_office_ended (self, demand->error, demand->incomplete);
    tell_forget (self, demand, purge);
    ink_office_sample_no_more (self, demand);
    for (size_t k = 0; k < demand->strand_count; k++)
        if (demand->strands[k].states)
            release_chunks (self, demand, &demand->strands[k]);
    if (demand->running)
        ink_office_bequeath (self, demand);
    ink_demands_retire (&self->demands, demand);
}

void
ink_office_end (ink_foreman_t *self, ink_demand_t *demand, int error, const char *detail)
{
    const char *why = ink_office_text (self, detail ? detail : "");
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        if (strand->ended)
            continue;
        ink_msg_reply_t reply = {.id = "",
                                 .final = 1,
                                 .error = (uint64_t) error,
                                 .detail = why,
                                 .total = strand->states ? demand->length : 0,
                                 .cached = strand->cached,
                                 .computed = strand->computed,
                                 .bound = INK_EXACT};
        ink_office_reply (self, strand, &reply, NULL);
    }
    ink_office_retire (self, demand, error == INK_ECHANGED);
}

void
ink_office_replan (ink_foreman_t *self, ink_demand_t *demand)
{
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        for (uint64_t p = 0; p < demand->parts; p++)
            if (strand->states[p] != INK_PART_IN_PROGRESS)
                ink_strand_set (&self->demands, strand, p, INK_PART_LOOKING);
    }
    demand->early = false;
    ink_office_look (self, demand);
}

//  ---------------------------------------------------------------------------------------
//  Time

static void
publish_beacon (ink_foreman_t *self)
{
    ink_msg_t *msg = ink_office_say (self, INK_DO_PUBLISH, 0, INK_MSG_BEACON);
    msg->beacon.epoch = self->epoch;
    msg->beacon.seq = self->seq;
}

static void
greet_sink (ink_foreman_t *self)
{
    if (self->sink && self->now - self->sink_heard > SINK_SILENCE_US)
        self->sink = 0; //  Whoever greets us next is another one, even if it is not
    //  libzmq gives a connection up for ever when it could not hold one of its frames
    if (!self->sink && self->now - self->sink_heard > SINK_SILENCE_US &&
        self->now >= self->next_meeting) {
        self->next_meeting = self->now + SINK_SILENCE_US;
        ink_office_do (self, INK_DO_MEET_SINK);
    }
    ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_SINK, 0, INK_MSG_GREET);
    msg->greet.epoch = self->epoch;
    msg->greet.order = self->order;
}

static void
check_workers (ink_foreman_t *self)
{
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (self->now - worker->heard > INK_WORKER_SILENCE) {
            ink_office_lose (self, worker, true);
            continue;
        }
        ink_worker_pardon (worker, self->now);
        if (worker->state == INK_WORKER_LIVE || !self->sink)
            worker->provable = self->now;
        else if (self->now - worker->provable > INK_WORKER_PROOF && !INK_PLANTED (12)) {
            ink_office_meet_again (self, worker);
            continue;
        }
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            if (self->now < lease->deadline || INK_PLANTED (11))
                continue;
            if (lease->state == INK_LEASE_CANCELLING)
                ink_office_close_lease (self, lease);
            else
                ink_office_expire (self, lease);
        }
    }
}

//  When all parts have settled the finals come at once. If they do not, the sink has not got what
//  we believe: a worker has named another's lease, for one. What it lacks is found by planning
//  again.
static bool
finals_are_overdue (ink_foreman_t *self, ink_demand_t *demand, uint64_t wanted)
{
    if (demand->state != INK_DEMAND_RUNNING || wanted || !self->sink)
        demand->complete = 0;
    else if (!demand->complete)
        demand->complete = self->now;
    return demand->complete && self->now - demand->complete > FINALS_US;
}

//  A demand that nobody can serve waits a while for somebody who can.
static void
check_demand (ink_foreman_t *self, ink_demand_t *demand)
{
    if (self->now >= demand->deadline) {
        ink_office_end (self, demand, INK_ETIMEOUT, NULL);
        return;
    }
    if (demand->early && demand->state == INK_DEMAND_RUNNING)
        ink_office_go_on (self, demand);
    uint64_t wanted = 0;
    for (size_t k = 0; k < demand->strand_count; k++)
        if (demand->strands[k].left)
            wanted |= (uint64_t) 1 << demand->strands[k].number;
    if (finals_are_overdue (self, demand, wanted)) {
        demand->complete = 0;
        ink_office_replan (self, demand);
        return;
    }
    bool served = demand->state != INK_DEMAND_RUNNING ||
                  (self->sink && (!ink_demand_ready (demand) || demand->running ||
                                  ink_registry_serves (self->registry, wanted)));
    if (served)
        demand->stranded = 0;
    else if (!demand->stranded)
        demand->stranded = self->now;
    else if (self->now - demand->stranded > STRANDED_US) {
        char names[512];
        ink_registry_names (self->registry, wanted, names, sizeof names);
        ink_office_end (self, demand, self->sink ? INK_ENOWORKER : INK_ENOSINK,
                        self->sink ? names : NULL);
    }
}

static void
check_clients (ink_foreman_t *self)
{
    size_t cursor = 0;
    ink_client_entry_t *client;
    while ((client = ink_map_next (self->demands.clients, &cursor))) {
        if (self->now - client->heard > CLIENT_SILENCE_US) {
            self->counters.clients_lost += !ink_list_empty (&client->demands);
            ink_office_client_silent (self, client);
            continue;
        }
        INK_LIST_EACH (link, &client->demands)
        check_demand (self, INK_ITEM (link, ink_demand_t, link));
    }
}

//  Somebody has not yet shown that the path to and from them works.
static bool
is_meeting (ink_foreman_t *self)
{
    bool meeting = !self->sink;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    meeting |= INK_ITEM (link, ink_worker_t, link)->state != INK_WORKER_LIVE;
    return meeting;
}

static void
tick (ink_foreman_t *self)
{
    if (self->now < self->next_tick)
        return;
    bool meeting = is_meeting (self);
    self->next_tick = self->now + (meeting ? MEETING_US : TICK_US);
    if (self->now >= self->next_beacon || meeting) {
        self->next_beacon = self->now + BEACON_US;
        publish_beacon (self);
        ink_office_probe_all (self);
    }
    if (!self->sink_heard)
        self->sink_heard = self->now; //  From here on it is missed
    bool hurry = !self->sink && self->now - self->sink_heard < HURRY_US;
    if (self->now >= self->next_greet || hurry) {
        self->next_greet = self->now + GREET_US;
        greet_sink (self);
    }
    check_workers (self);
    check_clients (self);
    ink_office_back_up (self);
    ink_office_sweep (self);
}

//  When we were not run for a while, nobody else is to blame for having been silent: the
//  messages that prove them alive are still in our sockets.
static void
forgive_pause (ink_foreman_t *self, int64_t now)
{
    int64_t late = now - self->now;
    if (!self->now || late < PAUSE_US || INK_PLANTED (7))
        return;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        worker->heard += late;
        worker->provable += late;
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            lease->since += late;
            lease->due += late;
            lease->deadline += late;
        }
    }
    size_t cursor = 0;
    ink_client_entry_t *client;
    while ((client = ink_map_next (self->demands.clients, &cursor))) {
        client->heard += late;
        INK_LIST_EACH (link, &client->demands)
        {
            ink_demand_t *demand = INK_ITEM (link, ink_demand_t, link);
            demand->stranded = demand->complete = 0;
        }
    }
    self->sink_heard += late;
}

int64_t
ink_foreman_deadline (const ink_foreman_t *self)
{
    return self->next_tick;
}

//  ---------------------------------------------------------------------------------------
//  The door

static void
handle (ink_foreman_t *self, ink_event_t *event)
{
    switch (event->kind) {
    case INK_EVENT_CLIENT:
        ink_office_client (self, event);
        break;
    case INK_EVENT_CLIENT_GONE:
        ink_office_client_gone (self, event->peer);
        break;
    case INK_EVENT_WORKER:
        ink_office_worker (self, event);
        break;
    case INK_EVENT_SINK:
        ink_office_sink (self, event);
        break;
    case INK_EVENT_OPENED:
        ink_office_opened (self, event);
        break;
    case INK_EVENT_GLIMPSED:
        ink_office_glimpsed (self, event);
        break;
    case INK_EVENT_LOOKED:
        ink_office_looked (self, event);
        break;
    case INK_EVENT_FOUND:
        ink_office_found (self, event);
        break;
    case INK_EVENT_LANE_STUCK:
        ink_office_lane_stuck (self, event->worker);
        break;
    case INK_EVENT_BAD_MESSAGE:
        ink_office_bad_message (self, event);
        break;
    case INK_EVENT_TIMER:
        tick (self);
        break;
    case INK_EVENT_CACHE:
        self->cache = *event->cache;
        break;
    }
}

int
ink_foreman_step (ink_foreman_t *self, int64_t now, ink_event_t *event,
                  const ink_actions_t **out)
{
    self->out.size = 0;
    self->revoked = (ink_revoked_t){0};
    ink_arena_reset (&self->arena);
    forgive_pause (self, now);
    self->now = now;
    handle (self, event);
    ink_office_thin_out (self);
    ink_office_dispatch (self);
    ink_payload_destroy (&event->payload); //  Unless somebody kept it
    *out = &self->out;
    self->failed |= self->demands.failed;
    for (size_t n = 0; self->failed && n < self->out.size; n++)
        ink_payload_destroy (&self->out.items[n].payload); //  Nobody will perform it
    return self->failed ? INK_ENOMEM : INK_OK;
}

//  sink.c: the shell around the collector, faked whole.
//
//  The order of things is that of src/sink/sink.c: what is expected before what comes, then
//  the commit, then the timer.

#include <stdlib.h>
#include <string.h>

#include "harm.h"
#include "inkling/error.h"
#include "invariants.h"
#include "sink.h"
#include "store.h"

#define DRAIN_MOST 256
#define QUEUE_MOST 100000

static sim_sink_t *
of (process_t *process)
{
    return (sim_sink_t *) (void *) process;
}

//  ---------------------------------------------------------------------------------------
//  Performing

static void
put (world_t *world, sim_sink_t *self, const ink_cache_key_t *key)
{
    if (!self->letter.payload)
        return;
    if (!self->batch)
        ink_cache_begin (world->store->cache);
    self->batch = true;
    ink_cache_put (world->store->cache, key, ink_payload_data (self->letter.payload),
                   ink_payload_size (self->letter.payload));
}

static void
commit (world_t *world, sim_sink_t *self)
{
    if (!self->batch)
        return;
    self->batch = false;
    int rc = ink_cache_commit (world->store->cache);
    world_note (world, &self->process, '=', rc ? "commit fails" : "commits", "", 0, 0, 0);
}

static void
say (world_t *world, sim_sink_t *self, const ink_sink_action_t *action,
     ink_payload_t *payload)
{
    link_t *link = network_peer (world->network, LINK_SINK, action->peer);
    world_note_message (world, &self->process, '>', &action->msg);
    int rc = link ? link_send (world, link, WAY_DOWN, &action->msg, payload, QUEUE_MOST)
                  : INK_ELOST;
    if (rc == INK_EMESSAGE)
        world_fail (world, "the sink says what cannot be encoded");
}

static void
send_reply (world_t *world, sim_sink_t *self, const ink_sink_action_t *action)
{
    uint64_t precision = action->msg.reply.precision;
    ink_payload_t *payload = ink_payload_new (
        action->answer ? ink_answer_size_at (action->answer, precision) : 0);
    if (action->outline)
        ink_outline_write (action->outline, action->answer, precision,
                           ink_payload_data (payload));
    else if (action->estimate)
        ink_estimate_write (action->estimate, action->answer, action->estimated,
                            ink_payload_data (payload));
    else if (action->answer)
        ink_answer_write_at (action->answer, precision, ink_payload_data (payload));
    say (world, self, action, payload);
    ink_payload_destroy (&payload);
}

static void
perform (world_t *world, sim_sink_t *self, const ink_sink_action_t *action)
{
    switch (action->kind) {
    case INK_SINK_SEND:
        say (world, self, action, NULL);
        break;
    case INK_SINK_REPLY:
        send_reply (world, self, action);
        break;
    case INK_SINK_STORE:
        put (world, self, &action->key);
        break;
    case INK_SINK_RAISE:
        ink_raise_begin (&self->raise, &action->wish);
        break;
    case INK_SINK_PURGE:
        commit (world, self);
        ink_raise_end (&self->raise);
        (void) ink_cache_purge (world->store->cache, &action->series);
        break;
    }
}

//  ---------------------------------------------------------------------------------------
//  Stepping

static void
step (world_t *world, sim_sink_t *self, const ink_heard_t *heard)
{
    const ink_sink_actions_t *actions;
    world->events++;
    if (ink_collector_step (self->collector, world->now, heard, &actions))
        world_fail (world, "the collector has no memory");
    check_collector (world, self, heard, actions);
    bool doomed = process_is_doomed (&self->process);
    size_t most = doomed ? world_draw (world, actions->size + 1) : actions->size;
    for (size_t n = 0; n < most; n++)
        perform (world, self, &actions->items[n]);
    if (doomed)
        harm_die (world, &self->process);
}

static void
receive (world_t *world, sim_sink_t *self, link_kind_t link, ink_heard_kind_t kind)
{
    for (int n = 0; n < DRAIN_MOST && self->process.alive; n++) {
        int rc = process_receive (world, &self->process, link, &self->letter);
        if (rc == INK_POST_NONE)
            return;
        ink_heard_t heard = {.kind = rc ? INK_HEARD_BAD_MESSAGE : kind,
                             .peer = self->letter.peer,
                             .msg = &self->letter.msg,
                             .payload = self->letter.payload};
        step (world, self, &heard);
    }
}

static bool
has_leisure (const sim_sink_t *self)
{
    return self->raise.under_way || ink_collector_has_wishes (self->collector);
}

static void
use_leisure (world_t *world, sim_sink_t *self)
{
    if (!self->raise.under_way)
        step (world, self, &(ink_heard_t){.kind = INK_HEARD_IDLE});
    if (!self->process.alive || !self->raise.under_way ||
        !ink_raise_step (&self->raise, world->store->cache))
        return;
    world_note (world, &self->process, '=', "raises", "node %llu of %llu",
                self->raise.wish.key.node.n, self->raise.wish.key.node.span, 0);
    step (world, self,
          &(ink_heard_t){.kind = INK_HEARD_RAISED, .raised = &self->raise.wish});
}

static void
turn (world_t *world, process_t *process)
{
    sim_sink_t *self = of (process);
    bool nothing = !process->inbox[LINK_SINK].size && !process->inbox[LINK_VALUES].size;
    receive (world, self, LINK_SINK, INK_HEARD_VENTILATOR);
    receive (world, self, LINK_VALUES, INK_HEARD_WORKER);
    if (process->alive && ink_collector_is_full (self->collector)) {
        commit (world, self);
        step (world, self, &(ink_heard_t){.kind = INK_HEARD_STORED});
    }
    if (process->alive && ink_collector_deadline (self->collector) <= world->now)
        step (world, self, &(ink_heard_t){.kind = INK_HEARD_TIMER});
    if (process->alive && nothing && has_leisure (self))
        use_leisure (world, self);
    if (!process->alive)
        return;
    if (self->next_tend <= world->now) {
        self->next_tend = world->now + SECOND;
        ink_cache_tend (world->store->cache);
    }
    process_wake (world, process, ink_collector_deadline (self->collector));
    process_wake (world, process, self->next_tend);
    if (process->inbox[LINK_SINK].size || process->inbox[LINK_VALUES].size ||
        has_leisure (self))
        process_wake (world, process, world->now + 50);
}

//  ---------------------------------------------------------------------------------------
//  Lives

sim_sink_t *
sink_new (world_t *world)
{
    (void) world;
    sim_sink_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->process = (process_t){.role = "sink", .turn = turn, .wake = NEVER};
    return self;
}

void
sink_destroy (sim_sink_t **self_p)
{
    ink_raise_end (&(*self_p)->raise);
    ink_collector_destroy (&(*self_p)->collector);
    ink_letter_free (&(*self_p)->letter);
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++)
        parcels_free (&(*self_p)->process.inbox[kind]);
    free (*self_p);
    *self_p = NULL;
}

void
sink_start (world_t *world)
{
    sim_sink_t *self = world->sink;
    ink_raise_end (&self->raise);
    ink_collector_destroy (&self->collector);
    uint64_t instance = world_draw (world, UINT64_C (1) << 40) | 1;
    self->collector = ink_collector_new (instance);
    self->process.alive = true;
    self->process.wake = NEVER;
    self->process.stopped_until = self->process.busy_until = 0;
    self->process.doom = 0;
    self->batch = false;
    memset (self->values, 0, sizeof self->values);
    world_note (world, &self->process, '!', "begins", "instance %llx", instance, 0, 0);
    process_wake (world, &self->process, world->now);
}

void
sink_kill (world_t *world, int64_t back_at)
{
    sim_sink_t *self = world->sink;
    world_note (world, &self->process, '!', "dies", "", 0, 0, 0);
    self->process.alive = false;
    if (self->batch)
        store_abandon (world->store);
    self->batch = false;
    network_bury (world, &self->process, back_at);
}

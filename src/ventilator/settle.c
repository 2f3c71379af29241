//  settle.c: what the sink says.

#include <string.h>

#include "base/plant.h"
#include "ventilator/office.h"

//  A range that cannot be read is tried so often
#define FAILURES_MOST 2

//  The state behind a part of a chain has come; without an arrival it came too early, or it was
//  another one, and is computed again.
static void
settle_link (ink_foreman_t *self, ink_strand_t *strand, uint64_t n,
             const ink_msg_arrival_t *arrival)
{
    if (arrival) {
        ink_office_reach (self, strand, n, arrival);
        return;
    }
    ink_strand_set (&self->demands, strand, n, INK_PART_WAITING);
    ink_office_release (self, strand);
}

//  A value has arrived for everybody who waited for it, but a demand that the sink did not
//  know yet must get it from the cache.
static void
settle_chunk (ink_foreman_t *self, ink_chunk_t *chunk, const ink_msg_arrival_t *arrival,
              uint64_t order)
{
    //  A worker may have sent it under the number of another lease
    bool is_its_state = arrival->words.size &&
                        arrival->place == ink_kin_place (chunk->key.series.bytes,
                                                         (ink_part_t){chunk->key.offset,
                                                                      chunk->key.length});
    for (ink_kin_walk_t walk = ink_office_kin (self, &chunk->key);
         ink_kin_next (&walk);) {
        ink_strand_t *strand = ink_office_strand (&walk);
        ink_demand_t *demand = strand->demand;
        uint8_t state = strand->states[walk.n];
        if (demand->state != INK_DEMAND_RUNNING ||
            (state != INK_PART_IN_PROGRESS && state != INK_PART_READY &&
             state != INK_PART_WAITING))
            continue;
        bool heard = demand->order <= order || INK_PLANTED (2);
        if (strand->chain) {
            settle_link (self, strand, walk.n, heard && is_its_state ? arrival : NULL);
            continue;
        }
        ink_strand_set (&self->demands, strand, walk.n,
                        heard ? INK_PART_DONE : INK_PART_LOOKING);
        if (INK_PLANTED (3))
            break;
        if (heard)
            continue;
        ink_action_t *action = ink_office_do (self, INK_DO_LOOK_PART);
        action->handle = demand->handle;
        action->kernel = (uint64_t) (strand - demand->strands);
        action->part = walk.n;
    }
    ink_office_drop (self, chunk);
}

static bool
is_of_series (const ink_demand_t *demand, const ink_series_t *series)
{
    for (size_t k = 0; demand->parts && k < demand->strand_count; k++)
        if (memcmp (&demand->strands[k].series, series, sizeof *series) == 0)
            return true;
    return false;
}

//  The source is another one: every demand over the old one ends.
static void
source_has_changed (ink_foreman_t *self, const ink_series_t *series)
{
    size_t cursor = 0;
    ink_demand_t *demand;
    while ((demand = ink_map_next (self->demands.by_handle, &cursor)))
        if (is_of_series (demand, series)) {
            ink_office_end (self, demand, INK_ECHANGED, NULL);
            if (INK_PLANTED (6))
                break;
        }
}

static void
fail_chunk (ink_foreman_t *self, ink_lease_t *lease, size_t slot, int error)
{
    ink_chunk_t *chunk = lease->chunks[slot];
    if (error == INK_ECHANGED) {
        const ink_chunk_key_t key = chunk->key;
        source_has_changed (self, &key.series);
        chunk =
            ink_leases_chunk (&self->leases, &key); //  Goes with who wanted it, as a rule
        if (chunk)
            ink_office_drop (self, chunk);
        return;
    }
    chunk->failures++;
    if (chunk->failures >= FAILURES_MOST)
        ink_office_give_up (self, chunk, error);
    else
        ink_office_return (self, lease, slot);
}

//  Whether the sink has heard of somebody who waits for the chunk.
static bool
is_expected (ink_foreman_t *self, const ink_chunk_t *chunk, uint64_t order)
{
    for (ink_kin_walk_t walk = ink_office_kin (self, &chunk->key);
         ink_kin_next (&walk);) {
        const ink_strand_t *strand = ink_office_strand (&walk);
        if (strand->states[walk.n] == INK_PART_IN_PROGRESS &&
            strand->demand->order <= order)
            return true;
    }
    return false;
}

//  What became of a slot of a lease: a value or an error that came for a chunk somebody wants.
static void
settle_slot (ink_foreman_t *self, ink_lease_t *lease, const ink_msg_arrival_t *arrival,
             uint64_t order)
{
    ink_chunk_t *chunk = lease->chunks[arrival->slot];
    int error = arrival->error < INK_ERROR_COUNT ? (int) arrival->error : INK_EVALUE;
    //  A value that none of those took who wait for this chunk is the value of something else
    if (!error && !arrival->taken && is_expected (self, chunk, order))
        error = INK_EVALUE;
    if (error) {
        fail_chunk (self, lease, arrival->slot, error);
        return;
    }
    //  No value took longer than its lease is old, give or take a tenth of a second
    uint64_t most = (uint64_t) (self->now - lease->since + 100000) * 1000;
    if (!lease->care)
        ink_registry_learn (self->registry, lease->worker, chunk->kernel,
                            chunk->key.length,
                            arrival->busy_ns < most ? arrival->busy_ns : most);
    self->counters.parts_failed += arrival->failed > 0;
    if (!arrival->failed)
        chunk->deaths = chunk->failures = 0; //  Whatever it was, it was not the chunk
    settle_chunk (self, chunk, arrival, order);
}

//  A sample is for one demand alone, and nothing waits for it.
static void
settle_sample (ink_foreman_t *self, const ink_lease_t *lease,
               const ink_msg_arrival_t *arrival)
{
    const ink_demand_t *demand = ink_map_get (self->demands.by_handle, &lease->handle);
    if (!demand || arrival->error != INK_ECHANGED)
        return;
    const ink_series_t series = demand->strands[0].series;
    source_has_changed (self, &series);
}

//  Whether the lease has such a slot.
static bool
has_slot (const ink_lease_t *lease, const ink_msg_arrival_t *arrival)
{
    return lease && arrival->slot < lease->slots && arrival->sample == (lease->fold > 0);
}

static void
on_arrival (ink_foreman_t *self, const ink_msg_arrival_t *arrival, uint64_t order)
{
    self->counters.samples += arrival->error == INK_OK && arrival->sample;
    self->counters.parts_computed += arrival->error == INK_OK && !arrival->sample;
    self->counters.bad_values += arrival->error == INK_EVALUE;
    ink_lease_t *lease = ink_leases_find (&self->leases, arrival->lease);
    if (!has_slot (lease, arrival)) {
        self->counters.late_values++;
        return;
    }
    ink_slot_t slot = lease->settled[arrival->slot];
    if (slot != INK_SLOT_OPEN && !INK_PLANTED (1)) {
        self->counters.doubled_values += slot == INK_SLOT_SETTLED;
        self->counters.late_values += slot == INK_SLOT_PASSED_OVER;
        return;
    }
    if (arrival->error == INK_OK || arrival->error == INK_EVALUE)
        self->counters.quarantines +=
            ink_worker_judge (lease->worker, arrival->error == INK_OK, self->now);
    lease->settled[arrival->slot] = INK_SLOT_SETTLED;
    lease->open--;
    if (lease->fold)
        settle_sample (self, lease, arrival);
    else if (lease->chunks[arrival->slot])
        settle_slot (self, lease, arrival, order);
    else
        self->counters.late_values++;

    lease =
        ink_leases_find (&self->leases, arrival->lease); //  May have ended with a demand
    if (lease && lease->open == 0)
        ink_office_close_lease (self, lease);
    else if (lease && lease->state == INK_LEASE_RUNNING && !ink_lease_is_wanted (lease))
        ink_office_revoke (self, lease);
}

//  The sink knows of more demands: what came too early for them may be computed again.
static void
hear_order (ink_foreman_t *self, uint64_t order)
{
    size_t cursor = 0;
    ink_demand_t *demand;
    self->sink_order = order;
    while (self->early && (demand = ink_map_next (self->demands.by_handle, &cursor)))
        if (demand->early && demand->order <= order)
            ink_office_go_on (self, demand);
    self->early = false; //  The rest is looked after by the clock
}

static void
on_settled (ink_foreman_t *self, const ink_msg_settled_t *settled)
{
    if (settled->epoch != self->epoch)
        return;
    if (settled->instance != self->sink) { //  It knows little of what we expect
        self->next_greet = self->now;
        self->counters.late_values += settled->arrivals.size;
        return;
    }
    hear_order (self, settled->order);
    for (size_t n = 0; n < settled->arrivals.size; n++)
        on_arrival (self, &settled->arrivals.items[n], settled->order);
}

//  Only finals list failures, and finals are never kept back: the copy need not last.
static const ink_msg_failure_t *
copy_failures (ink_foreman_t *self, const ink_msg_reply_t *reply)
{
    size_t size = reply->failures.size * sizeof *reply->failures.items;
    if (!reply->final || !size)
        return NULL;
    ink_msg_failure_t *copy = ink_office_alloc (self, size);
    if (copy)
        memcpy (copy, reply->failures.items, size);
    return copy;
}

static void
on_reply (ink_foreman_t *self, ink_event_t *event)
{
    const ink_msg_reply_t *reply = &event->msg->reply;
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &reply->handle);
    if (!demand || reply->kernel >= demand->strand_count ||
        demand->state != INK_DEMAND_RUNNING || demand->strands[reply->kernel].ended)
        return;
    ink_strand_t *strand = &demand->strands[reply->kernel];
    strand->cached = reply->cached;
    strand->computed = reply->computed;
    ink_msg_reply_t copy = *reply;
    copy.id = copy.detail = "";
    copy.failures.items = copy_failures (self, reply);
    copy.failures.size = copy.failures.items ? reply->failures.size : 0;
    ink_payload_t *payload = event->payload;
    event->payload = NULL;
    ink_office_reply (self, strand, &copy, payload);

    bool ended = true;
    for (size_t k = 0; k < demand->strand_count; k++)
        ended &= demand->strands[k].ended;
    if (ended)
        ink_office_retire (self, demand, false);
}

//  Another sink knows nothing of what we expect. Everything on its way to the old one is lost:
//  plan again from what the cache has.
static void
sink_is_new (ink_foreman_t *self, uint64_t instance)
{
    self->counters.sinks_lost += self->sink_met;
    self->sink_met = true;
    self->sink = instance;
    self->sink_order = 0;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            if (lease->state == INK_LEASE_RUNNING)
                ink_office_revoke (self, lease);
        }
    }
    size_t cursor = 0;
    ink_demand_t *demand;
    while ((demand = ink_map_next (self->demands.by_handle, &cursor)))
        if (demand->state == INK_DEMAND_RUNNING && !INK_PLANTED (4))
            ink_office_replan (self, demand);
}

static void
on_greeting (ink_foreman_t *self, const ink_msg_greeting_t *greeting)
{
    if (greeting->epoch != self->epoch)
        return;
    self->sink_heard = self->now;
    self->sink_refuses = false;
    self->greeting = *greeting;
    if (greeting->instance != self->sink)
        sink_is_new (self, greeting->instance);
}

void
ink_office_sink (ink_foreman_t *self, ink_event_t *event)
{
    switch (event->msg->kind) {
    case INK_MSG_GREETING:
        on_greeting (self, &event->msg->greeting);
        break;
    case INK_MSG_REFUSAL:
        self->sink_refuses = true; //  It serves others, and as many as it may
        break;
    case INK_MSG_SETTLED:
        on_settled (self, &event->msg->settled);
        break;
    case INK_MSG_REPLY:
        on_reply (self, event);
        break;
    case INK_MSG_PROBE:
        ink_office_proven (self, &event->msg->probe);
        break;
    default:
        ink_office_bad (self, INK_EVENT_SINK);
    }
}

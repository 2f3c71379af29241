//  arrive.c: what workers say to the sink, and what is told of it.

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/plant.h"
#include "sink/desk.h"

static void
store (ink_collector_t *self, const ink_collected_t *strand, ink_part_t part)
{
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_STORE);
    action->key = ink_cache_key (&strand->series, &strand->collection->plan, part,
                                 strand->kernel->overlap);
}

static bool
is_sound (const ink_msg_value_t *value, ink_payload_t *payload)
{
    if (!payload)
        return false;
    uint64_t sum = XXH3_64bits (ink_payload_data (payload), ink_payload_size (payload));
    return sum == value->checksum || INK_PLANTED (27);
}

//  Gives the value to everybody who waits for it; it is stored once, if anybody wants that.
static int
merge (ink_collector_t *self, const ink_msg_value_t *value, ink_payload_t *payload)
{
    ink_part_t part = {value->offset, value->length};
    bool stored = false, sound = false;
    for (ink_kin_walk_t walk =
             ink_kin_walk (&self->kin, value->series, part, value->lookahead);
         ink_kin_next (&walk);) {
        ink_collected_t *strand = INK_ITEM (walk.kin, ink_collected_t, kin);
        if (!sound && !is_sound (value, payload))
            return INK_EVALUE;
        sound = true;
        bool doubled;
        int rc = ink_collected_add (strand, walk.n, ink_payload_data (payload),
                                    ink_payload_size (payload), &doubled);
        if (rc)
            return rc;
        if (doubled)
            continue;
        ink_desk_soil (self, strand);
        if (!stored && strand->collection->write &&
            !(strand->kernel->flags & INK_KERNEL_UNCACHED)) {
            store (self, strand, part);
            stored = true;
        }
    }
    return INK_OK;
}

void
ink_desk_settle (ink_collector_t *self, ink_desk_ventilator_t *ventilator)
{
    if (!ventilator->arrival_count)
        return;
    size_t size = ventilator->arrival_count * sizeof *ventilator->arrivals;
    ink_msg_arrival_t *copy = ink_arena_alloc (&self->arena, size);
    if (!copy) {
        self->failed = true;
        return;
    }
    memcpy (copy, ventilator->arrivals, size);
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_SEND);
    action->peer = ventilator->peer;
    action->msg.kind = INK_MSG_SETTLED;
    action->msg.settled.epoch = ventilator->epoch;
    action->msg.settled.order = ventilator->settled;
    action->msg.settled.arrivals.items = copy;
    action->msg.settled.arrivals.size = ventilator->arrival_count;
    ventilator->arrival_count = 0;
}

static void
on_value (ink_collector_t *self, const ink_heard_t *heard)
{
    const ink_msg_value_t *value = &heard->msg->value;
    ink_desk_ventilator_t *ventilator = ink_desk_find (self, value->epoch);
    if (!ventilator)
        return; //  Of a life that is over
    int error = value->error < INK_ERROR_COUNT ? (int) value->error : INK_EVALUE;
    if (error == INK_OK)
        error = merge (self, value, heard->payload);
    assert (ventilator->arrival_count < ARRIVALS_MOST); //  See ink_collector_is_full
    if (!ventilator->arrival_count)
        ventilator->settled = ventilator->order;
    ventilator->arrivals[ventilator->arrival_count++] =
        (ink_msg_arrival_t){value->lease, value->slot, (uint64_t) error, value->busy_ns};
    if (INK_PLANTED (28))
        ink_desk_settle (self, ventilator);
    self->full = true;
}

//  The probe has come down the lane and up here: one hop is left.
static void
on_probe (ink_collector_t *self, const ink_msg_probe_t *probe)
{
    const ink_desk_ventilator_t *ventilator = ink_desk_find (self, probe->epoch);
    if (!ventilator)
        return;
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_SEND);
    action->peer = ventilator->peer;
    action->msg.kind = INK_MSG_PROBE;
    action->msg.probe = *probe;
}

void
ink_desk_worker (ink_collector_t *self, const ink_heard_t *heard)
{
    if (heard->msg->kind == INK_MSG_VALUE)
        on_value (self, heard);
    else if (heard->msg->kind == INK_MSG_PROBE)
        on_probe (self, &heard->msg->probe);
}

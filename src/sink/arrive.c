//  arrive.c: what workers say to the sink, and what is told of it.

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "base/plant.h"
#include "sink/desk.h"
#include "value/coarse.h"

//  Counts are merged above the chunks, cells made coarser.
static bool
has_levels (const ink_collected_t *strand)
{
    return strand->kernel->shape == INK_SHAPE_COUNTS ||
           ink_coarse_has_levels (strand->kernel, &strand->args,
                                  strand->collection->plan.chunk);
}

static void
grow (ink_collector_t *self, const ink_collected_t *strand, ink_part_t part)
{
    const ink_plan_t *plan = &strand->collection->plan;
    if (!has_levels (strand) || !ink_plan_is_node (plan, part, strand->kin.reach))
        return;
    ink_wish_t stored = {.kernel = strand->kernel, .args = strand->args};
    stored.key.series = strand->series;
    stored.key.node = (ink_node_t){plan->size, plan->chunk, part.offset / plan->chunk};
    ink_pyramid_grow (&self->pyramid, &stored);
}

static void
store (ink_collector_t *self, const ink_collected_t *strand, ink_part_t part)
{
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_STORE);
    action->key = ink_cache_key (&strand->series, &strand->collection->plan, part,
                                 strand->kin.reach);
    grow (self, strand, part);
}

static uint64_t
checksum (ink_payload_t *payload)
{
    return XXH3_64bits (ink_payload_data (payload), ink_payload_size (payload));
}

static bool
is_sound (const ink_msg_value_t *value, ink_payload_t *payload)
{
    if (!payload)
        return false;
    return checksum (payload) == value->checksum || INK_PLANTED (27);
}

//  The failures of a value are ranges of its part, in order. INK_EVALUE; else how many bytes
//  they have.
static int
measure_failures (const ink_msg_value_t *value, uint64_t *failed)
{
    uint64_t position = 0; //  In the part
    *failed = 0;
    for (size_t n = 0; n < value->failures.size; n++) {
        const ink_msg_failure_t *failure = &value->failures.items[n];
        if (failure->offset < value->offset || failure->offset - value->offset < position)
            return INK_EVALUE;
        position = failure->offset - value->offset;
        if (position > value->length || failure->length > value->length - position)
            return INK_EVALUE;
        position += failure->length;
        *failed += failure->length;
    }
    return INK_OK;
}

//  The ventilator begins the next part of a chain with the state behind this one, and needs it
//  as well when the sink has had it before.
static void
tell_state (ink_collector_t *self, const ink_collected_t *strand,
            const ink_msg_value_t *value, ink_payload_t *payload,
            ink_msg_arrival_t *arrival)
{
    const void *state = ink_payload_data (payload);
    size_t size = ink_payload_size (payload);
    if (arrival->words.items || !ink_answer_is_state (strand->answer, state, size))
        return;
    ink_msg_word_t *words = ink_alloc (size);
    if (!words) {
        self->failed = true;
        return;
    }
    memcpy (words, state, size);
    arrival->words.items = words;
    arrival->words.size = size / sizeof *words;
    arrival->place =
        ink_kin_place (value->series, (ink_part_t){value->offset, value->length});
}

//  Gives the value to everybody who waits for it, and notes in `arrival` whether anybody did;
//  it is stored once, if anybody wants that and nothing is missing in it.
static int
merge (ink_collector_t *self, const ink_msg_value_t *value, ink_payload_t *payload,
       ink_msg_arrival_t *arrival)
{
    ink_part_t part = {value->offset, value->length};
    bool stored = value->failures.size > 0 && !INK_PLANTED (39), fresh = false;
    if (measure_failures (value, &arrival->failed))
        return INK_EVALUE;
    ink_reach_t sight = {(uint32_t) value->lookback, (uint32_t) value->lookahead};
    for (ink_kin_walk_t walk = ink_kin_walk (&self->kin, value->series, part, sight);
         ink_kin_next (&walk);) {
        ink_collected_t *strand = INK_ITEM (walk.kin, ink_collected_t, kin);
        if (!arrival->taken && !is_sound (value, payload))
            return INK_EVALUE;
        arrival->taken = true;
        bool doubled;
        int rc = ink_collected_add (strand, walk.n, value, ink_payload_data (payload),
                                    ink_payload_size (payload), &doubled);
        if (rc)
            return rc;
        tell_state (self, strand, value, payload, arrival);
        if (doubled)
            continue;
        fresh = true;
        ink_desk_soil (self, strand);
        if (!stored && strand->collection->write &&
            !(strand->kernel->flags & INK_KERNEL_UNCACHED)) {
            store (self, strand, part);
            stored = true;
        }
    }
    self->counted.unwanted_values += !arrival->taken;
    self->counted.doubled_values += arrival->taken && !fresh;
    return INK_OK;
}

//  A sample is for one request alone, and only when all is known that the cache knew. It is
//  for nothing when it comes before the request or behind its end.
static int
enter_sample (ink_collector_t *self, const ink_heard_t *heard)
{
    const ink_msg_sample_t *sample = &heard->msg->sample;
    ink_collection_key_t key = {sample->epoch, sample->handle};
    ink_collection_t *collection = ink_map_get (self->collections, &key);
    if (!heard->payload || checksum (heard->payload) != sample->checksum)
        return INK_EVALUE;
    for (size_t k = 0; collection && !collection->knowns && k < collection->strand_count;
         k++) {
        ink_collected_t *strand = &collection->strands[k];
        if (memcmp (strand->series.bytes, sample->series, 16) != 0 || !strand->left)
            continue;
        int rc = ink_collected_sample (strand, sample, ink_payload_data (heard->payload),
                                       ink_payload_size (heard->payload));
        if (rc)
            return rc;
        ink_desk_soil (self, strand);
    }
    return INK_OK;
}

//  To where they live until the action was performed.
static const ink_msg_word_t *
move_words (ink_collector_t *self, ink_msg_arrival_t *arrival)
{
    size_t size = arrival->words.size * sizeof *arrival->words.items;
    if (!size)
        return NULL;
    ink_msg_word_t *copy = ink_arena_alloc (&self->arena, size);
    if (copy)
        memcpy (copy, arrival->words.items, size);
    else
        self->failed = true;
    ink_desk_drop_words (arrival);
    return copy;
}

void
ink_desk_drop_words (ink_msg_arrival_t *arrival)
{
    ink_free ((void *) (uintptr_t) arrival->words.items);
    arrival->words.items = NULL;
    arrival->words.size = 0;
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
    for (size_t n = 0; n < ventilator->arrival_count; n++)
        copy[n].words.items = move_words (self, &ventilator->arrivals[n]);
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_SEND);
    action->peer = ventilator->peer;
    action->msg.kind = INK_MSG_SETTLED;
    action->msg.settled.epoch = ventilator->epoch;
    action->msg.settled.instance = ventilator->instance;
    action->msg.settled.order = ventilator->settled;
    action->msg.settled.arrivals.items = copy;
    action->msg.settled.arrivals.size = ventilator->arrival_count;
    ventilator->arrival_count = 0;
}

//  What came is told of with the next SETTLED.
static void
arrive (ink_collector_t *self, ink_desk_ventilator_t *ventilator,
        const ink_msg_arrival_t *arrival)
{
    assert (ventilator->arrival_count < ARRIVALS_MOST); //  See ink_collector_is_full
    if (!ventilator->arrival_count)
        ventilator->settled = ventilator->order;
    ink_msg_arrival_t *told = &ventilator->arrivals[ventilator->arrival_count++];
    *told = *arrival;
    if (told->error >= INK_ERROR_COUNT)
        told->error = INK_EVALUE;
    self->counted.bad_values += told->error == INK_EVALUE;
    if (INK_PLANTED (28))
        ink_desk_settle (self, ventilator);
    self->full = true;
}

static void
on_value (ink_collector_t *self, const ink_heard_t *heard)
{
    const ink_msg_value_t *value = &heard->msg->value;
    ink_desk_ventilator_t *ventilator = ink_desk_find (self, value->epoch);
    self->counted.values++;
    if (!ventilator) {
        self->counted.stale_values++; //  Of a life that is over
        return;
    }
    ink_msg_arrival_t arrival = {.lease = value->lease,
                                 .slot = value->slot,
                                 .error = value->error,
                                 .busy_ns = value->busy_ns};
    if (arrival.error == INK_OK)
        arrival.error = (uint64_t) merge (self, value, heard->payload, &arrival);
    arrive (self, ventilator, &arrival);
}

static void
on_sample (ink_collector_t *self, const ink_heard_t *heard)
{
    const ink_msg_sample_t *sample = &heard->msg->sample;
    ink_desk_ventilator_t *ventilator = ink_desk_find (self, sample->epoch);
    self->counted.samples++;
    if (!ventilator) {
        self->counted.stale_values++;
        return;
    }
    ink_msg_arrival_t arrival = {.lease = sample->lease,
                                 .slot = sample->slot,
                                 .error = sample->error,
                                 .busy_ns = sample->busy_ns,
                                 .sample = 1};
    if (arrival.error == INK_OK)
        arrival.error = (uint64_t) enter_sample (self, heard);
    arrive (self, ventilator, &arrival);
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
    else if (heard->msg->kind == INK_MSG_SAMPLE)
        on_sample (self, heard);
    else if (heard->msg->kind == INK_MSG_PROBE)
        on_probe (self, &heard->msg->probe);
    else
        self->counted.bad_messages++; //  Of the wrong direction
}

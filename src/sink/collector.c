//  collector.c: the brain of the sink.

#include <assert.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "base/plant.h"
#include "inkling/error.h"
#include "sink/collection.h"
#include "sink/collector.h"

//  A ventilator that does not greet for so long is gone, and what it expected with it
#define VENTILATOR_SILENCE_US 10000000

//  We look around once a second; when we did not for longer, the silence was our own
#define LOOK_AROUND_US 1000000
#define PAUSE_US 3000000

#define ARRIVALS_MOST INK_BATCH_MOST

//  A ventilator that greets us, in one of its lives
typedef struct {
    ink_link_t link;
    uint64_t epoch, peer;
    uint64_t instance; //  What we are to it: another one each time we meet
    int64_t heard;
    uint64_t order;   //  Of the last expectation heard
    uint64_t settled; //  The same, before the first arrival of this batch
    ink_msg_arrival_t arrivals[ARRIVALS_MOST];
    size_t arrival_count;
    ink_link_t collections;
} ventilator_t;

struct ink_collector {
    uint64_t instance, meetings;
    int64_t now;
    ink_link_t ventilators;
    ink_map_t *collections; //  By epoch and handle
    ink_groups_t kin;       //  Of all strands
    ink_link_t dirty;       //  Strands that may owe a reply
    ink_link_t ended;       //  Collections whose answers the last actions may point to
    bool full;
    ink_sink_actions_t out;
    ink_sink_action_t nowhere; //  Written to when memory ran out, never performed
    ink_arena_t arena;
    bool failed;
};

ink_collector_t *
ink_collector_new (uint64_t instance)
{
    ink_collector_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->instance = instance;
    ink_list_init (&self->ventilators);
    ink_list_init (&self->dirty);
    ink_list_init (&self->ended);
    self->collections = ink_map_new (sizeof (ink_collection_key_t));
    if (!self->collections || ink_groups_init (&self->kin))
        ink_collector_destroy (&self);
    return self;
}

static ink_sink_action_t *
act (ink_collector_t *self, ink_sink_do_t kind)
{
    ink_sink_actions_t *out = &self->out;
    if (out->size == out->room) {
        size_t room = out->room ? out->room * 2 : 64;
        ink_sink_action_t *items = ink_resize (out->items, room * sizeof *items);
        if (!items) {
            self->failed = true;
            return &self->nowhere;
        }
        out->items = items;
        out->room = room;
    }
    ink_sink_action_t *action = &out->items[out->size++];
    memset (action, 0, sizeof *action);
    action->kind = kind;
    return action;
}

//  ---------------------------------------------------------------------------------------
//  Collections and ventilators come and go

//  Its strands get nothing any more; its answers live until the next step.
static void
retire (ink_collector_t *self, ink_collection_t *collection)
{
    ink_map_remove (self->collections, &collection->key);
    for (size_t k = 0; k < collection->strand_count; k++) {
        ink_collected_t *strand = &collection->strands[k];
        ink_kin_leave (&strand->kin, &self->kin);
        ink_list_remove (&strand->dirty);
    }
    ink_list_remove (&collection->link);
    ink_list_append (&self->ended, &collection->link);
}

static void
bury (ink_collector_t *self)
{
    INK_LIST_EACH (link, &self->ended)
    {
        ink_collection_t *collection = INK_ITEM (link, ink_collection_t, link);
        ink_collection_destroy (&collection);
    }
}

static void
forget_ventilator (ink_collector_t *self, ventilator_t *ventilator)
{
    INK_LIST_EACH (link, &ventilator->collections)
    retire (self, INK_ITEM (link, ink_collection_t, link));
    ink_list_remove (&ventilator->link);
    ink_free (ventilator);
}

void
ink_collector_destroy (ink_collector_t **self_p)
{
    ink_collector_t *self = *self_p;
    if (!self)
        return;
    INK_LIST_EACH (link, &self->ventilators)
    forget_ventilator (self, INK_ITEM (link, ventilator_t, link));
    bury (self);
    ink_map_destroy (&self->collections);
    ink_groups_free (&self->kin);
    ink_free (self->out.items);
    ink_arena_free (&self->arena);
    ink_free (self);
    *self_p = NULL;
}

static ventilator_t *
find_ventilator (ink_collector_t *self, uint64_t epoch)
{
    INK_LIST_EACH (link, &self->ventilators)
    {
        ventilator_t *ventilator = INK_ITEM (link, ventilator_t, link);
        if (ventilator->epoch == epoch || INK_PLANTED (24))
            return ventilator;
    }
    return NULL;
}

static ventilator_t *
meet_ventilator (ink_collector_t *self, uint64_t epoch, uint64_t peer)
{
    ventilator_t *ventilator = find_ventilator (self, epoch);
    //  What was on its way over another connection may be lost: nothing is sure any more
    if (ventilator && ventilator->peer != peer && !INK_PLANTED (25)) {
        forget_ventilator (self, ventilator);
        ventilator = NULL;
    }
    if (!ventilator) {
        ventilator = ink_alloc (sizeof *ventilator);
        if (!ventilator) {
            self->failed = true;
            return NULL;
        }
        ventilator->epoch = epoch;
        ventilator->instance = self->instance + ++self->meetings;
        ink_list_init (&ventilator->collections);
        ink_list_append (&self->ventilators, &ventilator->link);
    }
    ventilator->peer = peer;
    ventilator->heard = self->now;
    return ventilator;
}

//  The ventilator that speaks from this connection, or NULL: it has not greeted us yet.
static ventilator_t *
ventilator_at (ink_collector_t *self, uint64_t peer)
{
    INK_LIST_EACH (link, &self->ventilators)
    {
        ventilator_t *ventilator = INK_ITEM (link, ventilator_t, link);
        if (ventilator->peer == peer)
            return ventilator;
    }
    return NULL;
}

//  ---------------------------------------------------------------------------------------
//  What ventilators say

//  What cannot be served ends, so that nobody waits for it.
static void
reply_error (ink_collector_t *self, uint64_t peer, uint64_t handle, uint64_t kernel,
             int error)
{
    ink_sink_action_t *action = act (self, INK_SINK_REPLY);
    action->peer = peer;
    action->msg.kind = INK_MSG_REPLY;
    ink_msg_reply_t *msg = &action->msg.reply;
    msg->id = "";
    msg->detail = "at the sink";
    msg->handle = handle;
    msg->kernel = kernel;
    msg->final = 1;
    msg->error = (uint64_t) error;
    msg->bound = INK_EXACT;
}

//  From here on it gets values, and the ventilator hears so by `order`.
static void
begin_collecting (ink_collector_t *self, ventilator_t *ventilator,
                  ink_collection_t *collection)
{
    ventilator->order = collection->order;
    for (size_t k = 0; k < collection->strand_count; k++) {
        ink_collected_t *strand = &collection->strands[k];
        self->failed |=
            ink_kin_join (&strand->kin, &self->kin, strand->series.bytes,
                          &collection->plan, strand->kernel->overlap) != INK_OK;
    }
}

static void
on_expect (ink_collector_t *self, uint64_t peer, const ink_msg_expect_t *expect)
{
    ventilator_t *ventilator = meet_ventilator (self, expect->epoch, peer);
    ink_collection_t *collection;
    if (!ventilator)
        return;
    int rc = ink_collection_new (expect, &collection);
    if (rc) {
        for (size_t k = 0; k < expect->kernels.size; k++)
            reply_error (self, peer, expect->handle, k, rc);
        return;
    }
    ink_collection_t *old = ink_map_get (self->collections, &collection->key);
    if (old)
        retire (self, old);
    self->failed |= ink_map_put (self->collections, &collection->key, collection) != 0;
    ink_list_append (&ventilator->collections, &collection->link);
    if (!collection->knowns || INK_PLANTED (26))
        begin_collecting (self, ventilator, collection);
}

static void
soil (ink_collector_t *self, ink_collected_t *strand)
{
    if (ink_list_empty (&strand->dirty) && !strand->ended)
        ink_list_append (&self->dirty, &strand->dirty);
}

static ink_collected_t *
find_strand (ink_collector_t *self, uint64_t peer, uint64_t handle, uint64_t kernel)
{
    const ventilator_t *ventilator = ventilator_at (self, peer);
    if (!ventilator)
        return NULL;
    ink_collection_key_t key = {ventilator->epoch, handle};
    ink_collection_t *collection = ink_map_get (self->collections, &key);
    return collection && kernel < collection->strand_count ? &collection->strands[kernel]
                                                           : NULL;
}

static int
know (ink_collected_t *strand, const ink_heard_t *heard)
{
    if (!heard->payload)
        return INK_EMESSAGE;
    return ink_collected_know (strand, &heard->msg->known,
                               ink_payload_data (heard->payload),
                               ink_payload_size (heard->payload));
}

//  The ventilator has answered with what the cache knew: the next partial is due later.
static void
on_known (ink_collector_t *self, const ink_heard_t *heard)
{
    const ink_msg_known_t *known = &heard->msg->known;
    ink_collected_t *strand =
        find_strand (self, heard->peer, known->handle, known->kernel);
    if (!strand)
        return;
    ink_collection_t *collection = strand->collection;
    int rc = strand->ended ? INK_OK : know (strand, heard);
    if (rc) {
        strand->ended = true;
        strand->error = rc;
        ink_list_remove (&strand->dirty);
        reply_error (self, heard->peer, known->handle, known->kernel, rc);
    }
    ink_schedule_sent (&strand->schedule, self->now, strand->cached + strand->computed,
                       collection->plan.length);
    if (!strand->left)
        soil (self, strand);
    if (collection->knowns && --collection->knowns == 0)
        begin_collecting (self, find_ventilator (self, collection->key.epoch),
                          collection);
}

static void
on_failed (ink_collector_t *self, uint64_t peer, const ink_msg_failed_t *failed)
{
    ink_collected_t *strand = find_strand (self, peer, failed->handle, failed->kernel);
    if (!strand)
        return;
    if (ink_collected_fail (strand, failed->part, failed->error) == INK_OK)
        soil (self, strand);
}

//  A collection stays, with all its answers, until nobody can ask for them again: until FORGET.
static void
on_resend (ink_collector_t *self, uint64_t peer, const ink_msg_resend_t *resend)
{
    ink_collected_t *strand = find_strand (self, peer, resend->handle, resend->kernel);
    if (!strand || !strand->ended)
        return;
    if (strand->error) {
        reply_error (self, peer, resend->handle, resend->kernel, strand->error);
        return;
    }
    strand->ended = false;
    soil (self, strand);
}

static void
on_forget (ink_collector_t *self, uint64_t peer, const ink_msg_forget_t *forget)
{
    ink_collected_t *first = find_strand (self, peer, forget->handle, 0);
    if (!first)
        return;
    ink_collection_t *collection = first->collection;
    for (size_t k = 0; forget->purge && k < collection->strand_count; k++)
        act (self, INK_SINK_PURGE)->series = collection->strands[k].series;
    retire (self, collection);
}

static void
on_greet (ink_collector_t *self, uint64_t peer, uint64_t epoch)
{
    const ventilator_t *ventilator = meet_ventilator (self, epoch, peer);
    if (!ventilator)
        return;
    ink_sink_action_t *action = act (self, INK_SINK_SEND);
    action->peer = peer;
    action->msg.kind = INK_MSG_GREETING;
    action->msg.greeting.epoch = epoch;
    action->msg.greeting.instance = ventilator->instance;
}

static void
on_ventilator (ink_collector_t *self, const ink_heard_t *heard)
{
    switch (heard->msg->kind) {
    case INK_MSG_GREET:
        on_greet (self, heard->peer, heard->msg->greet.epoch);
        break;
    case INK_MSG_EXPECT:
        on_expect (self, heard->peer, &heard->msg->expect);
        break;
    case INK_MSG_KNOWN:
        on_known (self, heard);
        break;
    case INK_MSG_FAILED:
        on_failed (self, heard->peer, &heard->msg->failed);
        break;
    case INK_MSG_RESEND:
        on_resend (self, heard->peer, &heard->msg->resend);
        break;
    case INK_MSG_FORGET:
        on_forget (self, heard->peer, &heard->msg->forget);
        break;
    default:
        break; //  Not for us: whoever says this is of another version
    }
}

//  ---------------------------------------------------------------------------------------
//  What workers say

static void
store (ink_collector_t *self, const ink_collected_t *strand, ink_part_t part)
{
    ink_sink_action_t *action = act (self, INK_SINK_STORE);
    action->key = ink_cache_key (&strand->series, &strand->collection->plan, part,
                                 strand->kernel->overlap);
}

static bool
is_sound (const ink_msg_value_t *value, ink_payload_t *payload)
{
    return payload && XXH3_64bits (ink_payload_data (payload),
                                   ink_payload_size (payload)) == value->checksum;
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
        if (!sound && !is_sound (value, payload) && !INK_PLANTED (27))
            return INK_EVALUE;
        sound = true;
        bool doubled;
        int rc = ink_collected_add (strand, walk.n, ink_payload_data (payload),
                                    ink_payload_size (payload), &doubled);
        if (rc)
            return rc;
        if (doubled)
            continue;
        soil (self, strand);
        if (!stored && strand->collection->write &&
            !(strand->kernel->flags & INK_KERNEL_UNCACHED)) {
            store (self, strand, part);
            stored = true;
        }
    }
    return INK_OK;
}

static void
settle (ink_collector_t *self, ventilator_t *ventilator)
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
    ink_sink_action_t *action = act (self, INK_SINK_SEND);
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
    ventilator_t *ventilator = find_ventilator (self, value->epoch);
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
        settle (self, ventilator);
    self->full = true;
}

//  The probe has come down the lane and up here: one hop is left.
static void
on_probe (ink_collector_t *self, const ink_msg_probe_t *probe)
{
    const ventilator_t *ventilator = find_ventilator (self, probe->epoch);
    if (!ventilator)
        return;
    ink_sink_action_t *action = act (self, INK_SINK_SEND);
    action->peer = ventilator->peer;
    action->msg.kind = INK_MSG_PROBE;
    action->msg.probe = *probe;
}

//  ---------------------------------------------------------------------------------------
//  Replies

static void
reply (ink_collector_t *self, ink_collected_t *strand)
{
    const ink_collection_t *collection = strand->collection;
    const ventilator_t *ventilator = find_ventilator (self, collection->key.epoch);
    bool final = strand->left == 0;
    ink_sink_action_t *action = act (self, INK_SINK_REPLY);
    action->peer = ventilator ? ventilator->peer : INK_NO_PEER;
    action->answer = strand->answer;
    action->msg.kind = INK_MSG_REPLY;
    ink_msg_reply_t *msg = &action->msg.reply;
    msg->id = msg->detail = "";
    msg->handle = collection->key.handle;
    msg->kernel = (uint64_t) (strand - collection->strands);
    msg->final = final;
    msg->total = collection->plan.length;
    msg->cached = strand->cached;
    msg->computed = strand->computed;
    msg->bound = INK_EXACT;
    if (final) {
        self->failed |= ink_collected_list_failures (strand) != INK_OK;
        msg->failures.items = strand->failures;
        msg->failures.size = strand->failure_count;
    }
    strand->ended = final;
    ink_schedule_sent (&strand->schedule, self->now, strand->cached + strand->computed,
                       collection->plan.length);
}

static int64_t
due (const ink_collected_t *strand)
{
    if (!strand->left)
        return 0;
    return ink_schedule_due (&strand->schedule, strand->cached + strand->computed,
                             strand->collection->plan.length);
}

static void
reply_what_is_due (ink_collector_t *self)
{
    INK_LIST_EACH (link, &self->dirty)
    {
        ink_collected_t *strand = INK_ITEM (link, ink_collected_t, dirty);
        int64_t when = due (strand);
        if (when > self->now) {
            if (when == INT64_MAX)
                ink_list_remove (&strand->dirty); //  The next value will tell
            continue;
        }
        ink_list_remove (&strand->dirty);
        reply (self, strand);
    }
}

int64_t
ink_collector_deadline (const ink_collector_t *self)
{
    int64_t deadline =
        ink_list_empty (&self->ventilators) ? INT64_MAX : self->now + LOOK_AROUND_US;
    INK_LIST_EACH (link, &self->dirty)
    {
        int64_t when = due (INK_ITEM (link, const ink_collected_t, dirty));
        deadline = when < deadline ? when : deadline;
    }
    return deadline;
}

size_t
ink_collector_size (const ink_collector_t *self)
{
    return ink_map_size (self->collections);
}

bool
ink_collector_is_full (const ink_collector_t *self)
{
    return self->full;
}

//  ---------------------------------------------------------------------------------------
//  The door

static void
on_stored (ink_collector_t *self)
{
    self->full = false;
    INK_LIST_EACH (link, &self->ventilators)
    settle (self, INK_ITEM (link, ventilator_t, link));
}

static void
check_ventilators (ink_collector_t *self)
{
    INK_LIST_EACH (link, &self->ventilators)
    {
        ventilator_t *ventilator = INK_ITEM (link, ventilator_t, link);
        if (self->now - ventilator->heard > VENTILATOR_SILENCE_US)
            forget_ventilator (self, ventilator);
    }
}

static void
handle (ink_collector_t *self, const ink_heard_t *heard)
{
    switch (heard->kind) {
    case INK_HEARD_VENTILATOR:
        on_ventilator (self, heard);
        break;
    case INK_HEARD_WORKER:
        if (heard->msg->kind == INK_MSG_VALUE)
            on_value (self, heard);
        else if (heard->msg->kind == INK_MSG_PROBE)
            on_probe (self, &heard->msg->probe);
        break;
    case INK_HEARD_STORED:
        on_stored (self);
        break;
    case INK_HEARD_TIMER:
        check_ventilators (self);
        break;
    }
}

//  When we were not run for a while, ventilators were not silent: we were deaf.
static void
forgive_pause (ink_collector_t *self, int64_t now)
{
    int64_t late = now - self->now;
    if (late < PAUSE_US)
        return;
    INK_LIST_EACH (link, &self->ventilators)
    INK_ITEM (link, ventilator_t, link)->heard += late;
}

int
ink_collector_step (ink_collector_t *self, int64_t now, const ink_heard_t *heard,
                    const ink_sink_actions_t **out)
{
    bury (self);
    self->out.size = 0;
    ink_arena_reset (&self->arena);
    forgive_pause (self, now);
    self->now = now;
    handle (self, heard);
    if (!self->full || INK_PLANTED (29))
        reply_what_is_due (self);
    *out = &self->out;
    return self->failed ? INK_ENOMEM : INK_OK;
}

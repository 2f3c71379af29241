//  collector.c: the brain of the sink.

#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "sink/desk.h"

//  A ventilator that does not greet for so long is gone, and what it expected with it
#define VENTILATOR_SILENCE_US 10000000

//  We look around once a second; when we did not for longer, the silence was our own
#define LOOK_AROUND_US 1000000
#define PAUSE_US 3000000

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
    bool failed = ink_pyramid_init (&self->pyramid) != INK_OK;
    if (failed || !self->collections || ink_groups_init (&self->kin))
        ink_collector_destroy (&self);
    return self;
}

ink_sink_action_t *
ink_desk_do (ink_collector_t *self, ink_sink_do_t kind)
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
void
ink_desk_retire (ink_collector_t *self, ink_collection_t *collection)
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

void
ink_desk_forget (ink_collector_t *self, ink_desk_ventilator_t *ventilator)
{
    INK_LIST_EACH (link, &ventilator->collections)
    ink_desk_retire (self, INK_ITEM (link, ink_collection_t, link));
    ink_list_remove (&ventilator->link);
    for (size_t n = 0; n < ventilator->arrival_count; n++)
        ink_desk_drop_words (&ventilator->arrivals[n]);
    ink_free (ventilator);
}

void
ink_collector_destroy (ink_collector_t **self_p)
{
    ink_collector_t *self = *self_p;
    if (!self)
        return;
    INK_LIST_EACH (link, &self->ventilators)
    ink_desk_forget (self, INK_ITEM (link, ink_desk_ventilator_t, link));
    bury (self);
    ink_map_destroy (&self->collections);
    ink_groups_free (&self->kin);
    ink_pyramid_free (&self->pyramid);
    ink_free (self->out.items);
    ink_arena_free (&self->arena);
    ink_free (self);
    *self_p = NULL;
}

ink_desk_ventilator_t *
ink_desk_find (ink_collector_t *self, uint64_t epoch)
{
    INK_LIST_EACH (link, &self->ventilators)
    {
        ink_desk_ventilator_t *ventilator = INK_ITEM (link, ink_desk_ventilator_t, link);
        if (ventilator->epoch == epoch || INK_PLANTED (24))
            return ventilator;
    }
    return NULL;
}

static bool
is_crowded (ink_collector_t *self)
{
    size_t count = 0;
    INK_LIST_EACH (link, &self->ventilators)
    count++;
    return count >= INK_VENTILATORS_MOST;
}

static void
refuse (ink_collector_t *self, uint64_t peer)
{
    self->counted.ventilators_refused++;
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_SEND);
    action->peer = peer;
    action->msg.kind = INK_MSG_REFUSAL;
    action->msg.refusal = (ink_msg_refusal_t){
        "", INK_EBUSY, "the sink serves as many ventilators as it may"};
}

ink_desk_ventilator_t *
ink_desk_meet (ink_collector_t *self, uint64_t epoch, uint64_t peer)
{
    ink_desk_ventilator_t *ventilator = ink_desk_find (self, epoch);
    //  What was on its way over another connection may be lost: nothing is sure any more
    if (ventilator && ventilator->peer != peer && !INK_PLANTED (25)) {
        ink_desk_forget (self, ventilator);
        ventilator = NULL;
    }
    if (!ventilator && is_crowded (self)) {
        refuse (self, peer);
        return NULL;
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
ink_desk_ventilator_t *
ink_desk_at (ink_collector_t *self, uint64_t peer)
{
    INK_LIST_EACH (link, &self->ventilators)
    {
        ink_desk_ventilator_t *ventilator = INK_ITEM (link, ink_desk_ventilator_t, link);
        if (ventilator->peer == peer)
            return ventilator;
    }
    return NULL;
}

//  ---------------------------------------------------------------------------------------
//  Replies

void
ink_desk_soil (ink_collector_t *self, ink_collected_t *strand)
{
    if (ink_list_empty (&strand->dirty) && !strand->ended)
        ink_list_append (&self->dirty, &strand->dirty);
}

//  What it costs to write a partial: its bytes, and when it is coarse those that are known.
static uint64_t
weight_of (const ink_collected_t *strand, uint64_t precision)
{
    const ink_plan_t *plan = &strand->collection->plan;
    double known = (double) (strand->cached + strand->computed) / (double) plan->length;
    uint64_t size = ink_answer_size (strand->answer);
    uint64_t coarse = ink_answer_size_at (strand->answer, precision);
    return coarse == size ? size : coarse + (uint64_t) (known * (double) size);
}

static void
reply (ink_collector_t *self, ink_collected_t *strand)
{
    const ink_collection_t *collection = strand->collection;
    const ink_desk_ventilator_t *ventilator = ink_desk_find (self, collection->key.epoch);
    bool final = strand->left == 0;
    ink_tidings_t tidings = ink_collected_tidings (strand);
    if (!final && !tidings.covered && !tidings.estimated)
        return; //  Too few samples so far to say anything
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_REPLY);
    action->peer = ventilator ? ventilator->peer : INK_NO_PEER;
    action->answer = strand->answer;
    action->estimate = tidings.estimate;
    action->outline = tidings.outline;
    action->estimated = tidings.estimated;
    action->msg.kind = INK_MSG_REPLY;
    ink_msg_reply_t *msg = &action->msg.reply;
    msg->id = msg->detail = "";
    msg->handle = collection->key.handle;
    msg->kernel = (uint64_t) (strand - collection->strands);
    msg->final = final;
    msg->total = collection->plan.length;
    msg->cached = strand->cached;
    msg->computed = strand->computed;
    msg->estimated = tidings.estimated;
    msg->bound = tidings.bound;
    msg->precision = tidings.precision;
    if (final && !tidings.estimated)
        ink_collected_miss (strand);
    if (final) {
        self->failed |= ink_collected_list_failures (strand) != INK_OK;
        msg->failures.items = strand->failures;
        msg->failures.size = strand->failure_count;
    }
    strand->ended = final;
    ink_schedule_weigh (&strand->schedule, weight_of (strand, tidings.precision));
    if (final && !tidings.estimated) //  It is exact
        ink_estimate_destroy (&strand->estimate);
    if (final)
        ink_outline_destroy (&strand->outline);
    ink_schedule_sent (&strand->schedule, self->now, tidings.covered,
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
ink_collector_has_wishes (const ink_collector_t *self)
{
    return ink_pyramid_size (&self->pyramid) > 0;
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
    ink_desk_settle (self, INK_ITEM (link, ink_desk_ventilator_t, link));
}

static void
on_idle (ink_collector_t *self)
{
    ink_wish_t wish;
    if (ink_pyramid_take (&self->pyramid, &wish))
        ink_desk_do (self, INK_SINK_RAISE)->wish = wish;
}

static void
check_ventilators (ink_collector_t *self)
{
    INK_LIST_EACH (link, &self->ventilators)
    {
        ink_desk_ventilator_t *ventilator = INK_ITEM (link, ink_desk_ventilator_t, link);
        if (self->now - ventilator->heard <= VENTILATOR_SILENCE_US)
            continue;
        self->counted.ventilators_lost++;
        ink_desk_forget (self, ventilator);
    }
}

static void
on_cache (ink_collector_t *self, const ink_cache_stat_t *cache)
{
    self->counted.cache_puts = cache->puts;
    self->counted.cache_evicted = cache->evicted;
    self->counted.cache_refused = cache->refused;
    self->counted.cache_corrupt = cache->corrupt;
    self->counted.cache_failed = cache->failed;
    self->counted.cache_set_aside = cache->set_aside;
}

static void
handle (ink_collector_t *self, const ink_heard_t *heard)
{
    switch (heard->kind) {
    case INK_HEARD_VENTILATOR:
        ink_desk_ventilator (self, heard);
        break;
    case INK_HEARD_WORKER:
        ink_desk_worker (self, heard);
        break;
    case INK_HEARD_STORED:
        on_stored (self);
        break;
    case INK_HEARD_TIMER:
        check_ventilators (self);
        break;
    case INK_HEARD_IDLE:
        on_idle (self);
        break;
    case INK_HEARD_RAISED:
        ink_pyramid_grow (&self->pyramid, heard->raised);
        break;
    case INK_HEARD_BAD_MESSAGE:
        self->counted.bad_messages++;
        break;
    case INK_HEARD_CACHE:
        on_cache (self, heard->cache);
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
    INK_ITEM (link, ink_desk_ventilator_t, link)->heard += late;
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

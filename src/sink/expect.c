//  expect.c: what ventilators say to the sink.

#include <string.h>

#include "base/plant.h"
#include "kernels/kernels.h"
#include "sink/desk.h"
#include "value/coarse.h"

//  What cannot be served ends, so that nobody waits for it.
static void
reply_error (ink_collector_t *self, uint64_t peer, uint64_t handle, uint64_t kernel,
             int error)
{
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_REPLY);
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
begin_collecting (ink_collector_t *self, ink_desk_ventilator_t *ventilator,
                  ink_collection_t *collection)
{
    ventilator->order = collection->order;
    for (size_t k = 0; k < collection->strand_count; k++) {
        ink_collected_t *strand = &collection->strands[k];
        self->failed |=
            ink_kin_join (&strand->kin, &self->kin, strand->series.bytes,
                          &collection->plan,
                          ink_value_reach (strand->kernel, &strand->args)) != INK_OK;
        ink_collected_spare (strand);
        if (!strand->left)
            ink_desk_soil (self, strand);
    }
}

static void
on_expect (ink_collector_t *self, uint64_t peer, const ink_msg_expect_t *expect)
{
    ink_desk_ventilator_t *ventilator = ink_desk_meet (self, expect->epoch, peer);
    ink_collection_t *collection;
    if (!ventilator)
        return;
    ventilator->expected = expect->order;
    int rc = ink_collection_new (expect, &collection);
    if (rc) {
        for (size_t k = 0; k < expect->kernels.size; k++)
            reply_error (self, peer, expect->handle, k, rc);
        return;
    }
    ink_collection_t *old = ink_map_get (self->collections, &collection->key);
    if (old)
        ink_desk_retire (self, old);
    self->failed |= ink_map_put (self->collections, &collection->key, collection) != 0;
    ink_list_append (&ventilator->collections, &collection->link);
    if (!collection->knowns || INK_PLANTED (26))
        begin_collecting (self, ventilator, collection);
}

static ink_collected_t *
find_strand (ink_collector_t *self, uint64_t peer, uint64_t handle, uint64_t kernel)
{
    const ink_desk_ventilator_t *ventilator = ink_desk_at (self, peer);
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

//  When the ventilator has answered with what the cache knew, the next partial is due later.
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
    if (known->told)
        ink_schedule_sent (&strand->schedule, self->now,
                           strand->cached + strand->computed, collection->plan.length);
    if (!known->told || !strand->left)
        ink_desk_soil (self, strand);
    if (collection->knowns && --collection->knowns == 0)
        begin_collecting (self, ink_desk_find (self, collection->key.epoch), collection);
}

static void
on_failed (ink_collector_t *self, uint64_t peer, const ink_msg_failed_t *failed)
{
    ink_collected_t *strand = find_strand (self, peer, failed->handle, failed->kernel);
    if (!strand)
        return;
    if (ink_collected_fail (strand, failed->part, failed->error) == INK_OK)
        ink_desk_soil (self, strand);
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
    ink_desk_soil (self, strand);
}

static void
on_forget (ink_collector_t *self, uint64_t peer, const ink_msg_forget_t *forget)
{
    ink_collected_t *first = find_strand (self, peer, forget->handle, 0);
    if (!first)
        return;
    ink_collection_t *collection = first->collection;
    for (size_t k = 0; forget->purge && k < collection->strand_count; k++)
        ink_desk_do (self, INK_SINK_PURGE)->series = collection->strands[k].series;
    ink_desk_retire (self, collection);
}

//  Whether there is such a node: of counts, or of cells made coarser from chunks.
static bool
is_node (const ink_wish_t *wish)
{
    const ink_node_t *node = &wish->key.node;
    uint64_t doublings = wish->key.doublings;
    uint64_t chunk = doublings ? node->span >> doublings : INK_CHUNK_LEAST;
    if (!node->size || node->span & (node->span - 1) || chunk < INK_CHUNK_LEAST ||
        node->span < INK_NODE_CHILDREN * INK_CHUNK_LEAST ||
        node->span / INK_NODE_CHILDREN >= node->size ||
        node->n > (node->size - 1) / node->span)
        return false;
    if (wish->kernel->shape == INK_SHAPE_COUNTS)
        return !doublings;
    return doublings && doublings % INK_COARSE_LEVEL == 0 &&
           ink_coarse_has_levels (wish->kernel, &wish->args, chunk);
}

//  The ventilator has found all children of some nodes, and not the nodes.
static void
on_wish (ink_collector_t *self, const ink_msg_wish_t *msg)
{
    ink_wish_t wish = {.kernel = NULL};
    if (msg->kernels.size && msg->series.size)
        wish.kernel = ink_kernels_find (msg->kernels.items->name);
    if (!wish.kernel || wish.kernel->version != msg->kernels.items->version ||
        ink_collection_args (&wish.args, wish.kernel, msg->kernels.items))
        return;
    memcpy (wish.key.series.bytes, msg->series.items->key, sizeof wish.key.series.bytes);
    for (size_t n = 0; n < msg->nodes.size; n++) {
        const ink_msg_node_t *node = &msg->nodes.items[n];
        wish.key.node = (ink_node_t){msg->size, node->span, node->n};
        wish.key.doublings = node->doublings;
        if (is_node (&wish))
            ink_pyramid_wish (&self->pyramid, &wish);
    }
}

//  Whether all has come that was sent before a GREET. Connections lose nothing and keep the
//  order, but a process that ran out of memory may.
static bool
is_in_step (const ink_desk_ventilator_t *ventilator, uint64_t order)
{
    bool in_step = ventilator->expected == order;
    INK_LIST_EACH (link, &ventilator->collections)
    in_step &= !INK_ITEM (link, const ink_collection_t, link)->knowns;
    return in_step;
}

//  A ventilator that is out of step is met anew, and so plans again.
static ink_desk_ventilator_t *
meet (ink_collector_t *self, uint64_t peer, const ink_msg_greet_t *greet)
{
    ink_desk_ventilator_t *ventilator = ink_desk_meet (self, greet->epoch, peer);
    if (ventilator && ventilator->greeted && !is_in_step (ventilator, greet->order)) {
        ink_desk_forget (self, ventilator);
        ventilator = ink_desk_meet (self, greet->epoch, peer);
    }
    if (ventilator && !ventilator->greeted) {
        ventilator->greeted = true;
        ventilator->expected = greet->order;
    }
    return ventilator;
}

static void
on_greet (ink_collector_t *self, uint64_t peer, const ink_msg_greet_t *greet)
{
    const ink_desk_ventilator_t *ventilator = meet (self, peer, greet);
    if (!ventilator)
        return;
    ink_sink_action_t *action = ink_desk_do (self, INK_SINK_SEND);
    action->peer = peer;
    action->msg.kind = INK_MSG_GREETING;
    action->msg.greeting = self->counted;
    action->msg.greeting.epoch = greet->epoch;
    action->msg.greeting.instance = ventilator->instance;
}

void
ink_desk_ventilator (ink_collector_t *self, const ink_heard_t *heard)
{
    switch (heard->msg->kind) {
    case INK_MSG_GREET:
        on_greet (self, heard->peer, &heard->msg->greet);
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
    case INK_MSG_WISH:
        on_wish (self, &heard->msg->wish);
        break;
    case INK_MSG_FORGET:
        on_forget (self, heard->peer, &heard->msg->forget);
        break;
    default:
        self->counted.bad_messages++; //  Of the wrong direction
    }
}

//  front.c: what clients say.

#include <stdio.h>
#include <string.h>

#include "base/plant.h"
#include "ventilator/admission.h"
#include "ventilator/office.h"
#include "ventilator/unread.h"

#define PROBE_US 5000000

static void
refuse (ink_foreman_t *self, uint64_t peer, const char *id, int error, const char *detail)
{
    self->counters.refused++;
    ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_CLIENT, peer, INK_MSG_REFUSAL);
    msg->refusal.error = (uint64_t) error;
    msg->refusal.id = ink_office_text (self, id);
    msg->refusal.detail = ink_office_text (self, detail);
}

//  The client has taken a partial, or will never get it: the newest that waited may go.
static void
release_held (ink_foreman_t *self, ink_strand_t *strand)
{
    strand->untaken = 0;
    if (!strand->held)
        return;
    ink_payload_t *payload = strand->held_payload;
    strand->held = false;
    strand->held_payload = NULL;
    ink_office_reply (self, strand, &strand->held_reply, payload);
}

//  The same request again. Over the same connection nothing can have been lost; over a new one
//  the client has missed what was on its way to the old one.
static void
attach (ink_foreman_t *self, ink_demand_t *demand, ink_client_entry_t *client,
        uint64_t move)
{
    if (demand->client == client)
        return;
    demand->move = move;
    ink_demand_adopt (&self->demands, demand, client);
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        strand->glimpsed = 0; //  It may have been lost
        release_held (self, strand);
        if (!strand->ended)
            continue;
        strand->ended = false;
        if (demand->state == INK_DEMAND_LOOKING)
            continue; //  It is planned again: another final will come
        ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_SINK, 0, INK_MSG_RESEND);
        msg->resend.handle = demand->handle;
        msg->resend.kernel = k;
    }
    //  Among this client's statements of a view it may be out of order
    if (!ink_office_end_if_late (self, demand) && demand->state == INK_DEMAND_RUNNING)
        ink_office_end_earlier (self, demand);
}

static void
on_request (ink_foreman_t *self, ink_client_entry_t *client,
            const ink_msg_request_t *request)
{
    uint64_t body = ink_admission_body (request);
    ink_demand_t *demand = ink_demands_find (&self->demands, request->id);
    if (ink_demands_conflict (&self->demands, request->id, body)) {
        refuse (self, client->peer, request->id, INK_ECONFLICT, "");
        return;
    }
    if (demand) {
        attach (self, demand, client, request->move);
        return;
    }
    if (ink_unread_is_too_much (&self->demands, client)) {
        refuse (self, client->peer, request->id, INK_EBUSY, "its replies are not read");
        return;
    }
    ink_detail_t detail = {""};
    int rc =
        ink_demands_add (&self->demands, client, request, self->now, &demand, &detail);
    for (size_t k = 0; rc == INK_OK && k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        strand->number = ink_registry_kernel (self->registry, strand->kernel->name,
                                              strand->kernel->version);
        if (strand->number < 0) {
            ink_demands_remove (&self->demands, demand);
            rc = INK_EBUSY;
        }
    }
    if (rc) {
        refuse (self, client->peer, request->id, rc, detail.text);
        return;
    }
    self->counters.requests++;
    ink_office_do (self, INK_DO_OPEN)->handle = demand->handle;
}

static void
on_cancel (ink_foreman_t *self, uint64_t peer, const char *id)
{
    ink_demand_t *demand = ink_demands_find (&self->demands, id);
    if (!demand) {
        refuse (self, peer, id, INK_ENOREQUEST, "");
        return;
    }
    uint64_t dropped = 0, running = 0;
    for (size_t k = 0; k < demand->strand_count; k++) {
        dropped += demand->strands[k].ready;
        running += demand->strands[k].in_progress;
    }
    self->counters.cancelled++;
    ink_office_end (self, demand, INK_ECANCELLED, NULL);
    ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_CLIENT, peer, INK_MSG_CANCELLED);
    msg->cancelled.dropped = dropped;
    msg->cancelled.running = running;
    msg->cancelled.id = ink_office_text (self, id);
}

static void
on_taken (ink_foreman_t *self, const ink_msg_taken_t *taken)
{
    ink_demand_t *demand = ink_demands_find (&self->demands, taken->id);
    for (size_t k = 0; demand && k < demand->strand_count; k++)
        if (demand->strands[k].untaken == taken->seq && !INK_PLANTED (19))
            release_held (self, &demand->strands[k]);
}

static void
pong (ink_foreman_t *self, uint64_t peer, uint64_t nonce)
{
    ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_CLIENT, peer, INK_MSG_PONG);
    msg->pong.nonce = nonce;
    msg->pong.epoch = self->epoch;
}

static void
on_ask (ink_foreman_t *self, ink_client_entry_t *client)
{
    if (ink_unread_is_too_much (&self->demands, client))
        refuse (self, client->peer, "", INK_EBUSY, "its replies are not read");
    else
        ink_office_status (self, client);
}

void
ink_office_client (ink_foreman_t *self, ink_event_t *event)
{
    const ink_msg_t *msg = event->msg;
    ink_client_entry_t *client =
        ink_demands_client (&self->demands, event->peer, self->now);
    if (!client) {
        self->failed = true;
        return;
    }
    switch (msg->kind) {
    case INK_MSG_REQUEST:
        on_request (self, client, &msg->request);
        break;
    case INK_MSG_CANCEL:
        on_cancel (self, event->peer, msg->cancel.id);
        break;
    case INK_MSG_TAKEN:
        on_taken (self, &msg->taken);
        break;
    case INK_MSG_READ:
        ink_unread_read (&self->demands, client, msg->read.replies);
        break;
    case INK_MSG_PING:
        pong (self, event->peer, msg->ping.nonce);
        break;
    case INK_MSG_ASK:
        on_ask (self, client);
        break;
    default:
        ink_office_bad (self, INK_EVENT_CLIENT);
        refuse (self, event->peer, "", INK_EMESSAGE, "clients do not say this");
    }
}

void
ink_office_bad_message (ink_foreman_t *self, const ink_event_t *event)
{
    ink_office_bad (self, event->from);
    if (event->from == INK_EVENT_CLIENT)
        refuse (self, event->peer, "", event->error, "");
}

static void
end_demands (ink_foreman_t *self, ink_client_entry_t *client)
{
    INK_LIST_EACH (link, &client->demands)
    ink_office_end (self, INK_ITEM (link, ink_demand_t, link), INK_ECANCELLED,
                    "its client is gone");
}

void
ink_office_client_gone (ink_foreman_t *self, uint64_t peer)
{
    ink_client_entry_t *client = ink_map_get (self->demands.clients, &peer);
    if (!client)
        return;
    end_demands (self, client);
    ink_demands_remove_client (&self->demands, client);
}

//  One that was forgotten could come back and leave as much unread once more. So it is kept as
//  long as its connection takes something.
void
ink_office_client_silent (ink_foreman_t *self, ink_client_entry_t *client)
{
    end_demands (self, client);
    if (!ink_unread_of (client)) {
        ink_demands_remove_client (&self->demands, client);
        return;
    }
    if (self->now - client->probed < PROBE_US)
        return;
    client->probed = self->now;
    pong (self, client->peer, 0);
}

void
ink_office_opened (ink_foreman_t *self, const ink_event_t *event)
{
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &event->handle);
    if (!demand)
        return; //  Cancelled meanwhile
    ink_detail_t detail = {""};
    int rc = event->error;
    if (rc == INK_OK)
        rc = ink_demand_plan (&self->demands, demand, &event->identity, &event->other,
                              &detail);
    if (rc) {
        refuse (self, demand->client->peer, demand->id, rc, detail.text);
        self->counters.ended_refused++;
        ink_demands_remove (&self->demands, demand);
        return;
    }
    ink_office_look (self, demand);
}

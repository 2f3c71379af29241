//  client.c: the shell around a session, faked whole, and the application behind it.

#include <stdlib.h>
#include <string.h>

#include "client.h"
#include "faults.h"
#include "invariants.h"

#define TURN_MOST 256

static sim_client_t *
of (process_t *process)
{
    return (sim_client_t *) (void *) process;
}

//  ---------------------------------------------------------------------------------------
//  Performing

static void
deliver (world_t *world, sim_client_t *self, const ink_session_action_t *action)
{
    size_t place = self->waiting_size;
    if (action->kind == INK_SESSION_REPLACE) {
        for (place = 0; place < self->waiting_size; place++)
            if (self->waiting[place] == action->old)
                break;
        if (place == self->waiting_size)
            world_fail (world, "a reply replaces one that does not wait");
        ink_reply_destroy (&self->waiting[place]);
    } else
        self->waiting_size++;
    if (place == WAITING_MOST)
        world_fail (world, "%d replies wait for the application", WAITING_MOST);
    self->waiting[place] = action->reply;
    asks_delivered (world, self->process.n, action->reply);
}

static void
perform (world_t *world, sim_client_t *self, const ink_session_action_t *action)
{
    switch (action->kind) {
    case INK_SESSION_SEND:
        world_note_message (world, &self->process, '>', &action->msg);
        if (link_send (world, self->front, WAY_UP, &action->msg, NULL, 100000) ==
            INK_EMESSAGE)
            world_fail (world, "a client says what cannot be encoded");
        break;
    case INK_SESSION_DELIVER:
    case INK_SESSION_REPLACE:
        deliver (world, self, action);
        break;
    case INK_SESSION_ANSWER:
        if (!self->asking)
            world_fail (world, "an answer to no call");
        self->asking = false;
        break;
    case INK_SESSION_RECONNECT:
        world_note (world, &self->process, '=', "reconnects", "", 0, 0, 0);
        parcels_free (&self->process.inbox[LINK_FRONT]);
        link_open (world, self->front);
        break;
    }
}

static int
step (world_t *world, sim_client_t *self, const ink_session_event_t *event)
{
    world->events++;
    int rc = ink_session_step (self->session, world->now, event, &self->out);
    if (rc == INK_ENOMEM)
        world_fail (world, "a session has no memory");
    check_session (world, &self->out);
    for (size_t n = 0; n < self->out.size; n++)
        perform (world, self, &self->out.items[n]);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  The application

static void
submit (world_t *world, sim_client_t *self, ask_t *ask)
{
    if (!ask)
        return;
    ink_request_t *request = ask_request (ask);
    world_note (world, &self->process, '?', "asks", "ask %llu, kernels %llu",
                (uint64_t) ask->n, ask->kernels, 0);
    int rc =
        step (world, self,
              &(ink_session_event_t){.kind = INK_SESSION_SUBMIT, .request = request});
    if (rc) {
        ink_request_destroy (&request);
        ask->abandoned = true;
        if (rc != INK_ECONFLICT)
            world_fail (world, "a request was not taken: %s", ink_error_name (rc));
    }
}

static ask_t *
any_ask (world_t *world)
{
    size_t size = world->asks->size;
    return size ? &world->asks->items[world_draw (world, size)] : NULL;
}

//  Whoever cancels an id cancels it for all who ask by it.
static void
mark_cancelled (world_t *world, const char *id)
{
    for (size_t n = 0; n < world->asks->size; n++)
        if (strcmp (world->asks->items[n].id, id) == 0)
            world->asks->items[n].cancelled = world->now;
}

static bool
waits (const sim_client_t *self, const char *id)
{
    for (size_t n = 0; n < self->waiting_size; n++)
        if (strcmp (self->waiting[n]->request, id) == 0)
            return true;
    return false;
}

//  The same question by the same id, from the same session or from another; or, by the same
//  id, another question.
static void
repeat (world_t *world, sim_client_t *self)
{
    ask_t *old = any_ask (world), *ask;
    if (!old || waits (self, old->id))
        return;
    if (asks_find (world, self->process.n, old->id)) {
        ink_request_t *request = ask_request (old);
        if (step (world, self,
                  &(ink_session_event_t){.kind = INK_SESSION_SUBMIT, .request = request}))
            ink_request_destroy (&request);
        return;
    }
    ask = asks_again (world, old, self->process.n);
    if (ask && world_luck (world, 20)) {
        ask->chunk *= 2;
        for (size_t n = 0; n < world->asks->size; n++)
            if (strcmp (world->asks->items[n].id, ask->id) == 0)
                world->asks->items[n].conflicts = true;
    }
    submit (world, self, ask);
}

static void
cancel (world_t *world, sim_client_t *self, bool any)
{
    ask_t *ask = any_ask (world);
    if (!ask || self->asking)
        return;
    world_note (world, &self->process, '?', "cancels", "ask %llu", (uint64_t) ask->n, 0,
                0);
    mark_cancelled (world, ask->id);
    self->asking = any;
    step (world, self,
          &(ink_session_event_t){.kind =
                                     any ? INK_SESSION_CANCEL_OTHER : INK_SESSION_CANCEL,
                                 .id = ask->id,
                                 .until = world->now + 5 * SECOND});
}

static void
take (world_t *world, sim_client_t *self)
{
    if (!self->waiting_size)
        return;
    ink_reply_t *reply = self->waiting[0];
    memmove (self->waiting, self->waiting + 1,
             --self->waiting_size * sizeof *self->waiting);
    asks_taken (world, self->process.n, reply);
    step (world, self, &(ink_session_event_t){.kind = INK_SESSION_TAKEN, .reply = reply});
    ink_reply_destroy (&reply);
}

//  One thing an application may do.
static void
follow_whim (world_t *world, sim_client_t *self)
{
    uint64_t whim = world_draw (world, 100);
    if (whim < 45)
        submit (world, self, asks_new (world, self->process.n));
    else if (whim < 45 + world->faults->cancels)
        cancel (world, self, whim & 1);
    else if (whim < 75 && world->faults->repeats)
        repeat (world, self);
    else if (whim < 78 && !self->asking) {
        self->asking = true;
        step (world, self,
              &(ink_session_event_t){.kind = INK_SESSION_ASK,
                                     .until = world->now + 5 * SECOND});
    } else if (whim < 80)
        self->lazy = !self->lazy;
}

void
client_ask (world_t *world, sim_client_t *self)
{
    submit (world, self, asks_new (world, self->process.n));
    process_wake (world, &self->process, world->now);
}

//  ---------------------------------------------------------------------------------------
//  Turns

static bool
receive (world_t *world, sim_client_t *self)
{
    int rc = process_receive (world, &self->process, LINK_FRONT, &self->letter);
    if (rc == INK_OK)
        step (world, self,
              &(ink_session_event_t){.kind = INK_SESSION_MESSAGE,
                                     .msg = &self->letter.msg,
                                     .payload_p = &self->letter.payload});
    return rc != INK_POST_NONE;
}

static void
turn (world_t *world, process_t *process)
{
    sim_client_t *self = of (process);
    if (ink_session_deadline (self->session) <= world->now)
        step (world, self, &(ink_session_event_t){.kind = INK_SESSION_TIMER});
    for (int n = 0; n < TURN_MOST && receive (world, self); n++)
        ;
    if (self->next_whim <= world->now) {
        self->next_whim = world->now + world_between (world, 1, world->faults->haste);
        if (!world->calm)
            follow_whim (world, self);
    }
    if (!self->lazy || world->calm)
        while (self->waiting_size && (world->calm || world_luck (world, 80)))
            take (world, self);
    check_client (world, self);
    process_wake (world, process, ink_session_deadline (self->session));
    if (!world->calm)
        process_wake (world, process, self->next_whim);
    if (process->inbox[LINK_FRONT].size || (world->calm && self->waiting_size))
        process_wake (world, process, world->now + 50);
}

//  ---------------------------------------------------------------------------------------
//  Lives

sim_client_t *
client_new (world_t *world, int n)
{
    (void) world;
    sim_client_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->process = (process_t){.role = "client", .n = n, .turn = turn, .wake = NEVER};
    return self;
}

static void
forget (sim_client_t *self)
{
    for (size_t n = 0; n < self->waiting_size; n++)
        ink_reply_destroy (&self->waiting[n]);
    self->waiting_size = 0;
    ink_session_destroy (&self->session);
    self->asking = self->lazy = false;
}

void
client_destroy (sim_client_t **self_p)
{
    forget (*self_p);
    ink_session_actions_free (&(*self_p)->out);
    ink_letter_free (&(*self_p)->letter);
    parcels_free (&(*self_p)->process.inbox[LINK_FRONT]);
    free (*self_p);
    *self_p = NULL;
}

void
client_start (world_t *world, sim_client_t *self)
{
    forget (self);
    self->session = ink_session_new (&ink_session_usual, world->now);
    self->process.alive = true;
    self->process.wake = NEVER;
    self->process.stopped_until = self->process.busy_until = 0;
    self->next_whim = world->now + world_between (world, 1, 100 * MS);
    link_open (world, self->front);
    world_note (world, &self->process, '!', "begins", "", 0, 0, 0);
    process_wake (world, &self->process, world->now);
}

void
client_kill (world_t *world, sim_client_t *self, int64_t back_at)
{
    world_note (world, &self->process, '!', "vanishes", "", 0, 0, 0);
    self->process.alive = false;
    for (size_t n = 0; n < world->asks->size; n++)
        if (world->asks->items[n].client == self->process.n && world->asks->items[n].open)
            world->asks->items[n].abandoned = true;
    network_bury (world, &self->process, back_at);
}

//  runner.c: the brain of the worker.

#include <string.h>

#include "base/list.h"
#include "base/memory.h"
#include "base/plant.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "worker/runner.h"

#define BEAT_US 250000
#define HELLO_US 1000000
#define REFUSED_US 10000000 //  The next hello of one that was refused
#define SILENCE_US 3000000

//  We beat far more often than this: a longer gap is a pause of our own
#define PAUSE_US 1000000

//  A revocation may overtake its lease: so many are remembered
#define REVOKED_MOST 64

typedef enum { ASKING, JOINED, READY } state_t;

typedef struct {
    ink_link_t link;
    ink_msg_t msg;
    ink_arena_t arena;
} held_t;

struct ink_runner {
    uint64_t instance;
    int64_t now;
    state_t state;
    uint64_t epoch, worker, seq;
    int64_t heard;      //  The last beacon
    int64_t next_hello; //  While ASKING
    int64_t next_beat;
    ink_link_t
        leases; //  The first one is worked on, the others wait in the order they came
    uint64_t current; //  The id of the first one; 0: none
    bool is_ahead;    //  It has gone before others
    ink_link_t spare; //  For the next ones
    uint64_t revoked[REVOKED_MOST];
    size_t revoked_count;
    ink_buffer_t scratch;
    ink_work_actions_t out;
    ink_work_action_t nowhere; //  Written to when memory ran out, never performed
    bool failed;
};

ink_runner_t *
ink_runner_new (uint64_t instance)
{
    ink_runner_t *self = ink_alloc (sizeof *self);
    if (self) {
        self->instance = instance;
        ink_list_init (&self->leases);
        ink_list_init (&self->spare);
    }
    return self;
}

static void
free_all (ink_link_t *list)
{
    INK_LIST_EACH (link, list)
    {
        held_t *held = INK_ITEM (link, held_t, link);
        ink_arena_free (&held->arena);
        ink_free (held);
    }
}

void
ink_runner_destroy (ink_runner_t **self_p)
{
    ink_runner_t *self = *self_p;
    if (!self)
        return;
    free_all (&self->leases);
    free_all (&self->spare);
    ink_buffer_free (&self->scratch);
    ink_free (self->out.items);
    ink_free (self);
    *self_p = NULL;
}

static ink_work_action_t *
act (ink_runner_t *self, ink_work_do_t kind)
{
    ink_work_actions_t *out = &self->out;
    if (out->size == out->room) {
        size_t room = out->room ? out->room * 2 : 16;
        ink_work_action_t *items = ink_resize (out->items, room * sizeof *items);
        if (!items) {
            self->failed = true;
            return &self->nowhere;
        }
        out->items = items;
        out->room = room;
    }
    ink_work_action_t *action = &out->items[out->size++];
    memset (action, 0, sizeof *action);
    action->kind = kind;
    return action;
}

//  ---------------------------------------------------------------------------------------
//  Leases

static void
drop (ink_runner_t *self, held_t *held)
{
    ink_list_remove (&held->link);
    ink_list_append (&self->spare, &held->link);
}

static held_t *
find (ink_runner_t *self, uint64_t id)
{
    INK_LIST_EACH (link, &self->leases)
    {
        held_t *held = INK_ITEM (link, held_t, link);
        if (held->msg.lease.lease == id)
            return held;
    }
    return NULL;
}

static void
say_stopped (ink_runner_t *self, uint64_t id)
{
    ink_msg_t *msg = &act (self, INK_WORK_SAY)->msg;
    msg->kind = INK_MSG_STOPPED;
    msg->stopped.instance = self->instance;
    msg->stopped.lease = id;
}

static bool
was_revoked (const ink_runner_t *self, uint64_t id)
{
    for (size_t n = 0; n < REVOKED_MOST && n < self->revoked_count; n++)
        if (self->revoked[n] == id)
            return true;
    return false;
}

static void
on_lease (ink_runner_t *self, const ink_msg_t *msg)
{
    if (self->state != READY || msg->lease.epoch != self->epoch ||
        find (self, msg->lease.lease))
        return;
    if (was_revoked (self, msg->lease.lease) && !INK_PLANTED (33)) {
        say_stopped (self, msg->lease.lease);
        return;
    }
    held_t *held;
    if (ink_list_empty (&self->spare)) {
        held = ink_alloc (sizeof *held);
        if (!held) {
            self->failed = true;
            return;
        }
        ink_list_init (&held->link);
    } else
        held = INK_ITEM (self->spare.next, held_t, link);
    ink_list_remove (&held->link);
    ink_arena_reset (&held->arena);
    bool copied = !ink_msg_copy (msg, &self->scratch, &held->msg, &held->arena);
    ink_list_append (copied ? &self->leases : &self->spare, &held->link);
    self->failed |= !copied;
}

static void
revoke_lease (ink_runner_t *self, uint64_t id)
{
    held_t *held = find (self, id);
    self->revoked[self->revoked_count++ % REVOKED_MOST] = id;
    if (held)
        drop (self, held);
    //  Also when it is done, or on its way to us: what was sent of it may be lost with a sink,
    //  and the ventilator must not wait for it.
    say_stopped (self, id);
}

//  One that overtakes its lease is lost: it costs what the span costs.
static void
revoke_span (ink_runner_t *self, uint64_t id, uint64_t span)
{
    held_t *held = find (self, id);
    if (!held || span >= held->msg.lease.spans.size || INK_PLANTED (42))
        return;
    //  The copy is ours
    ((ink_msg_span_t *) held->msg.lease.spans.items)[span].length = 0;
}

static void
revoke (ink_runner_t *self, const ink_msg_revoked_t *revoked)
{
    if (revoked->worker != self->worker)
        return;
    if (revoked->span == INK_ANY)
        revoke_lease (self, revoked->lease);
    else
        revoke_span (self, revoked->lease, revoked->span);
}

static bool
is_listed (const ink_msg_held_t *msg, uint64_t id)
{
    for (size_t n = 0; n < msg->leases.size; n++)
        if (msg->leases.items[n].id == id)
            return true;
    return false;
}

static void
on_held (ink_runner_t *self, const ink_msg_held_t *msg)
{
    if (msg->epoch != self->epoch)
        return;
    self->seq = msg->seq;
    INK_LIST_EACH (link, &self->leases)
    {
        held_t *held = INK_ITEM (link, held_t, link);
        uint64_t id = held->msg.lease.lease;
        if (is_listed (msg, id) || INK_PLANTED (32))
            continue;
        drop (self, held);
        say_stopped (self, id);
    }
}

//  What is to be worked on comes first: what goes ahead, or what has waited longest after one
//  that did, so that nothing waits for ever.
static void
choose_current (ink_runner_t *self)
{
    held_t *first = ink_list_empty (&self->leases)
                        ? NULL
                        : INK_ITEM (self->leases.next, held_t, link);
    if (first && first->msg.lease.lease == self->current)
        return;
    INK_LIST_EACH (link, &self->leases)
    {
        held_t *held = INK_ITEM (link, held_t, link);
        if (held->msg.lease.ahead == self->is_ahead)
            continue;
        first = held;
        break;
    }
    self->current = first ? first->msg.lease.lease : 0;
    self->is_ahead = first && first->msg.lease.ahead;
    if (!first)
        return;
    ink_list_remove (&first->link);
    ink_list_append (self->leases.next, &first->link);
}

//  ---------------------------------------------------------------------------------------
//  The ventilator

//  Whatever we held is another life's: start from the beginning.
static void
rejoin (ink_runner_t *self)
{
    INK_LIST_EACH (link, &self->leases)
    drop (self, INK_ITEM (link, held_t, link));
    self->state = ASKING;
    self->revoked_count = 0;
    self->next_hello = self->now + HELLO_US;
    act (self, INK_WORK_SAY_HELLO);
}

static void
on_welcome (ink_runner_t *self, const ink_msg_t *msg)
{
    if (self->state != ASKING)
        return;
    self->epoch = msg->welcome.epoch;
    self->worker = msg->welcome.worker;
    self->state = JOINED;
    self->heard = self->now;
    act (self, INK_WORK_CONNECT)->msg = *msg;
}

static void
on_back (ink_runner_t *self, const ink_msg_t *msg)
{
    switch (msg->kind) {
    case INK_MSG_WELCOME:
        on_welcome (self, msg);
        break;
    case INK_MSG_REFUSAL:
        if (self->state == ASKING)
            self->next_hello = self->now + REFUSED_US;
        break;
    case INK_MSG_HELD:
        on_held (self, &msg->held);
        break;
    case INK_MSG_AGAIN:
        if (self->state != ASKING)
            rejoin (self);
        break;
    default:
        break;
    }
}

//  The control channel tells in order; what was missed is asked for.
static void
follow (ink_runner_t *self, uint64_t seq)
{
    bool missed = seq != self->seq && !INK_PLANTED (31);
    self->seq = seq;
    if (!missed)
        return;
    ink_msg_t *msg = &act (self, INK_WORK_SAY)->msg;
    msg->kind = INK_MSG_RESYNC;
    msg->resync.instance = self->instance;
}

static void
on_beacon (ink_runner_t *self, const ink_msg_beacon_t *beacon)
{
    self->heard = self->now;
    if (self->state == READY) {
        follow (self, beacon->seq);
        return;
    }
    self->state = READY;
    self->seq = beacon->seq;
    ink_msg_t *msg = &act (self, INK_WORK_SAY)->msg;
    msg->kind = INK_MSG_READY;
    msg->ready.instance = self->instance;
}

static void
on_revoke (ink_runner_t *self, const ink_msg_revoke_t *msg)
{
    self->heard = self->now;
    for (size_t n = 0; n < msg->leases.size; n++)
        revoke (self, &msg->leases.items[n]);
    if (self->state != READY)
        return;
    self->seq++;
    follow (self, msg->seq);
}

static void
on_control (ink_runner_t *self, const ink_msg_t *msg)
{
    uint64_t epoch = msg->kind == INK_MSG_BEACON ? msg->beacon.epoch : msg->revoke.epoch;
    if (self->state == ASKING)
        return;
    if (epoch != self->epoch)
        rejoin (self);
    else if (msg->kind == INK_MSG_BEACON)
        on_beacon (self, &msg->beacon);
    else
        on_revoke (self, &msg->revoke);
}

static void
on_lane (ink_runner_t *self, const ink_msg_t *msg)
{
    if (msg->kind == INK_MSG_LEASE)
        on_lease (self, msg);
    else if (msg->kind == INK_MSG_PROBE && self->state == READY &&
             msg->probe.epoch == self->epoch)
        act (self, INK_WORK_PASS)->msg = *msg;
}

//  ---------------------------------------------------------------------------------------
//  Time

static void
on_timer (ink_runner_t *self)
{
    if (self->state == ASKING && self->now >= self->next_hello)
        rejoin (self);
    else if (self->state != ASKING && self->now - self->heard > SILENCE_US)
        rejoin (self);
    else if (self->state != ASKING && self->now >= self->next_beat) {
        self->next_beat = self->now + BEAT_US;
        act (self, INK_WORK_BEAT);
    }
}

int64_t
ink_runner_deadline (const ink_runner_t *self)
{
    if (self->state == ASKING)
        return self->next_hello;
    int64_t silent = self->heard + SILENCE_US + 1;
    return self->next_beat < silent ? self->next_beat : silent;
}

//  The ventilator may have been paused with us, and come back after us.
static void
forgive_pause (ink_runner_t *self, int64_t now)
{
    int64_t late = now - self->now;
    if (self->now && late > PAUSE_US)
        self->heard += late;
}

//  ---------------------------------------------------------------------------------------
//  The door

const ink_msg_lease_t *
ink_runner_current (const ink_runner_t *self)
{
    if (ink_list_empty (&self->leases))
        return NULL;
    return &INK_ITEM (self->leases.next, held_t, link)->msg.lease;
}

uint64_t
ink_runner_worker (const ink_runner_t *self)
{
    return self->worker;
}

int
ink_runner_step (ink_runner_t *self, int64_t now, const ink_told_t *told,
                 const ink_work_actions_t **out)
{
    self->out.size = 0;
    forgive_pause (self, now);
    self->now = now;
    switch (told->kind) {
    case INK_TOLD_BACK:
        on_back (self, told->msg);
        break;
    case INK_TOLD_CONTROL:
        if (told->msg->kind == INK_MSG_BEACON || told->msg->kind == INK_MSG_REVOKE)
            on_control (self, told->msg);
        break;
    case INK_TOLD_LANE:
        on_lane (self, told->msg);
        break;
    case INK_TOLD_DONE:
        drop (self, INK_ITEM (self->leases.next, held_t, link));
        break;
    case INK_TOLD_TIMER:
        on_timer (self);
        break;
    }
    choose_current (self);
    *out = &self->out;
    return self->failed ? INK_ENOMEM : INK_OK;
}

//  worker.c: the shell around the runner, faked whole.
//
//  The order of things is that of src/worker/worker.c: a slice, then control, back, lane and
//  the timer, then the next slice.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "compute.h"
#include "inkling/error.h"
#include "invariants.h"
#include "kernels/kernels.h"
#include "ventilator.h"
#include "worker.h"

#define DRAIN_MOST 64
#define VALUES_MOST 64 //  On their way to the sink

static sim_worker_t *
of (process_t *process)
{
    return (sim_worker_t *) (void *) process;
}

//  ---------------------------------------------------------------------------------------
//  Performing

static void
say (world_t *world, sim_worker_t *self, link_t *link, const ink_msg_t *msg)
{
    world_note_message (world, &self->process, '>', msg);
    (void) link_send (world, link, WAY_UP, msg, NULL, 100000);
}

static void
close_paths (sim_worker_t *self)
{
    link_close (self->control);
    link_close (self->lane);
    link_close (self->values);
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++)
        if (kind != LINK_BACK)
            parcels_free (&self->process.inbox[kind]);
}

static void
say_hello (world_t *world, sim_worker_t *self)
{
    ink_msg_kernel_t kernels[16 + INK_KERNELS_LOADED];
    size_t count = 0;
    const ink_kernel_t *kernel;
    for (size_t n = 0; (kernel = ink_kernels_at (n)); n++)
        if (self->knows_digraph || strcmp (kernel->name, "digraph") != 0)
            kernels[count++] =
                (ink_msg_kernel_t){.name = kernel->name, .version = kernel->version};
    ink_msg_t msg = {.kind = INK_MSG_HELLO};
    msg.hello.name = self->name;
    msg.hello.instance = self->instance;
    msg.hello.host = "sim";
    msg.hello.slots = 1;
    msg.hello.version = "0";
    msg.hello.kernels.items = kernels;
    msg.hello.kernels.size = count;
    close_paths (self);
    parcels_free (&self->process.inbox[LINK_BACK]);
    link_open (world, self->back);
    say (world, self, self->back, &msg);
}

static void
connect_paths (world_t *world, sim_worker_t *self, const ink_msg_welcome_t *welcome)
{
    close_paths (self);
    link_open (world, self->control);
    link_open (world, self->values);
    self->lane->number = strtoull (welcome->lane, NULL, 10);
    if (ventilator_has_lane (world->ventilator, self->lane->number))
        link_open (world, self->lane);
}

static void
beat (world_t *world, sim_worker_t *self)
{
    ink_msg_t msg = {.kind = INK_MSG_HEARTBEAT};
    msg.heartbeat.instance = self->instance;
    say (world, self, self->back, &msg);
}

static void
perform (world_t *world, sim_worker_t *self, const ink_work_action_t *action)
{
    switch (action->kind) {
    case INK_WORK_SAY_HELLO:
        say_hello (world, self);
        break;
    case INK_WORK_CONNECT:
        connect_paths (world, self, &action->msg.welcome);
        break;
    case INK_WORK_SAY:
        say (world, self, self->back, &action->msg);
        break;
    case INK_WORK_BEAT:
        beat (world, self);
        break;
    case INK_WORK_PASS:
        say (world, self, self->values, &action->msg);
        break;
    }
}

static void
step (world_t *world, sim_worker_t *self, ink_told_kind_t kind, const ink_msg_t *msg)
{
    const ink_work_actions_t *actions;
    world->events++;
    if (ink_runner_step (self->runner, world->now, &(ink_told_t){kind, msg}, &actions))
        world_fail (world, "the runner has no memory");
    check_runner (world, self, kind, msg, actions);
    for (size_t n = 0; n < actions->size; n++)
        perform (world, self, &actions->items[n]);
}

//  ---------------------------------------------------------------------------------------
//  Computing

//  Sends what is ready, unless its lease is not wanted any more. False while the sink takes
//  nothing.
static bool
send_values (world_t *world, sim_worker_t *self)
{
    for (; self->unsent_first < self->unsent_size; self->unsent_first++) {
        sim_value_t *value = &self->unsent[self->unsent_first];
        const ink_msg_lease_t *current = ink_runner_current (self->runner);
        bool wanted = current && current->lease == sim_value_lease (value) &&
                      current->epoch == self->epoch;
        if (wanted && self->values->way[WAY_UP].parcels.size > VALUES_MOST)
            return false;
        if (wanted)
            compute_send (world, self, value);
        ink_payload_destroy (&value->payload);
    }
    self->unsent_first = self->unsent_size = 0;
    return true;
}

//  The slice that has just ended. Its lease may have been revoked while its values waited.
static void
end_slice (world_t *world, sim_worker_t *self)
{
    const ink_msg_lease_t *lease = ink_runner_current (self->runner);
    self->in_slice = false;
    if (!lease || lease->lease != self->lease || lease->epoch != self->epoch)
        world_fail (world, "a lease changed under a slice");
    compute_end_slice (world, self, lease);
}

static void
close_done (world_t *world, sim_worker_t *self)
{
    const ink_msg_lease_t *lease = ink_runner_current (self->runner);
    if (!lease || lease->lease != self->lease || lease->epoch != self->epoch ||
        self->span < lease->spans.size)
        return;
    self->lease = 0;
    step (world, self, INK_TOLD_DONE, NULL);
}

static void
begin_slice (world_t *world, sim_worker_t *self)
{
    const ink_msg_lease_t *lease = ink_runner_current (self->runner);
    if (!lease || !self->process.alive)
        return;
    check_slice (world, self, lease);
    self->process.busy_until = world->now + compute_begin_slice (world, self, lease);
    self->in_slice = self->process.alive;
    process_wake (world, &self->process, self->process.busy_until);
}

//  ---------------------------------------------------------------------------------------
//  Listening

static void
receive (world_t *world, sim_worker_t *self, link_kind_t link, ink_told_kind_t kind)
{
    for (int n = 0; n < DRAIN_MOST && self->process.alive; n++) {
        int rc = process_receive (world, &self->process, link, &self->letter);
        if (rc == INK_POST_NONE)
            return;
        if (rc == INK_OK)
            step (world, self, kind, &self->letter.msg);
    }
}

static void
turn (world_t *world, process_t *process)
{
    sim_worker_t *self = of (process);
    if (self->in_slice)
        end_slice (world, self);
    bool emitting = !send_values (world, self);
    if (!emitting)
        close_done (world, self);
    receive (world, self, LINK_CONTROL, INK_TOLD_CONTROL);
    receive (world, self, LINK_BACK, INK_TOLD_BACK);
    if (!emitting)
        receive (world, self, LINK_LANE, INK_TOLD_LANE);
    if (ink_runner_deadline (self->runner) <= world->now)
        step (world, self, INK_TOLD_TIMER, NULL);
    if (emitting)
        process_wake (world, process, world->now + 10 * MS);
    else
        begin_slice (world, self);
    if (!self->in_slice)
        process_wake (world, process, ink_runner_deadline (self->runner));
    for (link_kind_t kind = LINK_BACK; kind <= LINK_LANE; kind++)
        if (process->inbox[kind].size && !(emitting && kind == LINK_LANE))
            process_wake (world, process, world->now + 50);
}

//  ---------------------------------------------------------------------------------------
//  Lives

sim_worker_t *
worker_new (world_t *world, int n)
{
    sim_worker_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->process = (process_t){.role = "worker", .n = n, .turn = turn, .wake = NEVER};
    snprintf (self->name, sizeof self->name, "w%d", n);
    self->knows_digraph = n == 0 || world_luck (world, 80);
    self->ns_a_byte = 1 << world_draw (world, 11); //  4 KiB take 4 us to 4 ms
    self->slowness = 1;
    return self;
}

static void
forget (sim_worker_t *self)
{
    ink_runner_destroy (&self->runner);
    for (; self->unsent_first < self->unsent_size; self->unsent_first++)
        ink_payload_destroy (&self->unsent[self->unsent_first].payload);
    self->unsent_first = self->unsent_size = 0;
    self->in_slice = false;
    self->lease = 0;
    self->heard_epoch = 0;
}

void
worker_destroy (sim_worker_t **self_p)
{
    sim_worker_t *self = *self_p;
    forget (self);
    for (size_t k = 0; k < INK_KERNELS_MOST; k++) {
        free (self->cells[k]);
        ink_gather_destroy (&self->gather[k]);
    }
    ink_bisect_destroy (&self->bisect);
    ink_answer_destroy (&self->answer);
    ink_payload_destroy (&self->old.payload);
    ink_letter_free (&self->letter);
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++)
        parcels_free (&self->process.inbox[kind]);
    free (self);
    *self_p = NULL;
}

void
worker_start (world_t *world, sim_worker_t *self)
{
    forget (self);
    self->instance = world_draw (world, UINT64_C (1) << 40) | 1;
    self->runner = ink_runner_new (self->instance);
    self->process.alive = true;
    self->process.wake = NEVER;
    self->process.stopped_until = self->process.busy_until = 0;
    world_note (world, &self->process, '!', "begins", "instance %llx", self->instance, 0,
                0);
    process_wake (world, &self->process, world->now);
}

void
worker_kill (world_t *world, sim_worker_t *self, int64_t back_at)
{
    world_note (world, &self->process, '!', "dies", "", 0, 0, 0);
    self->process.alive = false;
    network_bury (world, &self->process, back_at);
}

void
worker_leave (world_t *world, sim_worker_t *self, int64_t back_at)
{
    ink_msg_t msg = {.kind = INK_MSG_BYE};
    msg.bye.instance = self->instance;
    if (self->back->open) {
        say (world, self, self->back, &msg);
        //  Lingers: what was said is heard
        while (self->back->way[WAY_UP].parcels.first)
            network_hand_over (world, &self->back->way[WAY_UP]);
    }
    worker_kill (world, self, back_at);
}

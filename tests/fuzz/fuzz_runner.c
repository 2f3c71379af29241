//  fuzz_runner.c: the worker's brain, told anything by its ventilator. What it says can be
//  sent, what it works on was leased in this epoch, and it lets go of all its memory.

#include "supply.h"
#include "worker/runner.h"

#define STEPS_MOST 100

typedef struct {
    supply_t in;
    ink_runner_t *runner;
    int64_t now;
    uint64_t epoch; //  Of the ventilator it has connected to
} world_t;

static void
step (world_t *self, ink_told_kind_t kind, const ink_msg_t *msg)
{
    const ink_work_actions_t *out;
    const ink_told_t told = {kind, msg};
    assert (ink_runner_step (self->runner, self->now, &told, &out) == INK_OK);
    for (size_t n = 0; n < out->size; n++) {
        const ink_work_action_t *action = &out->items[n];
        if (action->kind == INK_WORK_CONNECT)
            self->epoch = action->msg.welcome.epoch;
        if (action->kind != INK_WORK_SAY_HELLO && action->kind != INK_WORK_BEAT)
            can_be_sent (&self->in, &action->msg);
    }
    const ink_msg_lease_t *current = ink_runner_current (self->runner);
    if (current) {
        ink_msg_t copy = {.kind = INK_MSG_LEASE, .lease = *current};
        can_be_sent (&self->in, &copy);
        assert (current->epoch == self->epoch);
    }
}

static void
play (world_t *self)
{
    uint8_t kind = supply_byte (&self->in) % 6;
    if (kind <= INK_TOLD_LANE) {
        ink_msg_t msg = supply_message (&self->in);
        step (self, (ink_told_kind_t) kind, &msg);
    } else if (kind == INK_TOLD_DONE && ink_runner_current (self->runner))
        step (self, INK_TOLD_DONE, NULL);
    else {
        self->now += supply_pause (&self->in);
        step (self, INK_TOLD_TIMER, NULL);
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    world_t self = {.in = {.at = bytes, .left = size}, .now = 1000000};
    self.runner = ink_runner_new (7);
    for (int n = 0; n < STEPS_MOST && self.in.left; n++)
        play (&self);
    ink_runner_destroy (&self.runner);
    supply_free (&self.in);
    return 0;
}

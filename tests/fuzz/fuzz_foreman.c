//  fuzz_foreman.c: the ventilator's brain, told anything by clients, workers and sink. What it
//  says can be sent, and it lets go of all its memory.

#include "supply.h"
#include "ventilator/foreman.h"

#define STEPS_MOST 100
#define PARTS_MOST 128

typedef struct {
    supply_t in;
    ink_foreman_t *foreman;
    int64_t now;
    ink_event_t caused[16];
    size_t caused_size;
} world_t;

static uint8_t known[PARTS_MOST];

static ink_event_t
looked (world_t *self, uint64_t handle)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    ink_event_t event = {.kind = INK_EVENT_LOOKED, .handle = handle};
    uint8_t every = supply_byte (&self->in);
    if (!demand || demand->parts > PARTS_MOST)
        return event; //  The cache knows nothing
    for (size_t n = 0; n < PARTS_MOST; n++)
        known[n] = every && n % every == 0;
    for (size_t k = 0; k < INK_KERNELS_MOST; k++)
        event.known[k] = supply_byte (&self->in) & 1 ? known : NULL;
    return event;
}

static ink_event_t
opened (world_t *self, uint64_t handle)
{
    static const uint64_t sizes[] = {262221, 0, 1, 5000, 65536, UINT64_MAX};
    uint8_t byte = supply_byte (&self->in);
    ink_event_t event = {.kind = INK_EVENT_OPENED, .handle = handle};
    event.identity.size = sizes[byte % 6];
    event.error = byte < 240 ? INK_OK : INK_ENOTFOUND;
    return event;
}

//  Asked for by an action: happens behind the step.
static void
perform (world_t *self, const ink_action_t *action)
{
    ink_event_t event;
    if (action->kind == INK_DO_OPEN)
        event = opened (self, action->handle);
    else if (action->kind == INK_DO_LOOK && supply_byte (&self->in) < 200)
        event = looked (self, action->handle);
    else if (action->kind == INK_DO_LOOK_PART) {
        event = (ink_event_t){.kind = INK_EVENT_FOUND, .handle = action->handle};
        event.kernel = action->kernel;
        event.part = action->part;
        event.payload = supply_payload (&self->in);
    } else
        return;
    if (self->caused_size < 16)
        self->caused[self->caused_size++] = event;
    else
        ink_payload_destroy (&event.payload);
}

static void
step (world_t *self, ink_event_t event)
{
    const ink_actions_t *out;
    assert (ink_foreman_step (self->foreman, self->now, &event, &out) == INK_OK);
    assert (!event.payload && ink_foreman_deadline (self->foreman) >= 0);
    for (size_t n = 0; n < out->size; n++) {
        ink_action_t *action = &out->items[n];
        if (action->msg.kind)
            can_be_sent (&self->in, &action->msg);
        perform (self, action);
        ink_payload_destroy (&action->payload);
    }
}

static ink_event_t
next_event (world_t *self, ink_msg_t *msg)
{
    supply_t *in = &self->in;
    uint8_t kind = supply_byte (in) % 13;
    ink_event_t event = {.kind = (ink_event_kind_t) kind, .peer = supply_byte (in) % 4};
    if (kind >= INK_EVENT_TIMER)
        event.kind = INK_EVENT_TIMER;
    self->now += kind >= INK_EVENT_TIMER ? supply_pause (in) : 1;
    switch (event.kind) {
    case INK_EVENT_CLIENT:
    case INK_EVENT_WORKER:
    case INK_EVENT_SINK:
        *msg = supply_message (in);
        event.msg = msg;
        event.payload = supply_payload (in);
        break;
    case INK_EVENT_GLIMPSED:
        event.handle = supply_byte (in);
        for (size_t k = 0; k < INK_KERNELS_MOST; k++)
            event.glimpsed[k] = (uint64_t) supply_byte (in) << 10;
        break;
    case INK_EVENT_LOOKED:
        return looked (self, supply_byte (in));
    case INK_EVENT_LANE_STUCK:
        event.worker = supply_byte (in);
        break;
    case INK_EVENT_BAD_MESSAGE:
        event.error = INK_EMESSAGE;
        event.from = (ink_event_kind_t) (event.peer % 4);
        break;
    case INK_EVENT_OPENED: //  Only when they were asked for
    case INK_EVENT_FOUND:
        event.kind = INK_EVENT_TIMER;
        break;
    case INK_EVENT_CLIENT_GONE:
    case INK_EVENT_TIMER:
    case INK_EVENT_CACHE:
        break;
    }
    return event;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    world_t self = {.in = {.at = bytes, .left = size}, .now = 1000000};
    self.foreman = ink_foreman_new (1, "ipc://control", "ipc://values");
    for (int n = 0; n < STEPS_MOST && self.in.left; n++) {
        ink_msg_t msg;
        step (&self, next_event (&self, &msg));
        for (size_t c = 0; c < self.caused_size; c++)
            step (&self, self.caused[c]);
        self.caused_size = 0;
    }
    ink_foreman_destroy (&self.foreman);
    supply_free (&self.in);
    return 0;
}

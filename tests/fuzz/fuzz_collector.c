//  fuzz_collector.c: the sink's brain, told anything by ventilators and workers. What it says
//  can be sent, and it lets go of all its memory.

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "sink/collector.h"
#include "supply.h"

#define STEPS_MOST 100

typedef struct {
    supply_t in;
    ink_collector_t *collector;
    int64_t now;
} world_t;

static void
step (world_t *self, ink_heard_t heard)
{
    const ink_sink_actions_t *out;
    const ink_wish_t *raised = NULL;
    assert (ink_collector_step (self->collector, self->now, &heard, &out) == INK_OK);
    for (size_t n = 0; n < out->size; n++) {
        const ink_sink_action_t *action = &out->items[n];
        if (action->kind == INK_SINK_SEND || action->kind == INK_SINK_REPLY)
            can_be_sent (&self->in, &action->msg);
        if (action->kind == INK_SINK_RAISE)
            raised = &action->wish;
        if (action->kind == INK_SINK_STORE)
            assert (heard.payload && action->key.size > 0);
        if (action->answer) {
            void *output = malloc (ink_answer_size (action->answer));
            ink_answer_write (action->answer, output);
            free (output);
        }
    }
    assert (ink_collector_deadline (self->collector) >= self->now ||
            ink_collector_is_full (self->collector) ||
            ink_collector_size (self->collector) > 0);
    if (raised) {
        ink_wish_t wish = *raised;
        step (self, (ink_heard_t){.kind = INK_HEARD_RAISED, .raised = &wish});
    }
}

//  Answers of megabytes are the same as smaller ones, but slow; above all limits is something
//  else again.
static void
hear_ventilator (world_t *self)
{
    uint64_t peer = supply_byte (&self->in) % 3;
    ink_msg_t msg = supply_message (&self->in);
    if (msg.kind == INK_MSG_EXPECT && msg.expect.length < (uint64_t) 1 << 40)
        msg.expect.length %= 1 << 18;
    ink_payload_t *payload = supply_payload (&self->in);
    step (self, (ink_heard_t){.kind = INK_HEARD_VENTILATOR,
                              .peer = peer,
                              .msg = &msg,
                              .payload = payload});
    ink_payload_destroy (&payload);
}

//  Most values have the right checksum: what is behind it is more interesting.
static void
hear_worker (world_t *self)
{
    ink_msg_t msg = supply_message (&self->in);
    ink_payload_t *payload = supply_payload (&self->in);
    if (msg.kind == INK_MSG_VALUE && payload && supply_byte (&self->in) < 200)
        msg.value.checksum =
            XXH3_64bits (ink_payload_data (payload), ink_payload_size (payload));
    step (self, (ink_heard_t){.kind = INK_HEARD_WORKER,
                              .peer = INK_NO_PEER,
                              .msg = &msg,
                              .payload = payload});
    ink_payload_destroy (&payload);
}

static void
play (world_t *self)
{
    switch (supply_byte (&self->in) % 6) {
    case 0:
    case 1:
        hear_ventilator (self);
        break;
    case 2:
    case 3:
        hear_worker (self);
        break;
    case 4:
        step (self, (ink_heard_t){.kind = INK_HEARD_STORED});
        assert (!ink_collector_is_full (self->collector));
        step (self, (ink_heard_t){.kind = INK_HEARD_IDLE});
        break;
    default:
        self->now += supply_pause (&self->in);
        step (self, (ink_heard_t){.kind = INK_HEARD_TIMER});
    }
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    world_t self = {.in = {.at = bytes, .left = size}, .now = 1000000};
    self.collector = ink_collector_new (100);
    for (int n = 0; n < STEPS_MOST && self.in.left; n++)
        play (&self);
    ink_collector_destroy (&self.collector);
    supply_free (&self.in);
    return 0;
}

//  ventilator.c: the shell around the foreman, faked whole.
//
//  The order of things is that of src/ventilator/ventilator.c: workers, the sink, clients,
//  looks, and only then the timer.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "harm.h"
#include "inkling/error.h"
#include "invariants.h"
#include "sources.h"
#include "store.h"
#include "ventilator.h"

#define DRAIN_MOST 64
#define FRONT_MOST 200 //  On their way to one client
#define QUEUE_MOST 100000

static sim_ventilator_t *
of (process_t *process)
{
    return (sim_ventilator_t *) (void *) process;
}

//  ---------------------------------------------------------------------------------------
//  Performing

static ink_event_t *
cause (sim_ventilator_t *self, ink_event_kind_t kind)
{
    if (self->caused_size == self->caused_room) {
        self->caused_room = self->caused_room ? self->caused_room * 2 : 64;
        self->caused = realloc (self->caused, self->caused_room * sizeof *self->caused);
        if (!self->caused)
            abort ();
    }
    ink_event_t *event = &self->caused[self->caused_size++];
    *event = (ink_event_t){.kind = kind};
    return event;
}

//  What the foreman says must fit the protocol.
static int
say (world_t *world, sim_ventilator_t *self, link_t *link, way_name_t way,
     const ink_action_t *action, size_t most)
{
    self->wishes += action->msg.kind == INK_MSG_WISH;
    self->glimpses += action->kind == INK_DO_GLIMPSE;
    world_note_message (world, &self->process, '>', &action->msg);
    int rc = link ? link_send (world, link, way, &action->msg, action->payload, most)
                  : INK_ELOST;
    if (rc == INK_EMESSAGE)
        world_fail (world, "the ventilator says what cannot be encoded");
    return rc;
}

static void
send_client (world_t *world, sim_ventilator_t *self, ink_action_t *action)
{
    if (action->msg.kind == INK_MSG_REPLY && !action->payload)
        action->payload = ink_payload_new (0);
    link_t *link = network_peer (world->network, LINK_FRONT, action->peer);
    int rc = say (world, self, link, WAY_DOWN, action, FRONT_MOST);
    if (rc == INK_ELOST || rc == INK_EBUSY)
        cause (self, INK_EVENT_CLIENT_GONE)->peer = action->peer;
}

static void
send_worker (world_t *world, sim_ventilator_t *self, const ink_action_t *action)
{
    link_t *link = network_peer (world->network, LINK_BACK, action->peer);
    (void) say (world, self, link, WAY_DOWN, action, QUEUE_MOST);
}

static void
publish (world_t *world, sim_ventilator_t *self, const ink_action_t *action)
{
    check_published (world, self, &action->msg);
    world_note_message (world, &self->process, '>', &action->msg);
    for (size_t n = 0; n < world->network->size; n++) {
        link_t *link = &world->network->links[n];
        if (link->kind == LINK_CONTROL && link->open && link->up_at <= world->now)
            (void) link_send (world, link, WAY_DOWN, &action->msg, NULL, QUEUE_MOST);
    }
}

static link_t *
find_lane (world_t *world, sim_ventilator_t *self, uint64_t worker)
{
    uint64_t number = 0;
    for (size_t n = 0; n < LANES_MOST; n++)
        if (self->lanes[n].number && self->lanes[n].worker == worker)
            number = self->lanes[n].number;
    for (size_t n = 0; number && n < world->network->size; n++) {
        link_t *link = &world->network->links[n];
        if (link->kind == LINK_LANE && link->open && link->number == number &&
            link->up_at <= world->now)
            return link;
    }
    return NULL;
}

static void
send_lane (world_t *world, sim_ventilator_t *self, const ink_action_t *action)
{
    link_t *link = find_lane (world, self, action->worker);
    if (say (world, self, link, WAY_DOWN, action, 1024))
        cause (self, INK_EVENT_LANE_STUCK)->worker = action->worker;
}

static void
open_lane (world_t *world, sim_ventilator_t *self, ink_action_t *action)
{
    size_t place = 0;
    while (place < LANES_MOST && self->lanes[place].number)
        place++;
    if (place == LANES_MOST)
        world_fail (world, "there are %d lanes", LANES_MOST);
    self->lanes[place].worker = action->worker;
    self->lanes[place].number = self->next_lane++;
    char endpoint[32];
    snprintf (endpoint, sizeof endpoint, "%llu",
              (unsigned long long) self->lanes[place].number);
    action->msg.welcome.lane = endpoint;
    send_worker (world, self, action);
}

static void
close_lane (world_t *world, sim_ventilator_t *self, uint64_t worker)
{
    for (size_t n = 0; n < LANES_MOST; n++) {
        if (!self->lanes[n].number || self->lanes[n].worker != worker)
            continue;
        for (size_t l = 0; l < world->network->size; l++) {
            link_t *link = &world->network->links[l];
            if (link->kind == LINK_LANE && link->number == self->lanes[n].number)
                link_close (link);
        }
        self->lanes[n].number = 0;
    }
}

bool
ventilator_has_lane (const sim_ventilator_t *self, uint64_t number)
{
    for (size_t n = 0; n < LANES_MOST; n++)
        if (self->lanes[n].number == number)
            return self->process.alive;
    return false;
}

static void
open_source (world_t *world, sim_ventilator_t *self, uint64_t handle)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    ink_event_t *event = cause (self, INK_EVENT_OPENED);
    event->handle = handle;
    source_t *source = demand ? sources_find (world->sources, demand->source) : NULL;
    event->error = source ? INK_OK : INK_ENOTFOUND;
    if (source)
        event->identity = source_now (source)->identity;
    source = demand ? sources_find (world->sources, demand->other) : NULL;
    if (source)
        event->other = source_now (source)->identity;
}

//  ---------------------------------------------------------------------------------------
//  Looks

static int
find_look (const sim_ventilator_t *self, uint64_t handle)
{
    for (int n = 0; n < LOOKS_MOST; n++)
        if (self->looks[n].handle == handle)
            return n;
    return -1;
}

static void
end_look (sim_ventilator_t *self, uint64_t handle)
{
    int n = find_look (self, handle);
    if (n == -1)
        return;
    ink_lookup_destroy (&self->looks[n].lookup);
    self->looks[n].handle = 0;
}

//  A look has two ends at most: that of its glimpses and its own.
static void
advance (world_t *world, sim_ventilator_t *self, int n)
{
    ink_lookup_t *lookup = self->looks[n].lookup;
    bool ended = ink_lookup_advance (lookup, INT32_MAX);
    if (!ended && ink_lookup_has_glimpsed (lookup)) {
        ink_event_t *event = cause (self, INK_EVENT_GLIMPSED);
        event->handle = self->looks[n].handle;
        for (size_t k = 0; k < INK_KERNELS_MOST; k++)
            event->glimpsed[k] = ink_lookup_glimpsed (lookup, k);
        ended = ink_lookup_advance (lookup, INT32_MAX);
    }
    if (!ended)
        world_fail (world, "a look did not end");
}

static void
fill_looked (sim_ventilator_t *self, int n, ink_event_t *event)
{
    *event = (ink_event_t){.kind = INK_EVENT_LOOKED, .handle = self->looks[n].handle};
    for (size_t k = 0; k < INK_KERNELS_MOST; k++) {
        event->known[k] = ink_lookup_known (self->looks[n].lookup, k);
        event->lacking[k] =
            ink_lookup_lacking (self->looks[n].lookup, k, &event->lacks[k]);
        event->bytes[k] = ink_lookup_bytes (self->looks[n].lookup, k);
        event->states[k] =
            ink_lookup_state (self->looks[n].lookup, k, &event->state_sizes[k]);
    }
    self->looks[n].due = NEVER;
}

static void
begin_look (world_t *world, sim_ventilator_t *self, uint64_t handle)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    end_look (self, handle);
    if (!demand)
        return;
    int n = find_look (self, 0);
    if (n == -1)
        world_fail (world, "%d looks are not ended", LOOKS_MOST);
    self->looks[n].handle = handle;
    self->looks[n].lookup = ink_lookup_new (world->store->cache, demand);
    bool long_one = world_luck (world, world->faults->slow_looks);
    self->looks[n].later = long_one && world_luck (world, 50);
    if (!self->looks[n].later)
        advance (world, self, n);
    if (long_one)
        self->looks[n].due = world->now + world_between (world, 1, 40 * MS);
    else
        fill_looked (self, n, cause (self, INK_EVENT_LOOKED));
}

static void
look_for_part (world_t *world, sim_ventilator_t *self, const ink_action_t *action)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, action->handle);
    ink_event_t *event = cause (self, INK_EVENT_FOUND);
    event->handle = action->handle;
    event->kernel = action->kernel;
    event->part = action->part;
    ink_look_t *look = demand ? ink_cache_look (world->store->cache) : NULL;
    if (!look)
        return;
    const ink_strand_t *strand = &demand->strands[action->kernel];
    ink_cache_key_t key =
        ink_cache_key (&strand->series, &demand->plan,
                       ink_plan_part (&demand->plan, action->part), strand->kin.reach);
    const void *value;
    size_t size;
    if (ink_look_get (look, &key, &value, &size)) {
        event->payload = ink_payload_new (size);
        memcpy (ink_payload_data (event->payload), value, size);
    }
    ink_look_end (&look);
}

static void
answer (world_t *world, sim_ventilator_t *self, ink_action_t *action)
{
    int n = find_look (self, action->handle);
    uint64_t precision = action->msg.reply.precision;
    const ink_answer_t *known = NULL;
    if (n != -1 && action->kind == INK_DO_GLIMPSE)
        known = ink_lookup_glimpse (self->looks[n].lookup, action->kernel);
    else if (n != -1)
        known = ink_lookup_answer (self->looks[n].lookup, action->kernel);
    if (known) {
        action->payload = ink_payload_new (ink_answer_size_at (known, precision));
        ink_answer_write_at (known, precision, ink_payload_data (action->payload));
    }
    send_client (world, self, action);
}

static ink_part_t
known_span (const ink_demand_t *demand, const ink_msg_t *msg, size_t n, bool cells)
{
    const ink_msg_run_t *run = &msg->known.runs.items[n], *last = run;
    if (!cells)
        last = &msg->known.runs.items[msg->known.runs.size - 1];
    return ink_plan_span (&demand->plan, run->first,
                          last->first + last->count - run->first);
}

static ink_payload_t *
pack_known (const ink_demand_t *demand, const ink_answer_t *known, const ink_msg_t *msg)
{
    bool cells = demand->strands[msg->known.kernel].kernel->shape == INK_SHAPE_CELLS;
    size_t size = 0, runs = cells ? msg->known.runs.size : 1;
    for (size_t n = 0; n < runs; n++)
        size += ink_answer_extract_size (known, known_span (demand, msg, n, cells));
    ink_payload_t *payload = ink_payload_new (size);
    uint8_t *out = ink_payload_data (payload);
    for (size_t n = 0; n < runs; n++) {
        ink_part_t span = known_span (demand, msg, n, cells);
        ink_answer_extract (known, span, out);
        out += ink_answer_extract_size (known, span);
    }
    return payload;
}

static void
tell_known (world_t *world, sim_ventilator_t *self, ink_action_t *action)
{
    int n = find_look (self, action->handle);
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, action->handle);
    if (n == -1 || !demand)
        return;
    action->payload = pack_known (
        demand, ink_lookup_answer (self->looks[n].lookup, action->kernel), &action->msg);
    (void) say (world, self, self->sink, WAY_UP, action, QUEUE_MOST);
}

static void
perform (world_t *world, sim_ventilator_t *self, ink_action_t *action)
{
    switch (action->kind) {
    case INK_DO_SEND_CLIENT:
        send_client (world, self, action);
        break;
    case INK_DO_SEND_WORKER:
        send_worker (world, self, action);
        break;
    case INK_DO_SEND_SINK:
        (void) say (world, self, self->sink, WAY_UP, action, QUEUE_MOST);
        break;
    case INK_DO_MEET_SINK: //  Connections of this world mend themselves
        break;
    case INK_DO_PUBLISH:
        publish (world, self, action);
        break;
    case INK_DO_SEND_LANE:
        send_lane (world, self, action);
        break;
    case INK_DO_OPEN_LANE:
        open_lane (world, self, action);
        break;
    case INK_DO_CLOSE_LANE:
        close_lane (world, self, action->worker);
        break;
    case INK_DO_OPEN:
        open_source (world, self, action->handle);
        break;
    case INK_DO_LOOK:
        begin_look (world, self, action->handle);
        break;
    case INK_DO_ANSWER:
    case INK_DO_GLIMPSE:
        answer (world, self, action);
        break;
    case INK_DO_KNOWN:
        tell_known (world, self, action);
        break;
    case INK_DO_LOOK_END:
        end_look (self, action->handle);
        break;
    case INK_DO_LOOK_PART:
        look_for_part (world, self, action);
        break;
    }
}

//  ---------------------------------------------------------------------------------------
//  Stepping

//  Dies after the step that dooms it: what was performed before was said.
static void
step_one (world_t *world, sim_ventilator_t *self, ink_event_t *event)
{
    const ink_actions_t *actions;
    if (!self->process.alive) {
        ink_payload_destroy (&event->payload);
        return;
    }
    world->events++;
    if (ink_foreman_step (self->foreman, world->now, event, &actions))
        world_fail (world, "the foreman has no memory");
    check_foreman (world, self, event, actions);
    bool doomed = process_is_doomed (&self->process);
    size_t most = doomed ? world_draw (world, actions->size + 1) : actions->size;
    for (size_t n = 0; n < actions->size; n++) {
        if (n < most)
            perform (world, self, &actions->items[n]);
        ink_payload_destroy (&actions->items[n].payload);
    }
    if (doomed)
        harm_die (world, &self->process);
}

static void
step (world_t *world, sim_ventilator_t *self, ink_event_t *event)
{
    step_one (world, self, event);
    for (size_t n = 0; n < self->caused_size; n++) {
        ink_event_t next = self->caused[n];
        step_one (world, self, &next);
    }
    self->caused_size = 0;
}

static void
receive (world_t *world, sim_ventilator_t *self, link_kind_t link, ink_event_kind_t kind)
{
    for (int n = 0; n < DRAIN_MOST && self->process.alive; n++) {
        int rc = process_receive (world, &self->process, link, &self->letter);
        if (rc == INK_POST_NONE)
            return;
        ink_event_t event = {.kind = kind, .peer = self->letter.peer};
        if (rc) {
            event.kind = INK_EVENT_BAD_MESSAGE;
            event.from = kind;
            event.error = rc;
        } else {
            event.msg = &self->letter.msg;
            event.payload = self->letter.payload;
            self->letter.payload = NULL;
        }
        step (world, self, &event);
    }
}

static void
look_on (world_t *world, sim_ventilator_t *self)
{
    for (int n = 0; n < LOOKS_MOST && self->process.alive; n++) {
        if (!self->looks[n].handle || self->looks[n].due > world->now)
            continue;
        if (self->looks[n].later)
            advance (world, self, n);
        ink_event_t event;
        fill_looked (self, n, &event);
        step (world, self, &event);
    }
}

static bool
inbox_is_empty (const process_t *self)
{
    bool empty = true;
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++)
        empty &= self->inbox[kind].size == 0;
    return empty;
}

static void
turn (world_t *world, process_t *process)
{
    sim_ventilator_t *self = of (process);
    receive (world, self, LINK_BACK, INK_EVENT_WORKER);
    receive (world, self, LINK_SINK, INK_EVENT_SINK);
    receive (world, self, LINK_FRONT, INK_EVENT_CLIENT);
    look_on (world, self);
    if (process->alive && ink_foreman_deadline (self->foreman) <= world->now)
        step (world, self, &(ink_event_t){.kind = INK_EVENT_TIMER});
    if (!process->alive)
        return;
    process_wake (world, process, ink_foreman_deadline (self->foreman));
    for (int n = 0; n < LOOKS_MOST; n++)
        if (self->looks[n].handle)
            process_wake (world, process, self->looks[n].due);
    if (!inbox_is_empty (process))
        process_wake (world, process, world->now + 50);
}

//  ---------------------------------------------------------------------------------------
//  Lives

sim_ventilator_t *
ventilator_new (world_t *world)
{
    sim_ventilator_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->process = (process_t){.role = "ventilator", .turn = turn, .wake = NEVER};
    self->next_lane = 1;
    (void) world;
    return self;
}

static void
forget (sim_ventilator_t *self)
{
    for (int n = 0; n < LOOKS_MOST; n++)
        if (self->looks[n].handle)
            end_look (self, self->looks[n].handle);
    memset (self->lanes, 0, sizeof self->lanes);
    memset (self->untaken, 0, sizeof self->untaken);
    ink_foreman_destroy (&self->foreman);
    for (size_t n = 0; n < self->caused_size; n++)
        ink_payload_destroy (&self->caused[n].payload);
}

void
ventilator_destroy (sim_ventilator_t **self_p)
{
    forget (*self_p);
    ink_letter_free (&(*self_p)->letter);
    free ((*self_p)->caused);
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++)
        parcels_free (&(*self_p)->process.inbox[kind]);
    free (*self_p);
    *self_p = NULL;
}

void
ventilator_start (world_t *world)
{
    sim_ventilator_t *self = world->ventilator;
    forget (self);
    self->epoch = world_draw (world, UINT64_C (1) << 40) | 1;
    self->seq = 0;
    self->caused_size = 0;
    self->foreman = ink_foreman_new (self->epoch, "control", "values");
    self->process.alive = true;
    self->process.wake = NEVER;
    self->process.stopped_until = self->process.busy_until = 0;
    self->process.doom = 0;
    link_open (world, self->sink);
    world_note (world, &self->process, '!', "begins", "epoch %llx", self->epoch, 0, 0);
    process_wake (world, &self->process, world->now);
}

//  The foreman itself goes when the next life begins: the step that died may still hold on
//  to it.
void
ventilator_kill (world_t *world, int64_t back_at)
{
    sim_ventilator_t *self = world->ventilator;
    world_note (world, &self->process, '!', "dies", "", 0, 0, 0);
    self->process.alive = false;
    network_bury (world, &self->process, back_at);
    for (size_t n = 0; n < world->network->size; n++)
        if (world->network->links[n].kind == LINK_LANE)
            link_close (&world->network->links[n]);
}

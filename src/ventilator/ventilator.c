//  ventilator.c: the shell around the foreman.
//
//  The loop is at the end: wait, receive, step, perform. Nothing is decided here.

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/map.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "protocol/post.h"
#include "ventilator/foreman.h"
#include "ventilator/look.h"
#include "ventilator/ventilator.h"

//  Messages taken from one socket before the others get their turn
#define DRAIN_MOST 64

//  The cache is asked for so long before sockets are looked at again
#define LOOK_BUDGET_US 2000

//  What the cache has counted is told so often
#define CACHE_US 1000000

#define FRONT_QUEUE 20000
#define BACK_QUEUE 10000
#define LANE_QUEUE 1024
#define LANE_TRIES 100

typedef struct {
    uint64_t worker;
    ink_post_t post;
} lane_t;

typedef struct {
    zsock_t *pipe;
    ink_ventilator_options_t *options;
    ink_foreman_t *foreman;
    ink_post_t front, back, control, sink;
    ink_letter_t letter;
    ink_map_t *lanes;
    size_t next_lane;
    ink_map_t *lookups;  //  By handle; those under way and those whose answer is needed
    zlist_t *looking;    //  Under way, in order
    ink_event_t *caused; //  Events that performing has caused
    size_t caused_size, caused_room;
    char *seen_name; //  The source that was opened last in this turn; NULL: none
    ink_identity_t seen;
    int64_t next_count; //  Of the cache
    bool stopping;
} ventilator_t;

typedef struct {
    uint64_t handle;
    ink_lookup_t *lookup;
} lookup_entry_t;

//  ---------------------------------------------------------------------------------------
//  Performing

//  An event caused by an action is stepped when all actions of the step have been performed.
static ink_event_t *
cause (ventilator_t *self, ink_event_kind_t kind)
{
    if (self->caused_size == self->caused_room) {
        self->caused_room = self->caused_room ? self->caused_room * 2 : 64;
        self->caused = realloc (self->caused, self->caused_room * sizeof *self->caused);
        if (!self->caused)
            ink_log_starved ("ventilator");
    }
    ink_event_t *event = &self->caused[self->caused_size++];
    *event = (ink_event_t){.kind = kind};
    return event;
}

//  Requests that come in one turn often name one source: it is looked at once a turn,
//  and again when somebody was answered, who may have written to it and asked since.
static void
forget_source (ventilator_t *self)
{
    free (self->seen_name);
    self->seen_name = NULL;
}

static void
send_client (ventilator_t *self, ink_action_t *action)
{
    forget_source (self);
    if (action->msg.kind == INK_MSG_REPLY && !action->payload)
        action->payload = ink_payload_new (0);
    int rc = ink_post_send (&self->front, action->peer, &action->msg, &action->payload);
    if (rc == INK_ELOST || rc == INK_EBUSY)
        cause (self, INK_EVENT_CLIENT_GONE)->peer = action->peer;
}

static void
send_lane (ventilator_t *self, const ink_action_t *action)
{
    lane_t *lane = ink_map_get (self->lanes, &action->worker);
    if (!lane || ink_post_send (&lane->post, INK_NO_PEER, &action->msg, NULL))
        cause (self, INK_EVENT_LANE_STUCK)->worker = action->worker;
}

static lane_t *
bind_lane (ventilator_t *self, uint64_t worker, char endpoint[INK_ENDPOINT_MOST])
{
    lane_t *lane = calloc (1, sizeof *lane);
    if (!lane || ink_post_open (&lane->post, ZMQ_PUSH, LANE_QUEUE)) {
        free (lane);
        return NULL;
    }
    lane->worker = worker;
    for (int n = 0; n < LANE_TRIES; n++) {
        ink_endpoints_lane (&self->options->endpoints, self->next_lane++, endpoint);
        if (ink_post_bind (&lane->post, endpoint) == INK_OK)
            return lane;
    }
    ink_post_close (&lane->post, 0);
    free (lane);
    return NULL;
}

static void
open_lane (ventilator_t *self, ink_action_t *action)
{
    char endpoint[INK_ENDPOINT_MOST];
    lane_t *lane = bind_lane (self, action->worker, endpoint);
    if (!lane || ink_map_put (self->lanes, &lane->worker, lane)) {
        ink_log (INK_LOG_EVENTS, "ventilator", "no lane could be bound");
        cause (self, INK_EVENT_LANE_STUCK)->worker = action->worker;
        return;
    }
    action->msg.welcome.lane = endpoint;
    (void) ink_post_send (&self->back, action->peer, &action->msg, NULL);
}

static void
close_lane (ventilator_t *self, uint64_t worker)
{
    lane_t *lane = ink_map_remove (self->lanes, &worker);
    if (!lane)
        return;
    ink_post_close (&lane->post, 0);
    free (lane);
}

static int
look_at (ventilator_t *self, const char *name, ink_identity_t *identity)
{
    ink_source_t *source;
    int rc = ink_source_open (self->options->roots, name, &source);
    if (rc)
        return rc;
    *identity = *ink_source_identity (source);
    ink_source_close (&source);
    return INK_OK;
}

static int
identify (ventilator_t *self, const char *name, ink_identity_t *identity)
{
    if (self->seen_name && streq (self->seen_name, name)) {
        *identity = self->seen;
        return INK_OK;
    }
    int rc = look_at (self, name, identity);
    if (rc)
        return rc;
    forget_source (self);
    self->seen_name = strdup (name);
    self->seen = *identity;
    return INK_OK;
}

static void
open_source (ventilator_t *self, uint64_t handle)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    ink_event_t *event = cause (self, INK_EVENT_OPENED);
    event->handle = handle;
    event->error =
        demand ? identify (self, demand->source, &event->identity) : INK_ENOREQUEST;
    if (event->error == INK_OK && *demand->other)
        event->error = look_at (self, demand->other, &event->other);
}

static void
end_lookup (ventilator_t *self, uint64_t handle)
{
    lookup_entry_t *entry = ink_map_remove (self->lookups, &handle);
    if (!entry)
        return;
    zlist_remove (self->looking, entry);
    ink_lookup_destroy (&entry->lookup);
    free (entry);
}

static ink_event_t
looked (const lookup_entry_t *entry, ink_event_kind_t kind)
{
    ink_event_t event = {.kind = kind, .handle = entry->handle};
    for (size_t k = 0; k < INK_KERNELS_MOST; k++) {
        event.known[k] = ink_lookup_known (entry->lookup, k);
        event.bytes[k] = ink_lookup_bytes (entry->lookup, k);
        event.states[k] = ink_lookup_state (entry->lookup, k, &event.state_sizes[k]);
        event.glimpsed[k] = ink_lookup_glimpsed (entry->lookup, k);
        event.lacking[k] = ink_lookup_lacking (entry->lookup, k, &event.lacks[k]);
    }
    return event;
}

static void
begin_lookup (ventilator_t *self, uint64_t handle)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    end_lookup (self, handle);
    lookup_entry_t *entry = calloc (1, sizeof *entry);
    if (!demand || !entry) {
        free (entry);
        return;
    }
    entry->handle = handle;
    entry->lookup = ink_lookup_new (self->options->cache, demand);
    if (!entry->lookup || ink_map_put (self->lookups, &entry->handle, entry))
        ink_log_starved ("ventilator");
    if (ink_lookup_advance (entry->lookup, LOOK_BUDGET_US))
        *cause (self, INK_EVENT_LOOKED) = looked (entry, INK_EVENT_LOOKED);
    else
        zlist_append (self->looking, entry);
    if (ink_lookup_has_glimpsed (entry->lookup))
        *cause (self, INK_EVENT_GLIMPSED) = looked (entry, INK_EVENT_GLIMPSED);
}

static void
look_for_part (ventilator_t *self, const ink_action_t *action)
{
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, action->handle);
    ink_event_t *event = cause (self, INK_EVENT_FOUND);
    event->handle = action->handle;
    event->kernel = action->kernel;
    event->part = action->part;
    ink_look_t *look =
        demand && self->options->cache ? ink_cache_look (self->options->cache) : NULL;
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
        if (event->payload)
            memcpy (ink_payload_data (event->payload), value, size);
    }
    ink_look_end (&look);
}

static void
answer (ventilator_t *self, ink_action_t *action)
{
    lookup_entry_t *entry = ink_map_get (self->lookups, &action->handle);
    uint64_t precision = action->msg.reply.precision;
    const ink_answer_t *known = NULL;
    if (entry && action->kind == INK_DO_GLIMPSE)
        known = ink_lookup_glimpse (entry->lookup, action->kernel);
    else if (entry)
        known = ink_lookup_answer (entry->lookup, action->kernel);
    if (known) {
        action->payload = ink_payload_new (ink_answer_size_at (known, precision));
        if (action->payload)
            ink_answer_write_at (known, precision, ink_payload_data (action->payload));
    }
    send_client (self, action);
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

//  Counts and records go as one value; cells as those of each run, one behind the other.
static ink_payload_t *
pack_known (const ink_demand_t *demand, const ink_answer_t *known, const ink_msg_t *msg)
{
    size_t size = 0, runs = msg->known.runs.size;
    bool cells = demand->strands[msg->known.kernel].kernel->shape == INK_SHAPE_CELLS;
    for (size_t n = 0; n < (cells ? runs : 1); n++)
        size += ink_answer_extract_size (known, known_span (demand, msg, n, cells));
    ink_payload_t *payload = ink_payload_new (size);
    uint8_t *out = payload ? ink_payload_data (payload) : NULL;
    for (size_t n = 0; out && n < (cells ? runs : 1); n++) {
        ink_part_t span = known_span (demand, msg, n, cells);
        ink_answer_extract (known, span, out);
        out += ink_answer_extract_size (known, span);
    }
    return payload;
}

static void
tell_known (ventilator_t *self, ink_action_t *action)
{
    lookup_entry_t *entry = ink_map_get (self->lookups, &action->handle);
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, action->handle);
    if (!entry || !demand)
        return;
    ink_payload_t *payload = pack_known (
        demand, ink_lookup_answer (entry->lookup, action->kernel), &action->msg);
    if (payload)
        (void) ink_post_send (&self->sink, INK_NO_PEER, &action->msg, &payload);
    ink_payload_destroy (&payload);
}

//  Without a socket what is said to the sink is lost, until it is met again.
static int
meet_sink (ventilator_t *self)
{
    ink_post_close (&self->sink, 0);
    int rc = ink_post_open (&self->sink, ZMQ_DEALER, 0);
    return rc ? rc : ink_post_connect (&self->sink, self->options->endpoints.sink);
}

static void
perform (ventilator_t *self, ink_action_t *action)
{
    switch (action->kind) {
    case INK_DO_SEND_CLIENT:
        send_client (self, action);
        break;
    case INK_DO_SEND_WORKER:
        (void) ink_post_send (&self->back, action->peer, &action->msg, NULL);
        break;
    case INK_DO_SEND_SINK:
        (void) ink_post_send (&self->sink, INK_NO_PEER, &action->msg, &action->payload);
        break;
    case INK_DO_MEET_SINK:
        (void) meet_sink (self);
        break;
    case INK_DO_PUBLISH:
        (void) ink_post_send (&self->control, INK_NO_PEER, &action->msg, NULL);
        break;
    case INK_DO_SEND_LANE:
        send_lane (self, action);
        break;
    case INK_DO_OPEN_LANE:
        open_lane (self, action);
        break;
    case INK_DO_CLOSE_LANE:
        close_lane (self, action->worker);
        break;
    case INK_DO_OPEN:
        open_source (self, action->handle);
        break;
    case INK_DO_LOOK:
        begin_lookup (self, action->handle);
        break;
    case INK_DO_ANSWER:
    case INK_DO_GLIMPSE:
        answer (self, action);
        break;
    case INK_DO_KNOWN:
        tell_known (self, action);
        break;
    case INK_DO_LOOK_END:
        end_lookup (self, action->handle);
        break;
    case INK_DO_LOOK_PART:
        look_for_part (self, action);
        break;
    }
}

//  ---------------------------------------------------------------------------------------
//  Stepping

static void
step_one (ventilator_t *self, ink_event_t *event)
{
    const ink_actions_t *actions;
    if (ink_foreman_step (self->foreman, ink_clock_us (), event, &actions))
        ink_log_starved ("ventilator");
    for (size_t n = 0; n < actions->size; n++) {
        perform (self, &actions->items[n]);
        ink_payload_destroy (&actions->items[n].payload); //  What could not be sent
    }
}

static void
step (ventilator_t *self, ink_event_t *event)
{
    step_one (self, event);
    for (size_t n = 0; n < self->caused_size; n++) {
        ink_event_t next = self->caused[n];
        step_one (self, &next);
    }
    self->caused_size = 0;
}

static void
receive (ventilator_t *self, ink_post_t *post, ink_event_kind_t kind)
{
    for (int n = 0; n < DRAIN_MOST; n++) {
        int rc = ink_post_receive (post, &self->letter);
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
        if (ink_log_level () >= INK_LOG_TRACE)
            ink_log (INK_LOG_TRACE, "ventilator", "< %s",
                     rc ? ink_error_name (rc) : ink_msg_name (event.msg->kind));
        step (self, &event);
    }
}

static void
look_on (ventilator_t *self)
{
    lookup_entry_t *entry = zlist_pop (self->looking);
    if (!entry)
        return;
    ink_event_t event;
    bool ended = ink_lookup_advance (entry->lookup, LOOK_BUDGET_US);
    if (!ended)
        zlist_append (self->looking, entry);
    if (!ended && !ink_lookup_has_glimpsed (entry->lookup))
        return;
    event = looked (entry, ended ? INK_EVENT_LOOKED : INK_EVENT_GLIMPSED);
    step (self, &event);
}

static void
count_cache (ventilator_t *self)
{
    int64_t now = ink_clock_us ();
    if (!self->options->cache || now < self->next_count)
        return;
    self->next_count = now + CACHE_US;
    ink_cache_stat_t stat;
    ink_cache_stat (self->options->cache, &stat);
    step (self, &(ink_event_t){.kind = INK_EVENT_CACHE, .cache = &stat});
}

//  ---------------------------------------------------------------------------------------
//  Beginning and end

static int
open_sockets (ventilator_t *self)
{
    const ink_endpoints_t *endpoints = &self->options->endpoints;
    int rc = ink_post_open (&self->front, ZMQ_ROUTER, FRONT_QUEUE);
    if (!rc)
        rc = ink_post_open (&self->back, ZMQ_ROUTER, BACK_QUEUE);
    if (!rc)
        rc = ink_post_open (&self->control, ZMQ_PUB, BACK_QUEUE);
    if (!rc)
        rc = ink_post_bind (&self->back, endpoints->back);
    if (!rc)
        rc = ink_post_bind (&self->control, endpoints->control);
    if (!rc)
        rc = meet_sink (self);
    if (!rc)
        rc = ink_post_bind (&self->front, endpoints->front); //  Last: we are ready then
    return rc;
}

static int
begin (ventilator_t *self, zsock_t *pipe, ink_ventilator_options_t *options)
{
    self->pipe = pipe;
    self->options = options;
    self->lanes = ink_map_new (sizeof (uint64_t));
    self->lookups = ink_map_new (sizeof (uint64_t));
    self->looking = zlist_new ();
    uint64_t epoch = 0;
    if (getrandom (&epoch, sizeof epoch, 0) != sizeof epoch)
        return INK_ESYSTEM;
    self->foreman = ink_foreman_new (epoch >> 1 | 1, options->endpoints.control,
                                     options->endpoints.values);
    if (!self->lanes || !self->lookups || !self->looking || !self->foreman)
        return INK_ENOMEM;
    return open_sockets (self);
}

static void
end (ventilator_t *self)
{
    size_t cursor = 0;
    lane_t *lane;
    while (self->lanes && (lane = ink_map_next (self->lanes, &cursor)))
        close_lane (self, lane->worker);
    cursor = 0;
    lookup_entry_t *entry;
    while (self->lookups && (entry = ink_map_next (self->lookups, &cursor)))
        end_lookup (self, entry->handle);
    ink_map_destroy (&self->lanes);
    ink_map_destroy (&self->lookups);
    zlist_destroy (&self->looking);
    ink_foreman_destroy (&self->foreman);
    ink_post_close (&self->front, 200); //  Replies on their way
    ink_post_close (&self->back, 0);
    ink_post_close (&self->control, 0);
    ink_post_close (&self->sink, 0);
    forget_source (self);
    free (self->caused);
    ink_letter_free (&self->letter);
}

static void
obey (ventilator_t *self)
{
    char *command = zstr_recv (self->pipe);
    self->stopping = !command || streq (command, "$TERM");
    zstr_free (&command);
}

//  ---------------------------------------------------------------------------------------
//  The loop: control before data

static void
run (ventilator_t *self)
{
    enum { PIPE, BACK, SINK, FRONT, SOCKETS };
    zmq_pollitem_t items[SOCKETS] = {
        [PIPE] = {zsock_resolve (self->pipe), 0, ZMQ_POLLIN, 0},
        [BACK] = {self->back.socket, 0, ZMQ_POLLIN, 0},
        [SINK] = {NULL, -1, ZMQ_POLLIN, 0},
        [FRONT] = {self->front.socket, 0, ZMQ_POLLIN, 0},
    };
    while (!self->stopping) {
        long wait =
            ink_clock_wait_ms (ink_foreman_deadline (self->foreman), ink_clock_us ());
        if (zlist_size (self->looking))
            wait = 0;
        items[SINK].socket = self->sink.socket; //  Another one when it was met anew
        if (zmq_poll (items, SOCKETS, wait) == -1 && errno == ETERM)
            return;
        if (items[PIPE].revents)
            obey (self);
        if (items[BACK].revents)
            receive (self, &self->back, INK_EVENT_WORKER);
        if (items[SINK].revents)
            receive (self, &self->sink, INK_EVENT_SINK);
        if (items[FRONT].revents)
            receive (self, &self->front, INK_EVENT_CLIENT);
        forget_source (self);
        look_on (self);
        count_cache (self);
        //  Only after the sockets were drained: who is heard now was not silent
        if (ink_clock_us () >= ink_foreman_deadline (self->foreman))
            step (self, &(ink_event_t){.kind = INK_EVENT_TIMER});
    }
}

void
ink_ventilator_actor (zsock_t *pipe, void *args)
{
    ventilator_t self = {0};
    ink_ventilator_options_t *options = args;
    options->error = begin (&self, pipe, options);
    zsock_signal (pipe, 0);
    if (options->error == INK_OK) {
        ink_log (INK_LOG_EVENTS, "ventilator", "serves %s", options->endpoints.front);
        run (&self);
    }
    end (&self);
}

//  sink.c: the shell around the collector.
//
//  The loop is at the end: wait, receive, step, perform, and commit what came in one turn
//  together. Nothing is decided here.

#include <stdlib.h>
#include <sys/random.h>

#include "base/clock.h"
#include "base/log.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "protocol/post.h"
#include "sink/collector.h"
#include "sink/raise.h"
#include "sink/sink.h"

//  Messages taken from one socket before the others get their turn
#define DRAIN_MOST 256

#define VALUES_QUEUE 4096
#define TEND_US 1000000

//  So long nodes are still made when the end has come
#define FAREWELL_US 200000

typedef struct {
    zsock_t *pipe;
    ink_sink_options_t *options;
    ink_collector_t *collector;
    ink_post_t ventilators, values;
    ink_letter_t letter;
    ink_raise_t raise;
    bool batch; //  Something was put into the cache and is not committed
    bool cache_fails;
    int64_t next_tend;
    bool stopping;
} sink_t;

//  ---------------------------------------------------------------------------------------
//  Performing

static void
store (sink_t *self, const ink_cache_key_t *key)
{
    ink_cache_t *cache = self->options->cache;
    if (!cache || !self->letter.payload)
        return;
    if (!self->batch)
        ink_cache_begin (cache);
    self->batch = true;
    ink_cache_put (cache, key, ink_payload_data (self->letter.payload),
                   ink_payload_size (self->letter.payload));
}

//  A cache that fails costs time, never an answer.
static void
commit (sink_t *self)
{
    if (!self->batch)
        return;
    self->batch = false;
    bool fails = ink_cache_commit (self->options->cache) != INK_OK;
    if (fails && !self->cache_fails)
        ink_log (INK_LOG_EVENTS, "sink", "the cache takes nothing: going on without it");
    self->cache_fails = fails;
}

static void
send_reply (sink_t *self, ink_sink_action_t *action)
{
    uint64_t precision = action->msg.reply.precision;
    ink_payload_t *payload = ink_payload_new (
        action->answer ? ink_answer_size_at (action->answer, precision) : 0);
    if (!payload)
        ink_log_starved ("sink");
    if (action->estimate)
        ink_estimate_write (action->estimate, action->answer, action->estimated,
                            ink_payload_data (payload));
    else if (action->outline)
        ink_outline_write (action->outline, action->answer, precision,
                           ink_payload_data (payload));
    else if (action->answer)
        ink_answer_write_at (action->answer, precision, ink_payload_data (payload));
    (void) ink_post_send (&self->ventilators, action->peer, &action->msg, &payload);
    ink_payload_destroy (&payload);
}

static void
perform (sink_t *self, ink_sink_action_t *action)
{
    switch (action->kind) {
    case INK_SINK_SEND:
        (void) ink_post_send (&self->ventilators, action->peer, &action->msg, NULL);
        break;
    case INK_SINK_REPLY:
        send_reply (self, action);
        break;
    case INK_SINK_STORE:
        store (self, &action->key);
        break;
    case INK_SINK_RAISE:
        ink_raise_begin (&self->raise, &action->wish);
        break;
    case INK_SINK_PURGE:
        commit (self);
        ink_raise_end (&self->raise); //  It may be made of what goes
        if (self->options->cache)
            (void) ink_cache_purge (self->options->cache, &action->series);
        break;
    }
}

static void
step (sink_t *self, const ink_heard_t *heard)
{
    const ink_sink_actions_t *actions;
    if (ink_collector_step (self->collector, ink_clock_us (), heard, &actions))
        ink_log_starved ("sink");
    for (size_t n = 0; n < actions->size; n++)
        perform (self, &actions->items[n]);
}

static void
receive (sink_t *self, ink_post_t *post, ink_heard_kind_t kind)
{
    for (int n = 0; n < DRAIN_MOST; n++) {
        int rc = ink_post_receive (post, &self->letter);
        if (rc == INK_POST_NONE)
            return;
        ink_log (INK_LOG_TRACE, "sink", "< %s",
                 rc ? ink_error_name (rc) : ink_msg_name (self->letter.msg.kind));
        ink_heard_t heard = {.kind = rc ? INK_HEARD_BAD_MESSAGE : kind,
                             .peer = self->letter.peer,
                             .msg = &self->letter.msg,
                             .payload = self->letter.payload};
        step (self, &heard);
    }
}

//  What came in this turn becomes visible together, and is then told of.
static void
settle (sink_t *self)
{
    if (!ink_collector_is_full (self->collector))
        return;
    commit (self);
    step (self, &(ink_heard_t){.kind = INK_HEARD_STORED});
}

static bool
has_leisure (const sink_t *self)
{
    return self->raise.under_way || ink_collector_has_wishes (self->collector);
}

//  Nothing has come: a step for the pyramid.
static void
use_leisure (sink_t *self)
{
    if (!self->raise.under_way)
        step (self, &(ink_heard_t){.kind = INK_HEARD_IDLE});
    if (self->raise.under_way && ink_raise_step (&self->raise, self->options->cache))
        step (self,
              &(ink_heard_t){.kind = INK_HEARD_RAISED, .raised = &self->raise.wish});
}

//  What a short life has computed is merged before it ends.
static void
say_farewell (sink_t *self)
{
    commit (self);
    int64_t end = ink_clock_us () + FAREWELL_US;
    while (has_leisure (self) && ink_clock_us () < end)
        use_leisure (self);
}

static void
tend (sink_t *self)
{
    int64_t now = ink_clock_us ();
    if (now < self->next_tend)
        return;
    self->next_tend = now + TEND_US;
    if (!self->options->cache)
        return;
    ink_cache_tend (self->options->cache);
    ink_cache_stat_t stat;
    ink_cache_stat (self->options->cache, &stat);
    step (self, &(ink_heard_t){.kind = INK_HEARD_CACHE, .cache = &stat});
}

//  ---------------------------------------------------------------------------------------
//  Beginning and end

static int
begin (sink_t *self, zsock_t *pipe, ink_sink_options_t *options)
{
    self->pipe = pipe;
    self->options = options;
    uint64_t instance = 0;
    if (getrandom (&instance, sizeof instance, 0) != sizeof instance)
        return INK_ESYSTEM;
    self->collector = ink_collector_new (instance >> 1 | 1);
    if (!self->collector)
        return INK_ENOMEM;
    int rc = ink_post_open (&self->ventilators, ZMQ_ROUTER, 0);
    if (!rc)
        rc = ink_post_open (&self->values, ZMQ_PULL, VALUES_QUEUE);
    if (!rc)
        rc = ink_post_bind (&self->values, options->endpoints.values);
    if (!rc)
        rc = ink_post_bind (&self->ventilators, options->endpoints.sink);
    return rc;
}

static void
end (sink_t *self)
{
    commit (self);
    ink_raise_end (&self->raise);
    ink_collector_destroy (&self->collector);
    ink_post_close (&self->ventilators, 0);
    ink_post_close (&self->values, 0);
    ink_letter_free (&self->letter);
}

static void
obey (sink_t *self)
{
    char *command = zstr_recv (self->pipe);
    self->stopping = !command || streq (command, "$TERM");
    zstr_free (&command);
}

//  ---------------------------------------------------------------------------------------
//  The loop: what is expected before what comes

static void
run (sink_t *self)
{
    enum { PIPE, VENTILATORS, VALUES, SOCKETS };
    zmq_pollitem_t items[SOCKETS] = {
        [PIPE] = {zsock_resolve (self->pipe), 0, ZMQ_POLLIN, 0},
        [VENTILATORS] = {self->ventilators.socket, 0, ZMQ_POLLIN, 0},
        [VALUES] = {self->values.socket, 0, ZMQ_POLLIN, 0},
    };
    while (!self->stopping) {
        int64_t deadline = ink_collector_deadline (self->collector);
        if (self->next_tend < deadline)
            deadline = self->next_tend;
        bool leisure = has_leisure (self);
        long wait = leisure ? 0 : ink_clock_wait_ms (deadline, ink_clock_us ());
        int ready = zmq_poll (items, SOCKETS, wait);
        if (ready == -1 && errno == ETERM)
            return;
        if (items[PIPE].revents)
            obey (self);
        if (items[VENTILATORS].revents)
            receive (self, &self->ventilators, INK_HEARD_VENTILATOR);
        if (items[VALUES].revents)
            receive (self, &self->values, INK_HEARD_WORKER);
        settle (self);
        if (ink_clock_us () >= ink_collector_deadline (self->collector))
            step (self, &(ink_heard_t){.kind = INK_HEARD_TIMER});
        tend (self);
        if (leisure && ready == 0)
            use_leisure (self);
    }
    say_farewell (self);
}

void
ink_sink_actor (zsock_t *pipe, void *args)
{
    sink_t self = {0};
    ink_sink_options_t *options = args;
    options->error = begin (&self, pipe, options);
    zsock_signal (pipe, 0);
    if (options->error == INK_OK) {
        ink_log (INK_LOG_EVENTS, "sink", "collects at %s", options->endpoints.values);
        run (&self);
    }
    end (&self);
}

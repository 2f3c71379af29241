//  session_bench.h: a session with a clock of its own, and words for what happens to it.
//
//  Every step leaves a trace: what the session wanted done, in words and in order.

#ifndef SESSION_BENCH_H_INCLUDED
#define SESSION_BENCH_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "client/session.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)
#define QUEUE 64

//  A session, its clock, and what its actions have done.
typedef struct {
    ink_session_t *session;
    ink_session_actions_t out;
    int64_t now;
    ink_reply_t *queue[QUEUE];
    size_t waiting;
    int answers, answer;
    int replaced;
    uint64_t move;    //  Of the last REQUEST
    char trace[1024]; //  What the last step wanted, in words
} bench_t;

static inline int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    self->now = 1000 * SECOND;
    self->session = ink_session_new (&ink_session_usual, self->now);
    *state = self;
    return self->session == NULL;
}

static inline int
teardown (void **state)
{
    bench_t *self = *state;
    for (size_t n = 0; n < self->waiting; n++)
        ink_reply_destroy (&self->queue[n]);
    ink_session_destroy (&self->session);
    ink_session_actions_free (&self->out);
    free (self);
    return 0;
}

//  --------------------------------------------------------------------------------------
//  Steps

static inline void
say (bench_t *self, const char *word, const char *id, uint64_t number)
{
    size_t size = strlen (self->trace);
    snprintf (self->trace + size, sizeof self->trace - size, "%s%s %s %d",
              size ? ", " : "", word, id, (int) number);
}

static inline void
note_message (bench_t *self, const ink_msg_t *msg)
{
    switch (msg->kind) {
    case INK_MSG_REQUEST:
        self->move = msg->request.move;
        say (self, "request", msg->request.id, msg->request.kernels.size);
        break;
    case INK_MSG_CANCEL:
        say (self, "cancel", msg->cancel.id, 0);
        break;
    case INK_MSG_TAKEN:
        say (self, "taken", msg->taken.id, msg->taken.seq);
        break;
    case INK_MSG_PING:
        say (self, "ping", "-", msg->ping.nonce);
        break;
    case INK_MSG_ASK:
        say (self, "ask", "-", 0);
        break;
    case INK_MSG_READ:
        say (self, "read", "-", msg->read.replies);
        break;
    default:
        fail_msg ("a client does not say %d", (int) msg->kind);
    }
}

static inline void
put (bench_t *self, const ink_session_action_t *action)
{
    size_t place = self->waiting;
    if (action->kind == INK_SESSION_REPLACE)
        for (place = 0; self->queue[place] != action->old; place++)
            assert_true (place < self->waiting);
    else
        self->waiting++;
    assert_true (place < QUEUE);
    if (action->kind == INK_SESSION_REPLACE)
        ink_reply_destroy (&self->queue[place]);
    self->queue[place] = action->reply;
    say (self, action->kind == INK_SESSION_REPLACE ? "replace" : "deliver",
         action->reply->request, action->reply->seq);
}

static inline void
note (bench_t *self, const ink_session_action_t *action)
{
    switch (action->kind) {
    case INK_SESSION_SEND:
        note_message (self, &action->msg);
        break;
    case INK_SESSION_DELIVER:
    case INK_SESSION_REPLACE:
        put (self, action);
        break;
    case INK_SESSION_ANSWER:
        self->answers++;
        self->answer = action->error;
        say (self, "answer", ink_error_name (action->error), action->status != NULL);
        break;
    case INK_SESSION_RECONNECT:
        say (self, "reconnect", "-", 0);
        break;
    }
}

static inline int
step (bench_t *self, ink_session_event_t event)
{
    self->trace[0] = 0;
    int rc = ink_session_step (self->session, self->now, &event, &self->out);
    for (size_t n = 0; n < self->out.size; n++)
        note (self, &self->out.items[n]);
    return rc;
}

static inline ink_request_t *
make (const char *id, int kernels)
{
    ink_request_t *request = ink_request_new ("data/file");
    ink_request_set_id (request, id);
    for (char name[] = "a"; kernels > 0; kernels--, name[0]++)
        ink_request_add_kernel (request, name);
    return request;
}

static inline int
submit_this (bench_t *self, ink_request_t *request)
{
    int rc = step (self,
                   (ink_session_event_t){.kind = INK_SESSION_SUBMIT, .request = request});
    if (rc)
        ink_request_destroy (&request);
    return rc;
}

static inline int
submit (bench_t *self, const char *id, int kernels)
{
    return submit_this (self, make (id, kernels));
}

static inline int
hear (bench_t *self, ink_msg_t msg)
{
    return step (self, (ink_session_event_t){.kind = INK_SESSION_MESSAGE, .msg = &msg});
}

static inline int
partial (bench_t *self, const char *id, uint64_t kernel, uint64_t seq)
{
    return hear (self, (ink_msg_t){.kind = INK_MSG_REPLY,
                                   .reply = {.id = id, .kernel = kernel, .seq = seq}});
}

static inline int
final (bench_t *self, const char *id, uint64_t kernel, uint64_t seq, uint64_t error)
{
    return hear (
        self,
        (ink_msg_t){
            .kind = INK_MSG_REPLY,
            .reply = {
                .id = id, .kernel = kernel, .seq = seq, .final = 1, .error = error}});
}

static inline int
refusal (bench_t *self, const char *id, uint64_t error)
{
    return hear (self,
                 (ink_msg_t){.kind = INK_MSG_REFUSAL,
                             .refusal = {.id = id, .error = error, .detail = "because"}});
}

static inline int
pong (bench_t *self, uint64_t nonce, uint64_t epoch)
{
    return hear (self, (ink_msg_t){.kind = INK_MSG_PONG,
                                   .pong = {.nonce = nonce, .epoch = epoch}});
}

static inline int
cancel (bench_t *self, const char *id)
{
    return step (self, (ink_session_event_t){.kind = INK_SESSION_CANCEL, .id = id});
}

static inline int
cancel_other (bench_t *self, const char *id, int64_t patience)
{
    return step (self, (ink_session_event_t){.kind = INK_SESSION_CANCEL_OTHER,
                                             .id = id,
                                             .until = self->now + patience});
}

static inline int
ask (bench_t *self, int64_t patience)
{
    return step (self, (ink_session_event_t){.kind = INK_SESSION_ASK,
                                             .until = self->now + patience});
}

static inline int
tick (bench_t *self, int64_t pause)
{
    self->now += pause;
    return step (self, (ink_session_event_t){.kind = INK_SESSION_TIMER});
}

//  The application takes the oldest reply that waits.
static inline ink_reply_t *
take (bench_t *self)
{
    assert_true (self->waiting > 0);
    ink_reply_t *reply = self->queue[0];
    memmove (self->queue, self->queue + 1, --self->waiting * sizeof *self->queue);
    assert_int_equal (
        step (self, (ink_session_event_t){.kind = INK_SESSION_TAKEN, .reply = reply}),
        INK_OK);
    return reply;
}

static inline void
drop_next (bench_t *self)
{
    ink_reply_t *reply = take (self);
    ink_reply_destroy (&reply);
}

//  Takes a final that must wait, and checks what it says.
static inline void
expect_final (bench_t *self, const char *id, const char *kernel, int error)
{
    ink_reply_t *reply = take (self);
    assert_string_equal (ink_reply_request (reply), id);
    assert_string_equal (ink_reply_kernel (reply), kernel);
    assert_int_equal (ink_reply_error (reply), error);
    assert_true (ink_reply_is_final (reply));
    ink_reply_destroy (&reply);
}

//  First contact, so that the session knows epoch 1.
static inline void
meet (bench_t *self)
{
    tick (self, 0);
    assert_string_equal (self->trace, "ping - 1");
    pong (self, 1, 1);
}

//  Steps whenever the session says so, until `end`.
static inline void
wait_in_silence (bench_t *self, int64_t end)
{
    int64_t deadline;
    while ((deadline = ink_session_deadline (self->session)) <= end)
        tick (self, deadline > self->now ? deadline - self->now : 0);
    self->now = end;
}

#define SAID(self, expected) assert_string_equal ((self)->trace, expected)

#endif

//  session.c: what a client knows of its requests, and what it does about silence.

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "client/issues.h"
#include "client/session.h"

#define SECOND ((int64_t) 1000000)

//  The ventilator is told what was read after so many replies, or bytes
#define UNTOLD_MOST 64
#define UNTOLD_BYTES (1 << 20)

const ink_session_limits_t ink_session_usual = {
    .requests = 1024,
    .ping = SECOND,
    .silence = 3 * SECOND,
    .first = 3 * SECOND,
    .lost = 30 * SECOND,
    .quiet = 5 * SECOND,
    .cancel = SECOND,
    .grace = 5 * SECOND,
};

//  The call that waits for an ANSWER.
typedef struct {
    bool active;
    ink_msg_t msg; //  ASK, or CANCEL with the id below
    ink_name_t id;
    int64_t until, again;
} wait_t;

struct ink_session {
    ink_session_limits_t limits;
    ink_session_counters_t counters;
    ink_issues_t issues;
    size_t places; //  Taken, of limits.requests
    uint64_t move; //  Of the last request
    wait_t wait;

    bool contact;   //  There ever was one
    uint64_t epoch; //  Of the ventilator, once known
    uint64_t nonce; //  Of the last ping
    uint64_t answered;
    uint64_t replies, told; //  Read from this connection, and so told
    uint64_t untold_bytes;  //  Of those that were not
    int64_t heard;          //  When the ventilator last said something
    int64_t busy_since;     //  When the first of what is on its way was submitted
    int64_t reconnected;    //  When the connection was last made anew
    int64_t ping_at;        //  When the next ping is due, while busy or without contact
};

static int
reserve (ink_session_actions_t *out, size_t count)
{
    return ink_session_actions_reserve (out, count);
}

static void
send_cancel (ink_session_actions_t *out, const char *id)
{
    ink_session_actions_send (out,
                              (ink_msg_t){.kind = INK_MSG_CANCEL, .cancel = {.id = id}});
}

static void
send_taken (ink_session_actions_t *out, const char *id, uint64_t seq)
{
    ink_session_actions_send (
        out, (ink_msg_t){.kind = INK_MSG_TAKEN, .taken = {.id = id, .seq = seq}});
}

//  --------------------------------------------------------------------------------------
//  What the application wants

static bool
is_busy (const ink_session_t *self)
{
    return self->wait.active || ink_issues_size (&self->issues) > 0;
}

//  Something is about to be on its way.
static void
get_busy (ink_session_t *self, int64_t now)
{
    if (!is_busy (self))
        self->busy_since = now;
}

static int
on_submit (ink_session_t *self, int64_t now, ink_request_t *request,
           ink_session_actions_t *out)
{
    assert (request->kernels > 0);
    const ink_issue_t *twin = ink_issues_find (&self->issues, request->id);
    if (twin) {
        if (!ink_request_same (twin->request, request))
            return INK_ECONFLICT;
        ink_request_destroy (&request);
        return INK_OK;
    }
    if (self->places == self->limits.requests)
        return INK_EBUSY;
    if (reserve (out, 1))
        return INK_ENOMEM;
    get_busy (self, now);
    request->move = ++self->move;
    int64_t ends = now + (int64_t) request->timeout_ms * 1000 + self->limits.grace;
    ink_issue_t *issue = ink_issues_add (&self->issues, request, now, ends);
    if (issue == NULL)
        return INK_ENOMEM;
    self->places++;
    ink_issues_send (&self->issues, issue, now, out);
    return INK_OK;
}

static int
cancel (ink_session_t *self, int64_t now, ink_issue_t *issue, ink_session_actions_t *out)
{
    int rc = reserve (out, 1);
    if (rc || issue->cancelling)
        return rc;
    if (!self->contact) {
        //  Nobody to wait for; but the request may lie in the connection
        rc = ink_issues_finish (&self->issues, issue, now, INK_ECANCELLED, "", out);
        if (rc == INK_OK)
            send_cancel (out, issue->request->id);
        return rc;
    }
    issue->cancelling = true;
    issue->gives_up = now + self->limits.cancel;
    ink_issues_send (&self->issues, issue, now, out);
    return INK_OK;
}

static int
on_cancel (ink_session_t *self, int64_t now, const char *id, ink_session_actions_t *out)
{
    ink_issue_t *issue = ink_issues_find (&self->issues, id);
    return issue ? cancel (self, now, issue, out) : INK_ENOREQUEST;
}

static void
answer (ink_session_t *self, int error, const ink_msg_status_t *status,
        ink_session_actions_t *out)
{
    self->wait.active = false;
    ink_session_action_t *action = ink_session_actions_add (out, INK_SESSION_ANSWER);
    action->error = error;
    action->status = status;
}

static int
begin_wait (ink_session_t *self, int64_t now, int64_t until, ink_msg_t msg,
            ink_session_actions_t *out)
{
    assert (!self->wait.active);
    int rc = reserve (out, 1);
    if (rc)
        return rc;
    get_busy (self, now);
    self->wait.active = true;
    self->wait.msg = msg;
    self->wait.until = until;
    self->wait.again = now + self->limits.quiet;
    ink_session_actions_send (out, msg);
    return INK_OK;
}

static int
on_ask (ink_session_t *self, int64_t now, int64_t until, ink_session_actions_t *out)
{
    return begin_wait (self, now, until,
                       (ink_msg_t){.kind = INK_MSG_ASK, .ask = {.id = ""}}, out);
}

static int
on_cancel_other (ink_session_t *self, int64_t now, const ink_session_event_t *event,
                 ink_session_actions_t *out)
{
    ink_issue_t *issue = ink_issues_find (&self->issues, event->id);
    int rc = reserve (out, 2 * INK_KERNELS_MOST + 2);
    if (rc)
        return rc;
    if (issue) { //  It is our own
        rc = cancel (self, now, issue, out);
        if (rc == INK_OK)
            answer (self, INK_OK, NULL, out);
        return rc;
    }
    if (!ink_id_is_valid (event->id)) {
        answer (self, INK_ENOREQUEST, NULL, out);
        return INK_OK;
    }
    strcpy (self->wait.id, event->id);
    return begin_wait (
        self, now, event->until,
        (ink_msg_t){.kind = INK_MSG_CANCEL, .cancel = {.id = self->wait.id}}, out);
}

static int
on_taken (ink_session_t *self, const ink_reply_t *reply, ink_session_actions_t *out)
{
    if (reply->last) {
        assert (self->places > 0);
        self->places--;
    }
    ink_issue_t *issue = ink_issues_find (&self->issues, reply->request);
    for (size_t n = 0; issue && n < issue->request->kernels; n++) {
        ink_course_t *course = &issue->course[n];
        if (course->untaken != reply)
            continue;
        course->untaken = NULL;
        //  Without room the message is as good as lost on its way: the final still comes
        if (!course->ended && reserve (out, 1) == INK_OK)
            send_taken (out, issue->request->id, reply->sent);
    }
    return INK_OK;
}

static int
on_close (ink_session_t *self, ink_session_actions_t *out)
{
    int rc = reserve (out, ink_issues_size (&self->issues));
    if (rc)
        return rc;
    size_t cursor = 0;
    ink_issue_t *issue;
    while ((issue = ink_issues_next (&self->issues, &cursor)))
        send_cancel (out, issue->request->id);
    return INK_OK;
}

//  --------------------------------------------------------------------------------------
//  What the ventilator says

static int
on_reply (ink_session_t *self, int64_t now, const ink_msg_reply_t *msg,
          ink_payload_t **payload_p, ink_session_actions_t *out)
{
    ink_issue_t *issue = ink_issues_find (&self->issues, msg->id);
    if (!issue || msg->kernel >= issue->request->kernels) {
        self->counters.ignored++;
        return INK_OK;
    }
    ink_course_t *course = &issue->course[msg->kernel];
    int rc = reserve (out, 2);
    if (rc)
        return rc;
    ink_issues_touch (&self->issues, issue, now);
    //  A final is one whatever its seq: a ventilator that has forgotten the request
    //  starts over when it is issued again. For the same reason an old partial counts as
    //  taken.
    if ((course->ended && !INK_PLANTED (34)) ||
        (!msg->final && msg->seq <= course->heard)) {
        self->counters.doubles++;
        if (!course->ended)
            send_taken (out, issue->request->id, msg->seq);
        return INK_OK;
    }
    ink_reply_t *reply = ink_issue_reply (issue, msg->kernel, msg);
    if (reply == NULL)
        return INK_ENOMEM;
    if (payload_p) {
        reply->payload = *payload_p;
        *payload_p = NULL;
    }
    course->heard = msg->seq;
    ink_issues_deliver (&self->issues, issue, msg->kernel, reply, out);
    return INK_OK;
}

static bool
waits_for_cancel (const ink_session_t *self, const char *id)
{
    return self->wait.active && self->wait.msg.kind == INK_MSG_CANCEL &&
           !strcmp (self->wait.id, id);
}

static int
on_refusal (ink_session_t *self, int64_t now, const ink_msg_refusal_t *msg,
            ink_session_actions_t *out)
{
    int error =
        msg->error && msg->error < INK_ERROR_COUNT ? (int) msg->error : INK_EMESSAGE;
    if (waits_for_cancel (self, msg->id)) {
        int rc = reserve (out, 1);
        if (rc == INK_OK)
            answer (self, error, NULL, out);
        return rc;
    }
    ink_issue_t *issue = ink_issues_find (&self->issues, msg->id);
    if (issue && issue->cancelling && error == INK_ENOREQUEST)
        return ink_issues_finish (&self->issues, issue, now, INK_ECANCELLED, "", out);
    if (issue && error != INK_ENOREQUEST)
        return ink_issues_finish (&self->issues, issue, now, error, msg->detail, out);
    //  Of a TAKEN that crossed the end or a restart: the request is issued again by
    //  itself
    self->counters.ignored++;
    return INK_OK;
}

static int
on_cancelled (ink_session_t *self, const ink_msg_cancelled_t *msg,
              ink_session_actions_t *out)
{
    int rc = reserve (out, 1);
    if (rc == INK_OK && waits_for_cancel (self, msg->id))
        answer (self, INK_OK, NULL, out);
    return rc;
}

static int
on_status (ink_session_t *self, const ink_msg_status_t *msg, ink_session_actions_t *out)
{
    int rc = reserve (out, 1);
    if (rc == INK_OK && self->wait.active && self->wait.msg.kind == INK_MSG_ASK)
        answer (self, INK_OK, msg, out);
    return rc;
}

static void
all_again (ink_session_t *self, int64_t now)
{
    ink_issues_all_again (&self->issues, now);
    self->wait.again = now;
}

//  Another epoch is another ventilator: it knows nothing, and its seq starts over.
//  Issuing again is left to the timer, which is due at once.
static void
on_pong (ink_session_t *self, int64_t now, const ink_msg_pong_t *msg)
{
    if (msg->nonce <= self->answered || msg->nonce > self->nonce) {
        self->counters.ignored++;
        return;
    }
    self->answered = msg->nonce;
    uint64_t before = self->epoch;
    self->epoch = msg->epoch;
    if (before == 0 || before == msg->epoch)
        return;
    size_t cursor = 0;
    ink_issue_t *issue;
    while ((issue = ink_issues_next (&self->issues, &cursor)))
        for (size_t n = 0; n < issue->request->kernels; n++)
            issue->course[n].heard = 0;
    all_again (self, now);
}

//  A ventilator that is not told holds them against us. A word that finds no memory is said with
//  the next reply.
static void
tell_read (ink_session_t *self, size_t bytes, ink_session_actions_t *out)
{
    self->replies++;
    self->untold_bytes += bytes;
    bool due =
        self->replies - self->told >= UNTOLD_MOST || self->untold_bytes >= UNTOLD_BYTES;
    if (!due || reserve (out, 1))
        return;
    self->told = self->replies;
    self->untold_bytes = 0;
    ink_session_actions_send (
        out, (ink_msg_t){.kind = INK_MSG_READ, .read = {.replies = self->replies}});
}

static int
on_message (ink_session_t *self, int64_t now, const ink_session_event_t *event,
            ink_session_actions_t *out)
{
    const ink_msg_t *msg = event->msg;
    self->contact = true;
    self->heard = now;
    if (msg->kind == INK_MSG_REPLY || msg->kind == INK_MSG_STATUS)
        tell_read (self,
                   event->payload_p && *event->payload_p
                       ? ink_payload_size (*event->payload_p)
                       : 0,
                   out);
    switch (msg->kind) {
    case INK_MSG_REPLY:
        return on_reply (self, now, &msg->reply, event->payload_p, out);
    case INK_MSG_REFUSAL:
        return on_refusal (self, now, &msg->refusal, out);
    case INK_MSG_CANCELLED:
        return on_cancelled (self, &msg->cancelled, out);
    case INK_MSG_STATUS:
        return on_status (self, &msg->status, out);
    case INK_MSG_PONG:
        on_pong (self, now, &msg->pong);
        return INK_OK;
    default:
        self->counters.ignored++;
        return INK_OK;
    }
}

//  --------------------------------------------------------------------------------------
//  What time brings

static int64_t
earlier (int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t
later (int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static int64_t
quiet_since (const ink_session_t *self)
{
    return later (self->heard, self->busy_since);
}

//  When the ventilator is given up.
static int64_t
lost_at (const ink_session_t *self)
{
    return quiet_since (self) + (self->contact ? self->limits.lost : self->limits.first);
}

static int64_t
silent_at (const ink_session_t *self)
{
    return later (quiet_since (self), self->reconnected) + self->limits.silence;
}

static int
give_up (ink_session_t *self, int64_t now, ink_session_actions_t *out)
{
    int rc = reserve (out, 1);
    if (rc == INK_OK && self->wait.active)
        answer (self, INK_EUNREACHABLE, NULL, out);
    size_t cursor = 0;
    ink_issue_t *issue;
    while (rc == INK_OK && (issue = ink_issues_next (&self->issues, &cursor)))
        rc = ink_issues_finish (&self->issues, issue, now,
                                issue->cancelling ? INK_ECANCELLED : INK_EUNREACHABLE, "",
                                out);
    return rc;
}

static int
reconnect (ink_session_t *self, int64_t now, ink_session_actions_t *out)
{
    int rc = reserve (out, 1);
    if (rc)
        return rc;
    ink_session_actions_add (out, INK_SESSION_RECONNECT);
    self->counters.reconnects++;
    self->replies = self->told = self->untold_bytes = 0;
    self->reconnected = now;
    self->ping_at = now;
    all_again (self, now);
    return INK_OK;
}

static int
ping (ink_session_t *self, int64_t now, ink_session_actions_t *out)
{
    int rc = reserve (out, 1);
    if (rc)
        return rc;
    ink_session_actions_send (
        out, (ink_msg_t){.kind = INK_MSG_PING, .ping = {.nonce = ++self->nonce}});
    self->ping_at = now + self->limits.ping;
    return INK_OK;
}

static int
wait_on (ink_session_t *self, int64_t now, ink_session_actions_t *out)
{
    wait_t *wait = &self->wait;
    int rc = reserve (out, 1);
    if (rc)
        return rc;
    if (now >= wait->until)
        answer (self, INK_EUNREACHABLE, NULL, out);
    else if (now >= wait->again) {
        wait->again = now + self->limits.quiet;
        ink_session_actions_send (out, wait->msg);
    }
    return INK_OK;
}

//  The request that is due first: it has taken too long, or has been quiet.
static int
run_due (ink_session_t *self, int64_t now, ink_issue_t *issue, ink_session_actions_t *out)
{
    int rc = INK_OK;
    if (now >= issue->gives_up)
        return ink_issues_finish (&self->issues, issue, now, INK_ECANCELLED, "", out);
    if (now >= issue->ends) {
        rc = ink_issues_finish (&self->issues, issue, now, INK_ETIMEOUT, "", out);
        if (rc == INK_OK)
            send_cancel (out, issue->request->id);
        return rc;
    }
    rc = reserve (out, 1);
    if (rc == INK_OK && INK_PLANTED (35))
        ink_issues_touch (&self->issues, issue, now);
    else if (rc == INK_OK) {
        self->counters.again++;
        ink_issues_send (&self->issues, issue, now, out);
    }
    return rc;
}

//  The ping goes before the requests, so that a pong of another epoch comes before
//  replies.
static int
on_timer (ink_session_t *self, int64_t now, ink_session_actions_t *out)
{
    int rc = INK_OK;
    if (is_busy (self) && now >= lost_at (self))
        rc = give_up (self, now, out);
    if (rc == INK_OK && is_busy (self) && now >= silent_at (self))
        rc = reconnect (self, now, out);
    if (rc == INK_OK && now >= self->ping_at && (is_busy (self) || self->nonce == 0))
        rc = ping (self, now, out);
    if (rc == INK_OK && self->wait.active)
        rc = wait_on (self, now, out);
    while (rc == INK_OK && ink_issues_deadline (&self->issues) <= now)
        rc = run_due (self, now, ink_issues_first (&self->issues), out);
    return rc;
}

int64_t
ink_session_deadline (const ink_session_t *self)
{
    if (!is_busy (self))
        return self->nonce == 0 ? self->ping_at : INK_SESSION_NEVER;
    int64_t at = earlier (self->ping_at, earlier (lost_at (self), silent_at (self)));
    if (self->wait.active)
        at = earlier (at, earlier (self->wait.until, self->wait.again));
    return earlier (at, ink_issues_deadline (&self->issues));
}

//  --------------------------------------------------------------------------------------

int
ink_session_step (ink_session_t *self, int64_t now, const ink_session_event_t *event,
                  ink_session_actions_t *out)
{
    ink_issues_bury (&self->issues);
    out->size = 0;
    switch (event->kind) {
    case INK_SESSION_SUBMIT:
        return on_submit (self, now, event->request, out);
    case INK_SESSION_CANCEL:
        return on_cancel (self, now, event->id, out);
    case INK_SESSION_CANCEL_OTHER:
        return on_cancel_other (self, now, event, out);
    case INK_SESSION_ASK:
        return on_ask (self, now, event->until, out);
    case INK_SESSION_MESSAGE:
        return on_message (self, now, event, out);
    case INK_SESSION_TAKEN:
        return on_taken (self, event->reply, out);
    case INK_SESSION_TIMER:
        return on_timer (self, now, out);
    case INK_SESSION_CLOSE:
        return on_close (self, out);
    }
    assert (!"an event of no known kind");
    return INK_EUSAGE;
}

ink_session_t *
ink_session_new (const ink_session_limits_t *limits, int64_t now)
{
    ink_session_t *self = ink_alloc (sizeof *self);
    if (self == NULL)
        return NULL;
    if (ink_issues_init (&self->issues, limits->quiet)) {
        ink_free (self);
        return NULL;
    }
    self->limits = *limits;
    self->heard = self->busy_since = self->reconnected = self->ping_at = now;
    return self;
}

void
ink_session_destroy (ink_session_t **self_p)
{
    ink_session_t *self = *self_p;
    if (self == NULL)
        return;
    ink_issues_free (&self->issues);
    ink_free (self);
    *self_p = NULL;
}

const ink_session_counters_t *
ink_session_counters (const ink_session_t *self)
{
    return &self->counters;
}

//  client.c: the shell around a session: a socket, a thread and a queue of replies.
//
//  The session and the queue stand behind one mutex. The application's calls step the
//  session in the application's own thread, so they know at once what came of it; what is
//  to be sent goes into the outbox, and the actor is woken if it sleeps. The actor owns
//  the socket: it sends what is in the outbox, steps the session with what arrives and
//  when time is up.

#include <assert.h>
#include <czmq.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "base/descriptors.h"
#include "base/endpoint.h"
#include "base/memory.h"
#include "client/client.h"
#include "client/status.h"
#include "protocol/actor.h"
#include "protocol/codec.h"

#define TURN_MOST 256      //  Messages received before the others have their turn
#define CANCELS_LINGER 200 //  Milliseconds for the last messages to leave
#define SLEEP_MOST 1000    //  Milliseconds, when nothing is due
#define SOCKETS_NEED 16    //  Descriptors: more than a client's sockets take
#define ALIGNMENT 8

struct ink_client {
    pthread_mutex_t mutex;
    pthread_cond_t answered;
    ink_session_t *session;
    ink_session_actions_t actions;

    ink_link_t replies; //  Not taken yet
    int replies_fd;     //  Readable exactly when there is one

    ink_buffer_t header, outbox; //  The outbox: sizes, each with so many bytes behind it
    bool reconnect;              //  Before the outbox is sent
    int wake_fd;
    int64_t asleep_until; //  Of the actor; 0: it is awake

    bool waiting; //  For an ANSWER
    int answer;
    ink_status_t *status;

    char endpoint[INK_ENDPOINT_MOST];
    ink_post_t post; //  The actor's
    ink_letter_t letter;
    ink_buffer_t sending;
    ink_actor_t *actor;
};

static int64_t
now_us (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int64_t
until (int timeout_ms)
{
    return timeout_ms < 0 ? INK_SESSION_NEVER : now_us () + (int64_t) timeout_ms * 1000;
}

static void
signal_fd (int fd)
{
    const uint64_t one = 1;
    ssize_t written = write (fd, &one, sizeof one);
    assert (written == sizeof one);
    (void) written;
}

//  Whether it had been signalled or not, it is not afterwards.
static void
clear_fd (int fd)
{
    uint64_t count;
    ssize_t got = read (fd, &count, sizeof count);
    assert (got == sizeof count || errno == EAGAIN);
    (void) got;
}

//  --------------------------------------------------------------------------------------
//  Actions. The mutex is held.

//  A message that finds no memory is lost, as one may be on its way: the session copes.
static void
post (ink_client_t *self, const ink_msg_t *msg)
{
    int rc = ink_msg_encode (msg, &self->header);
    assert (rc != INK_EMESSAGE);
    const size_t size = self->header.size, before = self->outbox.size;
    if (rc || ink_buffer_append (&self->outbox, &size, sizeof size))
        return;
    if (ink_buffer_append (&self->outbox, self->header.bytes, size))
        self->outbox.size = before;
}

static void
deliver (ink_client_t *self, ink_reply_t *reply)
{
    if (ink_list_empty (&self->replies))
        signal_fd (self->replies_fd);
    ink_list_append (&self->replies, &reply->link);
}

static void
replace (ink_reply_t *reply, ink_reply_t *old)
{
    ink_list_append (&old->link, &reply->link); //  Right in front of it
    ink_list_remove (&old->link);
    ink_reply_destroy (&old);
}

static void
tell (ink_client_t *self, int error, const ink_msg_status_t *status)
{
    self->waiting = false;
    self->answer = error;
    self->status = status ? ink_status_new (status) : NULL;
    pthread_cond_signal (&self->answered);
}

static void
perform (ink_client_t *self, const ink_session_action_t *action)
{
    switch (action->kind) {
    case INK_SESSION_SEND:
        post (self, &action->msg);
        break;
    case INK_SESSION_DELIVER:
        deliver (self, action->reply);
        break;
    case INK_SESSION_REPLACE:
        replace (action->reply, action->old);
        break;
    case INK_SESSION_ANSWER:
        tell (self, action->error, action->status);
        break;
    case INK_SESSION_RECONNECT:
        self->outbox.size = 0;
        self->reconnect = true;
        break;
    }
}

static int
step (ink_client_t *self, const ink_session_event_t *event)
{
    int rc = ink_session_step (self->session, now_us (), event, &self->actions);
    for (size_t n = 0; n < self->actions.size; n++)
        perform (self, &self->actions.items[n]);
    return rc;
}

//  A step in the application's thread.
static int
call (ink_client_t *self, const ink_session_event_t *event)
{
    int rc = step (self, event);
    if (self->asleep_until && (self->outbox.size || ink_session_deadline (self->session) <
                                                        self->asleep_until)) {
        self->asleep_until = 0;
        signal_fd (self->wake_fd);
    }
    return rc;
}

//  --------------------------------------------------------------------------------------
//  The actor

//  Without a socket, messages are lost until the session reconnects again.
static void
open_socket (ink_client_t *self)
{
    if (ink_post_open (&self->post, ZMQ_DEALER, 0) == INK_OK &&
        ink_post_connect (&self->post, self->endpoint))
        ink_post_close (&self->post, 0);
}

static void
send_all (ink_client_t *self)
{
    const uint8_t *at = self->sending.bytes, *end = at + self->sending.size;
    while (at < end) {
        size_t size;
        memcpy (&size, at, sizeof size);
        at += sizeof size;
        if (self->post.socket)
            (void) ink_post_send_header (&self->post, at, size);
        at += size;
    }
    self->sending.size = 0;
}

//  Steps the timer when it is due, then takes what is to be sent out of the mutex.
static void
flush (ink_client_t *self)
{
    pthread_mutex_lock (&self->mutex);
    self->asleep_until = 0;
    if (ink_session_deadline (self->session) <= now_us ())
        step (self, &(ink_session_event_t){.kind = INK_SESSION_TIMER});
    const bool reconnect = self->reconnect;
    const ink_buffer_t empty = self->sending;
    self->sending = self->outbox;
    self->outbox = empty;
    self->reconnect = false;
    pthread_mutex_unlock (&self->mutex);
    if (reconnect) {
        ink_post_close (&self->post, 0);
        open_socket (self);
    }
    send_all (self);
}

//  Small frames may lie anywhere in the buffer they were received in; those who read the
//  value as numbers want it aligned. False when there is no memory for that.
static bool
align (ink_payload_t **payload_p)
{
    ink_payload_t *payload = *payload_p;
    if (payload == NULL || (uintptr_t) ink_payload_data (payload) % ALIGNMENT == 0)
        return true;
    const size_t size = ink_payload_size (payload);
    ink_payload_t *copy = ink_payload_new (size);
    if (copy == NULL)
        return false;
    memcpy (ink_payload_data (copy), ink_payload_data (payload), size);
    ink_payload_destroy (payload_p);
    *payload_p = copy;
    return true;
}

//  False when nothing was there. What is not of the protocol is dropped, and what finds
//  no memory is lost.
static bool
receive (ink_client_t *self)
{
    int rc =
        self->post.socket ? ink_post_receive (&self->post, &self->letter) : INK_POST_NONE;
    if (rc == INK_POST_NONE)
        return false;
    if (rc == INK_OK && align (&self->letter.payload)) {
        pthread_mutex_lock (&self->mutex);
        step (self, &(ink_session_event_t){.kind = INK_SESSION_MESSAGE,
                                           .msg = &self->letter.msg,
                                           .payload_p = &self->letter.payload});
        pthread_mutex_unlock (&self->mutex);
    }
    return true;
}

//  How long the actor may sleep, in milliseconds; 0 when there is something to do. From
//  now on it must be woken.
static long
fall_asleep (ink_client_t *self)
{
    const int64_t now = now_us ();
    pthread_mutex_lock (&self->mutex);
    int64_t at = ink_session_deadline (self->session);
    if (at > now + SLEEP_MOST * 1000)
        at = now + SLEEP_MOST * 1000;
    const bool ready = self->outbox.size > 0 || at <= now;
    self->asleep_until = ready ? 0 : at;
    pthread_mutex_unlock (&self->mutex);
    return ready ? 0 : (long) ((at - now + 999) / 1000);
}

//  False when the actor is to end.
static bool
wait_for_work (ink_client_t *self, zsock_t *pipe, long timeout_ms)
{
    zmq_pollitem_t items[] = {{zsock_resolve (pipe), 0, ZMQ_POLLIN, 0},
                              {NULL, self->wake_fd, ZMQ_POLLIN, 0},
                              {self->post.socket, 0, ZMQ_POLLIN, 0}};
    zmq_poll (items, self->post.socket ? 3 : 2, timeout_ms);
    if (items[1].revents)
        clear_fd (self->wake_fd);
    return items[0].revents == 0;
}

static void
run (zsock_t *pipe, void *args)
{
    ink_client_t *self = args;
    zsock_signal (pipe, 0);
    bool more = true;
    while (more) {
        //  What has come before the timer: after a pause it shows that nobody was silent
        int received = 0;
        while (received < TURN_MOST && receive (self))
            received++;
        flush (self);
        const long pause = received < TURN_MOST ? fall_asleep (self) : 0;
        more = wait_for_work (self, pipe, pause);
    }
    flush (self);
    ink_post_close (&self->post, CANCELS_LINGER);
}

//  --------------------------------------------------------------------------------------
//  The handle

static bool
name_endpoint (ink_client_t *self, const char *endpoint)
{
    ink_endpoints_t endpoints;
    if (endpoint == NULL)
        endpoint = getenv ("INKLING_ENDPOINT");
    if (endpoint == NULL)
        ink_endpoint_default (getenv ("XDG_RUNTIME_DIR"), getuid (), self->endpoint);
    else if (strlen (endpoint) < INK_ENDPOINT_MOST)
        strcpy (self->endpoint, endpoint);
    return ink_endpoints_derive (self->endpoint, &endpoints) == INK_OK;
}

//  Signals are the application's: its handlers run in its own threads.
static void
start_actor (ink_client_t *self)
{
    sigset_t all, before;
    sigfillset (&all);
    pthread_sigmask (SIG_BLOCK, &all, &before);
    self->actor = ink_actor_new (run, self);
    pthread_sigmask (SIG_SETMASK, &before, NULL);
}

//  Leaves what was made so far for ink_client_destroy.
static bool
start (ink_client_t *self, const char *endpoint, const ink_session_limits_t *limits)
{
    self->replies_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    self->wake_fd = eventfd (0, EFD_NONBLOCK | EFD_CLOEXEC);
    self->session = ink_session_new (limits, now_us ());
    if (self->replies_fd == -1 || self->wake_fd == -1 || !self->session ||
        !name_endpoint (self, endpoint) || !ink_descriptors_are_there (SOCKETS_NEED))
        return false;
    zsys_handler_set (NULL);
    open_socket (self);
    if (self->post.socket)
        start_actor (self);
    return self->actor != NULL;
}

ink_client_t *
ink_client_new_with (const char *endpoint, const ink_session_limits_t *limits)
{
    ink_client_t *self = ink_alloc (sizeof *self);
    if (self == NULL)
        return NULL;
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->answered, NULL);
    ink_list_init (&self->replies);
    if (!start (self, endpoint, limits))
        ink_client_destroy (&self);
    return self;
}

ink_client_t *
ink_client_new (const char *endpoint)
{
    return ink_client_new_with (endpoint, &ink_session_usual);
}

static void
stop_actor (ink_client_t *self)
{
    if (self->actor) {
        pthread_mutex_lock (&self->mutex);
        call (self, &(ink_session_event_t){.kind = INK_SESSION_CLOSE});
        pthread_mutex_unlock (&self->mutex);
        ink_actor_destroy (&self->actor);
    }
    ink_post_close (&self->post, 0);
}

void
ink_client_destroy (ink_client_t **self_p)
{
    ink_client_t *self = *self_p;
    if (self == NULL)
        return;
    stop_actor (self);
    INK_LIST_EACH (link, &self->replies)
    {
        ink_reply_t *reply = INK_ITEM (link, ink_reply_t, link);
        ink_reply_destroy (&reply);
    }
    ink_session_destroy (&self->session);
    ink_session_actions_free (&self->actions);
    ink_letter_free (&self->letter);
    ink_buffer_free (&self->header);
    ink_buffer_free (&self->outbox);
    ink_buffer_free (&self->sending);
    if (self->replies_fd != -1)
        close (self->replies_fd);
    if (self->wake_fd != -1)
        close (self->wake_fd);
    pthread_cond_destroy (&self->answered);
    pthread_mutex_destroy (&self->mutex);
    ink_free (self);
    *self_p = NULL;
}

//  Whether the message of the request is one the ventilator can read.
static int
check (ink_request_t *request)
{
    ink_buffer_t header = {0};
    ink_msg_t msg;
    ink_request_message (request, &msg);
    int rc = request->kernels ? ink_msg_encode (&msg, &header) : INK_EUSAGE;
    ink_buffer_free (&header);
    return rc == INK_EMESSAGE ? INK_EUSAGE : rc;
}

int
ink_client_submit (ink_client_t *self, const ink_request_t *request)
{
    ink_request_t *copy = ink_request_copy (request);
    int rc = copy ? check (copy) : INK_ENOMEM;
    if (rc == INK_OK) {
        pthread_mutex_lock (&self->mutex);
        rc = call (self,
                   &(ink_session_event_t){.kind = INK_SESSION_SUBMIT, .request = copy});
        pthread_mutex_unlock (&self->mutex);
    }
    if (rc)
        ink_request_destroy (&copy);
    return rc;
}

int
ink_client_cancel (ink_client_t *self, const char *id)
{
    pthread_mutex_lock (&self->mutex);
    int rc = call (self, &(ink_session_event_t){.kind = INK_SESSION_CANCEL, .id = id});
    pthread_mutex_unlock (&self->mutex);
    return rc;
}

//  Steps with `event` and waits for its ANSWER, which the session gives in time.
static int
wait_for_answer (ink_client_t *self, const ink_session_event_t *event,
                 ink_status_t **status_p)
{
    pthread_mutex_lock (&self->mutex);
    self->waiting = true;
    int rc = call (self, event);
    while (rc == INK_OK && self->waiting)
        pthread_cond_wait (&self->answered, &self->mutex);
    if (rc == INK_OK) {
        rc = self->answer;
        *status_p = self->status;
        self->status = NULL;
    }
    pthread_mutex_unlock (&self->mutex);
    return rc;
}

int
ink_client_cancel_other (ink_client_t *self, const char *id, int timeout_ms)
{
    ink_status_t *none = NULL;
    return wait_for_answer (self,
                            &(ink_session_event_t){.kind = INK_SESSION_CANCEL_OTHER,
                                                   .id = id,
                                                   .until = until (timeout_ms)},
                            &none);
}

ink_status_t *
ink_client_status (ink_client_t *self, int timeout_ms)
{
    ink_status_t *status = NULL;
    wait_for_answer (
        self,
        &(ink_session_event_t){.kind = INK_SESSION_ASK, .until = until (timeout_ms)},
        &status);
    return status;
}

//  The first reply that waits, or NULL.
static ink_reply_t *
take (ink_client_t *self)
{
    ink_reply_t *reply = NULL;
    pthread_mutex_lock (&self->mutex);
    if (!ink_list_empty (&self->replies)) {
        reply = INK_ITEM (self->replies.next, ink_reply_t, link);
        ink_list_remove (&reply->link);
        if (ink_list_empty (&self->replies))
            clear_fd (self->replies_fd);
        call (self, &(ink_session_event_t){.kind = INK_SESSION_TAKEN, .reply = reply});
    }
    pthread_mutex_unlock (&self->mutex);
    return reply;
}

ink_reply_t *
ink_client_receive (ink_client_t *self, int timeout_ms)
{
    const int64_t end = until (timeout_ms);
    for (;;) {
        ink_reply_t *reply = take (self);
        const int64_t left = end - now_us ();
        if (reply || left <= 0)
            return reply;
        struct pollfd item = {.fd = self->replies_fd, .events = POLLIN};
        const bool ever = end == INK_SESSION_NEVER;
        int count = poll (&item, 1, ever ? -1 : (int) ((left + 999) / 1000));
        if (count == -1 && errno == EINTR)
            return NULL;
    }
}

int
ink_client_fd (ink_client_t *self)
{
    return self->replies_fd;
}

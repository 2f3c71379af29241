//  echo.h: the yardstick for answers that are known: one round trip over ipc.
//
//  The client says how many bytes it wants; another process sends them. A DEALER on one side,
//  a ROUTER on the other, as between Inkling's client and ventilator.

#ifndef BENCH_ECHO_H_INCLUDED
#define BENCH_ECHO_H_INCLUDED

#include <errno.h>
#include <zmq.h>

#include "process.h"

typedef struct {
    char folder[PATH_MAX], endpoint[PATH_MAX + 16];
    pid_t process;
    void *context, *socket;
    uint64_t wanted; //  Bytes of an answer
} echo_t;

static inline void
echo_one (void *router)
{
    zmq_msg_t id, answer;
    uint64_t wanted;
    zmq_msg_init (&id);
    if (zmq_msg_recv (&id, router, 0) == -1 ||
        zmq_recv (router, &wanted, sizeof wanted, 0) != sizeof wanted)
        die ("the echo got something else");
    zmq_msg_init_size (&answer, wanted);
    memset (zmq_msg_data (&answer), 'x', wanted);
    zmq_msg_send (&id, router, ZMQ_SNDMORE);
    zmq_msg_send (&answer, router, 0);
}

static inline void
echo_main (void *arg)
{
    const echo_t *self = arg;
    void *router = zmq_socket (zmq_ctx_new (), ZMQ_ROUTER);
    if (zmq_bind (router, self->endpoint))
        die ("%s: %s", self->endpoint, zmq_strerror (errno));
    for (;;)
        echo_one (router);
}

static inline void
echo_start (echo_t *self)
{
    make_folder (self->folder);
    snprintf (self->endpoint, sizeof self->endpoint, "ipc://%s/echo", self->folder);
    self->process = process_start (echo_main, self);
    self->context = zmq_ctx_new ();
    self->socket = zmq_socket (self->context, ZMQ_DEALER);
    if (zmq_connect (self->socket, self->endpoint))
        die ("%s: %s", self->endpoint, zmq_strerror (errno));
}

static inline void
echo_stop (echo_t *self)
{
    zmq_close (self->socket);
    zmq_ctx_term (self->context);
    process_end (self->process, SIGKILL);
    remove_folder (self->folder);
}

//  ---------------------------------------------------------------------------------------
//  As a service

static inline void
echo_ask (void *arg)
{
    echo_t *self = arg;
    if (zmq_send (self->socket, &self->wanted, sizeof self->wanted, 0) == -1)
        die ("the echo takes nothing");
}

static inline void
echo_await (void *arg)
{
    echo_t *self = arg;
    zmq_msg_t answer;
    zmq_msg_init (&answer);
    if (zmq_msg_recv (&answer, self->socket, 0) != (int) self->wanted)
        die ("the echo gave something else");
    zmq_msg_close (&answer);
}

static inline service_t
echo_service (echo_t *self)
{
    return (service_t){self, echo_ask, echo_await};
}

#endif

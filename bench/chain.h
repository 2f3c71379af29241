//  chain.h: the yardstick for small requests: the same hops in bare ZeroMQ.
//
//      client → ventilator → two workers → sink → client
//
//  Each station passes on what it gets, as it is. Over ipc each is a process, over inproc a
//  thread. Nobody decides, checks, remembers or counts anything.

#ifndef BENCH_CHAIN_H_INCLUDED
#define BENCH_CHAIN_H_INCLUDED

#include <errno.h>
#include <pthread.h>
#include <zmq.h>

#include "process.h"

#define CHAIN_BYTES 100
enum { VENTILATOR, SINK, WORKER, OTHER_WORKER, STATIONS };

typedef struct {
    void *context; //  NULL: its own
    bool binds;    //  Both ends; else it connects both
    bool nice;
    char in[PATH_MAX + 32], out[PATH_MAX + 32];
} station_t;

typedef struct {
    char folder[PATH_MAX];
    station_t stations[STATIONS];
    pid_t processes[STATIONS];
    pthread_t threads[STATIONS];
    void *context, *asks, *answers;
} chain_t;

static inline void *
open_end (void *context, int type, bool binds, const char *endpoint)
{
    void *socket = zmq_socket (context, type);
    const int linger = 0;
    if (!socket || zmq_setsockopt (socket, ZMQ_LINGER, &linger, sizeof linger) ||
        (binds ? zmq_bind (socket, endpoint) : zmq_connect (socket, endpoint)))
        die ("%s: %s", endpoint, zmq_strerror (errno));
    return socket;
}

static inline void
pass_on (void *in, void *out)
{
    zmq_msg_t message;
    zmq_msg_init (&message);
    while (zmq_msg_recv (&message, in, 0) != -1 && zmq_msg_send (&message, out, 0) != -1)
        ;
    zmq_msg_close (&message);
}

static inline void
station_main (void *arg)
{
    const station_t *self = arg;
    void *context = self->context ? self->context : zmq_ctx_new ();
    if (self->nice)
        be_nice ();
    void *in = open_end (context, ZMQ_PULL, self->binds, self->in);
    void *out = open_end (context, ZMQ_PUSH, self->binds, self->out);
    pass_on (in, out);
    zmq_close (in);
    zmq_close (out);
}

static inline void *
station_thread (void *arg)
{
    station_main (arg);
    return NULL;
}

//  `where` begins the names of all endpoints.
static inline void
chain_plan (chain_t *self, const char *where, void *context)
{
    for (size_t n = 0; n < STATIONS; n++) {
        station_t *station = &self->stations[n];
        station->context = context;
        station->binds = n == VENTILATOR || n == SINK;
        station->nice = !station->binds;
        const char *in = n == VENTILATOR ? "asks" : n == SINK ? "values" : "leases";
        const char *out = n == VENTILATOR ? "leases" : n == SINK ? "answers" : "values";
        snprintf (station->in, sizeof station->in, "%s%s", where, in);
        snprintf (station->out, sizeof station->out, "%s%s", where, out);
    }
}

static inline void
chain_meet (chain_t *self)
{
    self->asks = open_end (self->context, ZMQ_PUSH, false, self->stations[VENTILATOR].in);
    self->answers = open_end (self->context, ZMQ_PULL, false, self->stations[SINK].out);
    usleep (200000); //  Both workers are connected then
}

static inline void
chain_start_processes (chain_t *self)
{
    char where[PATH_MAX + 16];
    make_folder (self->folder);
    snprintf (where, sizeof where, "ipc://%s/", self->folder);
    chain_plan (self, where, NULL);
    for (size_t n = 0; n < STATIONS; n++)
        self->processes[n] = process_start (station_main, &self->stations[n]);
    self->context = zmq_ctx_new ();
    chain_meet (self);
}

static inline void
chain_start_threads (chain_t *self)
{
    self->context = zmq_ctx_new ();
    chain_plan (self, "inproc://", self->context);
    for (size_t n = 0; n < STATIONS; n++)
        if (pthread_create (&self->threads[n], NULL, station_thread, &self->stations[n]))
            die ("no thread for the chain");
    chain_meet (self);
}

static inline void
chain_stop (chain_t *self)
{
    zmq_close (self->asks);
    zmq_close (self->answers);
    zmq_ctx_shutdown (self->context); //  Ends what the stations wait for
    for (size_t n = 0; n < STATIONS; n++)
        if (self->processes[n])
            process_end (self->processes[n], SIGKILL);
        else
            pthread_join (self->threads[n], NULL);
    zmq_ctx_term (self->context);
    if (*self->folder)
        remove_folder (self->folder);
}

//  ---------------------------------------------------------------------------------------
//  As a service

static inline void
chain_ask (void *arg)
{
    chain_t *self = arg;
    zmq_msg_t message;
    zmq_msg_init_size (&message, CHAIN_BYTES);
    memset (zmq_msg_data (&message), 'x', CHAIN_BYTES);
    if (zmq_msg_send (&message, self->asks, 0) == -1)
        die ("the chain takes nothing");
}

static inline void
chain_await (void *arg)
{
    chain_t *self = arg;
    zmq_msg_t message;
    zmq_msg_init (&message);
    if (zmq_msg_recv (&message, self->answers, 0) != CHAIN_BYTES)
        die ("the chain gave something else");
    zmq_msg_close (&message);
}

static inline service_t
chain_service (chain_t *self)
{
    return (service_t){self, chain_ask, chain_await};
}

#endif

//  worker.c: the shell around the runner.
//
//  One thread computes and talks in turn: a slice, a look at the sockets, a slice. So a
//  heartbeat is the word of the code that works, and a cancel is heard within a slice. The
//  thread runs at nice +10: whoever waits for an answer comes first.

#include <stdlib.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "inkling/error.h"
#include "inkling/version.h"
#include "kernels/kernels.h"
#include "protocol/codec.h"
#include "protocol/post.h"
#include "worker/care.h"
#include "worker/compute.h"
#include "worker/runner.h"
#include "worker/worker.h"

#define DRAIN_MOST 64
#define NICE 10

//  While computing, sockets are looked at so often: looking costs some microseconds
#define LOOK_US 300

#define VALUES_QUEUE 512
#define KERNELS_TOLD 256

typedef struct {
    zsock_t *pipe;
    ink_worker_options_t *options;
    ink_runner_t *runner;
    ink_compute_t *compute;
    ink_care_t *care;
    uint64_t instance;
    ink_post_t back, control, lane, values;
    ink_letter_t letter;
    int64_t cpu_ns, cpu_seen_ns; //  For the share of the processor
    bool emitting; //  The lane waits: the present lease must stay where it is
    bool stopping;
} worker_t;

static void serve (worker_t *self, long wait_ms);

//  ---------------------------------------------------------------------------------------
//  Performing

static void
close_paths (worker_t *self)
{
    ink_post_close (&self->control, 0);
    ink_post_close (&self->lane, 0);
    ink_post_close (&self->values, 0);
}

static void
say_hello (worker_t *self)
{
    ink_msg_kernel_t kernels[KERNELS_TOLD];
    size_t count = 0;
    const ink_kernel_t *kernel;
    while (count < KERNELS_TOLD && (kernel = ink_kernels_at (count)))
        kernels[count++] =
            (ink_msg_kernel_t){.name = kernel->name, .version = kernel->version};
    char host[INK_NAME_MOST + 1] = "";
    gethostname (host, sizeof host - 1);
    ink_msg_t msg = {.kind = INK_MSG_HELLO};
    msg.hello.name = self->options->name;
    msg.hello.instance = self->instance;
    msg.hello.host = host;
    msg.hello.pid = (uint64_t) getpid ();
    msg.hello.slots = 1;
    msg.hello.version = INK_VERSION;
    msg.hello.kernels.items = kernels;
    msg.hello.kernels.size = count;

    close_paths (self);
    ink_post_close (&self->back, 0);
    if (ink_post_open (&self->back, ZMQ_DEALER, 0) == INK_OK &&
        ink_post_connect (&self->back, self->options->endpoints.back) == INK_OK)
        (void) ink_post_send (&self->back, INK_NO_PEER, &msg, NULL);
}

static int
connect_to (worker_t *self, ink_post_t *post, const char *told)
{
    char endpoint[INK_ENDPOINT_MOST];
    ink_endpoint_reach (told, self->options->endpoints.back, endpoint);
    return ink_post_connect (post, endpoint);
}

static void
connect_paths (worker_t *self, const ink_msg_welcome_t *welcome)
{
    close_paths (self);
    if (ink_post_open (&self->control, ZMQ_SUB, 0) ||
        ink_post_open (&self->lane, ZMQ_PULL, 0) ||
        ink_post_open (&self->values, ZMQ_PUSH, VALUES_QUEUE) ||
        connect_to (self, &self->lane, welcome->lane) ||
        connect_to (self, &self->values, welcome->values) ||
        connect_to (self, &self->control, welcome->control))
        ink_log (INK_LOG_EVENTS, self->options->name,
                 "cannot connect to what I was told");
}

static uint64_t
memory_bytes (void)
{
    unsigned long pages = 0, resident = 0;
    FILE *file = fopen ("/proc/self/statm", "r");
    if (!file)
        return 0;
    if (fscanf (file, "%lu %lu", &pages, &resident) != 2)
        resident = 0;
    fclose (file);
    return (uint64_t) resident * (uint64_t) sysconf (_SC_PAGESIZE);
}

//  Share of a processor since the last beat.
static uint64_t
cpu_percent (worker_t *self)
{
    struct timespec used;
    clock_gettime (CLOCK_THREAD_CPUTIME_ID, &used);
    int64_t cpu = (int64_t) used.tv_sec * 1000000000 + used.tv_nsec;
    int64_t now = ink_clock_ns (), passed = now - self->cpu_seen_ns;
    int64_t percent = passed > 0 ? (cpu - self->cpu_ns) * 100 / passed : 0;
    self->cpu_ns = cpu;
    self->cpu_seen_ns = now;
    return percent > 0 ? (uint64_t) percent : 0;
}

static void
beat (worker_t *self)
{
    ink_msg_t msg = {.kind = INK_MSG_HEARTBEAT};
    msg.heartbeat.instance = self->instance;
    msg.heartbeat.cpu_percent = cpu_percent (self);
    msg.heartbeat.memory_bytes = memory_bytes ();
    msg.heartbeat.speeds.items =
        ink_compute_speeds (self->compute, &msg.heartbeat.speeds.size);
    (void) ink_post_send (&self->back, INK_NO_PEER, &msg, NULL);
}

static void
perform (worker_t *self, const ink_work_action_t *action)
{
    switch (action->kind) {
    case INK_WORK_SAY_HELLO:
        say_hello (self);
        break;
    case INK_WORK_CONNECT:
        connect_paths (self, &action->msg.welcome);
        break;
    case INK_WORK_SAY:
        (void) ink_post_send (&self->back, INK_NO_PEER, &action->msg, NULL);
        break;
    case INK_WORK_BEAT:
        beat (self);
        break;
    case INK_WORK_PASS:
        if (self->values.socket)
            (void) ink_post_send (&self->values, INK_NO_PEER, &action->msg, NULL);
        break;
    }
}

static void
step (worker_t *self, ink_told_kind_t kind, const ink_msg_t *msg)
{
    const ink_work_actions_t *actions;
    if (ink_runner_step (self->runner, ink_clock_us (), &(ink_told_t){kind, msg},
                         &actions))
        ink_log_starved (self->options->name);
    for (size_t n = 0; n < actions->size; n++)
        perform (self, &actions->items[n]);
}

//  ---------------------------------------------------------------------------------------
//  Computing

//  While the sink takes nothing we go on listening, and give up when the lease is revoked.
static void
emit (void *arg, const ink_msg_t *value, ink_payload_t **payload_p)
{
    worker_t *self = arg;
    uint64_t lease =
        value->kind == INK_MSG_SAMPLE ? value->sample.lease : value->value.lease;
    for (;;) {
        const ink_msg_lease_t *current = ink_runner_current (self->runner);
        bool wanted =
            !self->stopping && self->values.socket && current && current->lease == lease;
        if (!wanted ||
            ink_post_send (&self->values, INK_NO_PEER, value, payload_p) != INK_EBUSY)
            break;
        self->emitting = true;
        serve (self, 10);
        self->emitting = false;
    }
    if (payload_p)
        ink_payload_destroy (payload_p);
}

static bool
work (worker_t *self, const ink_msg_lease_t *lease)
{
    if (lease->care)
        return ink_care_slice (self->care, lease);
    ink_care_stop (self->care);
    return ink_compute_slice (self->compute, lease);
}

//  Slices of the current leases until it is time to look at the sockets.
static void
compute (worker_t *self)
{
    int64_t until = ink_clock_us () + LOOK_US;
    const ink_msg_lease_t *lease;
    while ((lease = ink_runner_current (self->runner)) && ink_clock_us () < until) {
        uint64_t id = lease->lease;
        if (!work (self, lease))
            continue;
        lease = ink_runner_current (self->runner);
        if (lease && lease->lease == id) //  Emitting may have heard that it is revoked
            step (self, INK_TOLD_DONE, NULL);
    }
    if (!lease)
        ink_care_stop (self->care);
}

//  ---------------------------------------------------------------------------------------
//  Listening

static void
receive (worker_t *self, ink_post_t *post, ink_told_kind_t kind)
{
    //  A step may close the socket: another ventilator, another connection
    for (int n = 0; n < DRAIN_MOST && post->socket; n++) {
        int rc = ink_post_receive (post, &self->letter);
        if (rc == INK_POST_NONE)
            return;
        ink_log (INK_LOG_TRACE, self->options->name, "< %s",
                 rc ? ink_error_name (rc) : ink_msg_name (self->letter.msg.kind));
        if (rc)
            continue;
        if (self->letter.msg.kind == INK_MSG_REFUSAL)
            ink_log (INK_LOG_EVENTS, self->options->name, "is refused: %s",
                     self->letter.msg.refusal.detail);
        step (self, kind, &self->letter.msg);
    }
}

static void
obey (worker_t *self)
{
    char *command = zstr_recv (self->pipe);
    self->stopping = !command || streq (command, "$TERM");
    zstr_free (&command);
}

//  One look at all sockets: control before data.
static void
serve (worker_t *self, long wait_ms)
{
    enum { PIPE, BACK, CONTROL, LANE, SOCKETS };
    zmq_pollitem_t items[SOCKETS] = {
        [PIPE] = {zsock_resolve (self->pipe), 0, ZMQ_POLLIN, 0},
        [BACK] = {self->back.socket, -1, ZMQ_POLLIN, 0},
        [CONTROL] = {self->control.socket, -1, ZMQ_POLLIN, 0},
        [LANE] = {self->lane.socket, -1, ZMQ_POLLIN, 0},
    };
    //  Those that are closed come last; control and lane are open both or neither
    int open = self->control.socket ? SOCKETS : self->back.socket ? 2 : 1;
    if (self->emitting)
        open--;
    if (zmq_poll (items, open, wait_ms) == -1 && errno == ETERM) {
        self->stopping = true;
        return;
    }
    if (items[PIPE].revents)
        obey (self);
    if (items[CONTROL].revents)
        receive (self, &self->control, INK_TOLD_CONTROL);
    if (items[BACK].revents)
        receive (self, &self->back, INK_TOLD_BACK);
    if (items[LANE].revents)
        receive (self, &self->lane, INK_TOLD_LANE);
    if (ink_clock_us () >= ink_runner_deadline (self->runner))
        step (self, INK_TOLD_TIMER, NULL);
}

//  ---------------------------------------------------------------------------------------
//  Beginning, end, and the loop

static int
begin (worker_t *self, zsock_t *pipe, ink_worker_options_t *options)
{
    self->pipe = pipe;
    self->options = options;
    if (getrandom (&self->instance, sizeof self->instance, 0) != sizeof self->instance)
        return INK_ESYSTEM;
    self->instance = self->instance >> 1 | 1;
    self->runner = ink_runner_new (self->instance);
    self->compute = ink_compute_new (options->roots, self->instance, emit, self);
    self->care = ink_care_new (options->roots, self->instance, emit, self);
    if (!self->runner || !self->compute || !self->care)
        return INK_ENOMEM;
    //  Of this thread alone; the threads of libzmq keep what they have
    (void) setpriority (PRIO_PROCESS, (id_t) syscall (SYS_gettid), NICE);
    return INK_OK;
}

static void
end (worker_t *self)
{
    if (self->back.socket) {
        ink_msg_t msg = {.kind = INK_MSG_BYE};
        msg.bye.instance = self->instance;
        (void) ink_post_send (&self->back, INK_NO_PEER, &msg, NULL);
    }
    close_paths (self);
    ink_post_close (&self->back, 100);
    ink_care_destroy (&self->care);
    ink_compute_destroy (&self->compute);
    ink_runner_destroy (&self->runner);
    ink_letter_free (&self->letter);
}

static void
run (worker_t *self)
{
    while (!self->stopping) {
        bool busy = ink_runner_current (self->runner);
        serve (self, busy ? 0
                          : ink_clock_wait_ms (ink_runner_deadline (self->runner),
                                               ink_clock_us ()));
        compute (self);
    }
}

void
ink_worker_actor (zsock_t *pipe, void *args)
{
    worker_t self = {0};
    ink_worker_options_t *options = args;
    options->error = begin (&self, pipe, options);
    zsock_signal (pipe, 0);
    if (options->error == INK_OK)
        run (&self);
    end (&self);
}

//  trial.c: computes one piece of a part and sees what comes of it.

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "inkling/error.h"
#include "worker/compute.h"
#include "worker/trial.h"

//  A slice takes milliseconds; a process that finishes none for so long is in a loop
#define SILENCE_US 2000000
#define WAIT_MS 5

//  What a trial leaves behind, in pages that both processes see
typedef struct {
    atomic_uint slices; //  Finished so far
    atomic_int state;   //  Of ink_trial_state_t
    int error;
    size_t size;
    uint8_t value[];
} outcome_t;

struct ink_trial {
    const ink_roots_t *roots;
    size_t room;
    outcome_t *outcome;
    ink_msg_lease_t lease; //  Of the one piece
    ink_msg_span_t span;
    ink_compute_t *compute; //  When it is computed here
    pid_t child;            //  When it is not; 0: none
    int watch;              //  Readable when the child has ended; -1: none
    unsigned slices;        //  Last seen
    int64_t moved;          //  When they were last seen to change
};

ink_trial_t *
ink_trial_new (const ink_roots_t *roots, size_t room)
{
    ink_trial_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    self->roots = roots;
    self->room = room;
    self->watch = -1;
    self->outcome = mmap (NULL, sizeof *self->outcome + room, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (self->outcome != MAP_FAILED)
        return self;
    free (self);
    return NULL;
}

//  The child has ended, or is to.
static void
reap (ink_trial_t *self)
{
    if (self->child) {
        kill (self->child, SIGKILL);
        while (waitpid (self->child, NULL, 0) == -1 && errno == EINTR)
            continue;
    }
    if (self->watch != -1)
        close (self->watch);
    self->child = 0;
    self->watch = -1;
}

void
ink_trial_destroy (ink_trial_t **self_p)
{
    ink_trial_t *self = *self_p;
    if (!self)
        return;
    reap (self);
    ink_compute_destroy (&self->compute);
    munmap (self->outcome, sizeof *self->outcome + self->room);
    free (self);
    *self_p = NULL;
}

static void
fail (ink_trial_t *self, int error)
{
    self->outcome->error = error;
    atomic_store (&self->outcome->state, INK_TRIAL_FAILED);
}

//  Takes the one value of the piece.
static void
keep (void *arg, const ink_msg_t *value, ink_payload_t **payload_p)
{
    ink_trial_t *self = arg;
    ink_payload_t *payload = payload_p ? *payload_p : NULL;
    size_t size = payload ? ink_payload_size (payload) : 0;
    if (value->value.error || !payload || size > self->room) {
        fail (self, value->value.error ? (int) value->value.error : INK_ENOMEM);
    } else {
        memcpy (self->outcome->value, ink_payload_data (payload), size);
        self->outcome->size = size;
        atomic_store (&self->outcome->state, INK_TRIAL_PASSED);
    }
    if (payload_p)
        ink_payload_destroy (payload_p);
}

static bool
compute_slice (ink_trial_t *self)
{
    bool done = ink_compute_slice (self->compute, &self->lease);
    atomic_fetch_add (&self->outcome->slices, 1);
    return done;
}

//  It is expected to crash: without a core, and not without its parent.
static void
live_in_isolation (ink_trial_t *self)
{
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    prctl (PR_SET_DUMPABLE, 0);
    setrlimit (RLIMIT_CORE, &(struct rlimit){0, 0});
    while (!compute_slice (self))
        continue;
    _exit (0);
}

void
ink_trial_begin (ink_trial_t *self, const ink_msg_lease_t *lease, ink_part_t piece,
                 bool isolated)
{
    reap (self);
    ink_compute_destroy (&self->compute);
    self->span = (ink_msg_span_t){piece.offset, piece.length};
    self->lease = *lease;
    self->lease.spans.items = &self->span;
    self->slices = 0;
    self->moved = ink_clock_us ();
    memset (self->outcome, 0, sizeof *self->outcome);
    self->compute = ink_compute_new (self->roots, 0, keep, self);
    if (!self->compute) {
        fail (self, INK_ENOMEM);
        return;
    }
    if (!isolated)
        return;
    self->child = fork ();
    if (self->child == 0)
        live_in_isolation (self);
    if (self->child == -1)
        self->child = 0;
    else
        self->watch = (int) syscall (SYS_pidfd_open, self->child, 0);
    if (self->watch == -1) {
        reap (self);
        fail (self, INK_ESYSTEM);
    }
}

//  Waits a little. A child that has ended without an outcome has crashed.
static void
watch (ink_trial_t *self)
{
    struct pollfd ended = {self->watch, POLLIN, 0};
    bool has_ended = poll (&ended, 1, WAIT_MS) > 0;
    unsigned slices = atomic_load (&self->outcome->slices);
    int64_t now = ink_clock_us ();
    if (slices != self->slices) {
        self->slices = slices;
        self->moved = now;
    }
    bool stands_still = now - self->moved > SILENCE_US;
    if (!has_ended && !stands_still)
        return;
    reap (self);
    if (atomic_load (&self->outcome->state) == INK_TRIAL_RUNNING)
        fail (self, INK_ELOST);
}

ink_trial_state_t
ink_trial_step (ink_trial_t *self)
{
    if (self->child)
        watch (self);
    else if (atomic_load (&self->outcome->state) == INK_TRIAL_RUNNING)
        compute_slice (self);
    //  A child has ended only when it is gone: its value may be half written until then
    if (self->child)
        return INK_TRIAL_RUNNING;
    return (ink_trial_state_t) atomic_load (&self->outcome->state);
}

const void *
ink_trial_value (const ink_trial_t *self, size_t *size)
{
    *size = self->outcome->size < self->room ? self->outcome->size : self->room;
    return self->outcome->value;
}

int
ink_trial_error (const ink_trial_t *self)
{
    return self->outcome->error;
}

//  pulse.c: shows whoever supervises us that the loop of our actor turns.
//
//  A command is put into the actor's pipe, one at a time. The loop takes it in a turn as it
//  takes every other, and libzmq lets go of a message in the thread that took it: that is
//  when we beat. So a beat is the word of the code that works, though it knows nothing of it.

#include "cli/pulse.h"

#include <fcntl.h>
#include <stdatomic.h>
#include <unistd.h>

#include "supervisor/child.h"

#define BEAT_MS 250

//  Static, for libzmq lets go of what was not taken when the actor is gone.
static struct {
    bool begun;
    int descriptor;
    atomic_bool asked; //  A command lies in the pipe
} pulse;

static void
taken (void *bytes, void *hint)
{
    (void) bytes;
    (void) hint;
    uint64_t one = 1;
    atomic_store (&pulse.asked, false);
    if (write (pulse.descriptor, &one, sizeof one) < 0)
        return; //  Then this beat is missed
}

//  The descriptor is ours alone, not of what we start.
static void
begin (void)
{
    const char *number = getenv (INK_CHILD_PULSE);
    pulse.begun = true;
    pulse.descriptor = number ? atoi (number) : -1;
    unsetenv (INK_CHILD_PULSE);
    if (pulse.descriptor >= 0 && fcntl (pulse.descriptor, F_SETFD, FD_CLOEXEC) < 0)
        pulse.descriptor = -1;
}

int
ink_pulse_take (ink_actor_t *actor)
{
    static char command[] = "BEAT";
    if (!pulse.begun)
        begin ();
    if (pulse.descriptor < 0)
        return -1;
    zmq_msg_t msg;
    if (!atomic_exchange (&pulse.asked, true) &&
        zmq_msg_init_data (&msg, command, strlen (command), taken, NULL) == 0 &&
        zmq_msg_send (&msg, zsock_resolve (ink_actor_pipe (actor)), ZMQ_DONTWAIT) < 0)
        zmq_msg_close (&msg);
    return BEAT_MS;
}

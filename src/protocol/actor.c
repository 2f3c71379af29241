//  actor.c: a thread with a pipe to whoever started it.

#include "protocol/actor.h"

#include <pthread.h>

#include "base/memory.h"

struct ink_actor {
    zsock_t *near, *far; //  The ends of the pipe: ours, and that of the function
    zactor_fn *function;
    void *args;
    pthread_t thread;
};

static void *
run (void *arg)
{
    ink_actor_t *self = arg;
    self->function (self->far, self->args);
    return NULL;
}

static void
drop (ink_actor_t **self_p)
{
    zsock_destroy (&(*self_p)->near);
    zsock_destroy (&(*self_p)->far);
    ink_free (*self_p);
    *self_p = NULL;
}

ink_actor_t *
ink_actor_new (zactor_fn *function, void *args)
{
    ink_actor_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->function = function;
    self->args = args;
    self->near = zsys_create_pipe (&self->far);
    if (pthread_create (&self->thread, NULL, run, self))
        drop (&self);
    else
        zsock_wait (self->near);
    return self;
}

zsock_t *
ink_actor_pipe (ink_actor_t *self)
{
    return self->near;
}

void
ink_actor_destroy (ink_actor_t **self_p)
{
    ink_actor_t *self = *self_p;
    if (!self)
        return;
    zstr_send (self->near, "$TERM");
    pthread_join (self->thread, NULL);
    drop (self_p);
}

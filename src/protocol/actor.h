//  actor.h: a thread with a pipe to whoever started it.
//
//  As zactor_t, and what runs in it is the same function; but when the system refuses the
//  thread this one says so, where czmq waits for it for ever.

#ifndef INK_ACTOR_H_INCLUDED
#define INK_ACTOR_H_INCLUDED

#include <czmq.h>

typedef struct ink_actor ink_actor_t;

//  Returns when the function has signalled on its pipe. NULL when out of memory or threads.
ink_actor_t *ink_actor_new (zactor_fn *function, void *args);

//  Our end of the pipe.
zsock_t *ink_actor_pipe (ink_actor_t *self);

//  Sends "$TERM" over the pipe and waits for the function to return.
void ink_actor_destroy (ink_actor_t **self_p);

#endif

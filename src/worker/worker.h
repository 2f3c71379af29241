//  worker.h: the shell around the runner, an actor of one thread that computes and talks in
//  turn.

#ifndef INK_WORKER_H_INCLUDED
#define INK_WORKER_H_INCLUDED

#include <czmq.h>

#include "base/endpoint.h"
#include "source/source.h"

typedef struct {
    ink_endpoints_t endpoints;
    const ink_roots_t *roots; //  Borrowed
    const char *name;         //  Unique among the workers of a ventilator
    int error;                //  Out: why the actor could not begin
} ink_worker_options_t;

//  For ink_actor_new, with the options as argument: they must live as long as the actor. Ends on
//  $TERM, at the latest when the present slice is done.
void ink_worker_actor (zsock_t *pipe, void *options);

#endif

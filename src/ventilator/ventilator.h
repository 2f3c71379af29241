//  ventilator.h: the shell around the foreman, an actor.

#ifndef INK_VENTILATOR_H_INCLUDED
#define INK_VENTILATOR_H_INCLUDED

#include <czmq.h>

#include "base/endpoint.h"
#include "cache/cache.h"
#include "source/source.h"

typedef struct {
    ink_endpoints_t endpoints;
    const ink_roots_t *roots; //  Borrowed
    ink_cache_t *cache;       //  Borrowed; NULL for none
    int error;                //  Out: why the actor could not begin
} ink_ventilator_options_t;

//  For ink_actor_new, with the options as argument: they must live as long as the actor. Signals
//  when its sockets are bound; `error` is set by then. Ends on $TERM.
void ink_ventilator_actor (zsock_t *pipe, void *options);

#endif

//  sink.h: the shell around the collector, an actor.

#ifndef INK_SINK_H_INCLUDED
#define INK_SINK_H_INCLUDED

#include <czmq.h>

#include "base/endpoint.h"
#include "cache/cache.h"

typedef struct {
    ink_endpoints_t endpoints;
    ink_cache_t *cache; //  Borrowed, written by this actor alone; NULL for none
    int error;          //  Out: why the actor could not begin
} ink_sink_options_t;

//  For ink_actor_new, with the options as argument: they must live as long as the actor. Signals
//  when its sockets are bound; `error` is set by then. Ends on $TERM.
void ink_sink_actor (zsock_t *pipe, void *options);

#endif

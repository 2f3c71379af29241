//  foreman.h: the brain of the ventilator.
//
//  Everything the ventilator decides is decided here: what to admit, what to look up, who
//  computes which part when, what becomes of it when somebody dies, who is told what. It has
//  one door: an event goes in with the time, actions come out, and `deadline` says when to
//  come again. It reads no clock and touches no socket; the shell (ventilator.c) and the
//  simulator perform the actions.

#ifndef INK_FOREMAN_H_INCLUDED
#define INK_FOREMAN_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "protocol/messages.h"
#include "protocol/post.h"
#include "ventilator/demand.h"

//  Times are monotonic microseconds.

typedef enum {
    INK_EVENT_CLIENT,      //  A message of a client
    INK_EVENT_CLIENT_GONE, //  Its connection is closed or will not take what we send
    INK_EVENT_WORKER,      //  A message of a worker
    INK_EVENT_SINK,        //  A message of the sink
    INK_EVENT_OPENED,      //  INK_DO_OPEN was done
    INK_EVENT_GLIMPSED,    //  INK_DO_LOOK is under way, and something coarse is known
    INK_EVENT_LOOKED,      //  INK_DO_LOOK was done
    INK_EVENT_FOUND,       //  INK_DO_LOOK_PART was done
    INK_EVENT_LANE_STUCK,  //  The lane of `worker` takes nothing
    INK_EVENT_BAD_MESSAGE, //  Something that is not of the protocol, of `error`, where a
                           //  message of kind `from` was to come
    INK_EVENT_TIMER,       //  The deadline has come
    INK_EVENT_CACHE        //  What the cache has counted, about once a second
} ink_event_kind_t;

typedef struct {
    ink_event_kind_t kind;
    uint64_t peer;                        //  Of the message
    const ink_msg_t *msg;                 //  Borrowed
    ink_payload_t *payload;               //  Taken by the step; NULL for none
    uint64_t handle;                      //  Of OPENED, GLIMPSED, LOOKED and FOUND
    ink_event_kind_t from;                //  BAD_MESSAGE: CLIENT, WORKER or SINK
    int error;                            //  OPENED: why it could not be
    const void *states[INK_KERNELS_MOST]; //  LOOKED: behind what is known of a chain
    size_t state_sizes[INK_KERNELS_MOST];
    ink_identity_t identity, other; //  OPENED; the second source, if there is one
    const uint8_t
        *known[INK_KERNELS_MOST]; //  LOOKED: a byte a part, 1 where it is known;
                                  //  NULL where none is
    //  LOOKED: nodes that are missing, of each kernel, and how many
    const ink_msg_node_t *lacking[INK_KERNELS_MOST];
    size_t lacks[INK_KERNELS_MOST];
    uint64_t bytes[INK_KERNELS_MOST];    //  LOOKED: of the answer that makes
    uint64_t glimpsed[INK_KERNELS_MOST]; //  GLIMPSED: bytes that are covered
    uint64_t worker;                     //  LANE_STUCK
    uint64_t kernel, part;               //  FOUND, with the value as payload, or none
    const ink_cache_stat_t *cache;       //  CACHE; borrowed
} ink_event_t;

typedef enum {
    INK_DO_SEND_CLIENT, //  msg, payload, to peer
    INK_DO_SEND_WORKER, //  msg to peer
    INK_DO_SEND_SINK,   //  msg, payload
    INK_DO_MEET_SINK,   //  Connect to the sink anew, what was not sent is dropped
    INK_DO_PUBLISH,     //  msg to all workers
    INK_DO_SEND_LANE,   //  msg down the lane of `worker`
    INK_DO_OPEN_LANE, //  Make a lane for `worker`, then send msg, a WELCOME, to peer with
                      //  the lane's endpoint in it
    INK_DO_CLOSE_LANE, //  Of `worker`
    INK_DO_OPEN,       //  Open the sources of `handle`, then step OPENED
    INK_DO_LOOK,       //  Ask the cache about all parts of `handle`, keep what it knows
                       //  merged, then step LOOKED, and maybe GLIMPSED before
    INK_DO_ANSWER,     //  Send msg, a REPLY, to peer with what was kept of its kernel
    INK_DO_GLIMPSE,    //  The same with its glimpse
    INK_DO_KNOWN,      //  Send msg, a KNOWN, to the sink with what was kept of its kernel
    INK_DO_LOOK_END,   //  What was kept of `handle` is not needed any more
    INK_DO_LOOK_PART   //  Ask the cache for one part, then step FOUND
} ink_do_t;

typedef struct {
    ink_do_t kind;
    uint64_t peer, worker, handle, kernel, part;
    ink_msg_t msg; //  Texts and lists live until the next step
    ink_payload_t *payload;
} ink_action_t;

typedef struct {
    ink_action_t *items;
    size_t size, room;
} ink_actions_t;

typedef struct ink_foreman ink_foreman_t;

//  `epoch` is a random number; `control` and `values` are told to workers. NULL when out of
//  memory.
ink_foreman_t *ink_foreman_new (uint64_t epoch, const char *control, const char *values);
void ink_foreman_destroy (ink_foreman_t **self_p);

//  The one door. *out is replaced; it and what it points to live until the next step; the
//  payloads in it are the caller's. INK_ENOMEM: the foreman is not to be used any more, the
//  process is to be started again.
int ink_foreman_step (ink_foreman_t *self, int64_t now, ink_event_t *event,
                      const ink_actions_t **out);

//  When a TIMER event is wanted at the latest.
int64_t ink_foreman_deadline (const ink_foreman_t *self);

//  The demand of a handle, to be read between steps; NULL when it has ended.
const ink_demand_t *ink_foreman_demand (ink_foreman_t *self, uint64_t handle);

#endif

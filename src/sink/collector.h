//  collector.h: the brain of the sink.
//
//  It keeps a collection for each request that a ventilator told it to expect, merges the
//  values that come, each part once, and says what is to be stored, settled and replied. One
//  door, as with the foreman: an event goes in with the time, actions come out.
//
//  Values are settled in batches: a value is STOREd when it comes, and told of by SETTLED
//  only after the batch was committed (INK_HEARD_STORED). Replies that became due meanwhile
//  follow behind it, so a ventilator never hears of a final before it hears of its values.
//
//  While nothing comes, nodes above the chunks are made of what was stored (pyramid.h), one
//  after the other.

#ifndef INK_COLLECTOR_H_INCLUDED
#define INK_COLLECTOR_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "cache/cache.h"
#include "protocol/messages.h"
#include "protocol/post.h"
#include "sink/pyramid.h"
#include "value/answer.h"
#include "value/estimate.h"
#include "value/outline.h"

typedef enum {
    INK_HEARD_VENTILATOR, //  A message of a ventilator, from `peer`
    INK_HEARD_WORKER,     //  A message of a worker
    INK_HEARD_STORED,     //  Everything that came before was committed, or is lost
    INK_HEARD_TIMER,
    INK_HEARD_IDLE,        //  Nothing came, and no node is being made
    INK_HEARD_RAISED,      //  A node that was to be made is in the cache
    INK_HEARD_BAD_MESSAGE, //  Something that is not of the protocol
    INK_HEARD_CACHE        //  What the cache has counted, about once a second
} ink_heard_kind_t;

typedef struct {
    ink_heard_kind_t kind;
    uint64_t peer;
    const ink_msg_t *msg;          //  Borrowed
    ink_payload_t *payload;        //  Borrowed
    const ink_cache_stat_t *cache; //  Of CACHE; borrowed
    const ink_wish_t *raised;      //  Of RAISED; borrowed
} ink_heard_t;

typedef struct ink_collection ink_collection_t;

typedef enum {
    INK_SINK_SEND,  //  msg to the ventilator `peer`
    INK_SINK_REPLY, //  msg to the ventilator `peer`, with `answer` as payload, written at
                    //  its precision, or by `estimate` or `outline` when there is one
    INK_SINK_STORE, //  Put the payload of this event into the cache under `key`
    INK_SINK_RAISE, //  Make the node of `wish` of its children, if the cache has them all
    INK_SINK_PURGE  //  Remove `series` from the cache
} ink_sink_do_t;

typedef struct {
    ink_sink_do_t kind;
    uint64_t peer;
    ink_msg_t msg;
    const ink_answer_t *answer;     //  NULL: no value. Lives until the next step
    const ink_estimate_t *estimate; //  Of what it lacks; NULL: none. Lives as long
    const ink_outline_t *outline;   //  The same
    uint64_t estimated;             //  Bytes
    ink_cache_key_t key;
    ink_series_t series;
    ink_wish_t wish;
} ink_sink_action_t;

typedef struct {
    ink_sink_action_t *items;
    size_t size, room;
} ink_sink_actions_t;

//  Ventilators it serves at once
#define INK_VENTILATORS_MOST 64

typedef struct ink_collector ink_collector_t;

//  `instance` is a random number. NULL when out of memory.
ink_collector_t *ink_collector_new (uint64_t instance);
void ink_collector_destroy (ink_collector_t **self_p);

//  The one door. *out is replaced; it and what it points to live until the next step.
//  INK_ENOMEM: the collector is not to be used any more.
int ink_collector_step (ink_collector_t *self, int64_t now, const ink_heard_t *heard,
                        const ink_sink_actions_t **out);

//  Whether a STORED event is wanted: values came since the last one. It must come after
//  INK_BATCH_MOST values at the latest.
#define INK_BATCH_MOST 1024
bool ink_collector_is_full (const ink_collector_t *self);

//  Whether an IDLE event is wanted when nothing comes: nodes may be made.
bool ink_collector_has_wishes (const ink_collector_t *self);

//  How many requests it collects for.
size_t ink_collector_size (const ink_collector_t *self);

//  When a TIMER event is wanted at the latest; INT64_MAX: never.
int64_t ink_collector_deadline (const ink_collector_t *self);

#endif

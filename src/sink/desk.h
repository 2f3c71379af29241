//  desk.h: what the rooms of the collector share; nobody else includes it.
//
//      collector.c   the door, time, who comes and goes, what is replied when
//      expect.c      what ventilators say
//      arrive.c      what workers say, and what is told of it

#ifndef INK_DESK_H_INCLUDED
#define INK_DESK_H_INCLUDED

#include "base/buffer.h"
#include "inkling/error.h"
#include "sink/collection.h"
#include "sink/collector.h"

#define ARRIVALS_MOST INK_BATCH_MOST

//  A ventilator that greets us, in one of its lives
typedef struct {
    ink_link_t link;
    uint64_t epoch, peer;
    uint64_t instance; //  What we are to it: another one each time we meet
    int64_t heard;
    bool greeted;
    uint64_t expected; //  Order of the last EXPECT that came
    uint64_t order;    //  Of the last one heard, with all its KNOWNs
    uint64_t settled;  //  The same, before the first arrival of this batch
    ink_msg_arrival_t arrivals[ARRIVALS_MOST];
    size_t arrival_count;
    ink_link_t collections;
} ink_desk_ventilator_t;

struct ink_collector {
    uint64_t instance, meetings;
    int64_t now;
    ink_link_t ventilators;
    ink_map_t *collections; //  By epoch and handle
    ink_groups_t kin;       //  Of all strands
    ink_link_t dirty;       //  Strands that may owe a reply
    ink_link_t ended;       //  Collections whose answers the last actions may point to
    ink_pyramid_t pyramid;
    bool full;
    ink_msg_greeting_t counted; //  Its counters are ours, the rest is set when it is said
    ink_sink_actions_t out;
    ink_sink_action_t nowhere; //  Written to when memory ran out, never performed
    ink_arena_t arena;
    bool failed;
};

//  Appends an action and returns it, to be filled in before the next one is appended.
ink_sink_action_t *ink_desk_do (ink_collector_t *self, ink_sink_do_t kind);

//  The ventilator of an epoch, or NULL; the one that speaks from a connection, or NULL: it has
//  not greeted us yet; the first, made when it is new, or NULL when memory is out or it is one
//  too many, which it is told.
ink_desk_ventilator_t *ink_desk_find (ink_collector_t *self, uint64_t epoch);
ink_desk_ventilator_t *ink_desk_at (ink_collector_t *self, uint64_t peer);
ink_desk_ventilator_t *
ink_desk_meet (ink_collector_t *self, uint64_t epoch, uint64_t peer);

void ink_desk_forget (ink_collector_t *self, ink_desk_ventilator_t *ventilator);

//  Its strands get nothing any more; its answers live until the next step.
void ink_desk_retire (ink_collector_t *self, ink_collection_t *collection);

//  The answer has changed: a reply may be due.
void ink_desk_soil (ink_collector_t *self, ink_collected_t *strand);

//  expect.c
void ink_desk_ventilator (ink_collector_t *self, const ink_heard_t *heard);

//  arrive.c
void ink_desk_worker (ink_collector_t *self, const ink_heard_t *heard);
//  An arrival owns the words of its state until it is told.
void ink_desk_drop_words (ink_msg_arrival_t *arrival);
void ink_desk_settle (ink_collector_t *self, ink_desk_ventilator_t *ventilator);

#endif

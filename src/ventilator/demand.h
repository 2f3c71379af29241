//  demand.h: a request as the ventilator serves it, and the client who made it.
//
//  A demand has a strand for each of its kernels, and a strand a state for each part of the
//  plan. Strands of different demands that are of one series want the same values; they are
//  kin, and are found by it. Nothing else is shared between demands.

#ifndef INK_DEMAND_H_INCLUDED
#define INK_DEMAND_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/heap.h"
#include "base/list.h"
#include "base/map.h"
#include "base/recent.h"
#include "cache/cache.h"
#include "inkling/kernel.h"
#include "protocol/messages.h"
#include "protocol/post.h"
#include "value/course.h"
#include "value/kin.h"
#include "value/plan.h"

//  States of a part within a strand
typedef enum {
    INK_PART_LOOKING,     //  The cache is being asked
    INK_PART_WAITING,     //  Of a chain: the one before it comes first
    INK_PART_READY,       //  To be leased
    INK_PART_IN_PROGRESS, //  In a lease, of this demand's or a kin's
    INK_PART_DONE,        //  Merged, at the sink or from the cache
    INK_PART_ERROR,       //  Given up
    INK_PART_SPARED       //  Of a range that is only sampled: not computed
} ink_part_state_t;

typedef struct ink_demand ink_demand_t;

//  How far a chain has come.
typedef struct {
    uint64_t reached; //  Parts that are behind it
    size_t words;     //  Of the state there; 0 before the first part
    uint64_t state[INK_STATE_WORDS];
} ink_chain_t;

typedef struct {
    ink_kin_t kin; //  Others of the series
    ink_demand_t *demand;
    const ink_kernel_t *kernel;
    ink_args_t args;
    int number; //  Of the kernel, in the registry
    ink_series_t series;
    uint8_t *states;                   //  Of each part
    ink_chain_t *chain;                //  NULL when parts may come in any order
    uint64_t cursor;                   //  No place of the course before it is READY
    uint64_t ready, in_progress, left; //  left: not DONE, ERROR or SPARED
    uint64_t cached_parts;
    unsigned batch;            //  Of samples, the next one: sample.c
    uint64_t known_bytes;      //  Of the answer that the cache knows
    bool ended;                //  The final was sent
    uint64_t cached, computed; //  Bytes, as last told by the sink

    //  Bytes that a coarse partial covered before the chunks were looked at, and its precision
    uint64_t glimpsed, glimpse_precision;

    //  Flow control of partials: at most one that the client has not taken
    uint64_t untaken; //  Its seq, 0 for none
    bool held;        //  A newer one waits
    ink_msg_reply_t held_reply;
    ink_payload_t *held_payload;
} ink_strand_t;

typedef struct {
    ink_link_t link;
    uint64_t peer;
    int64_t heard;
    ink_link_t demands;
    size_t open;          //  How many of them
    uint64_t output;      //  Bytes of all their answers
    uint64_t running;     //  Leases cut for them
    ink_heap_t eager;     //  Those with something READY
    ink_heap_node_t node; //  Among the clients with something READY
    uint64_t age;

    //  What it has not read: unread.h
    uint64_t sent, sent_bytes;     //  Replies, since it is known
    uint64_t marked, marked_bytes; //  The same at the mark
    uint64_t read_bytes;
    int64_t probed; //  When it was last found out whether it is still there
} ink_client_entry_t;

typedef enum {
    INK_DEMAND_OPENING, //  The source is being opened
    INK_DEMAND_LOOKING, //  The cache is being asked about all parts
    INK_DEMAND_RUNNING  //  The sink expects values
} ink_demand_state_t;

struct ink_demand {
    ink_link_t link; //  Of the client
    ink_heap_node_t node;
    ink_client_entry_t *client;
    uint64_t handle, age, order; //  order: of the EXPECT that was sent, 0 for none
    ink_demand_state_t state;

    char id[INK_NAME_MOST + 1];
    char *source, *other; //  other: "" when there is one source
    uint64_t body;        //  Hash of the whole request
    uint64_t offset, length, chunk;
    int64_t priority;
    double weight; //  2 ^ (priority / 100)
    bool cache_read, cache_write;
    char view[INK_NAME_MOST + 1]; //  "": of none
    uint64_t focus, move;
    bool named_chunk;    //  It was asked for
    bool estimates;      //  Partials say what they do not know by an estimate
    uint64_t millionths; //  Of its parts that are computed; 0: all
    ink_msg_report_t reports[INK_REPORTS_MOST];
    size_t report_count;

    int64_t admitted, deadline;
    int64_t stranded; //  Since when no worker can serve it; 0: one can
    int64_t complete; //  Since when only its finals are missing; 0: parts are
    bool early;       //  Values came before the sink knew of it: their parts are LOOKING
    ink_identity_t identity, other_identity;
    ink_plan_t plan;
    ink_course_t course; //  In which its parts are leased
    uint64_t places;     //  Of it; what stands behind is spared. 0: nothing
    bool unsampled;      //  A sample has cost a worker: there is to be no other
    uint64_t parts, output, seq;
    uint64_t running; //  Leases cut for it
    ink_strand_t strands[INK_KERNELS_MOST];
    size_t strand_count;
    int error;       //  Of the first final that had one
    bool incomplete; //  A final was without some parts
};

//  Why a request is refused, for a person; the error itself is returned
typedef struct {
    char text[INK_TEXT_MOST + 1];
} ink_detail_t;

//  What all demands of a ventilator are kept in.
typedef struct {
    ink_map_t *by_handle, *by_id, *clients;
    ink_groups_t kin; //  Of all strands
    ink_heap_t eager; //  Clients with something READY
    uint64_t next_handle, next_age;
    ink_recent_t *ended; //  Ids, with the body each stood for
    uint64_t unread;     //  Bytes, of all clients
    bool failed;         //  Memory ran out where nothing could be returned
} ink_demands_t;

int ink_demands_init (ink_demands_t *self);
void ink_demands_free (ink_demands_t *self);

//  The client of a peer, made when it is new; NULL when out of memory.
ink_client_entry_t *ink_demands_client (ink_demands_t *self, uint64_t peer, int64_t now);
void ink_demands_remove_client (ink_demands_t *self, ink_client_entry_t *client);

//  Checks the request and makes a demand of it, in state OPENING. Else the error to refuse
//  it with, and why in `detail`.
int ink_demands_add (ink_demands_t *self, ink_client_entry_t *client,
                     const ink_msg_request_t *request, int64_t now,
                     ink_demand_t **demand_p, ink_detail_t *detail);
void ink_demands_remove (ink_demands_t *self, ink_demand_t *demand);

//  The demand has ended, and is removed. Its id stands for its body as long as it is
//  remembered: so many are.
#define INK_ENDED_MOST 4096
void ink_demands_retire (ink_demands_t *self, ink_demand_t *demand);

//  The open demand of an id, or NULL.
ink_demand_t *ink_demands_find (ink_demands_t *self, const char *id);

//  Whether the id stands for another body, of a demand that is open or has ended.
bool ink_demands_conflict (ink_demands_t *self, const char *id, uint64_t body);

//  Plans the demand over sources that are now known, all parts LOOKING; `other` is for one that
//  names two. Else the error to end it with.
int ink_demand_plan (ink_demands_t *self, ink_demand_t *demand,
                     const ink_identity_t *identity, const ink_identity_t *other,
                     ink_detail_t *detail);

//  The one way by which a part changes its state: keeps counts, cursors and the eager heaps.
void ink_strand_set (ink_demands_t *self, ink_strand_t *strand, uint64_t part,
                     ink_part_state_t state);

//  Call when `running` of a demand has changed.
void ink_demand_reorder (ink_demands_t *self, ink_demand_t *demand);

//  Moves a demand to another client, who has issued it again.
void
ink_demand_adopt (ink_demands_t *self, ink_demand_t *demand, ink_client_entry_t *client);

uint64_t ink_demand_ready (const ink_demand_t *self);

//  Whether both are of one view, and this one states it anew.
bool ink_demand_supersedes (const ink_demand_t *self, const ink_demand_t *other);

#endif

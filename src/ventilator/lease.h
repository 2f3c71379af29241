//  lease.h: who computes what, as the ventilator knows it: the truth of the system.
//
//  A chunk here is one value somebody waits for: of one series, over one part, with its
//  sight. It exists from the moment it is first leased until it has settled or nobody
//  wants it. A lease is some parts, times some kernels, held by one worker once; its chunks
//  are its slots; one over samples (sample.c) has slots and no chunks. A chunk whose lease is
//  slow may be in a second one, its backup: the first value settles it, for both.
//
//          cut                settled
//   (none) ───► IN_PROGRESS ───────────► (none)
//                 │     ▲
//          lost,  │     │ cut again
//          failed ▼     │
//                 READY ┘

#ifndef INK_LEASE_H_INCLUDED
#define INK_LEASE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "base/map.h"
#include "base/recent.h"
#include "cache/cache.h"
#include "protocol/messages.h"
#include "value/plan.h"
#include "ventilator/registry.h"

typedef struct ink_lease ink_lease_t;

//  No padding: the bytes are the key
typedef struct {
    ink_series_t series;
    uint64_t offset, length;
    ink_reach_t sight;
} ink_chunk_key_t;

typedef struct {
    ink_chunk_key_t key;
    ink_lease_t *lease;  //  NULL: READY
    ink_lease_t *backup; //  NULL: none; never without a lease
    int kernel;          //  Number in the registry
    uint32_t deaths;     //  Workers that were lost while it was being computed
    uint32_t failures;   //  Errors it ended with
    uint32_t expiries;   //  Leases of it that came to their deadline
    bool chained;        //  Of a chain: computed once at a time, and never piece by piece
    bool kept;           //  Its value goes to the cache
} ink_chunk_t;

typedef enum {
    INK_SLOT_OPEN,
    INK_SLOT_SETTLED,
    INK_SLOT_PASSED_OVER //  Its worker is told that nobody wants it
} ink_slot_t;

typedef enum { INK_LEASE_RUNNING, INK_LEASE_CANCELLING } ink_lease_state_t;

struct ink_lease {
    ink_link_t link; //  Of the worker
    uint64_t id;
    uint64_t handle; //  Of the demand it was cut for
    ink_worker_t *worker;
    ink_lease_state_t state;
    int64_t since, due, deadline; //  due: when it should have ended
    int64_t estimate_ns;
    uint64_t care, fold;   //  As they were told to the worker
    bool ahead;            //  Of those that wait there
    size_t kernels;        //  A span has so many slots
    size_t slots, open;    //  open: neither settled nor passed over
    size_t passed_over;    //  The estimate is that of the others
    uint8_t *settled;      //  An ink_slot_t a slot
    bool chained;          //  A chain is in it, of which no span may be passed over
    bool thinned;          //  Some of it is not wanted any more, which is not told yet
    ink_chunk_t *chunks[]; //  NULL once settled or unwanted
};

//  So many chunks that have failed are remembered when nobody wants them any more, so that
//  who asks for them again need not lose workers to learn it
#define INK_SUSPECTS_MOST 256

typedef struct {
    ink_map_t *by_id, *chunks;
    uint64_t next_id;
    ink_recent_t *suspects;
} ink_leases_t;

int ink_leases_init (ink_leases_t *self);
void ink_leases_free (ink_leases_t *self);

ink_lease_t *ink_leases_find (ink_leases_t *self, uint64_t id);

//  The chunk of a key, or NULL; made when it is new. NULL of the second: out of memory.
ink_chunk_t *ink_leases_chunk (ink_leases_t *self, const ink_chunk_key_t *key);
ink_chunk_t *
ink_leases_make_chunk (ink_leases_t *self, const ink_chunk_key_t *key, int kernel);

//  Forgets a chunk: it has settled or nobody wants it. Its slots in leases are empty from now
//  on. If it is suspect that is remembered.
void ink_leases_drop_chunk (ink_leases_t *self, ink_chunk_t *chunk);

//  Gives `slots` chunks to a worker, READY ones or such that have no backup; `chunks` may be
//  NULL: there are none. NULL when out of memory: nothing has changed.
ink_lease_t *
ink_leases_grant (ink_leases_t *self, ink_worker_t *worker, uint64_t handle,
                  ink_chunk_t *const chunks[], size_t slots, int64_t estimate_ns);

//  Takes a chunk out of a lease and returns it; NULL when the slot is empty. It is READY when
//  no other lease has it.
ink_chunk_t *ink_lease_take_out (ink_lease_t *self, size_t slot);

//  Nothing is to come for the slot, which is open and has no chunk.
void ink_lease_pass_over (ink_lease_t *self, size_t slot);

//  Ends a lease. Its chunks that are in no other lease are READY again.
void ink_leases_end (ink_leases_t *self, ink_lease_t *lease);

//  Whether anything is left of the lease that somebody waits for.
bool ink_lease_is_wanted (const ink_lease_t *self);

//  The first chunk of the lease that is still wanted; NULL when there is none.
const ink_chunk_t *ink_lease_first (const ink_lease_t *self);

//  It has cost a worker, or could not be computed: it is computed alone and with one kernel,
//  so that the right one is blamed the next time. The second: also by what is remembered.
bool ink_chunk_is_suspect (const ink_chunk_t *self);
bool ink_leases_suspect (ink_leases_t *self, const ink_chunk_key_t *key);

#endif

//  world.h: one small universe: a clock, chance, processes and what is due.
//
//  Nothing here takes time of its own. An event is a function that is called at a virtual
//  microsecond; everything else follows from the seed.
//
//  A process is a shell that is faked whole: it has an inbox for each kind of link, and takes
//  its turn when something has come or is due. It may be stopped (what comes waits for it),
//  busy, or dead.

#ifndef SIM_WORLD_H_INCLUDED
#define SIM_WORLD_H_INCLUDED

#include <setjmp.h>
#include <stdbool.h>
#include <stdint.h>

#include "protocol/post.h"
#include "trace.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)
#define NEVER INT64_MAX

#define WORKERS_MOST 5
#define CLIENTS_MOST 3

typedef struct world world_t;
typedef struct process process_t;
typedef struct parcel parcel_t;

typedef enum {
    LINK_FRONT,   //  A client and the ventilator
    LINK_BACK,    //  A worker and the ventilator
    LINK_CONTROL, //  The ventilator to a worker, by PUB
    LINK_LANE,    //  The ventilator to a worker, by PUSH
    LINK_VALUES,  //  A worker to the sink, by PUSH
    LINK_SINK,    //  The ventilator and the sink
    LINK_KINDS
} link_kind_t;

typedef struct {
    parcel_t *first, *last;
    size_t size;
} parcels_t;

struct process {
    const char *role;
    int n;
    void (*turn) (world_t *world, process_t *self);
    bool alive;
    int64_t stopped_until, busy_until;
    int64_t wake; //  When its next turn is; NEVER: when something comes
    uint64_t
        doom; //  It dies in the midst of the turn after so many steps; 0: it does not
    parcels_t inbox[LINK_KINDS];
};

typedef void (happen_t) (world_t *world, void *what);

typedef struct {
    int64_t time;
    uint64_t order; //  Of two at the same time the older comes first
    happen_t *happen;
    void *what;
} due_t;

typedef struct network network_t;
typedef struct store store_t;
typedef struct sources sources_t;
typedef struct sim_ventilator sim_ventilator_t;
typedef struct sim_sink sim_sink_t;
typedef struct sim_worker sim_worker_t;
typedef struct sim_client sim_client_t;
typedef struct asks asks_t;
typedef struct faults faults_t;

struct world {
    uint64_t seed, random;
    int64_t now;
    uint64_t events;
    trace_t trace;
    bool brief;      //  A failure is told in one line
    jmp_buf *failed; //  Where to go when an invariant does not hold

    due_t *due;
    size_t due_size, due_room;
    uint64_t due_order;

    int workers, clients;
    bool calm; //  Faults are over
    network_t *network;
    store_t *store;
    sources_t *sources;
    sim_ventilator_t *ventilator;
    sim_sink_t *sink;
    sim_worker_t *worker[WORKERS_MOST];
    sim_client_t *client[CLIENTS_MOST];
    asks_t *asks;
    faults_t *faults;
};

//  0 to n - 1; a number from `least` to `most`; whether something with that share happens.
uint64_t world_draw (world_t *self, uint64_t n);
int64_t world_between (world_t *self, int64_t least, int64_t most);
bool world_luck (world_t *self, uint64_t percent);

//  Lets `happen (what)` happen at `time`.
void world_at (world_t *self, int64_t time, happen_t *happen, void *what);

//  Goes on until `end`, or until nothing is due.
void world_run (world_t *self, int64_t end);

void world_free (world_t *self);

//  A line of the trace. `form` has up to three %llu.
void world_note (world_t *self, const process_t *who, char mark, const char *word,
                 const char *form, uint64_t a, uint64_t b, uint64_t c);
void
world_note_message (world_t *self, const process_t *who, char mark, const ink_msg_t *msg);

//  An invariant does not hold: this world is over. Does not return.
__attribute__ ((noreturn, format (printf, 2, 3))) void
world_fail (world_t *self, const char *form, ...);

//  ---------------------------------------------------------------------------------------
//  Processes

//  Sees to it that the process has a turn at `time` or before, if it lives.
void process_wake (world_t *world, process_t *self, int64_t time);

//  It hears nothing until then.
void process_stop (world_t *world, process_t *self, int64_t until);

//  Whether a step in the midst of a turn was its last.
bool process_is_doomed (process_t *self);

//  The oldest parcel of an inbox as a letter. INK_POST_NONE as from ink_post_receive, and
//  INK_EMESSAGE for what cannot be decoded.
int
process_receive (world_t *world, process_t *self, link_kind_t kind, ink_letter_t *letter);

#endif

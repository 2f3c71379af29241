//  stand.h: one server with its clients, all of which may be harmed, and what is seen of it.
//
//  A served stand is `inkling serve`, whose supervisor starts again what dies; in any other
//  the campaign itself does. Clients are started again by the campaign.

#ifndef CHAOS_STAND_H_INCLUDED
#define CHAOS_STAND_H_INCLUDED

#include "../system/harness.h"
#include "board.h"

#define WORKERS 2
#define PAUSES 16

typedef enum {
    SUPERVISOR,
    VENTILATOR,
    SINK,
    WORKER,
    ASKER = WORKER + WORKERS,
    PARTS = ASKER + ASKERS
} part_t;

typedef struct {
    board_t *board;
    size_t number;
    uint64_t seed;
    const char *program; //  Ours, for clients
    int descriptor;      //  Of the board
    world_t *world;
    const char *folder, *endpoint, *options;
    bool served;
    bool disk; //  The cache has a small disk of its own
    ink_client_t *client;

    struct {
        pid_t pid;     //  Of what we have started ourselves; 0: not running
        int64_t due;   //  When it is started again
        int64_t start; //  When it was last started or killed, by us
    } parts[PARTS];
    struct {
        pid_t pid;
        int64_t until;
    } pauses[PAUSES];
    int filler; //  Fills the disk until `full_until`; -1: none
    int64_t full_until;
    size_t refusals; //  Ends of its supervisor in a row that we did not cause
    bool damaged;    //  Its cache was, while in use: parts may fall
    uint64_t counters[COUNTED];
} stand_t;

//  What the ventilator told a moment ago.
typedef struct {
    bool seen;
    uint64_t leases, requests, live;
    uint64_t held[WORKERS];
} sight_t;

void stand_begin (stand_t *self, void *state);

//  Asks the last questions, ends all and looks at what is left.
void stand_end (stand_t *self);

//  Starts again what is down and due, lets go on what has paused for long enough.
void stand_tend (stand_t *self);

//  No fault lasts any longer.
void stand_calm (stand_t *self);

const char *part_name (part_t part);
pid_t stand_pid (const stand_t *self, part_t part); //  0: not there now
sight_t stand_look (stand_t *self, int timeout_ms);
bool stand_has_clients (const stand_t *self);

//  Whether all that make up a server run and so many workers are live.
bool stand_is_up (stand_t *self);
void stand_pause (stand_t *self, pid_t pid, int64_t ms);
bool stand_is_paused (const stand_t *self);

//  The bytes of the cache's file are at `path`.
void stand_store (const stand_t *self, char path[96]);

#endif

//  board.h: what the campaign and its clients tell each other, in memory they share.
//
//  A client may be killed at any moment, so what it has asked stands here and not with it: who
//  takes its place reads there what has no end yet.

#ifndef CHAOS_BOARD_H_INCLUDED
#define CHAOS_BOARD_H_INCLUDED

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inkling.h"

#define STANDS_MOST 16
#define ASKERS 2
#define ERRANDS 8
#ifdef __SANITIZE_ADDRESS__
#define MEMORY_MOST ((uint64_t) 2 << 30) //  What is freed is kept for a while
#else
#define MEMORY_MOST ((uint64_t) 256 << 20)
#endif
#define DESCRIPTORS_MOST 256
#define NOTES 64
#define NOTE_MOST 240

//  code, text, whether it is a kill. The order is that of the report.
#define FAULTS(F)                                       \
    F (KILL_WORKER, "kill worker", true)                \
    F (KILL_VENTILATOR, "kill ventilator", true)        \
    F (KILL_SINK, "kill sink", true)                    \
    F (KILL_SUPERVISOR, "kill supervisor", true)        \
    F (KILL_CLIENT, "kill client", true)                \
    F (PAUSE_WORKER, "pause worker", false)             \
    F (PAUSE_VENTILATOR, "pause ventilator", false)     \
    F (PAUSE_SINK, "pause sink", false)                 \
    F (PAUSE_SUPERVISOR, "pause supervisor", false)     \
    F (PAUSE_CLIENT, "pause client", false)             \
    F (PAUSE_ALL, "pause everything", false)            \
    F (CUT_ONE, "cut a connection", false)              \
    F (CUT_ALL, "cut all connections of a part", false) \
    F (DISK_FULL, "disk full", false)                   \
    F (CACHE_GARBLED, "garble cache in use", false)     \
    F (CACHE_CUT, "cut cache short in use", false)      \
    F (CACHE_REMOVED, "remove cache in use", false)     \
    F (STORE_GARBLED, "garble cache while down", false) \
    F (STORE_CUT, "cut cache short while down", false)  \
    F (STORE_REMOVED, "remove cache while down", false) \
    F (SOURCE_REWRITTEN, "rewrite source", false)

typedef enum {
#define FAULT_CODE(code, text, kills) code,
    FAULTS (FAULT_CODE)
#undef FAULT_CODE
        FAULT_COUNT
} fault_t;

const char *fault_text (fault_t fault);
bool fault_kills (fault_t fault);

//  What must never be.
#define ANOMALIES(A)                              \
    A (STUCK, "request without an end")           \
    A (LOST, "finals unaccounted for")            \
    A (WRONG, "wrong final")                      \
    A (WRONG_PARTIAL, "impossible partial")       \
    A (SECOND, "second final")                    \
    A (UNEXPECTED, "error that nothing explains") \
    A (FALLEN, "part that fell by itself")        \
    A (DOWN, "server that did not come back")     \
    A (LARGE, "memory above the bound")           \
    A (LEFT, "something left behind")

typedef enum {
#define ANOMALY_CODE(code, text) code,
    ANOMALIES (ANOMALY_CODE)
#undef ANOMALY_CODE
        ANOMALY_COUNT
} anomaly_t;

const char *anomaly_text (anomaly_t anomaly);

typedef _Atomic uint64_t tally_t;

//  Counters of the ventilators that are added up over all their lives.
#define COUNTED 8
extern const char *const counted[COUNTED];

//  One submitted question. `seed` tells all of it; 0: free.
typedef struct {
    _Atomic uint64_t seed;
    _Atomic uint32_t role, ended; //  Kernels that have their final, a bit each
} entry_t;

typedef struct {
    entry_t entries[ERRANDS];
    _Atomic uint64_t serial; //  Of the next question
} desk_t;

typedef struct {
    uint64_t seed, kills_wanted;
    _Atomic bool calm;  //  Faults have stopped: only what is asked is still to be ended
    _Atomic bool leave; //  Everybody: at once

    struct {
        tally_t tried, applied, hit;
    } faults[FAULT_COUNT];
    tally_t kills, kills_together; //  The second: two or three at once
    tally_t anomalies[ANOMALY_COUNT];

    tally_t requests, finals_due, right, partly, errors[INK_ERROR_COUNT];
    tally_t failures[INK_ERROR_COUNT]; //  Ranges listed in finals
    tally_t given_up;                  //  Finals a killed client did not live to see
    tally_t partials, estimates, reissued, twins, rivals, refused_here, cancels;
    tally_t starts, surrenders; //  Of parts; of supervisors
    tally_t fell_with_cache;    //  Parts whose cache was damaged under them
    tally_t counters[COUNTED];  //  Of all ventilators
    tally_t most_memory, most_descriptors, longest_ms;

    _Atomic uint32_t noted;
    char notes[NOTES][NOTE_MOST];
    desk_t desks[STANDS_MOST][ASKERS];
} board_t;

//  In a new memory that children inherit; *descriptor names it.
board_t *board_new (int *descriptor);
board_t *board_join (int descriptor);

//  Counts an anomaly, and keeps and prints what there is to say about it.
void board_note (board_t *self, anomaly_t anomaly, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));
void tally_most (tally_t *tally, uint64_t value);
bool board_has_anomalies (const board_t *self);

#endif

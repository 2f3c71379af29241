//  faults.h: what goes wrong in a world, and when it stops going wrong.

#ifndef SIM_FAULTS_H_INCLUDED
#define SIM_FAULTS_H_INCLUDED

#include "world.h"

//  Name, how often beside the others
#define FAULTS(F)             \
    F (VENTILATOR_DIES, 4)    \
    F (VENTILATOR_FALLS, 4)   \
    F (VENTILATOR_STOPS, 4)   \
    F (SINK_DIES, 4)          \
    F (SINK_FALLS, 4)         \
    F (SINK_STOPS, 4)         \
    F (ALL_STOP, 3)           \
    F (WORKER_DIES, 8)        \
    F (WORKER_CRASHES, 0)     \
    F (WORKER_LEAVES, 4)      \
    F (WORKER_STOPS, 6)       \
    F (WORKER_HANGS, 3)       \
    F (WORKER_SLOWS, 4)       \
    F (WORKER_LIES, 6)        \
    F (CLIENT_VANISHES, 4)    \
    F (CLIENT_STOPS, 4)       \
    F (PROCESS_IS_CUT_OFF, 5) \
    F (LINK_BREAKS, 8)        \
    F (LINK_BLOCKS, 8)        \
    F (LINK_IS_GARBLED, 2)    \
    F (CACHE_FAILS, 4)        \
    F (CACHE_IS_TORN, 3)      \
    F (CACHE_EVICTS, 4)       \
    F (CACHE_LOSES, 2)        \
    F (SOURCE_CHANGES, 5)

typedef enum {
#define FAULT_KIND(NAME, share) FAULT_##NAME,
    FAULTS (FAULT_KIND)
#undef FAULT_KIND
        FAULT_KINDS
} fault_kind_t;

//  How often a fault was tried, could be done, and hit something that was under way.
typedef struct {
    uint64_t attempted, applied, hit;
} fault_tally_t;

struct faults {
    uint64_t enabled;                          //  A bit a kind
    int64_t end;                               //  When all is healed
    int64_t mean;                              //  Between two faults
    uint64_t slow_looks, read_errors, cancels; //  Percent
    bool digraphs, repeats, had_read_errors;
    bool only_pauses; //  Nothing else goes wrong than that all stand still
    int64_t haste;    //  Of applications

    //  When something was last wrong between clients and ventilator, with workers, the sink,
    //  the bytes themselves, values; -1: never
    int64_t last_front, last_workers, last_sink, last_poison, last_lie;
};

extern fault_tally_t faults_tally[FAULT_KINDS];

faults_t *faults_new (world_t *world);
void faults_destroy (faults_t **self_p);

//  Chooses what may befall this world, before anybody lives; the first fault then comes by
//  itself.
void faults_begin (world_t *world);

//  Everything works again from now on.
void faults_heal (world_t *world);

//  Something was last wrong at that time, if not later.
void faults_last (int64_t *last, int64_t time);

const char *faults_name (fault_kind_t kind);

#endif

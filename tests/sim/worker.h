//  worker.h: the shell around the runner, faked whole (src/worker/worker.c and compute.c).
//
//  Kernels are real and map real bytes; how long that takes is made up.

#ifndef SIM_WORKER_H_INCLUDED
#define SIM_WORKER_H_INCLUDED

#include "network.h"
#include "inkling/kernel.h"
#include "value/answer.h"
#include "value/gather.h"
#include "worker/bisect.h"
#include "worker/runner.h"

//  What a worker may do to a value that it is about to send
typedef enum {
    LIE_NOT,
    LIE_WRONG_BYTES, //  With the checksum of the right ones
    LIE_TRUNCATED,
    LIE_NO_PAYLOAD,
    LIE_OTHER_SERIES, //  That of something nobody has asked for
    LIE_DOUBLED,
    LIE_OTHER_LEASE, //  Once more, for a lease that is not there or not its own
    LIE_OTHER_SLOT,  //  Once more, behind the end of its lease
    LIE_STALE,       //  And something it has said in an older life
    LIE_ABSURD_TIME,
    LIE_ABSURD_ERROR,
    LIE_STOPPED, //  And that it has stopped a lease of another
    LIES
} lie_t;

#define REVOKED_KEPT 32
#define SIM_FOLD_MOST 32

typedef struct {
    ink_msg_t msg; //  A VALUE or a SAMPLE
    uint8_t series[16];
    ink_payload_t *payload;
    ink_msg_span_t spans[SIM_FOLD_MOST]; //  Of a SAMPLE
} sim_value_t;

struct sim_worker {
    process_t process;
    ink_runner_t *runner;
    uint64_t instance;
    char name[16];
    bool knows_digraph;
    link_t *back, *control, *lane, *values;
    ink_letter_t letter;

    //  Its character
    int64_t ns_a_byte; //  Of each kernel
    int64_t slowness;  //  Times that; 1: healthy
    uint64_t lies;     //  Percent of its values

    //  What it is at
    bool in_slice;
    uint64_t epoch, lease; //  The one it is in; lease 0: none
    size_t span;
    uint64_t position;
    int64_t owed_ns; //  Of the present piece
    int64_t busy_ns; //  In this span
    int error;
    uint32_t *cells[INK_KERNELS_MOST];
    ink_gather_t *gather[INK_KERNELS_MOST];
    size_t room[INK_KERNELS_MOST];
    size_t
        filled[INK_KERNELS_MOST]; //  Of items, by the spans of a sample before this one
    sim_value_t unsent[INK_KERNELS_MOST];
    size_t unsent_first, unsent_size;
    sim_value_t old; //  For LIE_STALE
    ink_bisect_t
        *bisect; //  Of the last lease that wanted care, and what has passed of it
    ink_answer_t *answer;

    uint64_t parts, samples;

    //  What it has heard, for check_runner
    uint64_t heard_epoch, heard_seq; //  heard_epoch 0: it has not said READY
    ink_msg_revoked_t revoked[REVOKED_KEPT];
    size_t revoked_count;
};

sim_worker_t *worker_new (world_t *world, int n);
void worker_destroy (sim_worker_t **self_p);

void worker_start (world_t *world, sim_worker_t *self);
void worker_kill (world_t *world, sim_worker_t *self, int64_t back_at);

//  It says goodbye first.
void worker_leave (world_t *world, sim_worker_t *self, int64_t back_at);

#endif

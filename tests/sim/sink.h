//  sink.h: the shell around the collector, faked whole (src/sink/sink.c).

#ifndef SIM_SINK_H_INCLUDED
#define SIM_SINK_H_INCLUDED

#include "network.h"
#include "sink/collector.h"
#include "sink/raise.h"

#define EPOCHS_MOST 16

struct sim_sink {
    process_t process;
    ink_collector_t *collector;
    ink_letter_t letter;
    ink_raise_t raise;
    bool batch;
    int64_t next_tend;

    //  Values it has heard since they were last told of, for check_collector
    struct {
        uint64_t epoch, count;
    } values[EPOCHS_MOST];
};

sim_sink_t *sink_new (world_t *world);
void sink_destroy (sim_sink_t **self_p);

//  A new life, with another instance; the end of one.
void sink_start (world_t *world);
void sink_kill (world_t *world, int64_t back_at);

#endif

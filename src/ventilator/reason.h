//  reason.h: why a request is not done yet.
//
//  A request waits for one thing at a time, and somebody who asks is told which, with the
//  figures that go with it: chunks that wait, workers they wait for, and for how long.

#ifndef INK_REASON_H_INCLUDED
#define INK_REASON_H_INCLUDED

#include "protocol/messages.h"
#include "ventilator/demand.h"
#include "ventilator/registry.h"

typedef struct {
    ink_wait_t code;
    uint64_t chunks;  //  That wait
    uint64_t workers; //  They wait for
    uint64_t kernels; //  That are lacking, as a mask of the registry
    uint64_t
        untaken; //  Kernels of which a partial waits behind one the client has not taken
    int64_t since; //  When that began: the oldest lease, the last word of the sink
} ink_reason_t;

//  What is known of the sink
typedef struct {
    bool met, refuses;
    int64_t heard;
} ink_reason_sink_t;

ink_reason_t ink_reason_find (const ink_demand_t *demand, ink_registry_t *registry,
                              ink_reason_sink_t sink);

#endif

//  place.h: an Inkling spread over five machines, and what its ventilator tells of it.

#ifndef PLACE_H_INCLUDED
#define PLACE_H_INCLUDED

#include "../system/harness.h"
#include "asker.h"
#include "wire.h"

#define WORKERS 2

typedef struct {
    world_t *world;
    wire_t *wire;
    truth_t truth;
    const char *endpoint;
} place_t;

//  What `inkling status` and `inkling workers` say at the ventilator itself, where nothing
//  on the wire hides it.
typedef struct {
    size_t requests, in_progress; //  Chunks
    size_t live, leases, chunks[WORKERS];
    uint64_t parts_computed, late_values, retries, leases_revoked, leases_expired;
    uint64_t workers_lost, clients_lost, sinks_lost;
} seen_t;

//  Starts ventilator, sink and two workers, each on its machine, and waits until all have
//  met. The calling thread lives on the client's from then on. The world is the caller's.
void place_open (place_t *self, world_t *world, wire_t *wire);

seen_t place_look (place_t *self);

//  The ports of the channels, for faults that are to hit only one of them.
unsigned short place_port_control (const place_t *self);

#endif

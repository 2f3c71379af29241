//  wire.h: what lies between the hosts, and what befalls packets on it.
//
//  A thread carries each packet from one host's device to another's. Each of the two
//  directions between two hosts may have a fault, and keeps a tally of what it did to whom:
//  so a test knows, packet by packet, that its fault was real.

#ifndef WIRE_H_INCLUDED
#define WIRE_H_INCLUDED

#include "hosts.h"

typedef struct {
    bool cut;            //  Nothing passes
    bool reset;          //  Nothing passes, and both ends of its connection are reset
    unsigned loss;       //  Of 1000 packets
    unsigned doubling;   //  Of 1000 packets
    unsigned delay_ms;   //  For each, and up to
    unsigned jitter_ms;  //  so much more: packets overtake each other
    unsigned rate;       //  Bytes a second; 0: as they come
    unsigned short port; //  Only packets from or to it; 0: all
} fault_t;               //  All zeros: a sound wire

typedef struct {
    uint64_t packets; //  That came, whatever became of them
    uint64_t touched; //  By a fault
    uint64_t data;    //  Of those, with bytes of the application
    uint64_t lost, doubled, delayed, resets;
    uint64_t overtaken; //  Arrived after one that was sent later
    uint64_t opened;    //  Connections that were begun
} tally_t;

typedef struct wire wire_t;

//  Opens the hosts and carries packets between them. NULL: not permitted here, *why and errno
//  say what. `seed` decides which packets are lost.
wire_t *wire_new (uint64_t seed, const char **why);
void wire_destroy (wire_t **self_p);

const hosts_t *wire_hosts (const wire_t *self);

//  From now on; packets that wait are not changed.
void wire_set (wire_t *self, host_t from, host_t to, const fault_t *fault);
void wire_heal (wire_t *self);

tally_t wire_tally (wire_t *self, host_t from, host_t to);

#endif

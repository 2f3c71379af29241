//  hosts.h: machines of their own for the parts: network namespaces, each with one device.
//
//  What a host sends is read from its device as packets, and what is written there arrives
//  at it. Between the devices there is nothing but the wire (wire.h).

#ifndef HOSTS_H_INCLUDED
#define HOSTS_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

typedef enum { CLIENT, VENTILATOR, SINK, WORKER_1, WORKER_2, HOSTS } host_t;

//  Their addresses are NETWORK + 1 and on: 10.77.0.1, ...
#define HOST_NETWORK 0x0A4D0000u

typedef struct {
    int home; //  The namespace we came from
    int spaces[HOSTS], devices[HOSTS];
} hosts_t;

//  False when the system does not permit it; *why then tells what, and nothing is left open.
bool hosts_open (hosts_t *self, const char **why);
void hosts_close (hosts_t *self);

//  From now on the calling thread, and what it starts, lives there.
void hosts_enter (const hosts_t *self, host_t host);

const char *host_name (host_t host);
const char *host_address (host_t host); //  "10.77.0.1"

#endif

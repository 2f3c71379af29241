//  endpoint.h: where the parts of one Inkling meet, all told by one endpoint.
//
//  The endpoint a client knows is the ventilator's front. The others follow from it:
//      ipc://DIR/front       ipc://DIR/back, control, sink, values, lane-N
//      tcp://HOST:PORT       PORT + 2, + 4, + 6, + 8; lanes take PORT + 100 + N on
//      inproc://NAME         inproc://NAME-back, ...
//  A tcp port is odd and every port that follows from it is below 32768, where the ports of
//  connecting peers begin, so that no peer that retries connects to itself.

#ifndef INK_ENDPOINT_H_INCLUDED
#define INK_ENDPOINT_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

#define INK_ENDPOINT_MOST 256
#define INK_LANE_PORTS 1000
#define INK_PORT_MOST 31667 //  Its last lane takes 32766

typedef enum { INK_OVER_INPROC, INK_OVER_IPC, INK_OVER_TCP } ink_transport_t;

typedef struct {
    ink_transport_t transport;
    char front[INK_ENDPOINT_MOST];   //  ventilator ROUTER, clients DEALER
    char back[INK_ENDPOINT_MOST];    //  ventilator ROUTER, workers DEALER
    char control[INK_ENDPOINT_MOST]; //  ventilator PUB, workers SUB
    char sink[INK_ENDPOINT_MOST];    //  sink ROUTER, ventilators DEALER
    char values[INK_ENDPOINT_MOST];  //  sink PULL, workers PUSH
} ink_endpoints_t;

//  INK_EUSAGE: of no known form, too long, or a port that is even or not from 1024 to
//  INK_PORT_MOST.
int ink_endpoints_derive (const char *front, ink_endpoints_t *endpoints);

//  Where the n-th lane is bound; n wraps around at INK_LANE_PORTS for tcp.
void
ink_endpoints_lane (const ink_endpoints_t *self, size_t n, char lane[INK_ENDPOINT_MOST]);

//  The endpoint that `inkling serve` takes when none is named: ipc in the folder
//  $XDG_RUNTIME_DIR/inkling, or /tmp/inkling-UID. `runtime` may be NULL.
void
ink_endpoint_default (const char *runtime, unsigned uid, char front[INK_ENDPOINT_MOST]);

//  Where to connect to what was told by a peer that we reach at `near`: the same, but for a
//  host that means every address of its machine (*, 0.0.0.0, [::]), which is that of `near`.
void
ink_endpoint_reach (const char *told, const char *near, char reached[INK_ENDPOINT_MOST]);

//  Whether it can be reached from other machines: tcp on no loopback address.
bool ink_endpoints_public (const ink_endpoints_t *self);

#endif

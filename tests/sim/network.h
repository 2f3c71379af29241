//  network.h: how messages travel, and what may become of them on the way.
//
//  A link stands for a connection between two sockets. The connecting end keeps what it has
//  to say while the other end is away; the bound end of a ROUTER knows the other by a number
//  that is new with every connection. Messages travel encoded.
//
//  A connection that breaks loses a piece out of the midst of what is on its way: what is
//  before it has arrived and is read with the old number, what is behind it had not been
//  written yet. Between ventilator and sink that is all that can be lost, as with TCP. On the
//  other links, of which the protocol promises to bear more (doc/protocol.md, section 9),
//  single messages are lost, doubled and overtaken too.

#ifndef SIM_NETWORK_H_INCLUDED
#define SIM_NETWORK_H_INCLUDED

#include "world.h"

struct parcel {
    parcel_t *next;
    int64_t due;
    uint64_t peer;
    size_t header, payload;
    bool has_payload;
    uint8_t bytes[];
};

//  The oldest, or NULL; to be freed.
parcel_t *parcels_take (parcels_t *self);
void parcels_free (parcels_t *self);

typedef enum {
    WAY_UP,  //  From the connecting end
    WAY_DOWN //  To it
} way_name_t;

typedef struct link link_t;

typedef struct {
    link_t *link;
    way_name_t name;
    parcels_t parcels;
    int64_t blocked_until;
    int64_t wake; //  When the next parcel is looked at
} way_t;

struct link {
    link_kind_t kind;
    process_t *connecting, *bound;
    bool open;
    uint64_t peer;   //  Its number at a ROUTER
    uint64_t number; //  Of a lane
    int64_t up_at;   //  Nothing arrives before
    way_t way[2];
};

//  What befalls single messages of a kind of link.
typedef struct {
    uint64_t lost, doubled, overtaken; //  Of 10 000
    int64_t delay, spread;             //  Microseconds
} weather_t;

struct network {
    uint64_t next_peer;
    weather_t weather[LINK_KINDS];
    link_t links[CLIENTS_MOST + 4 * WORKERS_MOST + 1];
    size_t size;
    uint64_t lost, doubled, overtaken, broken;
    ink_buffer_t scratch;
};

network_t *network_new (void);
void network_destroy (network_t **self_p);

//  A closed link, which lives as long as the network.
link_t *
network_link (network_t *self, link_kind_t kind, process_t *connecting, process_t *bound);

//  The link that a ROUTER knows by that number, or NULL.
link_t *network_peer (network_t *self, link_kind_t kind, uint64_t peer);

//  Makes a connection, with a new number and nothing in it; ends one with all that is in it.
void link_open (world_t *world, link_t *self);
void link_close (link_t *self);

//  The connection breaks, and is made anew at `up_at`.
void link_break (world_t *world, link_t *self, int64_t up_at);

//  What goes that way waits until then.
void link_block (world_t *world, link_t *self, way_name_t way, int64_t until);

//  Sends one message. INK_EBUSY when more than `most` are on their way already; INK_ELOST
//  when the link is closed; INK_EMESSAGE when it cannot be encoded, which is a failure of
//  whoever sends it.
int link_send (world_t *world, link_t *self, way_name_t way, const ink_msg_t *msg,
               ink_payload_t *payload, size_t most);

//  Bytes that are no message.
void link_send_garbage (world_t *world, link_t *self, way_name_t way);

//  The oldest parcel of a way arrives now.
void network_hand_over (world_t *world, way_t *self);

//  A process dies: what it has not read is lost, its links break or close. `back_at` is when
//  it will be there again.
void network_bury (world_t *world, process_t *dead, int64_t back_at);

#endif

//  network.c: how messages travel, and what may become of them on the way.

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "inkling/error.h"
#include "network.h"
#include "protocol/codec.h"

//  ---------------------------------------------------------------------------------------
//  Parcels

static void
parcels_add (parcels_t *self, parcel_t *parcel)
{
    parcel->next = NULL;
    if (self->first)
        self->last->next = parcel;
    else
        self->first = parcel;
    self->last = parcel;
    self->size++;
}

//  In front of the last one.
static void
parcels_overtake (parcels_t *self, parcel_t *parcel)
{
    parcel_t **place = &self->first;
    while (*place != self->last)
        place = &(*place)->next;
    parcel->due = self->last->due;
    parcel->next = self->last;
    *place = parcel;
    self->size++;
}

parcel_t *
parcels_take (parcels_t *self)
{
    parcel_t *parcel = self->first;
    if (!parcel)
        return NULL;
    self->first = parcel->next;
    self->size--;
    return parcel;
}

void
parcels_free (parcels_t *self)
{
    parcel_t *parcel;
    while ((parcel = parcels_take (self)))
        free (parcel);
}

static parcel_t *
make_parcel (const void *header, size_t size, const ink_payload_t *payload, uint64_t peer)
{
    size_t more = payload ? ink_payload_size (payload) : 0;
    parcel_t *parcel = malloc (sizeof *parcel + size + more);
    if (!parcel)
        abort ();
    *parcel = (parcel_t){
        .peer = peer, .header = size, .payload = more, .has_payload = payload != NULL};
    memcpy (parcel->bytes, header, size);
    if (more)
        memcpy (parcel->bytes + size, ink_payload_data ((ink_payload_t *) payload), more);
    return parcel;
}

//  ---------------------------------------------------------------------------------------
//  The network

network_t *
network_new (void)
{
    network_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->next_peer = 1;
    return self;
}

void
network_destroy (network_t **self_p)
{
    for (size_t n = 0; n < (*self_p)->size; n++)
        link_close (&(*self_p)->links[n]);
    ink_buffer_free (&(*self_p)->scratch);
    free (*self_p);
    *self_p = NULL;
}

link_t *
network_link (network_t *self, link_kind_t kind, process_t *connecting, process_t *bound)
{
    assert (self->size < sizeof self->links / sizeof *self->links);
    link_t *link = &self->links[self->size++];
    *link = (link_t){.kind = kind, .connecting = connecting, .bound = bound};
    for (way_name_t name = WAY_UP; name <= WAY_DOWN; name++)
        link->way[name] = (way_t){.link = link, .name = name, .wake = NEVER};
    return link;
}

link_t *
network_peer (network_t *self, link_kind_t kind, uint64_t peer)
{
    for (size_t n = 0; n < self->size; n++)
        if (self->links[n].kind == kind && self->links[n].open &&
            self->links[n].peer == peer)
            return &self->links[n];
    return NULL;
}

//  ---------------------------------------------------------------------------------------
//  Arrival

static void wake_way (world_t *world, way_t *self, int64_t time);

static void
arrive (world_t *world, void *what)
{
    way_t *self = what;
    if (self->wake != world->now)
        return;
    self->wake = NEVER;
    link_t *link = self->link;
    process_t *far = self->name == WAY_UP ? link->bound : link->connecting;
    while (self->parcels.first && self->parcels.first->due <= world->now &&
           self->blocked_until <= world->now) {
        parcels_add (&far->inbox[link->kind], parcels_take (&self->parcels));
        process_wake (world, far, world->now);
    }
    if (self->parcels.first)
        wake_way (world, self,
                  self->blocked_until > self->parcels.first->due
                      ? self->blocked_until
                      : self->parcels.first->due);
}

static void
wake_way (world_t *world, way_t *self, int64_t time)
{
    time = time > world->now ? time : world->now;
    if (time >= self->wake)
        return;
    self->wake = time;
    world_at (world, time, arrive, self);
}

//  ---------------------------------------------------------------------------------------
//  Links

void
link_open (world_t *world, link_t *self)
{
    link_close (self);
    self->open = true;
    self->peer = world->network->next_peer++;
    self->up_at = world->now + world_between (world, 100, 3000);
    if (self->up_at < self->bound->stopped_until && self->kind == LINK_CONTROL)
        self->up_at = self->bound->stopped_until;
}

void
link_close (link_t *self)
{
    self->open = false;
    parcels_free (&self->way[WAY_UP].parcels);
    parcels_free (&self->way[WAY_DOWN].parcels);
}

//  Of what is on its way, some has arrived, some is lost, and some was not written yet.
static void
break_way (world_t *world, way_t *self, process_t *far, bool keeps)
{
    link_t *link = self->link;
    size_t size = self->parcels.size;
    size_t arrived = size ? world_draw (world, size + 1) : 0;
    size_t lost = size - arrived;
    if (keeps && lost)
        lost = world_draw (world, lost + 1);
    for (; arrived > 0; arrived--) {
        parcel_t *parcel = parcels_take (&self->parcels);
        parcels_add (&far->inbox[link->kind], parcel);
        process_wake (world, far, world->now);
    }
    world->network->lost += lost;
    for (; lost > 0; lost--)
        free (parcels_take (&self->parcels));
    for (parcel_t *parcel = self->parcels.first; parcel; parcel = parcel->next) {
        parcel->peer = link->peer;
        parcel->due = parcel->due > link->up_at ? parcel->due : link->up_at;
    }
    if (self->parcels.first)
        wake_way (world, self, self->parcels.first->due);
}

void
link_break (world_t *world, link_t *self, int64_t up_at)
{
    if (!self->open)
        return;
    world->network->broken++;
    world_note (world, self->connecting, '!', "breaks", "link of kind %llu", self->kind,
                0, 0);
    self->peer = world->network->next_peer++;
    self->up_at = up_at;
    self->way[WAY_UP].blocked_until = self->way[WAY_DOWN].blocked_until = 0;
    break_way (world, &self->way[WAY_UP], self->bound, true);
    break_way (world, &self->way[WAY_DOWN], self->connecting, false);
}

void
link_block (world_t *world, link_t *self, way_name_t way, int64_t until)
{
    self->way[way].blocked_until = until;
    if (self->way[way].parcels.first)
        wake_way (world, &self->way[way], until);
}

//  ---------------------------------------------------------------------------------------
//  Sending

static void
post (world_t *world, way_t *self, parcel_t *parcel)
{
    const weather_t *weather = &world->network->weather[self->link->kind];
    int64_t from = world->now > self->link->up_at ? world->now : self->link->up_at;
    parcel->due = from + weather->delay + world_between (world, 0, weather->spread);
    if (self->parcels.first && parcel->due < self->parcels.last->due)
        parcel->due = self->parcels.last->due;
    if (self->parcels.first && world_draw (world, 10000) < weather->overtaken) {
        world->network->overtaken++;
        parcels_overtake (&self->parcels, parcel);
    } else
        parcels_add (&self->parcels, parcel);
    wake_way (world, self,
              self->blocked_until > self->parcels.first->due ? self->blocked_until
                                                             : self->parcels.first->due);
}

int
link_send (world_t *world, link_t *self, way_name_t way, const ink_msg_t *msg,
           ink_payload_t *payload, size_t most)
{
    network_t *network = world->network;
    const weather_t *weather = &network->weather[self->kind];
    if (!self->open)
        return INK_ELOST;
    if (self->way[way].parcels.size > most)
        return INK_EBUSY;
    if (ink_msg_encode (msg, &network->scratch))
        return INK_EMESSAGE;
    if (world_draw (world, 10000) < weather->lost) {
        network->lost++;
        return INK_OK;
    }
    int copies = world_draw (world, 10000) < weather->doubled ? 2 : 1;
    network->doubled += copies == 2;
    for (; copies > 0; copies--)
        post (world, &self->way[way],
              make_parcel (network->scratch.bytes, network->scratch.size, payload,
                           self->peer));
    return INK_OK;
}

void
link_send_garbage (world_t *world, link_t *self, way_name_t way)
{
    uint8_t bytes[16];
    size_t size = 1 + world_draw (world, sizeof bytes);
    for (size_t n = 0; n < size; n++)
        bytes[n] = (uint8_t) world_draw (world, 256);
    bytes[0] = 0xc1; //  Begins no message
    if (self->open)
        post (world, &self->way[way], make_parcel (bytes, size, NULL, self->peer));
}

//  ---------------------------------------------------------------------------------------
//  Death

void
network_hand_over (world_t *world, way_t *self)
{
    process_t *far = self->name == WAY_UP ? self->link->bound : self->link->connecting;
    parcels_add (&far->inbox[self->link->kind], parcels_take (&self->parcels));
    process_wake (world, far, world->now);
}

void
network_bury (world_t *world, process_t *dead, int64_t back_at)
{
    for (size_t n = 0; n < world->network->size; n++) {
        link_t *link = &world->network->links[n];
        if (!link->open || (link->connecting != dead && link->bound != dead))
            continue;
        if (link->bound == dead) {
            link_break (world, link, back_at + world_between (world, 20, 300 * MS));
            continue;
        }
        break_way (world, &link->way[WAY_UP], link->bound, false);
        link_close (link);
    }
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++)
        parcels_free (&dead->inbox[kind]);
}

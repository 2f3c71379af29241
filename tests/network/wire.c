//  wire.c: what lies between the hosts, and what befalls packets on it.

#include "wire.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "../unit/chance.h"
#include "segment.h"

#define PACKET_MOST 2048
#define QUEUE_MOST 8192 //  Packets that wait on the whole wire; what comes then is lost
#define BACKLOG_US 3000000 //  So long is the queue before a slow link
#define READ_MOST 64       //  Packets from one host before the others have their turn

typedef struct packet packet_t;
struct packet {
    packet_t *next;
    int64_t due;
    uint64_t number; //  Of those that took this way
    host_t from, to;
    size_t size;
    uint8_t bytes[];
};

//  One direction between two hosts.
typedef struct {
    fault_t fault;
    tally_t tally;
    uint64_t number, arrived;
    int64_t free_at; //  When a slow link has sent what it has
} way_t;

struct wire {
    hosts_t hosts;
    way_t ways[HOSTS][HOSTS];
    packet_t *waiting; //  By when they are due
    size_t waiting_size;
    uint64_t seed;
    pthread_mutex_t mutex;
    pthread_t thread;
    int stop_fd;
};

static int64_t
now_us (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

//  ---------------------------------------------------------------------------------------
//  Packets arrive. The mutex is held.

//  A device that takes no packet loses it, as devices do.
static void
hand_over (wire_t *self, host_t to, const uint8_t *bytes, size_t size)
{
    ssize_t written = write (self->hosts.devices[to], bytes, size);
    (void) written;
}

static void
arrive (wire_t *self, packet_t *packet)
{
    way_t *way = &self->ways[packet->from][packet->to];
    if (packet->number < way->arrived)
        way->tally.overtaken++;
    else
        way->arrived = packet->number;
    hand_over (self, packet->to, packet->bytes, packet->size);
    free (packet);
}

static void
arrive_all (wire_t *self, int64_t now)
{
    while (self->waiting && self->waiting->due <= now) {
        packet_t *packet = self->waiting;
        self->waiting = packet->next;
        self->waiting_size--;
        arrive (self, packet);
    }
}

//  Behind all that are due at the same time or sooner.
static bool
put (wire_t *self, host_t from, host_t to, const uint8_t *bytes, size_t size, int64_t due)
{
    packet_t *packet =
        self->waiting_size < QUEUE_MOST ? malloc (sizeof *packet + size) : NULL;
    if (!packet)
        return false;
    *packet = (packet_t){.due = due,
                         .number = self->ways[from][to].number,
                         .from = from,
                         .to = to,
                         .size = size};
    memcpy (packet->bytes, bytes, size);
    packet_t **at = &self->waiting;
    while (*at && (*at)->due <= due)
        at = &(*at)->next;
    packet->next = *at;
    *at = packet;
    self->waiting_size++;
    return true;
}

//  ---------------------------------------------------------------------------------------
//  Faults befall them

static bool
befalls (wire_t *self, unsigned of_1000)
{
    return of_1000 && chance_below (&self->seed, 1000) < of_1000;
}

//  Each end hears from the other that the connection is no more.
static void
reset (wire_t *self, host_t from, host_t to, const segment_t *segment)
{
    uint8_t packet[SEGMENT_RESET_SIZE];
    segment_reset (segment->from, segment->from_port, segment->to, segment->to_port,
                   segment->seq, segment->ack, packet);
    if (!segment->opens)
        hand_over (self, to, packet, sizeof packet);
    segment_reset (segment->to, segment->to_port, segment->from, segment->from_port,
                   segment->acknowledges ? segment->ack : 0,
                   segment->seq + (uint32_t) segment->data + segment->opens, packet);
    hand_over (self, from, packet, sizeof packet);
}

//  When it arrives; -1: never.
static int64_t
arrival (wire_t *self, way_t *way, size_t size, int64_t now)
{
    const fault_t *fault = &way->fault;
    int64_t due = now;
    if (fault->rate) {
        way->free_at = way->free_at > now ? way->free_at : now;
        if (way->free_at - now > BACKLOG_US)
            return -1;
        way->free_at += (int64_t) size * 1000000 / fault->rate;
        due = way->free_at;
    }
    due += (int64_t) fault->delay_ms * 1000;
    if (fault->jitter_ms)
        due += (int64_t) chance_below (&self->seed, (uint64_t) fault->jitter_ms * 1000);
    return due;
}

static bool
concerns (const fault_t *fault, const segment_t *segment)
{
    return !fault->port || segment->from_port == fault->port ||
           segment->to_port == fault->port;
}

//  True when the packet goes no further.
static bool
is_stopped (wire_t *self, host_t from, host_t to, const segment_t *segment)
{
    way_t *way = &self->ways[from][to];
    if (way->fault.reset) {
        way->tally.resets++;
        reset (self, from, to, segment);
        return true;
    }
    return way->fault.cut || befalls (self, way->fault.loss);
}

static void
send (wire_t *self, host_t from, host_t to, const uint8_t *bytes, size_t size,
      const segment_t *segment)
{
    way_t *way = &self->ways[from][to];
    tally_t *tally = &way->tally, before = *tally;
    int64_t now = now_us (), due = now;
    way->number++;
    if (concerns (&way->fault, segment)) {
        due = is_stopped (self, from, to, segment) ? -1 : arrival (self, way, size, now);
        if (due >= 0 && befalls (self, way->fault.doubling))
            tally->doubled += put (self, from, to, bytes, size, due);
    }
    if (due < 0 || !put (self, from, to, bytes, size, due))
        tally->lost++;
    tally->delayed += due > now;
    bool touched = tally->lost > before.lost || tally->doubled > before.doubled ||
                   tally->delayed > before.delayed;
    tally->packets++;
    tally->touched += touched;
    tally->data += touched && segment->data > 0;
    tally->opened += segment->opens;
}

//  ---------------------------------------------------------------------------------------
//  The thread

static bool
host_at (uint32_t address, host_t *host)
{
    *host = (host_t) (address - HOST_NETWORK - 1);
    return address > HOST_NETWORK && address <= HOST_NETWORK + HOSTS;
}

//  Whatever is no tcp between hosts, the system's own chatter, is not carried.
static void
take_from (wire_t *self, int device)
{
    uint8_t bytes[PACKET_MOST];
    for (int n = 0; n < READ_MOST; n++) {
        ssize_t size = read (device, bytes, sizeof bytes);
        if (size <= 0)
            return;
        segment_t segment;
        host_t from, to;
        if (segment_read (bytes, (size_t) size, &segment) &&
            host_at (segment.from, &from) && host_at (segment.to, &to))
            send (self, from, to, bytes, (size_t) size, &segment);
    }
}

static int
wait_ms (wire_t *self)
{
    pthread_mutex_lock (&self->mutex);
    int64_t left = self->waiting ? self->waiting->due - now_us () : 1000000;
    pthread_mutex_unlock (&self->mutex);
    return left <= 0 ? 0 : (int) ((left + 999) / 1000);
}

static void *
carry (void *arg)
{
    wire_t *self = arg;
    struct pollfd items[HOSTS + 1];
    for (int host = 0; host < HOSTS; host++)
        items[host] = (struct pollfd){self->hosts.devices[host], POLLIN, 0};
    items[HOSTS] = (struct pollfd){self->stop_fd, POLLIN, 0};
    while (!items[HOSTS].revents) {
        poll (items, HOSTS + 1, wait_ms (self));
        pthread_mutex_lock (&self->mutex);
        for (int host = 0; host < HOSTS; host++)
            if (items[host].revents)
                take_from (self, items[host].fd);
        arrive_all (self, now_us ());
        pthread_mutex_unlock (&self->mutex);
    }
    return NULL;
}

//  ---------------------------------------------------------------------------------------

wire_t *
wire_new (uint64_t seed, const char **why)
{
    wire_t *self = calloc (1, sizeof *self);
    *why = "out of memory";
    if (!self || !hosts_open (&self->hosts, why)) {
        free (self);
        return NULL;
    }
    self->seed = seed;
    self->stop_fd = eventfd (0, EFD_CLOEXEC);
    pthread_mutex_init (&self->mutex, NULL);
    if (self->stop_fd < 0 || pthread_create (&self->thread, NULL, carry, self))
        abort ();
    return self;
}

void
wire_destroy (wire_t **self_p)
{
    wire_t *self = *self_p;
    if (!self)
        return;
    const uint64_t one = 1;
    if (write (self->stop_fd, &one, sizeof one) != sizeof one)
        abort ();
    pthread_join (self->thread, NULL);
    close (self->stop_fd);
    while (self->waiting) {
        packet_t *next = self->waiting->next;
        free (self->waiting);
        self->waiting = next;
    }
    hosts_close (&self->hosts);
    pthread_mutex_destroy (&self->mutex);
    free (self);
    *self_p = NULL;
}

const hosts_t *
wire_hosts (const wire_t *self)
{
    return &self->hosts;
}

void
wire_set (wire_t *self, host_t from, host_t to, const fault_t *fault)
{
    pthread_mutex_lock (&self->mutex);
    self->ways[from][to].fault = *fault;
    self->ways[from][to].free_at = 0;
    pthread_mutex_unlock (&self->mutex);
}

void
wire_heal (wire_t *self)
{
    for (int from = 0; from < HOSTS; from++)
        for (int to = 0; to < HOSTS; to++)
            wire_set (self, (host_t) from, (host_t) to, &(fault_t){0});
}

tally_t
wire_tally (wire_t *self, host_t from, host_t to)
{
    pthread_mutex_lock (&self->mutex);
    tally_t tally = self->ways[from][to].tally;
    pthread_mutex_unlock (&self->mutex);
    return tally;
}

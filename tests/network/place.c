//  place.c: an Inkling spread over five machines, and what its ventilator tells of it.

#include "place.h"

#include <stdio.h>

#define PORT 5671
#define PORT_CONTROL (PORT + 4)
#define SIZE (2 * MIB + 77)

static void
start_on (place_t *self, host_t host, const char *verb)
{
    hosts_enter (wire_hosts (self->wire), host);
    start (self->world, host_name (host),
           world_text (self->world,
                       "inkling %s --insecure --load $SLOW --endpoint %s "
                       "--sink tcp://%s:%d %s",
                       verb, self->endpoint, host_address (SINK), PORT,
                       host == SINK         ? "--cache $F/cache"
                       : host == VENTILATOR ? "--root data=$F --cache $F/cache"
                                            : "--root data=$F"));
}

void
place_open (place_t *self, world_t *world, wire_t *wire)
{
    *self = (place_t){.world = world, .wire = wire};
    self->truth.name = "data/file";
    self->truth.size = SIZE;
    self->truth.bytes = make_file (world, "file", NOISE, 5, SIZE);
    self->endpoint = world_text (world, "tcp://%s:%d", host_address (VENTILATOR), PORT);
    setenv ("INKLING_ENDPOINT", self->endpoint, 1);
    start_on (self, VENTILATOR, "ventilator");
    start_on (self, SINK, "sink");
    start_on (self, WORKER_1, "worker --name worker-1");
    start_on (self, WORKER_2, "worker --name worker-2");
    hosts_enter (wire_hosts (wire), CLIENT);
    UNTIL (place_look (self).live == WORKERS, SOON_MS);
}

unsigned short
place_port_control (const place_t *self)
{
    (void) self;
    return PORT_CONTROL;
}

//  ---------------------------------------------------------------------------------------
//  What is told

static const char *
try_to_tell (place_t *self, const char *line)
{
    ran_t ran = run (self->world, SOON_MS, line);
    if (ran.status)
        print_message ("%s: %d %s", line, ran.status, ran.err);
    return ran.status ? NULL : ran.out;
}

//  On a busy machine it may be asked more than once.
static const char *
tell (place_t *self, const char *verb)
{
    const char *line = world_text (self->world, "inkling %s --json", verb), *told;
    hosts_enter (wire_hosts (self->wire), VENTILATOR);
    UNTIL ((told = try_to_tell (self, line)), SOON_MS);
    hosts_enter (wire_hosts (self->wire), CLIENT);
    return told;
}

//  The sum of all numbers of that name.
static uint64_t
sum_of (const char *text, const char *name)
{
    char key[64];
    uint64_t sum = 0;
    int size = snprintf (key, sizeof key, "\"%s\":", name);
    while ((text = strstr (text, key))) {
        text += size;
        sum += strtoull (text, NULL, 10);
    }
    return sum;
}

static size_t
count_of (const char *text, const char *words)
{
    size_t count = 0;
    for (; (text = strstr (text, words)); text++)
        count++;
    return count;
}

static void
look_at_workers (place_t *self, seen_t *seen)
{
    const char *text = tell (self, "workers");
    seen->live = count_of (text, "\"state\":\"live\"");
    seen->leases = sum_of (text, "leases");
    for (int n = 0; n < WORKERS; n++) {
        char name[32];
        snprintf (name, sizeof name, "\"name\":\"worker-%d\"", n + 1);
        const char *worker = strstr (text, name);
        worker = worker ? strstr (worker, "\"chunks\":") : NULL;
        seen->chunks[n] = worker ? strtoull (worker + 9, NULL, 10) : 0;
    }
}

seen_t
place_look (place_t *self)
{
    seen_t seen = {0};
    const char *text = tell (self, "status");
    look_at_workers (self, &seen);
    seen.requests = count_of (text, "\"id\":");
    seen.in_progress = sum_of (text, "in_progress");
    seen.parts_computed = sum_of (text, "parts_computed");
    seen.late_values = sum_of (text, "late_values");
    seen.retries = sum_of (text, "retries");
    seen.leases_revoked = sum_of (text, "leases_revoked");
    seen.leases_expired = sum_of (text, "leases_expired");
    seen.workers_lost = sum_of (text, "workers_lost");
    seen.clients_lost = sum_of (text, "clients_lost");
    seen.sinks_lost = sum_of (text, "sinks_lost");
    return seen;
}

//  faults.c: what goes wrong in a world, and when it stops going wrong.

#include <stdlib.h>

#include "client.h"
#include "faults.h"
#include "harm.h"
#include "network.h"
#include "sink.h"
#include "sources.h"
#include "store.h"
#include "ventilator.h"

fault_tally_t faults_tally[FAULT_KINDS];

static const char *const names[] = {
#define FAULT_NAME(NAME, share) #NAME,
    FAULTS (FAULT_NAME)
#undef FAULT_NAME
};
static const uint64_t shares[] = {
#define FAULT_SHARE(NAME, share) share,
    FAULTS (FAULT_SHARE)
#undef FAULT_SHARE
};

const char *
faults_name (fault_kind_t kind)
{
    return names[kind];
}

void
faults_last (int64_t *last, int64_t time)
{
    if (*last < time)
        *last = time;
}

static fault_kind_t
choose (world_t *world)
{
    uint64_t sum = 0, at;
    for (fault_kind_t kind = 0; kind < FAULT_KINDS; kind++)
        sum += world->faults->enabled >> kind & 1 ? shares[kind] : 0;
    at = sum ? world_draw (world, sum) : 0;
    for (fault_kind_t kind = 0; kind < FAULT_KINDS; kind++) {
        uint64_t share = world->faults->enabled >> kind & 1 ? shares[kind] : 0;
        if (at < share)
            return kind;
        at -= share;
    }
    return FAULT_KINDS;
}

static void
strike (world_t *world, void *what)
{
    (void) what;
    if (world->calm)
        return;
    fault_kind_t kind = choose (world);
    if (kind == FAULT_KINDS)
        return;
    faults_tally[kind].attempted++;
    harm_apply (world, kind);
    world_at (world, world->now + world_between (world, 1, 2 * world->faults->mean),
              strike, NULL);
}

//  ---------------------------------------------------------------------------------------
//  From the first to the last

faults_t *
faults_new (world_t *world)
{
    (void) world;
    faults_t *self = calloc (1, sizeof *self);
    if (!self)
        abort ();
    self->last_front = self->last_workers = self->last_sink = -60 * SECOND;
    self->last_poison = self->last_lie = -60 * SECOND;
    return self;
}

void
faults_destroy (faults_t **self_p)
{
    free (*self_p);
    *self_p = NULL;
}

//  Links of which the protocol says that it bears more than a break.
static void
worsen_weather (world_t *world)
{
    faults_t *faults = world->faults;
    for (link_kind_t kind = 0; kind < LINK_SINK; kind++) {
        if (!world_luck (world, 30))
            continue;
        weather_t *weather = &world->network->weather[kind];
        weather->lost = world_draw (world, world_luck (world, 30) ? 2000 : 300);
        weather->doubled = world_draw (world, 300);
        weather->overtaken = world_draw (world, 300);
        faults_last (kind == LINK_FRONT ? &faults->last_front : &faults->last_workers,
                     faults->end);
    }
}

//  Much is cancelled, and many of those it concerns do not hear of it.
static void
deafen_workers (world_t *world)
{
    faults_t *faults = world->faults;
    faults->cancels = 25;
    world->network->weather[LINK_CONTROL].lost = 1000 + world_draw (world, 5000);
    faults_last (&faults->last_workers, faults->end);
}

static void
set_delays (world_t *world, bool calm)
{
    for (link_kind_t kind = 0; kind < LINK_KINDS; kind++) {
        weather_t *weather = &world->network->weather[kind];
        *weather = (weather_t){.delay = 20, .spread = 100};
        if (calm || !world_luck (world, 20))
            continue;
        weather->delay = world_between (world, 0, 20 * MS);
        weather->spread = world_between (world, 0, 50 * MS);
    }
}

static void
poison (world_t *world)
{
    source_t *source = &world->sources->items[world_draw (world, world->sources->size)];
    source->poison = world_draw (world, source_now (source)->identity.size);
    source->poison_length = 1;
    //  Eight deaths for each kernel would take a lone worker longer than anybody waits here
    source->poison_is_deadly = world_luck (world, 20) && world->workers > 1;
}

void
faults_begin (world_t *world)
{
    faults_t *self = world->faults;
    bool calm = world_luck (world, 8); //  A world in which nearly nothing goes wrong
    self->end = world_between (world, 500, 9000) * MS;
    self->mean = world_between (world, 50, 1500) * MS;
    for (fault_kind_t kind = 0; kind < FAULT_KINDS && !calm; kind++)
        self->enabled |= (uint64_t) world_luck (world, 35) << kind;
    self->digraphs = world_luck (world, 15);
    self->repeats = world_luck (world, 50);
    self->slow_looks = world_luck (world, 50) ? world_draw (world, 100) : 0;
    self->cancels = world_luck (world, 50) ? 15 : 0;
    self->haste = world_between (world, 50, 1500) * MS;
    set_delays (world, calm);
    self->only_pauses = calm && world_luck (world, 50);
    if (self->only_pauses) {
        self->enabled = (uint64_t) 1 << FAULT_ALL_STOP;
        world_at (world, self->mean, strike, NULL);
    }
    if (calm)
        return;
    self->read_errors = world_luck (world, 10) ? world_draw (world, 20) : 0;
    self->had_read_errors = self->read_errors > 0;
    if (world_luck (world, 40))
        worsen_weather (world);
    if (world_luck (world, 8))
        deafen_workers (world);
    if (world_luck (world, 15))
        poison (world);
    world_at (world, self->mean, strike, NULL);
}

static void
heal_process (world_t *world, process_t *process)
{
    process->doom = 0;
    if (process->stopped_until > world->now)
        process->stopped_until = world->now;
    process_wake (world, process, world->now);
}

void
faults_heal (world_t *world)
{
    world->calm = true;
    world_note (world, NULL, '!', "heals", "", 0, 0, 0);
    set_delays (world, true);
    world->faults->read_errors = 0;
    world->store->fail_percent = 0;
    for (size_t n = 0; n < world->network->size; n++)
        for (way_name_t way = WAY_UP; way <= WAY_DOWN; way++)
            link_block (world, &world->network->links[n], way, 0);
    heal_process (world, &world->ventilator->process);
    heal_process (world, &world->sink->process);
    for (int n = 0; n < world->clients; n++)
        heal_process (world, &world->client[n]->process);
    for (int n = 0; n < world->workers; n++) {
        sim_worker_t *worker = world->worker[n];
        if (worker->process.alive && worker->process.stopped_until == NEVER)
            harm_end_worker (world, worker, false); //  Somebody has noticed at last
        worker->slowness = 1;
        worker->lies = 0;
        heal_process (world, &worker->process);
    }
}

//  harm.c: one fault of each kind.

#include <stdlib.h>

#include "asks.h"
#include "client.h"
#include "harm.h"
#include "network.h"
#include "sink.h"
#include "sources.h"
#include "store.h"
#include "ventilator.h"

//  A connection does not outlive its end being stopped for so long
#define LINK_PATIENCE (4 * SECOND)

static bool
is_busy (world_t *world)
{
    return asks_open (world->asks) > 0;
}

static bool
done (world_t *world, fault_kind_t kind)
{
    faults_tally[kind].applied++;
    faults_tally[kind].hit += is_busy (world);
    return true;
}

//  Mostly soon, at times not before everybody has noticed.
static int64_t
some_time (world_t *world)
{
    static const int64_t most[] = {5 * MS, 300 * MS, 2500 * MS, 6 * SECOND};
    return world->now + world_between (world, 1, most[world_draw (world, 4)]);
}

//  ---------------------------------------------------------------------------------------
//  Lives that end and begin again

static void
return_ventilator (world_t *world, void *what)
{
    (void) what;
    if (!world->ventilator->process.alive)
        ventilator_start (world);
}

static void
return_sink (world_t *world, void *what)
{
    (void) what;
    if (!world->sink->process.alive)
        sink_start (world);
}

static void
return_worker (world_t *world, void *what)
{
    sim_worker_t *worker = what;
    if (!worker->process.alive)
        worker_start (world, worker);
}

static void
return_client (world_t *world, void *what)
{
    sim_client_t *client = what;
    if (!client->process.alive)
        client_start (world, client);
}

static void
end_ventilator (world_t *world)
{
    int64_t back_at = some_time (world);
    ventilator_kill (world, back_at);
    world_at (world, back_at, return_ventilator, NULL);
    faults_last (&world->faults->last_front, back_at + SECOND);
    faults_last (&world->faults->last_workers, back_at + SECOND);
    faults_last (&world->faults->last_sink, back_at + SECOND);
}

static void
end_sink (world_t *world)
{
    int64_t back_at = some_time (world);
    sink_kill (world, back_at);
    world_at (world, back_at, return_sink, NULL);
    faults_last (&world->faults->last_sink, back_at + SECOND);
    faults_last (&world->faults->last_workers,
                 back_at + SECOND); //  Nobody is proven meanwhile
}

void
harm_end_worker (world_t *world, sim_worker_t *worker, bool politely)
{
    int64_t back_at = some_time (world);
    if (politely)
        worker_leave (world, worker, back_at);
    else
        worker_kill (world, worker, back_at);
    world_at (world, back_at, return_worker, worker);
}

void
harm_crash (world_t *world, sim_worker_t *worker)
{
    faults_tally[FAULT_WORKER_CRASHES].attempted++;
    done (world, FAULT_WORKER_CRASHES);
    world_note (world, &worker->process, '!', "crashes", "in lease %llu", worker->lease,
                0, 0);
    //  Whoever supervises it starts it again at once; what it had said has left before
    int64_t back_at = world->now + world_between (world, 50 * MS, 900 * MS);
    while (worker->values->way[WAY_UP].parcels.first)
        network_hand_over (world, &worker->values->way[WAY_UP]);
    worker_kill (world, worker, back_at);
    world_at (world, back_at, return_worker, worker);
    faults_last (&world->faults->last_poison, back_at + SECOND);
}

void
harm_die (world_t *world, process_t *process)
{
    if (process == &world->ventilator->process)
        end_ventilator (world);
    else
        end_sink (world);
}

void
harm_lied (world_t *world, sim_worker_t *worker)
{
    (void) worker;
    done (world, FAULT_WORKER_LIES);
    faults_last (&world->faults->last_lie, world->now);
    faults_last (&world->faults->last_workers, world->now + 10 * SECOND);
}

//  ---------------------------------------------------------------------------------------
//  Stops

typedef struct {
    process_t *process;
    int64_t until;
} pause_t;

//  Its connections may have been given up by the other ends meanwhile.
static void
resume (world_t *world, void *what)
{
    process_t *process = what;
    for (size_t n = 0; n < world->network->size; n++) {
        link_t *link = &world->network->links[n];
        if ((link->connecting == process || link->bound == process) &&
            world_luck (world, 50))
            link_break (world, link, world->now + world_between (world, 0, 300 * MS));
    }
}

static int64_t
stop (world_t *world, process_t *process)
{
    int64_t until = some_time (world);
    if (world_luck (world, 10))
        until += 10 * SECOND;
    world_note (world, process, '!', "stops", "until %llu us", (uint64_t) until, 0, 0);
    process_stop (world, process, until);
    if (until - world->now > LINK_PATIENCE)
        world_at (world, until, resume, process);
    return until;
}

//  ---------------------------------------------------------------------------------------
//  Links

static void
blame_link (world_t *world, const link_t *link, int64_t until)
{
    faults_t *faults = world->faults;
    faults_last (link->kind == LINK_FRONT  ? &faults->last_front
                 : link->kind == LINK_SINK ? &faults->last_sink
                                           : &faults->last_workers,
                 until + SECOND);
    if (link->kind == LINK_SINK)
        faults_last (&faults->last_workers, until + SECOND);
}

static link_t *
any_link (world_t *world)
{
    return &world->network->links[world_draw (world, world->network->size)];
}

static bool
break_link (world_t *world)
{
    link_t *link = any_link (world);
    if (!link->open || !link->bound->alive)
        return false;
    int64_t up_at = world->now + world_between (world, 20 * MS, 500 * MS);
    link_break (world, link, up_at);
    blame_link (world, link, up_at);
    return done (world, FAULT_LINK_BREAKS);
}

static void
break_after_all (world_t *world, void *what)
{
    link_break (world, what, world->now + 50 * MS);
}

//  One way or both; in the end it goes on, or the connection is given up.
static bool
block_link (world_t *world)
{
    link_t *link = any_link (world);
    if (!link->open || !link->bound->alive)
        return false;
    int64_t until = some_time (world);
    uint64_t ways = 1 + world_draw (world, 3);
    world_note (world, link->connecting, '!', "blocks", "link of kind %llu, ways %llu",
                link->kind, ways, 0);
    for (way_name_t way = WAY_UP; way <= WAY_DOWN; way++)
        if (ways >> way & 1)
            link_block (world, link, way, until);
    if (world_luck (world, 50) || until - world->now > LINK_PATIENCE)
        world_at (world, until - 1, break_after_all, link);
    blame_link (world, link, until);
    return done (world, FAULT_LINK_BLOCKS);
}

static process_t *
any_process (world_t *world)
{
    uint64_t n = world_draw (world, (uint64_t) (2 + world->clients + world->workers));
    if (n < (uint64_t) world->clients)
        return &world->client[n]->process;
    n -= (uint64_t) world->clients;
    if (n < (uint64_t) world->workers)
        return &world->worker[n]->process;
    return n == (uint64_t) world->workers ? &world->ventilator->process
                                          : &world->sink->process;
}

//  Nothing comes to it and nothing from it, for a while or until the connections are made anew.
static bool
cut_off (world_t *world)
{
    process_t *process = any_process (world);
    int64_t until = some_time (world);
    bool breaks = world_luck (world, 50) || until - world->now > LINK_PATIENCE;
    if (!process->alive)
        return false;
    world_note (world, process, '!', "is cut off", "until %llu us", (uint64_t) until, 0,
                0);
    for (size_t n = 0; n < world->network->size; n++) {
        link_t *link = &world->network->links[n];
        if (link->connecting != process && link->bound != process)
            continue;
        link_block (world, link, WAY_UP, until);
        link_block (world, link, WAY_DOWN, until);
        if (breaks)
            world_at (world, until - 1, break_after_all, link);
        blame_link (world, link, until);
    }
    return done (world, FAULT_PROCESS_IS_CUT_OFF);
}

static bool
garble_link (world_t *world)
{
    link_t *link = any_link (world);
    link_send_garbage (world, link, (way_name_t) world_draw (world, 2));
    return link->open && done (world, FAULT_LINK_IS_GARBLED);
}

//  ---------------------------------------------------------------------------------------
//  One fault of each kind

static bool
hit_ventilator (world_t *world, fault_kind_t kind)
{
    sim_ventilator_t *self = world->ventilator;
    if (!self->process.alive)
        return false;
    if (kind == FAULT_VENTILATOR_DIES)
        end_ventilator (world);
    else if (kind == FAULT_VENTILATOR_FALLS)
        self->process.doom = 1 + world_draw (world, 100);
    else {
        int64_t until = stop (world, &self->process);
        faults_last (&world->faults->last_front, until + SECOND);
        faults_last (&world->faults->last_workers, until + SECOND);
        faults_last (&world->faults->last_sink, until + SECOND);
    }
    return done (world, kind);
}

static bool
hit_sink (world_t *world, fault_kind_t kind)
{
    sim_sink_t *self = world->sink;
    if (!self->process.alive)
        return false;
    if (kind == FAULT_SINK_DIES)
        end_sink (world);
    else if (kind == FAULT_SINK_FALLS)
        self->process.doom = 1 + world_draw (world, 50);
    else {
        int64_t until = stop (world, &self->process);
        faults_last (&world->faults->last_sink, until + SECOND);
        faults_last (&world->faults->last_workers, until + SECOND);
    }
    return done (world, kind);
}

//  The machine sleeps.
static bool
stop_all (world_t *world)
{
    int64_t until = some_time (world) + world_between (world, 0, 8 * SECOND);
    world_note (world, NULL, '!', "all stop", "until %llu us", (uint64_t) until, 0, 0);
    process_stop (world, &world->ventilator->process, until);
    process_stop (world, &world->sink->process, until);
    for (int n = 0; n < world->clients; n++)
        process_stop (world, &world->client[n]->process, until);
    for (int n = 0; n < world->workers; n++)
        if (world->worker[n]->process.stopped_until != NEVER)
            process_stop (world, &world->worker[n]->process, until);
    return done (world, FAULT_ALL_STOP);
}

static bool
hit_worker (world_t *world, fault_kind_t kind)
{
    sim_worker_t *self = world->worker[world_draw (world, (uint64_t) world->workers)];
    if (!self->process.alive || self->process.stopped_until == NEVER)
        return false;
    if (kind == FAULT_WORKER_DIES || kind == FAULT_WORKER_LEAVES)
        harm_end_worker (world, self, kind == FAULT_WORKER_LEAVES);
    else if (kind == FAULT_WORKER_STOPS)
        stop (world, &self->process);
    else if (kind == FAULT_WORKER_HANGS) {
        world_note (world, &self->process, '!', "hangs", "", 0, 0, 0);
        self->process.stopped_until = NEVER;
    } else if (kind == FAULT_WORKER_SLOWS)
        self->slowness = 100;
    else {
        self->lies = (uint64_t) world_between (world, 5, 60);
        return true; //  Counted when it does
    }
    faults_last (&world->faults->last_workers, world->faults->end);
    return done (world, kind);
}

static bool
hit_client (world_t *world, fault_kind_t kind)
{
    sim_client_t *self = world->client[world_draw (world, (uint64_t) world->clients)];
    if (!self->process.alive)
        return false;
    if (kind == FAULT_CLIENT_VANISHES) {
        int64_t back_at = some_time (world);
        client_kill (world, self, back_at);
        world_at (world, back_at, return_client, self);
        faults_last (&world->faults->last_front, back_at + 6 * SECOND);
    } else
        faults_last (&world->faults->last_front,
                     stop (world, &self->process) + 6 * SECOND);
    return done (world, kind);
}

static bool
hit_cache (world_t *world, fault_kind_t kind)
{
    bool applied = true;
    if (kind == FAULT_CACHE_FAILS)
        world->store->fail_percent = world_draw (world, 2) ? 100 : 30;
    else if (kind == FAULT_CACHE_IS_TORN)
        applied = store_tear (world) > 0;
    else if (kind == FAULT_CACHE_EVICTS)
        applied = store_evict (world) > 0;
    else
        applied = store_lose_unsynced (world) > 0;
    world_note (world, NULL, '!', faults_name (kind), "", 0, 0, 0);
    return applied && done (world, kind);
}

static bool
change_source (world_t *world)
{
    source_t *source = &world->sources->items[world_draw (world, world->sources->size)];
    world_note (world, NULL, '!', "changes", "a source, %llu times",
                (uint64_t) source->count, 0, 0);
    return source_change (world, source) && done (world, FAULT_SOURCE_CHANGES);
}

bool
harm_apply (world_t *world, fault_kind_t kind)
{
    if (kind <= FAULT_VENTILATOR_STOPS)
        return hit_ventilator (world, kind);
    if (kind <= FAULT_SINK_STOPS)
        return hit_sink (world, kind);
    if (kind == FAULT_ALL_STOP)
        return stop_all (world);
    if (kind <= FAULT_WORKER_LIES)
        return hit_worker (world, kind);
    if (kind <= FAULT_CLIENT_STOPS)
        return hit_client (world, kind);
    if (kind == FAULT_PROCESS_IS_CUT_OFF)
        return cut_off (world);
    if (kind == FAULT_LINK_BREAKS)
        return break_link (world);
    if (kind == FAULT_LINK_BLOCKS)
        return block_link (world);
    if (kind == FAULT_LINK_IS_GARBLED)
        return garble_link (world);
    if (kind <= FAULT_CACHE_LOSES)
        return hit_cache (world, kind);
    return change_source (world);
}

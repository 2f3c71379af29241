//  dispatch.c: who gets which work.
//
//  Nothing is queued. Whenever a worker has credit, the demand with the fairest claim is
//  found (demand.c), and a lease is cut from it (cut.c). A part that several demands want is
//  marked in all of them, so it goes out once, as soon as the first of them is served.
//
//  Who has nothing running need not wait until a worker has credit: one lease of it overtakes
//  what waits there.
//
//  A worker that finds nothing left to do takes over from a slow one: what is left of the
//  lease that is most overdue is given to it too. Whoever settles a chunk first has settled
//  it for both; a lease of which nothing is left is revoked.

#include "base/plant.h"
#include "ventilator/cut.h"

//  So much work in hand is next to nothing: about what waking somebody costs
#define WARM_NS 100000

//  A lease is slow when it takes longer than twice what was thought, and this
#define SLOW_US 100000

ink_chunk_key_t
ink_office_key (const ink_strand_t *strand, uint64_t p)
{
    const ink_plan_t *plan = &strand->demand->plan;
    ink_part_t part = ink_plan_part (plan, p);
    return (ink_chunk_key_t){strand->series, part.offset, part.length,
                             ink_plan_sight (plan, part, strand->kin.reach)};
}

ink_kin_walk_t
ink_office_kin (ink_foreman_t *self, const ink_chunk_key_t *key)
{
    return ink_kin_walk (&self->demands.kin, key->series.bytes,
                         (ink_part_t){key->offset, key->length}, key->sight);
}

ink_strand_t *
ink_office_strand (const ink_kin_walk_t *walk)
{
    return INK_ITEM (walk->kin, ink_strand_t, kin);
}

size_t
ink_office_mark (ink_foreman_t *self, const ink_chunk_key_t *key, ink_part_state_t from,
                 ink_part_state_t to)
{
    size_t marked = 0;
    for (ink_kin_walk_t walk = ink_office_kin (self, key); ink_kin_next (&walk);) {
        ink_strand_t *strand = ink_office_strand (&walk);
        bool waits = strand->chain && from == INK_PART_READY &&
                     strand->states[walk.n] == INK_PART_WAITING;
        if (strand->states[walk.n] != from && !waits)
            continue;
        bool held = strand->chain && to == INK_PART_READY;
        ink_strand_set (&self->demands, strand, walk.n, held ? INK_PART_WAITING : to);
        if (held)
            ink_office_release (self, strand);
        else
            ink_office_hold (self, strand, walk.n);
        marked++;
    }
    return marked;
}

bool
ink_office_is_wanted (ink_foreman_t *self, const ink_chunk_key_t *key,
                      const ink_demand_t *except)
{
    for (ink_kin_walk_t walk = ink_office_kin (self, key); ink_kin_next (&walk);) {
        const ink_strand_t *strand = ink_office_strand (&walk);
        ink_part_state_t state = strand->states[walk.n];
        if (strand->demand != except &&
            (state == INK_PART_IN_PROGRESS || state == INK_PART_READY ||
             state == INK_PART_WAITING))
            return true;
    }
    return false;
}

//  What came back from a lost worker keeps the memory of it while anybody may try again.
void
ink_office_sweep (ink_foreman_t *self)
{
    size_t cursor = 0;
    ink_chunk_t *chunk;
    while ((chunk = ink_map_next (self->leases.chunks, &cursor)))
        if (!chunk->lease && !ink_office_is_wanted (self, &chunk->key, NULL))
            ink_leases_drop_chunk (&self->leases, chunk);
}

//  ---------------------------------------------------------------------------------------
//  Whose turn it is

static bool
can_serve (const ink_demand_t *demand, const ink_worker_t *worker)
{
    for (size_t k = 0; k < demand->strand_count; k++)
        if (demand->strands[k].ready && worker->offers >> demand->strands[k].number & 1)
            return true;
    return false;
}

//  The fairest claim is on top of two heaps. Only when this worker lacks its kernels are the
//  others looked through.
static ink_demand_t *
pick (ink_foreman_t *self, const ink_worker_t *worker)
{
    const ink_heap_t *clients = &self->demands.eager;
    for (size_t c = 0; c < clients->size; c++) {
        const ink_client_entry_t *client =
            INK_ITEM (clients->nodes[c], ink_client_entry_t, node);
        for (size_t d = 0; d < client->eager.size; d++) {
            ink_demand_t *demand = INK_ITEM (client->eager.nodes[d], ink_demand_t, node);
            if (can_serve (demand, worker))
                return demand;
        }
    }
    return NULL;
}

//  The better of two for the next lease. Among workers that have next to nothing in hand the
//  one with more: it is awake, and one that takes several small leases at once wastes less
//  than two that are woken for each. Else the one with less.
static bool
is_better (const ink_worker_t *worker, const ink_worker_t *best)
{
    bool warm = worker->in_hand_ns < WARM_NS, best_warm = best->in_hand_ns < WARM_NS;
    if (warm && best_warm)
        return worker->in_hand_ns > best->in_hand_ns;
    return worker->in_hand_ns < best->in_hand_ns;
}

static ink_worker_t *
choose (ink_foreman_t *self)
{
    ink_worker_t *best = NULL;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (worker->idle_turn != self->turn && ink_worker_has_credit (worker) &&
            (!best || is_better (worker, best)))
            best = worker;
    }
    return best;
}

static bool
serve (ink_foreman_t *self, ink_worker_t *worker, ink_demand_t *demand, bool ahead)
{
    if (ink_office_sample (self, demand, worker, ahead))
        return true;
    ink_cut_t cut = {.demand = demand, .worker = worker, .ahead = ahead};
    ink_cut_ready (self, &cut);
    if (!cut.slots || !ink_cut_hand_out (self, &cut))
        return false;
    for (size_t n = 0; n < cut.slots; n++) {
        size_t shared = ink_office_mark (self, &cut.chunks[n]->key, INK_PART_READY,
                                         INK_PART_IN_PROGRESS);
        self->counters.parts_shared += shared - 1;
        cut.chunks[n]->kept |= demand->cache_write;
    }
    return true;
}

//  ---------------------------------------------------------------------------------------
//  Overtaking

//  Nothing of the first is running, and it will still have less than the other when one lease
//  of it is: of the other's client, when they have not the same.
static bool
is_behind (const ink_demand_t *demand, const ink_demand_t *other)
{
    bool same = demand->client == other->client;
    uint64_t running = same ? demand->running : demand->client->running;
    uint64_t others = same ? other->running : other->client->running;
    return !running && (double) (others + 1) * other->weight > 2 * demand->weight;
}

//  Something it wants comes with a lease of its own or of another.
static bool
is_served (const ink_demand_t *demand)
{
    for (size_t k = 0; k < demand->strand_count; k++)
        if (demand->strands[k].in_progress)
            return true;
    return false;
}

//  Whether the demand may go before all that waits at the worker, which works on its oldest
//  lease; and nothing else has done so, or that would wait for ever.
static bool
may_overtake (ink_foreman_t *self, const ink_demand_t *demand, const ink_worker_t *worker)
{
    size_t waiting = 0;
    if (is_served (demand))
        return false;
    INK_LIST_EACH (link, &worker->leases)
    {
        const ink_lease_t *lease = INK_ITEM (link, ink_lease_t, link);
        if (lease->ahead && !INK_PLANTED (43))
            return false;
        if (link == worker->leases.next || lease->state != INK_LEASE_RUNNING)
            continue;
        const ink_demand_t *other = ink_map_get (self->demands.by_handle, &lease->handle);
        if (!other || !is_behind (demand, other))
            return false;
        waiting++;
    }
    return waiting > 0;
}

//  When the worker should be done with what it works on.
static int64_t
due_of (const ink_worker_t *worker)
{
    return INK_ITEM (worker->leases.next, const ink_lease_t, link)->due;
}

//  What waits at the worker comes that much later, and is not slow for that.
static void
put_off (ink_worker_t *worker)
{
    const ink_lease_t *ahead = INK_ITEM (worker->leases.prev, ink_lease_t, link);
    INK_LIST_EACH (link, &worker->leases)
    {
        ink_lease_t *lease = INK_ITEM (link, ink_lease_t, link);
        if (link != worker->leases.next && lease != ahead)
            lease->due += ahead->estimate_ns / 1000;
    }
}

//  When no worker has credit, whoever waits with nothing running need not wait for all that is
//  in hand: one lease goes beyond the credit of the worker that is done first, before what
//  waits there.
static void
overtake (ink_foreman_t *self)
{
    ink_worker_t *best = NULL;
    ink_demand_t *first = NULL;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (!ink_worker_serves (worker) || worker->held >= INK_CREDIT_MOST)
            continue;
        ink_demand_t *demand = pick (self, worker);
        if (!demand || !may_overtake (self, demand, worker) ||
            (best && due_of (worker) >= due_of (best)))
            continue;
        best = worker;
        first = demand;
    }
    if (!best || !serve (self, best, first, true))
        return;
    put_off (best);
    self->counters.leases_ahead++;
}

void
ink_office_dispatch (ink_foreman_t *self)
{
    self->turn++;
    while (self->sink && !self->failed && ink_heap_first (&self->demands.eager)) {
        ink_worker_t *worker = choose (self);
        if (!worker) {
            overtake (self);
            return;
        }
        ink_demand_t *demand = pick (self, worker);
        if (!demand || !serve (self, worker, demand, false))
            worker->idle_turn = self->turn; //  Nothing for this one
    }
}

//  ---------------------------------------------------------------------------------------
//  Backups

//  What is too slow, and may be computed twice: nothing that has cost a worker already.
static bool
is_slow (const ink_foreman_t *self, const ink_lease_t *lease)
{
    if (lease->state != INK_LEASE_RUNNING ||
        self->now - lease->since <= 2 * (lease->due - lease->since) + SLOW_US)
        return false;
    const ink_chunk_t *first = ink_lease_first (lease);
    return first && !first->backup && !first->chained && !ink_chunk_is_suspect (first);
}

static ink_lease_t *
slowest (ink_foreman_t *self, const ink_worker_t *except)
{
    ink_lease_t *slowest = NULL;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            if (worker != except && is_slow (self, lease) &&
                (!slowest || lease->due < slowest->due))
                slowest = lease;
        }
    }
    return slowest;
}

//  A demand that waits for the chunk, the one it was leased for if that still does.
static ink_demand_t *
who_waits (ink_foreman_t *self, const ink_chunk_t *chunk, uint64_t *part)
{
    ink_demand_t *found = NULL;
    for (ink_kin_walk_t walk = ink_office_kin (self, &chunk->key);
         ink_kin_next (&walk);) {
        ink_strand_t *strand = ink_office_strand (&walk);
        if (strand->states[walk.n] != INK_PART_IN_PROGRESS ||
            (found && strand->demand->handle != chunk->lease->handle))
            continue;
        found = strand->demand;
        *part = walk.n;
    }
    return found;
}

static void
count_for (ink_foreman_t *self, ink_demand_t *demand, uint64_t leases)
{
    demand->running += leases;
    demand->client->running += leases;
    ink_demand_reorder (&self->demands, demand);
}

void
ink_office_bequeath (ink_foreman_t *self, ink_demand_t *demand)
{
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            const ink_chunk_t *first = ink_lease_first (lease);
            uint64_t part;
            ink_demand_t *heir = NULL;
            if (lease->handle == demand->handle && first)
                heir = who_waits (self, first, &part);
            if (!heir)
                continue;
            lease->handle = heir->handle;
            count_for (self, heir, 1);
            count_for (self, demand, (uint64_t) -1);
        }
    }
}

static void
back_up (ink_foreman_t *self, ink_worker_t *worker)
{
    ink_lease_t *lease = slowest (self, worker);
    ink_cut_t cut = {.worker = worker};
    uint64_t part;
    if (lease)
        cut.demand = who_waits (self, ink_lease_first (lease), &part);
    if (!cut.demand)
        return;
    cut.first = ink_course_place (&cut.demand->course, part);
    ink_cut_backup (self, &cut, lease);
    if (cut.slots && ink_cut_hand_out (self, &cut))
        self->counters.backups++;
}

void
ink_office_back_up (ink_foreman_t *self)
{
    if (!self->sink)
        return;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (ink_worker_serves (worker) && !worker->held)
            back_up (self, worker);
    }
}

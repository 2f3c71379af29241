//  back.c: what workers say, and what becomes of lost ones.

#include <string.h>

#include "base/plant.h"
#include "ventilator/office.h"

//  After so many lost workers a chunk is not tried again. From the second on it was computed
//  isolated, where no kernel can harm its worker: the others died of something else, or of
//  the memory it takes.
#define DEATHS_MOST 8
#define CHAINED_DEATHS_MOST 3 //  Nothing is isolated there

//  Doublings of a lease's patience
#define EXPIRIES_MOST 12

//  A revoked lease is taken for ended after so long, whatever the worker says
#define STOP_PATIENCE_US 10000000

static void
ask_again (ink_foreman_t *self, uint64_t peer)
{
    ink_office_say (self, INK_DO_SEND_WORKER, peer, INK_MSG_AGAIN)->again.epoch =
        self->epoch;
}

//  ---------------------------------------------------------------------------------------
//  Proving a path

static void
probe (ink_foreman_t *self, const ink_worker_t *worker)
{
    ink_action_t *action = ink_office_do (self, INK_DO_SEND_LANE);
    action->worker = worker->id;
    action->msg.kind = INK_MSG_PROBE;
    action->msg.probe = (ink_msg_probe_t){self->epoch, worker->id, worker->nonce};
}

//  Gives it nothing until a probe has come the whole way.
static void
prove (ink_foreman_t *self, ink_worker_t *worker)
{
    worker->state = INK_WORKER_PROVING;
    worker->nonce = ++self->next_nonce;
    probe (self, worker);
}

//  ---------------------------------------------------------------------------------------
//  Leases that end before their time

//  Counts the lease off the demand it was cut for, if that still lives.
static void
settle_running (ink_foreman_t *self, const ink_lease_t *lease)
{
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &lease->handle);
    if (!demand)
        return;
    demand->running--;
    demand->client->running--;
    ink_demand_reorder (&self->demands, demand);
}

void
ink_office_close_lease (ink_foreman_t *self, ink_lease_t *lease)
{
    settle_running (self, lease);
    ink_leases_end (&self->leases, lease);
}

void
ink_office_give_up (ink_foreman_t *self, ink_chunk_t *chunk, int error)
{
    for (ink_kin_walk_t walk = ink_office_kin (self, &chunk->key);
         ink_kin_next (&walk);) {
        ink_strand_t *strand = ink_office_strand (&walk);
        if (strand->states[walk.n] != INK_PART_IN_PROGRESS)
            continue;
        ink_strand_set (&self->demands, strand, walk.n, INK_PART_ERROR);
        self->counters.parts_failed++;
        ink_office_break (self, strand, walk.n);
        if (INK_PLANTED (18))
            continue;
        ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_SINK, 0, INK_MSG_FAILED);
        msg->failed.handle = strand->demand->handle;
        msg->failed.kernel = (uint64_t) (strand - strand->demand->strands);
        msg->failed.part = walk.n;
        msg->failed.error = (uint64_t) error;
    }
    ink_office_drop (self, chunk);
}

void
ink_office_drop (ink_foreman_t *self, ink_chunk_t *chunk)
{
    ink_lease_t *leases[] = {chunk->lease, chunk->backup};
    ink_leases_drop_chunk (&self->leases, chunk);
    for (size_t n = 0; n < 2 && !INK_PLANTED (38); n++) {
        ink_lease_t *lease = leases[n];
        if (lease && lease->open && lease->state == INK_LEASE_RUNNING &&
            !ink_lease_is_wanted (lease))
            ink_office_revoke (self, lease);
    }
}

void
ink_office_return (ink_foreman_t *self, ink_lease_t *lease, size_t slot)
{
    ink_chunk_t *chunk = ink_lease_take_out (lease, slot);
    if (!chunk || chunk->lease)
        return;
    self->counters.retries++;
    if (!ink_office_mark (self, &chunk->key, INK_PART_IN_PROGRESS, INK_PART_READY))
        ink_leases_drop_chunk (&self->leases, chunk);
}

static bool
has_died_enough (const ink_chunk_t *chunk)
{
    uint32_t most = chunk->chained ? CHAINED_DEATHS_MOST : DEATHS_MOST;
    return chunk->deaths >= most && !INK_PLANTED (13);
}

//  Takes all chunks out of a lease; one that has cost too many workers is given up.
static void
return_chunks (ink_foreman_t *self, ink_lease_t *lease)
{
    for (size_t n = 0; n < lease->slots; n++) {
        ink_chunk_t *chunk = lease->chunks[n];
        if (chunk && has_died_enough (chunk)) {
            ink_lease_take_out (lease, n);
            ink_office_give_up (self, chunk, INK_ELOST);
        } else
            ink_office_return (self, lease, n);
    }
}

void
ink_office_revoke (ink_foreman_t *self, ink_lease_t *lease)
{
    if (!INK_PLANTED (14))
        return_chunks (self, lease);
    lease->state = INK_LEASE_CANCELLING;
    lease->deadline = self->now + STOP_PATIENCE_US;
    self->counters.leases_revoked++;
    ink_office_tell_revoked (self, lease, INK_ANY);
}

//  A worker that beats and shows nothing may be slow, or what it sends is lost for good.
void
ink_office_expire (ink_foreman_t *self, ink_lease_t *lease)
{
    self->counters.leases_expired++;
    for (size_t n = 0; n < lease->slots; n++)
        if (lease->chunks[n] && lease->chunks[n]->expiries < EXPIRIES_MOST)
            lease->chunks[n]->expiries++;
    ink_office_revoke (self, lease);
    prove (self, lease->worker);
}

//  A piece of a chunk is no chunk: nothing else is kept from being tried.
static void
blame_sample (ink_foreman_t *self, const ink_lease_t *lease)
{
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &lease->handle);
    if (!demand)
        return;
    demand->unsampled = true;
    ink_office_sample_no_more (self, demand);
}

//  Of a lease that was being computed the first part that has not settled is to blame. Whether
//  there is one.
static bool
blame_lease (ink_foreman_t *self, ink_lease_t *lease)
{
    if (lease->fold)
        blame_sample (self, lease);
    for (size_t n = 0; n < lease->slots; n++)
        if (lease->chunks[n]) {
            lease->chunks[n]->deaths++;
            return true;
        }
    return false;
}

//  The oldest lease was being computed, or the one that has gone ahead; what only waited is not
//  to blame.
static bool
blame (ink_foreman_t *self, ink_worker_t *worker)
{
    bool blamed = false;
    ink_link_t *oldest = INK_PLANTED (16) ? worker->leases.prev : worker->leases.next;
    INK_LIST_EACH (link, &worker->leases)
    {
        ink_lease_t *lease = INK_ITEM (link, ink_lease_t, link);
        if (link == oldest || lease->ahead)
            blamed |= blame_lease (self, lease);
    }
    return blamed;
}

void
ink_office_lose (ink_foreman_t *self, ink_worker_t *worker, bool is_to_blame)
{
    if (is_to_blame) {
        self->counters.workers_lost++;
        worker->record.lost++;
        worker->record.deaths += blame (self, worker);
    }
    INK_LIST_EACH (link, &worker->leases)
    {
        ink_lease_t *lease = INK_ITEM (link, ink_lease_t, link);
        if (!INK_PLANTED (15))
            return_chunks (self, lease);
        ink_office_close_lease (self, lease);
    }
    ink_office_do (self, INK_DO_CLOSE_LANE)->worker = worker->id;
    ink_past_keep (&self->past, worker);
    ink_registry_remove (self->registry, worker);
}

//  It lives, but not on the path that we know.
void
ink_office_meet_again (ink_foreman_t *self, ink_worker_t *worker)
{
    ask_again (self, worker->peer);
    ink_office_lose (self, worker, false);
}

//  A worker that is connected takes what its credit allows; one whose lane is full is not.
void
ink_office_lane_stuck (ink_foreman_t *self, uint64_t id)
{
    ink_worker_t *worker = ink_registry_by_id (self->registry, id);
    if (worker && worker->state != INK_WORKER_PROVING)
        ink_office_meet_again (self, worker);
}

//  ---------------------------------------------------------------------------------------
//  What is said

static void
refuse (ink_foreman_t *self, uint64_t peer)
{
    self->counters.workers_refused++;
    ink_msg_t *msg = ink_office_say (self, INK_DO_SEND_WORKER, peer, INK_MSG_REFUSAL);
    msg->refusal = (ink_msg_refusal_t){"", INK_EBUSY,
                                       "the ventilator has as many workers as it may"};
}

static void
on_hello (ink_foreman_t *self, uint64_t peer, const ink_msg_hello_t *hello)
{
    ink_worker_t *old = ink_registry_by_instance (self->registry, hello->instance);
    if (!old)
        old = ink_registry_by_name (self->registry, hello->name);
    if (!old && ink_registry_size (self->registry) >= INK_WORKERS_MOST) {
        refuse (self, peer);
        return;
    }
    if (old) //  Started again under its name, or has forgotten us
        ink_office_lose (self, old, old->instance != hello->instance);
    ink_worker_t *worker = ink_registry_add (self->registry, hello, peer, self->now);
    if (!worker) {
        self->failed = true;
        return;
    }
    ink_past_resume (&self->past, worker);
    ink_action_t *action = ink_office_do (self, INK_DO_OPEN_LANE);
    action->worker = worker->id;
    action->peer = peer;
    action->msg.kind = INK_MSG_WELCOME;
    action->msg.welcome.epoch = self->epoch;
    action->msg.welcome.worker = worker->id;
    action->msg.welcome.control = self->control;
    action->msg.welcome.values = self->values;
}

//  A probe may come before the lane is connected, or be lost: until one comes back it is sent
//  again and again.
void
ink_office_probe_all (ink_foreman_t *self)
{
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (worker->state == INK_WORKER_PROVING)
            probe (self, worker);
    }
}

static void
on_ready (ink_foreman_t *self, ink_worker_t *worker)
{
    if (worker->state != INK_WORKER_LIVE)
        prove (self, worker);
}

void
ink_office_proven (ink_foreman_t *self, const ink_msg_probe_t *probe)
{
    ink_worker_t *worker = ink_registry_by_id (self->registry, probe->worker);
    if (probe->epoch == self->epoch && worker && worker->state == INK_WORKER_PROVING &&
        worker->nonce == probe->nonce)
        worker->state = INK_WORKER_LIVE;
}

static void
on_heartbeat (ink_foreman_t *self, ink_worker_t *worker, const ink_msg_heartbeat_t *beat)
{
    worker->cpu_percent = beat->cpu_percent;
    worker->memory_bytes = beat->memory_bytes;
    worker->chunks = 0;
    for (size_t n = 0; n < beat->speeds.size; n++) {
        const ink_msg_speed_t *told = &beat->speeds.items[n];
        ink_registry_told (self->registry, worker, told);
        worker->chunks += told->chunks;
    }
}

static void
on_stopped (ink_foreman_t *self, const ink_worker_t *worker, uint64_t id)
{
    ink_lease_t *lease = ink_leases_find (&self->leases, id);
    if (!lease || lease->worker != worker)
        return;
    return_chunks (self, lease);
    ink_office_close_lease (self, lease);
}

static void
on_resync (ink_foreman_t *self, const ink_worker_t *worker)
{
    ink_msg_id_t *ids = ink_office_alloc (self, (worker->held + 1) * sizeof *ids);
    size_t count = 0;
    if (!ids)
        return;
    INK_LIST_EACH (link, &worker->leases)
    {
        const ink_lease_t *lease = INK_ITEM (link, ink_lease_t, link);
        if (lease->state == INK_LEASE_RUNNING)
            ids[count++].id = lease->id;
    }
    ink_msg_t *msg =
        ink_office_say (self, INK_DO_SEND_WORKER, worker->peer, INK_MSG_HELD);
    msg->held.epoch = self->epoch;
    msg->held.seq = self->seq;
    msg->held.leases.items = ids;
    msg->held.leases.size = count;
}

//  The instance that a worker names itself by; NULL: workers do not say this.
static const uint64_t *
instance_of (const ink_msg_t *msg)
{
    switch (msg->kind) {
    case INK_MSG_READY:
        return &msg->ready.instance;
    case INK_MSG_HEARTBEAT:
        return &msg->heartbeat.instance;
    case INK_MSG_STOPPED:
        return &msg->stopped.instance;
    case INK_MSG_RESYNC:
        return &msg->resync.instance;
    case INK_MSG_BYE:
        return &msg->bye.instance;
    default:
        return NULL;
    }
}

//  It has left by itself: nobody misses it.
static void
on_bye (ink_foreman_t *self, ink_worker_t *worker)
{
    char name[INK_NAME_MOST + 1];
    memcpy (name, worker->name, sizeof name);
    ink_office_lose (self, worker, false);
    ink_past_forget (&self->past, name);
}

static void
on_known_worker (ink_foreman_t *self, ink_worker_t *worker, const ink_msg_t *msg)
{
    switch (msg->kind) {
    case INK_MSG_READY:
        on_ready (self, worker);
        break;
    case INK_MSG_HEARTBEAT:
        on_heartbeat (self, worker, &msg->heartbeat);
        break;
    case INK_MSG_STOPPED:
        on_stopped (self, worker, msg->stopped.lease);
        break;
    case INK_MSG_RESYNC:
        on_resync (self, worker);
        break;
    default: //  BYE: instance_of knows no other
        on_bye (self, worker);
    }
}

void
ink_office_worker (ink_foreman_t *self, const ink_event_t *event)
{
    if (event->msg->kind == INK_MSG_HELLO) {
        on_hello (self, event->peer, &event->msg->hello);
        return;
    }
    const uint64_t *instance = instance_of (event->msg);
    if (!instance) {
        ink_office_bad (self, INK_EVENT_WORKER);
        return;
    }
    ink_worker_t *worker = ink_registry_by_instance (self->registry, *instance);
    if (!worker) {
        ask_again (self, event->peer);
        return;
    }
    worker->heard = self->now;
    worker->peer = event->peer; //  A new connection has a new routing id
    on_known_worker (self, worker, event->msg);
}

//  dispatch.c: who gets which work.
//
//  Nothing is queued. Whenever a worker has credit, the demand with the fairest claim is
//  found (demand.c), and a lease is cut from it: adjacent READY parts worth about 20 ms on
//  that worker, less near the end of a demand so that all workers end together. A part that
//  several demands want is marked in all of them, so it goes out once, as soon as the first
//  of them is served.

#include <string.h>

#include "kernels/kernels.h"
#include "ventilator/office.h"

#define LEASE_NS 20000000
#define SLOTS_MOST 512

//  So much work in hand is next to nothing: about what waking somebody costs
#define WARM_NS 100000

//  So many parts are many, whatever they cost
#define ENOUGH_PARTS 4096

//  A lease that shows nothing for so long, and 20 times its estimate, is given to another,
//  with twice the patience each time: its worker beats, so it may just be slow
#define LEASE_PATIENCE_US 10000000

ink_chunk_key_t
ink_office_key (const ink_strand_t *strand, uint64_t p)
{
    const ink_plan_t *plan = &strand->demand->plan;
    ink_part_t part = ink_plan_part (plan, p);
    return (ink_chunk_key_t){strand->series, part.offset, part.length,
                             ink_plan_lookahead (plan, part, strand->kernel->overlap)};
}

ink_kin_walk_t
ink_office_kin (ink_foreman_t *self, const ink_chunk_key_t *key)
{
    return ink_kin_walk (&self->demands.kin, key->series.bytes,
                         (ink_part_t){key->offset, key->length}, key->lookahead);
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
    for (ink_kin_walk_t walk = ink_office_kin (self, key); ink_kin_next (&walk);)
        if (ink_office_strand (&walk)->states[walk.n] == from) {
            ink_strand_set (&self->demands, ink_office_strand (&walk), walk.n, to);
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
            (state == INK_PART_IN_PROGRESS || state == INK_PART_READY))
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

//  ---------------------------------------------------------------------------------------
//  Cutting

//  A lease in the making
typedef struct {
    ink_demand_t *demand;
    ink_worker_t *worker;
    uint64_t first; //  Part
    size_t kernels, spans;
    size_t strands[INK_KERNELS_MOST];
    int64_t estimate_ns;
    size_t slots;
    ink_chunk_t *chunks[SLOTS_MOST];
} cut_t;

//  Has cost a worker: it is computed alone and with one kernel, so that the right one is
//  blamed the next time.
static bool
is_suspect (ink_foreman_t *self, const ink_strand_t *strand, uint64_t p)
{
    ink_chunk_key_t key = ink_office_key (strand, p);
    const ink_chunk_t *chunk = ink_leases_chunk (&self->leases, &key);
    return chunk && chunk->deaths > 0;
}

//  Where the demand goes on for this worker, and with which kernels: those READY there.
static void
find_start (ink_foreman_t *self, cut_t *cut)
{
    ink_demand_t *demand = cut->demand;
    cut->first = demand->parts;
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        if (!strand->ready || !(cut->worker->offers >> strand->number & 1))
            continue;
        while (strand->states[strand->cursor] != INK_PART_READY)
            strand->cursor++;
        if (strand->cursor < cut->first)
            cut->first = strand->cursor;
    }
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        if (strand->states[cut->first] != INK_PART_READY ||
            !(cut->worker->offers >> strand->number & 1))
            continue;
        if (is_suspect (self, strand, cut->first)) {
            cut->strands[0] = k;
            cut->kernels = 1;
            return;
        }
        cut->strands[cut->kernels++] = k;
    }
}

//  What the part costs this worker, all kernels of the cut together.
static int64_t
estimate (ink_foreman_t *self, const cut_t *cut, uint64_t bytes)
{
    int64_t sum = 0;
    for (size_t n = 0; n < cut->kernels; n++)
        sum +=
            ink_registry_estimate (self->registry, cut->worker,
                                   cut->demand->strands[cut->strands[n]].number, bytes);
    return sum;
}

//  How much to cut: a lease, or this worker's share of half of what is left.
static int64_t
target (ink_foreman_t *self, const cut_t *cut)
{
    uint64_t left = 0;
    for (size_t n = 0; n < cut->kernels; n++) {
        uint64_t ready = cut->demand->strands[cut->strands[n]].ready;
        left = ready > left ? ready : left;
    }
    size_t live = ink_registry_live (self->registry);
    left = left < ENOUGH_PARTS ? left : ENOUGH_PARTS;
    int64_t rest = estimate (self, cut, cut->demand->chunk) * (int64_t) left;
    int64_t share = rest / (int64_t) (2 * (live ? live : 1));
    return share < LEASE_NS ? share : LEASE_NS;
}

static bool
all_ready (const cut_t *cut, uint64_t p)
{
    for (size_t n = 0; n < cut->kernels; n++)
        if (cut->demand->strands[cut->strands[n]].states[p] != INK_PART_READY)
            return false;
    return true;
}

//  Adds the chunks of one part. False when it must not join this lease, or memory is out.
static bool
add_part (ink_foreman_t *self, cut_t *cut, uint64_t p)
{
    ink_chunk_t *fresh[INK_KERNELS_MOST];
    bool alone = false;
    for (size_t n = 0; n < cut->kernels; n++) {
        const ink_strand_t *strand = &cut->demand->strands[cut->strands[n]];
        alone |= is_suspect (self, strand, p);
        ink_chunk_key_t key = ink_office_key (strand, p);
        fresh[n] = ink_leases_make_chunk (&self->leases, &key, strand->number);
        if (!fresh[n]) {
            self->failed = true;
            return false;
        }
    }
    if (alone && cut->spans)
        return false;
    memcpy (cut->chunks + cut->slots, fresh, cut->kernels * sizeof *fresh);
    cut->slots += cut->kernels;
    cut->spans++;
    cut->estimate_ns +=
        estimate (self, cut, ink_plan_part (&cut->demand->plan, p).length);
    return !alone;
}

static void
fill (ink_foreman_t *self, cut_t *cut)
{
    find_start (self, cut);
    int64_t enough = target (self, cut);
    for (uint64_t p = cut->first; p < cut->demand->parts && all_ready (cut, p); p++) {
        if (!add_part (self, cut, p) || cut->spans == INK_SPANS_MOST ||
            cut->slots + cut->kernels > SLOTS_MOST || cut->estimate_ns >= enough)
            break;
    }
}

//  ---------------------------------------------------------------------------------------
//  Handing out

//  How a strand's kernel is told to others: every parameter, so that no fallback is guessed.
void
ink_office_kernel (ink_foreman_t *self, const ink_strand_t *strand,
                   ink_msg_kernel_t *kernel)
{
    size_t count = ink_kernels_params (strand->kernel);
    ink_msg_param_t *params = ink_office_alloc (self, (count + 1) * sizeof *params);
    for (size_t n = 0; params && n < count; n++)
        params[n] = (ink_msg_param_t){strand->kernel->params[n].name, strand->params[n]};
    kernel->name = strand->kernel->name;
    kernel->version = strand->kernel->version;
    kernel->params.items = params;
    kernel->params.size = params ? count : 0;
}

static void
list_kernels (ink_foreman_t *self, const cut_t *cut, ink_msg_lease_t *msg)
{
    ink_msg_kernel_t *kernels = ink_office_alloc (self, cut->kernels * sizeof *kernels);
    ink_msg_series_t *series = ink_office_alloc (self, cut->kernels * sizeof *series);
    if (!kernels || !series)
        return;
    for (size_t n = 0; n < cut->kernels; n++) {
        const ink_strand_t *strand = &cut->demand->strands[cut->strands[n]];
        ink_office_kernel (self, strand, &kernels[n]);
        series[n].key = strand->series.bytes;
    }
    msg->kernels.items = kernels;
    msg->kernels.size = cut->kernels;
    msg->series.items = series;
    msg->series.size = cut->kernels;
}

static void
list_spans (ink_foreman_t *self, const cut_t *cut, ink_msg_lease_t *msg)
{
    ink_msg_span_t *spans = ink_office_alloc (self, cut->spans * sizeof *spans);
    for (size_t n = 0; spans && n < cut->spans; n++) {
        ink_part_t part = ink_plan_part (&cut->demand->plan, cut->first + n);
        spans[n] = (ink_msg_span_t){part.offset, part.length};
    }
    msg->spans.items = spans;
    msg->spans.size = spans ? cut->spans : 0;
}

static void
send_lease (ink_foreman_t *self, const cut_t *cut, const ink_lease_t *lease)
{
    const ink_demand_t *demand = cut->demand;
    ink_msg_lease_t msg = {.epoch = self->epoch,
                           .lease = lease->id,
                           .attempt =
                               lease->chunks[0]->deaths + lease->chunks[0]->failures,
                           .source = ink_office_text (self, demand->source),
                           .device = demand->identity.device,
                           .inode = demand->identity.inode,
                           .size = demand->identity.size,
                           .mtime_ns = demand->identity.mtime_ns,
                           .ctime_ns = demand->identity.ctime_ns,
                           .end = demand->offset + demand->length};
    list_kernels (self, cut, &msg);
    list_spans (self, cut, &msg);
    ink_action_t *action = ink_office_do (self, INK_DO_SEND_LANE);
    action->worker = cut->worker->id;
    action->msg.kind = INK_MSG_LEASE;
    action->msg.lease = msg;
}

static bool
serve (ink_foreman_t *self, ink_worker_t *worker)
{
    ink_demand_t *demand = pick (self, worker);
    if (!demand)
        return false;
    cut_t cut = {.demand = demand, .worker = worker};
    fill (self, &cut);
    if (!cut.slots)
        return false;
    int64_t patience = LEASE_PATIENCE_US << cut.chunks[0]->expiries;
    patience += (worker->in_hand_ns + cut.estimate_ns) / 1000 * 20;
    ink_lease_t *lease =
        ink_leases_grant (&self->leases, worker, demand->handle, cut.chunks, cut.slots,
                          cut.estimate_ns, self->now + patience);
    if (!lease) {
        self->failed = true;
        return false;
    }
    lease->since = self->now;
    send_lease (self, &cut, lease);
    for (size_t n = 0; n < cut.slots; n++) {
        size_t shared = ink_office_mark (self, &cut.chunks[n]->key, INK_PART_READY,
                                         INK_PART_IN_PROGRESS);
        self->counters.parts_shared += shared - 1;
        cut.chunks[n]->kept |= demand->cache_write;
    }
    demand->running++;
    demand->client->running++;
    ink_demand_reorder (&self->demands, demand);
    self->counters.leases++;
    return true;
}

void
ink_office_dispatch (ink_foreman_t *self)
{
    self->turn++;
    while (self->sink && !self->failed && ink_heap_first (&self->demands.eager)) {
        ink_worker_t *worker = choose (self);
        if (!worker)
            return;
        if (!serve (self, worker))
            worker->idle_turn = self->turn; //  Nothing for this one
    }
}

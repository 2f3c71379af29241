//  invariants.c: what must hold after every step, whatever happens.

#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "inkling/error.h"
#include "invariants.h"
#include "ventilator/office.h"

#define STOP_PATIENCE (10 * SECOND)
#define FAIL(...) world_fail (world, __VA_ARGS__)

//  ---------------------------------------------------------------------------------------
//  Parts: counted again, and each that is in progress is in a lease that runs

static void
check_part (world_t *world, ink_foreman_t *office, const ink_strand_t *strand, uint64_t p)
{
    ink_chunk_key_t key = ink_office_key (strand, p);
    const ink_chunk_t *chunk = ink_leases_chunk (&office->leases, &key);
    if (!chunk || !chunk->lease || chunk->lease->state != INK_LEASE_RUNNING)
        FAIL ("part %llu of %s is in progress and in no lease", (unsigned long long) p,
              strand->demand->id);
}

//  The parts behind the last state may be READY, without a gap, and no others; and while one
//  of them waits, another is being computed.
static void
check_chain (world_t *world, const ink_strand_t *strand)
{
    const ink_demand_t *demand = strand->demand;
    const ink_chain_t *chain = strand->chain;
    bool ready = true;
    if ((chain->reached > 0) != (chain->words > 0))
        FAIL ("%s has reached %llu with a state of %zu words", demand->id,
              (unsigned long long) chain->reached, chain->words);
    for (uint64_t p = chain->reached; p < demand->parts; p++) {
        ready &= strand->states[p] == INK_PART_READY;
        if (strand->states[p] == INK_PART_READY && !ready)
            FAIL ("part %llu of the chain of %s is ready too early",
                  (unsigned long long) p, demand->id);
    }
    if (chain->reached < demand->parts &&
        strand->states[chain->reached] == INK_PART_WAITING)
        FAIL ("the chain of %s waits for nothing", demand->id);
}

static void
check_strand (world_t *world, ink_foreman_t *office, const ink_strand_t *strand)
{
    const ink_demand_t *demand = strand->demand;
    uint64_t count[INK_PART_SPARED + 1] = {0};
    for (uint64_t p = 0; strand->states && p < demand->parts; p++) {
        count[strand->states[p]]++;
        if (strand->states[p] == INK_PART_READY &&
            ink_course_place (&demand->course, p) < strand->cursor)
            FAIL ("a part of %s before the cursor is ready", demand->id);
        if (strand->states[p] == INK_PART_IN_PROGRESS)
            check_part (world, office, strand, p);
    }
    if (!strand->states)
        return;
    if (strand->ready != count[INK_PART_READY] ||
        strand->in_progress != count[INK_PART_IN_PROGRESS] ||
        strand->left != count[INK_PART_LOOKING] + count[INK_PART_WAITING] +
                            count[INK_PART_READY] + count[INK_PART_IN_PROGRESS])
        FAIL ("the parts of %s are not counted rightly", demand->id);
    if (demand->state == INK_DEMAND_RUNNING && count[INK_PART_LOOKING] > 0 &&
        !strand->kernel)
        FAIL ("%s looks without a kernel", demand->id);
    if (count[INK_PART_SPARED] && !demand->millionths)
        FAIL ("%s is only sampled, and nobody asked for that", demand->id);
    if (strand->chain && demand->state == INK_DEMAND_RUNNING)
        check_chain (world, strand);
    if (strand->held && !strand->untaken)
        FAIL ("a partial of %s waits for nothing", demand->id);
    if (!strand->held && strand->held_payload)
        FAIL ("%s keeps a payload it does not need", demand->id);
}

//  ---------------------------------------------------------------------------------------
//  Leases: their chunks point back, and somebody wants them

static bool
is_wanted (ink_foreman_t *office, const ink_chunk_t *chunk, ink_part_state_t state)
{
    for (ink_kin_walk_t walk = ink_office_kin (office, &chunk->key);
         ink_kin_next (&walk);)
        if (ink_office_strand (&walk)->states[walk.n] == state)
            return true;
    return false;
}

static void
check_lease (world_t *world, ink_foreman_t *office, const ink_lease_t *lease)
{
    size_t open = 0, wanted = 0;
    unsigned long long id = lease->id;
    for (size_t n = 0; n < lease->slots; n++) {
        const ink_chunk_t *chunk = lease->chunks[n];
        open += !lease->settled[n];
        if (!chunk)
            continue;
        wanted++;
        if ((chunk->lease != lease && chunk->backup != lease) || lease->settled[n])
            FAIL ("slot %zu of lease %llu is not its own", n, id);
        if (!is_wanted (office, chunk, INK_PART_IN_PROGRESS))
            FAIL ("nobody wants slot %zu of lease %llu", n, id);
    }
    if (open != lease->open || !open)
        FAIL ("lease %llu has %zu open slots, not %zu", id, open, lease->open);
    bool is_sample = lease->fold && ink_foreman_demand (office, lease->handle);
    if (lease->fold && wanted)
        FAIL ("a sample in lease %llu is a chunk", id);
    if (lease->state == INK_LEASE_RUNNING && !wanted && !is_sample)
        FAIL ("nobody wants lease %llu", id);
    if (lease->state == INK_LEASE_CANCELLING &&
        (wanted || lease->deadline > world->now + STOP_PATIENCE))
        FAIL ("lease %llu was revoked and lives on", id);
}

static void
check_worker (world_t *world, ink_foreman_t *office, const ink_worker_t *worker,
              size_t *leases)
{
    size_t held = 0, ahead = 0;
    int64_t in_hand = 0, last = 0, over = 0;
    INK_LIST_EACH (link, &worker->leases)
    {
        const ink_lease_t *lease = INK_ITEM (link, ink_lease_t, link);
        if (lease->worker != worker)
            FAIL ("%s holds a lease of another", worker->name);
        check_lease (world, office, lease);
        held++;
        in_hand += lease->estimate_ns;
        ahead += lease->ahead;
        if (lease->ahead)
            over += lease->estimate_ns;
        else
            last = lease->estimate_ns;
    }
    *leases += held;
    if (held != worker->held || in_hand != worker->in_hand_ns)
        FAIL ("what %s holds is not counted rightly", worker->name);
    if (held > INK_CREDIT_MOST || ahead > 1 ||
        (held - ahead > worker->slots + 1 && in_hand - over - last >= INK_CREDIT_NS))
        FAIL ("%s holds %zu leases, beyond its credit", worker->name, held);
    if (held && worker->state == INK_WORKER_GREETED)
        FAIL ("%s has leases and was never live", worker->name);
}

static void
check_chunks (world_t *world, ink_foreman_t *office)
{
    size_t cursor = 0;
    const ink_chunk_t *chunk;
    while ((chunk = ink_map_next (office->leases.chunks, &cursor)))
        if (!chunk->lease && !is_wanted (office, chunk, INK_PART_READY) &&
            !is_wanted (office, chunk, INK_PART_WAITING))
            FAIL ("a chunk at %llu is kept for nobody",
                  (unsigned long long) chunk->key.offset);
}

//  ---------------------------------------------------------------------------------------
//  Clients and fairness

static uint64_t
count_leases (ink_foreman_t *office, uint64_t handle)
{
    uint64_t running = 0;
    size_t cursor = 0;
    const ink_lease_t *lease;
    while ((lease = ink_map_next (office->leases.by_id, &cursor)))
        running += lease->handle == handle;
    return running;
}

static void
check_demand (world_t *world, ink_foreman_t *office, const ink_demand_t *demand)
{
    for (size_t k = 0; k < demand->strand_count; k++)
        check_strand (world, office, &demand->strands[k]);
    if (demand->running != count_leases (office, demand->handle))
        FAIL ("the leases of %s are not counted rightly", demand->id);
    if ((demand->node.place > 0) != (ink_demand_ready (demand) > 0))
        FAIL ("%s stands in line for nothing, or does not", demand->id);
}

//  Nobody is before the one it stands behind.
static void
check_heap (world_t *world, const ink_heap_t *heap)
{
    for (size_t n = 1; n < heap->size; n++)
        if (heap->before (heap->nodes[n], heap->nodes[(n - 1) / 2]))
            FAIL ("a line is out of order");
}

//  Of a view only the last statement that was taken in runs.
static void
check_view (world_t *world, const ink_client_entry_t *client, const ink_demand_t *demand)
{
    INK_LIST_EACH (link, &client->demands)
    {
        const ink_demand_t *other = INK_ITEM (link, ink_demand_t, link);
        if (demand->state == INK_DEMAND_RUNNING && other->state == INK_DEMAND_RUNNING &&
            ink_demand_supersedes (demand, other))
            FAIL ("%s runs on, though %s has its view", other->id, demand->id);
    }
}

static void
check_entry (world_t *world, ink_foreman_t *office, const ink_client_entry_t *client)
{
    uint64_t open = 0, running = 0, output = 0;
    INK_LIST_EACH (link, &client->demands)
    {
        const ink_demand_t *demand = INK_ITEM (link, ink_demand_t, link);
        open++;
        running += demand->running;
        output += demand->output;
        check_demand (world, office, demand);
        check_view (world, client, demand);
    }
    if (open != client->open || running != client->running || output != client->output)
        FAIL ("the books of client %llu are wrong", (unsigned long long) client->peer);
    if ((client->node.place > 0) != (client->eager.size > 0))
        FAIL ("client %llu stands in line for nothing, or does not",
              (unsigned long long) client->peer);
    check_heap (world, &client->eager);
}

//  Each request that was taken in is open, or has ended in one way.
static void
check_ends (world_t *world, ink_foreman_t *office)
{
    const ink_counters_t *counters = &office->counters;
    uint64_t ended = counters->ended_ok + counters->ended_partial +
                     counters->ended_cancelled + counters->ended_timeout +
                     counters->ended_no_worker + counters->ended_changed +
                     counters->ended_failed + counters->ended_refused;
    if (counters->requests != ended + ink_map_size (office->demands.by_handle))
        FAIL ("of %llu requests %llu have ended and %zu are open",
              (unsigned long long) counters->requests, (unsigned long long) ended,
              ink_map_size (office->demands.by_handle));
}

static void
check_books (world_t *world, ink_foreman_t *office)
{
    check_ends (world, office);
    size_t cursor = 0, leases = 0, demands = 0;
    const ink_client_entry_t *client;
    while ((client = ink_map_next (office->demands.clients, &cursor))) {
        check_entry (world, office, client);
        demands += client->open;
    }
    check_heap (world, &office->demands.eager);
    INK_LIST_EACH (link, ink_registry_workers (office->registry))
    check_worker (world, office, INK_ITEM (link, ink_worker_t, link), &leases);
    if (leases != ink_map_size (office->leases.by_id))
        FAIL ("a lease is nobody's");
    if (demands != ink_map_size (office->demands.by_handle) ||
        demands != ink_map_size (office->demands.by_id))
        FAIL ("a request is nobody's");
}

//  ---------------------------------------------------------------------------------------
//  Actions

//  The pieces of a sample lie each in one part that every strand of the lease lacks.
static void
check_piece (world_t *world, const ink_strand_t *strand, const ink_msg_span_t *piece)
{
    const ink_demand_t *demand = strand->demand;
    for (uint64_t p = 0; p < demand->parts; p++) {
        ink_part_t part = ink_plan_part (&demand->plan, p);
        if (piece->offset < part.offset || piece->offset - part.offset >= part.length)
            continue;
        if (piece->length > part.length - (piece->offset - part.offset))
            FAIL ("a sample of %s lies in two parts", demand->id);
        if (strand->states[p] == INK_PART_DONE || strand->states[p] == INK_PART_ERROR)
            FAIL ("a sample of %s is drawn of what is known", demand->id);
        return;
    }
    FAIL ("a sample of %s lies outside", demand->id);
}

static void
check_pieces (world_t *world, const ink_demand_t *demand, const ink_msg_lease_t *msg)
{
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        bool in_lease = false;
        for (size_t n = 0; n < msg->series.size; n++)
            in_lease |= memcmp (msg->series.items[n].key, strand->series.bytes, 16) == 0;
        for (size_t n = 0; in_lease && n < msg->spans.size; n++)
            check_piece (world, strand, &msg->spans.items[n]);
    }
    if (!demand->estimates || demand->unsampled)
        FAIL ("%s is sampled, and is not to be", demand->id);
}

static void
check_lease_sent (world_t *world, ink_foreman_t *office, const ink_action_t *action)
{
    const ink_lease_t *lease = ink_leases_find (&office->leases, action->msg.lease.lease);
    if (!lease || lease->state != INK_LEASE_RUNNING ||
        !ink_foreman_demand (office, lease->handle))
        FAIL ("lease %llu is sent and is not there",
              (unsigned long long) action->msg.lease.lease);
    if (lease->worker->id != action->worker || !office->sink)
        FAIL ("lease %llu goes to another than has it",
              (unsigned long long) action->msg.lease.lease);
    if (lease->fold)
        check_pieces (world, ink_foreman_demand (office, lease->handle),
                      &action->msg.lease);
}

static const ink_demand_t *
find_demand (ink_foreman_t *office, const char *id)
{
    char key[INK_NAME_MOST + 1] = {0};
    strncpy (key, id, INK_NAME_MOST);
    return ink_map_get (office->demands.by_id, key);
}

//  A client is sent a partial only when it has taken the one before, or has come anew.
static void
check_partial (world_t *world, sim_ventilator_t *self, const ink_action_t *action)
{
    const ink_msg_reply_t *reply = &action->msg.reply;
    const ink_demand_t *demand = find_demand (self->foreman, reply->id);
    size_t place = UNTAKEN_MOST;
    if (!demand || reply->final)
        return;
    for (size_t n = UNTAKEN_MOST; n-- > 0;) {
        if (!self->untaken[n].seq)
            place = n;
        else if (self->untaken[n].handle == demand->handle &&
                 self->untaken[n].kernel == reply->kernel) {
            if (self->untaken[n].peer == action->peer)
                FAIL ("a partial of %s is sent before the last one was taken", reply->id);
            place = n;
            break;
        }
    }
    if (place == UNTAKEN_MOST)
        place = world_draw (world, UNTAKEN_MOST);
    self->untaken[place].handle = demand->handle;
    self->untaken[place].kernel = reply->kernel;
    self->untaken[place].peer = action->peer;
    self->untaken[place].seq = reply->seq;
}

static void
hear_taken (world_t *world, sim_ventilator_t *self, const ink_msg_taken_t *taken)
{
    const ink_demand_t *demand = find_demand (self->foreman, taken->id);
    for (size_t k = 0; demand && k < demand->strand_count; k++)
        if (demand->strands[k].untaken == taken->seq && taken->seq)
            FAIL ("partial %llu of %s was taken, and is waited for",
                  (unsigned long long) taken->seq, taken->id);
    for (size_t n = 0; demand && n < UNTAKEN_MOST; n++)
        if (self->untaken[n].handle == demand->handle &&
            self->untaken[n].seq == taken->seq)
            self->untaken[n].seq = 0;
}

//  A request is planned again after a while without finals. That is a net beneath the wire: only
//  a lie may need it.
static void
check_overdue (world_t *world)
{
    if (world->faults->last_lie < 0)
        FAIL ("finals are overdue, and nobody has lied");
}

//  Whoever asks again from elsewhere has the word: what the other has not taken is void.
static void
hear_request (sim_ventilator_t *self, const char *id, uint64_t peer)
{
    const ink_demand_t *demand = find_demand (self->foreman, id);
    for (size_t n = 0; demand && n < UNTAKEN_MOST; n++)
        if (self->untaken[n].handle == demand->handle && self->untaken[n].peer != peer)
            self->untaken[n].seq = 0;
}

void
check_foreman (world_t *world, sim_ventilator_t *self, const ink_event_t *event,
               const ink_actions_t *actions)
{
    ink_foreman_t *office = self->foreman;
    if (event->kind == INK_EVENT_CLIENT && event->msg->kind == INK_MSG_TAKEN)
        hear_taken (world, self, &event->msg->taken);
    if (event->kind == INK_EVENT_CLIENT && event->msg->kind == INK_MSG_REQUEST)
        hear_request (self, event->msg->request.id, event->peer);
    for (size_t n = 0; n < actions->size; n++) {
        const ink_action_t *action = &actions->items[n];
        if (action->kind == INK_DO_SEND_LANE && action->msg.kind == INK_MSG_LEASE)
            check_lease_sent (world, office, action);
        if (action->kind == INK_DO_LOOK && event->kind == INK_EVENT_TIMER)
            check_overdue (world);
        if ((action->kind == INK_DO_SEND_CLIENT || action->kind == INK_DO_ANSWER ||
             action->kind == INK_DO_GLIMPSE) &&
            action->msg.kind == INK_MSG_REPLY)
            check_partial (world, self, action);
    }
    check_books (world, office);
    if (event->kind == INK_EVENT_TIMER)
        check_chunks (world, office); //  It has just been swept
    if (ink_foreman_deadline (office) > world->now + SECOND)
        FAIL ("the foreman sleeps too long");
}

void
check_published (world_t *world, sim_ventilator_t *self, const ink_msg_t *msg)
{
    bool revokes = msg->kind == INK_MSG_REVOKE;
    uint64_t epoch = revokes ? msg->revoke.epoch : msg->beacon.epoch;
    uint64_t seq = revokes ? msg->revoke.seq : msg->beacon.seq;
    if (epoch != self->epoch || seq != self->seq + revokes)
        FAIL ("the control channel says seq %llu behind %llu", (unsigned long long) seq,
              (unsigned long long) self->seq);
    self->seq = seq;
}

//  ---------------------------------------------------------------------------------------
//  The others

//  Values are counted by the epoch they name, and settled to that epoch only.
static uint64_t *
values_of (sim_sink_t *self, uint64_t epoch)
{
    for (size_t n = 0; n < EPOCHS_MOST; n++)
        if (self->values[n].epoch == epoch)
            return &self->values[n].count;
    memmove (self->values + 1, self->values, (EPOCHS_MOST - 1) * sizeof *self->values);
    self->values[0].epoch = epoch;
    self->values[0].count = 0;
    return &self->values[0].count;
}

static void
check_settled (world_t *world, sim_sink_t *self, const ink_msg_settled_t *settled)
{
    uint64_t *count = values_of (self, settled->epoch);
    if (settled->arrivals.size > *count)
        FAIL ("%zu values are told of, and %llu have come", settled->arrivals.size,
              (unsigned long long) *count);
    *count = 0;
}

void
check_collector (world_t *world, sim_sink_t *self, const ink_heard_t *heard,
                 const ink_sink_actions_t *actions)
{
    if (heard->kind == INK_HEARD_WORKER && heard->msg->kind == INK_MSG_VALUE)
        ++*values_of (self, heard->msg->value.epoch);
    if (heard->kind == INK_HEARD_WORKER && heard->msg->kind == INK_MSG_SAMPLE)
        ++*values_of (self, heard->msg->sample.epoch);
    for (size_t n = 0; n < actions->size; n++) {
        const ink_sink_action_t *action = &actions->items[n];
        bool settles =
            action->kind == INK_SINK_SEND && action->msg.kind == INK_MSG_SETTLED;
        if (settles)
            check_settled (world, self, &action->msg.settled);
        if (settles && heard->kind != INK_HEARD_STORED)
            FAIL ("values are told of before they are visible");
        if (settles && n > 0 && actions->items[n - 1].kind == INK_SINK_REPLY)
            FAIL ("a reply comes before its values");
        if (action->kind == INK_SINK_REPLY && action->answer &&
            ink_collector_is_full (self->collector))
            FAIL ("a reply comes before its values");
    }
    if (ink_collector_deadline (self->collector) < world->now &&
        heard->kind == INK_HEARD_TIMER && !ink_collector_is_full (self->collector))
        FAIL ("the collector is late for itself");
}

//  The control channel tells in order; who has missed something asks for it.
static void
check_gap (world_t *world, sim_worker_t *self, uint64_t expected, uint64_t seq,
           const ink_work_actions_t *actions)
{
    bool asks = false;
    for (size_t n = 0; n < actions->size; n++)
        asks |= actions->items[n].kind == INK_WORK_SAY &&
                actions->items[n].msg.kind == INK_MSG_RESYNC;
    if (self->heard_epoch && seq != expected && !asks)
        FAIL ("worker %d heard seq %llu for %llu and does not ask", self->process.n,
              (unsigned long long) seq, (unsigned long long) expected);
    self->heard_seq = seq;
}

static void
hear_control (world_t *world, sim_worker_t *self, const ink_msg_t *msg,
              const ink_work_actions_t *actions)
{
    bool revokes = msg->kind == INK_MSG_REVOKE;
    if ((revokes ? msg->revoke.epoch : msg->beacon.epoch) != self->heard_epoch)
        return;
    check_gap (world, self, self->heard_seq + revokes,
               revokes ? msg->revoke.seq : msg->beacon.seq, actions);
    const ink_msg_lease_t *current = ink_runner_current (self->runner);
    for (size_t n = 0; revokes && n < msg->revoke.leases.size; n++) {
        const ink_msg_revoked_t *revoked = &msg->revoke.leases.items[n];
        bool counts =
            revoked->span == INK_ANY || (current && current->lease == revoked->lease);
        if (counts && revoked->worker == ink_runner_worker (self->runner))
            self->revoked[self->revoked_count++ % REVOKED_KEPT] = *revoked;
    }
}

static void
check_held (world_t *world, sim_worker_t *self, const ink_msg_held_t *msg)
{
    const ink_msg_lease_t *current = ink_runner_current (self->runner);
    if (!current || msg->epoch != current->epoch)
        return;
    for (size_t n = 0; n < msg->leases.size; n++)
        if (msg->leases.items[n].id == current->lease)
            return;
    FAIL ("lease %llu is held by worker %d alone", (unsigned long long) current->lease,
          self->process.n);
}

void
check_runner (world_t *world, sim_worker_t *self, ink_told_kind_t kind,
              const ink_msg_t *msg, const ink_work_actions_t *actions)
{
    if (kind == INK_TOLD_CONTROL && self->heard_epoch)
        hear_control (world, self, msg, actions);
    if (kind == INK_TOLD_BACK && msg->kind == INK_MSG_HELD &&
        msg->held.epoch == self->heard_epoch) {
        self->heard_seq = msg->held.seq;
        check_held (world, self, &msg->held);
    }
    for (size_t n = 0; n < actions->size; n++) {
        const ink_work_action_t *action = &actions->items[n];
        if (action->kind == INK_WORK_SAY_HELLO) {
            self->heard_epoch = 0;
            self->revoked_count = 0;
        } else if (action->kind == INK_WORK_SAY && action->msg.kind == INK_MSG_READY) {
            self->heard_epoch = msg->beacon.epoch;
            self->heard_seq = msg->beacon.seq;
        }
    }
}

void
check_slice (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease)
{
    for (size_t n = 0; n < REVOKED_KEPT && n < self->revoked_count; n++)
        if (self->revoked[n].lease == lease->lease && self->heard_epoch == lease->epoch &&
            (self->revoked[n].span == INK_ANY ||
             lease->spans.items[self->revoked[n].span].length))
            FAIL ("lease %llu was revoked and is worked on",
                  (unsigned long long) lease->lease);
}

void
check_session (world_t *world, const ink_session_actions_t *actions)
{
    for (size_t n = 0; n < actions->size; n++) {
        if (actions->items[n].kind != INK_SESSION_REPLACE)
            continue;
        bool told = false;
        for (size_t m = 0; m < actions->size; m++)
            told |= actions->items[m].kind == INK_SESSION_SEND &&
                    actions->items[m].msg.kind == INK_MSG_TAKEN &&
                    actions->items[m].msg.taken.seq == actions->items[n].old->sent;
        if (!told)
            FAIL ("the ventilator is not told that a partial was replaced");
    }
}

void
check_client (world_t *world, sim_client_t *self)
{
    for (size_t n = 0; n < self->waiting_size; n++) {
        size_t waiting = 0;
        for (size_t m = 0; m < self->waiting_size; m++)
            waiting +=
                self->waiting[n]->final == self->waiting[m]->final &&
                strcmp (self->waiting[n]->request, self->waiting[m]->request) == 0 &&
                strcmp (self->waiting[n]->kernel, self->waiting[m]->kernel) == 0;
        if (waiting > 1)
            FAIL ("%zu replies of %s to %s wait", waiting, self->waiting[n]->kernel,
                  self->waiting[n]->request);
    }
}

//  When nothing has happened but that all of us stood still, nobody has lost anybody.
static void
check_pauses (world_t *world)
{
    const ink_counters_t *counters = &world->ventilator->foreman->counters;
    if (!world->faults->only_pauses)
        return;
    if (counters->workers_lost || counters->leases_expired || counters->clients_lost)
        FAIL ("a pause was held against %llu workers, %llu leases, %llu clients",
              (unsigned long long) counters->workers_lost,
              (unsigned long long) counters->leases_expired,
              (unsigned long long) counters->clients_lost);
}

static void
check_met (world_t *world)
{
    size_t live = 0;
    INK_LIST_EACH (link, ink_registry_workers (world->ventilator->foreman->registry))
    live += INK_ITEM (link, ink_worker_t, link)->state == INK_WORKER_LIVE;
    if (live != (size_t) world->workers || !world->ventilator->foreman->sink)
        FAIL ("only %zu of %d workers are live when all is well", live, world->workers);
}

void
check_rest (world_t *world)
{
    const ink_foreman_t *office = world->ventilator->foreman;
    check_met (world);
    check_pauses (world);
    if (ink_map_size (office->demands.by_handle))
        FAIL ("the foreman holds %zu requests when all have ended",
              ink_map_size (office->demands.by_handle));
    if (ink_map_size (office->leases.by_id) || ink_map_size (office->leases.chunks))
        FAIL ("the foreman holds leases or chunks when all has ended");
    for (int n = 0; n < LOOKS_MOST; n++)
        if (world->ventilator->looks[n].handle)
            FAIL ("what was kept of a look is kept when all has ended");
    if (ink_collector_size (world->sink->collector))
        FAIL ("the collector holds %zu collections when all has ended",
              ink_collector_size (world->sink->collector));
    for (int n = 0; n < world->workers; n++)
        if (ink_runner_current (world->worker[n]->runner))
            FAIL ("worker %d holds a lease when all has ended", n);
}

//  cut.c: a lease in the making.

#include <assert.h>
#include <string.h>

#include "kernels/args.h"
#include "kernels/kernels.h"
#include "ventilator/cut.h"

#define LEASE_NS 20000000

//  So many parts are many, whatever they cost
#define ENOUGH_PARTS 4096

//  A lease that shows nothing for so long, and 20 times its estimate, is given to another,
//  with twice the patience each time: its worker beats, so it may just be slow
#define LEASE_PATIENCE_US ((int64_t) 6000000)

//  A chunk is computed with care when it could not be computed, and isolated when it has cost
//  so many workers. That takes its time: so many doublings of patience
#define DEATHS_ISOLATED 2
#define CARE_DOUBLINGS 2

static uint64_t
care_of (const ink_chunk_t *chunk)
{
    if (chunk->chained)
        return 0;
    if (chunk->deaths >= DEATHS_ISOLATED)
        return INK_CARE_ISOLATED;
    return chunk->failures ? INK_CARE_PIECES : 0;
}

//  ---------------------------------------------------------------------------------------
//  From what is READY

static bool
is_suspect (ink_foreman_t *self, const ink_strand_t *strand, uint64_t p)
{
    ink_chunk_key_t key = ink_office_key (strand, p);
    return ink_leases_suspect (&self->leases, &key);
}

static bool
is_ready (const ink_strand_t *strand, uint64_t place)
{
    uint64_t p;
    return ink_course_part (&strand->demand->course, place, &p) &&
           strand->states[p] == INK_PART_READY;
}

//  Where the demand goes on for this worker, and with which kernels: those READY there.
static void
find_start (ink_foreman_t *self, ink_cut_t *cut)
{
    ink_demand_t *demand = cut->demand;
    cut->first = ink_course_places (&demand->course);
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        if (!strand->ready || !(cut->worker->offers >> strand->number & 1))
            continue;
        while (strand->cursor < ink_course_places (&demand->course) &&
               !is_ready (strand, strand->cursor))
            strand->cursor++;
        if (strand->cursor < cut->first)
            cut->first = strand->cursor;
    }
    uint64_t p;
    if (cut->first == ink_course_places (&demand->course) ||
        !ink_course_part (&demand->course, cut->first, &p))
        return;
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        if (strand->states[p] != INK_PART_READY ||
            !(cut->worker->offers >> strand->number & 1))
            continue;
        if (is_suspect (self, strand, p)) {
            cut->strands[0] = k;
            cut->kernels = 1;
            return;
        }
        cut->strands[cut->kernels++] = k;
    }
}

//  What the part costs this worker, all kernels of the cut together.
static int64_t
estimate (ink_foreman_t *self, const ink_cut_t *cut, uint64_t bytes)
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
target (ink_foreman_t *self, const ink_cut_t *cut)
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

//  How many kernels of the cut want the part.
static size_t
wanting (const ink_cut_t *cut, uint64_t p)
{
    size_t count = 0;
    for (size_t n = 0; n < cut->kernels; n++)
        count += cut->demand->strands[cut->strands[n]].states[p] == INK_PART_READY;
    return count;
}

static void
add (ink_foreman_t *self, ink_cut_t *cut, uint64_t p, ink_chunk_t *const chunks[])
{
    memcpy (cut->chunks + cut->slots, chunks, cut->kernels * sizeof *chunks);
    cut->slots += cut->kernels;
    cut->parts[cut->spans++] = p;
    cut->estimate_ns +=
        estimate (self, cut, ink_plan_part (&cut->demand->plan, p).length);
}

static bool
is_full (const ink_cut_t *cut)
{
    return cut->spans == INK_SPANS_MOST || cut->slots + cut->kernels > INK_CUT_SLOTS;
}

//  Adds the chunks of one part. False when it must not join this lease, or memory is out.
static bool
add_ready (ink_foreman_t *self, ink_cut_t *cut, uint64_t p)
{
    ink_chunk_t *chunks[INK_KERNELS_MOST];
    bool alone = false;
    for (size_t n = 0; n < cut->kernels; n++) {
        const ink_strand_t *strand = &cut->demand->strands[cut->strands[n]];
        ink_chunk_key_t key = ink_office_key (strand, p);
        chunks[n] = ink_leases_make_chunk (&self->leases, &key, strand->number);
        if (!chunks[n]) {
            self->failed = true;
            return false;
        }
        chunks[n]->chained = strand->chain != NULL;
        alone |= ink_chunk_is_suspect (chunks[n]);
    }
    if (alone && cut->spans)
        return false;
    add (self, cut, p, chunks);
    return !alone;
}

void
ink_cut_ready (ink_foreman_t *self, ink_cut_t *cut)
{
    find_start (self, cut);
    if (!cut->kernels)
        return;
    int64_t enough = target (self, cut);
    const ink_course_t *course = &cut->demand->course;
    for (uint64_t place = cut->first, p; place < ink_course_places (course); place++) {
        if (!ink_course_part (course, place, &p) || !wanting (cut, p))
            continue;
        if (wanting (cut, p) < cut->kernels || !add_ready (self, cut, p) ||
            is_full (cut) || cut->estimate_ns >= enough)
            break;
    }
}

//  ---------------------------------------------------------------------------------------
//  Once more

//  The chunk of a part when it is in that lease and in no other, else NULL.
static ink_chunk_t *
left_of (ink_foreman_t *self, const ink_strand_t *strand, uint64_t p,
         const ink_lease_t *lease)
{
    ink_chunk_key_t key = ink_office_key (strand, p);
    ink_chunk_t *chunk = ink_leases_chunk (&self->leases, &key);
    bool is_left = chunk && chunk->lease == lease && !chunk->backup &&
                   !ink_chunk_is_suspect (chunk) &&
                   strand->states[p] == INK_PART_IN_PROGRESS;
    return is_left ? chunk : NULL;
}

static bool
add_left (ink_foreman_t *self, ink_cut_t *cut, uint64_t p, const ink_lease_t *lease)
{
    ink_chunk_t *chunks[INK_KERNELS_MOST];
    for (size_t n = 0; n < cut->kernels; n++) {
        chunks[n] = left_of (self, &cut->demand->strands[cut->strands[n]], p, lease);
        if (!chunks[n])
            return false;
    }
    add (self, cut, p, chunks);
    return true;
}

void
ink_cut_backup (ink_foreman_t *self, ink_cut_t *cut, const ink_lease_t *lease)
{
    const ink_course_t *course = &cut->demand->course;
    uint64_t p;
    for (size_t k = 0; k < cut->demand->strand_count; k++) {
        const ink_strand_t *strand = &cut->demand->strands[k];
        if (cut->worker->offers >> strand->number & 1 &&
            ink_course_part (course, cut->first, &p) && left_of (self, strand, p, lease))
            cut->strands[cut->kernels++] = k;
    }
    for (uint64_t place = cut->first;
         cut->kernels && place < ink_course_places (course) && !is_full (cut); place++)
        if (ink_course_part (course, place, &p) && !add_left (self, cut, p, lease))
            break;
}

//  ---------------------------------------------------------------------------------------
//  Handing out

//  A text that is empty is not told: only a fallback can be.
static size_t
list_params (ink_foreman_t *self, const ink_strand_t *strand, ink_msg_param_t *params)
{
    size_t told = 0;
    for (size_t n = 0; n < ink_kernels_params (strand->kernel); n++) {
        const ink_param_t *param = &strand->kernel->params[n];
        bool is_number = param->kind == INK_PARAM_NUMBER;
        char typed[INK_ARGS_TYPED];
        ink_args_type (&strand->args, strand->kernel, n, typed);
        if (is_number || *typed)
            params[told++] =
                (ink_msg_param_t){.name = param->name,
                                  .value = is_number ? strand->args.numbers[n] : 0,
                                  .text = ink_office_text (self, typed)};
    }
    return told;
}

//  How a strand's kernel is told to others: every parameter, so that no fallback is guessed.
void
ink_office_kernel (ink_foreman_t *self, const ink_strand_t *strand,
                   ink_msg_kernel_t *kernel)
{
    size_t count = ink_kernels_params (strand->kernel);
    ink_msg_param_t *params = ink_office_alloc (self, (count + 1) * sizeof *params);
    kernel->name = strand->kernel->name;
    kernel->version = strand->kernel->version;
    kernel->params.items = params;
    kernel->params.size = params ? list_params (self, strand, params) : 0;
}

static void
list_kernels (ink_foreman_t *self, const ink_cut_t *cut, ink_msg_lease_t *msg)
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
list_spans (ink_foreman_t *self, const ink_cut_t *cut, ink_msg_lease_t *msg)
{
    ink_msg_span_t *spans = ink_office_alloc (self, cut->spans * sizeof *spans);
    for (size_t n = 0; spans && n < cut->spans; n++) {
        ink_part_t part = ink_plan_part (&cut->demand->plan, cut->parts[n]);
        spans[n] = (ink_msg_span_t){part.offset, part.length};
    }
    msg->spans.items = spans;
    msg->spans.size = spans ? cut->spans : 0;
}

//  Each kernel has a state when one of them is a chain; it is empty for others.
static void
list_states (ink_foreman_t *self, const ink_cut_t *cut, ink_msg_lease_t *msg)
{
    ink_msg_state_t *states = NULL;
    for (size_t n = 0; n < cut->kernels; n++) {
        const ink_chain_t *chain = cut->demand->strands[cut->strands[n]].chain;
        if (!chain || !chain->words)
            continue;
        if (!states)
            states = ink_office_alloc (self, cut->kernels * sizeof *states);
        ink_msg_word_t *words = ink_office_alloc (self, chain->words * sizeof *words);
        if (!states || !words)
            return;
        memcpy (words, chain->state, chain->words * sizeof *words);
        states[n].words.items = words;
        states[n].words.size = chain->words;
    }
    msg->states.items = states;
    msg->states.size = states ? cut->kernels : 0;
}

static void
add_other (ink_foreman_t *self, const ink_demand_t *demand, ink_msg_lease_t *msg)
{
    const ink_identity_t *identity = &demand->other_identity;
    ink_msg_file_t *file = ink_office_alloc (self, sizeof *file);
    if (!file)
        return;
    *file = (ink_msg_file_t){.source = ink_office_text (self, demand->other),
                             .device = identity->device,
                             .inode = identity->inode,
                             .size = identity->size,
                             .mtime_ns = identity->mtime_ns,
                             .ctime_ns = identity->ctime_ns};
    msg->others.items = file;
    msg->others.size = 1;
}

//  Grants the lease to the worker of the cut, and to the books of its demand. NULL when memory
//  ran out.
static ink_lease_t *
grant (ink_foreman_t *self, ink_cut_t *cut, ink_chunk_t *const chunks[], size_t slots)
{
    ink_demand_t *demand = cut->demand;
    int64_t busy = (cut->worker->in_hand_ns + cut->estimate_ns) / 1000;
    ink_lease_t *lease = ink_leases_grant (&self->leases, cut->worker, demand->handle,
                                           chunks, slots, cut->estimate_ns);
    if (!lease) {
        self->failed = true;
        return NULL;
    }
    lease->ahead = cut->ahead;
    lease->since = self->now;
    lease->due = self->now + busy;
    lease->deadline = self->now + LEASE_PATIENCE_US + 20 * busy;
    demand->running++;
    demand->client->running++;
    ink_demand_reorder (&self->demands, demand);
    self->counters.leases++;
    return lease;
}

//  What every lease says; to be completed.
static ink_msg_lease_t *
send (ink_foreman_t *self, const ink_cut_t *cut, const ink_lease_t *lease)
{
    const ink_demand_t *demand = cut->demand;
    ink_msg_lease_t msg = {.epoch = self->epoch,
                           .lease = lease->id,
                           .source = ink_office_text (self, demand->source),
                           .device = demand->identity.device,
                           .inode = demand->identity.inode,
                           .size = demand->identity.size,
                           .mtime_ns = demand->identity.mtime_ns,
                           .ctime_ns = demand->identity.ctime_ns,
                           .end = demand->offset + demand->length,
                           .ahead = lease->ahead,
                           .begin = demand->offset};
    list_kernels (self, cut, &msg);
    if (*demand->other)
        add_other (self, demand, &msg);
    ink_action_t *action = ink_office_do (self, INK_DO_SEND_LANE);
    action->worker = cut->worker->id;
    action->msg.kind = INK_MSG_LEASE;
    action->msg.lease = msg;
    return &action->msg.lease;
}

bool
ink_cut_hand_out_samples (ink_foreman_t *self, ink_cut_t *cut,
                          const ink_msg_span_t *samples, size_t count, size_t fold)
{
    size_t slots = (count + fold - 1) / fold * cut->kernels;
    ink_lease_t *lease = grant (self, cut, NULL, slots);
    ink_msg_span_t *spans = ink_office_alloc (self, count * sizeof *spans);
    if (!lease || !spans)
        return false;
    memcpy (spans, samples, count * sizeof *spans);
    lease->fold = fold;
    ink_msg_lease_t *msg = send (self, cut, lease);
    msg->spans.items = spans;
    msg->spans.size = count;
    msg->fold = fold;
    msg->handle = cut->demand->handle;
    return true;
}

bool
ink_cut_hand_out (ink_foreman_t *self, ink_cut_t *cut)
{
    ink_lease_t *lease = grant (self, cut, cut->chunks, cut->slots);
    if (!lease)
        return false;
    lease->kernels = cut->kernels;
    for (size_t n = 0; n < cut->kernels; n++)
        lease->chained |= cut->chunks[n]->chained;
    lease->ahead = cut->ahead;
    lease->care = care_of (cut->chunks[0]);
    assert (!lease->care || cut->slots == 1);
    uint32_t doublings = cut->chunks[0]->expiries + (lease->care ? CARE_DOUBLINGS : 0);
    lease->deadline += (LEASE_PATIENCE_US << doublings) - LEASE_PATIENCE_US;
    ink_msg_lease_t *msg = send (self, cut, lease);
    msg->attempt = lease->chunks[0]->deaths + lease->chunks[0]->failures;
    msg->care = lease->care;
    list_spans (self, cut, msg);
    list_states (self, cut, msg);
    return true;
}

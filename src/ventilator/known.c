//  known.c: what the cache says.

#include <string.h>

#include "base/plant.h"
#include "value/coarse.h"
#include "ventilator/office.h"
#include "ventilator/partial.h"

static bool
is_spared (const ink_demand_t *demand, uint64_t p)
{
    return demand->places && ink_course_place (&demand->course, p) >= demand->places;
}

//  Parts the cache knows are DONE; what a kin has in progress will come with it; the rest is
//  to be leased.
static void
sort_part (ink_foreman_t *self, ink_strand_t *strand, uint64_t p, bool known)
{
    ink_part_state_t state = strand->chain ? INK_PART_WAITING : INK_PART_READY;
    if (known) {
        state = INK_PART_DONE;
        strand->cached += ink_plan_part (&strand->demand->plan, p).length;
        strand->cached_parts++;
        self->counters.parts_cached++;
    } else if (is_spared (strand->demand, p)) {
        state = INK_PART_SPARED;
    } else {
        ink_chunk_key_t key = ink_office_key (strand, p);
        const ink_chunk_t *chunk = ink_leases_chunk (&self->leases, &key);
        if (chunk && chunk->lease) {
            state = INK_PART_IN_PROGRESS;
            self->counters.parts_shared++;
        }
    }
    ink_strand_set (&self->demands, strand, p, state);
}

static void
sort_parts (ink_foreman_t *self, ink_demand_t *demand, const ink_event_t *event)
{
    demand->places = ink_office_places (demand, event->known);
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        const uint8_t *known = event->known[k];
        strand->cached = strand->computed = strand->cached_parts = 0;
        strand->known_bytes = event->bytes[k];
        for (uint64_t p = 0; p < demand->parts; p++)
            if (strand->states[p] == INK_PART_LOOKING)
                sort_part (self, strand, p, known && known[p]);
        if (strand->chain)
            ink_office_begin_chain (strand, event->states[k], event->state_sizes[k]);
        ink_office_release (self, strand);
    }
    ink_office_sample_anew (demand);
}

//  What was kept of a strand is sent, or its glimpse, as `action` says.
static void
answer_strand (ink_foreman_t *self, ink_strand_t *strand, const ink_msg_reply_t *reply,
               ink_do_t kind)
{
    ink_action_t *action = ink_office_reply (self, strand, reply, NULL);
    if (!action)
        return;
    action->kind = kind;
    action->handle = strand->demand->handle;
    action->kernel = (uint64_t) (strand - strand->demand->strands);
}

//  What the cache knew is answered at once: as the final when it was everything. A partial is
//  left to the sink when the client has not taken the last one; gives a bit for each strand of
//  which that is not so.
static uint64_t
answer (ink_foreman_t *self, ink_demand_t *demand, bool final)
{
    uint64_t told = 0;
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        uint64_t precision = ink_coarse_own (strand->kernel, &strand->args);
        told |= (uint64_t) !strand->untaken << k;
        if (strand->ended ||
            (!final && (strand->untaken ||
                        !ink_partial_is_due (strand, strand->cached, &precision))))
            continue;
        ink_msg_reply_t reply = {.final = final,
                                 .detail = "",
                                 .total = demand->length,
                                 .cached = strand->cached,
                                 .bound = INK_EXACT,
                                 .precision = precision};
        answer_strand (self, strand, &reply, INK_DO_ANSWER);
    }
    return told;
}

//  While the chunks are looked for, something coarse is answered.
void
ink_office_glimpsed (ink_foreman_t *self, const ink_event_t *event)
{
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &event->handle);
    if (!demand || demand->state != INK_DEMAND_LOOKING)
        return;
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        uint64_t precision, covered = event->glimpsed[k];
        if (strand->ended || strand->untaken || strand->glimpsed ||
            !ink_partial_is_due (strand, covered, &precision))
            continue;
        ink_msg_reply_t reply = {.detail = "",
                                 .total = demand->length,
                                 .cached = covered,
                                 .bound = INK_EXACT,
                                 .precision = ink_partial_first (strand)};
        answer_strand (self, strand, &reply, INK_DO_GLIMPSE);
        strand->glimpsed = covered;
        strand->glimpse_precision = reply.precision;
    }
}

static void
list_kernels (ink_foreman_t *self, const ink_demand_t *demand, ink_msg_expect_t *msg)
{
    size_t count = demand->strand_count;
    ink_msg_kernel_t *kernels = ink_office_alloc (self, count * sizeof *kernels);
    ink_msg_series_t *series = ink_office_alloc (self, count * sizeof *series);
    if (!kernels || !series)
        return;
    for (size_t k = 0; k < count; k++) {
        ink_office_kernel (self, &demand->strands[k], &kernels[k]);
        series[k].key = demand->strands[k].series.bytes;
    }
    msg->kernels.items = kernels;
    msg->kernels.size = count;
    msg->series.items = series;
    msg->series.size = count;
}

static void
expect (ink_foreman_t *self, ink_demand_t *demand)
{
    uint64_t knowns = 0;
    for (size_t k = 0; k < demand->strand_count; k++)
        knowns += demand->strands[k].cached_parts > 0;
    demand->order = ++self->order;
    ink_msg_expect_t msg = {.epoch = self->epoch,
                            .order = demand->order,
                            .handle = demand->handle,
                            .offset = demand->offset,
                            .length = demand->length,
                            .size = demand->identity.size,
                            .chunk = demand->chunk,
                            .reports.items = demand->reports,
                            .reports.size = demand->report_count,
                            .cache_write = demand->cache_write,
                            .knowns = knowns,
                            .estimate = demand->estimates || demand->millionths,
                            .spread = !demand->course.around,
                            .places = demand->places};
    list_kernels (self, demand, &msg);
    ink_office_say (self, INK_DO_SEND_SINK, 0, INK_MSG_EXPECT)->expect = msg;
}

//  Runs of parts that were known, for the sink.
static void
tell_known (ink_foreman_t *self, const ink_demand_t *demand, size_t k,
            const uint8_t *known, bool told)
{
    size_t count = 0;
    for (uint64_t p = 0; p < demand->parts; p++)
        count += known[p] && (p == 0 || !known[p - 1]);
    ink_msg_run_t *runs = ink_office_alloc (self, count * sizeof *runs);
    if (!runs)
        return;
    size_t n = 0;
    for (uint64_t p = 0; p < demand->parts; p++) {
        if (!known[p])
            continue;
        if (p == 0 || !known[p - 1])
            runs[n++] = (ink_msg_run_t){p, 0};
        runs[n - 1].count++;
    }
    ink_action_t *action = ink_office_do (self, INK_DO_KNOWN);
    action->handle = demand->handle;
    action->kernel = k;
    action->msg.kind = INK_MSG_KNOWN;
    action->msg.known.handle = demand->handle;
    action->msg.known.kernel = k;
    action->msg.known.runs.items = runs;
    action->msg.known.runs.size = count;
    action->msg.known.told = told;
}

static void
sort (ink_foreman_t *self, ink_demand_t *demand, const ink_event_t *event)
{
    if (ink_office_end_if_late (self, demand))
        return;
    sort_parts (self, demand, event);
    bool complete = true;
    for (size_t k = 0; k < demand->strand_count; k++)
        complete &= demand->strands[k].cached_parts == demand->parts;
    uint64_t told = answer (self, demand, complete);
    if (complete) {
        ink_office_end_earlier (self, demand);
        ink_office_retire (self, demand, false);
        return;
    }
    demand->state = INK_DEMAND_RUNNING;
    expect (self, demand);
    for (size_t k = 0; k < demand->strand_count; k++)
        if (demand->strands[k].cached_parts)
            tell_known (self, demand, k, event->known[k], told >> k & 1);
    //  What both want is held by now, and the sink expects it before it forgets
    ink_office_end_earlier (self, demand);
}

//  Kernels that are not cached, and a request that wants nothing from the cache, need no look.
static bool
is_lookable (const ink_demand_t *demand)
{
    bool lookable = false;
    for (size_t k = 0; k < demand->strand_count; k++)
        lookable |= !(demand->strands[k].kernel->flags & INK_KERNEL_UNCACHED);
    return lookable && demand->cache_read;
}

void
ink_office_look (ink_foreman_t *self, ink_demand_t *demand)
{
    demand->state = INK_DEMAND_LOOKING;
    if (is_lookable (demand))
        ink_office_do (self, INK_DO_LOOK)->handle = demand->handle;
    else
        sort (self, demand, &(ink_event_t){.kind = INK_EVENT_LOOKED});
}

//  Nodes that were missing are made at the sink, when it has leisure.
static void
wish (ink_foreman_t *self, const ink_demand_t *demand, const ink_event_t *event)
{
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_msg_kernel_t *kernel = ink_office_alloc (self, sizeof *kernel);
        ink_msg_series_t *series = ink_office_alloc (self, sizeof *series);
        if (!event->lacks[k] || !kernel || !series)
            continue;
        ink_office_kernel (self, &demand->strands[k], kernel);
        uint8_t *key = ink_office_alloc (self, sizeof (ink_series_t));
        if (!key)
            continue;
        memcpy (key, &demand->strands[k].series, sizeof (ink_series_t));
        series->key = key; //  The demand may end in this step
        ink_msg_wish_t *msg =
            &ink_office_say (self, INK_DO_SEND_SINK, 0, INK_MSG_WISH)->wish;
        *msg = (ink_msg_wish_t){.kernels = {kernel, 1},
                                .series = {series, 1},
                                .size = demand->identity.size,
                                .nodes = {event->lacking[k], event->lacks[k]}};
    }
}

void
ink_office_looked (ink_foreman_t *self, const ink_event_t *event)
{
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &event->handle);
    if (demand && demand->state == INK_DEMAND_LOOKING) {
        if (demand->cache_write)
            wish (self, demand, event);
        sort (self, demand, event);
    }
    if (!INK_PLANTED (5))
        ink_office_do (self, INK_DO_LOOK_END)->handle = event->handle;
}

//  One part was looked up because its value came before the sink knew of this demand.
void
ink_office_found (ink_foreman_t *self, ink_event_t *event)
{
    ink_demand_t *demand = ink_map_get (self->demands.by_handle, &event->handle);
    if (!demand || demand->state != INK_DEMAND_RUNNING)
        return;
    ink_strand_t *strand = &demand->strands[event->kernel];
    if (strand->states[event->part] != INK_PART_LOOKING)
        return;
    if (!event->payload) {
        //  Until the sink knows of the demand each value would come too early
        if (demand->order > self->sink_order)
            self->early = demand->early = true;
        else
            sort_part (self, strand, event->part, false);
        return;
    }
    ink_msg_run_t *run = ink_office_alloc (self, sizeof *run);
    if (!run)
        return;
    *run = (ink_msg_run_t){event->part, 1};
    ink_action_t *action = ink_office_do (self, INK_DO_SEND_SINK);
    action->payload = event->payload;
    event->payload = NULL;
    action->msg.kind = INK_MSG_KNOWN;
    action->msg.known.handle = event->handle;
    action->msg.known.kernel = event->kernel;
    action->msg.known.runs.items = run;
    action->msg.known.runs.size = 1;
    ink_strand_set (&self->demands, strand, event->part, INK_PART_DONE);
}

void
ink_office_go_on (ink_foreman_t *self, ink_demand_t *demand)
{
    demand->early = false;
    for (size_t k = 0; k < demand->strand_count; k++)
        for (uint64_t p = 0; p < demand->parts; p++)
            if (demand->strands[k].states[p] == INK_PART_LOOKING)
                sort_part (self, &demand->strands[k], p, false);
}

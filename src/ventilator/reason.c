//  reason.c: why a request is not done yet.

#include "ventilator/lease.h"
#include "ventilator/reason.h"

static uint64_t
bit_of (const ink_strand_t *strand)
{
    return (uint64_t) 1 << strand->number;
}

//  Kernels of which something is READY.
static uint64_t
ready_kernels (const ink_demand_t *demand)
{
    uint64_t kernels = 0;
    for (size_t k = 0; k < demand->strand_count; k++)
        if (demand->strands[k].ready)
            kernels |= bit_of (&demand->strands[k]);
    return kernels;
}

static uint64_t
ready_of (const ink_demand_t *demand, uint64_t kernels)
{
    uint64_t ready = 0;
    for (size_t k = 0; k < demand->strand_count; k++)
        if (kernels & bit_of (&demand->strands[k]))
            ready += demand->strands[k].ready;
    return ready;
}

//  What the workers offer that serve, that are not trusted, and that are being met.
typedef enum { SERVES, DISTRUSTED, MET } standing_t;

static standing_t
standing_of (const ink_worker_t *worker)
{
    return ink_worker_serves (worker)         ? SERVES
           : worker->state == INK_WORKER_LIVE ? DISTRUSTED
                                              : MET;
}

static uint64_t
offered (ink_registry_t *registry, standing_t standing)
{
    uint64_t kernels = 0;
    INK_LIST_EACH (link, ink_registry_workers (registry))
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (standing_of (worker) == standing)
            kernels |= worker->offers;
    }
    return kernels;
}

static void
note_time (ink_reason_t *self, int64_t time)
{
    if (!self->since || time < self->since)
        self->since = time;
}

//  Some kernels have no worker that serves. One that is being met may be it, one that is not
//  trusted will be again.
static void
blame_absence (ink_reason_t *self, const ink_demand_t *demand, ink_registry_t *registry,
               uint64_t lacking)
{
    uint64_t unmet = lacking & ~offered (registry, MET);
    uint64_t absent = unmet & ~offered (registry, DISTRUSTED);
    standing_t standing = unmet ? DISTRUSTED : MET;
    self->code = absent ? INK_WAIT_WORKER : unmet ? INK_WAIT_TRUST : INK_WAIT_PROOF;
    self->kernels = absent ? absent : unmet ? unmet : lacking;
    self->chunks = ready_of (demand, self->kernels);
    INK_LIST_EACH (link, ink_registry_workers (registry))
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (standing_of (worker) != standing || !(worker->offers & self->kernels))
            continue;
        self->workers++;
        if (standing == MET)
            note_time (self, worker->provable);
        else
            note_time (self, worker->quarantined_until - INK_WORKER_QUARANTINE);
    }
}

//  Every worker that could take something has as much as it may hold.
static void
blame_load (ink_reason_t *self, const ink_demand_t *demand, ink_registry_t *registry,
            uint64_t kernels)
{
    self->code = INK_WAIT_CREDIT;
    self->chunks = ready_of (demand, kernels);
    INK_LIST_EACH (link, ink_registry_workers (registry))
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (!ink_worker_serves (worker) || !(worker->offers & kernels))
            continue;
        self->workers++;
        INK_LIST_EACH (held, &worker->leases)
        note_time (self, INK_ITEM (held, ink_lease_t, link)->since);
    }
}

//  All that is left is being computed: by workers that hold leases of this request, or, when
//  there are none, along with another one.
static void
blame_work (ink_reason_t *self, const ink_demand_t *demand, ink_registry_t *registry)
{
    self->code = INK_WAIT_VALUES;
    INK_LIST_EACH (link, ink_registry_workers (registry))
    {
        bool works = false;
        INK_LIST_EACH (held, &INK_ITEM (link, ink_worker_t, link)->leases)
        {
            const ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            if (lease->handle != demand->handle || lease->state != INK_LEASE_RUNNING)
                continue;
            works = true;
            note_time (self, lease->since);
        }
        self->workers += works;
    }
}

static void
find_while_running (ink_reason_t *self, const ink_demand_t *demand,
                    ink_registry_t *registry, ink_reason_sink_t sink)
{
    uint64_t left = 0, in_progress = 0;
    for (size_t k = 0; k < demand->strand_count; k++) {
        left += demand->strands[k].left;
        in_progress += demand->strands[k].in_progress;
    }
    uint64_t ready = ready_kernels (demand);
    uint64_t lacking = ready & ~offered (registry, SERVES);
    if (!sink.met || !left) {
        self->code = sink.met       ? INK_WAIT_FINAL
                     : sink.refuses ? INK_WAIT_REFUSED
                                    : INK_WAIT_SINK;
        self->chunks = left;
        self->since = sink.heard;
    } else if (lacking)
        blame_absence (self, demand, registry, lacking);
    else if (ready)
        blame_load (self, demand, registry, ready);
    else if (in_progress) {
        blame_work (self, demand, registry);
        self->chunks = in_progress;
    } else
        self->code =
            INK_WAIT_CACHE; //  Parts whose values came before the sink knew of us
}

ink_reason_t
ink_reason_find (const ink_demand_t *demand, ink_registry_t *registry,
                 ink_reason_sink_t sink)
{
    ink_reason_t self = {.since = 0};
    for (size_t k = 0; k < demand->strand_count; k++)
        self.untaken += demand->strands[k].held;
    if (demand->state == INK_DEMAND_RUNNING)
        find_while_running (&self, demand, registry, sink);
    else {
        self.code =
            demand->state == INK_DEMAND_OPENING ? INK_WAIT_SOURCE : INK_WAIT_CACHE;
        self.since = demand->admitted;
    }
    return self;
}

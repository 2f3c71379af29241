//  revoke.c: what workers need not compute any more, told by one message a step.

#include <assert.h>

#include "base/plant.h"
#include "ventilator/office.h"

//  Begins a message; what is revoked later in this step is added to it.
static bool
begin (ink_foreman_t *self)
{
    ink_revoked_t *list = &self->revoked;
    list->size = 0;
    list->items = ink_office_alloc (self, INK_REVOKED_MOST * sizeof *list->items);
    list->action = self->out.size;
    ink_msg_t *msg = ink_office_say (self, INK_DO_PUBLISH, 0, INK_MSG_REVOKE);
    msg->revoke.epoch = self->epoch;
    msg->revoke.seq = INK_PLANTED (17) ? self->seq : ++self->seq;
    msg->revoke.leases.items = list->items;
    return !self->failed;
}

void
ink_office_tell_revoked (ink_foreman_t *self, const ink_lease_t *lease, uint64_t span)
{
    ink_revoked_t *list = &self->revoked;
    if ((!list->items || list->size == INK_REVOKED_MOST) && !begin (self))
        return;
    list->items[list->size++] = (ink_msg_revoked_t){lease->worker->id, lease->id, span};
    self->out.items[list->action].msg.revoke.leases.size = list->size;
}

//  ---------------------------------------------------------------------------------------
//  Leases that are wanted in part

void
ink_office_note_unwanted (ink_foreman_t *self, const ink_chunk_t *chunk)
{
    ink_lease_t *leases[] = {chunk->lease, chunk->backup};
    for (size_t n = 0; n < 2; n++)
        if (leases[n])
            self->thinned = leases[n]->thinned = true;
}

//  Whether values of the span are still owed, and nobody wants any of them.
static bool
is_unwanted (const ink_lease_t *lease, size_t first)
{
    bool owed = false;
    for (size_t slot = first; slot < first + lease->kernels; slot++) {
        if (lease->chunks[slot])
            return false;
        owed |= lease->settled[slot] == INK_SLOT_OPEN;
    }
    return owed;
}

static void
thin_out (ink_foreman_t *self, ink_lease_t *lease)
{
    assert (lease->kernels > 0);
    for (size_t first = 0; first < lease->slots; first += lease->kernels) {
        if (!is_unwanted (lease, first))
            continue;
        for (size_t slot = first; slot < first + lease->kernels; slot++)
            ink_lease_pass_over (lease, slot);
        ink_office_tell_revoked (self, lease, first / lease->kernels);
        self->counters.spans_revoked++;
    }
}

void
ink_office_thin_out (ink_foreman_t *self)
{
    if (!self->thinned)
        return;
    self->thinned = false;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            if (lease->thinned && !lease->chained && lease->state == INK_LEASE_RUNNING)
                thin_out (self, lease);
            lease->thinned = false;
        }
    }
}

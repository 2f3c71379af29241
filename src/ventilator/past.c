//  past.c: what is remembered of workers that were lost, by name.

#include <string.h>

#include "ventilator/past.h"

static void
drop (ink_past_t *self, size_t n)
{
    memmove (self->lost + n, self->lost + n + 1, (--self->size - n) * sizeof *self->lost);
}

static ink_lost_t *
find (ink_past_t *self, const char *name)
{
    for (size_t n = 0; n < self->size; n++)
        if (strcmp (self->lost[n].name, name) == 0)
            return &self->lost[n];
    return NULL;
}

void
ink_past_forget (ink_past_t *self, const char *name)
{
    const ink_lost_t *lost = find (self, name);
    if (lost)
        drop (self, (size_t) (lost - self->lost));
}

void
ink_past_keep (ink_past_t *self, const ink_worker_t *worker)
{
    ink_past_forget (self, worker->name);
    if (self->size == INK_PAST_MOST)
        drop (self, 0);
    ink_lost_t *lost = &self->lost[self->size++];
    *lost = (ink_lost_t){.pid = worker->pid,
                         .slots = worker->slots,
                         .chunks = worker->chunks,
                         .heard = worker->heard,
                         .record = worker->record};
    memcpy (lost->name, worker->name, sizeof lost->name);
    memcpy (lost->host, worker->host, sizeof lost->host);
    memcpy (lost->version, worker->version, sizeof lost->version);
}

void
ink_past_resume (ink_past_t *self, ink_worker_t *worker)
{
    const ink_lost_t *lost = find (self, worker->name);
    if (!lost)
        return;
    worker->record = lost->record;
    drop (self, (size_t) (lost - self->lost));
}

//  lease.c: who computes what, as the ventilator knows it.

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "inkling/error.h"
#include "ventilator/lease.h"

//  What is remembered of a chunk that was dropped
typedef struct {
    ink_chunk_key_t key;
    uint32_t deaths, failures;
} suspect_t;

int
ink_leases_init (ink_leases_t *self)
{
    self->by_id = ink_map_new (sizeof (uint64_t));
    self->chunks = ink_map_new (sizeof (ink_chunk_key_t));
    self->suspects =
        ink_recent_new (INK_SUSPECTS_MOST, sizeof (suspect_t), sizeof (ink_chunk_key_t));
    self->next_id = 1;
    if (self->by_id && self->chunks && self->suspects)
        return INK_OK;
    ink_leases_free (self);
    return INK_ENOMEM;
}

void
ink_leases_free (ink_leases_t *self)
{
    size_t cursor = 0;
    void *item;
    while (self->by_id && (item = ink_map_next (self->by_id, &cursor)))
        ink_free (item);
    cursor = 0;
    while (self->chunks && (item = ink_map_next (self->chunks, &cursor)))
        ink_free (item);
    ink_map_destroy (&self->by_id);
    ink_map_destroy (&self->chunks);
    ink_recent_destroy (&self->suspects);
}

//  Without memory it is not remembered.
static void
remember (ink_leases_t *self, const ink_chunk_t *chunk)
{
    suspect_t *suspect = ink_recent_put (self->suspects, &chunk->key);
    if (!suspect)
        return;
    suspect->deaths = chunk->deaths;
    suspect->failures = chunk->failures;
}

static void
recall (ink_leases_t *self, ink_chunk_t *chunk)
{
    const suspect_t *suspect = ink_recent_get (self->suspects, &chunk->key);
    if (!suspect)
        return;
    chunk->deaths = suspect->deaths;
    chunk->failures = suspect->failures;
}

ink_lease_t *
ink_leases_find (ink_leases_t *self, uint64_t id)
{
    return ink_map_get (self->by_id, &id);
}

ink_chunk_t *
ink_leases_chunk (ink_leases_t *self, const ink_chunk_key_t *key)
{
    return ink_map_get (self->chunks, key);
}

ink_chunk_t *
ink_leases_make_chunk (ink_leases_t *self, const ink_chunk_key_t *key, int kernel)
{
    ink_chunk_t *chunk = ink_leases_chunk (self, key);
    if (chunk)
        return chunk;
    chunk = ink_alloc (sizeof *chunk);
    if (!chunk)
        return NULL;
    chunk->key = *key;
    chunk->kernel = kernel;
    if (ink_map_put (self->chunks, &chunk->key, chunk)) {
        ink_free (chunk);
        return NULL;
    }
    recall (self, chunk);
    return chunk;
}

void
ink_leases_drop_chunk (ink_leases_t *self, ink_chunk_t *chunk)
{
    ink_lease_t *leases[] = {chunk->lease, chunk->backup};
    for (size_t l = 0; l < 2; l++)
        for (size_t n = 0; leases[l] && n < leases[l]->slots; n++)
            if (leases[l]->chunks[n] == chunk)
                leases[l]->chunks[n] = NULL;
    if (ink_chunk_is_suspect (chunk))
        remember (self, chunk);
    else
        ink_recent_remove (self->suspects, &chunk->key);
    ink_map_remove (self->chunks, &chunk->key);
    ink_free (chunk);
}

ink_lease_t *
ink_leases_grant (ink_leases_t *self, ink_worker_t *worker, uint64_t handle,
                  ink_chunk_t *const chunks[], size_t slots, int64_t estimate_ns)
{
    assert (slots > 0);
    ink_lease_t *lease = ink_alloc (sizeof *lease + slots * (sizeof *lease->chunks + 1));
    if (!lease)
        return NULL;
    lease->id = self->next_id;
    if (ink_map_put (self->by_id, &lease->id, lease)) {
        ink_free (lease);
        return NULL;
    }
    self->next_id++;
    lease->handle = handle;
    lease->worker = worker;
    lease->estimate_ns = estimate_ns;
    lease->slots = lease->open = slots;
    lease->settled = (uint8_t *) (lease->chunks + slots);
    for (size_t n = 0; chunks && n < slots; n++) {
        assert (!chunks[n]->backup);
        lease->chunks[n] = chunks[n];
        if (chunks[n]->lease)
            chunks[n]->backup = lease;
        else
            chunks[n]->lease = lease;
    }
    ink_list_append (&worker->leases, &lease->link);
    worker->held++;
    worker->in_hand_ns += estimate_ns;
    return lease;
}

ink_chunk_t *
ink_lease_take_out (ink_lease_t *self, size_t slot)
{
    ink_chunk_t *chunk = self->chunks[slot];
    self->chunks[slot] = NULL;
    if (!chunk)
        return NULL;
    if (chunk->lease == self)
        chunk->lease = INK_PLANTED (37) ? NULL : chunk->backup;
    chunk->backup = NULL;
    return chunk;
}

void
ink_lease_pass_over (ink_lease_t *self, size_t slot)
{
    assert (!self->chunks[slot]);
    if (self->settled[slot] != INK_SLOT_OPEN)
        return;
    int64_t share = self->estimate_ns / (int64_t) (self->slots - self->passed_over);
    self->settled[slot] = INK_SLOT_PASSED_OVER;
    self->passed_over++;
    self->open--;
    self->estimate_ns -= share;
    self->worker->in_hand_ns -= share;
}

void
ink_leases_end (ink_leases_t *self, ink_lease_t *lease)
{
    for (size_t n = 0; n < lease->slots; n++)
        ink_lease_take_out (lease, n);
    ink_list_remove (&lease->link);
    lease->worker->held--;
    lease->worker->in_hand_ns -= lease->estimate_ns;
    ink_map_remove (self->by_id, &lease->id);
    ink_free (lease);
}

bool
ink_lease_is_wanted (const ink_lease_t *self)
{
    return self->fold || ink_lease_first (self);
}

const ink_chunk_t *
ink_lease_first (const ink_lease_t *self)
{
    for (size_t n = 0; n < self->slots; n++)
        if (self->chunks[n])
            return self->chunks[n];
    return NULL;
}

bool
ink_leases_suspect (ink_leases_t *self, const ink_chunk_key_t *key)
{
    const ink_chunk_t *chunk = ink_leases_chunk (self, key);
    return chunk ? ink_chunk_is_suspect (chunk)
                 : ink_recent_get (self->suspects, key) != NULL;
}

bool
ink_chunk_is_suspect (const ink_chunk_t *self)
{
    return self->deaths > 0 || self->failures > 0;
}

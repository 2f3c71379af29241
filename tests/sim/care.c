//  care.c: how a worker works off a lease that has failed before, piece by piece.

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "care.h"
#include "compute.h"
#include "faults.h"
#include "inkling/error.h"
#include "kernels/kernels.h"
#include "sources.h"

typedef struct {
    const ink_msg_lease_t *lease;
    const version_t *version;
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_geometry_t geometry;
    ink_answer_t *answer;
} careful_t;

static ink_part_t
part_of (const ink_msg_lease_t *lease)
{
    const ink_msg_span_t *span = &lease->spans.items[0];
    return (ink_part_t){span->offset, span->length};
}

//  What goes wrong with a piece: its poison, or chance.
static int
fate (world_t *world, const source_t *source, ink_part_t piece)
{
    if (source_is_poisoned (source, piece.offset, piece.length))
        return INK_ELOST;
    return world_luck (world, world->faults->read_errors) ? INK_EIO : INK_OK;
}

static void
map (world_t *world, const careful_t *self, ink_part_t piece)
{
    ink_reach_t seen = compute_sight (self->lease, &self->lease->spans.items[0],
                                      self->kernel, &self->args, piece);
    bool unread = self->kernel->flags & INK_KERNEL_UNREAD;
    ink_slice_t slice = {.bytes = unread ? NULL : self->version->bytes + piece.offset,
                         .length = (size_t) piece.length,
                         .lookback = seen.lookback,
                         .lookahead = seen.lookahead,
                         .offset = piece.offset,
                         .args = &self->args};
    compute_add_other (world, self->lease, &slice);
    bool records = self->kernel->shape == INK_SHAPE_RECORDS;
    ink_gather_t *gather = ink_gather_new ();
    void *room = calloc (1, 1 + ink_value_room (self->kernel, &self->args, piece.length));
    void *cells = records ? (void *) gather : room;
    ink_gather_begin (gather, &self->geometry, piece);
    if (records)
        (void) ink_gather_map (gather, self->kernel, &slice);
    else
        self->kernel->map (&slice, cells);
    if (self->kernel->settle)
        self->kernel->settle (&self->args, cells);
    ink_value_shape_t shape = ink_value_measure (self->kernel, &self->args, cells, piece);
    uint8_t *value = malloc (shape.size);
    ink_value_pack (&shape, self->kernel, &self->args, cells, value);
    (void) ink_answer_add (self->answer, value, shape.size, piece);
    free (value);
    free (room);
    ink_gather_destroy (&gather);
}

static uint64_t
grain_of (const careful_t *self, int error)
{
    uint64_t grain = error == INK_EIO ? 4096 : 1;
    bool cells = self->kernel->shape == INK_SHAPE_CELLS;
    return cells && self->geometry.cell_bytes > grain ? self->geometry.cell_bytes : grain;
}

static void
begin (careful_t *self, const ink_msg_lease_t *lease)
{
    self->lease = lease;
    self->kernel = ink_kernels_find (lease->kernels.items[0].name);
    compute_args (self->kernel, &lease->kernels.items[0], &self->args);
    self->kernel->geometry (&self->args, &self->geometry);
    self->answer = ink_answer_new (self->kernel, &self->args, part_of (lease));
}

int
care_compute (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease)
{
    const source_t *source = sources_find (world->sources, lease->source);
    careful_t careful = {.version = source_now (source)};
    if (lease->end > careful.version->identity.size)
        return INK_ECHANGED;
    if (lease->spans.size != 1 || lease->kernels.size != 1)
        world_fail (world, "lease %llu wants care for several values",
                    (unsigned long long) lease->lease);
    begin (&careful, lease);
    ink_bisect_destroy (&self->bisect);
    ink_answer_destroy (&self->answer);
    self->bisect = ink_bisect_new (part_of (lease));
    self->answer = careful.answer;
    for (ink_part_t piece; ink_bisect_next (self->bisect, &piece);) {
        int error = fate (world, source, piece);
        if (error)
            ink_bisect_failed (self->bisect, error, grain_of (&careful, error));
        else {
            map (world, &careful, piece);
            ink_bisect_passed (self->bisect);
        }
    }
    self->position += part_of (lease).length;
    return INK_OK;
}

void
care_pack (sim_worker_t *self, const ink_msg_lease_t *lease)
{
    ink_part_t part = part_of (lease);
    const ink_kernel_t *kernel = ink_kernels_find (lease->kernels.items[0].name);
    sim_value_t *value = compute_add_value (self, lease, 0, 0);
    size_t size = ink_answer_extract_size (self->answer, part);
    value->payload = ink_payload_new (size);
    ink_answer_extract (self->answer, part, ink_payload_data (value->payload));
    ink_msg_value_t *msg = &value->msg.value;
    ink_args_t args;
    compute_args (kernel, &lease->kernels.items[0], &args);
    ink_reach_t seen = compute_sight (lease, &lease->spans.items[0], kernel, &args, part);
    msg->lookback = seen.lookback;
    msg->lookahead = seen.lookahead;
    msg->checksum = XXH3_64bits (ink_payload_data (value->payload), size);
    msg->failures.items = ink_bisect_failures (self->bisect, &msg->failures.size);
}

//  column.c: what a kernel makes of the values of a lease, one after the other.

#include "worker/column.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "inkling/error.h"
#include "value/answer.h"
#include "worker/terms.h"

//  Behind the cells stands a fence: a kernel that wrote over it has damaged who knows what
#define FENCE_SIZE 64
#define FENCE_BYTE 0xA5

void
ink_column_free (ink_column_t *self)
{
    ink_gather_destroy (&self->gather);
    free (self->cells);
    self->cells = NULL;
    self->room = 0;
}

//  ---------------------------------------------------------------------------------------
//  Beginning

//  Whether the state it is to go on from is one.
static bool
is_sound (const ink_column_t *self, const ink_msg_lease_t *lease, size_t k)
{
    if (k >= lease->states.size || !lease->states.items[k].words.size)
        return true;
    const ink_msg_state_t *state = &lease->states.items[k];
    return state->words.size * sizeof *state->words.items == self->geometry.cells &&
           self->kernel->sound (&self->args, state->words.items);
}

//  Some records, or a piece of a chain, say nothing of the rest.
static bool
can_be_folded (const ink_kernel_t *kernel)
{
    return kernel->shape == INK_SHAPE_COUNTS || kernel->shape == INK_SHAPE_CELLS;
}

int
ink_column_set (ink_column_t *self, const ink_msg_lease_t *lease, size_t k)
{
    int rc = ink_terms_kernel (&lease->kernels.items[k], &self->kernel, &self->args);
    if (rc)
        return rc;
    self->geometry = (ink_geometry_t){0};
    self->kernel->geometry (&self->args, &self->geometry);
    if (self->kernel->sources == 2 && !lease->others.size)
        return INK_EFILES;
    if (self->kernel->shape == INK_SHAPE_CHAIN && !is_sound (self, lease, k))
        return INK_EVALUE;
    return lease->fold && !can_be_folded (self->kernel) ? INK_EPARAM : INK_OK;
}

//  A chain goes on from the state that came with the lease, or begins with zeros.
static void
take_state (ink_column_t *self, const ink_msg_lease_t *lease, size_t k)
{
    memset (self->cells, 0, self->geometry.cells);
    if (k < lease->states.size && lease->states.items[k].words.size)
        memcpy (self->cells, lease->states.items[k].words.items, self->geometry.cells);
}

static bool
is_of_records (const ink_column_t *self)
{
    return self->kernel->shape == INK_SHAPE_RECORDS;
}

//  For counts, or the items of all spans of the value that begins here, side by side.
static size_t
room_of (const ink_column_t *self, const ink_msg_lease_t *lease, size_t span)
{
    size_t room = 0;
    do {
        uint64_t length = lease->spans.items[span].length;
        size_t more = ink_value_room (self->kernel, &self->args, length);
        room = self->kernel->shape == INK_SHAPE_CELLS ? room + more : more;
    } while (!ink_terms_end_value (lease, span++));
    return room;
}

static int
begin_cells (ink_column_t *self, const ink_msg_lease_t *lease, size_t span)
{
    size_t room = room_of (self, lease, span);
    if (room > self->room) {
        free (self->cells);
        self->cells = malloc (room + FENCE_SIZE);
        self->room = self->cells ? room : 0;
    }
    if (!self->cells)
        return INK_ENOMEM;
    if (self->kernel->shape == INK_SHAPE_COUNTS)
        memset (self->cells, 0, room);
    self->size = room;
    self->filled = 0;
    memset ((uint8_t *) self->cells + room, FENCE_BYTE, FENCE_SIZE);
    return INK_OK;
}

static int
begin_records (ink_column_t *self, const ink_msg_span_t *span)
{
    if (!self->gather)
        self->gather = ink_gather_new ();
    if (!self->gather)
        return INK_ENOMEM;
    ink_gather_begin (self->gather, &self->geometry,
                      (ink_part_t){span->offset, span->length});
    return INK_OK;
}

int
ink_column_begin (ink_column_t *self, const ink_msg_lease_t *lease, size_t span, size_t k)
{
    self->busy_ns = 0;
    if (is_of_records (self))
        return begin_records (self, &lease->spans.items[span]);
    int rc = begin_cells (self, lease, span);
    if (rc == INK_OK && self->kernel->shape == INK_SHAPE_CHAIN && span == 0)
        take_state (self, lease, k);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Mapping

ink_reach_t
ink_column_reach (const ink_column_t *self)
{
    return (ink_reach_t){self->geometry.lookback, self->geometry.lookahead};
}

int
ink_column_map (ink_column_t *self, const ink_slice_t *slice, uint64_t span_offset)
{
    if (is_of_records (self))
        return ink_gather_map (self->gather, self->kernel, slice);
    uint8_t *cells = self->cells;
    if (self->kernel->shape == INK_SHAPE_CELLS) {
        uint64_t bytes = self->geometry.cell_bytes;
        cells += self->filled +
                 (slice->offset / bytes - span_offset / bytes) * self->geometry.cell_size;
    }
    self->kernel->map (slice, cells);
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Packing

static void
check_fence (const ink_column_t *self)
{
    if (is_of_records (self))
        return; //  It was given no room
    const uint8_t *fence = (uint8_t *) self->cells + self->size;
    for (size_t n = 0; n < FENCE_SIZE; n++)
        if (fence[n] != FENCE_BYTE) {
            ink_log (INK_LOG_EVENTS, "worker",
                     "%s has written behind its cells: nothing here can be trusted now",
                     self->kernel->name);
            abort (); //  Whoever supervises us starts again
        }
}

ink_payload_t *
ink_column_pack (ink_column_t *self, const ink_msg_span_t *span)
{
    ink_part_t part = {span->offset, span->length};
    if (self->kernel->settle)
        self->kernel->settle (&self->args, self->cells);
    check_fence (self);
    const void *cells = is_of_records (self) ? (void *) self->gather : self->cells;
    ink_value_shape_t shape = ink_value_measure (self->kernel, &self->args, cells, part);
    ink_payload_t *payload = ink_payload_new (shape.size);
    if (payload)
        ink_value_pack (&shape, self->kernel, &self->args, cells,
                        ink_payload_data (payload));
    return payload;
}

static bool
is_side_by_side (const ink_column_t *self)
{
    return self->kernel->shape == INK_SHAPE_CELLS;
}

static size_t
items_size (const ink_column_t *self, const ink_msg_span_t *span)
{
    ink_part_t part = {span->offset, span->length};
    return (size_t) ink_answer_bytes (self->kernel, &self->args, part);
}

//  The items of all spans of the value, the last one being there, too.
static ink_payload_t *
copy_items (const ink_column_t *self, const ink_msg_span_t *last)
{
    check_fence (self);
    size_t size = self->filled + items_size (self, last);
    ink_payload_t *payload = ink_payload_new (size);
    if (payload)
        memcpy (ink_payload_data (payload), self->cells, size);
    return payload;
}

void
ink_column_pass (ink_column_t *self, const ink_msg_span_t *span)
{
    if (is_side_by_side (self))
        self->filled += items_size (self, span);
}

ink_payload_t *
ink_column_pack_sample (ink_column_t *self, const ink_msg_span_t *span)
{
    return is_side_by_side (self) ? copy_items (self, span)
                                  : ink_column_pack (self, span);
}

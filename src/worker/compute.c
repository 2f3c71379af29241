//  compute.c: works off a lease, slice by slice.

#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "inkling/error.h"
#include "worker/column.h"
#include "worker/compute.h"
#include "worker/shelf.h"
#include "worker/terms.h"

#define SLICE_MOST ((size_t) 256 << 10)
#define SLICE_LEAST ((size_t) 4 << 10)
#define SLICE_NS 5000000

#define KERNELS_COUNTED 256

struct ink_compute {
    const ink_roots_t *roots;
    uint64_t instance;
    ink_compute_emit_t *emit;
    void *emit_self;

    ink_shelf_t shelf;     //  Of sources
    uint64_t epoch, lease; //  The one we are in; 0: none
    int error;             //  Of the rest of it
    ink_source_t *source;  //  On the shelf; NULL when no kernel reads
    ink_source_t *other;   //  The same of the second; NULL for none
    ink_column_t columns[INK_KERNELS_MOST];
    size_t column_count;
    bool reads;
    ink_reach_t reach; //  The largest of the kernels
    size_t cell_bytes; //  The same
    size_t span;
    uint64_t position; //  Of the next slice, in the source

    uint8_t *buffer, *other_buffer;
    size_t buffer_size;
    ink_msg_speed_t speeds[KERNELS_COUNTED];
    int64_t paces[KERNELS_COUNTED];
    uint64_t paced[KERNELS_COUNTED]; //  With which parameters
    size_t speed_count;
};

ink_compute_t *
ink_compute_new (const ink_roots_t *roots, uint64_t instance, ink_compute_emit_t *emit,
                 void *emit_self)
{
    ink_compute_t *self = calloc (1, sizeof *self);
    if (self) {
        self->roots = roots;
        self->instance = instance;
        self->emit = emit;
        self->emit_self = emit_self;
    }
    return self;
}

void
ink_compute_destroy (ink_compute_t **self_p)
{
    ink_compute_t *self = *self_p;
    if (!self)
        return;
    ink_shelf_clear (&self->shelf);
    for (size_t k = 0; k < INK_KERNELS_MOST; k++)
        ink_column_free (&self->columns[k]);
    free (self->buffer);
    free (self->other_buffer);
    free (self);
    *self_p = NULL;
}

const ink_msg_speed_t *
ink_compute_speeds (const ink_compute_t *self, size_t *size)
{
    *size = self->speed_count;
    return self->speeds;
}

static ink_msg_speed_t *
speed_of (ink_compute_t *self, const char *kernel)
{
    for (size_t n = 0; n < self->speed_count; n++)
        if (strcmp (self->speeds[n].kernel, kernel) == 0)
            return &self->speeds[n];
    if (self->speed_count == KERNELS_COUNTED)
        return &self->speeds[0];
    self->speeds[self->speed_count].kernel = kernel;
    return &self->speeds[self->speed_count++];
}

//  ---------------------------------------------------------------------------------------
//  Beginning a lease

static int
open_sources (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    const ink_msg_file_t file = {.source = lease->source,
                                 .device = lease->device,
                                 .inode = lease->inode,
                                 .size = lease->size,
                                 .mtime_ns = lease->mtime_ns,
                                 .ctime_ns = lease->ctime_ns};
    int rc = ink_shelf_open (&self->shelf, self->roots, &file, &self->source);
    if (rc == INK_OK && lease->others.size)
        rc =
            ink_shelf_open (&self->shelf, self->roots, lease->others.items, &self->other);
    return rc;
}

static int
set_column (ink_compute_t *self, ink_column_t *column, const ink_msg_lease_t *lease,
            size_t k)
{
    int rc = ink_column_set (column, lease, k);
    if (rc)
        return rc;
    column->speed = speed_of (self, column->kernel->name);
    size_t row = (size_t) (column->speed - self->speeds);
    column->pace = &self->paces[row];
    uint64_t asked = XXH3_64bits (&column->args, sizeof column->args);
    if (self->paced[row] != asked)
        *column->pace = 0; //  With other parameters it may be slow
    self->paced[row] = asked;
    if (column->geometry.lookback > self->reach.lookback)
        self->reach.lookback = column->geometry.lookback;
    if (column->geometry.lookahead > self->reach.lookahead)
        self->reach.lookahead = column->geometry.lookahead;
    if (column->kernel->shape == INK_SHAPE_CELLS &&
        column->geometry.cell_bytes > self->cell_bytes)
        self->cell_bytes = column->geometry.cell_bytes;
    self->reads |= !(column->kernel->flags & INK_KERNEL_UNREAD);
    return INK_OK;
}

static int
make_buffer (uint8_t **buffer, size_t size)
{
    free (*buffer);
    *buffer = malloc (size);
    return *buffer ? INK_OK : INK_ENOMEM;
}

static int
make_room (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    size_t slice = self->cell_bytes > SLICE_MOST ? self->cell_bytes : SLICE_MOST;
    bool large = self->buffer_size >= slice + 2 * INK_KERNEL_REACH;
    if (!large)
        self->buffer_size = slice + 2 * INK_KERNEL_REACH;
    int rc = INK_OK;
    if (!large || !self->buffer)
        rc = make_buffer (&self->buffer, self->buffer_size);
    if (rc == INK_OK && lease->others.size && (!large || !self->other_buffer))
        rc = make_buffer (&self->other_buffer, self->buffer_size);
    return rc;
}

//  The pieces of a sample lie far apart, and a disk would be asked for one after the other.
static void
announce (const ink_source_t *source, const ink_msg_lease_t *lease)
{
    for (size_t n = 0; n < lease->spans.size; n++)
        ink_source_announce (source, lease->spans.items[n].offset,
                             lease->spans.items[n].length);
}

static int
begin_lease (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    self->epoch = lease->epoch;
    self->lease = lease->lease;
    self->column_count = 0;
    self->span = 0;
    self->reach = (ink_reach_t){0};
    self->cell_bytes = 1;
    self->reads = false;
    self->source = self->other = NULL;
    for (size_t k = 0; k < lease->kernels.size; k++) {
        int rc = set_column (self, &self->columns[self->column_count++], lease, k);
        if (rc)
            return rc;
    }
    int rc = make_room (self, lease);
    if (rc == INK_OK && self->reads)
        rc = open_sources (self, lease);
    if (rc == INK_OK && self->source && lease->fold)
        announce (self->source, lease);
    return rc;
}

static int
begin_value (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    int rc = INK_OK;
    for (size_t k = 0; rc == INK_OK && k < self->column_count; k++)
        rc = ink_column_begin (&self->columns[k], lease, self->span, k);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Slices

//  As much as takes SLICE_NS for all kernels together. A kernel that was never seen gets
//  little at first: it may be slow.
static size_t
slice_size (const ink_compute_t *self)
{
    int64_t pace = 0;
    size_t slice = SLICE_MOST;
    for (size_t k = 0; k < self->column_count; k++) {
        pace += *self->columns[k].pace;
        if (!*self->columns[k].pace)
            slice = SLICE_LEAST;
    }
    while (slice > SLICE_LEAST && (int64_t) slice * pace / 1000 > SLICE_NS)
        slice /= 2;
    return slice > self->cell_bytes ? slice : self->cell_bytes;
}

//  Ends at a multiple of the slice size, so that no cell is cut.
static size_t
slice_length (const ink_compute_t *self, uint64_t left)
{
    size_t slice = slice_size (self);
    uint64_t length = slice - self->position % slice;
    return (size_t) (length < left ? length : left);
}

//  How many bytes the second source has from there on, of `size`.
static size_t
other_bytes (const ink_compute_t *self, uint64_t offset, uint64_t size)
{
    uint64_t end = ink_source_identity (self->other)->size;
    if (offset >= end)
        return 0;
    return (size_t) (size < end - offset ? size : end - offset);
}

//  The bytes of a slice, with those before and behind it.
static int
read_slice (ink_compute_t *self, ink_reach_t seen, size_t length)
{
    uint64_t from = self->position - seen.lookback;
    size_t size = seen.lookback + length + seen.lookahead;
    int rc = ink_source_read (self->source, from, self->buffer, size);
    size_t other = self->other ? other_bytes (self, from, size) : 0;
    if (rc == INK_OK && other)
        rc = ink_source_read (self->other, from, self->other_buffer, other);
    return rc;
}

static int
map_slice (ink_compute_t *self, const ink_msg_lease_t *lease, const ink_msg_span_t *span)
{
    size_t length = slice_length (self, span->offset + span->length - self->position);
    ink_part_t piece = {self->position, length};
    ink_reach_t seen = ink_terms_sight (lease, span, piece, self->reach);
    int64_t before = ink_clock_ns ();
    if (self->reads) {
        int rc = read_slice (self, seen, length);
        if (rc)
            return rc;
    }
    for (size_t k = 0; k < self->column_count; k++) {
        ink_column_t *column = &self->columns[k];
        bool unread = column->kernel->flags & INK_KERNEL_UNREAD;
        ink_reach_t own = ink_terms_sight (lease, span, piece, ink_column_reach (column));
        ink_slice_t slice = {.bytes = unread ? NULL : self->buffer + seen.lookback,
                             .length = length,
                             .lookback = own.lookback,
                             .lookahead = own.lookahead,
                             .offset = self->position,
                             .args = &column->args};
        if (self->other) {
            slice.other = self->other_buffer + seen.lookback;
            slice.other_length =
                other_bytes (self, self->position, length + slice.lookahead);
        }
        int rc = ink_column_map (column, &slice, span->offset);
        if (rc)
            return rc;
        int64_t after = ink_clock_ns ();
        column->busy_ns += after - before; //  The first one pays for reading
        *column->pace = (after - before) * 1000 / (int64_t) length + 1;
        before = after;
    }
    self->position += length;
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Values: one of each span, or, of a sample, one of so many spans as are folded

static uint64_t
checksum (ink_payload_t *payload)
{
    return XXH3_64bits (ink_payload_data (payload), ink_payload_size (payload));
}

static int
emit_value (ink_compute_t *self, const ink_msg_lease_t *lease, size_t k)
{
    ink_column_t *column = &self->columns[k];
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    int64_t began = ink_clock_ns ();
    ink_payload_t *payload = ink_column_pack (column, span);
    if (!payload)
        return INK_ENOMEM;
    ink_msg_t msg = ink_terms_value (self->instance, lease, self->span, k);
    ink_part_t part = {span->offset, span->length};
    ink_reach_t seen = ink_terms_sight (lease, span, part, ink_column_reach (column));
    msg.value.lookback = seen.lookback;
    msg.value.lookahead = seen.lookahead;
    msg.value.checksum = checksum (payload);
    column->busy_ns += ink_clock_ns () - began;
    msg.value.busy_ns = (uint64_t) column->busy_ns;
    column->speed->chunks++;
    column->speed->bytes += span->length;
    column->speed->busy_ns += (uint64_t) column->busy_ns;
    self->emit (self->emit_self, &msg, &payload);
    return INK_OK;
}

//  A span may be revoked while we are in it, or while its values are sent.
static bool
is_wanted (const ink_compute_t *self, const ink_msg_lease_t *lease)
{
    return lease->spans.items[self->span].length > 0;
}

static int
emit_sample (ink_compute_t *self, const ink_msg_lease_t *lease, size_t k)
{
    ink_column_t *column = &self->columns[k];
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    ink_payload_t *payload = ink_column_pack_sample (column, span);
    if (!payload)
        return INK_ENOMEM;
    ink_msg_t msg = ink_terms_sample (self->instance, lease,
                                      ink_terms_first (lease, self->span), self->span, k);
    msg.sample.checksum = checksum (payload);
    msg.sample.busy_ns = (uint64_t) column->busy_ns;
    self->emit (self->emit_self, &msg, &payload);
    return INK_OK;
}

//  Every value still owed is one error.
static void
emit_errors (ink_compute_t *self, const ink_msg_lease_t *lease, int error)
{
    size_t first = ink_terms_first (lease, self->span);
    for (; self->span < lease->spans.size; self->span++) {
        if (!ink_terms_end_value (lease, self->span))
            continue;
        for (size_t k = 0; k < lease->kernels.size && is_wanted (self, lease); k++) {
            ink_msg_t msg =
                lease->fold
                    ? ink_terms_sample (self->instance, lease, first, self->span, k)
                    : ink_terms_value (self->instance, lease, self->span, k);
            *(lease->fold ? &msg.sample.error : &msg.value.error) = (uint64_t) error;
            self->emit (self->emit_self, &msg, NULL);
        }
        first = self->span + 1;
    }
}

//  The values are given away only when the source is still what it was.
static int
finish_span (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    int rc = INK_OK;
    if (ink_terms_end_value (lease, self->span)) {
        rc = self->source ? ink_source_check (self->source) : INK_OK;
        if (rc == INK_OK && self->other)
            rc = ink_source_check (self->other);
        for (size_t k = 0;
             rc == INK_OK && k < self->column_count && is_wanted (self, lease); k++)
            rc = lease->fold ? emit_sample (self, lease, k) : emit_value (self, lease, k);
    } else
        for (size_t k = 0; k < self->column_count; k++)
            ink_column_pass (&self->columns[k], &lease->spans.items[self->span]);
    if (rc == INK_OK)
        self->span++;
    return rc;
}

//  Goes to the next span that is wanted, if this one is not. False when there is none.
static bool
find_span (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    while (self->span < lease->spans.size && !is_wanted (self, lease))
        if (++self->span < lease->spans.size)
            self->position = lease->spans.items[self->span].offset;
    return self->span < lease->spans.size;
}

static int
go_on (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    int rc = INK_OK;
    if (self->lease != lease->lease || self->epoch != lease->epoch) {
        rc = begin_lease (self, lease);
        self->position = lease->spans.items[0].offset;
    }
    if (!find_span (self, lease))
        return INK_OK;
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    if (rc == INK_OK && self->position == span->offset &&
        ink_terms_first (lease, self->span) == self->span)
        rc = begin_value (self, lease);
    if (rc == INK_OK)
        rc = map_slice (self, lease, span);
    if (rc == INK_OK && self->position == span->offset + span->length) {
        rc = finish_span (self, lease);
        if (self->span < lease->spans.size)
            self->position = lease->spans.items[self->span].offset;
    }
    return rc;
}

bool
ink_compute_slice (ink_compute_t *self, const ink_msg_lease_t *lease)
{
    if (!ink_terms_are_workable (lease))
        return true; //  Nothing that could be answered: the lease will end at its deadline
    int rc = go_on (self, lease);
    if (rc)
        emit_errors (self, lease, rc);
    bool done = self->span >= lease->spans.size;
    if (done)
        self->lease = 0;
    return done;
}

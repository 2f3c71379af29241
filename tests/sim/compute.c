//  compute.c: how a worker works off a lease in virtual time.
//
//  Each piece of up to 4 KiB is read at the moment its slice ends, from what the source is
//  then; identities are compared at the beginning and behind the last piece of a span.

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "care.h"
#include "compute.h"
#include "faults.h"
#include "harm.h"
#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "sources.h"
#include "value/answer.h"

#define PIECE 4096
#define SLICE_MOST_US 100000 //  Of a slow worker: it is heard between

static uint64_t
least (uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool
is_now (const source_t *source, const ink_identity_t *then)
{
    if (!source)
        return false;
    const ink_identity_t *now = &source_now (source)->identity;
    return now->inode == then->inode && now->size == then->size &&
           now->mtime_ns == then->mtime_ns && now->ctime_ns == then->ctime_ns;
}

//  Whether the sources are still what they were when the lease was given.
static bool
is_unchanged (world_t *world, const ink_msg_lease_t *lease)
{
    bool is = is_now (sources_find (world->sources, lease->source),
                      &(ink_identity_t){.inode = lease->inode,
                                        .size = lease->size,
                                        .mtime_ns = lease->mtime_ns,
                                        .ctime_ns = lease->ctime_ns});
    for (size_t n = 0; n < lease->others.size; n++) {
        const ink_msg_file_t *file = &lease->others.items[n];
        is &= is_now (sources_find (world->sources, file->source),
                      &(ink_identity_t){.inode = file->inode,
                                        .size = file->size,
                                        .mtime_ns = file->mtime_ns,
                                        .ctime_ns = file->ctime_ns});
    }
    return is;
}

void
compute_add_other (world_t *world, const ink_msg_lease_t *lease, ink_slice_t *slice)
{
    if (!lease->others.size)
        return;
    const version_t *version =
        source_now (sources_find (world->sources, lease->others.items[0].source));
    uint64_t size = version->identity.size;
    uint64_t there = slice->offset < size ? size - slice->offset : 0;
    slice->other = version->bytes + (there ? slice->offset : size);
    slice->other_length = (size_t) least (there, slice->length + slice->lookahead);
}

void
compute_args (const ink_kernel_t *kernel, const ink_msg_kernel_t *msg, ink_args_t *args)
{
    ink_why_t why;
    ink_args_init (args, kernel);
    for (size_t n = 0; n < msg->params.size; n++) {
        const ink_msg_param_t *param = &msg->params.items[n];
        assert (ink_args_set (args, kernel, param->name, param->value, param->text,
                              &why) == INK_OK);
    }
}

//  What a kernel sees of the range of the request around a piece of it.
ink_reach_t
compute_sight (const ink_msg_lease_t *lease, const ink_msg_span_t *span,
               const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t piece)
{
    uint64_t begin = lease->fold ? span->offset : lease->begin;
    uint64_t end = lease->fold ? span->offset + span->length : lease->end;
    ink_geometry_t geometry = {0};
    kernel->geometry (args, &geometry);
    return (ink_reach_t){
        (uint32_t) least (geometry.lookback, piece.offset - begin),
        (uint32_t) least (geometry.lookahead, end - piece.offset - piece.length)};
}

//  ---------------------------------------------------------------------------------------
//  Beginning

static uint64_t
piece_of (const sim_worker_t *self, const ink_msg_span_t *span)
{
    return least (PIECE - self->position % PIECE,
                  span->offset + span->length - self->position);
}

//  Samples are folded: so many spans make one value.
static size_t
first_span (const sim_worker_t *self, const ink_msg_lease_t *lease)
{
    return lease->fold ? self->span - self->span % lease->fold : self->span;
}

static bool
ends_value (const sim_worker_t *self, const ink_msg_lease_t *lease)
{
    return !lease->fold || self->span + 1 == lease->spans.size ||
           (self->span + 1) % lease->fold == 0;
}

//  For counts, or the items of all spans of the value that begins here.
static size_t
room_of (const ink_kernel_t *kernel, const ink_args_t *args, const sim_worker_t *self,
         const ink_msg_lease_t *lease)
{
    size_t room = 0, spans = lease->fold ? lease->fold : 1;
    for (size_t n = self->span; n < lease->spans.size && n < self->span + spans; n++) {
        size_t more = ink_value_room (kernel, args, lease->spans.items[n].length);
        room = kernel->shape == INK_SHAPE_CELLS ? room + more : more;
    }
    return room;
}

static void
begin_records (sim_worker_t *self, size_t k, const ink_kernel_t *kernel,
               const ink_args_t *args, const ink_msg_span_t *span)
{
    ink_geometry_t geometry = {0};
    kernel->geometry (args, &geometry);
    if (!self->gather[k])
        self->gather[k] = ink_gather_new ();
    ink_gather_begin (self->gather[k], &geometry,
                      (ink_part_t){span->offset, span->length});
}

static void
take_state (sim_worker_t *self, const ink_msg_lease_t *lease, size_t k, size_t room)
{
    memset (self->cells[k], 0, room);
    if (k < lease->states.size && lease->states.items[k].words.size)
        memcpy (self->cells[k], lease->states.items[k].words.items, room);
}

static void
begin_span (sim_worker_t *self, const ink_msg_lease_t *lease)
{
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    self->position = span->offset;
    if (first_span (self, lease) != self->span)
        return;
    self->busy_ns = self->owed_ns = 0;
    if (!span->length)
        return;
    for (size_t k = 0; k < lease->kernels.size; k++) {
        ink_args_t args;
        const ink_kernel_t *kernel = ink_kernels_find (lease->kernels.items[k].name);
        compute_args (kernel, &lease->kernels.items[k], &args);
        if (kernel->shape == INK_SHAPE_RECORDS) {
            begin_records (self, k, kernel, &args, span);
            continue;
        }
        size_t room = room_of (kernel, &args, self, lease);
        self->filled[k] = 0;
        if (room > self->room[k]) {
            free (self->cells[k]);
            self->cells[k] = malloc (room);
            self->room[k] = room;
        }
        if (kernel->shape != INK_SHAPE_CHAIN)
            memset (self->cells[k], 0, room);
        else if (self->span == 0)
            take_state (self, lease, k, room);
    }
}

static void
begin_lease (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease)
{
    self->epoch = lease->epoch;
    self->lease = lease->lease;
    self->span = 0;
    self->owed_ns = 0;
    self->error = is_unchanged (world, lease) ? INK_OK : INK_ECHANGED;
    begin_span (self, lease);
}

//  Goes to the next span that was not revoked.
static void
pass_over (sim_worker_t *self, const ink_msg_lease_t *lease)
{
    while (self->span < lease->spans.size && !lease->spans.items[self->span].length)
        if (++self->span < lease->spans.size)
            begin_span (self, lease);
}

static int64_t
cost_of (const sim_worker_t *self, const ink_msg_lease_t *lease, uint64_t length)
{
    return (int64_t) (length * lease->kernels.size) * self->ns_a_byte * self->slowness +
           10000;
}

int64_t
compute_begin_slice (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease)
{
    if (self->lease != lease->lease || self->epoch != lease->epoch)
        begin_lease (world, self, lease);
    pass_over (self, lease);
    if (self->error || self->span == lease->spans.size)
        return 1;
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    uint64_t length = lease->care ? span->length : piece_of (self, span);
    const source_t *source = sources_find (world->sources, lease->source);
    bool is_safe = lease->care == INK_CARE_ISOLATED && !source->poison_is_deadly;
    if (!is_safe && source_is_poisoned (source, self->position, length)) {
        harm_crash (world, self);
        return 0;
    }
    if (!self->owed_ns)
        self->owed_ns = cost_of (self, lease, length);
    int64_t ns = (int64_t) least ((uint64_t) self->owed_ns, SLICE_MOST_US * 1000);
    self->owed_ns -= ns;
    self->busy_ns += ns;
    return 1 + ns / 1000;
}

//  ---------------------------------------------------------------------------------------
//  Mapping

static void
map (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease, size_t k,
     uint64_t length)
{
    const version_t *version = source_now (sources_find (world->sources, lease->source));
    const ink_kernel_t *kernel = ink_kernels_find (lease->kernels.items[k].name);
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    ink_args_t args;
    compute_args (kernel, &lease->kernels.items[k], &args);
    ink_geometry_t geometry = {0};
    kernel->geometry (&args, &geometry);
    bool unread = kernel->flags & INK_KERNEL_UNREAD;
    ink_part_t piece = {self->position, length};
    ink_reach_t seen = compute_sight (lease, span, kernel, &args, piece);
    ink_slice_t slice = {.bytes = unread ? NULL : version->bytes + self->position,
                         .length = (size_t) length,
                         .lookback = seen.lookback,
                         .lookahead = seen.lookahead,
                         .offset = self->position,
                         .args = &args};
    compute_add_other (world, lease, &slice);
    if (kernel->shape == INK_SHAPE_RECORDS) {
        if (ink_gather_map (self->gather[k], kernel, &slice))
            abort ();
        return;
    }
    uint8_t *cells = (uint8_t *) self->cells[k];
    if (kernel->shape == INK_SHAPE_CELLS)
        cells += self->filled[k] + (self->position / geometry.cell_bytes -
                                    span->offset / geometry.cell_bytes) *
                                       geometry.cell_size;
    kernel->map (&slice, cells);
}

static int
map_piece (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease)
{
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    const version_t *version = source_now (sources_find (world->sources, lease->source));
    uint64_t length = piece_of (self, span);
    if (self->position + length > version->identity.size ||
        lease->end > version->identity.size)
        return INK_ECHANGED;
    for (size_t k = 0; k < lease->kernels.size; k++)
        map (world, self, lease, k, length);
    self->position += length;
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Values

sim_value_t *
compute_add_value (sim_worker_t *self, const ink_msg_lease_t *lease, size_t span,
                   size_t k)
{
    sim_value_t *value = &self->unsent[self->unsent_size++];
    *value = (sim_value_t){.msg.kind = INK_MSG_VALUE};
    memcpy (value->series, lease->series.items[k].key, 16);
    ink_msg_value_t *msg = &value->msg.value;
    msg->epoch = lease->epoch;
    msg->worker = self->instance;
    msg->lease = lease->lease;
    msg->slot = span * lease->kernels.size + k;
    msg->series = value->series;
    msg->offset = lease->spans.items[span].offset;
    msg->length = lease->spans.items[span].length;
    return value;
}

static sim_value_t *
add_sample (sim_worker_t *self, const ink_msg_lease_t *lease, size_t k)
{
    size_t first = first_span (self, lease);
    sim_value_t *value = &self->unsent[self->unsent_size++];
    *value = (sim_value_t){.msg.kind = INK_MSG_SAMPLE};
    memcpy (value->series, lease->series.items[k].key, 16);
    ink_msg_sample_t *msg = &value->msg.sample;
    msg->epoch = lease->epoch;
    msg->worker = self->instance;
    msg->lease = lease->lease;
    msg->slot = first / lease->fold * lease->kernels.size + k;
    msg->handle = lease->handle;
    msg->series = value->series;
    msg->spans.size = self->span - first + 1;
    msg->spans.items = value->spans;
    assert (msg->spans.size <= SIM_FOLD_MOST);
    memcpy (value->spans, lease->spans.items + first,
            msg->spans.size * sizeof *value->spans);
    return value;
}

uint64_t
sim_value_lease (const sim_value_t *value)
{
    return value->msg.kind == INK_MSG_SAMPLE ? value->msg.sample.lease
                                             : value->msg.value.lease;
}

static void
pack (sim_worker_t *self, const ink_msg_lease_t *lease, size_t k)
{
    const ink_kernel_t *kernel = ink_kernels_find (lease->kernels.items[k].name);
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    ink_part_t part = {span->offset, span->length};
    ink_args_t args;
    compute_args (kernel, &lease->kernels.items[k], &args);
    if (kernel->settle)
        kernel->settle (&args, self->cells[k]);
    const void *cells = kernel->shape == INK_SHAPE_RECORDS ? (void *) self->gather[k]
                                                           : (void *) self->cells[k];
    ink_value_shape_t shape = ink_value_measure (kernel, &args, cells, part);
    if (lease->fold && kernel->shape == INK_SHAPE_CELLS)
        shape.size += self->filled[k];
    sim_value_t *value = lease->fold ? add_sample (self, lease, k)
                                     : compute_add_value (self, lease, self->span, k);
    value->payload = ink_payload_new (shape.size);
    ink_value_pack (&shape, kernel, &args, cells, ink_payload_data (value->payload));
    if (lease->fold) {
        value->msg.sample.checksum =
            XXH3_64bits (ink_payload_data (value->payload), shape.size);
        return;
    }
    ink_msg_value_t *msg = &value->msg.value;
    ink_reach_t seen = compute_sight (lease, span, kernel, &args, part);
    msg->lookback = seen.lookback;
    msg->lookahead = seen.lookahead;
    msg->checksum = XXH3_64bits (ink_payload_data (value->payload), shape.size);
    msg->busy_ns = (uint64_t) self->busy_ns / lease->kernels.size;
}

//  The span is one of several of a sample.
static void
fill (sim_worker_t *self, const ink_msg_lease_t *lease, size_t k)
{
    const ink_kernel_t *kernel = ink_kernels_find (lease->kernels.items[k].name);
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    ink_args_t args;
    compute_args (kernel, &lease->kernels.items[k], &args);
    if (kernel->shape == INK_SHAPE_CELLS)
        self->filled[k] +=
            ink_answer_bytes (kernel, &args, (ink_part_t){span->offset, span->length});
}

//  Every value still owed is one error; those of one span at a time fit into `unsent`.
static void
owe_errors (sim_worker_t *self, const ink_msg_lease_t *lease)
{
    while (!ends_value (self, lease))
        self->span++;
    for (size_t k = 0; k < lease->kernels.size; k++)
        if (lease->fold)
            add_sample (self, lease, k)->msg.sample.error = (uint64_t) self->error;
        else
            compute_add_value (self, lease, self->span, k)->msg.value.error =
                (uint64_t) self->error;
    self->span++;
}

void
compute_end_slice (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease)
{
    if (self->span == lease->spans.size || !lease->spans.items[self->span].length)
        return;
    const ink_msg_span_t *span = &lease->spans.items[self->span];
    if (self->error) {
        owe_errors (self, lease);
        return;
    }
    if (self->owed_ns)
        return; //  A slow one needs more slices for this piece
    self->error =
        lease->care ? care_compute (world, self, lease) : map_piece (world, self, lease);
    if (!self->error && self->position < span->offset + span->length)
        return;
    if (!self->error && !is_unchanged (world, lease))
        self->error = INK_ECHANGED;
    if (!self->error && !lease->care && world_luck (world, world->faults->read_errors))
        self->error = INK_EIO;
    if (self->error) {
        owe_errors (self, lease);
        return;
    }
    self->parts += !lease->fold;
    self->samples += lease->fold > 0;
    if (lease->care)
        care_pack (self, lease);
    bool packs = !lease->care && ends_value (self, lease);
    for (size_t k = 0; !lease->care && k < lease->kernels.size; k++)
        if (packs)
            pack (self, lease, k);
        else
            fill (self, lease, k);
    if (++self->span < lease->spans.size)
        begin_span (self, lease);
}

//  ---------------------------------------------------------------------------------------
//  Sending, and lying

static void
send (world_t *world, sim_worker_t *self, sim_value_t *value)
{
    world_note_message (world, &self->process, '>', &value->msg);
    (void) link_send (world, self->values, WAY_UP, &value->msg, value->payload, 100000);
}

static void
remember (world_t *world, sim_worker_t *self, const sim_value_t *value)
{
    bool older = self->old.msg.value.epoch != value->msg.value.epoch;
    if (!value->payload || value->msg.value.failures.size ||
        (self->old.payload && (older || !world_luck (world, 20))))
        return; //  What is of another epoch is kept
    ink_payload_destroy (&self->old.payload);
    size_t size = ink_payload_size (value->payload);
    self->old = *value;
    self->old.payload = ink_payload_new (size);
    memcpy (ink_payload_data (self->old.payload), ink_payload_data (value->payload),
            size);
}

static void
spoil (world_t *world, sim_worker_t *self, sim_value_t *value, lie_t lie)
{
    ink_msg_value_t *msg = &value->msg.value;
    size_t size = ink_payload_size (value->payload);
    uint8_t *bytes = ink_payload_data (value->payload);
    if (lie == LIE_WRONG_BYTES)
        bytes[world_draw (world, size)] ^= 0x55;
    else if (lie == LIE_TRUNCATED) {
        ink_payload_t *shorter = ink_payload_new (size - 1);
        memcpy (ink_payload_data (shorter), bytes, size - 1);
        ink_payload_destroy (&value->payload);
        value->payload = shorter;
        msg->checksum = XXH3_64bits (ink_payload_data (shorter), size - 1);
    } else if (lie == LIE_NO_PAYLOAD)
        ink_payload_destroy (&value->payload);
    else if (lie == LIE_ABSURD_TIME)
        msg->busy_ns = UINT64_MAX / (1 + world_draw (world, 2000));
    else if (lie == LIE_ABSURD_ERROR)
        msg->error = world_luck (world, 50) ? UINT32_MAX : 1000;
    (void) self;
}

static void
say_more (world_t *world, sim_worker_t *self, const sim_value_t *value, lie_t lie)
{
    sim_value_t more = *value;
    more.msg.value.series = more.series;
    if (lie == LIE_STALE) {
        if (!self->old.payload)
            return;
        more = self->old;
        more.msg.value.series = more.series;
        if (more.msg.value.epoch !=
            value->msg.value.epoch) { //  Numbers may meet by chance
            more.msg.value.lease = value->msg.value.lease;
            more.msg.value.slot = value->msg.value.slot;
        }
    } else if (lie == LIE_OTHER_LEASE)
        more.msg.value.lease += world_luck (world, 50) ? 1 : 1000000;
    else if (lie == LIE_OTHER_SLOT)
        more.msg.value.slot += 100000;
    send (world, self, &more);
}

static void
say_stopped (world_t *world, sim_worker_t *self, uint64_t lease)
{
    ink_msg_t msg = {.kind = INK_MSG_STOPPED};
    msg.stopped.instance = self->instance;
    msg.stopped.lease = lease + 1;
    world_note_message (world, &self->process, '>', &msg);
    (void) link_send (world, self->back, WAY_UP, &msg, NULL, 100000);
}

//  Of a sample, the bytes are wrong, or it comes twice, or is nothing.
static void
send_sample (world_t *world, sim_worker_t *self, sim_value_t *value)
{
    ink_msg_sample_t *msg = &value->msg.sample;
    msg->series = value->series;
    msg->spans.items = value->spans;
    if (value->payload && world_luck (world, self->lies)) {
        harm_lied (world, self);
        size_t size = ink_payload_size (value->payload);
        uint8_t *bytes = ink_payload_data (value->payload);
        uint64_t lie = world_draw (world, 5);
        world_note (world, &self->process, '!', "lies", "sample %llu", lie, 0, 0);
        if (lie == 0)
            bytes[world_draw (world, size)] ^= 0x55;
        else if (lie == 1)
            send (world, self, value);
        else if (lie == 2)
            ink_payload_destroy (&value->payload);
        else if (lie == 3)
            msg->slot += world_luck (world, 50) ? 1 : 100000;
        else
            msg->lease += world_luck (world, 50) ? 1 : 1000000;
    }
    send (world, self, value);
}

void
compute_send (world_t *world, sim_worker_t *self, sim_value_t *value)
{
    if (value->msg.kind == INK_MSG_SAMPLE) {
        send_sample (world, self, value);
        return;
    }
    value->msg.value.series = value->series;
    remember (world, self, value);
    lie_t lie = LIE_NOT;
    if (value->payload && world_luck (world, self->lies))
        lie = 1 + (lie_t) world_draw (world, LIES - 1);
    if (lie) {
        harm_lied (world, self);
        world_note (world, &self->process, '!', "lies", "kind %llu", lie, 0, 0);
    }
    bool instead =
        lie == LIE_STALE && self->old.msg.value.epoch != value->msg.value.epoch;
    if (lie >= LIE_DOUBLED && lie <= LIE_STALE)
        say_more (world, self, value, lie);
    else if (lie == LIE_STOPPED)
        say_stopped (world, self, value->msg.value.lease);
    else if (lie)
        spoil (world, self, value, lie);
    if (!instead)
        send (world, self, value);
}

//  answer.c: what is known of one kernel over one range, and how values are merged.
//
//  Counts are kept as one table of totals, cells as the output itself, records in pieces, a
//  chain as its farthest state.

#include "value/answer.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "value/coarse.h"
#include "value/gather.h"
#include "value/records.h"

struct ink_answer {
    const ink_kernel_t *kernel;
    ink_geometry_t geometry; //  All that the parameters matter for here
    ink_part_t range;
    size_t size;
    void *output;  //  uint64_t [cells], the items of the range, or the state
    uint8_t *seen; //  A bit a cell of which something was merged; NULL: cannot be coarser
    ink_records_t *records; //  Instead
    ink_args_t args;        //  Of a chain
    uint64_t reach;         //  Of a chain: where the part ends that the state is behind
};

static ink_geometry_t
geometry_of (const ink_kernel_t *kernel, const ink_args_t *args)
{
    ink_geometry_t geometry = {0};
    kernel->geometry (args, &geometry);
    return geometry;
}

//  How many cells a part has bytes in; it has at least one byte.
static uint64_t
cells_of (const ink_geometry_t *geometry, ink_part_t part)
{
    uint64_t last = part.offset + part.length - 1;
    return last / geometry->cell_bytes - part.offset / geometry->cell_bytes + 1;
}

static ink_geometry_t
geometry_at (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t precision)
{
    ink_geometry_t geometry = geometry_of (kernel, args);
    if (precision)
        geometry.cell_bytes = precision;
    return geometry;
}

static uint64_t
output_size (const ink_kernel_t *kernel, const ink_geometry_t *geometry, ink_part_t part)
{
    if (kernel->shape == INK_SHAPE_COUNTS)
        return geometry->cells * sizeof (uint64_t);
    if (kernel->shape == INK_SHAPE_RECORDS)
        return ink_records_most (geometry, part.length);
    if (kernel->shape == INK_SHAPE_CHAIN)
        return geometry->cell_size;
    uint64_t cells = cells_of (geometry, part);
    return cells > UINT64_MAX / geometry->cell_size ? UINT64_MAX
                                                    : cells * geometry->cell_size;
}

//  ---------------------------------------------------------------------------------------
//  Answer

ink_reach_t
ink_value_reach (const ink_kernel_t *kernel, const ink_args_t *args)
{
    ink_geometry_t geometry = geometry_of (kernel, args);
    return (ink_reach_t){geometry.lookback, geometry.lookahead};
}

uint64_t
ink_answer_bytes_at (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range,
                     uint64_t precision)
{
    ink_geometry_t geometry = geometry_at (kernel, args, precision);
    return output_size (kernel, &geometry, range);
}

uint64_t
ink_answer_bytes (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range)
{
    return ink_answer_bytes_at (kernel, args, range, 0);
}

//  Not-a-number says that nothing is known of a cell: 0 would be a value.
static void
fill_unknown (const ink_kernel_t *kernel, void *items, size_t size)
{
    static const uint32_t not_a_number = 0x7fc00000;
    uint8_t *bytes = items;
    memset (items, 0, size);
    for (size_t at = 0; kernel->item == INK_ITEM_F32 && at < size; at += 4)
        memcpy (bytes + at, &not_a_number, sizeof not_a_number);
}

static bool
make_output (ink_answer_t *self, size_t size)
{
    if (self->kernel->shape == INK_SHAPE_RECORDS) {
        self->records = ink_records_new (&self->geometry, self->range);
        return self->records;
    }
    bool chain = self->kernel->shape == INK_SHAPE_CHAIN;
    self->size = size;
    self->output = ink_alloc (chain ? self->geometry.cells : size);
    if (self->kernel->coarsen)
        self->seen = ink_alloc (size / self->geometry.cell_size / 8 + 1);
    if (!self->output || (self->kernel->coarsen && !self->seen))
        return false;
    if (self->kernel->item == INK_ITEM_F32 && !chain) //  Else memory is zeros already
        fill_unknown (self->kernel, self->output, size);
    return true;
}

ink_answer_t *
ink_answer_new_at (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range,
                   uint64_t precision)
{
    uint64_t size = ink_answer_bytes_at (kernel, args, range, precision);
    assert (range.length > 0 && size <= INK_ANSWER_MOST);
    ink_answer_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->kernel = kernel;
    self->geometry = geometry_at (kernel, args, precision);
    self->range = range;
    self->args = *args;
    if (!make_output (self, (size_t) size))
        ink_answer_destroy (&self);
    return self;
}

ink_answer_t *
ink_answer_new (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range)
{
    return ink_answer_new_at (kernel, args, range, 0);
}

void
ink_answer_destroy (ink_answer_t **self_p)
{
    ink_answer_t *self = *self_p;
    if (!self)
        return;
    ink_free (self->output);
    ink_free (self->seen);
    ink_records_destroy (&self->records);
    ink_free (self);
    *self_p = NULL;
}

//  The number of its first cell within the output. Parts begin and end where cells do, or
//  with the range, so no two of them share a cell.
static uint64_t
place_of (const ink_answer_t *self, ink_part_t part)
{
    assert (part.offset >= self->range.offset);
    size_t bytes = self->geometry.cell_bytes;
    return part.offset / bytes - self->range.offset / bytes;
}

static uint8_t *
items_of (const ink_answer_t *self, ink_part_t part)
{
    return (uint8_t *) self->output + place_of (self, part) * self->geometry.cell_size;
}

static void
mark_seen (ink_answer_t *self, ink_part_t part)
{
    uint64_t place = place_of (self, part);
    uint64_t end = place + cells_of (&self->geometry, part);
    for (; self->seen && place < end; place++)
        if (place % 8 == 0 && end - place >= 8) {
            self->seen[place / 8] = 255;
            place += 7;
        } else
            self->seen[place / 8] |= (uint8_t) (1 << place % 8);
}

bool
ink_answer_is_state (const ink_answer_t *self, const void *value, size_t size)
{
    return self->kernel->shape == INK_SHAPE_CHAIN && size == self->geometry.cells &&
           self->kernel->sound (&self->args, value);
}

//  A state stands for all parts up to its own: the farthest is all there is to know.
static int
add_state (ink_answer_t *self, const void *state, size_t size, ink_part_t part)
{
    if (!ink_answer_is_state (self, state, size))
        return INK_EVALUE;
    if (part.offset + part.length <= self->reach)
        return INK_OK;
    memcpy (self->output, state, size);
    self->reach = part.offset + part.length;
    return INK_OK;
}

int
ink_answer_add (ink_answer_t *self, const void *value, size_t size, ink_part_t part)
{
    if (self->kernel->shape == INK_SHAPE_COUNTS)
        return ink_counts_add (value, size, self->output, self->geometry.cells);
    if (self->kernel->shape == INK_SHAPE_CHAIN)
        return add_state (self, value, size, part);

    assert (part.length > 0 && part.offset >= self->range.offset &&
            part.offset - self->range.offset <= self->range.length - part.length);
    if (self->records)
        return ink_records_add (self->records, value, size, part);
    if (size != output_size (self->kernel, &self->geometry, part))
        return INK_EVALUE;
    memcpy (items_of (self, part), value, size);
    mark_seen (self, part);
    return INK_OK;
}

const void *
ink_answer_state (const ink_answer_t *self, size_t *size)
{
    bool is_there = self->kernel->shape == INK_SHAPE_CHAIN && self->reach > 0;
    *size = is_there ? self->geometry.cells : 0;
    return is_there ? self->output : NULL;
}

size_t
ink_answer_size (const ink_answer_t *self)
{
    return self->records ? ink_records_size (self->records) : self->size;
}

void
ink_answer_write (const ink_answer_t *self, void *out)
{
    if (self->records)
        ink_records_write (self->records, out);
    else if (self->kernel->shape == INK_SHAPE_CHAIN)
        self->kernel->finish (&self->args, self->output, out);
    else
        memcpy (out, self->output, self->size);
}

//  ---------------------------------------------------------------------------------------
//  Coarser

//  How many bytes of the range are known in cell n of the source, which has that place in the
//  output.
static uint64_t
weight_of (const ink_answer_t *self, uint64_t n, uint64_t place)
{
    uint64_t bytes = self->geometry.cell_bytes, begin = n * bytes;
    uint64_t end = self->range.offset + self->range.length;
    if (!(self->seen[place / 8] >> place % 8 & 1))
        return 0;
    end = end - begin < bytes ? end : begin + bytes;
    return end - (begin < self->range.offset ? self->range.offset : begin);
}

//  Whether nothing is known of cells [place, end) of the output.
static bool
is_unseen (const ink_answer_t *self, uint64_t place, uint64_t end)
{
    for (; place < end; place++) {
        uint8_t byte = self->seen[place / 8];
        if (byte >> place % 8 & 1)
            return false;
        if (place % 8 == 0 && !byte)
            place += 7;
    }
    return true;
}

//  Makes the item of a cell of the source that is 2^doublings of the answer's own, and gives
//  how many of its bytes are known. Own cells are taken 16 at a time, and what comes of them, as
//  in the nodes above the chunks: so it is the same whether it was read there or made here.
static uint64_t
make_item (const ink_answer_t *self, unsigned doublings, uint64_t n, uint8_t *item)
{
    size_t size = self->geometry.cell_size, count = 0;
    unsigned step = (doublings - 1) % INK_COARSE_LEVEL + 1;
    unsigned left = doublings - step;
    uint64_t own = self->geometry.cell_bytes, first = self->range.offset / own;
    uint64_t last = (self->range.offset + self->range.length - 1) / own;
    uint8_t made[16 * INK_COARSE_ITEM], *items = made;
    uint64_t bytes[16], sum = 0;
    uint64_t from = n << doublings, to = (n + 1) << doublings;
    from = from < first ? first : from;
    to = to > last ? last + 1 : to;
    if (is_unseen (self, from - first, to - first)) {
        fill_unknown (self->kernel, item, size);
        return 0;
    }
    for (uint64_t m = n << step; m < (n + 1) << step; m++) {
        if (m < first >> left || m > last >> left)
            continue;
        if (!left && !count)
            items = (uint8_t *) self->output + (m - first) * size;
        bytes[count] = left ? make_item (self, left, m, made + count * size)
                            : weight_of (self, m, m - first);
        sum += bytes[count++];
    }
    if (sum)
        self->kernel->coarsen (items, bytes, count, item);
    else
        fill_unknown (self->kernel, item, size);
    return sum;
}

size_t
ink_answer_size_at (const ink_answer_t *self, uint64_t precision)
{
    ink_geometry_t geometry = self->geometry;
    if (self->records)
        return ink_records_size (self->records);
    if (precision)
        geometry.cell_bytes = precision;
    return (size_t) output_size (self->kernel, &geometry, self->range);
}

void
ink_answer_write_at (const ink_answer_t *self, uint64_t precision, void *out)
{
    unsigned doublings =
        precision ? ink_coarse_doublings (self->geometry.cell_bytes, precision) : 0;
    if (!doublings) {
        ink_answer_write (self, out);
        return;
    }
    assert (self->seen);
    size_t cells = ink_answer_size_at (self, precision) / self->geometry.cell_size;
    uint64_t first = self->range.offset / precision;
    for (size_t n = 0; n < cells; n++)
        make_item (self, doublings, first + n,
                   (uint8_t *) out + n * self->geometry.cell_size);
}

uint64_t
ink_answer_item_at (const ink_answer_t *self, uint64_t precision, uint64_t n, void *item)
{
    unsigned doublings = ink_coarse_doublings (self->geometry.cell_bytes, precision);
    if (doublings)
        return make_item (self, doublings, n, item);
    uint64_t place = n - self->range.offset / precision;
    size_t size = self->geometry.cell_size;
    memcpy (item, (uint8_t *) self->output + place * size, size);
    return weight_of (self, n, place);
}

//  What of the part fills cells of the answer; false when none.
static bool
clip (const ink_answer_t *self, ink_part_t *part)
{
    uint64_t bytes = self->geometry.cell_bytes, end = part->offset + part->length;
    uint64_t from = self->range.offset, to = from + self->range.length;
    if (part->offset < from)
        part->offset = from % bytes ? from - from % bytes + bytes : from;
    if (end > to)
        end = to - to % bytes;
    part->length = end > part->offset ? end - part->offset : 0;
    return part->length > 0;
}

//  Makes the items coarser on the way.
static int
add_finer (ink_answer_t *self, const uint8_t *items, size_t size, ink_part_t part,
           const ink_geometry_t *finer)
{
    ink_answer_t node = {.kernel = self->kernel,
                         .geometry = *finer,
                         .range = part,
                         .size = size,
                         .output = (void *) (uintptr_t) items};
    size_t coarse = ink_answer_size_at (&node, self->geometry.cell_bytes);
    uint8_t *out = ink_alloc (coarse);
    node.seen = ink_alloc (size / finer->cell_size / 8 + 1);
    int rc = out && node.seen ? INK_OK : INK_ENOMEM;
    if (rc == INK_OK) {
        mark_seen (&node, part);
        ink_answer_write_at (&node, self->geometry.cell_bytes, out);
        rc = ink_answer_add (self, out, coarse, part);
    }
    ink_free (out);
    ink_free (node.seen);
    return rc;
}

int
ink_answer_add_node (ink_answer_t *self, const void *value, size_t size, ink_part_t part,
                     uint64_t precision, uint64_t *merged)
{
    *merged = part.length;
    if (self->kernel->shape == INK_SHAPE_COUNTS)
        return ink_answer_add (self, value, size, part);
    ink_geometry_t finer = self->geometry;
    uint64_t begin = part.offset / precision;
    finer.cell_bytes = precision;
    if (size != output_size (self->kernel, &finer, part))
        return INK_EVALUE;
    bool fills = clip (self, &part);
    *merged = part.length;
    if (!fills)
        return INK_OK;
    const uint8_t *items =
        (const uint8_t *) value + (part.offset / precision - begin) * finer.cell_size;
    size = (size_t) output_size (self->kernel, &finer, part);
    if (precision == self->geometry.cell_bytes)
        return ink_answer_add (self, items, size, part);
    return add_finer (self, items, size, part, &finer);
}

//  ---------------------------------------------------------------------------------------
//  Known

size_t
ink_answer_extract_size (const ink_answer_t *self, ink_part_t part)
{
    if (self->kernel->shape == INK_SHAPE_COUNTS)
        return ink_counts_measure (self->output, self->geometry.cells, 8).size;
    if (self->records)
        return ink_records_extract_size (self->records, part);
    if (self->kernel->shape == INK_SHAPE_CHAIN)
        return self->geometry.cells;
    return (size_t) output_size (self->kernel, &self->geometry, part);
}

void
ink_answer_extract (const ink_answer_t *self, ink_part_t part, uint8_t *out)
{
    if (self->kernel->shape == INK_SHAPE_COUNTS) {
        size_t cells = self->geometry.cells;
        ink_packing_t packing = ink_counts_measure (self->output, cells, 8);
        ink_counts_pack (&packing, self->output, cells, 8, out);
    } else if (self->records)
        ink_records_extract (self->records, part, out);
    else if (self->kernel->shape == INK_SHAPE_CHAIN)
        memcpy (out, self->output, self->geometry.cells);
    else
        memcpy (out, items_of (self, part), ink_answer_extract_size (self, part));
}

//  ---------------------------------------------------------------------------------------
//  Value

ink_value_shape_t
ink_value_measure (const ink_kernel_t *kernel, const ink_args_t *args, const void *cells,
                   ink_part_t part)
{
    ink_geometry_t geometry = geometry_of (kernel, args);
    ink_value_shape_t shape = {.size = 0};
    if (kernel->shape == INK_SHAPE_COUNTS) {
        shape.packing = ink_counts_measure (cells, geometry.cells, 4);
        shape.size = shape.packing.size;
    } else if (kernel->shape == INK_SHAPE_RECORDS)
        shape.size = ink_gather_size (cells);
    else if (kernel->shape == INK_SHAPE_CHAIN)
        shape.size = geometry.cells;
    else
        shape.size = (size_t) output_size (kernel, &geometry, part);
    return shape;
}

void
ink_value_pack (const ink_value_shape_t *shape, const ink_kernel_t *kernel,
                const ink_args_t *args, const void *cells, uint8_t *out)
{
    if (kernel->shape == INK_SHAPE_COUNTS) {
        ink_geometry_t geometry = geometry_of (kernel, args);
        ink_counts_pack (&shape->packing, cells, geometry.cells, 4, out);
    } else if (kernel->shape == INK_SHAPE_RECORDS)
        ink_gather_pack (cells, out);
    else
        memcpy (out, cells, shape->size);
}

size_t
ink_value_room (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length)
{
    ink_geometry_t geometry = geometry_of (kernel, args);
    if (kernel->shape == INK_SHAPE_COUNTS)
        return geometry.cells * sizeof (uint32_t);
    if (kernel->shape == INK_SHAPE_RECORDS)
        return 0;
    if (kernel->shape == INK_SHAPE_CHAIN)
        return geometry.cells;
    //  The most cells are touched when the part begins with the last byte of one.
    ink_part_t part = {geometry.cell_bytes - 1, length};
    return (size_t) output_size (kernel, &geometry, part);
}

size_t
ink_value_most (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length)
{
    if (kernel->shape != INK_SHAPE_RECORDS)
        return ink_value_room (kernel, args, length) + INK_COUNTS_HEADER;
    ink_geometry_t geometry = geometry_of (kernel, args);
    return ink_gather_most (&geometry, length);
}

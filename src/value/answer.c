//  answer.c: what is known of one kernel over one range, and how values are merged.
//
//  Counts are kept as one table of totals, cells as the output itself.

#include "value/answer.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "inkling/error.h"

struct ink_answer {
    const ink_kernel_t *kernel;
    ink_geometry_t geometry; //  All that the parameters matter for here
    ink_part_t range;
    size_t size;
    void *output; //  uint64_t [cells], or the items of the range
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

static uint64_t
output_size (const ink_kernel_t *kernel, const ink_geometry_t *geometry, ink_part_t part)
{
    if (kernel->shape == INK_SHAPE_COUNTS)
        return geometry->cells * sizeof (uint64_t);
    uint64_t cells = cells_of (geometry, part);
    return cells > UINT64_MAX / geometry->cell_size ? UINT64_MAX
                                                    : cells * geometry->cell_size;
}

//  ---------------------------------------------------------------------------------------
//  Answer

uint64_t
ink_answer_bytes (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range)
{
    ink_geometry_t geometry = geometry_of (kernel, args);
    return output_size (kernel, &geometry, range);
}

//  Not-a-number says that nothing is known of a cell: 0 would be a value.
static void
fill_unknown (ink_answer_t *self)
{
    static const uint32_t not_a_number = 0x7fc00000;
    if (self->kernel->item != INK_ITEM_F32)
        return; //  Memory is zeros already
    uint8_t *output = self->output;
    for (size_t at = 0; at < self->size; at += sizeof not_a_number)
        memcpy (output + at, &not_a_number, sizeof not_a_number);
}

ink_answer_t *
ink_answer_new (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range)
{
    uint64_t size = ink_answer_bytes (kernel, args, range);
    assert (range.length > 0 && size <= INK_ANSWER_MOST);
    ink_answer_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->kernel = kernel;
    self->geometry = geometry_of (kernel, args);
    self->range = range;
    self->size = (size_t) size;
    self->output = ink_alloc (self->size);
    if (!self->output)
        ink_answer_destroy (&self);
    else
        fill_unknown (self);
    return self;
}

void
ink_answer_destroy (ink_answer_t **self_p)
{
    ink_answer_t *self = *self_p;
    if (!self)
        return;
    ink_free (self->output);
    ink_free (self);
    *self_p = NULL;
}

//  Where the items of `part` are in the output. Parts begin and end where cells do, or
//  with the range, so no two of them share a cell.
static uint8_t *
items_of (const ink_answer_t *self, ink_part_t part)
{
    assert (part.offset >= self->range.offset);
    size_t bytes = self->geometry.cell_bytes;
    uint64_t cell = part.offset / bytes - self->range.offset / bytes;
    return (uint8_t *) self->output + cell * self->geometry.cell_size;
}

int
ink_answer_add (ink_answer_t *self, const void *value, size_t size, ink_part_t part)
{
    if (self->kernel->shape == INK_SHAPE_COUNTS)
        return ink_counts_add (value, size, self->output, self->geometry.cells);

    assert (part.length > 0 && part.offset >= self->range.offset &&
            part.offset - self->range.offset <= self->range.length - part.length);
    if (size != output_size (self->kernel, &self->geometry, part))
        return INK_EVALUE;
    memcpy (items_of (self, part), value, size);
    return INK_OK;
}

size_t
ink_answer_size (const ink_answer_t *self)
{
    return self->size;
}

void
ink_answer_write (const ink_answer_t *self, void *out)
{
    memcpy (out, self->output, self->size);
}

size_t
ink_answer_extract_size (const ink_answer_t *self, ink_part_t part)
{
    if (self->kernel->shape == INK_SHAPE_COUNTS)
        return ink_counts_measure (self->output, self->geometry.cells, 8).size;
    return (size_t) output_size (self->kernel, &self->geometry, part);
}

void
ink_answer_extract (const ink_answer_t *self, ink_part_t part, uint8_t *out)
{
    if (self->kernel->shape == INK_SHAPE_COUNTS) {
        size_t cells = self->geometry.cells;
        ink_packing_t packing = ink_counts_measure (self->output, cells, 8);
        ink_counts_pack (&packing, self->output, cells, 8, out);
    } else
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
    } else
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
    } else
        memcpy (out, cells, shape->size);
}

size_t
ink_value_room (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length)
{
    ink_geometry_t geometry = geometry_of (kernel, args);
    if (kernel->shape == INK_SHAPE_COUNTS)
        return geometry.cells * sizeof (uint32_t);
    //  The most cells are touched when the part begins with the last byte of one.
    ink_part_t part = {geometry.cell_bytes - 1, length};
    return (size_t) output_size (kernel, &geometry, part);
}

size_t
ink_value_most (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length)
{
    return ink_value_room (kernel, args, length) + INK_COUNTS_HEADER;
}

//  gather.c: the records of one part, as a kernel finds them slice by slice.
//
//  The last record found stays open, for it may go on in the next slice.

#include "value/gather.h"

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "inkling/error.h"
#include "value/records.h"
#include "value/varint.h"

struct ink_gather {
    ink_emit_t emit; //  First: the kernel gives it back
    ink_geometry_t geometry;
    ink_part_t part;
    const ink_slice_t *slice; //  While it is mapped
    uint64_t onward;          //  Where the record ends that came in over the border
    uint64_t count, listed, bytes;
    ink_buffer_t packed; //  The listed ones, but for the open one
    uint64_t packed_to;  //  Where the last of them begins
    bool open;           //  The last one found is to be listed
    uint64_t begin, end; //  Of the last one found
    uint8_t text[INK_RECORD_TEXT];
    int error;
};

//  How much of a record's bytes is kept.
static size_t
text_of (const ink_gather_t *self, uint64_t length)
{
    return length < self->geometry.text ? (size_t) length : self->geometry.text;
}

//  Packs the open record.
static size_t
pack_open (const ink_gather_t *self, uint8_t out[2 * INK_VARINT_MOST + INK_RECORD_TEXT])
{
    if (!self->open)
        return 0;
    uint64_t length = self->end - self->begin;
    size_t text = text_of (self, length);
    uint8_t *at = ink_varint_write (out, self->begin - self->packed_to);
    at = ink_varint_write (at, length);
    memcpy (at, self->text, text);
    return (size_t) (at - out) + text;
}

static void
close_record (ink_gather_t *self)
{
    uint8_t bytes[2 * INK_VARINT_MOST + INK_RECORD_TEXT];
    size_t size = pack_open (self, bytes);
    if (size && ink_buffer_append (&self->packed, bytes, size))
        self->error = INK_ENOMEM;
    self->packed_to = self->begin;
    self->open = false;
}

//  Whether one more may be listed. Behind the first that may not be, none is.
static bool
is_listed (ink_gather_t *self, uint64_t length)
{
    if (self->listed == self->geometry.listed)
        return false;
    self->bytes += ink_records_width (&self->geometry, length);
    return self->bytes <= INK_RECORDS_BYTES;
}

//  The last one found, or that from before the part when there is none, ends here or later.
static void
go_on (ink_gather_t *self, uint64_t end)
{
    uint64_t *last = self->count ? &self->end : &self->onward;
    if (end <= *last)
        return;
    if (self->open) { //  What was not told at once is zeros
        size_t told = text_of (self, *last - self->begin);
        memset (self->text + told, 0, text_of (self, end - self->begin) - told);
    }
    *last = end;
}

static void
begin_record (ink_gather_t *self, const uint8_t *text, uint64_t begin, uint64_t end)
{
    close_record (self);
    self->open = is_listed (self, end - begin);
    self->listed += self->open;
    self->count++;
    self->begin = begin;
    self->end = end;
    if (self->open)
        memcpy (self->text, text, text_of (self, end - begin));
}

static void
on_record (ink_emit_t *emit, int64_t begin, uint64_t end)
{
    ink_gather_t *self = (ink_gather_t *) emit;
    const ink_slice_t *slice = self->slice;
    uint64_t from = slice->offset + (uint64_t) begin;
    bool wrong =
        begin >= (int64_t) slice->length || end > slice->length + slice->lookahead ||
        (begin >= 0 && (end <= (uint64_t) begin || (self->count && from <= self->begin)));
    if (wrong || self->error)
        self->error = self->error ? self->error : INK_EVALUE;
    else if (begin < 0)
        go_on (self, slice->offset + end);
    else
        begin_record (self, slice->bytes + begin, from, slice->offset + end);
}

static void
on_give_up (ink_emit_t *emit)
{
    ink_gather_t *self = (ink_gather_t *) emit;
    self->error = self->error ? self->error : INK_EGAVEUP;
}

ink_gather_t *
ink_gather_new (void)
{
    ink_gather_t *self = ink_alloc (sizeof *self);
    if (self)
        self->emit = (ink_emit_t){on_record, on_give_up};
    return self;
}

void
ink_gather_destroy (ink_gather_t **self_p)
{
    ink_gather_t *self = *self_p;
    if (!self)
        return;
    ink_buffer_free (&self->packed);
    ink_free (self);
    *self_p = NULL;
}

void
ink_gather_begin (ink_gather_t *self, const ink_geometry_t *geometry, ink_part_t part)
{
    self->geometry = *geometry;
    self->part = part;
    self->onward = self->packed_to = self->begin = part.offset;
    self->count = self->listed = self->bytes = 0;
    self->packed.size = 0;
    self->open = false;
    self->error = INK_OK;
}

int
ink_gather_map (ink_gather_t *self, const ink_kernel_t *kernel, const ink_slice_t *slice)
{
    self->slice = slice;
    kernel->map (slice, &self->emit);
    return self->error;
}

//  ---------------------------------------------------------------------------------------
//  The value: one piece, which is the part

static size_t
pack_heading (const ink_gather_t *self, uint8_t out[6 * INK_VARINT_MOST])
{
    uint8_t *at = ink_varint_write (out, 1);
    at = ink_varint_write (at, 0);
    at = ink_varint_write (at, self->part.length);
    at = ink_varint_write (at, self->onward - self->part.offset);
    at = ink_varint_write (at, self->count);
    at = ink_varint_write (at, self->listed);
    return (size_t) (at - out);
}

size_t
ink_gather_size (const ink_gather_t *self)
{
    uint8_t heading[6 * INK_VARINT_MOST], open[2 * INK_VARINT_MOST + INK_RECORD_TEXT];
    return pack_heading (self, heading) + self->packed.size + pack_open (self, open);
}

void
ink_gather_pack (const ink_gather_t *self, uint8_t *out)
{
    uint8_t open[2 * INK_VARINT_MOST + INK_RECORD_TEXT];
    size_t size = pack_open (self, open);
    out += pack_heading (self, out);
    if (self->packed.size)
        memcpy (out, self->packed.bytes, self->packed.size);
    memcpy (out + self->packed.size, open, size);
}

size_t
ink_gather_most (const ink_geometry_t *geometry, uint64_t length)
{
    uint64_t most = ink_records_most (geometry, length);
    return 6 * INK_VARINT_MOST + 2 * INK_VARINT_MOST + INK_RECORD_TEXT + (size_t) most;
}

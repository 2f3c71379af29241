//  records.c: what is known of a list of records, piece by piece.

#include "value/records.h"

#include <stdbool.h>
#include <string.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "value/varint.h"

#define NUMBER 8 //  Bytes of a number in the output

typedef struct {
    ink_part_t part;
    uint64_t onward; //  Bytes of it that belong to the record before
    uint64_t count, listed;
    uint8_t *bytes; //  The listed ones, packed
    size_t size;
} piece_t;

struct ink_records {
    ink_geometry_t geometry;
    ink_part_t range;
    piece_t *pieces; //  In order
    size_t count, room;
    uint64_t kept; //  Bytes of all pieces
};

typedef struct {
    uint64_t begin, length;
    const uint8_t *text;
    size_t text_size;
} record_t;

static uint64_t
least (uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static uint64_t
end_of (ink_part_t part)
{
    return part.offset + part.length;
}

ink_records_t *
ink_records_new (const ink_geometry_t *geometry, ink_part_t range)
{
    ink_records_t *self = ink_alloc (sizeof *self);
    if (self) {
        self->geometry = *geometry;
        self->range = range;
    }
    return self;
}

void
ink_records_destroy (ink_records_t **self_p)
{
    ink_records_t *self = *self_p;
    if (!self)
        return;
    for (size_t n = 0; n < self->count; n++)
        ink_free (self->pieces[n].bytes);
    ink_free (self->pieces);
    ink_free (self);
    *self_p = NULL;
}

uint64_t
ink_records_width (const ink_geometry_t *geometry, uint64_t length)
{
    uint64_t text = least (length, geometry->text);
    return 2 * NUMBER + (text + NUMBER - 1) / NUMBER * NUMBER;
}

uint64_t
ink_records_most (const ink_geometry_t *geometry, uint64_t length)
{
    uint64_t records = least (length, geometry->listed);
    uint64_t width = ink_records_width (geometry, UINT64_MAX);
    return INK_RECORDS_HEADER + least (INK_RECORDS_BYTES, records * width);
}

//  ---------------------------------------------------------------------------------------
//  Reading what was packed

typedef struct {
    const uint8_t *at, *end;
    size_t text; //  Bytes kept of a record
} reader_t;

//  `begin` goes on from the record before. False when there is no record.
static bool
read_record (reader_t *self, record_t *record)
{
    uint64_t gap, length;
    if (!ink_varint_read (&self->at, self->end, &gap) ||
        !ink_varint_read (&self->at, self->end, &length) ||
        gap > UINT64_MAX - record->begin || length == 0 ||
        length > UINT64_MAX - record->begin - gap)
        return false;
    record->begin += gap;
    record->length = length;
    record->text = self->at;
    record->text_size = (size_t) least (length, self->text);
    if (record->text_size > (size_t) (self->end - self->at))
        return false;
    self->at += record->text_size;
    return true;
}

//  Records begin one behind the other, all of them in the piece.
static bool
read_records (reader_t *self, piece_t *piece)
{
    const uint8_t *start = self->at;
    record_t record = {.begin = piece->part.offset};
    for (uint64_t n = 0; n < piece->listed; n++) {
        uint64_t before = record.begin;
        if (!read_record (self, &record) || (n && record.begin == before) ||
            record.begin - piece->part.offset >= piece->part.length)
            return false;
    }
    piece->bytes = (uint8_t *) start;
    piece->size = (size_t) (self->at - start);
    return true;
}

//  Reads a piece that lies in `rest`, which is then what is left behind it. Its bytes are
//  those of the value.
static bool
read_piece (reader_t *self, ink_part_t *rest, piece_t *piece)
{
    uint64_t skip;
    ink_part_t *part = &piece->part;
    if (!ink_varint_read (&self->at, self->end, &skip) ||
        !ink_varint_read (&self->at, self->end, &part->length) ||
        !ink_varint_read (&self->at, self->end, &piece->onward) ||
        !ink_varint_read (&self->at, self->end, &piece->count) ||
        !ink_varint_read (&self->at, self->end, &piece->listed))
        return false;
    if (skip > rest->length || !part->length || part->length > rest->length - skip ||
        piece->count > part->length || piece->listed > piece->count)
        return false;
    part->offset = rest->offset + skip;
    if (piece->onward > UINT64_MAX - part->offset)
        return false;
    rest->offset += skip + part->length;
    rest->length -= skip + part->length;
    return read_records (self, piece);
}

//  ---------------------------------------------------------------------------------------
//  Keeping

//  The first piece that does not end before `offset`.
static size_t
find (const ink_records_t *self, uint64_t offset)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (end_of (self->pieces[middle].part) <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static int
make_room (ink_records_t *self, uint64_t more)
{
    if (self->room - self->count >= more)
        return INK_OK;
    if (more > SIZE_MAX / sizeof (piece_t) / 4)
        return INK_ENOMEM;
    size_t room = 2 * self->room + (size_t) more;
    piece_t *pieces = ink_resize (self->pieces, room * sizeof *pieces);
    if (!pieces)
        return INK_ENOMEM;
    self->pieces = pieces;
    self->room = room;
    return INK_OK;
}

//  A copy of the piece; there is room for it.
static int
insert (ink_records_t *self, const piece_t *piece)
{
    uint8_t *bytes = piece->size ? ink_alloc (piece->size) : NULL;
    if (piece->size && !bytes)
        return INK_ENOMEM;
    if (piece->size)
        memcpy (bytes, piece->bytes, piece->size);
    piece_t *place = self->pieces + find (self, piece->part.offset);
    piece_t *end = self->pieces + self->count++;
    memmove (place + 1, place, (size_t) (end - place) * sizeof *place);
    *place = *piece;
    place->bytes = bytes;
    self->kept += piece->size;
    return INK_OK;
}

static void
drop (ink_records_t *self, piece_t *piece)
{
    ink_free (piece->bytes);
    piece->bytes = NULL;
    self->kept -= piece->size;
    piece->size = 0;
    piece->listed = 0;
}

static void
take_out (ink_records_t *self, const piece_t *piece)
{
    piece_t *place = self->pieces + find (self, piece->part.offset);
    drop (self, place);
    self->count--;
    size_t after = (size_t) (self->pieces + self->count - place);
    memmove (place, place + 1, after * sizeof *place);
}

//  Frees what will never be listed, once there is enough of it.
static void
trim (ink_records_t *self)
{
    if (self->kept <= 2 * INK_RECORDS_BYTES)
        return;
    uint64_t listed = 0, bytes = 0;
    for (size_t n = 0; n < self->count; n++) {
        piece_t *piece = &self->pieces[n];
        bool full = listed >= self->geometry.listed || bytes >= INK_RECORDS_BYTES;
        listed += piece->count;
        bytes += piece->size; //  No more than in the output
        if (full)
            drop (self, piece);
    }
}

//  Whether nothing was known of the piece.
static bool
is_new (const ink_records_t *self, const piece_t *piece)
{
    size_t place = find (self, piece->part.offset);
    return place == self->count ||
           self->pieces[place].part.offset >= end_of (piece->part);
}

//  Whether this is a value of the part that may be added, and how many pieces it has.
static bool
is_sound (const ink_records_t *self, reader_t *reader, ink_part_t part, uint64_t *count)
{
    piece_t piece;
    if (!ink_varint_read (&reader->at, reader->end, count))
        return false;
    for (uint64_t n = 0; n < *count; n++)
        if (!read_piece (reader, &part, &piece) || !is_new (self, &piece))
            return false;
    return reader->at == reader->end;
}

//  Takes out again the first `count` pieces of a value.
static void
undo (ink_records_t *self, reader_t reader, ink_part_t part, uint64_t count)
{
    piece_t piece;
    for (; count > 0; count--)
        if (read_piece (&reader, &part, &piece))
            take_out (self, &piece);
}

int
ink_records_add (ink_records_t *self, const uint8_t *value, size_t size, ink_part_t part)
{
    reader_t reader = {value, value + size, self->geometry.text}, first = reader;
    uint64_t count, n;
    if (!is_sound (self, &reader, part, &count))
        return INK_EVALUE;
    if (make_room (self, count))
        return INK_ENOMEM;
    (void) ink_varint_read (&first.at, first.end, &count);
    reader = first;
    ink_part_t rest = part;
    for (n = 0; n < count; n++) {
        piece_t piece;
        if (!read_piece (&reader, &rest, &piece) || insert (self, &piece))
            break;
    }
    if (n < count) {
        undo (self, first, part, n);
        return INK_ENOMEM;
    }
    trim (self);
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  The output

//  Where a walk over the listed records is
typedef struct {
    const ink_records_t *self;
    size_t piece;
    uint64_t n; //  In the piece
    reader_t reader;
    record_t record;
    uint64_t listed, bytes; //  So far
} walk_t;

static walk_t
walk_of (const ink_records_t *self)
{
    return (walk_t){.self = self};
}

//  Where the last record of a piece ends, as far as is known.
static uint64_t
end_beyond (const ink_records_t *self, size_t n, uint64_t end)
{
    bool on = true;
    for (n++; on && n < self->count; n++) {
        const piece_t *piece = &self->pieces[n];
        uint64_t offset = piece->part.offset;
        on = end_of (piece[-1].part) == offset && piece->onward > 0;
        if (on && offset + piece->onward > end)
            end = offset + piece->onward;
        on = on && !piece->count && piece->onward >= piece->part.length;
    }
    return end;
}

//  Whether there is a piece from which records are to be read. Behind one that does not list
//  all of its own, nothing is listed.
static bool
enter_piece (walk_t *self)
{
    const ink_records_t *records = self->self;
    for (; self->piece < records->count; self->piece++, self->n = 0) {
        const piece_t *piece = &records->pieces[self->piece];
        if (self->n == piece->count)
            continue;
        if (self->n == piece->listed)
            return false;
        if (!self->n) {
            self->reader = (reader_t){piece->bytes, piece->bytes + piece->size,
                                      records->geometry.text};
            self->record.begin = piece->part.offset;
        }
        return true;
    }
    return false;
}

//  Goes to the next record that is listed; false when there is none.
static bool
next (walk_t *self)
{
    const ink_records_t *records = self->self;
    if (self->listed == records->geometry.listed || !enter_piece (self) ||
        !read_record (&self->reader, &self->record))
        return false;
    if (++self->n == records->pieces[self->piece].count) {
        uint64_t end = self->record.begin + self->record.length;
        self->record.length = end_beyond (records, self->piece, end) - self->record.begin;
    }
    self->listed++;
    self->bytes += ink_records_width (&records->geometry, self->record.length);
    if (self->bytes <= INK_RECORDS_BYTES)
        return true;
    self->listed--;
    self->bytes -= ink_records_width (&records->geometry, self->record.length);
    return false;
}

size_t
ink_records_size (const ink_records_t *self)
{
    walk_t walk = walk_of (self);
    while (next (&walk))
        continue;
    return INK_RECORDS_HEADER + (size_t) walk.bytes;
}

static uint8_t *
write_number (uint8_t *at, uint64_t number)
{
    for (unsigned n = 0; n < NUMBER; n++)
        *at++ = (uint8_t) (number >> 8 * n);
    return at;
}

void
ink_records_write (const ink_records_t *self, uint8_t *out)
{
    uint64_t count = 0;
    for (size_t n = 0; n < self->count; n++)
        count += self->pieces[n].count;
    walk_t walk = walk_of (self);
    uint8_t *at = out + INK_RECORDS_HEADER;
    while (next (&walk)) {
        const record_t *record = &walk.record;
        uint8_t *text = write_number (write_number (at, record->begin), record->length);
        at += ink_records_width (&self->geometry, record->length);
        memset (text, 0, (size_t) (at - text));
        memcpy (text, record->text, record->text_size);
    }
    write_number (write_number (out, count), walk.listed);
}

//  ---------------------------------------------------------------------------------------
//  Passing on

static void
heading (const piece_t *piece, uint64_t position, uint64_t numbers[5])
{
    numbers[0] = piece->part.offset - position;
    numbers[1] = piece->part.length;
    numbers[2] = piece->onward;
    numbers[3] = piece->count;
    numbers[4] = piece->listed;
}

//  The pieces that lie in a part: from which on, and how many.
static size_t
pieces_in (const ink_records_t *self, ink_part_t part, size_t *first)
{
    *first = find (self, part.offset);
    size_t count = 0;
    while (*first + count < self->count &&
           self->pieces[*first + count].part.offset < end_of (part))
        count++;
    return count;
}

size_t
ink_records_extract_size (const ink_records_t *self, ink_part_t part)
{
    size_t first, count = pieces_in (self, part, &first), size = ink_varint_size (count);
    uint64_t position = part.offset, numbers[5];
    for (size_t n = first; n < first + count; n++) {
        heading (&self->pieces[n], position, numbers);
        for (size_t i = 0; i < 5; i++)
            size += ink_varint_size (numbers[i]);
        size += self->pieces[n].size;
        position = end_of (self->pieces[n].part);
    }
    return size;
}

void
ink_records_extract (const ink_records_t *self, ink_part_t part, uint8_t *out)
{
    size_t first, count = pieces_in (self, part, &first);
    uint64_t position = part.offset, numbers[5];
    out = ink_varint_write (out, count);
    for (size_t n = first; n < first + count; n++) {
        const piece_t *piece = &self->pieces[n];
        heading (piece, position, numbers);
        for (size_t i = 0; i < 5; i++)
            out = ink_varint_write (out, numbers[i]);
        if (piece->size)
            memcpy (out, piece->bytes, piece->size);
        out += piece->size;
        position = end_of (piece->part);
    }
}

//  outline.c: what a sequence of cells is like where nothing of it is known, by samples.

#include "value/outline.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "value/coarse.h"

#define PIECES_MOST 512
#define PIECES_LEAST 48
#define SLACK \
    16 //  Few pieces have not met every difference there is: a quarter more of 64
#define CELL_MOST ((size_t) 16 << 10)

typedef struct {
    ink_part_t part;
    uint8_t item[INK_COARSE_ITEM]; //  One for all of it
} piece_t;

struct ink_outline {
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_geometry_t geometry;
    ink_part_t range;
    piece_t pieces[PIECES_MOST]; //  By offset
    size_t count;
};

static ink_geometry_t
geometry_of (const ink_kernel_t *kernel, const ink_args_t *args)
{
    ink_geometry_t geometry = {0};
    kernel->geometry (args, &geometry);
    return geometry;
}

bool
ink_outline_suits (const ink_kernel_t *kernel, const ink_args_t *args)
{
    return kernel->shape == INK_SHAPE_CELLS && kernel->coarsen &&
           geometry_of (kernel, args).cell_bytes <= CELL_MOST &&
           (kernel->item != INK_ITEM_F32 || kernel->scale > 0);
}

ink_outline_t *
ink_outline_new (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range)
{
    assert (ink_outline_suits (kernel, args));
    ink_outline_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->kernel = kernel;
    self->args = *args;
    self->geometry = geometry_of (kernel, args);
    self->range = range;
    return self;
}

void
ink_outline_destroy (ink_outline_t **self_p)
{
    ink_free (*self_p);
    *self_p = NULL;
}

//  ---------------------------------------------------------------------------------------
//  Pieces

bool
ink_outline_has (const ink_outline_t *self, ink_part_t piece)
{
    uint64_t cell = self->geometry.cell_bytes;
    uint64_t end = self->range.offset + self->range.length;
    if (piece.offset < self->range.offset || piece.offset >= end || !piece.length ||
        piece.length > end - piece.offset)
        return false;
    uint64_t last = piece.offset + piece.length;
    return (piece.offset % cell == 0 || piece.offset == self->range.offset) &&
           (last % cell == 0 || last == end);
}

bool
ink_outline_has_room (const ink_outline_t *self, size_t pieces)
{
    return pieces <= PIECES_MOST - self->count;
}

//  One item for all cells of a piece.
static void
condense (const ink_outline_t *self, const uint8_t *items, ink_part_t part, uint8_t *item)
{
    size_t size = self->geometry.cell_size;
    uint64_t cell = self->geometry.cell_bytes, sum = 0;
    uint8_t pair[2 * INK_COARSE_ITEM];
    for (uint64_t at = part.offset, end = at + part.length; at < end; items += size) {
        uint64_t next = at - at % cell + cell;
        uint64_t bytes[2] = {sum, (next < end ? next : end) - at};
        memcpy (pair, item, size);
        memcpy (pair + size, items, size);
        self->kernel->coarsen (pair, bytes, 2, item);
        sum += bytes[1];
        at += bytes[1];
    }
}

int
ink_outline_sample (ink_outline_t *self, const void *items, size_t size, ink_part_t piece)
{
    if (!ink_outline_has (self, piece) || !ink_outline_has_room (self, 1) ||
        size != ink_answer_bytes (self->kernel, &self->args, piece))
        return INK_EVALUE;
    size_t place = self->count;
    for (; place > 0 && self->pieces[place - 1].part.offset > piece.offset; place--)
        self->pieces[place] = self->pieces[place - 1];
    self->pieces[place] = (piece_t){.part = piece};
    condense (self, items, piece, self->pieces[place].item);
    self->count++;
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Levels: what an item has, as a share of the most it can have

static size_t
numbers_of (const ink_outline_t *self)
{
    static const size_t width[] = {
        [INK_ITEM_U64] = 8, [INK_ITEM_U8] = 1, [INK_ITEM_F32] = 4};
    return self->geometry.cell_size / width[self->kernel->item];
}

static double
level_of (const ink_outline_t *self, const piece_t *piece, size_t n)
{
    uint64_t count;
    float level;
    switch (self->kernel->item) {
    case INK_ITEM_U8:
        return piece->item[n] / 255.0;
    case INK_ITEM_F32:
        memcpy (&level, piece->item + n * sizeof level, sizeof level);
        return (double) level / self->kernel->scale;
    default:
        memcpy (&count, piece->item + n * sizeof count, sizeof count);
        return (double) count / (double) piece->part.length;
    }
}

uint64_t
ink_outline_precision (const ink_outline_t *self)
{
    //  At least half as many cells as there are pieces, and no more than these
    uint64_t pieces = self->count > 1 ? self->count : 2;
    return ink_coarse_near (self->kernel, &self->args, self->range,
                            self->range.length / pieces * 2);
}

bool
ink_outline_bound (const ink_outline_t *self, uint64_t *millionths)
{
    if (self->count < PIECES_LEAST)
        return false;
    double largest = 0;
    for (size_t p = 1; p < self->count; p++)
        for (size_t n = 0; n < numbers_of (self); n++) {
            double off = level_of (self, &self->pieces[p], n) -
                         level_of (self, &self->pieces[p - 1], n);
            off = off < 0 ? -off : off;
            largest = off > largest ? off : largest;
        }
    largest *= 1 + SLACK / (double) self->count;
    *millionths = largest < 1 ? (uint64_t) (largest * 1e6) + 1 : 1000000;
    return true;
}

//  ---------------------------------------------------------------------------------------
//  Writing

//  The piece whose middle is nearest.
static const piece_t *
nearest (const ink_outline_t *self, uint64_t middle)
{
    size_t low = 0, high = self->count;
    while (low < high) {
        size_t half = (low + high) / 2;
        if (self->pieces[half].part.offset + self->pieces[half].part.length / 2 < middle)
            low = half + 1;
        else
            high = half;
    }
    if (low == self->count)
        return &self->pieces[low - 1];
    const piece_t *behind = &self->pieces[low], *before = behind - (low > 0);
    uint64_t ahead = behind->part.offset + behind->part.length / 2 - middle;
    return middle - (before->part.offset + before->part.length / 2) < ahead ? before
                                                                            : behind;
}

//  What the piece would have in so many bytes: counts grow with them, levels do not.
static void
scale (const ink_outline_t *self, const piece_t *piece, uint64_t bytes, uint8_t *item)
{
    memcpy (item, piece->item, self->geometry.cell_size);
    if (self->kernel->item != INK_ITEM_U64)
        return;
    for (size_t n = 0; n < numbers_of (self); n++) {
        uint64_t count = (uint64_t) (level_of (self, piece, n) * (double) bytes + 0.5);
        memcpy (item + n * sizeof count, &count, sizeof count);
    }
}

void
ink_outline_write (const ink_outline_t *self, const ink_answer_t *exact,
                   uint64_t precision, void *out)
{
    assert (self->count > 0);
    size_t size = self->geometry.cell_size;
    uint64_t from = self->range.offset, end = from + self->range.length;
    uint8_t pair[2 * INK_COARSE_ITEM], *item = out;
    for (uint64_t n = from / precision; n <= (end - 1) / precision; n++, item += size) {
        uint64_t begin = n * precision, behind = begin + precision;
        begin = begin < from ? from : begin;
        behind = behind < end ? behind : end;
        uint64_t known = ink_answer_item_at (exact, precision, n, item);
        uint64_t bytes[2] = {known, behind - begin - known};
        if (!bytes[1])
            continue;
        memcpy (pair, item, size);
        scale (self, nearest (self, begin + (behind - begin) / 2), bytes[1], pair + size);
        self->kernel->coarsen (pair, bytes, 2, item);
    }
}

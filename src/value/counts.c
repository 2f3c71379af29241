//  counts.c: tables of counters, packed.
//
//  Packed:  form, width          a byte each
//           bitmap               sparse only: a word of 64 bits for each 64 counters
//           widths               mixed only: a byte for each 64 counters, 0 if all are 0
//           counters             of `width` bytes: dense all, sparse those of the bitmap;
//                                mixed of the width of their 64
//
//  The loops that touch every counter are written once for all widths and made for each
//  by inlining with a constant width; in blocks of a fixed length the compiler then turns
//  them into vector instructions at -O2. Costs are told in doc/kernels.md.

#include "value/counts.h"

#include <assert.h>
#include <stdbool.h>
#include <string.h>

#include "inkling/error.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "counters are little-endian");

enum { DENSE = 1, SPARSE = 2, MIXED = 3 };
#define BLOCK 64

//  Calls `function` with the width, which must be 1, 2, 4 or 8, as a constant in front.
#define BY_WIDTH(width, function, ...)          \
    ((width) == 1   ? function (1, __VA_ARGS__) \
     : (width) == 2 ? function (2, __VA_ARGS__) \
     : (width) == 4 ? function (4, __VA_ARGS__) \
                    : function (8, __VA_ARGS__))
#define INLINE static inline __attribute__ ((always_inline))

INLINE uint64_t
load (size_t width, const uint8_t *from)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (width) {
    case 1:
        return *from;
    case 2:
        memcpy (&two, from, 2);
        return two;
    case 4:
        memcpy (&four, from, 4);
        return four;
    default:
        memcpy (&eight, from, 8);
        return eight;
    }
}

INLINE void
store (size_t width, uint8_t *to, uint64_t value)
{
    uint16_t two = (uint16_t) value;
    uint32_t four = (uint32_t) value;
    switch (width) {
    case 1:
        *to = (uint8_t) value;
        break;
    case 2:
        memcpy (to, &two, 2);
        break;
    case 4:
        memcpy (to, &four, 4);
        break;
    default:
        memcpy (to, &value, 8);
    }
}

static size_t
blocks_of (size_t cells)
{
    return (cells + BLOCK - 1) / BLOCK;
}

static size_t
bitmap_size (size_t cells)
{
    return blocks_of (cells) * sizeof (uint64_t);
}

//  How many counters the block has that begins there.
static size_t
block_at (size_t at, size_t cells)
{
    return cells - at < BLOCK ? cells - at : BLOCK;
}

//  ---------------------------------------------------------------------------------------
//  Measuring

//  The bits that occur in any of the counters: as wide as the largest of them.
INLINE uint64_t
all_bits (size_t width, const uint8_t *counters, size_t count)
{
    uint64_t bits[4] = {0}; //  Four that do not wait for each other
    size_t at = 0;
    for (; at + 4 <= count; at += 4)
        for (size_t i = 0; i < 4; i++)
            bits[i] |= load (width, counters + (at + i) * width);
    for (; at < count; at++)
        bits[0] |= load (width, counters + at * width);
    return bits[0] | bits[1] | bits[2] | bits[3];
}

INLINE uint32_t
not_zero_run (size_t width, const uint8_t *counters, size_t count)
{
    uint32_t found = 0;
    for (size_t i = 0; i < count; i++)
        found += load (width, counters + i * width) != 0;
    return found;
}

INLINE size_t
not_zero (size_t width, const uint8_t *counters, size_t count)
{
    size_t found = 0, at = 0;
    for (; at + BLOCK <= count; at += BLOCK)
        found += not_zero_run (width, counters + at * width, BLOCK);
    return found + not_zero_run (width, counters + at * width, count - at);
}

static uint8_t
width_of (uint64_t bits)
{
    return bits <= UINT8_MAX ? 1 : bits <= UINT16_MAX ? 2 : bits <= UINT32_MAX ? 4 : 8;
}

//  The width of a block of counters.
INLINE uint8_t
width_of_block (size_t width, const uint8_t *counters, size_t count)
{
    uint64_t bits = count == BLOCK ? all_bits (width, counters, BLOCK)
                                   : all_bits (width, counters, count);
    return bits ? width_of (bits) : 0;
}

INLINE size_t
mixed_size (size_t width, const uint8_t *counters, size_t cells)
{
    size_t size = INK_COUNTS_HEADER + blocks_of (cells);
    for (size_t at = 0; at < cells; at += BLOCK) {
        size_t count = block_at (at, cells);
        size += count * width_of_block (width, counters + at * width, count);
    }
    return size;
}

ink_packing_t
ink_counts_measure (const void *counts, size_t cells, size_t width)
{
    assert (width == 4 || width == 8);
    ink_packing_t packing = {.form = DENSE};
    bool narrow = width == 4;
    packing.width =
        width_of (narrow ? all_bits (4, counts, cells) : all_bits (8, counts, cells));
    packing.used = narrow ? not_zero (4, counts, cells) : not_zero (8, counts, cells);

    size_t dense = INK_COUNTS_HEADER + cells * packing.width;
    size_t sparse =
        INK_COUNTS_HEADER + bitmap_size (cells) + packing.used * packing.width;
    size_t mixed = narrow ? mixed_size (4, counts, cells) : mixed_size (8, counts, cells);
    packing.form = sparse < dense ? SPARSE : DENSE;
    packing.size = sparse < dense ? sparse : dense;
    if (mixed < packing.size) {
        packing.form = MIXED;
        packing.size = mixed;
    }
    return packing;
}

//  ---------------------------------------------------------------------------------------
//  Packing

INLINE void
narrow_run (size_t to, size_t from, uint8_t *restrict out,
            const uint8_t *restrict counters, size_t count)
{
    for (size_t i = 0; i < count; i++)
        store (to, out + i * to, load (from, counters + i * from));
}

INLINE void
pack_dense (size_t to, size_t from, uint8_t *out, const uint8_t *counters, size_t cells)
{
    size_t at = 0;
    for (; at + BLOCK <= cells; at += BLOCK)
        narrow_run (to, from, out + at * to, counters + at * from, BLOCK);
    narrow_run (to, from, out + at * to, counters + at * from, cells - at);
}

//  A bit for each of up to BLOCK counters that is not zero. First a byte for each, which
//  is quick; the product then moves the lowest bits of eight bytes side by side.
INLINE uint64_t
mask_of (size_t width, const uint8_t *counters, size_t count)
{
    uint8_t flags[BLOCK] = {0};
    uint64_t mask = 0;
    for (size_t i = 0; i < count; i++)
        flags[i] = load (width, counters + i * width) != 0;
    for (size_t i = 0; i < BLOCK; i += 8)
        mask |= (load (8, flags + i) * 0x0102040810204080u >> 56) << i;
    return mask;
}

INLINE void
pack_sparse (size_t to, size_t from, uint8_t *out, const uint8_t *counters, size_t cells)
{
    uint8_t *bitmap = out;
    out += bitmap_size (cells);
    for (size_t at = 0; at < cells; at += BLOCK) {
        const uint8_t *block = counters + at * from;
        uint64_t mask = cells - at >= BLOCK ? mask_of (from, block, BLOCK)
                                            : mask_of (from, block, cells - at);
        store (8, bitmap + at / 8, mask);
        for (; mask; mask &= mask - 1, out += to)
            store (to, out, load (from, block + (size_t) __builtin_ctzll (mask) * from));
    }
}

INLINE void
pack (size_t to, size_t from, uint8_t form, uint8_t *out, const uint8_t *counters,
      size_t cells)
{
    if (form == DENSE)
        pack_dense (to, from, out, counters, cells);
    else
        pack_sparse (to, from, out, counters, cells);
}

INLINE void
pack_mixed (size_t from, uint8_t *out, const uint8_t *counters, size_t cells)
{
    uint8_t *width = out;
    out += blocks_of (cells);
    for (size_t at = 0; at < cells; at += BLOCK, width++) {
        const uint8_t *block = counters + at * from;
        size_t count = block_at (at, cells);
        *width = width_of_block (from, block, count);
        if (*width)
            BY_WIDTH (*width, pack_dense, from, out, block, count);
        out += count * *width;
    }
}

void
ink_counts_pack (const ink_packing_t *packing, const void *counts, size_t cells,
                 size_t width, uint8_t *out)
{
    out[0] = packing->form;
    out[1] = packing->width;
    if (packing->form == MIXED && width == 4)
        pack_mixed (4, out + INK_COUNTS_HEADER, counts, cells);
    else if (packing->form == MIXED)
        pack_mixed (8, out + INK_COUNTS_HEADER, counts, cells);
    else if (width == 4)
        BY_WIDTH (packing->width, pack, 4, packing->form, out + INK_COUNTS_HEADER, counts,
                  cells);
    else
        BY_WIDTH (packing->width, pack, 8, packing->form, out + INK_COUNTS_HEADER, counts,
                  cells);
}

//  ---------------------------------------------------------------------------------------
//  Adding

typedef struct {
    const uint8_t *bitmap;   //  Sparse, else NULL
    const uint8_t *widths;   //  Mixed, else NULL
    const uint8_t *counters; //  The `used` ones
    size_t width, used;
} packed_t;

//  How many bytes counter i has; 0: it is not there.
static size_t
width_at (const packed_t *self, size_t i)
{
    if (self->widths)
        return self->widths[i / BLOCK];
    return self->bitmap && !(self->bitmap[i / 8] >> i % 8 & 1) ? 0 : self->width;
}

//  The bits of a word: in pairs, in fours, in bytes, then all bytes added by a product.
static size_t
ones (uint64_t word)
{
    word -= word >> 1 & 0x5555555555555555;
    word = (word & 0x3333333333333333) + (word >> 2 & 0x3333333333333333);
    word = (word + (word >> 4)) & 0x0f0f0f0f0f0f0f0f;
    return word * 0x0101010101010101 >> 56;
}

//  Counts the bits of a bitmap; false when it tells of counters behind the last.
static bool
read_bitmap (const uint8_t *bitmap, size_t cells, size_t *used)
{
    size_t size = bitmap_size (cells);
    *used = 0;
    for (size_t at = 0; at < size; at += 8)
        *used += ones (load (8, bitmap + at));
    return cells % BLOCK == 0 || load (8, bitmap + size - 8) >> cells % BLOCK == 0;
}

static bool
is_width (size_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

//  How many bytes the counters of a mixed table have; false when a width does not exist.
static bool
read_widths (const uint8_t *widths, size_t cells, size_t *bytes)
{
    *bytes = 0;
    for (size_t at = 0; at < cells; at += BLOCK, widths++) {
        if (*widths && !is_width (*widths))
            return false;
        *bytes += *widths * block_at (at, cells);
    }
    return true;
}

static bool
open_mixed (packed_t *self, size_t size, size_t cells)
{
    size_t bytes, blocks = blocks_of (cells);
    self->widths = self->counters;
    self->counters += blocks;
    return size >= blocks && read_widths (self->widths, cells, &bytes) &&
           size - blocks == bytes;
}

static bool
open_packed (const uint8_t *packed, size_t size, size_t cells, packed_t *self)
{
    if (size < INK_COUNTS_HEADER)
        return false;
    uint8_t form = packed[0];
    *self = (packed_t){
        .counters = packed + INK_COUNTS_HEADER, .width = packed[1], .used = cells};
    if (!is_width (self->width))
        return false;
    size -= INK_COUNTS_HEADER;
    if (form == MIXED)
        return open_mixed (self, size, cells);
    if (form == SPARSE) {
        size_t words = bitmap_size (cells);
        if (size < words || !read_bitmap (self->counters, cells, &self->used))
            return false;
        self->bitmap = self->counters;
        self->counters += words;
        size -= words;
    } else if (form != DENSE)
        return false;
    return size == self->used * self->width;
}

//  Whether no total would pass 2^64: counter by counter, which is slow.
static bool
fits_each (const packed_t *self, const uint64_t *totals, size_t cells)
{
    const uint8_t *next = self->counters;
    for (size_t i = 0; i < cells; i++) {
        size_t width = width_at (self, i);
        if (width && load (width, next) > UINT64_MAX - totals[i])
            return false;
        next += width;
    }
    return true;
}

//  These return the bits of all totals there were, and of the counters when they are wide.
INLINE uint64_t
add_run (size_t width, uint64_t *restrict totals, const uint8_t *restrict counters,
         size_t count)
{
    uint64_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        uint64_t counter = load (width, counters + i * width);
        bits |= totals[i] | (width == 8 ? counter : 0);
        totals[i] += counter;
    }
    return bits;
}

INLINE uint64_t
add_dense (size_t width, uint64_t *totals, const uint8_t *counters, size_t cells)
{
    uint64_t bits = 0;
    size_t at = 0;
    for (; at + BLOCK <= cells; at += BLOCK)
        bits |= add_run (width, totals + at, counters + at * width, BLOCK);
    return bits | add_run (width, totals + at, counters + at * width, cells - at);
}

INLINE uint64_t
add_sparse (size_t width, uint64_t *totals, const packed_t *packed, size_t cells)
{
    const uint8_t *next = packed->counters;
    uint64_t bits = 0;
    for (size_t at = 0; at < cells; at += BLOCK) {
        uint64_t mask = load (8, packed->bitmap + at / 8);
        for (; mask; mask &= mask - 1, next += width) {
            uint64_t *total = &totals[at + (size_t) __builtin_ctzll (mask)];
            uint64_t counter = load (width, next);
            bits |= *total | (width == 8 ? counter : 0);
            *total += counter;
        }
    }
    return bits;
}

static uint64_t
add_mixed (const packed_t *self, uint64_t *totals, size_t cells)
{
    const uint8_t *next = self->counters, *width = self->widths;
    uint64_t bits = 0;
    for (size_t at = 0; at < cells; at += BLOCK, width++) {
        size_t count = block_at (at, cells);
        if (*width && count == BLOCK)
            bits |= BY_WIDTH (*width, add_run, totals + at, next, BLOCK);
        else if (*width)
            bits |= BY_WIDTH (*width, add_run, totals + at, next, count);
        next += *width * count;
    }
    return bits;
}

static uint64_t
add (const packed_t *self, uint64_t *totals, size_t cells)
{
    if (self->widths)
        return add_mixed (self, totals, cells);
    return self->bitmap
               ? BY_WIDTH (self->width, add_sparse, totals, self, cells)
               : BY_WIDTH (self->width, add_dense, totals, self->counters, cells);
}

//  Takes back what was added: sums wrap around, so this is exact whatever they were.
static void
take_back (const packed_t *self, uint64_t *totals, size_t cells)
{
    const uint8_t *next = self->counters;
    for (size_t i = 0; i < cells; i++) {
        size_t width = width_at (self, i);
        totals[i] -= width ? load (width, next) : 0;
        next += width;
    }
}

//  Two numbers without the highest bit always fit, and real counts have no other: so what
//  is in doubt is found while adding, in one walk over the table, and only then looked at.
int
ink_counts_add (const uint8_t *packed, size_t size, uint64_t *totals, size_t cells)
{
    packed_t self;
    if (!open_packed (packed, size, cells, &self))
        return INK_EVALUE;
    if (add (&self, totals, cells) >> 63 == 0)
        return INK_OK;
    take_back (&self, totals, cells);
    if (!fits_each (&self, totals, cells))
        return INK_EVALUE;
    add (&self, totals, cells);
    return INK_OK;
}

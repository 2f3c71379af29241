//  records.h: what is known of a list of records, piece by piece.
//
//  A record is a stretch of the source. It belongs to the piece of the range it begins in; each
//  piece also says how far the record goes on that came in over its border. So pieces that lie
//  side by side fit together, in whatever order they come.
//
//  All records are counted. Listed are the first ones: as many as the kernel's geometry allows,
//  and no more than INK_RECORDS_BYTES of output. What stands behind that many others is never
//  listed, whatever else will be known, so it need not be kept.
//
//  A value is how many pieces it has and those pieces, in order, each of them
//
//      skip length onward count listed | listed x (gap length text)
//
//  in varints (varint.h): bytes since the piece before, or since the part began; its length; how
//  far the record before it goes on; how many begin in it, and how many of them follow: bytes
//  since the last one began, its length, its first bytes, as many as the geometry keeps.

#ifndef INK_RECORDS_H_INCLUDED
#define INK_RECORDS_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "value/plan.h"

#define INK_RECORDS_BYTES ((uint64_t) 64 << 20)
#define INK_RECORDS_HEADER 16

typedef struct ink_records ink_records_t;

//  Nothing is known of the range. NULL when out of memory.
ink_records_t *ink_records_new (const ink_geometry_t *geometry, ink_part_t range);
void ink_records_destroy (ink_records_t **self_p);

//  The most bytes an answer over a range of `length` can have.
uint64_t ink_records_most (const ink_geometry_t *geometry, uint64_t length);

//  Bytes of one record in the output.
uint64_t ink_records_width (const ink_geometry_t *geometry, uint64_t length);

//  Enters a value of which nothing was known. INK_EVALUE, INK_ENOMEM: nothing has changed.
int
ink_records_add (ink_records_t *self, const uint8_t *value, size_t size, ink_part_t part);

//  Writes the output, as doc/kernels.md lays it out.
size_t ink_records_size (const ink_records_t *self);
void ink_records_write (const ink_records_t *self, uint8_t *out);

//  Packs all pieces that lie in `part` as its value.
size_t ink_records_extract_size (const ink_records_t *self, ink_part_t part);
void ink_records_extract (const ink_records_t *self, ink_part_t part, uint8_t *out);

#endif

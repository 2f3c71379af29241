//  counts.h: tables of counters, packed.
//
//  A packed table says its form in its first bytes: dense, or a bitmap of the counters that
//  are not zero followed by those alone; each counter as 1, 2, 4 or 8 bytes, whichever holds
//  the largest; or mixed, each 64 counters as wide as the largest of them. Little-endian. The
//  smallest form is taken.

#ifndef INK_COUNTS_H_INCLUDED
#define INK_COUNTS_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

//  What a packed table has besides its counters
#define INK_COUNTS_HEADER 2

//  How a table will be packed: found once, then used to pack.
typedef struct {
    uint8_t form, width;
    size_t used; //  Counters that are not zero
    size_t size; //  Bytes when packed
} ink_packing_t;

//  Reads the table once. `width` is that of the counters given: 4 or 8 bytes.
ink_packing_t ink_counts_measure (const void *counts, size_t cells, size_t width);

//  Writes packing->size bytes to `out`.
void ink_counts_pack (const ink_packing_t *packing, const void *counts, size_t cells,
                      size_t width, uint8_t *out);

//  Adds a packed table to totals [cells]. INK_EVALUE when the bytes are not one of `cells`
//  counters, or a total would pass 2^64; nothing has changed then. Reads at most `size`.
int ink_counts_add (const uint8_t *packed, size_t size, uint64_t *totals, size_t cells);

#endif

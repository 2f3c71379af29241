//  answer.h: what is known of one kernel over one range, and how values are merged into it.
//
//  A value is what a kernel made of one part, packed (ink_value_pack); an answer takes values
//  in any order, each part once, and writes the kernel's output at any moment. Cells of which
//  nothing is known are zeros, or not-a-number where the kernel's items are floats.

#ifndef INK_ANSWER_H_INCLUDED
#define INK_ANSWER_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "value/counts.h"
#include "value/plan.h"

//  The largest output of one kernel over one range.
#define INK_ANSWER_MOST ((uint64_t) 256 << 20)

typedef struct ink_answer ink_answer_t;

//  For `kernel` with checked parameters, which are copied, over the range. NULL when out of
//  memory. The caller has checked ink_answer_bytes.
ink_answer_t *
ink_answer_new (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range);
void ink_answer_destroy (ink_answer_t **self_p);

//  Size of the output of a kernel over a range, without making an answer; of records, the most
//  it can be.
uint64_t
ink_answer_bytes (const ink_kernel_t *kernel, const ink_args_t *args, ink_part_t range);

//  The same with cells as coarse as src/value/coarse.h allows; of 0 bytes: the kernel's own.
ink_answer_t *ink_answer_new_at (const ink_kernel_t *kernel, const ink_args_t *args,
                                 ink_part_t range, uint64_t precision);
uint64_t ink_answer_bytes_at (const ink_kernel_t *kernel, const ink_args_t *args,
                              ink_part_t range, uint64_t precision);
//  How far the kernel looks over the borders of a part.
ink_reach_t ink_value_reach (const ink_kernel_t *kernel, const ink_args_t *args);

//  Merges the packed value of `part`, which lies inside the range; that of a chain stands
//  for all before it, too. INK_EVALUE when it is not of the right form, INK_ENOMEM; nothing has changed then. Counts: O(cells); cells: O(part).
int ink_answer_add (ink_answer_t *self, const void *value, size_t size, ink_part_t part);

//  Merges the value of a node, whose cells are of `precision` bytes, the answer's own or finer.
//  It may stick out of the range: cells of the answer that it does not fill, within the range,
//  are left out. Gives how many bytes were merged. INK_EVALUE; INK_ENOMEM.
int ink_answer_add_node (ink_answer_t *self, const void *value, size_t size,
                         ink_part_t part, uint64_t precision, uint64_t *merged);

//  The state of a chain behind what was merged; NULL and 0 when nothing was, or for no chain.
const void *ink_answer_state (const ink_answer_t *self, size_t *size);

//  Whether a value is the state of a chain, and sound.
bool ink_answer_is_state (const ink_answer_t *self, const void *value, size_t size);

//  Writes the output: ink_answer_size bytes, little-endian, as doc/kernels.md lays it out.
size_t ink_answer_size (const ink_answer_t *self);
void ink_answer_write (const ink_answer_t *self, void *out);

//  Writes it in cells as wide as its own or wider, as ink_coarse_near gives them.
size_t ink_answer_size_at (const ink_answer_t *self, uint64_t precision);
void ink_answer_write_at (const ink_answer_t *self, uint64_t precision, void *out);

//  Writes one item of it: of cell n of the source, which lies in the range. Gives how many of
//  its bytes within the range are known. Of kernels that can make items coarser.
uint64_t
ink_answer_item_at (const ink_answer_t *self, uint64_t precision, uint64_t n, void *item);

//  Packs what has been merged so far as the value of `part`, for ink_answer_add on another
//  answer over the same range. Counts: everything that was merged, whatever `part` says;
//  cells: the items of `part`; records: what is known of `part`; a chain: the state, which
//  must be that behind `part`. Sizes first, so that it can be written where it is needed.
size_t ink_answer_extract_size (const ink_answer_t *self, ink_part_t part);
void ink_answer_extract (const ink_answer_t *self, ink_part_t part, uint8_t *out);

//  The two steps by which a worker packs what `map` made of `part`: cells is uint32_t [] for
//  counts, the items for cells, an ink_gather_t for records, the state of a chain.
typedef struct {
    ink_packing_t packing; //  Counts only
    size_t size;           //  Bytes of the value
} ink_value_shape_t;

ink_value_shape_t ink_value_measure (const ink_kernel_t *kernel, const ink_args_t *args,
                                     const void *cells, ink_part_t part);
void ink_value_pack (const ink_value_shape_t *shape, const ink_kernel_t *kernel,
                     const ink_args_t *args, const void *cells, uint8_t *out);

//  Bytes of the `cells` that map needs for a part of at most `length` bytes: zeroed before
//  the first slice for counts. Records need none.
size_t
ink_value_room (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length);

//  The most bytes the packed value of such a part can have.
size_t
ink_value_most (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length);

#endif

//  data.h: the data of a reply together with what its items mean.

#ifndef INK_DATA_H_INCLUDED
#define INK_DATA_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#include "inkling/kernel.h"

typedef struct {
    const char *kernel;
    ink_shape_t shape;
    ink_item_t item;
    size_t cell_bytes;  //  Source bytes a cell, 0 for counts
    size_t own_bytes;   //  The same in a final: partials may be coarser
    size_t rows;        //  Items a cell, 1 for counts
    size_t text;        //  Bytes kept of a record at most, 0 for none
    uint64_t offset;    //  Where the range begins in the source
    uint64_t length;    //  Of the range
    uint64_t estimated; //  Bytes of it that were not looked at
    double bound;       //  Of the error when there are such, as a share of the length
    const uint8_t *bytes;
    size_t size;
} ink_data_t;

//  Bytes of an item.
size_t ink_data_item_size (const ink_data_t *self);

//  How many cells there are: counters, or places of the source.
size_t ink_data_cells (const ink_data_t *self);

//  The n-th item; not-a-number when it is not known.
double ink_data_item (const ink_data_t *self, size_t n);

//  The n-th item of counts, exactly.
uint64_t ink_data_count (const ink_data_t *self, size_t n);

//  The sum and the largest of counts.
uint64_t ink_data_sum (const ink_data_t *self);
uint64_t ink_data_most (const ink_data_t *self);

//  The mean of the known items of row `row` in the cells [from, to), or not-a-number.
double ink_data_mean (const ink_data_t *self, size_t row, size_t from, size_t to);

//  What the items of cells can be at most: 8 bits of entropy, 255 of a byte, else the
//  largest there is.
double ink_data_scale (const ink_data_t *self);

#endif

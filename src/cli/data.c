//  data.c: the data of a reply together with what its items mean.

#include "cli/data.h"

#include <endian.h>
#include <math.h>
#include <string.h>

size_t
ink_data_item_size (const ink_data_t *self)
{
    switch (self->item) {
    case INK_ITEM_U64:
        return 8;
    case INK_ITEM_F32:
        return 4;
    default:
        return 1;
    }
}

size_t
ink_data_cells (const ink_data_t *self)
{
    return self->size / ink_data_item_size (self) / self->rows;
}

uint64_t
ink_data_count (const ink_data_t *self, size_t n)
{
    uint64_t count;
    memcpy (&count, self->bytes + n * 8, sizeof count);
    return le64toh (count);
}

double
ink_data_item (const ink_data_t *self, size_t n)
{
    if (self->item == INK_ITEM_U64)
        return (double) ink_data_count (self, n);
    if (self->item == INK_ITEM_U8)
        return self->bytes[n];

    uint32_t bits;
    float item;
    memcpy (&bits, self->bytes + n * 4, sizeof bits);
    bits = le32toh (bits);
    memcpy (&item, &bits, sizeof item);
    return item;
}

uint64_t
ink_data_sum (const ink_data_t *self)
{
    uint64_t sum = 0;
    for (size_t n = 0; n < ink_data_cells (self); n++)
        sum += ink_data_count (self, n);
    return sum;
}

uint64_t
ink_data_most (const ink_data_t *self)
{
    uint64_t most = 0;
    for (size_t n = 0; n < ink_data_cells (self); n++)
        if (ink_data_count (self, n) > most)
            most = ink_data_count (self, n);
    return most;
}

double
ink_data_mean (const ink_data_t *self, size_t row, size_t from, size_t to)
{
    double sum = 0, known = 0;
    for (size_t cell = from; cell < to; cell++) {
        double item = ink_data_item (self, cell * self->rows + row);
        if (isnan (item))
            continue;
        sum += item;
        known++;
    }
    return known > 0 ? sum / known : NAN;
}

double
ink_data_scale (const ink_data_t *self)
{
    if (strcmp (self->kernel, "entropy") == 0)
        return 8;
    if (self->item == INK_ITEM_U8)
        return 255;
    if (strcmp (self->kernel, "diff") == 0)
        return (double) self->cell_bytes;
    double most = 0;
    size_t items = ink_data_cells (self) * self->rows;
    for (size_t n = 0; n < items; n++)
        most =
            fmax (most, ink_data_item (self, n)); //  fmax passes over what is not known
    return most > 0 ? most : 1;
}

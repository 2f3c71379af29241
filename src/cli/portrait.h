//  portrait.h: pictures that belong to one kernel.

#ifndef INK_PORTRAIT_H_INCLUDED
#define INK_PORTRAIT_H_INCLUDED

#include "cli/canvas.h"
#include "cli/data.h"

//  The bits a trigram keeps of each byte, or 0 when the data is no cube of 4 to 7 bits.
unsigned ink_portrait_bits (const ink_data_t *data);

//  A class of bytes of byteclass.
#define INK_PORTRAIT_CLASSES 6

typedef struct {
    const char *label; //  The bytes most of it
    ink_color_t color;
} ink_portrait_class_t;

extern const ink_portrait_class_t ink_portrait_class[INK_PORTRAIT_CLASSES];

//  Each of these is NULL when out of memory.

//  A trigram, cut into squares: one for each first byte, the second down, the third across.
ink_canvas_t *ink_portrait_cube (const ink_data_t *data);

//  A byteclass: how much of each place of the source is of each class, in colours.
ink_canvas_t *ink_portrait_classes (const ink_data_t *data);

//  Gray cells, one behind the other: in rows, or along a Hilbert curve. Item n has place n
//  of the smallest square that holds all; when that would be more than 1024 places a side,
//  twice as many share a place, and so on.
ink_canvas_t *ink_portrait_rows (const ink_data_t *data);
ink_canvas_t *ink_portrait_curve (const ink_data_t *data);

#endif

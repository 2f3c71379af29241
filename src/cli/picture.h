//  picture.h: data as a picture.
//
//  A table of 65536 counters, or any larger power of 4, is a heat map in a logarithmic scale;
//  other counts are bars. Many cells are folded along a Hilbert curve, few are a strip. Cells
//  of which nothing is known are gray. Some kernels have a picture of their own: portrait.h.

#ifndef INK_PICTURE_H_INCLUDED
#define INK_PICTURE_H_INCLUDED

#include <stdio.h>

#include "cli/canvas.h"
#include "cli/data.h"

typedef enum {
    INK_PICTURE_ANY, //  None of a kernel's own
    INK_PICTURE_CUBE,
    INK_PICTURE_CLASSES,
    INK_PICTURE_PLOT,
    INK_PICTURE_CURVE,
    INK_PICTURE_BARS,
    INK_PICTURE_HEAT,
    INK_PICTURE_FOLD,
    INK_PICTURE_STRIP
} ink_picture_kind_t;

//  Which picture suits the data.
ink_picture_kind_t ink_picture_kind (const ink_data_t *data);

//  The first and one behind the last of `cells` that share place n of `places`; there is
//  always one.
typedef struct {
    size_t from, to;
} ink_share_t;

ink_share_t ink_picture_share (size_t cells, size_t places, size_t n);

//  NULL when out of memory.
ink_canvas_t *ink_picture_draw (const ink_data_t *data);

//  Draws and writes a PNG. 0, or -1 with errno set.
int ink_picture_write (const ink_data_t *data, FILE *out);

#endif

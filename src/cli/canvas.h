//  canvas.h: a sheet of pixels to draw boxes and short labels on, written as PNG.

#ifndef INK_CANVAS_H_INCLUDED
#define INK_CANVAS_H_INCLUDED

#include <stdio.h>

#include "cli/palette.h"

//  Width of a letter with its gap, and height of a letter.
#define INK_LETTER_WIDTH 12
#define INK_LETTER_HEIGHT 14

typedef struct ink_canvas ink_canvas_t;

//  Empty paper; NULL when out of memory.
ink_canvas_t *ink_canvas_new (int width, int height);
void ink_canvas_destroy (ink_canvas_t **self_p);

//  Fills a box. What lies outside the sheet is left out.
void ink_canvas_box (ink_canvas_t *self, int x, int y, int width, int height,
                     ink_color_t color);

typedef enum { INK_ALIGN_LEFT, INK_ALIGN_CENTER, INK_ALIGN_RIGHT } ink_align_t;

//  Writes capitals, digits and ".%-:" with the upper edge at y, and x at the left, the middle
//  or the right; small letters become capitals.
void
ink_canvas_label (ink_canvas_t *self, int x, int y, ink_align_t align, const char *text);

//  0, or -1 with errno set.
int ink_canvas_write (const ink_canvas_t *self, FILE *out);

#endif

//  sheet.h: what all pictures share: paper with a title, a scale and its legend.

#ifndef INK_SHEET_H_INCLUDED
#define INK_SHEET_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/canvas.h"

//  Margins; at the right there is room for the legend.
#define INK_SHEET_LEFT 72
#define INK_SHEET_TOP 48
#define INK_SHEET_BOTTOM 44
#define INK_SHEET_RIGHT 112
#define INK_SHEET_LEGEND 20 //  Width of the legend

//  Pixels of a square picture, at least
#define INK_SHEET_SIDE 768

//  Room for a picture of that size, and a title above it. NULL when out of memory.
ink_canvas_t *ink_sheet_new (const char *title, int width, int height);

//  How numbers become shares of a scale.
typedef struct {
    double least, most; //  least: of a logarithmic scale
    bool logarithmic;
    ink_palette_t palette;
} ink_scale_t;

//  In a logarithmic scale nothing is 0, and the least is well apart from nothing.
double ink_sheet_share (const ink_scale_t *scale, double number);

//  The colours of the scale from top to bottom, with ticks; or the ticks alone.
void ink_sheet_legend (ink_canvas_t *canvas, const ink_scale_t *scale, int x, int y,
                       int height);
void ink_sheet_ticks (ink_canvas_t *canvas, const ink_scale_t *scale, int x, int y,
                      int height);

//  A line at the foot of a picture that tells where in the source each quarter begins.
void
ink_sheet_foot (ink_canvas_t *canvas, int width, int y, uint64_t offset, uint64_t length);

//  "64M", as people cut files: in steps of 1024.
void ink_sheet_place (char *text, size_t size, uint64_t place);

#endif

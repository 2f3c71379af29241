//  portrait.c: pictures that belong to one kernel.

#include "cli/portrait.h"

#include <math.h>
#include <stdbool.h>
#include <stdio.h>

#include "cli/hilbert.h"
#include "cli/picture.h"
#include "cli/sheet.h"

#define LEFT INK_SHEET_LEFT
#define TOP INK_SHEET_TOP

//  ---------------------------------------------------------------------------------------
//  Cube

#define CUBE_WIDTH 1024 //  Pixels across, at least
#define CUBE_GAP 20     //  Above each square, for its label

typedef struct {
    unsigned bits;
    int side;         //  Of a square, in counters
    int across, down; //  Squares
    int dot;          //  Pixels of a counter
} cube_t;

unsigned
ink_portrait_bits (const ink_data_t *data)
{
    if (data->shape != INK_SHAPE_COUNTS)
        return 0;
    for (unsigned bits = 4; bits <= 7; bits++)
        if (ink_data_cells (data) == (size_t) 1 << 3 * bits)
            return bits;
    return 0;
}

static cube_t
cube_of (const ink_data_t *data)
{
    cube_t cube = {.bits = ink_portrait_bits (data)};
    cube.side = 1 << cube.bits;
    cube.across = 1 << (cube.bits + 1) / 2;
    cube.down = 1 << cube.bits / 2;
    int places = cube.across * cube.side;
    cube.dot = places < CUBE_WIDTH ? CUBE_WIDTH / places : 1;
    return cube;
}

//  One square: all counters whose first byte has the highest bits `first`.
static void
draw_square (ink_canvas_t *canvas, const ink_data_t *data, const ink_scale_t *scale,
             const cube_t *cube, int first)
{
    int pixels = cube->side * cube->dot;
    int left = LEFT + first % cube->across * (pixels + 2);
    int top = TOP + first / cube->across * (pixels + CUBE_GAP) + CUBE_GAP;
    char text[8];
    snprintf (text, sizeof text, "%02X", (unsigned) first << (8 - cube->bits));
    ink_canvas_label (canvas, left, top - CUBE_GAP + 3, INK_ALIGN_LEFT, text);
    for (int n = 0; n < cube->side * cube->side; n++) {
        size_t cell = (size_t) first << 2 * cube->bits | (size_t) n;
        double share = ink_sheet_share (scale, (double) ink_data_count (data, cell));
        ink_canvas_box (canvas, left + n % cube->side * cube->dot,
                        top + n / cube->side * cube->dot, cube->dot, cube->dot,
                        ink_palette_color (scale->palette, share));
    }
}

ink_canvas_t *
ink_portrait_cube (const ink_data_t *data)
{
    cube_t cube = cube_of (data);
    int pixels = cube.side * cube.dot;
    int width = cube.across * (pixels + 2) - 2, height = cube.down * (pixels + CUBE_GAP);
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, width, height);
    if (!canvas)
        return NULL;

    ink_scale_t scale = {1, fmax ((double) ink_data_most (data), 1), true,
                         INK_PALETTE_INFERNO};
    for (int first = 0; first < cube.side; first++)
        draw_square (canvas, data, &scale, &cube, first);
    ink_canvas_label (canvas, LEFT + width, 18, INK_ALIGN_RIGHT,
                      "first byte by square - second down - third across");
    ink_sheet_legend (canvas, &scale, LEFT + width + 20, TOP + CUBE_GAP,
                      height - CUBE_GAP);
    return canvas;
}

//  ---------------------------------------------------------------------------------------
//  Classes

#define CLASSES_WIDTH 1024
#define CLASSES_HEIGHT 256

const ink_portrait_class_t ink_portrait_class[INK_PORTRAIT_CLASSES] = {
    {"00", {62, 62, 80}},      {"01-1F", {150, 96, 190}}, {"20-7E", {78, 160, 222}},
    {"09-0D", {98, 206, 160}}, {"80-FE", {226, 138, 62}}, {"FF", {244, 240, 228}},
};

//  How much of each class is in the cells of a share; all are 0 when nothing is known.
static void
mix (const ink_data_t *data, ink_share_t share, double parts[INK_PORTRAIT_CLASSES])
{
    double sum = 0;
    for (size_t n = 0; n < INK_PORTRAIT_CLASSES; n++)
        sum += parts[n] = ink_data_mean (data, n, share.from, share.to);
    for (size_t n = 0; n < INK_PORTRAIT_CLASSES && sum > 0; n++)
        parts[n] /= sum;
}

//  The classes of one column, on top of each other.
static void
draw_mix (ink_canvas_t *canvas, const double parts[INK_PORTRAIT_CLASSES], int x)
{
    double below = 0;
    ink_canvas_box (canvas, x, TOP, 1, CLASSES_HEIGHT, INK_COLOR_UNKNOWN);
    for (size_t n = 0; n < INK_PORTRAIT_CLASSES; n++) {
        int from = (int) lround (below * CLASSES_HEIGHT);
        below += parts[n];
        int to = (int) lround (below * CLASSES_HEIGHT);
        ink_canvas_box (canvas, x, TOP + CLASSES_HEIGHT - to, 1, to - from,
                        ink_portrait_class[n].color);
    }
}

static void
draw_class_legend (ink_canvas_t *canvas)
{
    int x = LEFT + CLASSES_WIDTH + 20, step = CLASSES_HEIGHT / INK_PORTRAIT_CLASSES;
    for (int n = 0; n < INK_PORTRAIT_CLASSES; n++) {
        int y = TOP + CLASSES_HEIGHT - (n + 1) * step;
        ink_canvas_box (canvas, x, y, INK_SHEET_LEGEND, step - 4,
                        ink_portrait_class[n].color);
        ink_canvas_label (canvas, x + INK_SHEET_LEGEND + 8,
                          y + (step - 4 - INK_LETTER_HEIGHT) / 2, INK_ALIGN_LEFT,
                          ink_portrait_class[n].label);
    }
}

ink_canvas_t *
ink_portrait_classes (const ink_data_t *data)
{
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, CLASSES_WIDTH, CLASSES_HEIGHT);
    if (!canvas)
        return NULL;
    size_t cells = ink_data_cells (data);
    for (size_t x = 0; x < CLASSES_WIDTH; x++) {
        double parts[INK_PORTRAIT_CLASSES];
        mix (data, ink_picture_share (cells, CLASSES_WIDTH, x), parts);
        draw_mix (canvas, parts, LEFT + (int) x);
    }
    ink_sheet_foot (canvas, CLASSES_WIDTH, TOP + CLASSES_HEIGHT, data->offset,
                    data->length);
    draw_class_legend (canvas);
    return canvas;
}

//  ---------------------------------------------------------------------------------------
//  Gray cells

#define GRAY_ORDER 10 //  At most 1024 places a side

typedef ink_place_t (place_of_t) (unsigned order, uint64_t n);

static ink_place_t
place_in_rows (unsigned order, uint64_t n)
{
    return (ink_place_t){(uint32_t) (n & ((UINT64_C (1) << order) - 1)),
                         (uint32_t) (n >> order)};
}

//  "64M - 96M": where the range begins and ends.
static void
draw_range (ink_canvas_t *canvas, const ink_data_t *data, int right)
{
    char from[24], to[24], text[56];
    ink_sheet_place (from, sizeof from, data->offset);
    ink_sheet_place (to, sizeof to, data->offset + data->length);
    snprintf (text, sizeof text, "%s - %s", from, to);
    ink_canvas_label (canvas, right, 18, INK_ALIGN_RIGHT, text);
}

//  The corner of the box that holds so many places: the rest of the square is not drawn.
static ink_place_t
corner_of (unsigned order, size_t places, place_of_t *place_of)
{
    ink_place_t corner = {0, 0};
    for (size_t n = 0; n < places; n++) {
        ink_place_t at = place_of (order, n);
        corner.x = at.x >= corner.x ? at.x + 1 : corner.x;
        corner.y = at.y >= corner.y ? at.y + 1 : corner.y;
    }
    return corner;
}

static ink_canvas_t *
draw_gray (const ink_data_t *data, place_of_t *place_of)
{
    size_t cells = ink_data_cells (data), share = 1;
    while ((cells - 1) / share >> 2 * GRAY_ORDER)
        share *= 2;
    size_t places = (cells - 1) / share + 1;
    unsigned order = ink_hilbert_order (places, GRAY_ORDER);
    int dot = INK_SHEET_SIDE >> order ? INK_SHEET_SIDE >> order : 1;
    ink_place_t corner = corner_of (order, places, place_of);
    int width = dot * (int) corner.x, height = dot * (int) corner.y;
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, width, height);
    if (!canvas)
        return NULL;

    ink_scale_t scale = {1, 255, false, INK_PALETTE_GRAY};
    ink_canvas_box (canvas, LEFT, TOP, width, height, INK_COLOR_FAINT);
    for (size_t n = 0; n < places; n++) {
        size_t to = (n + 1) * share < cells ? (n + 1) * share : cells;
        double mean = ink_data_mean (data, 0, n * share, to);
        ink_place_t at = place_of (order, n);
        ink_canvas_box (
            canvas, LEFT + (int) at.x * dot, TOP + (int) at.y * dot, dot, dot,
            ink_palette_color (scale.palette, ink_sheet_share (&scale, mean)));
    }
    draw_range (canvas, data, LEFT + width);
    ink_sheet_legend (canvas, &scale, LEFT + width + 20, TOP, height);
    return canvas;
}

ink_canvas_t *
ink_portrait_rows (const ink_data_t *data)
{
    return draw_gray (data, place_in_rows);
}

ink_canvas_t *
ink_portrait_curve (const ink_data_t *data)
{
    return draw_gray (data, ink_hilbert_place);
}

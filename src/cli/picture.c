//  picture.c: data as a picture.

#include "cli/picture.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "cli/hilbert.h"
#include "cli/human.h"
#include "cli/listing.h"
#include "cli/portrait.h"
#include "cli/sheet.h"

#define LEFT INK_SHEET_LEFT
#define TOP INK_SHEET_TOP
#define SIDE INK_SHEET_SIDE
#define HEAT_MOST 1024 //  Places of a side at most
#define FOLD_ORDER 9   //  At most 512 places a side
#define FOLD_LEAST 1024
#define BARS_WIDTH 1024
#define BARS_HEIGHT 360
#define STRIP_HEIGHT 160

//  The picture that belongs to a kernel of ours, when the data is of the form it makes.
static ink_picture_kind_t
kind_of_kernel (const ink_data_t *data)
{
    if (strcmp (data->kernel, "trigram") == 0 && ink_portrait_bits (data))
        return INK_PICTURE_CUBE;
    if (strcmp (data->kernel, "byteclass") == 0 && data->rows == INK_PORTRAIT_CLASSES)
        return INK_PICTURE_CLASSES;
    if (strcmp (data->kernel, "byteplot") == 0 && data->item == INK_ITEM_U8)
        return INK_PICTURE_PLOT;
    if (strcmp (data->kernel, "hilbert") == 0 && data->item == INK_ITEM_U8)
        return INK_PICTURE_CURVE;
    return INK_PICTURE_ANY;
}

ink_picture_kind_t
ink_picture_kind (const ink_data_t *data)
{
    ink_picture_kind_t kind = kind_of_kernel (data);
    if (kind != INK_PICTURE_ANY)
        return kind;
    size_t cells = ink_data_cells (data);
    if (data->shape == INK_SHAPE_CELLS)
        return data->rows == 1 && cells >= FOLD_LEAST ? INK_PICTURE_FOLD
                                                      : INK_PICTURE_STRIP;
    unsigned order = ink_hilbert_order (cells, 31);
    bool square = cells == (size_t) 1 << (2 * order);
    return square && cells >= 65536 ? INK_PICTURE_HEAT : INK_PICTURE_BARS;
}

ink_share_t
ink_picture_share (size_t cells, size_t places, size_t n)
{
    size_t from = (size_t) ((double) n * (double) cells / (double) places);
    size_t to = (size_t) ((double) (n + 1) * (double) cells / (double) places);
    return (ink_share_t){from, to > from ? to : from + 1};
}

//  ---------------------------------------------------------------------------------------
//  Heat: counters as a square, the first half of the index downwards

//  The two digits of each 32nd byte, down the left and along the foot.
static void
draw_byte_axes (ink_canvas_t *canvas, int side)
{
    for (int byte = 0; byte < 256; byte += 32) {
        char text[8];
        snprintf (text, sizeof text, "%02X", (unsigned) byte);
        int at = byte * side / 256;
        ink_canvas_box (canvas, LEFT - 8, TOP + at, 6, 2, INK_COLOR_INK);
        ink_canvas_label (canvas, LEFT - 14, TOP + at - (byte ? 6 : 0), INK_ALIGN_RIGHT,
                          text);
        ink_canvas_box (canvas, LEFT + at, TOP + side + 2, 2, 6, INK_COLOR_INK);
        ink_canvas_label (canvas, LEFT + at + (byte ? 0 : 10), TOP + side + 14,
                          INK_ALIGN_CENTER, text);
    }
    ink_canvas_label (canvas, LEFT + side, 18, INK_ALIGN_RIGHT,
                      "first byte down - second across");
}

//  The sum of a block of counters, so that a large table fits.
static double
block_sum (const ink_data_t *data, size_t side, size_t x, size_t y, size_t block)
{
    double sum = 0;
    for (size_t row = 0; row < block; row++)
        for (size_t column = 0; column < block; column++)
            sum += (double) ink_data_count (data, (y + row) * side + x + column);
    return sum;
}

static ink_canvas_t *
draw_heat (const ink_data_t *data)
{
    size_t side = (size_t) 1 << ink_hilbert_order (ink_data_cells (data), 31);
    size_t block = side > HEAT_MOST ? side / HEAT_MOST : 1, places = side / block;
    int dot = places < SIDE ? SIDE / (int) places : 1, pixels = (int) places * dot;
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, pixels, pixels);
    if (!canvas)
        return NULL;

    ink_scale_t scale = {1, 1, true, INK_PALETTE_INFERNO};
    for (size_t n = 0; n < places * places; n++)
        scale.most = fmax (scale.most, block_sum (data, side, n % places * block,
                                                  n / places * block, block));
    for (size_t n = 0; n < places * places; n++) {
        size_t x = n % places, y = n / places;
        double share =
            ink_sheet_share (&scale, block_sum (data, side, x * block, y * block, block));
        ink_canvas_box (canvas, LEFT + (int) x * dot, TOP + (int) y * dot, dot, dot,
                        ink_palette_color (scale.palette, share));
    }
    if (side == 256)
        draw_byte_axes (canvas, pixels);
    ink_sheet_legend (canvas, &scale, LEFT + pixels + 20, TOP, pixels);
    return canvas;
}

//  ---------------------------------------------------------------------------------------
//  Bars

static int
compare (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

//  A few large counters would press all others flat: a logarithm shows both.
static ink_scale_t
scale_of_bars (const double *heights, size_t bars)
{
    ink_scale_t scale = {1, 1, false, INK_PALETTE_VIRIDIS};
    double *sorted = ink_alloc (bars * sizeof *sorted);
    if (!sorted)
        return scale;
    memcpy (sorted, heights, bars * sizeof *sorted);
    qsort (sorted, bars, sizeof *sorted, compare);
    scale.most = fmax (sorted[bars - 1], 1);
    for (size_t n = bars; n-- > 0 && sorted[n] > 0;)
        scale.least = pow (10, floor (log10 (sorted[n])));
    scale.logarithmic = scale.most > 16 * fmax (sorted[bars / 2], 1);
    ink_free (sorted);
    return scale;
}

static void
draw_index_axis (ink_canvas_t *canvas, size_t cells, int width, int height)
{
    for (size_t n = 0; n < 16 && cells >= 16; n++) {
        char text[24];
        if (cells == 256)
            snprintf (text, sizeof text, "%02zX", n * 16);
        else if (n % 4 == 0)
            snprintf (text, sizeof text, "%zu", cells * n / 16);
        else
            continue;
        int x = LEFT + (int) n * width / 16;
        ink_canvas_box (canvas, x, TOP + height + 2, 2, 6, INK_COLOR_INK);
        ink_canvas_label (canvas, x, TOP + height + 14, INK_ALIGN_LEFT, text);
    }
}

static void
draw_grid (ink_canvas_t *canvas, const ink_scale_t *scale, int width, int height)
{
    double step = scale->logarithmic ? 10 : scale->most / 4;
    double number = scale->logarithmic ? scale->least : step;
    while (number <= scale->most) {
        int y = TOP + (int) ((1 - ink_sheet_share (scale, number)) * (height - 2));
        ink_canvas_box (canvas, LEFT, y, width, 1, INK_COLOR_FAINT);
        number = scale->logarithmic ? number * step : number + step;
    }
    ink_canvas_box (canvas, LEFT, TOP + height, width, 2, INK_COLOR_INK);
}

//  Bars are as bright as they are high, and never as dark as the paper.
static void
draw_bars_on (ink_canvas_t *canvas, const ink_scale_t *scale, const double *heights,
              size_t bars, int width)
{
    draw_grid (canvas, scale, width, BARS_HEIGHT);
    int step = width / (int) bars, gap = step > 2 ? 1 : 0;
    for (size_t n = 0; n < bars; n++) {
        double share = ink_sheet_share (scale, heights[n]);
        int high = (int) lround (share * BARS_HEIGHT);
        if (high == 0 && heights[n] > 0)
            high = 1;
        ink_canvas_box (canvas, LEFT + (int) n * step, TOP + BARS_HEIGHT - high,
                        step - gap, high,
                        ink_palette_color (scale->palette, 0.25 + 0.75 * share));
    }
    ink_sheet_ticks (canvas, scale, LEFT + width + 4, TOP, BARS_HEIGHT);
}

static ink_canvas_t *
draw_bars (const ink_data_t *data)
{
    size_t cells = ink_data_cells (data), bars = cells < BARS_WIDTH ? cells : BARS_WIDTH;
    double *heights = ink_alloc (bars * sizeof *heights);
    if (!heights)
        return NULL;
    for (size_t n = 0; n < bars; n++) {
        ink_share_t share = ink_picture_share (cells, bars, n);
        for (size_t cell = share.from; cell < share.to; cell++)
            heights[n] += (double) ink_data_count (data, cell);
    }

    int width = BARS_WIDTH / (int) bars * (int) bars;
    ink_scale_t scale = scale_of_bars (heights, bars);
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, width, BARS_HEIGHT);
    if (canvas) {
        draw_bars_on (canvas, &scale, heights, bars, width);
        draw_index_axis (canvas, cells, width, BARS_HEIGHT);
        ink_canvas_label (canvas, LEFT + width, 18, INK_ALIGN_RIGHT,
                          scale.logarithmic ? "count - log scale" : "count");
    }
    ink_free (heights);
    return canvas;
}

//  ---------------------------------------------------------------------------------------
//  Cells: folded when there are many, else a strip

//  A comparison shows how many bytes differ at a place, by a logarithm: one among millions is
//  not lost.
static bool
is_comparison (const ink_data_t *data)
{
    return strcmp (data->kernel, "diff") == 0 && data->item == INK_ITEM_U64;
}

static double
level_of (const ink_data_t *data, size_t row, ink_share_t share)
{
    double mean = ink_data_mean (data, row, share.from, share.to);
    return is_comparison (data) ? mean * (double) (share.to - share.from) : mean;
}

static ink_scale_t
scale_of_cells (const ink_data_t *data, size_t places)
{
    double most = ink_data_scale (data), each = (double) ink_data_cells (data);
    each = fmax (each / (double) places, 1);
    if (is_comparison (data))
        return (ink_scale_t){1, most * each, true, INK_PALETTE_VIRIDIS};
    return (ink_scale_t){1, ink_data_scale (data), false, INK_PALETTE_VIRIDIS};
}

static ink_canvas_t *
draw_fold (const ink_data_t *data)
{
    size_t cells = ink_data_cells (data);
    unsigned order = ink_hilbert_order (cells, FOLD_ORDER);
    int dot = SIDE >> order ? SIDE >> order : 1, pixels = dot << order;
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, pixels, pixels);
    if (!canvas)
        return NULL;

    size_t places = (size_t) 1 << (2 * order);
    ink_scale_t scale = scale_of_cells (data, places);
    for (size_t n = 0; n < places; n++) {
        ink_share_t share = ink_picture_share (cells, places, n);
        ink_place_t at = ink_hilbert_place (order, n);
        double level = level_of (data, 0, share);
        ink_canvas_box (
            canvas, LEFT + (int) at.x * dot, TOP + (int) at.y * dot, dot, dot,
            ink_palette_color (scale.palette, ink_sheet_share (&scale, level)));
    }
    //  The curve begins above the left corner and ends above the right one.
    char text[32];
    ink_sheet_place (text, sizeof text, data->offset);
    ink_canvas_label (canvas, LEFT - 8, TOP, INK_ALIGN_RIGHT, text);
    ink_sheet_place (text, sizeof text, data->offset + data->length);
    ink_canvas_label (canvas, LEFT + pixels, 18, INK_ALIGN_RIGHT, text);
    ink_sheet_legend (canvas, &scale, LEFT + pixels + 20, TOP, pixels);
    return canvas;
}

static void
draw_column (ink_canvas_t *canvas, const ink_scale_t *scale, double item, int x, int y,
             int height)
{
    double share = ink_sheet_share (scale, item);
    int high = isnan (item) ? height : (int) lround (share * height);
    if (high == 0)
        high = 1;
    ink_canvas_box (canvas, x, y + height - high, 1, high,
                    ink_palette_color (scale->palette, share));
}

static ink_canvas_t *
draw_strip (const ink_data_t *data)
{
    int rows = data->rows < 16 ? (int) data->rows : 16, gap = 8;
    int height = rows > 1 ? STRIP_HEIGHT / 2 : STRIP_HEIGHT;
    int total = rows * (height + gap) - gap;
    ink_canvas_t *canvas = ink_sheet_new (data->kernel, BARS_WIDTH, total);
    if (!canvas)
        return NULL;

    ink_scale_t scale = scale_of_cells (data, BARS_WIDTH);
    size_t cells = ink_data_cells (data);
    for (int n = 0; n < rows * BARS_WIDTH; n++) {
        int x = n % BARS_WIDTH, row = n / BARS_WIDTH;
        ink_share_t share = ink_picture_share (cells, BARS_WIDTH, (size_t) x);
        double level = level_of (data, (size_t) row, share);
        draw_column (canvas, &scale, level, LEFT + x, TOP + row * (height + gap), height);
    }
    ink_sheet_foot (canvas, BARS_WIDTH, TOP + total, data->offset, data->length);
    ink_sheet_legend (canvas, &scale, LEFT + BARS_WIDTH + 20, TOP, total);
    return canvas;
}

//  Records: how many begin in each place of the range

static ink_canvas_t *
draw_places (const ink_data_t *data)
{
    uint64_t places[BARS_WIDTH];
    ink_listing_places (data, places, BARS_WIDTH);
    ink_data_t strip = *data;
    strip.shape = INK_SHAPE_CELLS;
    strip.bytes = (const uint8_t *) places;
    strip.size = sizeof places;
    return draw_strip (&strip);
}

//  ---------------------------------------------------------------------------------------

static ink_canvas_t *
draw (const ink_data_t *data)
{
    if (data->shape == INK_SHAPE_RECORDS)
        return draw_places (data);
    if (ink_data_cells (data) == 0)
        return ink_sheet_new (data->kernel, BARS_WIDTH, STRIP_HEIGHT);
    switch (ink_picture_kind (data)) {
    case INK_PICTURE_HEAT:
        return draw_heat (data);
    case INK_PICTURE_BARS:
        return draw_bars (data);
    case INK_PICTURE_FOLD:
        return draw_fold (data);
    case INK_PICTURE_CUBE:
        return ink_portrait_cube (data);
    case INK_PICTURE_CLASSES:
        return ink_portrait_classes (data);
    case INK_PICTURE_PLOT:
        return ink_portrait_rows (data);
    case INK_PICTURE_CURVE:
        return ink_portrait_curve (data);
    default:
        return draw_strip (data);
    }
}

//  Above the title, where nothing else is: nobody shall take an estimate for more than it is.
static void
mark_estimate (ink_canvas_t *canvas, const ink_data_t *data)
{
    char text[64];
    snprintf (text, sizeof text, "estimate: within %s",
              ink_human_share (data->bound, 1).text);
    ink_canvas_label (canvas, LEFT, 2, INK_ALIGN_LEFT, text);
}

ink_canvas_t *
ink_picture_draw (const ink_data_t *data)
{
    ink_canvas_t *canvas = draw (data);
    if (canvas && data->estimated)
        mark_estimate (canvas, data);
    return canvas;
}

int
ink_picture_write (const ink_data_t *data, FILE *out)
{
    ink_canvas_t *canvas = ink_picture_draw (data);
    if (!canvas) {
        errno = ENOMEM;
        return -1;
    }
    int result = ink_canvas_write (canvas, out);
    ink_canvas_destroy (&canvas);
    return result;
}

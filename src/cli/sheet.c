//  sheet.c: what all pictures share: paper with a title, a scale and its legend.

#include "cli/sheet.h"

#include <math.h>
#include <stdio.h>

#include "cli/human.h"

double
ink_sheet_share (const ink_scale_t *scale, double number)
{
    if (!scale->logarithmic)
        return number / scale->most;
    if (number <= 0)
        return 0;
    double decades = log (scale->most / scale->least);
    return 0.08 + 0.92 * (decades > 0 ? log (number / scale->least) / decades : 1);
}

static void
draw_tick (ink_canvas_t *canvas, int x, int y, const char *text)
{
    ink_canvas_box (canvas, x, y, 6, 2, INK_COLOR_INK);
    ink_canvas_label (canvas, x + 12, y - INK_LETTER_HEIGHT / 2 + 1, INK_ALIGN_LEFT,
                      text);
}

//  Powers of ten, not nearer to each other than two lines of text.
static void
draw_log_ticks (ink_canvas_t *canvas, const ink_scale_t *scale, int x, int y, int height)
{
    int last = y + height + 100;
    for (double number = scale->least; number <= scale->most; number *= 10) {
        int at = y + (int) ((1 - ink_sheet_share (scale, number)) * (height - 2));
        if (last - at < 2 * INK_LETTER_HEIGHT)
            continue;
        draw_tick (canvas, x, at, ink_human_count (number).text);
        last = at;
    }
}

void
ink_sheet_ticks (ink_canvas_t *canvas, const ink_scale_t *scale, int x, int y, int height)
{
    if (scale->logarithmic) {
        draw_log_ticks (canvas, scale, x, y, height);
        return;
    }
    for (int n = 0; n <= 4; n++)
        draw_tick (canvas, x, y + (4 - n) * (height - 2) / 4,
                   ink_human_count (scale->most * n / 4).text);
}

void
ink_sheet_legend (ink_canvas_t *canvas, const ink_scale_t *scale, int x, int y,
                  int height)
{
    for (int row = 0; row < height; row++) {
        double share = 1 - (double) row / (height - 1);
        ink_canvas_box (canvas, x, y + row, INK_SHEET_LEGEND, 1,
                        ink_palette_color (scale->palette, share));
    }
    ink_sheet_ticks (canvas, scale, x + INK_SHEET_LEGEND, y, height);
}

ink_canvas_t *
ink_sheet_new (const char *title, int width, int height)
{
    ink_canvas_t *canvas = ink_canvas_new (INK_SHEET_LEFT + width + INK_SHEET_RIGHT,
                                           INK_SHEET_TOP + height + INK_SHEET_BOTTOM);
    if (canvas)
        ink_canvas_label (canvas, INK_SHEET_LEFT, 18, INK_ALIGN_LEFT, title);
    return canvas;
}

void
ink_sheet_place (char *text, size_t size, uint64_t place)
{
    static const char units[] = " KMGTPE";
    size_t unit = 0;
    for (; place >= 10240 && units[unit + 1]; unit++)
        place >>= 10;
    snprintf (text, size, "%llu%.1s", (unsigned long long) place,
              unit ? units + unit : "");
}

void
ink_sheet_foot (ink_canvas_t *canvas, int width, int y, uint64_t offset, uint64_t length)
{
    ink_canvas_box (canvas, INK_SHEET_LEFT, y, width, 2, INK_COLOR_INK);
    for (uint64_t n = 0; n <= 4; n++) {
        char text[32];
        ink_sheet_place (text, sizeof text, offset + length / 4 * n);
        ink_canvas_label (canvas, INK_SHEET_LEFT + (int) n * width / 4, y + 12,
                          INK_ALIGN_CENTER, text);
    }
}

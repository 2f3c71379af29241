//  canvas.c: a sheet of pixels to draw boxes and short labels on, written as PNG.

#include "cli/canvas.h"

#include <ctype.h>
#include <errno.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"

#define DOT 2 //  Pixels a dot of a letter

struct ink_canvas {
    int width, height;
    ink_color_t pixels[];
};

//  Letters are 5 dots wide and 7 high: a number a row, the leftmost dot being 16.
typedef struct {
    char letter;
    uint8_t rows[7];
} glyph_t;

static const glyph_t glyphs[] = {
    {'0', {14, 17, 19, 21, 25, 17, 14}}, {'1', {4, 12, 4, 4, 4, 4, 14}},
    {'2', {14, 17, 1, 6, 8, 16, 31}},    {'3', {14, 17, 1, 6, 1, 17, 14}},
    {'4', {2, 6, 10, 18, 31, 2, 2}},     {'5', {31, 16, 30, 1, 1, 17, 14}},
    {'6', {14, 16, 16, 30, 17, 17, 14}}, {'7', {31, 1, 2, 4, 4, 8, 8}},
    {'8', {14, 17, 17, 14, 17, 17, 14}}, {'9', {14, 17, 17, 15, 1, 1, 14}},
    {'A', {14, 17, 17, 31, 17, 17, 17}}, {'B', {30, 17, 17, 30, 17, 17, 30}},
    {'C', {14, 17, 16, 16, 16, 17, 14}}, {'D', {30, 17, 17, 17, 17, 17, 30}},
    {'E', {31, 16, 16, 30, 16, 16, 31}}, {'F', {31, 16, 16, 30, 16, 16, 16}},
    {'G', {14, 17, 16, 23, 17, 17, 14}}, {'H', {17, 17, 17, 31, 17, 17, 17}},
    {'I', {14, 4, 4, 4, 4, 4, 14}},      {'J', {7, 2, 2, 2, 2, 18, 12}},
    {'K', {17, 18, 20, 24, 20, 18, 17}}, {'L', {16, 16, 16, 16, 16, 16, 31}},
    {'M', {17, 27, 21, 21, 17, 17, 17}}, {'N', {17, 25, 21, 21, 19, 17, 17}},
    {'O', {14, 17, 17, 17, 17, 17, 14}}, {'P', {30, 17, 17, 30, 16, 16, 16}},
    {'Q', {14, 17, 17, 17, 21, 18, 13}}, {'R', {30, 17, 17, 30, 20, 18, 17}},
    {'S', {15, 16, 16, 14, 1, 1, 30}},   {'T', {31, 4, 4, 4, 4, 4, 4}},
    {'U', {17, 17, 17, 17, 17, 17, 14}}, {'V', {17, 17, 17, 17, 10, 10, 4}},
    {'W', {17, 17, 17, 21, 21, 27, 17}}, {'X', {17, 10, 4, 4, 4, 10, 17}},
    {'Y', {17, 17, 10, 4, 4, 4, 4}},     {'Z', {31, 1, 2, 4, 8, 16, 31}},
    {'.', {0, 0, 0, 0, 0, 12, 12}},      {'%', {24, 25, 2, 4, 8, 19, 3}},
    {'-', {0, 0, 0, 14, 0, 0, 0}},       {':', {0, 12, 12, 0, 12, 12, 0}},
};

ink_canvas_t *
ink_canvas_new (int width, int height)
{
    size_t pixels = (size_t) width * (size_t) height;
    ink_canvas_t *self = ink_alloc (sizeof *self + pixels * sizeof (ink_color_t));
    if (!self)
        return NULL;
    self->width = width;
    self->height = height;
    for (size_t n = 0; n < pixels; n++)
        self->pixels[n] = INK_COLOR_PAPER;
    return self;
}

void
ink_canvas_destroy (ink_canvas_t **self_p)
{
    ink_free (*self_p);
    *self_p = NULL;
}

static int
clamp (int value, int most)
{
    return value < 0 ? 0 : value > most ? most : value;
}

void
ink_canvas_box (ink_canvas_t *self, int x, int y, int width, int height,
                ink_color_t color)
{
    int right = clamp (x + width, self->width), bottom = clamp (y + height, self->height);
    for (int row = clamp (y, self->height); row < bottom; row++)
        for (int column = clamp (x, self->width); column < right; column++)
            self->pixels[(size_t) row * (size_t) self->width + (size_t) column] = color;
}

static void
draw_glyph (ink_canvas_t *self, int x, int y, char letter)
{
    for (size_t n = 0; n < sizeof glyphs / sizeof *glyphs; n++) {
        if (glyphs[n].letter != letter)
            continue;
        for (int dot = 0; dot < 35; dot++)
            if (glyphs[n].rows[dot / 5] & 16 >> dot % 5)
                ink_canvas_box (self, x + dot % 5 * DOT, y + dot / 5 * DOT, DOT, DOT,
                                INK_COLOR_INK);
    }
}

void
ink_canvas_label (ink_canvas_t *self, int x, int y, ink_align_t align, const char *text)
{
    int width = (int) strlen (text) * INK_LETTER_WIDTH - DOT;
    if (align != INK_ALIGN_LEFT)
        x -= align == INK_ALIGN_CENTER ? width / 2 : width;
    for (; *text; text++, x += INK_LETTER_WIDTH)
        draw_glyph (self, x, y, (char) toupper ((unsigned char) *text));
}

int
ink_canvas_write (const ink_canvas_t *self, FILE *out)
{
    png_image image = {.version = PNG_IMAGE_VERSION,
                       .width = (png_uint_32) self->width,
                       .height = (png_uint_32) self->height,
                       .format = PNG_FORMAT_RGB,
                       .flags = PNG_IMAGE_FLAG_FAST};
    errno = 0;
    if (png_image_write_to_stdio (&image, out, 0, self->pixels, 0, NULL))
        return 0;
    if (errno == 0)
        errno = EIO;
    return -1;
}

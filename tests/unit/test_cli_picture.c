//  test_cli_picture.c: which picture, of which cells, along which curve, in which colours.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <png.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/hilbert.h"
#include "cli/palette.h"
#include "cli/picture.h"
#include "cli/portrait.h"
#include "cli/sheet.h"

static void
the_curve_visits_every_place_once (void **state)
{
    (void) state;
    for (unsigned order = 0; order <= 6; order++) {
        uint32_t side = UINT32_C (1) << order;
        bool *seen = calloc ((size_t) side * side, sizeof *seen);
        for (uint64_t n = 0; n < (uint64_t) side * side; n++) {
            ink_place_t at = ink_hilbert_place (order, n);
            assert_true (at.x < side && at.y < side);
            assert_false (seen[at.y * side + at.x]);
            seen[at.y * side + at.x] = true;
        }
        free (seen);
    }
}

static void
the_curve_steps_to_a_neighbour_each_time (void **state)
{
    (void) state;
    for (unsigned order = 1; order <= 9; order++)
        for (uint64_t n = 1; n < UINT64_C (1) << (2 * order); n++) {
            ink_place_t a = ink_hilbert_place (order, n - 1),
                        b = ink_hilbert_place (order, n);
            int step = abs ((int) a.x - (int) b.x) + abs ((int) a.y - (int) b.y);
            if (step != 1)
                fail_msg ("order %u, step %d at %llu", order, step,
                          (unsigned long long) n);
        }
}

//  The legend of the picture says so.
static void
the_curve_goes_from_the_upper_left_to_the_upper_right (void **state)
{
    (void) state;
    for (unsigned order = 1; order <= 9; order++) {
        ink_place_t first = ink_hilbert_place (order, 0);
        ink_place_t last = ink_hilbert_place (order, (UINT64_C (1) << (2 * order)) - 1);
        assert_true (first.x == 0 && first.y == 0);
        assert_true (last.x == (UINT32_C (1) << order) - 1 && last.y == 0);
    }
}

static void
the_square_is_the_smallest_that_holds_the_cells (void **state)
{
    (void) state;
    assert_int_equal (ink_hilbert_order (1, 9), 0);
    assert_int_equal (ink_hilbert_order (4, 9), 1);
    assert_int_equal (ink_hilbert_order (5, 9), 2);
    assert_int_equal (ink_hilbert_order (1024, 9), 5);
    assert_int_equal (ink_hilbert_order (1025, 9), 6);
    assert_int_equal (ink_hilbert_order (UINT64_MAX, 9), 9);
}

//  With as many cells as places, or more, each cell has exactly one place.
static void
places_share_the_cells_without_gap_or_overlap (void **state)
{
    (void) state;
    srand (4712);
    for (int round = 0; round < 200; round++) {
        size_t places = 1 + (size_t) rand () % 300,
               cells = places + (size_t) rand () % 5000;
        size_t next = 0;
        for (size_t n = 0; n < places; n++) {
            ink_share_t share = ink_picture_share (cells, places, n);
            if (share.from != next || share.to <= share.from)
                fail_msg ("seed 4712: %zu cells, %zu places, place %zu", cells, places,
                          n);
            next = share.to;
        }
        assert_int_equal (next, cells);
    }
}

static void
few_cells_are_repeated_in_order (void **state)
{
    (void) state;
    for (size_t cells = 1; cells < 40; cells++)
        for (size_t n = 0; n < 64; n++) {
            ink_share_t share = ink_picture_share (cells, 64, n);
            assert_int_equal (share.from, n * cells / 64);
            assert_true (share.to > share.from && share.to <= cells);
        }
}

static float
brightness (ink_color_t color)
{
    return 0.2126f * (float) color.red + 0.7152f * (float) color.green +
           0.0722f * (float) color.blue;
}

static void
palettes_grow_brighter_all_the_way (void **state)
{
    (void) state;
    for (int palette = 0; palette <= INK_PALETTE_GRAY; palette++)
        for (int n = 1; n <= 255; n++) {
            ink_color_t before =
                ink_palette_color ((ink_palette_t) palette, (n - 1) / 255.0);
            ink_color_t after = ink_palette_color ((ink_palette_t) palette, n / 255.0);
            assert_true (brightness (after) >= brightness (before) - 0.5f);
        }
    ink_color_t last = ink_palette_color (INK_PALETTE_VIRIDIS, 1);
    assert_int_equal (last.red << 16 | last.green << 8 | last.blue, 0xFDE724);
}

static void
what_is_not_known_is_gray (void **state)
{
    (void) state;
    ink_color_t color = ink_palette_color (INK_PALETTE_VIRIDIS, NAN);
    assert_true (color.red == color.green && color.green == color.blue);
}

//  Zeros of a form, as many as `size` bytes hold.
static ink_data_t
zeros (ink_shape_t shape, ink_item_t item, size_t rows, size_t size)
{
    static uint8_t bytes[4 << 20];
    assert_true (size <= sizeof bytes);
    return (ink_data_t){.kernel = "kernel",
                        .shape = shape,
                        .item = item,
                        .cell_bytes = shape == INK_SHAPE_CELLS ? 4096 : 0,
                        .rows = rows,
                        .length = 1 << 20,
                        .bytes = bytes,
                        .size = size};
}

static ink_data_t
of (const char *kernel, ink_data_t data)
{
    data.kernel = kernel;
    return data;
}

static void
the_form_of_the_data_chooses_the_picture (void **state)
{
    (void) state;
    ink_data_t data = zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 256 * 8);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_BARS);
    data = zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 65536 * 8);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_HEAT);
    data = zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 131072 * 8);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_BARS);
    data = zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 262144 * 8);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_HEAT);
    data = zeros (INK_SHAPE_CELLS, INK_ITEM_F32, 1, 1023 * 4);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_STRIP);
    data = zeros (INK_SHAPE_CELLS, INK_ITEM_F32, 1, 1024 * 4);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_FOLD);
    data = zeros (INK_SHAPE_CELLS, INK_ITEM_U64, 6, 2048 * 48);
    assert_int_equal (ink_picture_kind (&data), INK_PICTURE_STRIP);
}

//  A server with other kernels may send anything under these names.
static void
kernels_have_pictures_of_their_own_when_the_form_is_theirs (void **state)
{
    (void) state;
    for (unsigned bits = 3; bits <= 7; bits++) {
        ink_data_t cube = zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 8);
        cube.size = (size_t) 8 << 3 * bits; //  Only the size is looked at
        assert_int_equal (ink_portrait_bits (&cube), bits < 4 ? 0 : bits);
        assert_true (ink_picture_kind (&cube) != INK_PICTURE_CUBE);
        cube.kernel = "trigram";
        assert_true ((ink_picture_kind (&cube) == INK_PICTURE_CUBE) == (bits >= 4));
    }
    ink_data_t classes = zeros (INK_SHAPE_CELLS, INK_ITEM_U64, 6, 2048 * 48);
    ink_data_t bytes = zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 2048);
    ink_data_t floats = zeros (INK_SHAPE_CELLS, INK_ITEM_F32, 1, 2048 * 4);
    const struct {
        ink_data_t data;
        ink_picture_kind_t kind;
    } cases[] = {
        {of ("byteclass", classes), INK_PICTURE_CLASSES},
        {of ("byteclass", bytes), INK_PICTURE_FOLD},
        {of ("byteplot", bytes), INK_PICTURE_PLOT},
        {of ("byteplot", floats), INK_PICTURE_FOLD},
        {of ("hilbert", bytes), INK_PICTURE_CURVE},
        {of ("hilbert", classes), INK_PICTURE_STRIP},
    };
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++)
        assert_int_equal (ink_picture_kind (&cases[n].data), cases[n].kind);
}

//  ---------------------------------------------------------------------------------------
//  What is where in a picture

typedef struct {
    png_image image;
    uint8_t *pixels;
} drawn_t;

static drawn_t
draw (const char *kernel, ink_data_t data, const void *bytes)
{
    data.kernel = kernel;
    data.bytes = bytes;
    drawn_t drawn = {.image = {.version = PNG_IMAGE_VERSION}};
    FILE *file = tmpfile ();
    assert_non_null (file);
    assert_int_equal (ink_picture_write (&data, file), 0);
    rewind (file);
    assert_true (png_image_begin_read_from_stdio (&drawn.image, file));
    drawn.image.format = PNG_FORMAT_RGB;
    drawn.pixels = malloc (PNG_IMAGE_SIZE (drawn.image));
    assert_non_null (drawn.pixels);
    assert_true (png_image_finish_read (&drawn.image, NULL, drawn.pixels, 0, NULL));
    fclose (file);
    return drawn;
}

//  x and y count from the upper left of the picture within its margins.
static void
check_pixel (const drawn_t *drawn, int x, int y, ink_color_t color)
{
    size_t at =
        (size_t) (INK_SHEET_TOP + y) * drawn->image.width + (size_t) (INK_SHEET_LEFT + x);
    const uint8_t *pixel = drawn->pixels + at * 3;
    if (pixel[0] != color.red || pixel[1] != color.green || pixel[2] != color.blue)
        fail_msg ("%d, %d is %02x%02x%02x", x, y, (unsigned) pixel[0],
                  (unsigned) pixel[1], (unsigned) pixel[2]);
}

static ink_color_t
gray (uint8_t level)
{
    return ink_palette_color (INK_PALETTE_GRAY, level / 255.0);
}

static void
byteplot_goes_in_rows_and_hilbert_along_the_curve (void **state)
{
    (void) state;
    const uint8_t bytes[] = {10, 80, 150, 220};
    int half = INK_SHEET_SIDE / 2, far = INK_SHEET_SIDE - 1;
    ink_data_t data = zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, sizeof bytes);
    drawn_t rows = draw ("byteplot", data, bytes), curve = draw ("hilbert", data, bytes);
    check_pixel (&rows, 0, 0, gray (10));
    check_pixel (&rows, half, half - 1, gray (80));
    check_pixel (&rows, half - 1, half, gray (150));
    check_pixel (&rows, far, far, gray (220));
    check_pixel (&curve, half - 1, half - 1, gray (10));
    check_pixel (&curve, 0, half, gray (80));
    check_pixel (&curve, far, far, gray (150));
    check_pixel (&curve, half, 0, gray (220));
    free (rows.pixels);
    free (curve.pixels);
}

//  2^20 places hold 2^21 cells, two each.
static void
cells_too_many_for_the_square_share_its_places (void **state)
{
    (void) state;
    size_t size = (size_t) 2 << 20;
    uint8_t *bytes = calloc (size, 1);
    assert_non_null (bytes);
    bytes[2] = 100;
    bytes[size - 1] = 200;
    ink_data_t data = zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, size);
    drawn_t rows = draw ("byteplot", data, bytes);
    check_pixel (&rows, 0, 0, gray (0));
    check_pixel (&rows, 1, 0, gray (50));
    check_pixel (&rows, 1023, 1023, gray (100));
    free (rows.pixels);
    free (bytes);
}

static void
classes_lie_on_each_other_as_high_as_they_are_frequent (void **state)
{
    (void) state;
    const uint64_t cells[2][6] = {{25, 0, 75, 0, 0, 0}, {0, 0, 0, 0, 0, 0}};
    ink_data_t data = zeros (INK_SHAPE_CELLS, INK_ITEM_U64, 6, sizeof cells);
    drawn_t drawn = draw ("byteclass", data, cells);
    check_pixel (&drawn, 0, 255, ink_portrait_class[0].color);
    check_pixel (&drawn, 511, 192, ink_portrait_class[0].color);
    check_pixel (&drawn, 511, 191, ink_portrait_class[2].color);
    check_pixel (&drawn, 0, 0, ink_portrait_class[2].color);
    check_pixel (&drawn, 512, 100, INK_COLOR_UNKNOWN);
    free (drawn.pixels);
}

//  Five bits: eight squares across, of 32 counters, of 4 pixels.
static void
a_trigram_is_cut_by_its_first_byte (void **state)
{
    (void) state;
    static uint64_t counts[32768];
    counts[9 << 10 | 2 << 5 | 3] = 1000;
    ink_data_t data = zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, sizeof counts);
    drawn_t drawn = draw ("trigram", data, counts);
    int left = 1 * (128 + 2), top = 1 * (128 + 20) + 20;
    ink_color_t bright = ink_palette_color (INK_PALETTE_INFERNO, 1);
    ink_color_t dark = ink_palette_color (INK_PALETTE_INFERNO, 0);
    check_pixel (&drawn, left + 3 * 4, top + 2 * 4, bright);
    check_pixel (&drawn, left + 3 * 4 + 3, top + 2 * 4 + 3, bright);
    check_pixel (&drawn, left + 4 * 4, top + 2 * 4, dark);
    check_pixel (&drawn, left + 2 * 4, top + 3 * 4, dark);
    free (drawn.pixels);
}

static void
every_form_can_be_drawn_and_is_a_png (void **state)
{
    (void) state;
    const ink_data_t forms[] = {
        zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 0),
        zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 8),
        zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 32768 * 8),
        zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 65536 * 8),
        zeros (INK_SHAPE_CELLS, INK_ITEM_F32, 1, 4),
        zeros (INK_SHAPE_CELLS, INK_ITEM_F32, 1, 300000 * 4),
        zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 5000),
        zeros (INK_SHAPE_CELLS, INK_ITEM_U64, 40, 40 * 8),
        of ("trigram", zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 4096 * 8)),
        of ("trigram", zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 262144 * 8)),
        of ("trigram", zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, 0)),
        of ("byteclass", zeros (INK_SHAPE_CELLS, INK_ITEM_U64, 6, 48)),
        of ("byteclass", zeros (INK_SHAPE_CELLS, INK_ITEM_U64, 6, 5000 * 48)),
        of ("byteplot", zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 1)),
        of ("byteplot", zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 3000001)),
        of ("byteplot", zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 0)),
        of ("hilbert", zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 5)),
        of ("hilbert", zeros (INK_SHAPE_CELLS, INK_ITEM_U8, 1, 3000001)),
    };
    for (size_t n = 0; n < sizeof forms / sizeof *forms; n++) {
        FILE *out = tmpfile ();
        assert_non_null (out);
        assert_int_equal (ink_picture_write (forms + n, out), 0);
        rewind (out);
        char magic[8];
        assert_int_equal (fread (magic, 1, 8, out), 8);
        assert_memory_equal (magic, "\x89PNG\r\n\x1a\n", 8);
        fclose (out);
    }
}

static size_t
drawn (const ink_data_t *data, char *bytes, size_t size)
{
    FILE *out = tmpfile ();
    assert_non_null (out);
    assert_int_equal (ink_picture_write (data, out), 0);
    rewind (out);
    size_t count = fread (bytes, 1, size, out);
    fclose (out);
    return count;
}

static void
an_estimate_says_so_and_how_far_off_it_may_be (void **state)
{
    (void) state;
    static char exact[1 << 16], estimate[1 << 16], worse[1 << 16];
    const char *const kernels[] = {"histogram", "digraph", "trigram"};
    const size_t cells[] = {256, 65536, 32768};
    for (size_t n = 0; n < 3; n++) {
        ink_data_t data =
            of (kernels[n], zeros (INK_SHAPE_COUNTS, INK_ITEM_U64, 1, cells[n] * 8));
        size_t size = drawn (&data, exact, sizeof exact);
        data.bound = 0.125; //  Of nothing
        assert_int_equal (drawn (&data, estimate, sizeof estimate), size);
        assert_memory_equal (exact, estimate, size);
        data.estimated = 1;
        size = drawn (&data, estimate, sizeof estimate);
        data.bound = 0.25;
        assert_true (drawn (&data, worse, sizeof worse) != size ||
                     memcmp (estimate, worse, size) != 0);
        assert_memory_not_equal (exact, estimate, size);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_curve_visits_every_place_once),
        cmocka_unit_test (the_curve_steps_to_a_neighbour_each_time),
        cmocka_unit_test (the_curve_goes_from_the_upper_left_to_the_upper_right),
        cmocka_unit_test (the_square_is_the_smallest_that_holds_the_cells),
        cmocka_unit_test (places_share_the_cells_without_gap_or_overlap),
        cmocka_unit_test (few_cells_are_repeated_in_order),
        cmocka_unit_test (palettes_grow_brighter_all_the_way),
        cmocka_unit_test (what_is_not_known_is_gray),
        cmocka_unit_test (the_form_of_the_data_chooses_the_picture),
        cmocka_unit_test (kernels_have_pictures_of_their_own_when_the_form_is_theirs),
        cmocka_unit_test (byteplot_goes_in_rows_and_hilbert_along_the_curve),
        cmocka_unit_test (cells_too_many_for_the_square_share_its_places),
        cmocka_unit_test (classes_lie_on_each_other_as_high_as_they_are_frequent),
        cmocka_unit_test (a_trigram_is_cut_by_its_first_byte),
        cmocka_unit_test (every_form_can_be_drawn_and_is_a_png),
        cmocka_unit_test (an_estimate_says_so_and_how_far_off_it_may_be),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

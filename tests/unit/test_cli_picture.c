//  test_cli_picture.c: which picture, of which cells, along which curve, in which colours.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/hilbert.h"
#include "cli/palette.h"
#include "cli/picture.h"

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
    for (int palette = 0; palette < 2; palette++)
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
        cmocka_unit_test (every_form_can_be_drawn_and_is_a_png),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

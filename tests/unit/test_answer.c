//  test_answer.c: how values are merged into an answer.
//
//  The kernels here compute nothing: only their shapes matter.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "value/answer.h"

static void
counts_geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cells = (size_t) args->numbers[0];
}

static void
cells_geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->cell_bytes = (size_t) args->numbers[0];
    geometry->cell_size = (size_t) args->numbers[1];
}

static const ink_kernel_t counting = {
    .shape = INK_SHAPE_COUNTS, .item = INK_ITEM_U64, .geometry = counts_geometry};
static const ink_kernel_t of_bytes = {
    .shape = INK_SHAPE_CELLS, .item = INK_ITEM_U8, .geometry = cells_geometry};
static const ink_kernel_t of_floats = {
    .shape = INK_SHAPE_CELLS, .item = INK_ITEM_F32, .geometry = cells_geometry};

//  The output, in memory of its very size.
static uint8_t *
written (const ink_answer_t *answer)
{
    uint8_t *out = malloc (ink_answer_size (answer));
    assert_non_null (out);
    ink_answer_write (answer, out);
    return out;
}

static ink_answer_t *
answer_new (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t offset,
            uint64_t length)
{
    ink_answer_t *answer = ink_answer_new (kernel, args, (ink_part_t){offset, length});
    assert_non_null (answer);
    assert_int_equal (ink_answer_bytes (kernel, args, (ink_part_t){offset, length}),
                      ink_answer_size (answer));
    return answer;
}

//  Adds a table of counters as a worker would send it.
static void
add_counts (ink_answer_t *answer, const uint32_t *counts, ink_args_t cells)
{
    ink_part_t part = {0, 1};
    ink_value_shape_t shape = ink_value_measure (&counting, &cells, counts, part);
    uint8_t *packed = malloc (shape.size);
    assert_non_null (packed);
    ink_value_pack (&shape, &counting, &cells, counts, packed);
    assert_int_equal (ink_answer_add (answer, packed, shape.size, part), INK_OK);
    free (packed);
}

static void
counts_are_summed (void **unused)
{
    (void) unused;
    ink_args_t cells = {.numbers = {3}};
    ink_answer_t *answer = answer_new (&counting, &cells, 0, 100);
    add_counts (answer, (uint32_t[]){1, 0, UINT32_MAX}, cells);
    add_counts (answer, (uint32_t[]){5, 0, UINT32_MAX}, cells);
    uint8_t *out = written (answer);
    uint64_t expected[] = {6, 0, 2 * (uint64_t) UINT32_MAX};
    assert_int_equal (ink_answer_size (answer), sizeof expected);
    assert_memory_equal (out, expected, sizeof expected);
    free (out);
    ink_answer_destroy (&answer);
    assert_null (answer);
}

static void
cells_are_put_side_by_side_in_any_order (void **unused)
{
    (void) unused;
    ink_args_t args = {.numbers = {16, 2}}; //  Bytes a cell, size in the answer
    ink_answer_t *answer = answer_new (&of_bytes, &args, 10, 40);
    assert_int_equal (ink_answer_size (answer), 8); //  10-15, 16-31, 32-47, 48-49
    assert_int_equal (ink_answer_add (answer, "gh", 2, (ink_part_t){48, 2}), INK_OK);
    assert_int_equal (ink_answer_add (answer, "ab", 2, (ink_part_t){10, 6}), INK_OK);
    assert_int_equal (ink_answer_add (answer, "cdef", 4, (ink_part_t){16, 32}), INK_OK);
    uint8_t *out = written (answer);
    assert_memory_equal (out, "abcdefgh", 8);
    free (out);
    ink_answer_destroy (&answer);
}

static void
what_is_not_known_is_zero_or_not_a_number (void **unused)
{
    (void) unused;
    ink_args_t args = {.numbers = {16, 8}};
    ink_answer_t *bytes = answer_new (&of_bytes, &args, 0, 33);
    ink_answer_t *floats = answer_new (&of_floats, &args, 0, 33);
    float known[] = {1.5f, 2.5f}, item;
    assert_int_equal (ink_answer_add (floats, known, 8, (ink_part_t){16, 16}), INK_OK);
    uint8_t *zeros = written (bytes), *mixed = written (floats);
    for (size_t i = 0; i < 24; i++)
        assert_int_equal (zeros[i], 0);
    for (size_t i = 0; i < 6; i++) {
        memcpy (&item, mixed + 4 * i, 4);
        assert_true (i == 2 || i == 3 ? item == known[i - 2] : item != item);
    }
    free (zeros);
    free (mixed);
    ink_answer_destroy (&bytes);
    ink_answer_destroy (&floats);
}

static void
a_value_of_the_wrong_size_changes_nothing (void **unused)
{
    (void) unused;
    ink_args_t args = {.numbers = {16, 2}};
    ink_answer_t *answer = answer_new (&of_bytes, &args, 0, 64);
    ink_part_t part = {16, 32};
    assert_int_equal (ink_answer_add (answer, "abcd", 4, part), INK_OK);
    for (size_t size = 0; size < 9; size++)
        if (size != 4)
            assert_int_equal (ink_answer_add (answer, "XXXXXXXXX", size, part),
                              INK_EVALUE);
    uint8_t *out = written (answer);
    assert_memory_equal (out, "\0\0abcd\0\0", 8);
    free (out);
    ink_answer_destroy (&answer);
}

static void
what_was_extracted_can_be_added_elsewhere (void **unused)
{
    (void) unused;
    ink_args_t cells = {.numbers = {1000}};
    uint32_t counts[1000] = {[3] = 70000, [998] = 1};
    ink_part_t range = {0, 5000};
    ink_answer_t *from = answer_new (&counting, &cells, 0, 5000);
    ink_answer_t *to = answer_new (&counting, &cells, 0, 5000);
    add_counts (from, counts, cells);
    add_counts (from, counts, cells);
    size_t size = ink_answer_extract_size (from, range);
    uint8_t *packed = malloc (size);
    assert_non_null (packed);
    ink_answer_extract (from, range, packed);
    assert_int_equal (ink_answer_add (to, packed, size, range), INK_OK);
    uint8_t *one = written (from), *two = written (to);
    assert_memory_equal (one, two, 8000);
    assert_int_equal (((uint64_t *) (void *) two)[3], 140000);
    free (one);
    free (two);
    free (packed);
    ink_answer_destroy (&from);
    ink_answer_destroy (&to);
}

static void
of_cells_only_those_of_the_part_are_extracted (void **unused)
{
    (void) unused;
    ink_args_t args = {.numbers = {16, 2}};
    ink_answer_t *from = answer_new (&of_bytes, &args, 10, 40);
    ink_answer_t *to = answer_new (&of_bytes, &args, 10, 40);
    assert_int_equal (ink_answer_add (from, "abcdefgh", 8, (ink_part_t){10, 40}), INK_OK);
    ink_part_t part = {16, 32};
    uint8_t packed[4];
    assert_int_equal (ink_answer_extract_size (from, part), sizeof packed);
    ink_answer_extract (from, part, packed);
    assert_int_equal (ink_answer_add (to, packed, sizeof packed, part), INK_OK);
    uint8_t *out = written (to);
    assert_memory_equal (out, "\0\0cdef\0\0", 8);
    free (out);
    ink_answer_destroy (&from);
    ink_answer_destroy (&to);
}

static void
sizes_are_told_without_making_an_answer (void **unused)
{
    (void) unused;
    ink_args_t counts = {.numbers = {65536}}, fine = {.numbers = {1, 1}},
               wide = {.numbers = {1, 4096}};
    ink_part_t all = {0, UINT64_MAX};
    assert_int_equal (ink_answer_bytes (&counting, &counts, all), 65536 * 8);
    assert_true (ink_answer_bytes (&of_bytes, &fine, all) == UINT64_MAX);
    assert_true (ink_answer_bytes (&of_bytes, &wide, all) == UINT64_MAX);
    ink_part_t last = {UINT64_MAX - 1, 1};
    assert_int_equal (ink_answer_bytes (&of_bytes, &wide, last), 4096);
}

static void
there_is_room_for_the_worst_part (void **unused)
{
    (void) unused;
    ink_args_t cells = {.numbers = {300}};
    assert_int_equal (ink_value_room (&counting, &cells, 1), 1200);
    for (int64_t cell = 1; cell <= 64; cell *= 2)
        for (uint64_t length = 1; length <= 200; length++) {
            ink_args_t args = {.numbers = {cell, 3}};
            uint64_t most = 0;
            for (uint64_t offset = 0; offset < 128; offset++) {
                ink_part_t part = {offset, length};
                uint64_t size = ink_value_measure (&of_bytes, &args, NULL, part).size;
                most = size > most ? size : most;
            }
            assert_int_equal (ink_value_room (&of_bytes, &args, length), most);
        }
}

static int allowed;

static void *
fail_at_last (void *old, size_t size)
{
    return allowed-- > 0 ? realloc (old, size) : NULL;
}

static void
without_memory_there_is_no_answer (void **unused)
{
    (void) unused;
    ink_args_t cells = {.numbers = {300}};
    void *(*usual) (void *, size_t) = ink_memory_realloc;
    ink_answer_t *answer = NULL;
    int tries = 0;
    ink_memory_realloc = fail_at_last;
    for (; !answer && tries < 10; tries++) {
        allowed = tries;
        answer = ink_answer_new (&counting, &cells, (ink_part_t){0, 1});
    }
    ink_memory_realloc = usual;
    assert_non_null (answer);
    assert_int_equal (tries, 3); //  It takes two allocations
    ink_answer_destroy (&answer);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (counts_are_summed),
        cmocka_unit_test (cells_are_put_side_by_side_in_any_order),
        cmocka_unit_test (what_is_not_known_is_zero_or_not_a_number),
        cmocka_unit_test (a_value_of_the_wrong_size_changes_nothing),
        cmocka_unit_test (what_was_extracted_can_be_added_elsewhere),
        cmocka_unit_test (of_cells_only_those_of_the_part_are_extracted),
        cmocka_unit_test (sizes_are_told_without_making_an_answer),
        cmocka_unit_test (there_is_room_for_the_worst_part),
        cmocka_unit_test (without_memory_there_is_no_answer),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_counts.c: tables of counters, packed.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "inkling/error.h"
#include "value/counts.h"

#define SEED 4711
#define CELLS_MOST 70000

static uint64_t state;

static uint64_t
chance (void)
{
    uint64_t x = state += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

static uint64_t
below (uint64_t limit)
{
    return chance () % limit;
}

//  A table of counters, held twice: as it is packed, and as plain numbers.
typedef struct {
    size_t cells, width;
    void *counts;
    uint64_t *plain;
} table_t;

static table_t
table_new (size_t cells, size_t width)
{
    table_t self = {cells, width, calloc (cells, width), calloc (cells, 8)};
    assert_non_null (self.counts);
    assert_non_null (self.plain);
    return self;
}

static void
table_free (table_t *self)
{
    free (self->counts);
    free (self->plain);
}

static void
table_set (table_t *self, size_t cell, uint64_t count)
{
    if (self->width == 4)
        self->plain[cell] = ((uint32_t *) self->counts)[cell] = (uint32_t) count;
    else
        self->plain[cell] = ((uint64_t *) self->counts)[cell] = count;
}

//  One counter in `spread` is set, to numbers of up to `bits` bits.
static table_t
any_table (size_t cells, size_t width, uint64_t spread, unsigned bits)
{
    table_t self = table_new (cells, width);
    for (size_t i = 0; i < cells; i++)
        if (below (spread) == 0)
            table_set (&self, i, chance () >> (64 - bits));
    return self;
}

//  The bytes are exactly as many as said, so that the sanitizer sees one too many.
static uint8_t *
packed_new (const table_t *table, size_t *size)
{
    ink_packing_t packing =
        ink_counts_measure (table->counts, table->cells, table->width);
    uint8_t *packed = malloc (packing.size);
    assert_non_null (packed);
    ink_counts_pack (&packing, table->counts, table->cells, table->width, packed);
    *size = packing.size;
    return packed;
}

//  Totals below 2^20, and what they must be after the table is added.
static void
totals_new (const table_t *table, uint64_t **totals, uint64_t **expected)
{
    *totals = calloc (table->cells, 8);
    *expected = calloc (table->cells, 8);
    assert_non_null (*totals);
    assert_non_null (*expected);
    for (size_t i = 0; i < table->cells; i++) {
        (*totals)[i] = below (1 << 20);
        (*expected)[i] = (*totals)[i] + table->plain[i];
    }
}

static void
check_round_trip (const table_t *table)
{
    size_t size;
    uint8_t *packed = packed_new (table, &size);
    uint64_t *totals, *expected;
    totals_new (table, &totals, &expected);
    int rc = ink_counts_add (packed, size, totals, table->cells);
    if (rc != INK_OK || memcmp (totals, expected, table->cells * 8) != 0)
        fail_msg ("seed %d: code %d, %zu cells of %zu bytes, packed in %zu", SEED, rc,
                  table->cells, table->width, size);
    free (totals);
    free (expected);
    free (packed);
}

static void
adding_a_packed_table_is_adding_the_table (void **unused)
{
    (void) unused;
    static const size_t sizes[] = {1,   2,   7,   8,   9,    63,   64,    65,
                                   127, 128, 129, 256, 1000, 4096, 65536, CELLS_MOST};
    static const uint64_t spreads[] = {1, 2, 10, 1000, 1000000};
    static const unsigned bits[] = {1, 7, 8, 9, 16, 17, 32};
    state = SEED;
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++)
        for (size_t p = 0; p < sizeof spreads / sizeof *spreads; p++)
            for (size_t b = 0; b < sizeof bits / sizeof *bits; b++)
                for (size_t width = 4; width <= 8; width += 4) {
                    table_t table = any_table (sizes[s], width, spreads[p], bits[b]);
                    check_round_trip (&table);
                    table_free (&table);
                }
}

//  Blocks of different widths, some of them empty, the last one short.
static void
mixed_tables_are_added_too (void **unused)
{
    (void) unused;
    size_t mixed = 0;
    state = SEED;
    for (size_t n = 0; n < 300; n++) {
        size_t width = n % 2 ? 4 : 8;
        table_t table = table_new (1 + below (2000), width);
        unsigned bits = 0;
        for (size_t i = 0; i < table.cells; i++) {
            if (i % 64 == 0)
                bits = (unsigned) below (width == 4 ? 33 : 60);
            table_set (&table, i, bits ? chance () >> (64 - bits) : 0);
        }
        mixed += ink_counts_measure (table.counts, table.cells, width).form == 3;
        check_round_trip (&table);
        table_free (&table);
    }
    assert_true (mixed > 200);
}

static void
each_width_holds_its_largest_counter (void **unused)
{
    (void) unused;
    static const struct {
        uint64_t count;
        size_t bytes;
    } edges[] = {{0, 1},
                 {UINT8_MAX, 1},
                 {UINT8_MAX + 1, 2},
                 {UINT16_MAX, 2},
                 {UINT16_MAX + 1, 4},
                 {UINT32_MAX, 4},
                 {0x100000000, 8},
                 {UINT64_MAX - (1 << 20), 8}};
    state = SEED;
    for (size_t e = 0; e < sizeof edges / sizeof *edges; e++)
        for (size_t width = edges[e].bytes > 4 ? 8 : 4; width <= 8; width += 4) {
            table_t table = table_new (100, width);
            for (size_t i = 0; i < 100; i++)
                table_set (&table, i, edges[e].count);
            ink_packing_t packing = ink_counts_measure (table.counts, 100, width);
            assert_int_equal (packing.width, edges[e].bytes);
            assert_int_equal (packing.used, edges[e].count ? 100 : 0);
            check_round_trip (&table);
            table_free (&table);
        }
}

static void
the_smallest_form_is_taken (void **unused)
{
    (void) unused;
    table_t table = table_new (65536, 4);
    assert_int_equal (ink_counts_measure (table.counts, 65536, 4).size, 2 + 1024);
    table_set (&table, 77, 1 << 23); //  Its 64 are as wide
    assert_int_equal (ink_counts_measure (table.counts, 65536, 4).size,
                      2 + 1024 + 64 * 4);
    for (size_t i = 0; i < 65536; i += 64)
        table_set (&table, i, 1 << 20); //  One of each 64 is there
    assert_int_equal (ink_counts_measure (table.counts, 65536, 4).size,
                      2 + 8192 + 1025 * 4);
    for (size_t i = 0; i < 65536; i++)
        table_set (&table, i, 200);
    assert_in_range (ink_counts_measure (table.counts, 65536, 4).size, 65536, 65544);
    for (size_t i = 0; i < 65536; i++)
        table_set (&table, i, i % 2 ? 0 : 60000);
    assert_in_range (ink_counts_measure (table.counts, 65536, 4).size, 73728, 73736);
    table_free (&table);
}

//  Adds bytes that are refused; the totals must be as they were.
static void
check_refused (const uint8_t *packed, size_t size, size_t cells, uint64_t total)
{
    uint64_t *totals = malloc (cells * 8);
    uint8_t *exact = malloc (size ? size : 1);
    assert_non_null (totals);
    assert_non_null (exact);
    memcpy (exact, packed, size);
    for (size_t i = 0; i < cells; i++)
        totals[i] = total;
    assert_int_equal (ink_counts_add (exact, size, totals, cells), INK_EVALUE);
    for (size_t i = 0; i < cells; i++)
        assert_int_equal (totals[i], total);
    free (exact);
    free (totals);
}

static void
every_truncation_is_refused (void **unused)
{
    (void) unused;
    state = SEED;
    for (uint64_t spread = 1; spread <= 100; spread += 33) {
        table_t table = any_table (200, 4, spread, 14);
        size_t size;
        uint8_t *packed = packed_new (&table, &size);
        packed = realloc (packed, size + 1);
        packed[size] = 0;
        for (size_t cut = 0; cut < size; cut++)
            check_refused (packed, cut, 200, 5);
        check_refused (packed, size + 1, 200, 5);
        free (packed);
        table_free (&table);
    }
}

static void
a_table_of_another_size_is_refused (void **unused)
{
    (void) unused;
    state = SEED;
    for (uint64_t spread = 1; spread <= 20; spread += 19) {
        table_t table = any_table (256, 4, spread, 8);
        size_t size;
        uint8_t *packed = packed_new (&table, &size);
        static const size_t others[] = {1, 64, 128, 192, 320, 512, 65536};
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            check_refused (packed, size, others[i], 5);
        free (packed);
        table_free (&table);
    }
}

static void
forms_and_widths_that_do_not_exist_are_refused (void **unused)
{
    (void) unused;
    state = SEED;
    table_t table = any_table (256, 4, 1, 8);
    size_t size;
    uint8_t *packed = packed_new (&table, &size);
    for (unsigned form = 0; form < 256; form++)
        for (unsigned width = 0; width < 256; width++) {
            if (form == packed[0] && width == packed[1])
                continue;
            uint8_t bytes[1024];
            memcpy (bytes, packed, size);
            bytes[0] = (uint8_t) form;
            bytes[1] = (uint8_t) width;
            check_refused (bytes, size, 256, 5);
        }
    free (packed);
    table_free (&table);
}

static void
a_bitmap_that_tells_of_more_counters_is_refused (void **unused)
{
    (void) unused;
    table_t table = table_new (100, 4);
    table_set (&table, 3, 1);
    size_t size;
    uint8_t *packed = packed_new (&table, &size);
    assert_int_equal (size, 2 + 16 + 1);
    for (size_t bit = 100; bit < 128; bit++) {
        uint8_t bytes[19];
        memcpy (bytes, packed, size);
        bytes[2] = 0; //  As many bits as before
        bytes[2 + bit / 8] |= (uint8_t) (1 << bit % 8);
        check_refused (bytes, size, 100, 5);
    }
    free (packed);
    table_free (&table);
}

static void
widths_of_blocks_that_do_not_exist_are_refused (void **unused)
{
    (void) unused;
    table_t table = table_new (200, 8);
    for (size_t i = 0; i < 200; i++)
        table_set (&table, i, i / 64 == 2 ? 0 : 1);
    table_set (&table, 70, 70000);
    table_set (&table, 199, UINT64_C (1) << 40); //  Of a block of 8
    size_t size;
    uint8_t *packed = packed_new (&table, &size);
    assert_int_equal (size, 2 + 4 + 64 + 64 * 4 + 8 * 8);
    assert_memory_equal (packed, "\3\10\1\4\0\10", 6);
    for (size_t block = 0; block < 4; block++)
        for (unsigned width = 0; width < 256; width++) {
            uint8_t bytes[1024];
            memcpy (bytes, packed, size);
            bytes[2 + block] = (uint8_t) width;
            if (width != packed[2 + block])
                check_refused (bytes, size, 200, 5);
        }
    free (packed);
    table_free (&table);
}

//  Whatever the bytes say, nothing outside them is read, and an error changes nothing.
static void
corrupt_bytes_are_refused_or_harmless (void **unused)
{
    (void) unused;
    state = SEED;
    uint64_t totals[300], before[300];
    size_t refused = 0, taken = 0;
    for (int round = 0; round < 30000; round++) {
        size_t cells = 1 + below (300), size;
        table_t table = any_table (cells, 8, 1 + below (20), 1 + (unsigned) below (64));
        uint8_t *packed = packed_new (&table, &size);
        for (uint64_t n = below (4); n < 4; n++)
            packed[below (below (2) ? size : 2)] ^= (uint8_t) (1 << below (8));
        for (size_t i = 0; i < cells; i++)
            totals[i] = before[i] = chance ();
        int rc = ink_counts_add (packed, size, totals, cells);
        if (rc == INK_OK)
            taken++;
        else {
            assert_int_equal (rc, INK_EVALUE);
            assert_memory_equal (totals, before, cells * 8);
            refused++;
        }
        free (packed);
        table_free (&table);
    }
    assert_true (refused > 1000 && taken > 1000);
}

//  A table in which only `cell` is set, or all are, to `count`.
static void
check_overflow (size_t cells, size_t cell, bool all, uint64_t count)
{
    table_t table = table_new (cells, 8);
    for (size_t i = 0; i < cells; i++)
        if (all || i == cell)
            table_set (&table, i, count);
    size_t size;
    uint8_t *packed = packed_new (&table, &size);
    check_refused (packed, size, cells, UINT64_MAX - count + 1);
    uint64_t *totals = calloc (cells, 8);
    assert_non_null (totals);
    totals[cell] = UINT64_MAX - count;
    assert_int_equal (ink_counts_add (packed, size, totals, cells), INK_OK);
    assert_true (totals[cell] == UINT64_MAX);
    free (totals);
    free (packed);
    table_free (&table);
}

static void
a_total_may_reach_the_largest_number_but_not_pass_it (void **unused)
{
    (void) unused;
    static const uint64_t counts[] = {1,           255,        256,       70000,
                                      0x123456789, 1ull << 63, UINT64_MAX};
    for (size_t c = 0; c < sizeof counts / sizeof *counts; c++)
        for (size_t cell = 0; cell < 130; cell++) {
            check_overflow (130, cell, false, counts[c]);
            check_overflow (130, cell, true, counts[c]);
        }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (adding_a_packed_table_is_adding_the_table),
        cmocka_unit_test (mixed_tables_are_added_too),
        cmocka_unit_test (each_width_holds_its_largest_counter),
        cmocka_unit_test (the_smallest_form_is_taken),
        cmocka_unit_test (every_truncation_is_refused),
        cmocka_unit_test (a_table_of_another_size_is_refused),
        cmocka_unit_test (forms_and_widths_that_do_not_exist_are_refused),
        cmocka_unit_test (a_bitmap_that_tells_of_more_counters_is_refused),
        cmocka_unit_test (widths_of_blocks_that_do_not_exist_are_refused),
        cmocka_unit_test (corrupt_bytes_are_refused_or_harmless),
        cmocka_unit_test (a_total_may_reach_the_largest_number_but_not_pass_it),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

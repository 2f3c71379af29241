//  test_records.c: records of pieces that come in any order, and what of them is listed.
//
//  The kernel here finds what the test says there is.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "chance.h"
#include "inkling/error.h"
#include "scarce.h"
#include "value/gather.h"
#include "value/records.h"

#define SEED 4711
#define MOST 5000

typedef struct {
    uint64_t begin, end;
} stretch_t;

static stretch_t there[MOST]; //  In order, none within another
static size_t there_count;

static void
map (const ink_slice_t *slice, void *cells)
{
    ink_emit_t *emit = cells;
    uint64_t from = slice->offset, to = from + slice->length;
    for (size_t n = 0; n < there_count; n++) {
        uint64_t begin = there[n].begin, end = there[n].end;
        uint64_t most = to + slice->lookahead;
        end = end < most ? end : most;
        if (begin < to && end > from)
            emit->record (emit, (int64_t) (begin - from), end - from);
    }
}

static const ink_kernel_t finding = {.shape = INK_SHAPE_RECORDS, .map = map};

typedef struct {
    uint8_t *bytes;
    size_t size;
} value_t;

static uint8_t
byte_at (uint64_t offset)
{
    return (uint8_t) (offset * 7 + offset / 251);
}

//  The value of a part, found in one slice; to be freed.
static value_t
value_of (const ink_geometry_t *geometry, ink_part_t part, ink_part_t range)
{
    ink_plan_t plan = {.offset = range.offset, .length = range.length};
    ink_reach_t seen = ink_plan_sight (
        &plan, part, (ink_reach_t){geometry->lookback, geometry->lookahead});
    uint8_t *bytes = malloc (part.length + seen.lookahead);
    assert_non_null (bytes);
    for (uint64_t n = 0; n < part.length + seen.lookahead; n++)
        bytes[n] = byte_at (part.offset + n);
    ink_slice_t slice = {.bytes = bytes,
                         .length = part.length,
                         .lookahead = seen.lookahead,
                         .offset = part.offset};
    ink_gather_t *gather = ink_gather_new ();
    ink_gather_begin (gather, geometry, part);
    assert_int_equal (ink_gather_map (gather, &finding, &slice), INK_OK);
    value_t value = {.size = ink_gather_size (gather)};
    assert_true (value.size <= ink_gather_most (geometry, part.length));
    value.bytes = malloc (value.size);
    ink_gather_pack (gather, value.bytes);
    ink_gather_destroy (&gather);
    free (bytes);
    return value;
}

static void
add (ink_records_t *records, const ink_geometry_t *geometry, ink_part_t part,
     ink_part_t range)
{
    value_t value = value_of (geometry, part, range);
    assert_int_equal (ink_records_add (records, value.bytes, value.size, part), INK_OK);
    free (value.bytes);
}

static uint8_t *
written (const ink_records_t *records, size_t *size)
{
    *size = ink_records_size (records);
    uint8_t *out = malloc (*size);
    assert_non_null (out);
    ink_records_write (records, out);
    return out;
}

static uint64_t
number (const uint8_t *out, size_t n)
{
    uint64_t number;
    memcpy (&number, out + 8 * n, sizeof number);
    return number;
}

//  ---------------------------------------------------------------------------------------

//  Some touch, some are longer than many parts, most are short.
static void
choose_stretches (uint64_t *seed, ink_part_t range)
{
    there_count = 0;
    uint64_t at = range.offset, end = range.offset + range.length;
    while (there_count < MOST) {
        at += chance_below (seed, 4) ? chance_below (seed, 60) : 0;
        uint64_t length = 1 + chance_below (seed, chance_below (seed, 20) ? 30 : 2000);
        if (at + length > end)
            break;
        there[there_count++] = (stretch_t){at, at + length};
        at += length;
    }
}

//  The plainest way: a pair of numbers and the text, padded.
static uint8_t *
expected (const ink_geometry_t *geometry, size_t *size)
{
    uint8_t *out = calloc (1, 16 + there_count * (16 + geometry->text + 8));
    assert_non_null (out);
    size_t at = 16;
    uint64_t listed = 0;
    for (; listed < there_count && listed < geometry->listed; listed++) {
        uint64_t length = there[listed].end - there[listed].begin;
        memcpy (out + at, &there[listed].begin, 8);
        memcpy (out + at + 8, &length, 8);
        size_t text = length < geometry->text ? (size_t) length : geometry->text;
        for (size_t n = 0; n < text; n++)
            out[at + 16 + n] = byte_at (there[listed].begin + n);
        at += 16 + (text + 7) / 8 * 8;
    }
    uint64_t count = there_count;
    memcpy (out, &count, 8);
    memcpy (out + 8, &listed, 8);
    *size = at;
    return out;
}

static void
add_all_in_any_order (ink_records_t *records, const ink_geometry_t *geometry,
                      ink_part_t range, uint64_t *seed)
{
    static ink_part_t parts[MOST];
    size_t count = 0;
    for (uint64_t at = 0; at < range.length; count++) {
        uint64_t length = 1 + chance_below (seed, 1 + chance_below (seed, 400));
        if (length > range.length - at)
            length = range.length - at;
        size_t place = chance_below (seed, count + 1);
        parts[count] = parts[place];
        parts[place] = (ink_part_t){range.offset + at, length};
        at += length;
    }
    for (size_t n = 0; n < count; n++)
        add (records, geometry, parts[n], range);
}

static void
records_are_the_same_however_cut_and_in_whatever_order (void **state)
{
    (void) state;
    uint64_t seed = SEED;
    for (int round = 0; round < 300; round++) {
        ink_part_t range = {chance_below (&seed, 3000), 1 + chance_below (&seed, 6000)};
        ink_geometry_t geometry = {.text = chance_below (&seed, 3) * 20,
                                   .lookahead = 40,
                                   .listed = chance_below (&seed, 2) ? MOST : 1};
        if (chance_below (&seed, 3) == 0)
            geometry.listed = 1 + chance_below (&seed, 200);
        choose_stretches (&seed, range);
        ink_records_t *records = ink_records_new (&geometry, range);
        add_all_in_any_order (records, &geometry, range, &seed);
        size_t size, right;
        uint8_t *is = written (records, &size), *out = expected (&geometry, &right);
        assert_int_equal (size, right);
        assert_memory_equal (is, out, size);
        assert_true (size <= ink_records_most (&geometry, range.length));
        free (is);
        free (out);
        ink_records_destroy (&records);
    }
}

static void
what_is_known_of_a_record_grows_to_the_right (void **state)
{
    (void) state;
    ink_geometry_t geometry = {.listed = 10};
    ink_part_t range = {0, 400};
    there[0] = (stretch_t){50, 350};
    there_count = 1;
    static const struct {
        ink_part_t part;
        uint64_t count, length;
    } steps[] = {
        {{200, 100}, 0, 0}, {{0, 100}, 1, 50}, {{300, 100}, 1, 50}, {{100, 100}, 1, 300}};
    ink_records_t *records = ink_records_new (&geometry, range);
    for (size_t n = 0; n < sizeof steps / sizeof *steps; n++) {
        add (records, &geometry, steps[n].part, range);
        size_t size;
        uint8_t *out = written (records, &size);
        assert_int_equal (number (out, 0), steps[n].count);
        if (steps[n].count)
            assert_int_equal (number (out, 3), steps[n].length);
        free (out);
    }
    ink_records_destroy (&records);
}

//  Pieces with gaps between them are one value again, for another answer.
static void
what_was_extracted_makes_the_same_answer (void **state)
{
    (void) state;
    uint64_t seed = SEED;
    ink_part_t range = {1000, 6000};
    ink_geometry_t geometry = {.text = 10, .lookahead = 10, .listed = 100};
    choose_stretches (&seed, range);
    ink_records_t *from = ink_records_new (&geometry, range);
    ink_records_t *to = ink_records_new (&geometry, range);
    add (from, &geometry, (ink_part_t){5000, 1000}, range);
    add (from, &geometry, (ink_part_t){1500, 500}, range);
    add (from, &geometry, (ink_part_t){2000, 7}, range);
    size_t size = ink_records_extract_size (from, range), here, there_size;
    uint8_t *packed = malloc (size);
    ink_records_extract (from, range, packed);
    assert_int_equal (ink_records_add (to, packed, size, range), INK_OK);
    uint8_t *is = written (from, &here), *same = written (to, &there_size);
    assert_int_equal (here, there_size);
    assert_memory_equal (is, same, here);
    assert_int_equal (ink_records_add (to, packed, size, range), INK_EVALUE); //  Twice
    free (is);
    free (same);
    free (packed);
    ink_records_destroy (&from);
    ink_records_destroy (&to);
}

static void
what_is_no_value_changes_nothing (void **state)
{
    (void) state;
    uint64_t seed = SEED, refused = 0;
    ink_part_t range = {0, 4096}, part = {1024, 1024};
    ink_geometry_t geometry = {.text = 10, .lookahead = 10, .listed = MOST};
    choose_stretches (&seed, range);
    value_t value = value_of (&geometry, part, range);
    for (size_t size = 0; size < value.size; size++) {
        ink_records_t *records = ink_records_new (&geometry, range);
        assert_int_equal (ink_records_add (records, value.bytes, size, part), INK_EVALUE);
        assert_int_equal (ink_records_size (records), 16);
        ink_records_destroy (&records);
    }
    for (int round = 0; round < 20000; round++) {
        uint8_t *bytes = &value.bytes[chance_below (&seed, value.size)], old = *bytes;
        *bytes = (uint8_t) chance (&seed);
        ink_records_t *records = ink_records_new (&geometry, range);
        int rc = ink_records_add (records, value.bytes, value.size, part);
        size_t size;
        uint8_t *out = written (records, &size);
        assert_true (rc == INK_OK || (rc == INK_EVALUE && number (out, 0) == 0));
        refused += rc == INK_EVALUE;
        *bytes = old;
        free (out);
        ink_records_destroy (&records);
    }
    assert_in_range (refused, 1000, 19000);
    free (value.bytes);
}

static void
when_memory_runs_out_nothing_has_changed (void **state)
{
    (void) state;
    uint64_t seed = SEED;
    ink_part_t range = {0, 6000};
    ink_geometry_t geometry = {.text = 10, .lookahead = 10, .listed = MOST};
    choose_stretches (&seed, range);
    ink_records_t *from = ink_records_new (&geometry, range);
    for (uint64_t at = 500; at < 4000; at += 1000)
        add (from, &geometry, (ink_part_t){at, 500}, range);
    size_t size = ink_records_extract_size (from, range), before, after, failures = 0;
    uint8_t *packed = malloc (size);
    ink_records_extract (from, range, packed);
    for (int rc = INK_ENOMEM; rc; failures += rc == INK_ENOMEM) {
        ink_records_t *records = ink_records_new (&geometry, range);
        add (records, &geometry, (ink_part_t){2100, 300}, range);
        uint8_t *was = written (records, &before);
        scarce_begin (failures);
        rc = ink_records_add (records, packed, size, range);
        scarce_end ();
        uint8_t *is = written (records, &after);
        if (rc)
            assert_true (before == after && memcmp (was, is, before) == 0);
        else
            assert_true (number (is, 0) > number (was, 0));
        free (was);
        free (is);
        ink_records_destroy (&records);
    }
    assert_in_range (failures, 3, 5); //  The table, and pieces with records
    free (packed);
    ink_records_destroy (&from);
}

//  Text of 64 MiB and no more; what stands behind it is let go.
static void
no_more_is_listed_than_there_is_room_for (void **state)
{
    (void) state;
    uint64_t seed = SEED, parts[1000], count = 1000;
    ink_geometry_t geometry = {.text = 4096, .lookahead = 4096, .listed = 1 << 22};
    ink_part_t range = {0, count * 204800};
    ink_records_t *records = ink_records_new (&geometry, range);
    for (uint64_t n = 0; n < count; n++) {
        uint64_t place = chance_below (&seed, n + 1);
        parts[n] = parts[place];
        parts[place] = n;
    }
    for (uint64_t n = 0; n < count; n++) {
        ink_part_t part = {parts[n] * 204800, 204800};
        there_count = 50;
        for (size_t i = 0; i < there_count; i++)
            there[i] = (stretch_t){part.offset + i * 4096, part.offset + i * 4096 + 4095};
        add (records, &geometry, part, range);
    }
    assert_true (ink_records_extract_size (records, range) < (130 << 20));
    size_t size;
    uint8_t *out = written (records, &size);
    uint64_t listed = (64 << 20) / 4112;
    assert_int_equal (number (out, 0), count * 50);
    assert_int_equal (number (out, 1), listed);
    assert_int_equal (size, 16 + listed * 4112);
    for (uint64_t n = 0; n < listed; n++)
        assert_int_equal (number (out, 2 + n * 514), n * 4096);
    free (out);
    ink_records_destroy (&records);
}

//  ---------------------------------------------------------------------------------------
//  Kernels that are wrong

static int64_t emitted[4];

static void
map_pairs (const ink_slice_t *slice, void *cells)
{
    (void) slice;
    ink_emit_t *emit = cells;
    emit->record (emit, emitted[0], (uint64_t) emitted[1]);
    emit->record (emit, emitted[2], (uint64_t) emitted[3]);
}

static void
map_failing (const ink_slice_t *slice, void *cells)
{
    ink_emit_t *emit = cells;
    map_pairs (slice, cells);
    emit->give_up (emit);
}

static int
gathered (int64_t a, int64_t b, int64_t c, int64_t d, bool fails)
{
    const ink_kernel_t kernel = {.map = fails ? map_failing : map_pairs};
    ink_geometry_t geometry = {.text = 4, .lookahead = 4, .listed = 9};
    uint8_t bytes[104] = {0};
    ink_slice_t slice = {.bytes = bytes, .length = 100, .lookahead = 4, .offset = 7};
    ink_gather_t *gather = ink_gather_new ();
    ink_gather_begin (gather, &geometry, (ink_part_t){7, 100});
    memcpy (emitted, (int64_t[]){a, b, c, d}, sizeof emitted);
    int rc = ink_gather_map (gather, &kernel, &slice);
    ink_gather_destroy (&gather);
    return rc;
}

static void
what_cannot_be_a_record_spoils_the_part (void **state)
{
    (void) state;
    assert_int_equal (gathered (0, 1, 99, 104, false), INK_OK);
    assert_int_equal (gathered (-1, 1, 0, 1, false), INK_OK);
    assert_int_equal (gathered (0, 1, 99, 105, false), INK_EVALUE); //  Behind what it saw
    assert_int_equal (gathered (0, 1, 100, 101, false), INK_EVALUE); //  Not of the slice
    assert_int_equal (gathered (0, 0, 1, 2, false), INK_EVALUE);     //  Empty
    assert_int_equal (gathered (5, 6, 4, 5, false), INK_EVALUE);     //  Not in order
    assert_int_equal (gathered (5, 6, 5, 7, false), INK_EVALUE);     //  Twice
    assert_int_equal (gathered (0, 1, 2, 3, true), INK_EGAVEUP);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (records_are_the_same_however_cut_and_in_whatever_order),
        cmocka_unit_test (what_is_known_of_a_record_grows_to_the_right),
        cmocka_unit_test (what_was_extracted_makes_the_same_answer),
        cmocka_unit_test (what_is_no_value_changes_nothing),
        cmocka_unit_test (when_memory_runs_out_nothing_has_changed),
        cmocka_unit_test (no_more_is_listed_than_there_is_room_for),
        cmocka_unit_test (what_cannot_be_a_record_spoils_the_part),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

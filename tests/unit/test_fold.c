//  test_fold.c: how a worker folds the pieces of a sample into values.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "inkling/error.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "worker/compute.h"

#define SIZE ((size_t) 900000)
#define PIECES 5
#define VALUES_MOST 16

static const ink_msg_span_t pieces[PIECES] = {
    {5, 4096}, {4500, 100}, {300000, 270000}, {600000, 1}, {SIZE - 40, 40}};

//  A SAMPLE that was emitted
typedef struct {
    ink_msg_sample_t msg;
    ink_msg_span_t spans[PIECES];
    void *bytes;
    size_t size;
} sample_t;

typedef struct {
    char folder[64], path[96];
    uint8_t bytes[SIZE];
    ink_roots_t *roots;
    ink_source_t *source;
    ink_compute_t *compute;
    sample_t samples[VALUES_MOST];
    size_t count;
} bench_t;

static void
emit (void *arg, const ink_msg_t *msg, ink_payload_t **payload_p)
{
    bench_t *self = arg;
    assert_int_equal (msg->kind, INK_MSG_SAMPLE);
    assert_true (self->count < VALUES_MOST);
    sample_t *sample = &self->samples[self->count++];
    *sample = (sample_t){.msg = msg->sample};
    assert_in_range (msg->sample.spans.size, 1, PIECES);
    memcpy (sample->spans, msg->sample.spans.items,
            msg->sample.spans.size * sizeof *sample->spans);
    if (!payload_p)
        return;
    sample->size = ink_payload_size (*payload_p);
    sample->bytes = malloc (sample->size);
    memcpy (sample->bytes, ink_payload_data (*payload_p), sample->size);
    ink_payload_destroy (payload_p);
}

static int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    strcpy (self->folder, "/tmp/inkling-fold-XXXXXX");
    if (!mkdtemp (self->folder))
        return -1;
    for (size_t n = 0; n < SIZE; n++)
        self->bytes[n] = (uint8_t) (n * 31 + n / 777);
    snprintf (self->path, sizeof self->path, "%s/file", self->folder);
    FILE *file = fopen (self->path, "w");
    if (!file || fwrite (self->bytes, 1, SIZE, file) != SIZE || fclose (file))
        return -1;
    self->roots = ink_roots_new ();
    ink_roots_add (self->roots, "data", self->folder);
    self->compute = ink_compute_new (self->roots, 7, emit, self);
    *state = self;
    return ink_source_open (self->roots, "data/file", &self->source);
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    ink_compute_destroy (&self->compute);
    ink_source_close (&self->source);
    ink_roots_destroy (&self->roots);
    unlink (self->path);
    rmdir (self->folder);
    for (size_t n = 0; n < self->count; n++)
        free (self->samples[n].bytes);
    free (self);
    return 0;
}

//  Works off a lease over all pieces; `fold` of them make a value.
static void
work_off (bench_t *self, const char *first, const char *second, size_t fold)
{
    static const uint8_t series[2][16] = {{1}, {2}};
    const ink_identity_t *identity = ink_source_identity (self->source);
    ink_msg_kernel_t kernels[] = {{.name = first, .version = 1},
                                  {.name = second, .version = 1}};
    ink_msg_series_t keys[] = {{series[0]}, {series[1]}};
    ink_msg_lease_t lease = {.epoch = 3,
                             .lease = 4,
                             .source = "data/file",
                             .device = identity->device,
                             .inode = identity->inode,
                             .size = identity->size,
                             .mtime_ns = identity->mtime_ns,
                             .ctime_ns = identity->ctime_ns,
                             .kernels = {kernels, 2},
                             .series = {keys, 2},
                             .end = SIZE,
                             .spans = {pieces, PIECES},
                             .fold = fold,
                             .handle = 6};
    while (!ink_compute_slice (self->compute, &lease))
        continue;
}

//  ---------------------------------------------------------------------------------------
//  What they should be, counted byte by byte

static void
count_piece (const bench_t *self, size_t piece, size_t cells, uint64_t *counts)
{
    const uint8_t *at = self->bytes + pieces[piece].offset;
    size_t length = (size_t) pieces[piece].length;
    for (size_t n = 0; n < length && cells == 256; n++)
        counts[at[n]]++;
    for (size_t n = 0; n + 1 < length && cells == 65536; n++)
        counts[(size_t) at[n] * 256 + at[n + 1]]++;
}

static void
check_sample (const bench_t *self, size_t n, size_t fold, size_t cells)
{
    const sample_t *sample = &self->samples[n];
    size_t first = sample->msg.slot / 2 * fold;
    uint64_t *expected = calloc (cells, 8), *counts = calloc (cells, 8);
    size_t units = 0;
    for (size_t piece = first; piece < first + fold && piece < PIECES; piece++, units++)
        count_piece (self, piece, cells, expected);
    assert_int_equal (ink_counts_add (sample->bytes, sample->size, counts, cells),
                      INK_OK);
    assert_memory_equal (counts, expected, cells * 8);
    assert_int_equal (sample->msg.spans.size, units);
    assert_memory_equal (sample->spans, pieces + first, units * sizeof *pieces);
    assert_int_equal (sample->msg.error, INK_OK);
    assert_true (sample->msg.checksum == XXH3_64bits (sample->bytes, sample->size));
    free (expected);
    free (counts);
}

static void
so_many_pieces_make_one_value_and_see_nothing_behind_them (void **state)
{
    bench_t *self = *state;
    static const size_t folds[] = {1, 2, 3, 5, 256};
    for (size_t f = 0; f < sizeof folds / sizeof *folds; f++) {
        size_t fold = folds[f], values = (PIECES + fold - 1) / fold * 2;
        self->count = 0;
        work_off (self, "histogram", "digraph", fold);
        assert_int_equal (self->count, values);
        for (size_t n = 0; n < values; n++) {
            assert_int_equal (self->samples[n].msg.slot, n);
            assert_int_equal (self->samples[n].msg.handle, 6);
            assert_int_equal (self->samples[n].msg.lease, 4);
            check_sample (self, n, fold, n % 2 ? 65536 : 256);
            free (self->samples[n].bytes);
            self->samples[n].bytes = NULL;
        }
    }
}

static void
all_fail_with (bench_t *self, size_t values, int error)
{
    assert_int_equal (self->count, values);
    for (size_t n = 0; n < values; n++) {
        assert_int_equal (self->samples[n].msg.slot, n);
        assert_int_equal (self->samples[n].msg.error, error);
        assert_null (self->samples[n].bytes);
    }
}

static void
a_source_that_has_changed_gives_no_sample (void **state)
{
    bench_t *self = *state;
    FILE *file = fopen (self->path, "a");
    assert_int_equal (fputc ('x', file), 'x');
    assert_int_equal (fclose (file), 0);
    work_off (self, "histogram", "digraph", 2);
    all_fail_with (self, 6, INK_ECHANGED);
}

//  The means of a piece in each cell of 4096 bytes that it touches; returns how many.
static size_t
average_piece (const bench_t *self, const ink_msg_span_t *piece, uint8_t *means)
{
    size_t count = 0;
    for (uint64_t at = piece->offset, end = at + piece->length; at < end; count++) {
        uint64_t sum = 0, begin = at;
        do
            sum += self->bytes[at++];
        while (at < end && at % 4096);
        means[count] = (uint8_t) ((2 * sum + at - begin) / (2 * (at - begin)));
    }
    return count;
}

static void
cells_of_a_sample_stand_side_by_side (void **state)
{
    bench_t *self = *state;
    work_off (self, "histogram", "byteplot", 3);
    assert_int_equal (self->count, 4);
    for (size_t n = 1; n < 4; n += 2) {
        uint8_t means[128];
        size_t size = 0;
        for (size_t piece = n / 2 * 3; piece < n / 2 * 3 + 3 && piece < PIECES; piece++)
            size += average_piece (self, &pieces[piece], means + size);
        assert_int_equal (self->samples[n].size, size);
        assert_memory_equal (self->samples[n].bytes, means, size);
    }
    check_sample (self, 0, 3, 256);
    check_sample (self, 2, 3, 256);
}

static void
records_are_no_sample (void **state)
{
    bench_t *self = *state;
    work_off (self, "histogram", "strings", 3);
    all_fail_with (self, 4, INK_EPARAM);
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (so_many_pieces_make_one_value_and_see_nothing_behind_them),
        STORY (a_source_that_has_changed_gives_no_sample),
        STORY (cells_of_a_sample_stand_side_by_side),
        STORY (records_are_no_sample),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_pair.c: a worker compares two files, of whatever sizes, and sees when either changes.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inkling/error.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "worker/compute.h"

#define FILES 24
#define SIZE_MOST 700000 //  Some slices

typedef struct {
    char name[16];
    uint8_t *bytes;
    size_t size;
    ink_identity_t identity;
} file_t;

typedef struct {
    char folder[64];
    file_t files[FILES];
    ink_roots_t *roots;
    ink_compute_t *compute;
    size_t values;
    uint64_t error;
    uint8_t *value;
    size_t size;
} bench_t;

static void
emit (void *arg, const ink_msg_t *value, ink_payload_t **payload_p)
{
    bench_t *self = arg;
    self->values++;
    self->error = value->value.error;
    if (!payload_p)
        return;
    free (self->value);
    self->size = ink_payload_size (*payload_p);
    self->value = malloc (self->size);
    memcpy (self->value, ink_payload_data (*payload_p), self->size);
    ink_payload_destroy (payload_p);
}

static void
write_file (bench_t *self, file_t *file)
{
    char path[96];
    snprintf (path, sizeof path, "%s/%s", self->folder, file->name);
    FILE *out = fopen (path, "w");
    assert_non_null (out);
    assert_int_equal (fwrite (file->bytes, 1, file->size, out), file->size);
    fclose (out);
    ink_source_t *source;
    char name[32];
    snprintf (name, sizeof name, "data/%s", file->name);
    assert_int_equal (ink_source_open (self->roots, name, &source), INK_OK);
    file->identity = *ink_source_identity (source);
    ink_source_close (&source);
}

//  Files that are mostly the same, the first of them as long as can be.
static int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    strcpy (self->folder, "/tmp/inkling-pair-XXXXXX");
    assert_non_null (mkdtemp (self->folder));
    self->roots = ink_roots_new ();
    ink_roots_add (self->roots, "data", self->folder);
    srand (3);
    for (int n = 0; n < FILES; n++) {
        file_t *file = &self->files[n];
        snprintf (file->name, sizeof file->name, "%d", n);
        file->size = n == 0 ? SIZE_MOST : n == 1 ? 0 : (size_t) rand () % SIZE_MOST;
        file->bytes = malloc (SIZE_MOST);
        for (size_t at = 0; at < SIZE_MOST; at++)
            file->bytes[at] = (uint8_t) (at / 100 * 7);
        for (int change = 0; change < n * 300 && file->size; change++)
            file->bytes[(size_t) rand () % file->size] ^= (uint8_t) rand ();
        write_file (self, file);
    }
    self->compute = ink_compute_new (self->roots, 1, emit, self);
    *state = self;
    return 0;
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    char path[96];
    ink_compute_destroy (&self->compute);
    ink_roots_destroy (&self->roots);
    for (int n = 0; n < FILES; n++) {
        snprintf (path, sizeof path, "%s/%d", self->folder, n);
        unlink (path);
        free (self->files[n].bytes);
    }
    rmdir (self->folder);
    free (self->value);
    free (self);
    return 0;
}

//  A lease over a range of `first`, to be compared with `other`.
typedef struct {
    ink_msg_lease_t msg;
    ink_msg_span_t span;
    ink_msg_kernel_t kernel;
    ink_msg_param_t cell;
    ink_msg_series_t series;
    ink_msg_file_t other;
    char name[32], other_name[32];
} lease_t;

static void
make_lease (lease_t *self, const file_t *first, const file_t *other, uint64_t offset,
            uint64_t length, int64_t cell)
{
    static const uint8_t series[16] = {1};
    static uint64_t number;
    const ink_identity_t *one = &first->identity, *two = &other->identity;
    snprintf (self->name, sizeof self->name, "data/%s", first->name);
    snprintf (self->other_name, sizeof self->other_name, "data/%s", other->name);
    self->cell = (ink_msg_param_t){"cell", cell, ""};
    self->kernel = (ink_msg_kernel_t){"diff", 1, {&self->cell, 1}};
    self->series.key = series;
    self->span = (ink_msg_span_t){offset, length};
    self->other = (ink_msg_file_t){self->other_name, two->device,   two->inode,
                                   two->size,        two->mtime_ns, two->ctime_ns};
    self->msg = (ink_msg_lease_t){.epoch = 1,
                                  .lease = ++number,
                                  .source = self->name,
                                  .device = one->device,
                                  .inode = one->inode,
                                  .size = one->size,
                                  .mtime_ns = one->mtime_ns,
                                  .ctime_ns = one->ctime_ns,
                                  .kernels = {&self->kernel, 1},
                                  .series = {&self->series, 1},
                                  .end = one->size,
                                  .spans = {&self->span, 1},
                                  .others = {&self->other, 1}};
}

static void
check_value (const bench_t *self, const lease_t *lease, const file_t *first,
             const file_t *other)
{
    uint64_t cell = (uint64_t) lease->cell.value, begin = lease->span.offset / cell;
    uint64_t end = lease->span.offset + lease->span.length;
    uint64_t cells = (end - 1) / cell - begin + 1;
    uint64_t *expected = calloc (cells, sizeof *expected);
    for (uint64_t at = lease->span.offset; at < end; at++)
        expected[at / cell - begin] +=
            at >= other->size || first->bytes[at] != other->bytes[at];
    assert_int_equal (self->error, INK_OK);
    assert_int_equal (self->size, cells * sizeof *expected);
    assert_memory_equal (self->value, expected, self->size);
    free (expected);
}

static void
differences_are_those_one_counts_byte_by_byte (void **state)
{
    bench_t *self = *state;
    for (int round = 0; round < 150; round++) {
        const file_t *first = &self->files[round % 3 ? rand () % FILES : 0];
        const file_t *other = &self->files[rand () % FILES];
        if (!first->size)
            continue;
        lease_t lease;
        uint64_t offset = (uint64_t) rand () % first->size;
        uint64_t length = 1 + (uint64_t) rand () % (first->size - offset);
        make_lease (&lease, first, other, offset, length, INT64_C (16) << rand () % 12);
        self->values = 0;
        while (!ink_compute_slice (self->compute, &lease.msg))
            continue;
        assert_int_equal (self->values, 1);
        check_value (self, &lease, first, other);
    }
}

//  After the first slice of several.
static void
a_change_of_either_file_is_seen (void **state)
{
    bench_t *self = *state;
    for (int which = 0; which < 2; which++) {
        lease_t lease;
        file_t *pair[] = {&self->files[0], &self->files[5]};
        make_lease (&lease, pair[0], pair[1], 0, pair[0]->size, 4096);
        self->values = 0;
        assert_false (ink_compute_slice (self->compute, &lease.msg));
        pair[which]->size = which ? pair[1]->size + 1 : pair[0]->size - 1;
        write_file (self, pair[which]);
        while (!ink_compute_slice (self->compute, &lease.msg))
            continue;
        assert_int_equal (self->values, 1);
        assert_int_equal (self->error, INK_ECHANGED);
    }
}

static void
another_file_than_was_meant_is_not_compared (void **state)
{
    bench_t *self = *state;
    lease_t lease;
    make_lease (&lease, &self->files[0], &self->files[5], 0, 1000, 4096);
    lease.other.inode++;
    assert_true (ink_compute_slice (self->compute, &lease.msg));
    assert_int_equal (self->error, INK_ECHANGED);
    make_lease (&lease, &self->files[0], &self->files[5], 0, 1000, 4096);
    lease.msg.others.size = 0;
    assert_true (ink_compute_slice (self->compute, &lease.msg));
    assert_int_equal (self->error, INK_EFILES);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (differences_are_those_one_counts_byte_by_byte),
        TEST (a_change_of_either_file_is_seen),
        TEST (another_file_than_was_meant_is_not_compared),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_care.c: leases that have failed before, with kernels that really crash and loop.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "inkling/error.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "worker/care.h"

#define SIZE 50000
#define CELL 512

static const ink_param_t params[] = {
    {.name = "at", .summary = "where", .most = INT64_MAX},
    {.name = "how", .summary = "0 crashes, 1 loops, 2 ends", .most = 2},
    {0},
};

static void
die (int64_t how)
{
    if (how == 2)
        _exit (0);
    for (volatile int64_t loops = how; loops;)
        continue;
    signal (SIGSEGV, SIG_DFL); //  Sanitizers would tell of it at length
    raise (SIGSEGV);
}

static void
meet (const ink_slice_t *slice)
{
    uint64_t at = (uint64_t) slice->args->numbers[0];
    if (at >= slice->offset && at - slice->offset < slice->length)
        die (slice->args->numbers[1]);
}

static void
count_bytes (const ink_slice_t *slice, void *cells)
{
    uint32_t *counts = cells;
    meet (slice);
    for (size_t n = 0; n < slice->length; n++)
        counts[slice->bytes[n]]++;
}

static void
sum_cells (const ink_slice_t *slice, void *cells)
{
    uint8_t *sums = cells;
    size_t head = (size_t) (slice->offset % CELL);
    meet (slice);
    memset (sums, 0, (head + slice->length + CELL - 1) / CELL);
    for (size_t n = 0; n < slice->length; n++)
        sums[(head + n) / CELL] = (uint8_t) (sums[(head + n) / CELL] + slice->bytes[n]);
}

static void
table (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = 256;
}

static void
row (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cell_bytes = CELL;
    geometry->cell_size = 1;
}

static const ink_kernel_t fatal = {.abi = INK_KERNEL_ABI,
                                   .version = 1,
                                   .name = "fatal",
                                   .shape = INK_SHAPE_COUNTS,
                                   .item = INK_ITEM_U64,
                                   .chunk_log2 = 16,
                                   .params = params,
                                   .geometry = table,
                                   .map = count_bytes};
static const ink_kernel_t fatal_cells = {.abi = INK_KERNEL_ABI,
                                         .version = 1,
                                         .name = "fatal-cells",
                                         .shape = INK_SHAPE_CELLS,
                                         .item = INK_ITEM_U8,
                                         .chunk_log2 = 16,
                                         .params = params,
                                         .geometry = row,
                                         .map = sum_cells};

//  ---------------------------------------------------------------------------------------

typedef struct {
    char folder[64];
    uint8_t bytes[SIZE];
    ink_roots_t *roots;
    ink_source_t *source;
    ink_care_t *care;
    size_t values;
    ink_msg_failure_t failures[INK_FAILURES_MOST];
    size_t failure_count;
    uint64_t error, missing;
    uint8_t *value;
    size_t size;
} bench_t;

static void
emit (void *arg, const ink_msg_t *value, ink_payload_t **payload_p)
{
    bench_t *self = arg;
    self->values++;
    self->error = value->value.error;
    self->failure_count = value->value.failures.size;
    self->missing = 0;
    for (size_t n = 0; n < self->failure_count; n++) {
        self->failures[n] = value->value.failures.items[n];
        self->missing += self->failures[n].length;
    }
    free (self->value);
    self->value = NULL;
    if (!payload_p)
        return;
    self->size = ink_payload_size (*payload_p);
    self->value = malloc (self->size);
    memcpy (self->value, ink_payload_data (*payload_p), self->size);
    ink_payload_destroy (payload_p);
}

static int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    char path[96];
    strcpy (self->folder, "/tmp/inkling-care-XXXXXX");
    if (!mkdtemp (self->folder))
        return -1;
    for (size_t n = 0; n < SIZE; n++)
        self->bytes[n] = (uint8_t) (n * 7 + n / 300);
    snprintf (path, sizeof path, "%s/file", self->folder);
    FILE *file = fopen (path, "w");
    if (!file || fwrite (self->bytes, 1, SIZE, file) != SIZE || fclose (file))
        return -1;
    self->roots = ink_roots_new ();
    ink_roots_add (self->roots, "data", self->folder);
    if (ink_source_open (self->roots, "data/file", &self->source))
        return -1;
    self->care = ink_care_new (self->roots, 1, emit, self);
    *state = self;
    return 0;
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    char path[96];
    ink_care_destroy (&self->care);
    ink_source_close (&self->source);
    ink_roots_destroy (&self->roots);
    snprintf (path, sizeof path, "%s/file", self->folder);
    unlink (path);
    rmdir (self->folder);
    free (self->value);
    free (self);
    return 0;
}

//  A lease of [offset, offset + length) to be worked off.
typedef struct {
    ink_msg_lease_t msg;
    ink_msg_span_t span;
    ink_msg_kernel_t kernel;
    ink_msg_param_t params[2];
    ink_msg_series_t series;
} lease_t;

static void
lease_of (const bench_t *self, lease_t *lease, const char *kernel, int64_t at,
          int64_t how, uint64_t care)
{
    static const uint8_t series[16] = {1};
    static uint64_t number;
    const ink_identity_t *identity = ink_source_identity (self->source);
    lease->params[0] = (ink_msg_param_t){"at", at, ""};
    lease->params[1] = (ink_msg_param_t){"how", how, ""};
    lease->kernel = (ink_msg_kernel_t){kernel, 1, {lease->params, 2}};
    lease->series.key = series;
    lease->span = (ink_msg_span_t){1000, SIZE - 3000};
    lease->msg = (ink_msg_lease_t){.epoch = 1,
                                   .lease = ++number,
                                   .care = care,
                                   .source = "data/file",
                                   .device = identity->device,
                                   .inode = identity->inode,
                                   .size = identity->size,
                                   .mtime_ns = identity->mtime_ns,
                                   .ctime_ns = identity->ctime_ns,
                                   .kernels = {&lease->kernel, 1},
                                   .series = {&lease->series, 1},
                                   .end = SIZE,
                                   .spans = {&lease->span, 1}};
}

static void
work_off (bench_t *self, const lease_t *lease)
{
    self->values = 0;
    while (!ink_care_slice (self->care, &lease->msg))
        continue;
    assert_int_equal (self->values, 1);
}

//  The value is that of all bytes of the span but the missing ones.
static void
check_counts (const bench_t *self, const lease_t *lease)
{
    uint64_t expected[256] = {0}, is[256];
    for (uint64_t n = lease->span.offset; n < lease->span.offset + lease->span.length;
         n++)
        expected[self->bytes[n]]++;
    for (size_t f = 0; f < self->failure_count; f++)
        for (uint64_t n = 0; n < self->failures[f].length; n++)
            expected[self->bytes[self->failures[f].offset + n]]--;
    ink_args_t args = {0};
    ink_part_t part = {lease->span.offset, lease->span.length};
    ink_answer_t *answer = ink_answer_new (&fatal, &args, part);
    assert_int_equal (ink_answer_add (answer, self->value, self->size, part), INK_OK);
    ink_answer_write (answer, is);
    assert_memory_equal (is, expected, sizeof is);
    ink_answer_destroy (&answer);
}

//  ---------------------------------------------------------------------------------------

static void
the_byte_that_crashes_a_kernel_is_all_that_is_missing (void **state)
{
    bench_t *self = *state;
    static const int64_t places[] = {1000, 1001, 4095, 4096, 30000, SIZE - 2001};
    for (size_t n = 0; n < sizeof places / sizeof *places; n++) {
        lease_t lease;
        lease_of (self, &lease, "fatal", places[n], n % 2 ? 0 : 2, INK_CARE_ISOLATED);
        work_off (self, &lease);
        assert_int_equal (self->error, INK_OK);
        assert_int_equal (self->failure_count, 1);
        assert_int_equal (self->failures[0].offset, places[n]);
        assert_int_equal (self->failures[0].length, 1);
        assert_int_equal (self->failures[0].error, INK_ELOST);
        check_counts (self, &lease);
    }
}

static void
of_a_row_the_cell_is_missing (void **state)
{
    bench_t *self = *state;
    lease_t lease;
    lease_of (self, &lease, "fatal-cells", 20000, 0, INK_CARE_ISOLATED);
    work_off (self, &lease);
    assert_int_equal (self->failure_count, 1);
    assert_int_equal (self->failures[0].offset, 20000 / CELL * CELL);
    assert_int_equal (self->failures[0].length, CELL);
    uint64_t first = lease.span.offset / CELL,
             end = lease.span.offset + lease.span.length;
    for (uint64_t cell = first; cell < (end + CELL - 1) / CELL; cell++) {
        uint8_t sum = 0;
        for (uint64_t n = cell * CELL; n < (cell + 1) * CELL; n++)
            if (n >= lease.span.offset && n < end && cell != 20000 / CELL)
                sum = (uint8_t) (sum + self->bytes[n]);
        assert_int_equal (self->value[cell - first], sum);
    }
}

static void
a_kernel_that_loops_is_found_out (void **state)
{
    bench_t *self = *state;
    lease_t lease;
    lease_of (self, &lease, "fatal-cells", 1000, 1, INK_CARE_ISOLATED);
    lease.span =
        (ink_msg_span_t){CELL, 2 * CELL}; //  Three trials: a loop takes two seconds
    work_off (self, &lease);
    assert_int_equal (self->failure_count, 1);
    assert_int_equal (self->failures[0].offset, CELL);
    assert_int_equal (self->failures[0].length, CELL);
}

static void
what_does_no_harm_is_whole (void **state)
{
    bench_t *self = *state;
    for (uint64_t care = INK_CARE_PIECES; care <= INK_CARE_ISOLATED; care++) {
        lease_t lease;
        lease_of (self, &lease, "fatal", 3, 0, care); //  Not in the span
        work_off (self, &lease);
        assert_int_equal (self->error, INK_OK);
        assert_int_equal (self->failure_count, 0);
        check_counts (self, &lease);
    }
}

static void
a_source_that_changed_is_told_as_such (void **state)
{
    bench_t *self = *state;
    lease_t lease;
    lease_of (self, &lease, "fatal", 3, 0, INK_CARE_ISOLATED);
    lease.msg.mtime_ns++;
    work_off (self, &lease);
    assert_int_equal (self->error, INK_ECHANGED);
    assert_null (self->value);
}

static void
what_is_stopped_leaves_no_process (void **state)
{
    bench_t *self = *state;
    lease_t lease;
    lease_of (self, &lease, "fatal", 2000, 1, INK_CARE_ISOLATED);
    assert_false (ink_care_slice (self->care, &lease.msg));
    ink_care_stop (self->care);
    assert_int_equal (waitpid (-1, NULL, WNOHANG), -1); //  There is no child
    lease_of (self, &lease, "fatal", 3, 0, INK_CARE_ISOLATED);
    work_off (self, &lease);
    check_counts (self, &lease);
}

static void
another_lease_takes_the_place_of_the_last (void **state)
{
    bench_t *self = *state;
    lease_t lease;
    lease_of (self, &lease, "fatal", 2000, 1, INK_CARE_ISOLATED);
    assert_false (ink_care_slice (self->care, &lease.msg));
    lease_of (self, &lease, "fatal", 1500, 0, INK_CARE_ISOLATED);
    work_off (self, &lease);
    assert_int_equal (self->failures[0].offset, 1500);
    check_counts (self, &lease);
}

static int
add_kernels (void **state)
{
    (void) state;
    return !ink_kernels_add (&fatal) || !ink_kernels_add (&fatal_cells);
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (the_byte_that_crashes_a_kernel_is_all_that_is_missing),
        STORY (of_a_row_the_cell_is_missing),
        STORY (a_kernel_that_loops_is_found_out),
        STORY (what_does_no_harm_is_whole),
        STORY (a_source_that_changed_is_told_as_such),
        STORY (what_is_stopped_leaves_no_process),
        STORY (another_lease_takes_the_place_of_the_last),
    };
    return cmocka_run_group_tests (tests, add_kernels, NULL);
}

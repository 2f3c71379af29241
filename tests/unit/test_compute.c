//  test_compute.c: leases that are worked off, and spans that are revoked meanwhile.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "inkling/error.h"
#include "worker/compute.h"

#define SPANS 4
#define SPAN 4096
#define SIZE (2 * SPANS * SPAN)
#define KERNELS 2

typedef struct {
    char folder[64];
    ink_roots_t *roots;
    ink_compute_t *compute;
    ink_msg_lease_t lease;
    ink_msg_span_t spans[SPANS];
    size_t revoke_at, revoke; //  With the so manieth value that span is revoked
    size_t values;
    char order[256]; //  Of slots
} bench_t;

static void
emit (void *arg, const ink_msg_t *msg, ink_payload_t **payload_p)
{
    bench_t *self = arg;
    size_t size = strlen (self->order);
    const ink_msg_span_t *span = &self->spans[msg->value.slot / KERNELS];
    assert_int_equal (msg->value.offset, span->offset);
    assert_int_equal (msg->value.length, SPAN);
    snprintf (self->order + size, sizeof self->order - size, "%s%d%s", size ? " " : "",
              (int) msg->value.slot, msg->value.error ? "!" : "");
    if (++self->values == self->revoke_at)
        self->spans[self->revoke].length = 0;
    if (payload_p)
        ink_payload_destroy (payload_p);
}

static int
make_file (const bench_t *self)
{
    char path[96];
    snprintf (path, sizeof path, "%s/file", self->folder);
    FILE *file = fopen (path, "w");
    if (!file || ftruncate (fileno (file), SIZE))
        return -1;
    return fclose (file);
}

static int
setup (void **state)
{
    static const uint8_t series[16] = {1};
    static const ink_msg_series_t two[KERNELS] = {{series}, {series}};
    static const ink_msg_kernel_t kernels[KERNELS] = {{.name = "histogram", .version = 1},
                                                      {.name = "count", .version = 1}};
    bench_t *self = calloc (1, sizeof *self);
    ink_source_t *source;
    strcpy (self->folder, "/tmp/inkling-compute-XXXXXX");
    if (!mkdtemp (self->folder) || make_file (self))
        return -1;
    self->roots = ink_roots_new ();
    ink_roots_add (self->roots, "data", self->folder);
    if (ink_source_open (self->roots, "data/file", &source))
        return -1;
    const ink_identity_t *identity = ink_source_identity (source);
    for (size_t n = 0; n < SPANS; n++)
        self->spans[n] = (ink_msg_span_t){2 * n * SPAN, SPAN};
    self->lease = (ink_msg_lease_t){.epoch = 1,
                                    .lease = 1,
                                    .source = "data/file",
                                    .device = identity->device,
                                    .inode = identity->inode,
                                    .size = identity->size,
                                    .mtime_ns = identity->mtime_ns,
                                    .ctime_ns = identity->ctime_ns,
                                    .kernels = {kernels, KERNELS},
                                    .series = {two, KERNELS},
                                    .end = SIZE,
                                    .spans = {self->spans, SPANS}};
    ink_source_close (&source);
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
    snprintf (path, sizeof path, "%s/file", self->folder);
    unlink (path);
    rmdir (self->folder);
    free (self);
    return 0;
}

//  Works the lease off; the slots in the order of their values.
static const char *
work (bench_t *self)
{
    int slices = 0;
    while (!ink_compute_slice (self->compute, &self->lease))
        assert_true (++slices < 100);
    return self->order;
}

static void
each_span_has_a_value_of_each_kernel (void **state)
{
    assert_string_equal (work (*state), "0 1 2 3 4 5 6 7");
}

static void
spans_that_were_revoked_before_are_passed_over (void **state)
{
    bench_t *self = *state;
    self->spans[0].length = self->spans[2].length = 0;
    assert_string_equal (work (self), "2 3 6 7");
}

static void
nothing_is_left_of_a_lease_without_spans (void **state)
{
    bench_t *self = *state;
    for (size_t n = 0; n < SPANS; n++)
        self->spans[n].length = 0;
    assert_string_equal (work (self), "");
}

static void
a_span_may_be_revoked_while_another_is_sent (void **state)
{
    bench_t *self = *state;
    self->revoke_at = 4;
    self->revoke = 3;
    assert_string_equal (work (self), "0 1 2 3 4 5");
}

//  The second value of the span is not sent any more.
static void
a_span_may_be_revoked_while_its_own_values_are_sent (void **state)
{
    bench_t *self = *state;
    self->revoke_at = 3;
    self->revoke = 1;
    assert_string_equal (work (self), "0 1 2 4 5 6 7");
}

static void
of_a_changed_source_only_spans_that_are_wanted_are_errors (void **state)
{
    bench_t *self = *state;
    self->lease.mtime_ns++;
    self->spans[1].length = 0;
    assert_string_equal (work (self), "0! 1! 4! 5! 6! 7!");
}

static void
a_span_may_be_revoked_while_it_is_computed (void **state)
{
    bench_t *self = *state;
    self->lease.spans.size = 2;
    self->spans[0] = (ink_msg_span_t){0, SIZE / 2}; //  A new kernel gets 4 KiB at first
    self->spans[1] = (ink_msg_span_t){SIZE / 2, SPAN};
    assert_false (ink_compute_slice (self->compute, &self->lease));
    assert_int_equal (self->values, 0);
    self->spans[0].length = 0;
    assert_string_equal (work (self), "2 3");
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (each_span_has_a_value_of_each_kernel),
        STORY (spans_that_were_revoked_before_are_passed_over),
        STORY (nothing_is_left_of_a_lease_without_spans),
        STORY (a_span_may_be_revoked_while_another_is_sent),
        STORY (a_span_may_be_revoked_while_its_own_values_are_sent),
        STORY (of_a_changed_source_only_spans_that_are_wanted_are_errors),
        STORY (a_span_may_be_revoked_while_it_is_computed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

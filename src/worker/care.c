//  care.c: works off a lease that has failed before, piece by piece.

#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/clock.h"
#include "inkling/error.h"
#include "value/answer.h"
#include "worker/bisect.h"
#include "worker/care.h"
#include "worker/terms.h"
#include "worker/trial.h"

//  A lease is not searched for longer than this
#define PATIENCE_US 20000000

//  What a disk cannot read is a page at least; to read around it is slow
#define UNREADABLE 4096

struct ink_care {
    const ink_roots_t *roots;
    uint64_t instance;
    ink_compute_emit_t *emit;
    void *emit_self;

    uint64_t epoch, lease; //  The one we are in; 0: none
    int64_t until;
    ink_part_t part;
    const ink_kernel_t *kernel;
    ink_reach_t reach;
    uint64_t grain;       //  Of what can be told apart: a cell, or a byte
    ink_answer_t *answer; //  What has passed so far
    ink_bisect_t *bisect;
    ink_trial_t *trial;
    ink_part_t piece; //  On trial
};

ink_care_t *
ink_care_new (const ink_roots_t *roots, uint64_t instance, ink_compute_emit_t *emit,
              void *emit_self)
{
    ink_care_t *self = calloc (1, sizeof *self);
    if (self) {
        self->roots = roots;
        self->instance = instance;
        self->emit = emit;
        self->emit_self = emit_self;
    }
    return self;
}

void
ink_care_stop (ink_care_t *self)
{
    ink_answer_destroy (&self->answer);
    ink_bisect_destroy (&self->bisect);
    ink_trial_destroy (&self->trial);
    self->lease = 0;
}

void
ink_care_destroy (ink_care_t **self_p)
{
    if (*self_p)
        ink_care_stop (*self_p);
    free (*self_p);
    *self_p = NULL;
}

static void
begin_piece (ink_care_t *self, const ink_msg_lease_t *lease)
{
    if (ink_bisect_next (self->bisect, &self->piece))
        ink_trial_begin (self->trial, lease, self->piece,
                         lease->care == INK_CARE_ISOLATED);
}

static int
begin (ink_care_t *self, const ink_msg_lease_t *lease)
{
    ink_args_t args;
    ink_care_stop (self);
    int rc = ink_terms_kernel (&lease->kernels.items[0], &self->kernel, &args);
    if (rc)
        return rc;
    const ink_msg_span_t *span = &lease->spans.items[0];
    ink_geometry_t geometry = {0};
    self->kernel->geometry (&args, &geometry);
    self->grain = self->kernel->shape == INK_SHAPE_CELLS ? geometry.cell_bytes : 1;
    self->reach = ink_value_reach (self->kernel, &args);
    self->epoch = lease->epoch;
    self->lease = lease->lease;
    self->part = (ink_part_t){span->offset, span->length};
    self->until = ink_clock_us () + PATIENCE_US;
    self->answer = ink_answer_new (self->kernel, &args, self->part);
    self->bisect = ink_bisect_new (self->part);
    self->trial = ink_trial_new (self->roots,
                                 ink_value_most (self->kernel, &args, self->part.length));
    if (!self->answer || !self->bisect || !self->trial)
        return INK_ENOMEM;
    begin_piece (self, lease);
    return INK_OK;
}

//  What is wrong with all pieces alike is not searched for.
static bool
is_of_a_piece (int error)
{
    return error == INK_ELOST || error == INK_EIO || error == INK_EVALUE ||
           error == INK_EGAVEUP;
}

static void
emit_error (ink_care_t *self, const ink_msg_lease_t *lease, int error)
{
    ink_msg_t msg = ink_terms_value (self->instance, lease, 0, 0);
    msg.value.error = (uint64_t) error;
    self->emit (self->emit_self, &msg, NULL);
}

static int
emit_value (ink_care_t *self, const ink_msg_lease_t *lease)
{
    size_t size = ink_answer_extract_size (self->answer, self->part);
    ink_payload_t *payload = ink_payload_new (size);
    if (!payload)
        return INK_ENOMEM;
    ink_answer_extract (self->answer, self->part, ink_payload_data (payload));
    ink_msg_t msg = ink_terms_value (self->instance, lease, 0, 0);
    ink_reach_t seen =
        ink_terms_sight (lease, &lease->spans.items[0], self->part, self->reach);
    msg.value.lookback = seen.lookback;
    msg.value.lookahead = seen.lookahead;
    msg.value.checksum = XXH3_64bits (ink_payload_data (payload), size);
    msg.value.failures.items =
        ink_bisect_failures (self->bisect, &msg.value.failures.size);
    self->emit (self->emit_self, &msg, &payload);
    return INK_OK;
}

static uint64_t
grain_of (const ink_care_t *self, int error)
{
    bool by_page = error == INK_EIO && self->grain < UNREADABLE;
    return by_page ? UNREADABLE : self->grain;
}

//  Takes what has become of the piece on trial.
static int
take (ink_care_t *self, ink_trial_state_t state)
{
    int error = ink_trial_error (self->trial);
    if (state == INK_TRIAL_PASSED) {
        size_t size;
        const void *value = ink_trial_value (self->trial, &size);
        error = ink_answer_add (self->answer, value, size, self->piece);
    }
    if (error == INK_OK)
        ink_bisect_passed (self->bisect);
    else if (is_of_a_piece (error))
        ink_bisect_failed (self->bisect, error, grain_of (self, error));
    else
        return error;
    if (ink_clock_us () > self->until)
        ink_bisect_stop (self->bisect);
    return INK_OK;
}

//  *done: the value was emitted.
static int
go_on (ink_care_t *self, const ink_msg_lease_t *lease, bool *done)
{
    bool is_new = self->lease != lease->lease || self->epoch != lease->epoch;
    int rc = is_new ? begin (self, lease) : INK_OK;
    if (rc)
        return rc;
    ink_trial_state_t state = ink_trial_step (self->trial);
    if (state == INK_TRIAL_RUNNING)
        return INK_OK;
    rc = take (self, state);
    if (rc)
        return rc;
    begin_piece (self, lease);
    *done = !ink_bisect_next (self->bisect, &self->piece);
    return *done ? emit_value (self, lease) : INK_OK;
}

bool
ink_care_slice (ink_care_t *self, const ink_msg_lease_t *lease)
{
    if (!ink_terms_are_workable (lease) || lease->spans.size != 1 ||
        lease->kernels.size != 1 || !lease->spans.items[0].length)
        return true; //  As ink_compute_slice
    bool done = false;
    int rc = go_on (self, lease, &done);
    if (rc)
        emit_error (self, lease, rc);
    if (rc || done)
        ink_care_stop (self);
    return rc || done;
}

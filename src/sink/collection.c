//  collection.c: a request as the sink serves it.

#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "sink/collection.h"
#include "value/coarse.h"

//  Fewer parts tell nothing of the others; nor is it worth while to go through a table for each
//  part of so few bytes a counter
#define TELLING_PARTS 16
#define TELLING_BYTES 16

//  What is known of a sequence is shown as it is when it is more than this part of it
#define OUTLINED_PART 4

int
ink_collection_args (ink_args_t *args, const ink_kernel_t *kernel,
                     const ink_msg_kernel_t *msg)
{
    ink_why_t why;
    ink_args_init (args, kernel);
    for (size_t n = 0; n < msg->params.size; n++) {
        const ink_msg_param_t *param = &msg->params.items[n];
        if (ink_args_set (args, kernel, param->name, param->value, param->text, &why))
            return INK_EMESSAGE;
    }
    return INK_OK;
}

static int
set_strand (ink_collection_t *self, ink_collected_t *strand, const ink_msg_kernel_t *msg,
            const ink_msg_expect_t *expect)
{
    const ink_args_t *args = &strand->args;
    ink_part_t range = {expect->offset, expect->length};
    strand->collection = self;
    strand->kernel = ink_kernels_find (msg->name);
    if (!strand->kernel || strand->kernel->version != msg->version)
        return INK_ENOKERNEL;
    if (ink_collection_args (&strand->args, strand->kernel, msg))
        return INK_EMESSAGE;
    uint64_t bytes = ink_answer_bytes (strand->kernel, args, range);
    if (bytes > INK_ANSWER_MOST)
        return INK_EMESSAGE;
    uint64_t usual = ink_coarse_usual (strand->kernel, args, range);
    ink_schedule_init (&strand->schedule, expect->reports.items, expect->reports.size,
                       bytes, usual);
    strand->left = self->parts;
    strand->there = ink_alloc (self->parts);
    strand->answer = ink_answer_new (strand->kernel, args, range);
    strand->estimates = expect->estimate && (ink_estimate_suits (strand->kernel, args) ||
                                             ink_outline_suits (strand->kernel, args));
    return strand->there && strand->answer ? INK_OK : INK_ENOMEM;
}

static bool
makes_sense (const ink_msg_expect_t *expect)
{
    return expect->length > 0 && expect->size >= expect->length &&
           expect->offset <= expect->size - expect->length && expect->kernels.size > 0 &&
           expect->kernels.size == expect->series.size &&
           expect->chunk >= INK_CHUNK_LEAST && expect->chunk <= INK_CHUNK_MOST &&
           !(expect->chunk & (expect->chunk - 1));
}

int
ink_collection_new (const ink_msg_expect_t *expect, ink_collection_t **self_p)
{
    if (!makes_sense (expect))
        return INK_EMESSAGE;
    ink_collection_t *self = ink_alloc (sizeof *self);
    if (!self)
        return INK_ENOMEM;
    ink_list_init (&self->link);
    self->key = (ink_collection_key_t){expect->epoch, expect->handle};
    self->plan =
        (ink_plan_t){expect->offset, expect->length, expect->size, expect->chunk};
    self->parts = ink_plan_count (&self->plan);
    self->course = expect->places ? ink_course_scatter (self->parts)
                                  : ink_course_spread (self->parts);
    self->spread = expect->spread;
    self->places = expect->places;
    self->write = expect->cache_write;
    self->knowns = expect->knowns;
    self->order = expect->order;
    int rc = self->parts <= INK_PARTS_MOST ? INK_OK : INK_EMESSAGE;
    for (size_t k = 0; rc == INK_OK && k < expect->kernels.size; k++) {
        ink_collected_t *strand = &self->strands[self->strand_count++];
        ink_kin_init (&strand->kin);
        ink_list_init (&strand->dirty);
        memcpy (strand->series.bytes, expect->series.items[k].key, 16);
        rc = set_strand (self, strand, &expect->kernels.items[k], expect);
    }
    if (rc)
        ink_collection_destroy (&self);
    else
        *self_p = self;
    return rc;
}

void
ink_collection_destroy (ink_collection_t **self_p)
{
    ink_collection_t *self = *self_p;
    if (!self)
        return;
    for (size_t k = 0; k < self->strand_count; k++) {
        ink_collected_t *strand = &self->strands[k];
        ink_list_remove (&strand->dirty);
        ink_answer_destroy (&strand->answer);
        ink_estimate_destroy (&strand->estimate);
        ink_outline_destroy (&strand->outline);
        ink_free (strand->there);
        ink_free (strand->torn);
        ink_free (strand->failures);
    }
    ink_list_remove (&self->link);
    ink_free (self);
    *self_p = NULL;
}

//  ---------------------------------------------------------------------------------------
//  Parts

//  Room to remember what is missing of a part. INK_ETOOLARGE, INK_ENOMEM.
static int
make_torn_room (ink_collected_t *self, size_t count)
{
    if (self->torn_count + count > INK_FAILURES_MOST)
        return INK_ETOOLARGE;
    if (!self->torn)
        self->torn = ink_alloc (INK_FAILURES_MOST * sizeof *self->torn);
    return self->torn ? INK_OK : INK_ENOMEM;
}

//  The value of a part in which some ranges have failed. When they cannot all be remembered,
//  all of it has.
static int
add_torn (ink_collected_t *self, uint64_t n, const ink_msg_value_t *msg,
          const void *value, size_t size)
{
    ink_part_t part = ink_plan_part (&self->collection->plan, n);
    const ink_msg_failure_t *failures = msg->failures.items;
    int rc = make_torn_room (self, msg->failures.size);
    if (rc == INK_ETOOLARGE)
        return ink_collected_fail (self, n, failures[0].error);
    if (rc == INK_OK)
        rc = ink_answer_add (self->answer, value, size, part);
    if (rc)
        return rc;
    uint64_t missing = 0;
    for (size_t f = 0; f < msg->failures.size; f++) {
        self->torn[self->torn_count++] = failures[f];
        missing += failures[f].length;
    }
    self->there[n] = INK_TORN;
    self->left--;
    self->computed += part.length - missing;
    self->failed += missing;
    return INK_OK;
}

//  It is to be begun before anything is added that was computed. Without memory nothing is
//  estimated.
static bool
begin_estimate (ink_collected_t *self)
{
    const ink_plan_t *plan = &self->collection->plan;
    bool counts = self->kernel->shape == INK_SHAPE_COUNTS;
    if (self->estimates && counts && !self->estimate)
        self->estimate =
            ink_estimate_new (self->kernel, &self->args, plan->length, plan->chunk,
                              self->answer, plan->length - self->cached - self->computed);
    return self->estimate != NULL;
}

//  Whether a part that has come is to be a sample, too. What is spared can be known from nothing
//  else.
static bool
is_telling (const ink_collected_t *self, ink_part_t part)
{
    const ink_collection_t *collection = self->collection;
    bool cheap = ink_answer_size (self->answer) / 8 * TELLING_BYTES <= part.length;
    return self->estimates && collection->spread && collection->parts >= TELLING_PARTS &&
           (cheap || collection->places);
}

//  Parts of a block stand together for one place. Without memory nothing is estimated.
static void
learn_from (ink_collected_t *self, uint64_t n, const void *value, size_t size)
{
    const ink_course_t *course = &self->collection->course;
    ink_part_t part = ink_plan_part (&self->collection->plan, n);
    if (self->estimate && is_telling (self, part))
        (void) ink_estimate_part (self->estimate, value, size, part.length,
                                  ink_course_place (course, n) / course->block);
}

int
ink_collected_add (ink_collected_t *self, uint64_t n, const ink_msg_value_t *msg,
                   const void *value, size_t size, bool *doubled)
{
    *doubled = self->there[n] && !INK_PLANTED (30);
    if (*doubled)
        return INK_OK;
    if (msg->failures.size)
        return add_torn (self, n, msg, value, size);
    if (self->left > 1)
        (void) begin_estimate (self);
    ink_part_t part = ink_plan_part (&self->collection->plan, n);
    int rc = ink_answer_add (self->answer, value, size, part);
    if (rc)
        return rc;
    learn_from (self, n, value, size);
    //  A state stands for all before it
    uint64_t first = self->kernel->shape == INK_SHAPE_CHAIN ? 0 : n;
    for (uint64_t p = first; p <= n; p++)
        if (!self->there[p]) {
            self->there[p] = INK_THERE;
            self->left--;
            self->computed += ink_plan_part (&self->collection->plan, p).length;
        }
    return INK_OK;
}

//  The items of each span, one behind the other.
static int
outline (ink_collected_t *self, const ink_msg_sample_t *msg, const uint8_t *items,
         size_t size)
{
    const ink_plan_t *plan = &self->collection->plan;
    if (!self->outline)
        self->outline = ink_outline_new (self->kernel, &self->args,
                                         (ink_part_t){plan->offset, plan->length});
    if (!self->outline)
        return INK_ENOMEM;
    uint64_t wanted = 0;
    for (size_t n = 0; n < msg->spans.size; n++) {
        ink_part_t piece = {msg->spans.items[n].offset, msg->spans.items[n].length};
        if (!ink_outline_has (self->outline, piece))
            return INK_EVALUE;
        wanted += ink_answer_bytes (self->kernel, &self->args, piece);
    }
    if (wanted != size || !ink_outline_has_room (self->outline, msg->spans.size))
        return INK_EVALUE;
    for (size_t n = 0; n < msg->spans.size; n++) {
        ink_part_t piece = {msg->spans.items[n].offset, msg->spans.items[n].length};
        size_t own = (size_t) ink_answer_bytes (self->kernel, &self->args, piece);
        (void) ink_outline_sample (self->outline, items, own, piece);
        items += own;
    }
    return INK_OK;
}

//  The counts of all spans, added up.
static int
estimate (ink_collected_t *self, const ink_msg_sample_t *msg, const void *value,
          size_t size)
{
    uint64_t bytes = 0;
    if (!begin_estimate (self))
        return INK_ENOMEM;
    for (size_t n = 0; n < msg->spans.size; n++) {
        uint64_t length = msg->spans.items[n].length;
        if (length > self->collection->plan.length - bytes)
            return INK_EVALUE;
        bytes += length;
    }
    return ink_estimate_sample (self->estimate, value, size, msg->spans.size, bytes);
}

//  No two samples begin with the same piece, but one that was drawn again is the same.
static bool
is_sampled (const ink_collected_t *self, uint64_t begin)
{
    for (size_t n = 0; n < self->samples; n++)
        if (self->sampled[n] == begin)
            return true;
    return self->samples == INK_SAMPLES_MOST;
}

int
ink_collected_sample (ink_collected_t *self, const ink_msg_sample_t *msg,
                      const void *value, size_t size)
{
    if (!self->estimates)
        return INK_OK;
    if (!msg->spans.size)
        return INK_EVALUE;
    uint64_t begin = msg->spans.items[0].offset;
    if (is_sampled (self, begin))
        return INK_OK;
    int rc = self->kernel->shape == INK_SHAPE_CELLS ? outline (self, msg, value, size)
                                                    : estimate (self, msg, value, size);
    if (rc == INK_OK)
        self->sampled[self->samples++] = begin;
    return rc;
}

void
ink_collected_spare (ink_collected_t *self)
{
    const ink_course_t *course = &self->collection->course;
    if (!self->collection->places || INK_PLANTED (63))
        return;
    for (uint64_t n = 0; n < self->collection->parts; n++)
        if (!self->there[n] && ink_course_place (course, n) >= self->collection->places) {
            self->there[n] = INK_SPARED;
            self->left--;
        }
}

//  At which precision it is wanted now: a final at the kernel's own.
static uint64_t
wanted_precision (const ink_collected_t *self)
{
    const ink_plan_t *plan = &self->collection->plan;
    uint64_t wanted = ink_schedule_precision (
        &self->schedule, self->cached + self->computed, plan->length);
    return ink_coarse_near (self->kernel, &self->args,
                            (ink_part_t){plan->offset, plan->length},
                            self->left ? wanted : 0);
}

//  An outline is coarse. It is told when that will do, or for a report that is wanted as soon as
//  anything is known; and when nobody said what is wanted, as long as little is known.
static bool
outline_will_do (const ink_collected_t *self, const ink_tidings_t *tidings,
                 uint64_t coarse)
{
    const ink_schedule_t *schedule = &self->schedule;
    if (!schedule->size)
        return tidings->covered <= self->collection->plan.length / OUTLINED_PART;
    bool at_once = !schedule->next && !schedule->reports[0].millionths;
    return at_once || tidings->precision >= coarse;
}

static void
tell_outline (const ink_collected_t *self, ink_tidings_t *tidings)
{
    uint64_t total = self->collection->plan.length, bound, coarse;
    if (!self->left || !self->outline || total - tidings->covered <= self->failed ||
        !ink_outline_bound (self->outline, &bound))
        return;
    coarse = ink_outline_precision (self->outline);
    if (!outline_will_do (self, tidings, coarse))
        return;
    tidings->outline = self->outline;
    tidings->estimated = total - tidings->covered;
    tidings->bound = bound;
    if (tidings->precision < coarse)
        tidings->precision = coarse;
}

ink_tidings_t
ink_collected_tidings (const ink_collected_t *self)
{
    uint64_t total = self->collection->plan.length;
    ink_tidings_t tidings = {.covered = self->cached + self->computed,
                             .bound = INK_EXACT,
                             .precision = wanted_precision (self)};
    uint64_t rest = total - (INK_PLANTED (64) ? 0 : tidings.covered);
    if (self->estimate && rest > self->failed &&
        ink_estimate_bound (self->estimate, rest, &tidings.bound)) {
        tidings.estimate = self->estimate;
        tidings.estimated = rest;
    }
    tell_outline (self, &tidings);
    return tidings;
}

static bool
run_is_free (const ink_collected_t *self, const ink_msg_run_t *run)
{
    if (run->first > self->collection->parts ||
        run->count > self->collection->parts - run->first)
        return false;
    for (uint64_t n = 0; n < run->count; n++)
        if (self->there[run->first + n])
            return false;
    return true;
}

static void
mark_run (ink_collected_t *self, const ink_msg_run_t *run)
{
    for (uint64_t n = run->first; n < run->first + run->count; n++)
        self->there[n] = INK_THERE;
    self->left -= run->count;
    self->cached +=
        ink_plan_span (&self->collection->plan, run->first, run->count).length;
}

//  Cells of the runs lie one behind the other.
static int
add_runs (ink_collected_t *self, const ink_msg_known_t *known, const uint8_t *value,
          size_t size)
{
    for (size_t n = 0; n < known->runs.size; n++) {
        const ink_msg_run_t *run = &known->runs.items[n];
        ink_part_t span = ink_plan_span (&self->collection->plan, run->first, run->count);
        size_t wanted = ink_answer_extract_size (self->answer, span);
        if (wanted > size || ink_answer_add (self->answer, value, wanted, span))
            return INK_EVALUE;
        value += wanted;
        size -= wanted;
    }
    return size ? INK_EVALUE : INK_OK;
}

//  From the first part of the runs to the last.
static ink_part_t
span_of (const ink_collected_t *self, const ink_msg_known_t *known)
{
    const ink_msg_run_t *first = known->runs.items;
    const ink_msg_run_t *last = &first[known->runs.size - 1];
    return ink_plan_span (&self->collection->plan, first->first,
                          last->first + last->count - first->first);
}

int
ink_collected_know (ink_collected_t *self, const ink_msg_known_t *known,
                    const void *value, size_t size)
{
    //  A part that was looked up and computed by a kin at the same time
    const ink_msg_run_t *only = known->runs.size == 1 ? known->runs.items : NULL;
    if (only && only->count == 1 && only->first < self->collection->parts &&
        self->there[only->first])
        return INK_OK;
    uint64_t behind = 0; //  Runs go up, so that none is entered twice
    for (size_t n = 0; n < known->runs.size; n++) {
        const ink_msg_run_t *run = &known->runs.items[n];
        if (!run->count || run->first < behind || !run_is_free (self, run))
            return INK_EMESSAGE;
        behind = run->first + run->count;
    }
    if (!known->runs.size)
        return INK_EMESSAGE;
    //  It was to be computed, and came before we were told to expect it
    bool is_late = only && only->count == 1 && !self->collection->knowns;
    if (is_late && self->left > 1)
        (void) begin_estimate (self);
    int rc;
    if (self->kernel->shape == INK_SHAPE_CELLS || self->kernel->shape == INK_SHAPE_CHAIN)
        rc = add_runs (self, known, value, size);
    else
        rc = ink_answer_add (self->answer, value, size, span_of (self, known));
    if (rc == INK_OK && is_late)
        learn_from (self, only->first, value, size);
    for (size_t n = 0; rc == INK_OK && n < known->runs.size; n++)
        mark_run (self, &known->runs.items[n]);
    return rc;
}

int
ink_collected_fail (ink_collected_t *self, uint64_t n, uint64_t error)
{
    if (n >= self->collection->parts || self->there[n])
        return INK_EMESSAGE;
    bool is_known = error != INK_OK && error < INK_ERROR_COUNT;
    //  And with a part of a chain all behind it
    bool chain = self->kernel->shape == INK_SHAPE_CHAIN;
    uint64_t end = chain ? self->collection->parts : n + 1;
    for (uint64_t p = n; p < end; p++)
        if (!self->there[p]) {
            self->there[p] = (uint8_t) (INK_THERE + (is_known ? error : INK_EVALUE));
            self->left--;
            self->failed += ink_plan_part (&self->collection->plan, p).length;
        }
    return INK_OK;
}

//  Why there was nothing to estimate from: parts have failed, or there was no room for it.
static uint64_t
why_missing (const ink_collected_t *self)
{
    if (self->torn_count)
        return self->torn[0].error;
    for (uint64_t n = 0; n < self->collection->parts; n++)
        if (self->there[n] > INK_THERE && self->there[n] < INK_SPARED)
            return (uint64_t) (self->there[n] - INK_THERE);
    return INK_ENOMEM;
}

void
ink_collected_miss (ink_collected_t *self)
{
    const ink_collection_t *collection = self->collection;
    if (!collection->places)
        return;
    uint8_t missing = (uint8_t) (INK_THERE + why_missing (self));
    for (uint64_t n = 0; n < collection->parts; n++)
        if (self->there[n] == INK_SPARED) {
            self->there[n] = missing;
            self->failed += ink_plan_part (&collection->plan, n).length;
        }
}

//  Adds a part behind those listed so far.
static void
list_failure (ink_collected_t *self, ink_part_t part, uint64_t error)
{
    ink_msg_failure_t *last =
        self->failure_count ? &self->failures[self->failure_count - 1] : NULL;
    if (last && last->offset + last->length == part.offset && last->error == error)
        last->length += part.length;
    else if (self->failure_count < INK_FAILURES_MOST)
        self->failures[self->failure_count++] =
            (ink_msg_failure_t){part.offset, part.length, error};
}

//  Lists what is missing of a part that is there.
static void
list_torn (ink_collected_t *self, ink_part_t part)
{
    for (size_t n = 0; n < self->torn_count; n++) {
        const ink_msg_failure_t *torn = &self->torn[n];
        if (torn->offset >= part.offset && torn->offset - part.offset < part.length)
            list_failure (self, (ink_part_t){torn->offset, torn->length}, torn->error);
    }
}

int
ink_collected_list_failures (ink_collected_t *self)
{
    if (!self->failed || self->failures)
        return INK_OK;
    self->failures = ink_alloc (INK_FAILURES_MOST * sizeof *self->failures);
    if (!self->failures)
        return INK_ENOMEM;
    for (uint64_t n = 0; n < self->collection->parts; n++) {
        ink_part_t part = ink_plan_part (&self->collection->plan, n);
        if (self->there[n] == INK_TORN)
            list_torn (self, part);
        else if (self->there[n] > INK_THERE && self->there[n] != INK_SPARED)
            list_failure (self, part, (uint64_t) (self->there[n] - INK_THERE));
    }
    return INK_OK;
}

//  question.c: a random question, all of which follows from one number.

#include "question.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system/oracle.h"
#include "../unit/chance.h"

#define KIB ((uint64_t) 1024)
#define MIB ((uint64_t) 1048576)
#define POOL 6 //  Bodies that are asked again and again

static const size_t sizes[FILES] = {2 * MIB + 77, MIB + 1, 3 * MIB, 300 * KIB};

size_t
file_size (size_t file)
{
    return sizes[file];
}

uint8_t *
file_make (uint64_t seed, size_t file)
{
    uint8_t *bytes = malloc (sizes[file]);
    seed += file;
    for (size_t at = 0; bytes && at < sizes[file]; at++) {
        uint8_t noise = (uint8_t) chance (&seed);
        bytes[at] = file == 1                       ? (uint8_t) ("inkling "[noise & 7])
                    : file == 2 && at % 65536 > 900 ? 0
                                                    : noise;
    }
    return bytes;
}

//  ---------------------------------------------------------------------------------------
//  From a number to a question

static void
choose_kernels (question_t *self, uint64_t *seed)
{
    static const char *const others[] = {"histogram", "digraph",   "entropy", "bytes",
                                         "count",     "byteclass", "strings", "search"};
    const size_t kinds = sizeof others / sizeof *others;
    self->cell = (int64_t) 256 << chance_below (seed, 5);
    self->us = (int64_t) (200000 + chance_below (seed, 1300000));
    self->other = chance_below (seed, FILES);
    if (self->manner != MOVING && chance_below (seed, 10) == 0) {
        self->kernels[self->kernel_count++] = "diff";
        return;
    }
    if (chance_below (seed, 10) < 8)
        self->kernels[self->kernel_count++] = "slow";
    for (size_t n = 0; n < kinds && self->kernel_count < KERNELS_MOST; n++)
        if (chance_below (seed, 6) == 0)
            self->kernels[self->kernel_count++] = others[n];
    if (!self->kernel_count)
        self->kernels[self->kernel_count++] = others[chance_below (seed, kinds)];
}

static void
choose_range (question_t *self, uint64_t *seed)
{
    self->file = chance_below (seed, FILES);
    self->length = INK_TO_END;
    self->chunk = (16 * KIB) << chance_below (seed, 4);
    if (self->manner == MOVING || chance_below (seed, 3) == 0)
        return;
    uint64_t size = sizes[self->file];
    self->offset = chance_below (seed, size);
    if (chance_below (seed, 3))
        self->length = 1 + chance_below (seed, size - self->offset);
}

static void
choose_rest (question_t *self, uint64_t *seed)
{
    self->priority = (int) chance_below (seed, 401) - 200;
    self->reports = chance_below (seed, 3) ? 0 : chance_below (seed, 12);
    self->read = chance_below (seed, 8) != 0;
    self->write = chance_below (seed, 8) != 0;
    self->exact = chance_below (seed, 4) == 0;
    bool counts = true;
    for (size_t k = 0; k < self->kernel_count; k++)
        counts &= strcmp (self->kernels[k], "histogram") == 0 ||
                  strcmp (self->kernels[k], "slow") == 0 ||
                  strcmp (self->kernels[k], "digraph") == 0;
    if (counts && chance_below (seed, 4) == 0)
        self->sample = 0.1 * (double) (1 + chance_below (seed, 9));
}

static manner_t
choose_manner (uint64_t *seed)
{
    static const manner_t manners[] = {PLAIN,     PLAIN,   PLAIN,    PLAIN,  PLAIN,
                                       CANCELLED, TWINNED, RIVALLED, SLOWLY, MOVING};
    return manners[chance_below (seed, 10)];
}

question_t
question_of (uint64_t number, bool rival)
{
    question_t self = {.offset = 0};
    uint64_t seed = number, body;
    snprintf (self.id, sizeof self.id, "chaos-%016llx", (unsigned long long) number);
    self.manner = choose_manner (&seed);
    body = chance (&seed);
    if (chance_below (&seed, 4) == 0)
        body = chance_below (&seed, POOL);
    body += rival ? 0x5eed : 0;
    choose_kernels (&self, &body);
    choose_range (&self, &body);
    choose_rest (&self, &body);
    if (self.manner == MOVING)
        self.us /= 8; //  Some must come through between two changes
    return self;
}

static bool
is_diff (const char *kernel)
{
    return strcmp (kernel, "diff") == 0;
}

static bool
has_cells (const char *kernel)
{
    return strcmp (kernel, "entropy") == 0 || strcmp (kernel, "byteclass") == 0 ||
           is_diff (kernel);
}

static bool
has_records (const char *kernel)
{
    return strcmp (kernel, "strings") == 0 || strcmp (kernel, "search") == 0;
}

ink_request_t *
question_request (const question_t *self, const char *source)
{
    ink_request_t *request = ink_request_new (source);
    if (!request || ink_request_set_id (request, self->id))
        return NULL;
    char other[16];
    snprintf (other, sizeof other, "data/file-%zu", self->other);
    for (size_t k = 0; k < self->kernel_count; k++) {
        if (is_diff (self->kernels[k]))
            ink_request_set_other (request, other);
        ink_request_add_kernel (request, self->kernels[k]);
        if (strcmp (self->kernels[k], "slow") == 0)
            ink_request_set_param (request, "us", self->us);
        if (has_cells (self->kernels[k]))
            ink_request_set_param (request, "cell", self->cell);
        if (strcmp (self->kernels[k], "search") == 0)
            ink_request_set_text_param (request, "bytes", "696e6b");
    }
    ink_request_set_range (request, self->offset, self->length);
    ink_request_set_chunk (request, self->chunk);
    ink_request_set_priority (request, self->priority);
    ink_request_set_timeout (request, ANSWER_MS);
    ink_request_set_cache (request, self->read, self->write);
    ink_request_set_estimates (request, !self->exact);
    if (self->sample > 0)
        ink_request_set_sample (request, self->sample);
    for (size_t n = 1; n <= self->reports; n++)
        ink_request_add_report (request, (double) n / 13);
    return request;
}

//  ---------------------------------------------------------------------------------------
//  What the answer must be

typedef struct {
    const uint8_t *bytes;    //  Of the range
    uint64_t offset, length; //  Of the range
    int64_t cell;
    const uint8_t *other; //  A whole file, for diff
    uint64_t other_size;
    void *data;
    size_t size;
} answer_t;

//  The oracle calls the slow kernel what it is.
static const char *
plain_name (const ink_reply_t *reply)
{
    const char *kernel = ink_reply_kernel (reply);
    return strcmp (kernel, "slow") ? kernel : "histogram";
}

//  Where "ink" is: it never overlaps itself.
static bool
search (answer_t *answer)
{
    uint64_t *out = calloc (2 + 2 * (answer->length / 3), sizeof *out);
    size_t size = 2;
    for (uint64_t at = 0; out && at + 3 <= answer->length; at++)
        if (memcmp (answer->bytes + at, "ink", 3) == 0) {
            out[size++] = answer->offset + at;
            out[size++] = 3;
        }
    if (out)
        out[0] = out[1] = size / 2 - 1;
    answer->data = out;
    answer->size = size * sizeof *out;
    return out;
}

//  How many bytes of each cell are not those of the other file.
static bool
differ (answer_t *answer)
{
    uint64_t cell = (uint64_t) answer->cell, first = answer->offset / cell;
    uint64_t end = answer->offset + answer->length, cells = (end - 1) / cell - first + 1;
    uint64_t *out = calloc (cells, sizeof *out);
    for (uint64_t at = answer->offset; out && at < end; at++)
        out[at / cell - first] += at >= answer->other_size ||
                                  answer->other[at] != answer->bytes[at - answer->offset];
    answer->data = out;
    answer->size = cells * sizeof *out;
    return out;
}

static bool
ask_oracle (const char *kernel, answer_t *answer)
{
    const int64_t params[2] = {has_records (kernel) ? 4 : answer->cell, 1000000};
    if (strcmp (kernel, "search") == 0)
        return search (answer);
    if (is_diff (kernel))
        return differ (answer);
    return oracle_compute (kernel, params, answer->bytes, answer->offset, answer->length,
                           &answer->data, &answer->size) == 0;
}

static bool
compute (const question_t *self, const ink_reply_t *reply, const uint8_t *bytes,
         uint64_t size, answer_t *answer)
{
    uint64_t left = self->offset < size ? size - self->offset : 0;
    *answer = (answer_t){.bytes = bytes + self->offset,
                         .offset = self->offset,
                         .length = self->length < left ? self->length : left,
                         .cell = self->cell,
                         .other = self->other_bytes,
                         .other_size = file_size (self->other)};
    return answer->length && ink_reply_total (reply) == answer->length &&
           ask_oracle (plain_name (reply), answer);
}

//  Takes out of the answer what a range, counted from the beginning of the source, has given.
static void
take_out (answer_t *answer, const char *kernel, uint64_t offset, uint64_t length)
{
    uint64_t *counts = answer->data, from = offset - answer->offset, to = from + length;
    float *cells = answer->data;
    uint64_t cell = (uint64_t) answer->cell, first = answer->offset / cell;
    for (uint64_t at = from; at < to && strcmp (kernel, "histogram") == 0; at++)
        counts[answer->bytes[at]]--;
    for (uint64_t at = from;
         at < to && at + 1 < answer->length && strcmp (kernel, "digraph") == 0; at++)
        counts[answer->bytes[at] * 256 + answer->bytes[at + 1]]--;
    for (uint64_t n = offset / cell;
         n * cell < offset + length && strcmp (kernel, "entropy") == 0; n++)
        cells[n - first] = NAN;
    for (uint64_t n = offset / cell;
         n * cell < offset + length && strcmp (kernel, "byteclass") == 0; n++)
        memset (counts + 6 * (n - first), 0, 6 * sizeof *counts);
    for (uint64_t n = offset / cell; n * cell < offset + length && is_diff (kernel); n++)
        counts[n - first] = 0;
    if (strcmp (kernel, "bytes") == 0)
        memset ((uint8_t *) answer->data + from, 0, (size_t) length);
    if (strcmp (kernel, "count") == 0)
        counts[0] -= length;
}

//  Cells that are not-a-number are the same, whatever their bits.
static bool
is_same (const answer_t *answer, const char *kernel, const ink_reply_t *reply)
{
    const void *data = ink_reply_data (reply);
    if (ink_reply_size (reply) != answer->size || !data)
        return false;
    if (strcmp (kernel, "entropy"))
        return memcmp (data, answer->data, answer->size) == 0;
    const float *said = data, *right = answer->data;
    for (size_t n = 0; n < answer->size / sizeof *said; n++)
        if (memcmp (&said[n], &right[n], sizeof *said) &&
            !(isnan (said[n]) && isnan (right[n])))
            return false;
    return true;
}

//  What is estimated stands for all the rest: the sum is that of the whole, but for what each
//  counter is rounded by and, of digraphs, what the end of each sample has not seen.
static bool
is_estimate (const answer_t *answer, const ink_reply_t *reply)
{
    const uint64_t *said = ink_reply_data (reply);
    uint64_t sum = 0, known = ink_reply_cached (reply) + ink_reply_computed (reply);
    size_t cells = answer->size / sizeof *said;
    if (!said || ink_reply_size (reply) != answer->size ||
        !(ink_reply_bound (reply) >= 0) || ink_reply_bound (reply) > 1 ||
        known + ink_reply_estimated (reply) != answer->length)
        return false;
    for (size_t n = 0; n < cells; n++)
        sum += said[n];
    uint64_t slack = cells / 2 + 2 + answer->length / 8;
    return ink_reply_failures (reply) ||
           (sum <= answer->length + slack && sum + slack >= answer->length);
}

//  What has failed is not taken out of a list: it may only be short then.
static bool
is_part_of_list (const answer_t *answer, const ink_reply_t *reply)
{
    const uint64_t *said = ink_reply_data (reply), *right = answer->data;
    return said && ink_reply_size (reply) >= 2 * sizeof *said && said[0] <= right[0] &&
           said[1] == said[0];
}

bool
question_is_answered (const question_t *self, const ink_reply_t *final,
                      const uint8_t *bytes, uint64_t size)
{
    answer_t answer;
    const char *kernel = plain_name (final);
    if (!compute (self, final, bytes, size, &answer))
        return false;
    uint64_t failed = 0;
    if (ink_reply_estimated (final)) {
        bool fits = self->sample > 0 && is_estimate (&answer, final);
        free (answer.data);
        return fits;
    }
    bool right = true, list = has_records (kernel) && ink_reply_failures (final);
    for (size_t n = 0; right && n < ink_reply_failures (final); n++) {
        const ink_failure_t *range = ink_reply_failure (final, n);
        right = range->offset >= answer.offset &&
                range->length <= answer.offset + answer.length - range->offset;
        if (right && !list)
            take_out (&answer, kernel, range->offset, range->length);
        failed += range->length;
    }
    right =
        right &&
        ink_reply_cached (final) + ink_reply_computed (final) + failed == answer.length &&
        (list ? is_part_of_list (&answer, final) : is_same (&answer, kernel, final));
    free (answer.data);
    return right;
}

//  Counts go up to what they will be, and bytes are there or not.
static bool
is_below (const answer_t *answer, const char *kernel, const ink_reply_t *reply,
          uint64_t covered)
{
    const uint64_t *said = ink_reply_data (reply), *right = answer->data;
    uint64_t sum = 0;
    if (!said || ink_reply_size (reply) != answer->size)
        return false;
    for (size_t n = 0; n < answer->size / sizeof *said; n++) {
        sum += said[n];
        if (said[n] > right[n])
            return false;
    }
    bool all = strcmp (kernel, "digraph") && !is_diff (kernel); //  Each byte counts
    return all ? sum == covered : sum <= covered;
}

bool
question_is_approached (const question_t *self, const ink_reply_t *partial,
                        const uint8_t *bytes, uint64_t size)
{
    answer_t answer;
    const char *kernel = plain_name (partial);
    uint64_t covered = ink_reply_cached (partial) + ink_reply_computed (partial);
    if (ink_reply_error (partial) || covered > ink_reply_total (partial))
        return false;
    bool estimated = ink_reply_estimated (partial) > 0;
    if (estimated && self->exact && !self->sample)
        return false;
    if ((!covered && !estimated) || strcmp (kernel, "entropy") == 0 ||
        strcmp (kernel, "bytes") == 0)
        return true;
    if (estimated && has_cells (kernel)) //  An outline, in wide cells
        return covered + ink_reply_estimated (partial) == ink_reply_total (partial);
    if (!compute (self, partial, bytes, size, &answer))
        return false;
    bool right = estimated              ? is_estimate (&answer, partial)
                 : has_records (kernel) ? is_part_of_list (&answer, partial)
                                        : is_below (&answer, kernel, partial, covered);
    free (answer.data);
    return right;
}

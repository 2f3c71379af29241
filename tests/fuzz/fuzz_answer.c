//  fuzz_answer.c: values of every kernel, merged into answers. A value that is refused changes
//  nothing; what was merged can be packed again and makes the same answer, also a coarse one.

#include "kernels/args.h"
#include "kernels/kernels.h"
#include "supply.h"
#include "value/answer.h"
#include "value/coarse.h"

typedef struct {
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_plan_t plan;
    ink_part_t range;
} question_t;

//  The corpus names kernels by their place here: new ones come last.
static const ink_kernel_t *const kernels[] = {
    &ink_kernel_histogram, &ink_kernel_digraph,  &ink_kernel_entropy,
    &ink_kernel_count,     &ink_kernel_bytes,    &ink_kernel_trigram,
    &ink_kernel_byteclass, &ink_kernel_byteplot, &ink_kernel_hilbert,
    &ink_kernel_strings,   &ink_kernel_search,   &ink_kernel_diff};
#define KERNELS (sizeof kernels / sizeof *kernels)

//  A larger table takes long and shows no more
#define ANSWER_MOST (1 << 20)

static question_t
make_question (supply_t *in)
{
    question_t self = {.kernel = kernels[supply_byte (in) % KERNELS]};
    ink_args_init (&self.args, self.kernel);
    for (size_t n = 0; n < ink_kernels_params (self.kernel); n++) {
        int64_t value = (int64_t) supply_number (in);
        if (ink_args_allowed (self.kernel, n, value))
            self.args.numbers[n] = value;
    }
    self.range.offset = supply_number (in) % (1 << 20);
    self.range.length = 1 + supply_number (in) % (1 << 16);
    if (self.kernel->shape != INK_SHAPE_RECORDS &&
        ink_answer_bytes (self.kernel, &self.args, self.range) > ANSWER_MOST)
        ink_args_init (&self.args, self.kernel);
    ink_geometry_t geometry = {0};
    self.kernel->geometry (&self.args, &geometry);
    uint64_t chunk = geometry.cell_bytes > 4096 ? geometry.cell_bytes : 4096;
    self.plan = (ink_plan_t){self.range.offset, self.range.length, 1 << 21, chunk};
    return self;
}

static void *
output_of (const ink_answer_t *answer)
{
    void *output = malloc (ink_answer_size (answer));
    assert (output);
    ink_answer_write (answer, output);
    return output;
}

static ink_answer_t *
new_answer (const question_t *question)
{
    ink_answer_t *answer =
        ink_answer_new (question->kernel, &question->args, question->range);
    uint64_t most = ink_answer_bytes (question->kernel, &question->args, question->range);
    bool records = question->kernel->shape == INK_SHAPE_RECORDS;
    assert (answer && (records || ink_answer_size (answer) == most));
    return answer;
}

//  Every cell is in one that is wider.
static void
is_written_coarse (const question_t *question, const ink_answer_t *answer)
{
    uint64_t own = ink_coarse_own (question->kernel, &question->args);
    uint64_t near =
        ink_coarse_near (question->kernel, &question->args, question->range, 1 << 18);
    for (uint64_t at = own; at && at <= near; at *= 2) {
        size_t size = ink_answer_size_at (answer, at);
        uint64_t cells = (question->range.offset + question->range.length - 1) / at -
                         question->range.offset / at + 1;
        ink_geometry_t geometry = {0};
        question->kernel->geometry (&question->args, &geometry);
        assert (size == cells * geometry.cell_size);
        void *out =
            malloc (size); //  Of that size, so that the sanitizer sees a byte too many
        ink_answer_write_at (answer, at, out);
        free (out);
    }
}

//  Packs what `answer` knows of a part and unpacks it into another one.
static void
goes_on (const question_t *question, const ink_answer_t *answer, ink_part_t part)
{
    ink_answer_t *other = new_answer (question);
    size_t size = ink_answer_extract_size (answer, part);
    uint8_t *packed = malloc (size);
    ink_answer_extract (answer, part, packed);
    assert (ink_answer_add (other, packed, size, part) == INK_OK);
    void *here = output_of (answer), *there = output_of (other);
    assert (memcmp (here, there, ink_answer_size (answer)) == 0);
    free (here);
    free (there);
    free (packed);
    ink_answer_destroy (&other);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    supply_t in = {.at = bytes, .left = size};
    question_t question = make_question (&in);
    uint64_t n = supply_number (&in) % ink_plan_count (&question.plan);
    ink_part_t part = ink_plan_part (&question.plan, n);
    ink_answer_t *answer = new_answer (&question);
    void *before = output_of (answer);
    int rc = ink_answer_add (answer, in.at, in.left, part);
    assert (rc == INK_OK || rc == INK_EVALUE);
    void *after = output_of (answer);
    assert (ink_answer_size (answer) <=
            ink_answer_bytes (question.kernel, &question.args, question.range));
    if (rc)
        assert (memcmp (before, after, ink_answer_size (answer)) == 0);
    else
        goes_on (&question, answer, part);
    if (rc == INK_OK)
        is_written_coarse (&question, answer);
    free (before);
    free (after);
    ink_answer_destroy (&answer);
    supply_free (&in);
    return 0;
}

//  fuzz_search.c: bytes and patterns, sought in any bytes. What is found does not depend on how
//  the range is cut; bytes are found where the plainest way finds them.
//
//  The input is: manner, how it is cut, offset, size of the needle, the needle, the source.

#include <stdio.h>

#include "kernels/args.h"
#include "kernels/kernels.h"
#include "supply.h"
#include "value/answer.h"
#include "value/gather.h"

#define NEEDLE_MOST 24

typedef struct {
    const uint8_t *bytes; //  Of the range
    uint64_t length, offset;
    ink_args_t args;
} source_t;

typedef struct {
    uint64_t *words;
    size_t size;
    bool gave_up;
} list_t;

//  Of memory of its own, so that the sanitizer sees a byte too many.
static bool
map (const source_t *self, ink_gather_t *gather, uint64_t from, uint64_t length)
{
    ink_reach_t reach = ink_value_reach (&ink_kernel_search, &self->args);
    uint64_t behind = self->length - from - length;
    size_t lookback = (size_t) (from < reach.lookback ? from : reach.lookback);
    size_t lookahead = (size_t) (behind < reach.lookahead ? behind : reach.lookahead);
    uint8_t *bytes = malloc (lookback + length + lookahead);
    memcpy (bytes, self->bytes + from - lookback, lookback + length + lookahead);
    ink_slice_t slice = {.bytes = bytes + lookback,
                         .length = (size_t) length,
                         .lookback = (uint32_t) lookback,
                         .lookahead = (uint32_t) lookahead,
                         .offset = self->offset + from,
                         .args = &self->args};
    int rc = ink_gather_map (gather, &ink_kernel_search, &slice);
    assert (rc == INK_OK || rc == INK_EGAVEUP);
    free (bytes);
    return rc == INK_OK;
}

static bool
add_part (const source_t *self, ink_answer_t *answer, uint64_t from, uint64_t length,
          uint64_t slice)
{
    ink_part_t part = {self->offset + from, length};
    ink_geometry_t geometry = {0};
    ink_kernel_search.geometry (&self->args, &geometry);
    ink_gather_t *gather = ink_gather_new ();
    ink_gather_begin (gather, &geometry, part);
    bool done = true;
    for (uint64_t at = 0; done && at < length; at += slice)
        done = map (self, gather, from + at, length - at < slice ? length - at : slice);
    if (done) {
        size_t size = ink_gather_size (gather);
        uint8_t *value = malloc (size);
        ink_gather_pack (gather, value);
        assert (ink_answer_add (answer, value, size, part) == INK_OK);
        free (value);
    }
    ink_gather_destroy (&gather);
    return done;
}

//  Parts of `most` bytes, those at odd places first, in slices of a third.
static list_t
search (const source_t *self, uint64_t most)
{
    ink_answer_t *answer = ink_answer_new (&ink_kernel_search, &self->args,
                                           (ink_part_t){self->offset, self->length});
    bool done = true;
    for (uint64_t odd = 2; odd-- > 0;)
        for (uint64_t at = odd * most; done && at < self->length; at += 2 * most) {
            uint64_t left = self->length - at;
            done = add_part (self, answer, at, left < most ? left : most, 1 + most / 3);
        }
    list_t list = {.size = ink_answer_size (answer), .gave_up = !done};
    list.words = malloc (list.size);
    ink_answer_write (answer, list.words);
    ink_answer_destroy (&answer);
    return list;
}

static void
ends_at (const source_t *self, const list_t *is, uint64_t record, uint64_t end)
{
    assert (is->words[2 * record] + is->words[2 * record + 1] == self->offset + end);
}

//  Every place is tried; what overlaps is one.
static void
check_bytes (const source_t *self, const uint8_t *needle, size_t size, const list_t *is)
{
    uint64_t count = 0, end = 0;
    for (uint64_t at = 0; at + size <= self->length; at++) {
        if (memcmp (self->bytes + at, needle, size) != 0)
            continue;
        if (!count || at >= end) {
            if (count)
                ends_at (self, is, count, end);
            count++;
            assert (is->size >= 16 * (count + 1));
            assert (is->words[2 * count] == self->offset + at);
        }
        end = at + size;
    }
    if (count)
        ends_at (self, is, count, end);
    assert (is->words[0] == count && is->words[1] == count);
    assert (is->size == 16 * (count + 1));
}

static void
check_same (const list_t *one, const list_t *other)
{
    if (one->gave_up || other->gave_up)
        return;
    assert (one->size == other->size);
    assert (memcmp (one->words, other->words, one->size) == 0);
}

//  False when it is no needle.
static bool
take_needle (supply_t *in, bool pattern, uint8_t *needle, size_t *size, ink_args_t *args)
{
    char typed[2 * NEEDLE_MOST + 1];
    ink_why_t why;
    *size = 1 + supply_byte (in) % NEEDLE_MOST;
    for (size_t n = 0; n < *size; n++) {
        needle[n] = supply_byte (in);
        if (pattern)
            typed[n] = needle[n] ? (char) needle[n] : 'a';
        else
            snprintf (typed + 2 * n, 3, "%02x", needle[n]);
    }
    typed[pattern ? *size : 2 * *size] = 0;
    ink_args_init (args, &ink_kernel_search);
    return ink_args_set (args, &ink_kernel_search, pattern ? "pattern" : "bytes", 0,
                         typed, &why) == INK_OK &&
           ink_args_check (args, &ink_kernel_search, &why) == INK_OK;
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    supply_t in = {.at = bytes, .left = size};
    source_t source = {0};
    uint8_t needle[NEEDLE_MOST];
    size_t needle_size;
    bool pattern = supply_byte (&in) % 2;
    uint64_t most = 1 + supply_byte (&in);
    source.offset = supply_number (&in) % (1 << 30);
    if (!take_needle (&in, pattern, needle, &needle_size, &source.args) || !in.left)
        return 0;
    source.bytes = in.at;
    source.length = in.left;
    list_t whole = search (&source, source.length), cut = search (&source, most);
    check_same (&whole, &cut);
    if (!pattern)
        check_bytes (&source, needle, needle_size, &whole);
    free (whole.words);
    free (cut.words);
    supply_free (&in);
    return 0;
}

//  search.c: where some bytes are, or what a pattern matches.
//
//  A match is tried at each place by itself, on the bytes from BEFORE before it up to `most`
//  behind its begin, as if these were all there are. So whether a place matches depends on
//  those bytes only, however the range is cut. Matches that overlap are one record: the longest
//  stretch that matches cover without a gap.
//
//  Looking back as far as a match may be long, a slice knows what is covered already where it
//  begins; what its own last match covers beyond its end, the next slice sees for itself.

#define PCRE2_CODE_UNIT_WIDTH 8

#include <ctype.h>
#include <pcre2.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "inkling/kernel.h"

enum { BYTES, PATTERN, MOST, LIMIT }; //  Places of the parameters

#define BEFORE 255
#define UNKNOWN INT64_MIN

//  Steps back a match may take, and what it may use for it: some 50 us at one place
#define STEPS 10000
#define DEPTH 10000
#define KIBIBYTES 4096

static uint32_t
least (int64_t a, int64_t b)
{
    return (uint32_t) (a < b ? a : b);
}

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    int64_t most = args->numbers[PATTERN] ? args->numbers[MOST] : args->numbers[BYTES];
    uint32_t further = most > 0 ? (uint32_t) most - 1 : 0;
    geometry->listed = (uint64_t) args->numbers[LIMIT];
    geometry->lookback = further + (args->numbers[PATTERN] ? BEFORE : 0);
    geometry->lookahead = further;
}

//  ---------------------------------------------------------------------------------------
//  Matches become stretches

typedef struct {
    ink_emit_t *emit;
    int64_t begin, end; //  Of the present one; none when empty
} stretch_t;

static void
tell (const stretch_t *self)
{
    if (self->end > self->begin && self->end > 0)
        self->emit->record (self->emit, self->begin < 0 ? -1 : self->begin,
                            (uint64_t) self->end);
}

//  There is a match, that begins behind the one before.
static void
cover (stretch_t *self, int64_t begin, int64_t end)
{
    if (begin >= self->end) {
        tell (self);
        self->begin = begin;
        self->end = end;
    } else if (end > self->end)
        self->end = end;
}

//  ---------------------------------------------------------------------------------------
//  Bytes

//  By how many bytes the needle can be shifted so that it matches itself: its length when by
//  no less.
static int64_t
period_of (const uint8_t *needle, int64_t size)
{
    int64_t period = 1;
    while (period < size && memcmp (needle, needle + period, (size_t) (size - period)))
        period++;
    return period;
}

//  How far the bytes go on that repeat with this period.
static int64_t
end_of_repeat (const uint8_t *bytes, int64_t at, int64_t end, int64_t period)
{
    while (at < end && bytes[at] == bytes[at - period])
        at++;
    return at;
}

//  In what repeats the needle, over zeros for instance, not every match is looked for.
static void
find_bytes (const ink_slice_t *slice, stretch_t *stretch)
{
    int64_t size = slice->args->numbers[BYTES];
    const uint8_t *needle = ink_args_text (slice->args, BYTES), *bytes = slice->bytes;
    int64_t period = period_of (needle, size), at = -(int64_t) slice->lookback;
    int64_t end = (int64_t) (slice->length + slice->lookahead);
    while (at + size <= end) {
        const uint8_t *found =
            memmem (bytes + at, (size_t) (end - at), needle, (size_t) size);
        if (!found)
            return;
        at = found - bytes;
        int64_t to = at + size;
        if (period < size) {
            int64_t last = end_of_repeat (bytes, to, end, period) - size;
            to += (last - at) / period * period;
        }
        cover (stretch, at, to);
        at = to - size + 1;
    }
}

//  ---------------------------------------------------------------------------------------
//  Pattern

typedef struct {
    pcre2_code *code; //  Matches only where it begins
    pcre2_match_data *data;
    pcre2_match_context *context;
    bool is_first[256]; //  Bytes a match may begin with
} pattern_t;

static pcre2_code *
compile (const ink_args_t *args, uint32_t options, int *error, PCRE2_SIZE *where)
{
    pcre2_compile_context *context = pcre2_compile_context_create (NULL);
    if (context)
        pcre2_set_newline (context, PCRE2_NEWLINE_LF);
    pcre2_code *code = pcre2_compile (
        ink_args_text (args, PATTERN), (size_t) args->numbers[PATTERN],
        options | PCRE2_NEVER_UTF | PCRE2_NEVER_UCP, error, where, context);
    pcre2_compile_context_free (context);
    return code;
}

//  A first byte is told without regard to its case.
static void
find_first (const pcre2_code *code, bool is_first[256])
{
    uint32_t kind = 0, byte = 0;
    const uint8_t *bits = NULL;
    pcre2_pattern_info (code, PCRE2_INFO_FIRSTCODETYPE, &kind);
    pcre2_pattern_info (code, PCRE2_INFO_FIRSTCODEUNIT, &byte);
    pcre2_pattern_info (code, PCRE2_INFO_FIRSTBITMAP, &bits);
    for (unsigned n = 0; n < 256; n++)
        is_first[n] = kind == 1 ? tolower ((int) n) == tolower ((int) byte)
                                : kind || !bits || bits[n / 8] >> n % 8 & 1;
}

static bool
open_pattern (pattern_t *self, const ink_args_t *args)
{
    int error;
    PCRE2_SIZE where;
    *self = (pattern_t){0};
    pcre2_code *free_one = compile (args, 0, &error, &where);
    if (free_one)
        find_first (free_one, self->is_first);
    pcre2_code_free (free_one);
    self->code = compile (args, PCRE2_ANCHORED, &error, &where);
    self->context = pcre2_match_context_create (NULL);
    if (self->code)
        self->data = pcre2_match_data_create (1, NULL);
    if (!self->code || !self->context || !self->data)
        return false;
    (void) pcre2_jit_compile (self->code, PCRE2_JIT_COMPLETE); //  Slower without
    pcre2_set_match_limit (self->context, STEPS);
    pcre2_set_depth_limit (self->context, DEPTH);
    pcre2_set_heap_limit (self->context, KIBIBYTES);
    return true;
}

static void
close_pattern (pattern_t *self)
{
    pcre2_match_data_free (self->data);
    pcre2_match_context_free (self->context);
    pcre2_code_free (self->code);
}

//  Where the match ends that begins at `at`; `at` when there is none, UNKNOWN when that would
//  take too long.
static int64_t
match (const pattern_t *self, const ink_slice_t *slice, int64_t at)
{
    uint32_t before = least (BEFORE, at + (int64_t) slice->lookback);
    uint32_t behind = least (slice->args->numbers[MOST],
                             (int64_t) (slice->length + slice->lookahead) - at);
    const uint8_t *subject = slice->bytes + at - before;
    int rc = pcre2_match (self->code, subject, before + behind, before, PCRE2_NOTEMPTY,
                          self->data, self->context);
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT)
        rc = pcre2_match (self->code, subject, before + behind, before,
                          PCRE2_NOTEMPTY | PCRE2_NO_JIT, self->data, self->context);
    if (rc == PCRE2_ERROR_NOMATCH)
        return at;
    if (rc < 0)
        return UNKNOWN;
    return at - before + (int64_t) pcre2_get_ovector_pointer (self->data)[1];
}

static bool
find_pattern (const pattern_t *self, const ink_slice_t *slice, stretch_t *stretch)
{
    int64_t at =
        -(int64_t) least (slice->args->numbers[MOST] - 1, (int64_t) slice->lookback);
    for (; at < (int64_t) slice->length; at++) {
        if (!self->is_first[slice->bytes[at]])
            continue;
        int64_t end = match (self, slice, at);
        if (end == UNKNOWN)
            return false;
        if (end > at)
            cover (stretch, at, end);
    }
    return true;
}

//  ---------------------------------------------------------------------------------------

static void
map (const ink_slice_t *slice, void *cells)
{
    stretch_t stretch = {.emit = cells, .begin = INT64_MIN, .end = INT64_MIN};
    bool done = true;
    if (slice->args->numbers[PATTERN]) {
        pattern_t pattern;
        done = open_pattern (&pattern, slice->args) &&
               find_pattern (&pattern, slice, &stretch);
        close_pattern (&pattern);
    } else if (slice->args->numbers[BYTES])
        find_bytes (slice, &stretch);
    tell (&stretch);
    if (!done)
        stretch.emit->give_up (stretch.emit);
}

static int
check (const ink_args_t *args, char *why, size_t why_size)
{
    if (args->numbers[BYTES] && args->numbers[PATTERN]) {
        snprintf (why, why_size, "it wants either bytes or a pattern, not both");
        return 1;
    }
    if (!args->numbers[BYTES] && !args->numbers[PATTERN]) {
        snprintf (why, why_size, "it wants bytes, as in 7f454c46, or a pattern");
        return 1;
    }
    if (!args->numbers[PATTERN])
        return 0;
    int error;
    PCRE2_SIZE where;
    uint32_t before = 0;
    pcre2_code *code = compile (args, 0, &error, &where);
    if (!code) {
        char text[120];
        pcre2_get_error_message (error, (PCRE2_UCHAR8 *) text, sizeof text);
        snprintf (why, why_size, "the pattern is wrong at character %zu: %s", where,
                  text);
        return 1;
    }
    pcre2_pattern_info (code, PCRE2_INFO_MAXLOOKBEHIND, &before);
    pcre2_code_free (code);
    if (before <= BEFORE)
        return 0;
    snprintf (why, why_size, "the pattern looks behind by more than %d bytes", BEFORE);
    return 1;
}

static const ink_param_t params[] = {
    {.name = "bytes", .summary = "what to find", .kind = INK_PARAM_BYTES},
    {.name = "pattern", .summary = "or a regular expression", .kind = INK_PARAM_TEXT},
    {.name = "most",
     .summary = "bytes a match of it looks at",
     .fallback = 256,
     .least = 1,
     .most = 4096},
    {.name = "limit",
     .summary = "matches listed",
     .fallback = 1000000,
     .least = 1,
     .most = 1 << 22},
    {.name = NULL},
};

const ink_kernel_t ink_kernel_search = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "search",
    .summary = "where some bytes are, or what a pattern matches",
    .shape = INK_SHAPE_RECORDS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 21, //  A slow pattern holds a worker for a chunk: others wait meanwhile
    .params = params,
    .geometry = geometry,
    .map = map,
    .check = check,
};

//  strings.c: runs of printable characters.
//
//  A string is a longest run of bytes from 32 to 126 and tabs that has at least `min` of them.
//  It begins in the slice in which its first byte is, which one byte back tells. Ahead as much
//  is seen as text is kept, and so whether it is long enough. A run that came in from before
//  and is shorter than `min` from there on ends in what the slice before it saw.
//
//  Runs are told from what lies between them by a table. In programs most bytes lie between,
//  so a run is first looked for at its `min`-th byte: when that is not printable, none of the
//  `min` before it begins a string.

#include <stdbool.h>

#include "inkling/kernel.h"

#define MIN 0 //  Places of the parameters
#define LIMIT 1

static const uint8_t printable[256] = {[9] = 1, [32 ... 126] = 1};

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    geometry->listed = (uint64_t) args->numbers[LIMIT];
    geometry->text = INK_RECORD_TEXT;
    geometry->lookback = 1;
    geometry->lookahead = INK_RECORD_TEXT;
}

//  Where the run that `at` is in ends, or `end`.
static int64_t
end_of_run (const uint8_t *bytes, int64_t at, int64_t end)
{
    while (at < end && printable[bytes[at]])
        at++;
    return at;
}

//  Where the run begins that `at` is in, or `begin`; behind `at` when that is in none.
static int64_t
begin_of_run (const uint8_t *bytes, int64_t at, int64_t begin)
{
    while (at >= begin && printable[bytes[at]])
        at--;
    return at + 1;
}

//  Tells of the run [begin, end) if it is a string that has bytes in the slice.
static void
emit_run (ink_emit_t *emit, int64_t begin, int64_t end, int64_t min)
{
    if (end > 0 && end - begin >= min)
        emit->record (emit, begin < 0 ? -1 : begin, (uint64_t) end);
}

static void
map (const ink_slice_t *slice, void *cells)
{
    const uint8_t *bytes = slice->bytes;
    int64_t min = slice->args->numbers[MIN], length = (int64_t) slice->length;
    int64_t seen = length + (int64_t) slice->lookahead;
    int64_t begin = begin_of_run (bytes, -1, -(int64_t) slice->lookback), from = 0;
    if (begin < 0) {
        from = end_of_run (bytes, 0, seen);
        emit_run (cells, begin, from, min);
    }
    while (from < length && from + min <= seen) {
        begin = begin_of_run (bytes, from + min - 1, from);
        if (begin == from) {
            from = end_of_run (bytes, from + min, seen);
            emit_run (cells, begin, from, min);
        } else
            from = begin; //  What is before it is too short
    }
}

static const ink_param_t params[] = {
    {"min", "bytes of a string at least", .fallback = 4, .least = 1, .most = 4096},
    {"limit", "strings listed", .fallback = 1000000, .least = 1, .most = 1 << 22},
    {.name = NULL},
};

const ink_kernel_t ink_kernel_strings = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "strings",
    .summary = "runs of printable characters, where they are and what they say",
    .shape = INK_SHAPE_RECORDS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 23,
    .params = params,
    .geometry = geometry,
    .map = map,
};

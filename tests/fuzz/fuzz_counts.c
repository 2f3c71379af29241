//  fuzz_counts.c: packed counts. They are added as a plain reader of doc/protocol.md section 8
//  adds them, or not at all.

#include "fuzz.h"
#include "inkling/error.h"
#include "value/counts.h"

#define CELLS_MOST 1024

static bool
plain_next (const uint8_t **at, size_t *left, size_t width, uint64_t *total)
{
    uint64_t number = 0;
    if (*left < width)
        return false;
    for (size_t n = 0; n < width; n++)
        number |= (uint64_t) (*at)[n] << 8 * n;
    *at += width;
    *left -= width;
    return !__builtin_add_overflow (*total, number, total);
}

static bool
is_width (size_t width)
{
    return width == 1 || width == 2 || width == 4 || width == 8;
}

//  A width for each 64 counters, then the counters.
static bool
plain_add_mixed (const uint8_t *widths, size_t left, uint64_t *totals, size_t cells)
{
    size_t blocks = (cells + 63) / 64;
    const uint8_t *at = widths + blocks;
    if (left < blocks)
        return false;
    left -= blocks;
    for (size_t n = 0; n < cells; n++)
        if (widths[n / 64] && (!is_width (widths[n / 64]) ||
                               !plain_next (&at, &left, widths[n / 64], &totals[n])))
            return false;
    return left == 0;
}

static bool
plain_add (const uint8_t *packed, size_t size, uint64_t *totals, size_t cells)
{
    size_t words = (cells + 63) / 64 * 8;
    if (size >= 2 && packed[0] == 3 && is_width (packed[1]))
        return plain_add_mixed (packed + 2, size - 2, totals, cells);
    bool sparse = size >= 2 && packed[0] == 2;
    if (size < 2 || (packed[0] != 1 && packed[0] != 2) || (sparse && size < 2 + words))
        return false;
    size_t width = packed[1];
    if (!is_width (width))
        return false;
    const uint8_t *bitmap = packed + 2, *at = bitmap + (sparse ? words : 0);
    size_t left = size - (size_t) (at - packed);
    for (size_t n = 0; n < (sparse ? words * 8 : cells); n++)
        if (!sparse || bitmap[n / 8] >> n % 8 & 1)
            if (n >= cells || !plain_next (&at, &left, width, &totals[n]))
                return false;
    return left == 0;
}

//  The first bytes say how many cells there are, and how full they are.
int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    static const uint64_t levels[] = {0, 1, UINT32_MAX, UINT64_MAX - 255};
    uint64_t totals[CELLS_MOST], plain[CELLS_MOST], before[CELLS_MOST];
    if (size < 3)
        return 0;
    size_t cells = 1 + (bytes[0] | (size_t) bytes[1] << 8) % CELLS_MOST;
    for (size_t n = 0; n < cells; n++)
        totals[n] = plain[n] = before[n] = levels[bytes[2] % 4];
    int rc = ink_counts_add (bytes + 3, size - 3, totals, cells);
    bool fits = plain_add (bytes + 3, size - 3, plain, cells);
    assert (rc == (fits ? INK_OK : INK_EVALUE));
    assert (memcmp (totals, fits ? plain : before, cells * sizeof *totals) == 0);
    return 0;
}

//  oracle.c: what each kernel must answer, computed the plainest way.
//
//  One pass over the range, nothing shared with src/, written from doc/kernels.md.

#include "oracle.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static void *
zeros (size_t count, size_t item, size_t *size)
{
    *size = count * item;
    return calloc (count, item);
}

static void *
histogram (const uint8_t *bytes, uint64_t length, size_t *size)
{
    uint64_t *counts = zeros (256, sizeof *counts, size);
    for (uint64_t i = 0; counts && i < length; i++)
        counts[bytes[i]]++;
    return counts;
}

static void *
digraph (const uint8_t *bytes, uint64_t length, size_t *size)
{
    uint64_t *counts = zeros (65536, sizeof *counts, size);
    for (uint64_t i = 0; counts && i + 1 < length; i++)
        counts[bytes[i] * 256 + bytes[i + 1]]++;
    return counts;
}

static float
entropy_of (const uint8_t *bytes, uint64_t length)
{
    double n = (double) length, c[256] = {0}, sum = 0;
    for (uint64_t i = 0; i < length; i++)
        c[bytes[i]]++;
    for (int b = 0; b < 256; b++)
        if (c[b] > 0)
            sum += c[b] * (log2 (n) - log2 (c[b]));
    return (float) (sum / n);
}

static void *
entropy (const uint8_t *bytes, uint64_t offset, uint64_t length, uint64_t cell,
         size_t *size)
{
    uint64_t first = offset / cell, last = (offset + length - 1) / cell;
    float *cells = zeros ((size_t) (last - first + 1), sizeof *cells, size);
    for (uint64_t n = first; cells && n <= last; n++) {
        uint64_t start = n * cell < offset ? offset : n * cell;
        uint64_t end =
            (n + 1) * cell > offset + length ? offset + length : (n + 1) * cell;
        cells[n - first] = entropy_of (bytes + (start - offset), end - start);
    }
    return cells;
}

static void *
count (uint64_t length, size_t *size)
{
    uint64_t *output = zeros (1, sizeof *output, size);
    if (output)
        *output = length;
    return output;
}

static void *
copy (const uint8_t *bytes, uint64_t length, size_t *size)
{
    uint8_t *output = zeros ((size_t) length, 1, size);
    for (uint64_t i = 0; output && i < length; i++)
        output[i] = bytes[i];
    return output;
}

int
oracle_compute (const char *kernel, const int64_t *params, const uint8_t *bytes,
                uint64_t offset, uint64_t length, void **output, size_t *size)
{
    *output = NULL;
    if (strcmp (kernel, "histogram") == 0)
        *output = histogram (bytes, length, size);
    else if (strcmp (kernel, "digraph") == 0)
        *output = digraph (bytes, length, size);
    else if (strcmp (kernel, "entropy") == 0)
        *output = entropy (bytes, offset, length, (uint64_t) params[0], size);
    else if (strcmp (kernel, "count") == 0)
        *output = count (length, size);
    else if (strcmp (kernel, "bytes") == 0)
        *output = copy (bytes, length, size);
    return *output ? 0 : -1;
}

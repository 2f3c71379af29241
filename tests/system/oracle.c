//  oracle.c: what each kernel must answer, computed the plainest way.
//
//  One pass over the range, nothing shared with src/, written from doc/kernels.md.

#include "oracle.h"

#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

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

//  The highest `bits` bits of a byte are what is left when it is divided by the others.
static void *
trigram (const uint8_t *bytes, uint64_t length, int64_t bits, size_t *size)
{
    size_t side = 1, steps;
    for (int64_t n = 0; n < bits; n++)
        side *= 2;
    steps = 256 / side;
    uint64_t *counts = zeros (side * side * side, sizeof *counts, size);
    for (uint64_t i = 2; counts && i < length; i++) {
        size_t a = bytes[i - 2] / steps, b = bytes[i - 1] / steps, c = bytes[i] / steps;
        counts[(a * side + b) * side + c]++;
    }
    return counts;
}

//  ---------------------------------------------------------------------------------------
//  Records: pairs of numbers and what is kept of the bytes, in eights

typedef struct {
    uint64_t *words;
    size_t count, room;
} list_t;

static void
push (list_t *list, uint64_t word)
{
    if (list->count == list->room) {
        list->room = 2 * list->room + 64;
        list->words = realloc (list->words, list->room * sizeof word);
    }
    if (list->words)
        list->words[list->count++] = word;
}

static void
push_text (list_t *list, const uint8_t *text, uint64_t length)
{
    for (uint64_t at = 0; at < length && at < 4096; at += 8) {
        uint64_t word = 0, left = (length < 4096 ? length : 4096) - at;
        memcpy (&word, text + at, left < 8 ? left : 8);
        push (list, word);
    }
}

static int
is_printable (uint8_t byte)
{
    return byte == '\t' || (byte >= ' ' && byte <= '~');
}

static void *
strings (const uint8_t *bytes, uint64_t offset, uint64_t length, const int64_t *params,
         size_t *size)
{
    uint64_t min = (uint64_t) params[0], limit = (uint64_t) params[1], run = 0;
    list_t list = {0};
    push (&list, 0);
    push (&list, 0);
    for (uint64_t i = 0; i <= length && list.words; i++) {
        if (i < length && is_printable (bytes[i])) {
            run++;
            continue;
        }
        if (run >= min && ++list.words[0] <= limit) {
            list.words[1]++;
            push (&list, offset + i - run);
            push (&list, run);
            push_text (&list, bytes + i - run, run);
        }
        run = 0;
    }
    *size = list.count * sizeof *list.words;
    return list.words;
}

//  ---------------------------------------------------------------------------------------
//  Cells: what is said of the bytes of each

typedef void (cell_t) (const uint8_t *bytes, uint64_t length, void *item);

static void
entropy (const uint8_t *bytes, uint64_t length, void *item)
{
    double n = (double) length, c[256] = {0}, sum = 0;
    for (uint64_t i = 0; i < length; i++)
        c[bytes[i]]++;
    for (int b = 0; b < 256; b++)
        if (c[b] > 0)
            sum += c[b] * (log2 (n) - log2 (c[b]));
    float bits = (float) (sum / n);
    memcpy (item, &bits, sizeof bits);
}

static int
class_of (uint8_t byte)
{
    if (byte == 0)
        return 0;
    if (byte == 255)
        return 5;
    if (byte >= 128)
        return 4;
    if (byte == 127 || (byte >= 9 && byte <= 13))
        return 3;
    return byte >= 32 ? 2 : 1;
}

static void
byteclass (const uint8_t *bytes, uint64_t length, void *item)
{
    uint64_t counts[6] = {0};
    for (uint64_t i = 0; i < length; i++)
        counts[class_of (bytes[i])]++;
    memcpy (item, counts, sizeof counts);
}

//  The nearest whole number to the mean, the higher of two: twice of both is compared.
static void
byteplot (const uint8_t *bytes, uint64_t length, void *item)
{
    uint64_t sum = 0, mean = 0;
    for (uint64_t i = 0; i < length; i++)
        sum += bytes[i];
    while ((2 * mean + 1) * length <= 2 * sum)
        mean++;
    *(uint8_t *) item = (uint8_t) mean;
}

static void *
cells (const uint8_t *bytes, uint64_t offset, uint64_t length, int64_t param,
       cell_t *tell, size_t item, size_t *size)
{
    uint64_t cell = (uint64_t) param;
    uint64_t first = offset / cell, last = (offset + length - 1) / cell;
    uint8_t *output = zeros ((size_t) (last - first + 1), item, size);
    for (uint64_t n = first; output && n <= last; n++) {
        uint64_t start = n * cell < offset ? offset : n * cell;
        uint64_t end =
            (n + 1) * cell > offset + length ? offset + length : (n + 1) * cell;
        tell (bytes + (start - offset), end - start, output + (n - first) * item);
    }
    return output;
}

//  ---------------------------------------------------------------------------------------

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

//  SHA-256 as FIPS 180-4 writes it, a byte at a time.
static uint32_t
turn (uint32_t word, unsigned by)
{
    return word >> by | word << (32 - by);
}

//  The first 32 bits behind the point of the n-th prime's square or cube root, found in whole
//  numbers: the largest x with x^2 <= p * 2^64, or x^3 <= p * 2^96.
static uint32_t
root_of (unsigned prime, int power)
{
    __extension__ typedef unsigned __int128 wide_t;
    uint64_t x = 0;
    for (uint64_t bit = UINT64_C (1) << 36; bit; bit >>= 1) {
        wide_t y = x | bit;
        //  Of the cube, y^3 <= p * 2^96 is y * y <= p * 2^96 / y
        bool fits = power == 2 ? y * y <= (wide_t) prime << 64
                               : y * y <= ((wide_t) prime << 96) / y;
        if (fits)
            x |= bit;
    }
    return (uint32_t) x;
}

static unsigned
prime_after (unsigned n)
{
    for (unsigned by = 2; ++n;) {
        for (by = 2; by < n && n % by; by++)
            continue;
        if (by == n)
            return n;
    }
    return 0;
}

static void
sha256_block (uint32_t sums[8], const uint8_t *block)
{
    uint32_t w[64], v[8];
    unsigned prime = 1;
    for (int t = 0; t < 64; t++)
        w[t] = t < 16
                   ? (uint32_t) block[4 * t] << 24 | (uint32_t) block[4 * t + 1] << 16 |
                         (uint32_t) block[4 * t + 2] << 8 | block[4 * t + 3]
                   : (turn (w[t - 2], 17) ^ turn (w[t - 2], 19) ^ w[t - 2] >> 10) +
                         w[t - 7] +
                         (turn (w[t - 15], 7) ^ turn (w[t - 15], 18) ^ w[t - 15] >> 3) +
                         w[t - 16];
    memcpy (v, sums, sizeof v);
    static uint32_t constants[64];
    for (int t = 0; t < 64 && !constants[63]; t++)
        constants[t] = root_of (prime = prime_after (prime), 3);
    for (int t = 0; t < 64; t++) {
        uint32_t a = v[0], e = v[4];
        uint32_t one = v[7] + (turn (e, 6) ^ turn (e, 11) ^ turn (e, 25)) +
                       ((e & v[5]) ^ (~e & v[6])) + constants[t] + w[t];
        uint32_t two = (turn (a, 2) ^ turn (a, 13) ^ turn (a, 22)) +
                       ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove (v + 1, v, 7 * sizeof *v);
        v[4] += one;
        v[0] = one + two;
    }
    for (int n = 0; n < 8; n++)
        sums[n] += v[n];
}

static void
sha256_of (const uint8_t *bytes, uint64_t length, uint8_t out[32])
{
    uint32_t sums[8];
    unsigned prime = 1;
    for (int n = 0; n < 8; n++)
        sums[n] = root_of (prime = prime_after (prime), 2);
    uint64_t at = 0;
    for (; length - at >= 64; at += 64)
        sha256_block (sums, bytes + at);
    uint8_t rest[128] = {0};
    size_t size = length - at < 56 ? 64 : 128;
    memcpy (rest, bytes + at, length - at);
    rest[length - at] = 0x80;
    for (size_t n = 0; n < 8; n++)
        rest[size - 1 - n] = (uint8_t) (8 * length >> 8 * n);
    for (size_t from = 0; from < size; from += 64)
        sha256_block (sums, rest + from);
    for (size_t n = 0; n < 32; n++)
        out[n] = (uint8_t) (sums[n / 4] >> (24 - 8 * (n % 4)));
}

static void *
digest (const uint8_t *bytes, uint64_t length, size_t *size)
{
    uint8_t *output = calloc (1, *size = 56);
    XXH128_canonical_t xxh;
    if (!output)
        return NULL;
    memcpy (output, &length, 8);
    XXH128_canonicalFromHash (&xxh, XXH3_128bits (bytes, length));
    memcpy (output + 8, xxh.digest, 16);
    sha256_of (bytes, length, output + 24);
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
        *output = cells (bytes, offset, length, params[0], entropy, 4, size);
    else if (strcmp (kernel, "trigram") == 0)
        *output = trigram (bytes, length, params[0], size);
    else if (strcmp (kernel, "byteclass") == 0)
        *output = cells (bytes, offset, length, params[0], byteclass, 48, size);
    else if (strcmp (kernel, "digest") == 0)
        *output = digest (bytes, length, size);
    else if (strcmp (kernel, "byteplot") == 0 || strcmp (kernel, "hilbert") == 0)
        *output = cells (bytes, offset, length, params[0], byteplot, 1, size);
    else if (strcmp (kernel, "count") == 0)
        *output = count (length, size);
    else if (strcmp (kernel, "bytes") == 0)
        *output = copy (bytes, length, size);
    else if (strcmp (kernel, "strings") == 0)
        *output = strings (bytes, offset, length, params, size);
    return *output ? 0 : -1;
}

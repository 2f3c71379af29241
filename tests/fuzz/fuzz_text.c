//  fuzz_text.c: sizes, numbers, ranges and near misses in what people type. What is taken
//  means what a plain reader takes it for.

#include <stdio.h>

#include "base/text.h"
#include "fuzz.h"

//  Digits and at most one suffix, in 128 bits.
static bool
plain_size (const char *text, size_t length, uint64_t *size)
{
    unsigned __int128 number = 0;
    size_t digits = strspn (text, "0123456789");
    digits = digits < length ? digits : length;
    const char *suffix = digits + 1 == length ? strchr ("KMGT", text[digits]) : NULL;
    if (!digits || (digits < length && (!suffix || !*suffix)))
        return false;
    for (size_t n = 0; n < digits && number <= UINT64_MAX; n++)
        number = number * 10 + (unsigned) (text[n] - '0');
    for (ptrdiff_t n = suffix ? suffix - "KMGT" : -1; suffix && n >= 0; n--)
        number = number <= UINT64_MAX ? number * 1024 : number;
    *size = (uint64_t) number;
    return number <= UINT64_MAX;
}

static void
sizes_are_plain (const char *text)
{
    uint64_t size = 7, plain = 7;
    bool taken = ink_text_size (text, &size);
    assert (taken == plain_size (text, strlen (text), &plain));
    assert (taken ? size == plain : size == 7);
    int64_t number = 7;
    bool negative = *text == '-';
    taken = plain_size (text + negative, strlen (text + negative), &plain) &&
            plain <= INT64_MAX;
    assert (ink_text_number (text, &number) == taken);
    assert (number == (!taken ? 7 : negative ? -(int64_t) plain : (int64_t) plain));
}

static void
ranges_are_plain (const char *text)
{
    uint64_t offset = 7, length = 7, from, size = UINT64_MAX;
    const char *colon = strchr (text, ':');
    bool right =
        plain_size (text, colon ? (size_t) (colon - text) : strlen (text), &from);
    if (right && colon && colon[1])
        right = plain_size (colon + 1, strlen (colon + 1), &size);
    assert (ink_text_range (text, &offset, &length) == right);
    assert (offset == (right ? from : 7) && length == (right ? size : 7));
}

static void
distances_are_distances (const char *a, const char *b)
{
    size_t distance = ink_text_distance (a, b), size_a = strnlen (a, 64),
           size_b = strnlen (b, 64);
    assert (distance == ink_text_distance (b, a) && ink_text_distance (a, a) == 0);
    assert (distance <= (size_a > size_b ? size_a : size_b));
    assert ((distance == 0) == (size_a == size_b && memcmp (a, b, size_a) == 0));
    ink_nearest_t nearest = ink_nearest_to (a);
    ink_nearest_offer (&nearest, b);
    assert (!nearest.best || nearest.best == b);
}

//  One text or, split at the first zero, two.
int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    char *text = calloc (size + 2, 1);
    memcpy (text, bytes, size);
    const char *second = text + strlen (text) + 1;
    sizes_are_plain (text);
    ranges_are_plain (text);
    distances_are_distances (text, second);
    free (text);
    return 0;
}

//  text.c: numbers, sizes and near misses in what people type.

#include "base/text.h"

#include <string.h>

#define WORD_MOST 64

//  The power of two a suffix stands for, or -1.
static int
suffix_shift (char suffix)
{
    switch (suffix) {
    case 'K':
        return 10;
    case 'M':
        return 20;
    case 'G':
        return 30;
    case 'T':
        return 40;
    default:
        return -1;
    }
}

//  A size that fills `length` characters.
static bool
read_size (const char *text, size_t length, uint64_t *size)
{
    int shift = 0;
    if (length > 0 && suffix_shift (text[length - 1]) > 0)
        shift = suffix_shift (text[--length]);
    if (length == 0)
        return false;

    uint64_t number = 0;
    for (size_t n = 0; n < length; n++) {
        if (text[n] < '0' || text[n] > '9')
            return false;
        uint64_t digit = (uint64_t) (text[n] - '0');
        if (number > (UINT64_MAX - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    if (number > UINT64_MAX >> shift)
        return false;
    *size = number << shift;
    return true;
}

bool
ink_text_size (const char *text, uint64_t *size)
{
    return read_size (text, strlen (text), size);
}

bool
ink_text_number (const char *text, int64_t *number)
{
    bool negative = *text == '-';
    uint64_t size;
    if (!ink_text_size (negative ? text + 1 : text, &size) || size > INT64_MAX)
        return false;
    *number = negative ? -(int64_t) size : (int64_t) size;
    return true;
}

bool
ink_text_range (const char *text, uint64_t *offset, uint64_t *length)
{
    size_t colon = strcspn (text, ":");
    uint64_t from, size = UINT64_MAX;
    if (!read_size (text, colon, &from))
        return false;
    if (text[colon] && text[colon + 1] && !ink_text_size (text + colon + 1, &size))
        return false;
    *offset = from;
    *length = size;
    return true;
}

static size_t
least (size_t a, size_t b)
{
    return a < b ? a : b;
}

//  Row i of the table tells what it costs to make the first j letters of b of the first i
//  letters of a; each row follows from the two above it.
size_t
ink_text_distance (const char *a, const char *b)
{
    size_t rows[3][WORD_MOST + 1];
    size_t size_a = strnlen (a, WORD_MOST), size_b = strnlen (b, WORD_MOST);
    for (size_t j = 0; j <= size_b; j++)
        rows[0][j] = j;

    for (size_t i = 1; i <= size_a; i++) {
        size_t *row = rows[i % 3], *above = rows[(i + 2) % 3],
               *higher = rows[(i + 1) % 3];
        row[0] = i;
        for (size_t j = 1; j <= size_b; j++) {
            size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);
            row[j] = least (replace, 1 + least (above[j], row[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                row[j] = least (row[j], higher[j - 2] + 1);
        }
    }
    return rows[size_a % 3][size_b];
}

ink_nearest_t
ink_nearest_to (const char *word)
{
    //  One slip in three letters is still the same word.
    return (ink_nearest_t){.word = word, .distance = 2 + strlen (word) / 3};
}

void
ink_nearest_offer (ink_nearest_t *self, const char *name)
{
    size_t typed = strlen (self->word), distance = ink_text_distance (self->word, name);
    if (typed >= 2 && strncmp (self->word, name, typed) == 0)
        distance = 1; //  The beginning of a name is as good as one slip
    if (distance >= self->distance || distance >= strlen (name))
        return;
    self->best = name;
    self->distance = distance;
}

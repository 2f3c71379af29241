//  text.h: numbers, sizes and near misses in what people type.
//
//  Strict: the whole text must be the number, without blanks, and fit.

#ifndef INK_TEXT_H_INCLUDED
#define INK_TEXT_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

//  "4096", "4K", "1G": digits and one suffix K, M, G or T, which count in steps of 1024. On
//  false nothing is stored; so it is with the others.
bool ink_text_size (const char *text, uint64_t *size);

//  As a size, with a sign.
bool ink_text_number (const char *text, int64_t *number);

//  "OFFSET:LENGTH"; "OFFSET:" and "OFFSET" go to the end: *length is UINT64_MAX then.
bool ink_text_range (const char *text, uint64_t *offset, uint64_t *length);

//  How many letters must be put in, taken out, replaced or swapped with the next one to make
//  `b` of `a`. Only the first 64 of each are looked at.
size_t ink_text_distance (const char *a, const char *b);

//  Finds what was meant by a word that is not known: offer all names, then look at `best`,
//  which is NULL when none is near.
typedef struct {
    const char *word, *best;
    size_t distance;
} ink_nearest_t;

ink_nearest_t ink_nearest_to (const char *word);
void ink_nearest_offer (ink_nearest_t *self, const char *name);

#endif

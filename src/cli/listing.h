//  listing.h: records as lines, as JSON and as places.

#ifndef INK_LISTING_H_INCLUDED
#define INK_LISTING_H_INCLUDED

#include <stdbool.h>
#include <stdio.h>

#include "cli/data.h"

typedef struct {
    uint64_t offset, length;
    const uint8_t *text;
    size_t text_size;
} ink_record_t;

//  for (size_t at = 0; ink_listing_next (data, &at, &record);)
bool ink_listing_next (const ink_data_t *data, size_t *at, ink_record_t *record);

//  How many records there are, with those that are not listed.
uint64_t ink_listing_count (const ink_data_t *data);

//  A line each: offset and text, as `strings -t d` has them; offset and length when no text is
//  kept.
void ink_listing_write (const ink_data_t *data, FILE *out);

//  The members "count", "listed" and "records" of an object.
void ink_listing_write_json (const ink_data_t *data, FILE *out);

//  How many of those listed begin in each of so many equal places of the range.
void ink_listing_places (const ink_data_t *data, uint64_t *places, size_t count);

#endif

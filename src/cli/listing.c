//  listing.c: records as lines, as JSON and as places.

#include "cli/listing.h"

#include <endian.h>
#include <inttypes.h>
#include <string.h>

#define NUMBER 8 //  Bytes of a number
#define HEADER (2 * NUMBER)

static uint64_t
number_at (const ink_data_t *data, size_t at)
{
    uint64_t number;
    memcpy (&number, data->bytes + at, sizeof number);
    return le64toh (number);
}

uint64_t
ink_listing_count (const ink_data_t *data)
{
    return data->size < HEADER ? 0 : number_at (data, 0);
}

static uint64_t
listed_of (const ink_data_t *data)
{
    return data->size < HEADER ? 0 : number_at (data, NUMBER);
}

bool
ink_listing_next (const ink_data_t *data, size_t *at, ink_record_t *record)
{
    size_t from = *at ? *at : HEADER;
    if (data->size < from || data->size - from < 2 * NUMBER)
        return false;
    record->offset = number_at (data, from);
    record->length = number_at (data, from + NUMBER);
    record->text = data->bytes + from + 2 * NUMBER;
    record->text_size =
        record->length < data->text ? (size_t) record->length : data->text;
    size_t padded = (record->text_size + NUMBER - 1) / NUMBER * NUMBER;
    *at = from + 2 * NUMBER + padded;
    return *at <= data->size;
}

void
ink_listing_write (const ink_data_t *data, FILE *out)
{
    ink_record_t record;
    for (size_t at = 0; ink_listing_next (data, &at, &record);) {
        fprintf (out, "%7" PRIu64 " ", record.offset);
        if (data->text)
            fwrite (record.text, 1, record.text_size, out);
        else
            fprintf (out, "%" PRIu64, record.length);
        putc ('\n', out);
    }
    uint64_t more = ink_listing_count (data) - listed_of (data);
    if (more)
        fprintf (out,
                 "and %" PRIu64 " more: ask for a part of the range, or more of them\n",
                 more);
}

static void
write_json_text (const ink_record_t *record, FILE *out)
{
    fputs (",\"text\":\"", out);
    for (size_t n = 0; n < record->text_size; n++) {
        unsigned byte = record->text[n];
        if (byte == '"' || byte == '\\')
            fprintf (out, "\\%c", (char) byte);
        else if (byte < 32 || byte > 126)
            fprintf (out, "\\u%04x", byte);
        else
            putc ((int) byte, out);
    }
    putc ('"', out);
}

void
ink_listing_write_json (const ink_data_t *data, FILE *out)
{
    fprintf (out, "\"count\":%" PRIu64 ",\"listed\":%" PRIu64 ",\"records\":[",
             ink_listing_count (data), listed_of (data));
    const char *comma = "";
    ink_record_t record;
    for (size_t at = 0; ink_listing_next (data, &at, &record); comma = ",") {
        fprintf (out, "%s{\"offset\":%" PRIu64 ",\"length\":%" PRIu64, comma,
                 record.offset, record.length);
        if (data->text)
            write_json_text (&record, out);
        putc ('}', out);
    }
    putc (']', out);
}

void
ink_listing_places (const ink_data_t *data, uint64_t *places, size_t count)
{
    memset (places, 0, count * sizeof *places);
    ink_record_t record;
    for (size_t at = 0; ink_listing_next (data, &at, &record);) {
        uint64_t behind = record.offset - data->offset;
        double share = (double) behind / (double) data->length;
        size_t place = (size_t) (share * (double) count);
        if (record.offset >= data->offset && behind < data->length)
            places[place < count ? place : count - 1]++;
    }
}

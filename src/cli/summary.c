//  summary.c: data as a few lines for people.

#include "cli/summary.h"

#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "cli/digest.h"
#include "cli/human.h"
#include "cli/picture.h"
#include "cli/portrait.h"

#define TOP 10         //  How many of the most frequent are shown
#define STRIP 64       //  Letters of a strip of cells
#define DUMP_MOST 4096 //  Bytes of a dump

//  ---------------------------------------------------------------------------------------
//  Counts

typedef struct {
    size_t places[TOP];
    size_t count;
} top_t;

//  The places of the largest counters that are not zero, the largest first.
static top_t
find_top (const ink_data_t *data)
{
    top_t top = {.count = 0};
    size_t cells = ink_data_cells (data);
    for (size_t n = 0; n < cells; n++) {
        uint64_t count = ink_data_count (data, n);
        size_t at = top.count;
        while (at > 0 && count > ink_data_count (data, top.places[at - 1]))
            at--;
        if (count == 0 || at == TOP)
            continue;
        if (top.count < TOP)
            top.count++;
        memmove (top.places + at + 1, top.places + at,
                 (top.count - at - 1) * sizeof *top.places);
        top.places[at] = n;
    }
    return top;
}

//  "41 'A'", "0A \n", "FF"
static void
write_byte (unsigned byte, FILE *out)
{
    if (byte > 32 && byte < 127)
        fprintf (out, "%02X '%c'", byte, (char) byte);
    else
        fprintf (out, "%02X    ", byte);
}

//  "40-47 60-67 68-6F": the bytes that share the highest `bits` bits.
static void
write_triple (size_t place, unsigned bits, FILE *out)
{
    unsigned low = 8 - bits, mask = (1u << bits) - 1;
    for (int n = 2; n >= 0; n--) {
        unsigned first = ((unsigned) (place >> (unsigned) n * bits) & mask) << low;
        fprintf (out, "%02X-%02X%s", first, first | ((1u << low) - 1), n ? " " : "");
    }
}

static void
write_place (const ink_data_t *data, size_t place, FILE *out)
{
    size_t cells = ink_data_cells (data);
    fputs ("  ", out);
    if (ink_picture_kind (data) == INK_PICTURE_CUBE) {
        write_triple (place, ink_portrait_bits (data), out);
    } else if (cells == 256) {
        write_byte ((unsigned) place, out);
    } else if (cells == 65536) {
        write_byte ((unsigned) place >> 8, out);
        fputs ("  ", out);
        write_byte ((unsigned) place & 255, out);
    } else {
        fprintf (out, "%8zu", place);
    }
}

static void
write_bar (double share, FILE *out)
{
    static const char *const eighths[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    int steps = (int) lround (share * 24 * 8);
    for (int n = 0; n < steps / 8; n++)
        fputs ("█", out);
    fputs (steps > 0 ? eighths[steps % 8] : "▏", out);
}

static double
entropy_of (const ink_data_t *data, double sum)
{
    double bits = 0;
    size_t cells = ink_data_cells (data);
    for (size_t n = 0; n < cells; n++) {
        double share = (double) ink_data_count (data, n) / sum;
        if (share > 0)
            bits -= share * log2 (share);
    }
    return bits;
}

static size_t
used_of (const ink_data_t *data)
{
    size_t used = 0, cells = ink_data_cells (data);
    for (size_t n = 0; n < cells; n++)
        used += ink_data_count (data, n) > 0;
    return used;
}

static void
write_counts (const ink_data_t *data, FILE *out)
{
    double sum = (double) ink_data_sum (data);
    size_t cells = ink_data_cells (data);
    if (cells == 1) {
        fprintf (out, "  %" PRIu64 "\n", ink_data_count (data, 0));
        return;
    }
    top_t top = find_top (data);
    for (size_t n = 0; n < top.count; n++) {
        double count = (double) ink_data_count (data, top.places[n]);
        write_place (data, top.places[n], out);
        fprintf (out, " %14.0f %8s  ", count, ink_human_share (count, sum).text);
        write_bar (count / (double) ink_data_most (data), out);
        putc ('\n', out);
    }
    fprintf (out, "  %zu of %zu occur", used_of (data), cells);
    if (cells == 256)
        fprintf (out, " · zeros %s · entropy of the whole %.3f bits a byte",
                 ink_human_share ((double) ink_data_count (data, 0), sum).text,
                 entropy_of (data, sum));
    putc ('\n', out);
}

//  ---------------------------------------------------------------------------------------
//  Cells

static bool
is_comparison (const ink_data_t *data)
{
    return strcmp (data->kernel, "diff") == 0 && data->item == INK_ITEM_U64;
}

//  One letter a share of the cells, higher for more; '?' where nothing is known.
static void
write_strip (const ink_data_t *data, size_t row, FILE *out)
{
    static const char *const steps[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    size_t cells = ink_data_cells (data), letters = cells < STRIP ? cells : STRIP;
    double scale = ink_data_scale (data);
    fputs ("  ", out);
    for (size_t n = 0; n < letters; n++) {
        ink_share_t share = ink_picture_share (cells, letters, n);
        double mean = ink_data_mean (data, row, share.from, share.to);
        int step = isnan (mean) ? 0 : (int) (mean / scale * 7.999);
        if (step == 0 && mean > 0 && is_comparison (data))
            step = 1; //  One byte among millions is not lost
        fputs (isnan (mean) ? "?" : steps[step], out);
    }
    putc ('\n', out);
}

//  Where a cell begins within the range: cells are aligned to the source.
static uint64_t
start_of (const ink_data_t *data, size_t cell)
{
    uint64_t start = (data->offset / data->cell_bytes + cell) * data->cell_bytes;
    return start > data->offset ? start : data->offset;
}

static void
write_row (const ink_data_t *data, size_t row, FILE *out)
{
    size_t cells = ink_data_cells (data), unknown = 0, highest = 0;
    double least = INFINITY, most = -INFINITY;
    for (size_t cell = 0; cell < cells; cell++) {
        double item = ink_data_item (data, cell * data->rows + row);
        unknown += isnan (item) ? 1 : 0;
        if (item > most) {
            most = item;
            highest = cell;
        }
        least = fmin (least, item);
    }
    if (unknown < cells) {
        fprintf (out, "  least %.3f · mean %.3f · most %.3f at offset %" PRIu64, least,
                 ink_data_mean (data, row, 0, cells), most, start_of (data, highest));
    }
    fprintf (out, "%s%zu cell%s", unknown < cells ? " · " : "  ", cells,
             cells == 1 ? "" : "s");
    if (unknown > 0)
        fprintf (out, ", %zu not known", unknown);
    putc ('\n', out);
    write_strip (data, row, out);
}

//  ---------------------------------------------------------------------------------------
//  Classes

//  A line for each class: how many bytes are of it, and where.
static void
write_classes (const ink_data_t *data, FILE *out)
{
    double sums[INK_PORTRAIT_CLASSES] = {0}, sum = 0;
    size_t cells = ink_data_cells (data);
    for (size_t n = 0; n < cells * data->rows; n++) {
        sums[n % data->rows] += (double) ink_data_count (data, n);
        sum += (double) ink_data_count (data, n);
    }
    for (size_t row = 0; row < data->rows; row++) {
        fprintf (out, "  %-5s %14.0f %8s", ink_portrait_class[row].label, sums[row],
                 ink_human_share (sums[row], sum).text);
        write_strip (data, row, out);
    }
}

//  ---------------------------------------------------------------------------------------
//  Differences

//  How much differs, and between which places.
static void
write_differences (const ink_data_t *data, FILE *out)
{
    size_t cells = ink_data_cells (data), differ = 0, first = 0, last = 0;
    for (size_t n = 0; n < cells; n++) {
        if (ink_data_count (data, n) == 0)
            continue;
        first = differ++ ? first : n;
        last = n;
    }
    uint64_t sum = ink_data_sum (data);
    fprintf (out, "  %" PRIu64 " bytes differ, %s", sum,
             ink_human_share ((double) sum, (double) data->length).text);
    if (differ)
        fprintf (out,
                 " · in %zu of %zu cells, the first at offset %" PRIu64
                 ", the last at %" PRIu64,
                 differ, cells, start_of (data, first), start_of (data, last));
    putc ('\n', out);
    write_strip (data, 0, out);
}

//  ---------------------------------------------------------------------------------------
//  Bytes

static void
write_dump_line (const ink_data_t *data, size_t from, FILE *out)
{
    size_t to = from + 16 < data->size ? from + 16 : data->size;
    fprintf (out, "  %08" PRIx64 " ", data->offset + from);
    for (size_t n = from; n < from + 16; n++) {
        if (n % 8 == 0)
            putc (' ', out);
        if (n < to)
            fprintf (out, "%02x ", data->bytes[n]);
        else
            fputs ("   ", out);
    }
    fputs (" |", out);
    for (size_t n = from; n < to; n++)
        putc (data->bytes[n] >= 32 && data->bytes[n] < 127 ? data->bytes[n] : '.', out);
    fputs ("|\n", out);
}

static void
write_dump (const ink_data_t *data, FILE *out)
{
    size_t size = data->size < DUMP_MOST ? data->size : DUMP_MOST;
    for (size_t from = 0; from < size; from += 16)
        write_dump_line (data, from, out);
    if (size < data->size)
        fprintf (out, "  and %zu bytes more: --format raw has them all\n",
                 data->size - size);
}

//  ---------------------------------------------------------------------------------------

void
ink_summary_write (const ink_data_t *data, FILE *out)
{
    fprintf (out, "%s over %s at offset %" PRIu64, data->kernel,
             ink_human_bytes (data->length).text, data->offset);
    if (data->estimated) {
        double known = (double) (data->length - data->estimated);
        fprintf (out, " · approximate: %s known, ± %s",
                 ink_human_share (known, (double) data->length).text,
                 ink_human_share (data->bound, 1).text);
    }
    putc ('\n', out);
    if (data->shape == INK_SHAPE_COUNTS)
        write_counts (data, out);
    else if (ink_digest_suits (data))
        ink_digest_write (data, out);
    else if (data->cell_bytes == 1 && data->item == INK_ITEM_U8)
        write_dump (data, out);
    else if (ink_picture_kind (data) == INK_PICTURE_CLASSES)
        write_classes (data, out);
    else if (is_comparison (data))
        write_differences (data, out);
    else
        for (size_t row = 0; row < data->rows && ink_data_cells (data) > 0; row++)
            write_row (data, row, out);
}

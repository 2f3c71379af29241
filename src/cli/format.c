//  format.c: the forms in which data leaves the program.

#include "cli/format.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cli/digest.h"
#include "cli/listing.h"
#include "cli/picture.h"
#include "cli/summary.h"

static int
write_raw (const ink_data_t *data, FILE *out)
{
    return fwrite (data->bytes, 1, data->size, out) == data->size ? 0 : -1;
}

static void
write_item (const ink_data_t *data, size_t n, FILE *out)
{
    if (data->item == INK_ITEM_U64) {
        fprintf (out, "%" PRIu64, ink_data_count (data, n));
        return;
    }
    double item = ink_data_item (data, n);
    if (isnan (item))
        fputs ("null", out);
    else
        fprintf (out, "%.9g", item);
}

static void
write_items (const ink_data_t *data, FILE *out)
{
    static const char *const items[] = {
        [INK_ITEM_U64] = "u64", [INK_ITEM_U8] = "u8", [INK_ITEM_F32] = "f32"};
    fprintf (out, "\"item\":\"%s\",\"cell_bytes\":%zu,\"items_per_cell\":%zu,\"items\":[",
             items[data->item], data->cell_bytes, data->rows);
    size_t count = data->size / ink_data_item_size (data);
    for (size_t n = 0; n < count; n++) {
        if (n > 0)
            putc (',', out);
        write_item (data, n, out);
    }
    putc (']', out);
}

static void
write_bound (const ink_data_t *data, FILE *out)
{
    fprintf (out, "\"estimated\":%" PRIu64 ",\"bound\":", data->estimated);
    if (data->estimated)
        fprintf (out, "%.6g,", data->bound);
    else
        fputs ("null,", out);
}

//  One object: what it is and how far it is estimated, then all items or records in one list;
//  what is not known is null.
static int
write_json (const ink_data_t *data, FILE *out)
{
    fprintf (out, "{\"kernel\":\"%s\",\"offset\":%" PRIu64 ",\"length\":%" PRIu64 ",",
             data->kernel, data->offset, data->length);
    write_bound (data, out);
    if (data->shape == INK_SHAPE_RECORDS)
        ink_listing_write_json (data, out);
    else if (ink_digest_suits (data))
        ink_digest_write_json (data, out);
    else
        write_items (data, out);
    fputs ("}\n", out);
    return ferror (out) ? -1 : 0;
}

static int
write_text (const ink_data_t *data, FILE *out)
{
    if (data->shape == INK_SHAPE_RECORDS)
        ink_listing_write (data, out);
    else
        ink_summary_write (data, out);
    return ferror (out) ? -1 : 0;
}

typedef struct {
    const char *name, *extension;
    int (*write) (const ink_data_t *data, FILE *out);
} format_t;

static const format_t formats[] = {
    [INK_FORMAT_RAW] = {"raw", "raw", write_raw},
    [INK_FORMAT_JSON] = {"json", "json", write_json},
    [INK_FORMAT_PNG] = {"png", "png", ink_picture_write},
    [INK_FORMAT_TEXT] = {"text", "txt", write_text},
};

ink_format_t
ink_format_named (const char *name)
{
    for (ink_format_t format = INK_FORMAT_RAW; format <= INK_FORMAT_TEXT; format++)
        if (strcmp (name, formats[format].name) == 0)
            return format;
    return INK_FORMAT_NONE;
}

ink_format_t
ink_format_of_path (const char *path)
{
    const char *dot = strrchr (path, '.');
    for (ink_format_t format = INK_FORMAT_RAW; dot && format <= INK_FORMAT_TEXT; format++)
        if (strcmp (dot + 1, formats[format].extension) == 0)
            return format;
    return INK_FORMAT_NONE;
}

const char *
ink_format_extension (ink_format_t format)
{
    return formats[format].extension;
}

int
ink_format_write (ink_format_t format, const ink_data_t *data, FILE *out)
{
    return formats[format].write (data, out);
}

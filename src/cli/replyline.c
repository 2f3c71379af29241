//  replyline.c: a reply as one line of JSON.

#include "cli/replyline.h"

#include <jansson.h>
#include <math.h>
#include <string.h>

static json_t *
whole (uint64_t number)
{
    return json_integer ((json_int_t) number);
}

//  Tenths of a millisecond are enough.
static json_t *
milliseconds (double number)
{
    return json_real (round (number * 10) / 10);
}

static json_t *
failed_ranges (const ink_replyline_t *reply)
{
    json_t *list = json_array ();
    for (size_t n = 0; n < reply->failure_count; n++) {
        const ink_failure_t *failure = reply->failures + n;
        json_array_append_new (list, json_pack ("[o, o, s]", whole (failure->offset),
                                                whole (failure->length),
                                                ink_error_name (failure->error)));
    }
    return list;
}

//  Keys stay in the order in which they are set.
static json_t *
line_of (const ink_replyline_t *reply)
{
    json_t *bound = reply->bound < 0 ? json_null () : json_real (reply->bound);
    json_t *line = json_pack (
        "{s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
        "request", reply->request, "kernel", reply->kernel, "seq", whole (reply->seq),
        "type", reply->final ? "final" : "partial", "status", reply->status, "total",
        whole (reply->total), "covered", whole (reply->cached + reply->computed),
        "cached", whole (reply->cached), "computed", whole (reply->computed), "estimated",
        whole (reply->estimated), "bound", bound, "failed", failed_ranges (reply),
        "elapsed_ms", milliseconds (reply->elapsed_ms), "bytes", whole (reply->bytes));
    if (line && reply->precision)
        json_object_set_new (line, "precision", whole (reply->precision));
    if (line && strcmp (reply->status, "failed") == 0)
        json_object_set_new (line, "error", json_string (ink_error_name (reply->error)));
    return line;
}

char *
ink_replyline (const ink_replyline_t *reply)
{
    json_t *line = line_of (reply);
    if (!line)
        return NULL;
    char *text = json_dumps (line, JSON_COMPACT | JSON_REAL_PRECISION (9));
    json_decref (line);
    return text;
}

char *
ink_replyline_of (const ink_reply_t *reply, uint64_t precision)
{
    size_t count = ink_reply_failures (reply);
    ink_failure_t *failures = calloc (count + 1, sizeof *failures);
    if (!failures)
        return NULL;
    for (size_t n = 0; n < count; n++)
        failures[n] = *ink_reply_failure (reply, n);
    ink_replyline_t line = {.request = ink_reply_request (reply),
                            .kernel = ink_reply_kernel (reply),
                            .status = ink_reply_status (reply),
                            .seq = ink_reply_seq (reply),
                            .total = ink_reply_total (reply),
                            .cached = ink_reply_cached (reply),
                            .computed = ink_reply_computed (reply),
                            .estimated = ink_reply_estimated (reply),
                            .final = ink_reply_is_final (reply),
                            .error = ink_reply_error (reply),
                            .bound = ink_reply_bound (reply),
                            .elapsed_ms = ink_reply_elapsed_ms (reply),
                            .failures = failures,
                            .failure_count = count,
                            .bytes = ink_reply_size (reply),
                            .precision = precision};
    char *text = ink_replyline (&line);
    free (failures);
    return text;
}

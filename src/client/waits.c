//  waits.c: what a request waits for, in words.

#include "client/waits.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

typedef struct {
    char text[64];
} words_t;

//  "3 chunks wait", "1 chunk waits"
static words_t
chunks (uint64_t count, const char *one, const char *many)
{
    words_t words;
    snprintf (words.text, sizeof words.text, "%llu chunk%s %s",
              (unsigned long long) count, count == 1 ? "" : "s", count == 1 ? one : many);
    return words;
}

static words_t
seconds (uint64_t ms)
{
    words_t words;
    snprintf (words.text, sizeof words.text, "%llu.%llu s",
              (unsigned long long) ms / 1000, (unsigned long long) ms % 1000 / 100);
    return words;
}

static words_t
all_workers (uint64_t count)
{
    words_t words = {"the worker is"};
    if (count == 2)
        strcpy (words.text, "both workers are");
    else if (count != 1)
        snprintf (words.text, sizeof words.text, "all %llu workers are",
                  (unsigned long long) count);
    return words;
}

static words_t
some_workers (uint64_t count)
{
    words_t words;
    snprintf (words.text, sizeof words.text, "%llu worker%s", (unsigned long long) count,
              count == 1 ? "" : "s");
    return words;
}

static void
say_no_sink (const ink_msg_request_info_t *info, char *out, size_t size)
{
    words_t what = chunks (info->wait_chunks, "waits", "wait");
    if (!info->wait_chunks)
        strcpy (what.text, "settled, waiting");
    if (info->waits_for == INK_WAIT_REFUSED)
        snprintf (
            out, size,
            "%s for a sink; the one that is there serves as many ventilators as it may",
            what.text);
    else
        snprintf (out, size, "%s for a sink; none has been heard for %s", what.text,
                  seconds (info->wait_ms).text);
}

static void
say_no_worker (const ink_msg_request_info_t *info, char *out, size_t size)
{
    words_t what = chunks (info->wait_chunks, "waits", "wait");
    bool proof = info->waits_for == INK_WAIT_PROOF, one = info->wait_workers == 1;
    int said = snprintf (out, size, "%s for a worker with kernel %.400s; ", what.text,
                         info->wait_kernels);
    if (said < 0 || (size_t) said >= size)
        return;
    out += said, size -= (size_t) said;
    if (info->waits_for == INK_WAIT_WORKER)
        snprintf (out, size, "none is connected");
    else if (!proof)
        snprintf (out, size,
                  "%llu %s connected, but not trusted for %s: %s values were bad",
                  (unsigned long long) info->wait_workers, one ? "is" : "are",
                  seconds (info->wait_ms).text, one ? "its" : "their");
    else
        snprintf (out, size, "%llu %s connected, but %s been proven for %s",
                  (unsigned long long) info->wait_workers, one ? "is" : "are",
                  one ? "its path has not" : "no path has", seconds (info->wait_ms).text);
}

static void
say_computing (const ink_msg_request_info_t *info, char *out, size_t size)
{
    words_t what = chunks (info->wait_chunks, "is", "are");
    if (!info->wait_workers)
        snprintf (out, size, "%s being computed for another request", what.text);
    else
        snprintf (out, size, "%s being computed by %s (oldest lease %s)", what.text,
                  some_workers (info->wait_workers).text, seconds (info->wait_ms).text);
}

static void
say_what (const ink_msg_request_info_t *info, char *out, size_t size)
{
    switch (info->waits_for) {
    case INK_WAIT_SOURCE:
        snprintf (out, size, "the source is being opened");
        break;
    case INK_WAIT_CACHE:
        snprintf (out, size, "the cache is being asked");
        break;
    case INK_WAIT_SINK:
    case INK_WAIT_REFUSED:
        say_no_sink (info, out, size);
        break;
    case INK_WAIT_WORKER:
    case INK_WAIT_PROOF:
    case INK_WAIT_TRUST:
        say_no_worker (info, out, size);
        break;
    case INK_WAIT_CREDIT:
        snprintf (out, size, "%s: %s busy (oldest lease %s)",
                  chunks (info->wait_chunks, "waits", "wait").text,
                  all_workers (info->wait_workers).text, seconds (info->wait_ms).text);
        break;
    case INK_WAIT_VALUES:
        say_computing (info, out, size);
        break;
    case INK_WAIT_FINAL:
        snprintf (out, size, "settled, waiting for the sink, silent for %s",
                  seconds (info->wait_ms).text);
        break;
    default:
        *out = 0; //  Of a later version
    }
}

void
ink_waits_say (const ink_msg_request_info_t *info, char *out, size_t size)
{
    say_what (info, out, size);
    size_t used = strlen (out);
    if (info->untaken)
        snprintf (out + used, size - used, "%sthe client has an untaken reply",
                  used ? "; " : "");
}

const char *
ink_waits_name (uint64_t code)
{
    switch (code) {
#define INK_WAIT_NAME(number, NOUN, name) \
    case number:                          \
        return name;
        INK_WAITS (INK_WAIT_NAME)
#undef INK_WAIT_NAME
    default:
        return "unknown";
    }
}

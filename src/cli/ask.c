//  ask.c: the common part of `run` and `request`: submit, receive, show, keep.

#include "cli/ask.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cli/complain.h"
#include "cli/connect.h"
#include "cli/human.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/replyline.h"
#include "cli/signals.h"
#include "inkling/client.h"
#include "kernels/kernels.h"
#include "protocol/utf8.h"

#define TURN_MS 100 //  A bar moves so often
#define TURN_REPLIES 32
#define QUIET_MS 1000    //  After so long without a word we say what we wait for
#define FAREWELL_MS 2000 //  For the finals after Ctrl-C
#define GRACE_MS 5000    //  For the library to end a request by itself
#define DAY_MS 86400000

//  What was heard last of one kernel.
typedef struct {
    ink_progress_state_t state;
    bool final;
} told_t;

typedef struct {
    const ink_options_t *options;
    ink_client_t *client;
    ink_request_t *request;
    ink_output_t output;
    ink_progress_t progress;
    told_t told[INK_OPTION_KERNELS];
    size_t finals;
    int status; //  The worst so far
    int said;   //  The error that was said, so that it is said once
    int signal; //  That asked us to end, or 0
    int64_t heard_ms, end_ms;
} ask_t;

static int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
worsen (ask_t *self, int status)
{
    if (status > self->status)
        self->status = status;
}

//  ---------------------------------------------------------------------------------------
//  The request

static ink_request_t *
make_request (const ink_options_t *options, const char *source, const char *other,
              int *error)
{
    ink_request_t *request = ink_request_new (source);
    *error = request ? INK_OK : INK_ENOMEM;
    if (!request)
        return NULL;
    ink_request_set_range (request, options->offset, options->length);
    ink_request_set_chunk (request, options->chunk);
    ink_request_set_priority (request, options->priority);
    ink_request_set_timeout (request, options->timeout_ms);
    ink_request_set_cache (request, !options->no_cache && !options->refresh,
                           !options->no_cache);
    ink_request_set_estimates (request, !options->no_estimates);
    if (options->sample > 0)
        *error = ink_request_set_sample (request, options->sample);
    if (other && *error == INK_OK)
        *error = ink_request_set_other (request, other);
    for (size_t n = 0; n < options->kernel_count && *error == INK_OK; n++)
        *error = ink_request_add_kernel (request, options->kernels[n]);
    for (size_t n = 0; n < options->param_count && *error == INK_OK; n++)
        *error = ink_request_set_text_param (request, options->params[n].name,
                                             options->params[n].typed);
    for (size_t n = 0; n < options->report_count && *error == INK_OK; n++)
        *error = ink_request_add_report_at (request, options->reports[n].completion,
                                            options->reports[n].precision);
    if (*error != INK_OK)
        ink_request_destroy (&request);
    return request;
}

static int
check_text (const char *what, const char *text, const char *hint)
{
    if (!text || ink_utf8_valid (text, strlen (text)))
        return 0;
    return ink_complain_so (INK_EUSAGE, hint,
                            "%s is not UTF-8, or has control characters", what);
}

//  What is written in a message is text.
static int
check_texts (const ink_options_t *options, const char *source, const char *other)
{
    int status = check_text ("the name of the file", source, "rename it");
    if (status == 0)
        status = check_text ("the name of the other file", other, "rename it");
    for (size_t n = 0; n < options->param_count && status == 0; n++)
        status = check_text (options->params[n].name, options->params[n].typed,
                             "in a pattern, \\xff stands for such a byte");
    return status;
}

//  0, or the exit status after a complaint.
static int
submit (ask_t *self, const char *endpoint, const char *source, const char *other)
{
    int error = check_texts (self->options, source, other);
    if (error)
        return error;
    self->client = ink_connect (endpoint, &error);
    if (!self->client)
        return error;
    self->request = make_request (self->options, source, other, &error);
    if (self->request)
        error = ink_client_submit (self->client, self->request);
    return error == INK_OK ? 0 : ink_complain (error, NULL);
}

//  ---------------------------------------------------------------------------------------
//  Replies

//  A kernel of a server may be unknown here: its data is then just bytes.
static ink_data_t
data_of (const ask_t *self, const ink_reply_t *reply)
{
    const ink_options_t *options = self->options;
    ink_data_t data = {.kernel = ink_reply_kernel (reply),
                       .shape = INK_SHAPE_CELLS,
                       .item = INK_ITEM_U8,
                       .cell_bytes = 1,
                       .own_bytes = 1,
                       .rows = 1,
                       .offset = options->offset,
                       .length = ink_reply_total (reply),
                       .estimated = ink_reply_estimated (reply),
                       .bound = ink_reply_bound (reply),
                       .bytes = ink_reply_data (reply),
                       .size = ink_reply_size (reply)};
    const ink_kernel_t *kernel = ink_kernels_find (data.kernel);
    if (!kernel)
        return data;
    ink_args_t args;
    ink_geometry_t geometry = {0};
    ink_options_args (options, kernel, &args);
    kernel->geometry (&args, &geometry);
    data.item = kernel->item;
    if (kernel->shape == INK_SHAPE_CHAIN)
        return data;
    data.shape = kernel->shape;
    bool cells = kernel->shape == INK_SHAPE_CELLS;
    data.own_bytes = cells ? geometry.cell_bytes : 0;
    data.cell_bytes = ink_reply_precision (reply);
    if (data.cell_bytes < data.own_bytes)
        data.cell_bytes = data.own_bytes; //  A final with an error does not say
    data.text = kernel->shape == INK_SHAPE_RECORDS ? geometry.text : 0;
    data.rows = cells ? geometry.cell_size / ink_data_item_size (&data) : 1;
    return data;
}

static void
write_line (ask_t *self, const ink_reply_t *reply, const ink_data_t *data)
{
    uint64_t precision = data->cell_bytes > data->own_bytes ? data->cell_bytes : 0;
    char *line = ink_replyline_of (reply, precision);
    ink_progress_clear (&self->progress);
    if (!line || puts (line) == EOF || fflush (stdout) != 0)
        worsen (self, ink_complain (INK_ESYSTEM, "cannot write to stdout"));
    free (line);
}

static void
write_summary (const ink_reply_t *reply)
{
    double total = (double) ink_reply_total (reply);
    uint64_t covered = ink_reply_cached (reply) + ink_reply_computed (reply);
    double seconds = ink_reply_elapsed_ms (reply) / 1000;
    fprintf (stderr, "%-10s %s covered, %s", ink_reply_kernel (reply),
             ink_human_bytes (covered).text,
             ink_human_share ((double) covered, total).text);
    if (ink_reply_estimated (reply))
        fprintf (stderr, " · approximate, ± %s",
                 ink_human_share (ink_reply_bound (reply), 1).text);
    fprintf (stderr, " · %s cached · %s computed · %s · %s\n",
             ink_human_share ((double) ink_reply_cached (reply), total).text,
             ink_human_bytes (ink_reply_computed (reply)).text,
             ink_human_seconds (seconds).text,
             ink_human_rate (seconds > 0 ? (double) covered / seconds : 0).text);
}

static void
complain_ranges (const ink_reply_t *reply)
{
    size_t count = ink_reply_failures (reply);
    const ink_failure_t *first = ink_reply_failure (reply, 0);
    ink_complain_so (
        first->error, NULL, "%s: %zu range%s failed, the first %s at offset %llu",
        ink_reply_kernel (reply), count, count == 1 ? "" : "s",
        ink_human_bytes (first->length).text, (unsigned long long) first->offset);
}

//  Says an error once, however many kernels ended with it; a name that is nearly right is
//  shown its neighbour.
static int
complain_final (ask_t *self, const ink_reply_t *reply)
{
    int error = ink_reply_error (reply);
    if (error == self->said || (error == INK_ECANCELLED && self->signal))
        return ink_error_status (error);
    self->said = error;
    const char *detail = ink_reply_detail (reply);
    if (error == INK_ENOKERNEL)
        for (size_t n = 0; n < self->options->kernel_count; n++) {
            const char *name = self->options->kernels[n];
            const char *near = ink_options_nearest_kernel (name);
            if (ink_kernels_find (name) || !near)
                continue;
            char hint[128];
            snprintf (hint, sizeof hint, "did you mean %s?", near);
            return ink_complain_so (error, hint, "the server has no kernel '%s'", name);
        }
    return ink_complain (error, detail);
}

//  What a comparison up to the end of the file does not show.
static void
note_sizes (const ask_t *self, const ink_reply_t *reply)
{
    uint64_t size = ink_reply_source_size (reply), other = ink_reply_other_size (reply);
    if (!self->options->other || size == other ||
        self->options->offset + ink_reply_total (reply) < size)
        return;
    unsigned long long more = size > other ? size - other : other - size;
    if (size > other)
        fprintf (stderr,
                 "inkling: %s is %llu bytes shorter: all behind its end differs\n",
                 self->options->other, more);
    else
        fprintf (stderr, "inkling: %s is %llu bytes longer: they are not compared\n",
                 self->options->other, more);
}

static void
take_final (ask_t *self, const ink_reply_t *reply, const ink_data_t *data)
{
    self->finals++;
    ink_progress_clear (&self->progress);
    int error = ink_reply_error (reply);
    if (error != INK_OK) {
        worsen (self, complain_final (self, reply));
        return;
    }
    if (data->bytes)
        worsen (self, ink_output_final (&self->output, data));
    if (self->options->progress != INK_PROGRESS_NONE)
        write_summary (reply);
    note_sizes (self, reply);
    if (ink_reply_failures (reply) > 0) {
        complain_ranges (reply);
        worsen (self, 1);
    }
}

static told_t *
told_of (ask_t *self, const char *kernel)
{
    for (size_t n = 0; n < self->options->kernel_count; n++)
        if (strcmp (self->options->kernels[n], kernel) == 0)
            return self->told + n;
    return NULL;
}

static void
take_reply (ask_t *self, const ink_reply_t *reply)
{
    told_t *told = told_of (self, ink_reply_kernel (reply));
    if (!told || told->final)
        return;
    told->state =
        (ink_progress_state_t){ink_reply_total (reply), ink_reply_cached (reply),
                               ink_reply_computed (reply), ink_reply_bound (reply)};
    told->final = ink_reply_is_final (reply);
    ink_data_t data = data_of (self, reply);
    if (self->options->json)
        write_line (self, reply, &data);
    if (told->final)
        take_final (self, reply, &data);
    else if (data.bytes)
        worsen (self, ink_output_partial (&self->output, &data, ink_reply_seq (reply)));
}

//  ---------------------------------------------------------------------------------------
//  Waiting

static void
show_progress (ask_t *self)
{
    ink_progress_state_t sum = {.bound = -1};
    for (size_t n = 0; n < self->options->kernel_count; n++) {
        sum.total += self->told[n].state.total;
        sum.cached += self->told[n].state.cached;
        sum.computed += self->told[n].state.computed;
        if (self->told[n].state.total && self->told[n].state.bound > sum.bound)
            sum.bound = self->told[n].state.bound;
    }
    if (sum.total > 0)
        ink_progress_show (&self->progress, &sum, now_ms ());
}

//  Why nothing comes, as the ventilator sees it.
static void
explain_silence (ask_t *self)
{
    ink_status_t *status = ink_client_status (self->client, TURN_MS);
    const char *id = ink_request_id (self->request), *reason = NULL;
    const ink_request_info_t *info;
    for (size_t n = 0; status && (info = ink_status_request (status, n)); n++)
        if (strcmp (info->id, id) == 0)
            reason = info->waits_for;
    char note[300];
    if (!status)
        snprintf (note, sizeof note, "waiting for the ventilator to answer");
    else if (reason && *reason)
        snprintf (note, sizeof note, "waiting: %s", reason);
    else
        *note = '\0';
    if (*note)
        ink_progress_note (&self->progress, note);
    ink_status_destroy (&status);
}

//  The first signal cancels and leaves some time for the finals, the second leaves none.
static void
take_signal (ask_t *self, int number)
{
    if (self->signal)
        _Exit (128 + number);
    self->signal = number;
    self->end_ms = now_ms () + FAREWELL_MS;
    ink_client_cancel (self->client, ink_request_id (self->request));
}

static void
turn (ask_t *self, int signals)
{
    struct pollfd polled[] = {{.fd = ink_client_fd (self->client), .events = POLLIN},
                              {.fd = signals, .events = POLLIN}};
    poll (polled, 2, TURN_MS);
    int number = ink_signals_read (signals);
    if (number)
        take_signal (self, number);

    //  A flood of replies must not keep us from Ctrl-C.
    ink_reply_t *reply = NULL;
    for (int n = 0; n < TURN_REPLIES && (reply = ink_client_receive (self->client, 0));
         n++) {
        self->heard_ms = now_ms ();
        take_reply (self, reply);
        ink_reply_destroy (&reply);
    }
    if (self->finals < self->options->kernel_count)
        show_progress (self);
    if (now_ms () - self->heard_ms >= QUIET_MS && !self->signal) {
        explain_silence (self);
        self->heard_ms = now_ms ();
    }
}

//  Every wait has an end: should the library not end the request in time, we do.
static void
follow (ask_t *self, int signals)
{
    self->heard_ms = now_ms ();
    self->end_ms = self->heard_ms + GRACE_MS +
                   (self->options->timeout_ms ? self->options->timeout_ms : DAY_MS);
    while (self->finals < self->options->kernel_count && now_ms () < self->end_ms)
        turn (self, signals);
    ink_progress_clear (&self->progress);
    if (self->signal) {
        fprintf (stderr, "inkling: interrupted\n");
        self->status = 128 + self->signal;
    } else if (self->finals < self->options->kernel_count) {
        worsen (self, ink_complain (INK_ETIMEOUT, NULL));
    }
}

int
ink_ask (const ink_options_t *options, const char *endpoint, const char *source,
         const char *other, int signals)
{
    ask_t self = {.options = options, .said = INK_OK};
    self.status = ink_output_init (&self.output, options);
    if (self.status == 0)
        self.status = submit (&self, endpoint, source, other);
    if (self.status == 0) {
        ink_progress_init (&self.progress, options->progress, now_ms ());
        follow (&self, signals);
    }
    ink_signals_leave (self.status, 3);
    ink_request_destroy (&self.request);
    if (self.client)
        ink_client_destroy (&self.client);
    return self.status;
}

//  options.c: what `run` and `request` are asked for.

#include "cli/options.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/arguments.h"
#include "cli/complain.h"
#include "inkling/client.h"
#include "inkling/local.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "value/plan.h"

#define SHOWN_MOST 64 //  Bytes of a parameter that a complaint repeats

enum {
    RANGE = 0x200,
    PARAM,
    FORMAT,
    JSON,
    PARTIALS,
    REPORT,
    CHUNK,
    WORKERS,
    CACHE,
    CACHE_SIZE,
    NO_CACHE,
    REFRESH,
    TIMEOUT,
    PRIORITY,
    PROGRESS,
    LOAD,
    SAMPLE,
    NO_ESTIMATES
};

static const struct argp_option table[] = {
    {NULL, 0, NULL, 0, "What is asked:", 1},
    {"range", RANGE, "OFFSET:LENGTH", 0,
     "These bytes; suffixes K M G T; without LENGTH to the end", 0},
    {"param", PARAM, "NAME=VALUE", 0, "A parameter of the kernels; once for each", 0},
    {"chunk", CHUNK, "SIZE", 0, "Cut at multiples of a power of two, 4K to 64M", 0},
    {"report", REPORT, "C[@SIZE][,...]", 0,
     "Completions, 0 to 1, at which a partial is wanted, and how many bytes a cell of it "
     "may stand for",
     0},
    {"sample", SAMPLE, "FRACTION", 0,
     "Compute so much of the range, 0 to 1, and estimate the rest: an approximate answer",
     0},
    {"no-estimates", NO_ESTIMATES, NULL, 0,
     "Partials are exact over what they cover, and estimate nothing", 0},
    {"priority", PRIORITY, "N", 0, "-1000 to 1000, smaller is sooner", 0},
    {"timeout", TIMEOUT, "SECONDS", 0, "Give up after so long", 0},
    {"load", LOAD, "FILE.so", 0, "Load a kernel; may be given again", 0},

    {NULL, 0, NULL, 0, "What comes out:", 2},
    {"output", 'o', "PATH", 0,
     "One kernel: a file; several: a folder with KERNEL.EXT; '-' is stdout", 0},
    {"format", FORMAT, "FORMAT", 0,
     "raw, json, png or text; if not said, as -o ends, else raw with -o and text without",
     0},
    {"json", JSON, NULL, 0, "A line of JSON a reply on stdout; the data goes to -o", 0},
    {"partials", PARTIALS, "DIR", 0, "Keep each partial too, as DIR/KERNEL.SEQ.EXT", 0},
    {"progress", PROGRESS, "HOW", 0,
     "auto, bar, plain or none, on stderr; auto is a bar on a terminal", 0},

    {NULL, 0, NULL, 0, "How it is computed (a server has its own workers and cache):", 3},
    {"workers", WORKERS, "N", 0, "Threads of run; if not said, one a processor", 0},
    {"cache", CACHE, "DIR", 0,
     "Folder of run's cache; if not said, $XDG_CACHE_HOME/inkling or ~/.cache/inkling",
     0},
    {"cache-size", CACHE_SIZE, "SIZE", 0, "What run's cache may take; if not said, 4G",
     0},
    {"no-cache", NO_CACHE, NULL, 0, "Neither read nor fill the cache", 0},
    {"refresh", REFRESH, NULL, 0, "Compute anew and fill the cache", 0},
    {0}};

void
ink_options_init (ink_options_t *self)
{
    *self = (ink_options_t){.length = INK_TO_END};
}

//  ---------------------------------------------------------------------------------------
//  Reading

//  Adds a text to a list that may hold `most`.
static error_t
add_text (const char *what, const char *text, const char **list, size_t *count,
          size_t most)
{
    if (*count == most) {
        ink_complain_so (INK_EUSAGE, NULL, "there can be at most %zu %s", most, what);
        return INK_ARGUMENT_BAD;
    }
    list[(*count)++] = text;
    return 0;
}

static error_t
read_kernels (ink_options_t *self, char *text)
{
    for (char *name; (name = strsep (&text, ",")) != NULL;) {
        if (!*name) {
            ink_complain_so (INK_EUSAGE, "kernels are joined by commas, without blanks",
                             "a kernel has no name");
            return INK_ARGUMENT_BAD;
        }
        error_t error = add_text ("kernels", name, self->kernels, &self->kernel_count,
                                  INK_OPTION_KERNELS);
        if (error)
            return error;
    }
    return 0;
}

static error_t
read_range (ink_options_t *self, const char *text)
{
    if (ink_text_range (text, &self->offset, &self->length))
        return 0;
    ink_complain_so (INK_EUSAGE, "OFFSET:LENGTH, as in 1G:64M, or 4K: to the end",
                     "--range cannot be '%s'", text);
    return INK_ARGUMENT_BAD;
}

static error_t
read_param (ink_options_t *self, char *text)
{
    char *value = strchr (text, '=');
    if (self->param_count == INK_OPTION_PARAMS || !value || value == text || !value[1]) {
        ink_complain_so (INK_EUSAGE, "NAME=VALUE, as in cell=4K, at most 8 of them",
                         "--param cannot be '%s'", text);
        return INK_ARGUMENT_BAD;
    }
    *value++ = '\0';
    self->params[self->param_count++] =
        (ink_option_param_t){.name = text, .typed = value};
    return 0;
}

//  A completion, then maybe '@' and how many bytes a cell may stand for.
static error_t
read_report (char *text, ink_option_report_t *report)
{
    char *precision = strchr (text, '@');
    report->precision = 0;
    if (precision)
        *precision++ = '\0';
    error_t error = ink_argument_decimal ("--report", text, 0, 1, &report->completion);
    if (error || !precision)
        return error;
    return ink_argument_size ("--report", precision, 1, INT64_MAX, &report->precision);
}

static error_t
read_reports (ink_options_t *self, char *text)
{
    for (char *share; (share = strsep (&text, ",")) != NULL;) {
        if (self->report_count == INK_OPTION_REPORTS) {
            ink_complain_so (INK_EUSAGE, NULL, "there can be at most %d reports",
                             INK_OPTION_REPORTS);
            return INK_ARGUMENT_BAD;
        }
        ink_option_report_t *report = self->reports + self->report_count;
        error_t error = read_report (share, report);
        if (error)
            return error;
        self->report_count++;
    }
    return 0;
}

static error_t
read_chunk (ink_options_t *self, const char *text)
{
    uint64_t chunk;
    if (!ink_text_size (text, &chunk) || chunk < INK_CHUNK_LEAST ||
        chunk > INK_CHUNK_MOST || chunk & (chunk - 1)) {
        ink_complain_so (INK_EUSAGE, NULL,
                         "--chunk wants a power of two from 4K to 64M, not '%s'", text);
        return INK_ARGUMENT_BAD;
    }
    self->chunk = chunk;
    return 0;
}

static error_t
read_format (ink_options_t *self, const char *text)
{
    self->format = ink_format_named (text);
    if (self->format != INK_FORMAT_NONE)
        return 0;
    ink_complain_so (INK_EUSAGE, NULL, "--format is raw, json, png or text, not '%s'",
                     text);
    return INK_ARGUMENT_BAD;
}

static error_t
read_progress (ink_options_t *self, const char *text)
{
    if (ink_progress_mode_named (text, &self->progress))
        return 0;
    ink_complain_so (INK_EUSAGE, NULL, "--progress is auto, bar, plain or none, not '%s'",
                     text);
    return INK_ARGUMENT_BAD;
}

static error_t
read_priority (ink_options_t *self, const char *text)
{
    int64_t number = 0;
    error_t error = ink_argument_number ("--priority", text, -1000, 1000, &number);
    self->priority = (int) number;
    return error;
}

static error_t
read_sample (ink_options_t *self, const char *text)
{
    error_t error = ink_argument_decimal ("--sample", text, 0, 1, &self->sample);
    if (error || self->sample > 0)
        return error;
    ink_complain_so (INK_EUSAGE, "as in 0.1: a tenth", "--sample cannot be 0");
    return INK_ARGUMENT_BAD;
}

static error_t
read_text (const char *option, const char *text, const char **out)
{
    *out = text;
    if (*text)
        return 0;
    ink_complain_so (INK_EUSAGE, NULL, "%s cannot be empty", option);
    return INK_ARGUMENT_BAD;
}

static error_t
read_argument (ink_options_t *self, char *text, unsigned place)
{
    if (place == 0)
        return read_kernels (self, text);
    if (place == 1)
        return read_text ("the file", text, &self->source);
    if (place == 2)
        return read_text ("the other file", text, &self->other);
    return ink_argument_spare (text);
}

//  Options that shape what comes out and what computes it.
static error_t
parse_surroundings (ink_options_t *self, int key, char *arg)
{
    switch (key) {
    case 'o':
        return read_text ("--output", arg, &self->output);
    case FORMAT:
        return read_format (self, arg);
    case JSON:
        self->json = true;
        return 0;
    case PARTIALS:
        return read_text ("--partials", arg, &self->partials);
    case PROGRESS:
        return read_progress (self, arg);
    case WORKERS:
        return ink_argument_size ("--workers", arg, 1, 256, &self->workers);
    case CACHE:
        return read_text ("--cache", arg, &self->cache);
    case CACHE_SIZE:
        return ink_argument_size ("--cache-size", arg, 1 << 20, UINT64_C (1) << 44,
                                  &self->cache_size);
    case NO_CACHE:
        self->no_cache = true;
        return 0;
    case REFRESH:
        self->refresh = true;
        return 0;
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static error_t
parse (int key, char *arg, struct argp_state *state)
{
    ink_options_t *self = state->input;
    switch (key) {
    case RANGE:
        return read_range (self, arg);
    case PARAM:
        return read_param (self, arg);
    case REPORT:
        return read_reports (self, arg);
    case CHUNK:
        return read_chunk (self, arg);
    case SAMPLE:
        return read_sample (self, arg);
    case NO_ESTIMATES:
        self->no_estimates = true;
        return 0;
    case PRIORITY:
        return read_priority (self, arg);
    case TIMEOUT:
        return ink_argument_seconds ("--timeout", arg, &self->timeout_ms);
    case LOAD:
        return add_text ("--load", arg, self->loads, &self->load_count, INK_OPTION_LOADS);
    case ARGP_KEY_ARG:
        return read_argument (self, arg, state->arg_num);
    case ARGP_KEY_END:
        if (!self->source)
            return ink_argument_missing (self->kernel_count ? "the file" : "the kernel");
        return 0;
    default:
        return parse_surroundings (self, key, arg);
    }
}

const struct argp ink_options_argp = {.options = table, .parser = parse};

//  ---------------------------------------------------------------------------------------
//  Kernels and their parameters

static int
load (const char *path)
{
    char why[200] = "", detail[PATH_MAX + 256];
    int error = ink_kernel_load (path, why, sizeof why);
    if (error == INK_OK)
        return 0;
    bool told = strncmp (why, path, strlen (path)) == 0; //  By the loader
    snprintf (detail, sizeof detail, "%s%s%s", told ? "" : path, told ? "" : ": ", why);
    return ink_complain (error, detail);
}

static bool
is_file (const char *kernel)
{
    size_t size = strlen (kernel);
    return strchr (kernel, '/') || (size > 3 && strcmp (kernel + size - 3, ".so") == 0);
}

//  The kernel that was loaded last.
static const char *
newest_kernel (void)
{
    size_t n = 0;
    while (ink_kernels_at (n + 1))
        n++;
    return ink_kernels_at (n)->name;
}

int
ink_options_load (ink_options_t *self)
{
    int status = 0;
    for (size_t n = 0; n < self->load_count && status == 0; n++)
        status = load (self->loads[n]);
    for (size_t n = 0; n < self->kernel_count && status == 0; n++) {
        if (!is_file (self->kernels[n]))
            continue;
        status = load (self->kernels[n]);
        if (status == 0)
            self->kernels[n] = newest_kernel ();
    }
    return status;
}

const char *
ink_options_nearest_kernel (const char *word)
{
    ink_nearest_t nearest = ink_nearest_to (word);
    for (size_t n = 0; ink_kernels_at (n); n++)
        ink_nearest_offer (&nearest, ink_kernels_at (n)->name);
    return nearest.best;
}

//  An error with "did you mean" as its hint, when something is near.
static int
complain_near (int error, const char *what, const char *word, const char *best)
{
    char hint[128];
    snprintf (hint, sizeof hint, "did you mean %s?", best ? best : "");
    return ink_complain_so (error, best ? hint : NULL, "%s '%s'", what, word);
}

static int
check_kernel (const ink_options_t *self, size_t n)
{
    const char *name = self->kernels[n];
    for (size_t before = 0; before < n; before++)
        if (strcmp (self->kernels[before], name) == 0)
            return ink_complain_so (INK_EUSAGE, "name each kernel once",
                                    "the kernel %s is named twice", name);
    const ink_kernel_t *kernel = ink_kernels_find (name);
    if (kernel && (kernel->sources == 2) != (self->other != NULL))
        return ink_complain_so (INK_EUSAGE, NULL,
                                self->other
                                    ? "%s takes one file, not also %s"
                                    : "%s compares two files: name the other, too",
                                name, self->other);
    if (kernel)
        return 0;
    return complain_near (INK_ENOKERNEL, "there is no kernel", name,
                          ink_options_nearest_kernel (name));
}

//  Repeats what was typed unless that would bury the reason.
static int
refuse_param (const ink_option_param_t *param, const ink_why_t *why)
{
    if (strlen (param->typed) > SHOWN_MOST)
        return ink_complain_so (INK_EPARAM, NULL, "%s", why->text);
    return ink_complain_so (INK_EPARAM, NULL, "%s, not %s", why->text, param->typed);
}

//  A parameter is for every kernel that has it, and at least one must.
static int
check_param (const ink_options_t *self, const ink_option_param_t *param)
{
    ink_why_t why;
    ink_args_t args;
    ink_nearest_t nearest = ink_nearest_to (param->name);
    bool taken = false;
    for (size_t n = 0; n < self->kernel_count; n++) {
        const ink_kernel_t *kernel = ink_kernels_find (self->kernels[n]);
        ink_args_init (&args, kernel);
        int error = ink_args_set (&args, kernel, param->name, 0, param->typed, &why);
        if (error == INK_EPARAM)
            return refuse_param (param, &why);
        taken = taken || error == INK_OK;
        for (size_t p = 0; p < ink_kernels_params (kernel); p++)
            ink_nearest_offer (&nearest, kernel->params[p].name);
    }
    if (taken)
        return 0;
    return complain_near (INK_EPARAM, "no kernel asked for takes a parameter",
                          param->name, nearest.best);
}

//  Whether a kernel takes all its parameters together.
static int
check_args (const ink_options_t *self, const ink_kernel_t *kernel)
{
    ink_why_t why;
    ink_args_t args;
    ink_options_args (self, kernel, &args);
    if (ink_args_check (&args, kernel, &why) == INK_OK)
        return 0;
    return ink_complain_so (INK_EPARAM, NULL, "%s: %s", kernel->name, why.text);
}

int
ink_options_check (const ink_options_t *self)
{
    int status = 0;
    for (size_t n = 0; n < self->kernel_count && status == 0; n++)
        status = check_kernel (self, n);
    for (size_t n = 0; n < self->param_count && status == 0; n++)
        status = check_param (self, self->params + n);
    for (size_t n = 0; n < self->kernel_count && status == 0; n++)
        status = check_args (self, ink_kernels_find (self->kernels[n]));
    return status;
}

void
ink_options_args (const ink_options_t *self, const ink_kernel_t *kernel, ink_args_t *args)
{
    ink_why_t why;
    ink_args_init (args, kernel);
    for (size_t n = 0; n < self->param_count; n++)
        ink_args_set (args, kernel, self->params[n].name, 0, self->params[n].typed, &why);
}

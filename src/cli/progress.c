//  progress.c: how far a request is, on stderr.

#include "cli/progress.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/human.h"

#define BAR_EVERY_MS 100
#define PLAIN_EVERY_MS 1000

bool
ink_progress_mode_named (const char *name, ink_progress_mode_t *mode)
{
    static const char *const names[] = {"auto", "bar", "plain", "none"};
    for (int n = 0; n < 4; n++)
        if (strcmp (name, names[n]) == 0) {
            *mode = (ink_progress_mode_t) n;
            return true;
        }
    return false;
}

void
ink_progress_init (ink_progress_t *self, ink_progress_mode_t mode, int64_t now_ms)
{
    const char *kind = getenv ("TERM");
    bool terminal = isatty (STDERR_FILENO) && (!kind || strcmp (kind, "dumb") != 0);
    if (mode == INK_PROGRESS_AUTO)
        mode = terminal ? INK_PROGRESS_BAR : INK_PROGRESS_NONE;
    if (mode == INK_PROGRESS_BAR && !terminal)
        mode = INK_PROGRESS_PLAIN;
    *self = (ink_progress_t){.mode = mode,
                             .color = terminal && !getenv ("NO_COLOR"),
                             .started_ms = now_ms,
                             .last_ms = now_ms};
}

static int
columns (void)
{
    struct winsize size;
    if (ioctl (STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
        return size.ws_col;
    return 80;
}

//  "62 % · ≈ ± 0.4 % · 1.72 GB/s · 0.4 s left · 30 % cached". The rate is that of what is computed: the
//  cache costs no time worth telling.
static void
describe (const ink_progress_t *self, const ink_progress_state_t *state, int64_t now_ms,
          char *text, size_t size)
{
    double seconds = (double) (now_ms - self->started_ms) / 1000;
    double rate = seconds > 0 ? (double) state->computed / seconds : 0;
    double total = (double) state->total,
           covered = (double) (state->cached + state->computed);
    int at =
        snprintf (text, size, "%3d %%", total > 0 ? (int) (covered * 100 / total) : 0);
    if (state->bound >= 0)
        at += snprintf (text + at, size - (size_t) at, " · ≈ ± %s",
                        ink_human_share (state->bound, 1).text);
    if (rate > 0)
        at += snprintf (text + at, size - (size_t) at, " · %s · %s left",
                        ink_human_rate (rate).text,
                        ink_human_seconds ((total - covered) / rate).text);
    if (state->cached > 0)
        snprintf (text + at, size - (size_t) at, " · %s cached",
                  ink_human_share ((double) state->cached, total).text);
}

static void
repeat (const char *letter, int times)
{
    for (int n = 0; n < times; n++)
        fputs (letter, stderr);
}

//  What came from the cache is shown lighter than what was computed.
static void
draw_bar (ink_progress_t *self, const ink_progress_state_t *state, const char *text)
{
    int width = columns () - 68;
    if (width > 48)
        width = 48;
    fputs ("\r\033[K", stderr);
    if (width >= 8 && state->total > 0) {
        double total = (double) state->total;
        int cached = (int) ((double) state->cached / total * width);
        int covered = (int) ((double) (state->cached + state->computed) / total * width);
        repeat ("▓", cached);
        repeat ("█", covered - cached);
        repeat ("░", width - covered);
        putc (' ', stderr);
    }
    fprintf (stderr, "%s", text);
    self->drawn = true;
}

void
ink_progress_show (ink_progress_t *self, const ink_progress_state_t *state,
                   int64_t now_ms)
{
    bool bar = self->mode == INK_PROGRESS_BAR;
    if (self->mode == INK_PROGRESS_NONE ||
        now_ms - self->last_ms < (bar ? BAR_EVERY_MS : PLAIN_EVERY_MS))
        return;
    self->last_ms = now_ms;
    char text[128];
    describe (self, state, now_ms, text, sizeof text);
    if (bar)
        draw_bar (self, state, text);
    else
        fprintf (stderr, "%s\n", text);
    fflush (stderr);
}

void
ink_progress_note (ink_progress_t *self, const char *text)
{
    if (self->mode == INK_PROGRESS_NONE)
        return;
    if (self->mode == INK_PROGRESS_BAR) {
        int room = columns () - 1;
        fprintf (stderr, "\r\033[K%s%.*s%s", self->color ? "\033[2m" : "", room, text,
                 self->color ? "\033[0m" : "");
        self->drawn = true;
    } else {
        fprintf (stderr, "%s\n", text);
    }
    fflush (stderr);
}

void
ink_progress_clear (ink_progress_t *self)
{
    if (!self->drawn)
        return;
    fputs ("\r\033[K", stderr);
    fflush (stderr);
    self->drawn = false;
}

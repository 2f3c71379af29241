//  viewer-loop.c: a viewer without a screen: somebody drags, zooms and jumps over a file.
//
//      viewer-loop ROOT/PATH [SECONDS [SEED]]
//
//  It shows the entropy of a window, and histogram and digraph of a selection in it. Each is a
//  view: a move states it anew, which ends what is no longer looked at and keeps what still is.
//  The same seed makes the same moves, whatever is answered. What it tells of chunks is what the
//  ventilator counted meanwhile, for whoever asked.

#define _POSIX_C_SOURCE 200809L //  clock_gettime

#include <inkling.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TIMES_MOST 100000
#define WINDOW_LEAST 65536
#define WINDOW_CELLS 2048 //  Pixels for the entropy
#define CELL_LEAST 16
#define CELL_MOST 1048576

typedef struct {
    uint64_t offset, length;
} range_t;

typedef struct {
    double ms[TIMES_MOST];
    size_t count;
} times_t;

//  A part of the screen, and what was asked for it.
typedef struct {
    const char *view;
    const char *kernels[3]; //  Ends with NULL
    bool has_cells;
    range_t range;
    ink_request_t *request; //  NULL: all of it is shown
    size_t missing;         //  Finals
    bool blank;             //  Nothing of it was shown yet
    double asked_ms;
} pane_t;

typedef struct {
    ink_client_t *client;
    const char *source;
    uint64_t size, seed;
    range_t window, selection;
    pane_t panes[2]; //  Of the window, of the selection
    uint64_t moves, requests, left, left_blank, bytes;
    times_t first, exact;
    int error;
} viewer_t;

static double
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec * 1e3 + (double) now.tv_nsec * 1e-6;
}

static void
add_time (times_t *times, double ms)
{
    if (times->count < TIMES_MOST)
        times->ms[times->count++] = ms;
}

//  ---------------------------------------------------------------------------------------
//  Asking

//  Of a request that was left only its cancelled finals will come, and nobody looks at them. It
//  ends when its view is stated anew.
static void
leave (viewer_t *self, pane_t *pane)
{
    if (!pane->request)
        return;
    ink_request_destroy (&pane->request);
    self->left++;
    self->left_blank += pane->blank;
    if (pane->blank) //  It would have taken longer than this
        add_time (&self->first, now_ms () - pane->asked_ms);
}

//  A power of two, so that moves within one zoom find each other's chunks in the cache.
static int64_t
cell_for (uint64_t length)
{
    int64_t cell = CELL_LEAST;
    while (cell < CELL_MOST && (uint64_t) cell * WINDOW_CELLS < length)
        cell *= 2;
    return cell;
}

//  Both panes are looked at where the selection is.
static void
look_at (viewer_t *self, pane_t *pane, range_t range)
{
    if (pane->range.offset == range.offset && pane->range.length == range.length)
        return; //  What is there, or on its way, is still wanted
    leave (self, pane);
    ink_request_t *request = ink_request_new (self->source);
    ink_request_set_range (request, range.offset, range.length);
    ink_request_set_view (request, pane->view,
                          self->selection.offset + self->selection.length / 2);
    for (pane->missing = 0; pane->kernels[pane->missing]; pane->missing++)
        ink_request_add_kernel (request, pane->kernels[pane->missing]);
    if (pane->has_cells)
        ink_request_set_param (request, "cell", cell_for (range.length));
    pane->range = range;
    pane->request = request;
    pane->blank = true;
    pane->asked_ms = now_ms ();
    self->error = ink_client_submit (self->client, request);
    self->requests++;
    self->bytes += range.length;
}

//  ---------------------------------------------------------------------------------------
//  Showing

static pane_t *
pane_of (viewer_t *self, const char *id)
{
    for (size_t n = 0; n < 2; n++) {
        pane_t *pane = &self->panes[n];
        if (pane->request && strcmp (ink_request_id (pane->request), id) == 0)
            return pane;
    }
    return NULL;
}

//  Here a real viewer draws ink_reply_data.
static void
show (viewer_t *self, const ink_reply_t *reply)
{
    pane_t *pane = pane_of (self, ink_reply_request (reply));
    if (!pane)
        return;
    double ms = now_ms () - pane->asked_ms;
    self->error = ink_reply_error (reply);
    bool tells = ink_reply_cached (reply) || ink_reply_computed (reply) ||
                 ink_reply_estimated (reply);
    if (pane->blank && tells) {
        pane->blank = false;
        add_time (&self->first, ms);
    }
    if (ink_reply_is_final (reply) && --pane->missing == 0) {
        add_time (&self->exact, ms);
        ink_request_destroy (&pane->request);
    }
}

static void
watch (viewer_t *self, double for_ms)
{
    double end = now_ms () + for_ms, left;
    while (!self->error && (left = end - now_ms ()) > 0) {
        ink_reply_t *reply = ink_client_receive (self->client, (int) left + 1);
        if (reply)
            show (self, reply);
        ink_reply_destroy (&reply);
    }
}

//  ---------------------------------------------------------------------------------------
//  Moving

static uint64_t
dice (viewer_t *self, uint64_t sides)
{
    self->seed ^= self->seed << 13;
    self->seed ^= self->seed >> 7;
    self->seed ^= self->seed << 17;
    return self->seed % sides;
}

//  The range of that length about a place, or the nearest one inside the file.
static range_t
around (const viewer_t *self, uint64_t middle, uint64_t length)
{
    length = length < self->size ? length : self->size;
    uint64_t offset = middle > length / 2 ? middle - length / 2 : 0;
    uint64_t last = self->size - length;
    return (range_t){offset < last ? offset : last, length};
}

static void
see (viewer_t *self, uint64_t middle, uint64_t length)
{
    length = length > WINDOW_LEAST ? length : WINDOW_LEAST;
    self->window = around (self, middle, length);
    self->selection = around (self, middle, self->window.length / 8 + 1);
}

//  The selection slides by up to its length; at the border of the window this follows.
static void
drag (viewer_t *self)
{
    range_t *selection = &self->selection, *window = &self->window;
    uint64_t length = selection->length;
    uint64_t to = selection->offset + length / 2 + dice (self, 2 * length);
    *selection = around (self, to > length ? to - length : 0, length);
    if (selection->offset < window->offset ||
        selection->offset + length > window->offset + window->length)
        *window = around (self, selection->offset + length / 2, window->length);
}

static void
move (viewer_t *self)
{
    uint64_t middle = self->selection.offset + self->selection.length / 2;
    switch (dice (self, 10)) {
    case 0:
        see (self, middle, self->window.length / 4);
        break;
    case 1:
        see (self, middle, self->window.length * 4);
        break;
    case 2:
        see (self, dice (self, self->size), self->window.length);
        break;
    default:
        drag (self);
    }
    self->moves++;
}

//  Moves come every 20 to 100 ms, and now and then somebody looks for half a second.
static void
play (viewer_t *self, double seconds)
{
    see (self, self->size / 2, self->size);
    for (double end = now_ms () + seconds * 1e3; !self->error && now_ms () < end;) {
        look_at (self, &self->panes[1], self->selection);
        if (!self->error)
            look_at (self, &self->panes[0], self->window);
        watch (self, dice (self, 8) ? 20 + (double) dice (self, 80) : 500);
        move (self);
    }
    for (size_t n = 0; n < 2; n++) {
        if (self->panes[n].request)
            ink_client_cancel (self->client, ink_request_id (self->panes[n].request));
        leave (self, &self->panes[n]);
    }
}

//  ---------------------------------------------------------------------------------------
//  Telling

typedef struct {
    uint64_t computed, late; //  Chunks; late: nobody wanted it any more when it came
    uint64_t revoked;        //  Leases, of which a part of a chunk is lost as well
} counts_t;

static counts_t
count (viewer_t *self)
{
    counts_t counts = {0};
    const ink_counter_t *counter;
    ink_status_t *status = ink_client_status (self->client, 3000);
    for (size_t n = 0; status && (counter = ink_status_counter (status, n)); n++) {
        if (strcmp (counter->name, "parts_computed") == 0)
            counts.computed = counter->value;
        if (strcmp (counter->name, "late_values") == 0)
            counts.late = counter->value;
        if (strcmp (counter->name, "leases_revoked") == 0)
            counts.revoked = counter->value;
    }
    if (!status)
        self->error = INK_EUNREACHABLE;
    ink_status_destroy (&status);
    return counts;
}

static int
by_size (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

static void
tell_times (const char *what, times_t *times)
{
    static const double shares[] = {0.5, 0.9, 0.99};
    qsort (times->ms, times->count, sizeof *times->ms, by_size);
    printf ("%s: %zu", what, times->count);
    for (size_t n = 0; times->count && n < 3; n++) {
        size_t place = (size_t) (shares[n] * (double) (times->count - 1));
        printf (", p%.0f %.2f ms", shares[n] * 100, times->ms[place]);
    }
    printf ("\n");
}

static void
tell (viewer_t *self, counts_t before, counts_t after)
{
    printf ("moves: %llu\n", (unsigned long long) self->moves);
    printf ("requests: %llu, left %llu, before they showed anything %llu\n",
            (unsigned long long) self->requests, (unsigned long long) self->left,
            (unsigned long long) self->left_blank);
    printf ("bytes asked: %llu\n", (unsigned long long) self->bytes);
    tell_times ("first replies", &self->first);
    tell_times ("exact replies", &self->exact);
    printf ("chunks computed: %llu, wasted %llu, leases revoked %llu\n",
            (unsigned long long) (after.computed - before.computed),
            (unsigned long long) (after.late - before.late),
            (unsigned long long) (after.revoked - before.revoked));
}

//  How long the source is: `count` reads nothing.
static uint64_t
size_of (viewer_t *self)
{
    uint64_t size = 0;
    ink_reply_t *reply;
    ink_request_t *request = ink_request_new (self->source);
    ink_request_add_kernel (request, "count");
    ink_request_set_chunk (request, 64 << 20);
    self->error = ink_client_submit (self->client, request);
    for (bool ended = self->error; !ended; ink_reply_destroy (&reply)) {
        reply = ink_client_receive (self->client, -1);
        ended = reply && ink_reply_is_final (reply);
        if (ended)
            self->error = ink_reply_error (reply);
        size = reply ? ink_reply_total (reply) : size;
    }
    ink_request_destroy (&request);
    return size;
}

int
main (int argc, char **argv)
{
    static viewer_t self = {
        .panes = {{.view = "window", .kernels = {"entropy"}, .has_cells = true},
                  {.view = "selection", .kernels = {"histogram", "digraph"}}}};
    self.source = argc > 1 ? argv[1] : "";
    self.seed = (argc > 3 ? strtoull (argv[3], NULL, 10) : 1) * 0x9E3779B97F4A7C15u | 1;
    self.client = ink_client_new (NULL);
    if (self.client)
        self.size = size_of (&self);
    else
        self.error = INK_ESYSTEM;
    if (!self.error) {
        counts_t before = count (&self);
        play (&self, argc > 2 ? atof (argv[2]) : 60);
        watch (&self, 200); //  What is late comes, too
        tell (&self, before, count (&self));
    }
    if (self.error)
        fprintf (stderr, "%s\n", ink_error_text (self.error));
    ink_client_destroy (&self.client);
    return ink_error_status (self.error);
}

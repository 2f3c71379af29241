//  asks.c: every question that was ever asked in a world, and what became of it.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "asks.h"
#include "faults.h"
#include "truth.h"

//  Two files are compared by a kernel of its own.
static void
choose_other (world_t *world, ask_t *self)
{
    self->other = &world->sources->items[world_draw (world, world->sources->size)];
    self->kernels = 1;
    self->kernel[0].name = "diff";
}

//  Mostly those that are quick, so that the others leave time for more worlds.
static void
choose_kernels (world_t *world, ask_t *self)
{
    static const char *const names[] = {"histogram", "entropy", "digest",
                                        "byteclass", "strings", "search",
                                        "digraph",   "count",   "bytes"};
    uint64_t kinds = world->faults->digraphs ? 9 : world_luck (world, 60) ? 3 : 6;
    if (self->source && world_luck (world, 8)) {
        choose_other (world, self);
        return;
    }
    self->kernels = 1 + world_draw (world, 2);
    size_t first = world_draw (world, kinds);
    for (size_t k = 0; k < self->kernels; k++)
        self->kernel[k].name = names[(first + k) % kinds];
}

static void
choose_range (world_t *world, ask_t *self)
{
    uint64_t size = self->source ? source_now (self->source)->identity.size : 1 << 16;
    self->offset = 0;
    self->length = UINT64_MAX;
    if (world_luck (world, 50))
        return;
    self->offset = world_draw (world, size);
    if (world_luck (world, 50))
        self->offset &= ~(uint64_t) 4095;
    self->length = 1 + world_draw (world, size - self->offset);
    if (world_luck (world, 30) && self->length > 4096) //  Ends with a chunk
        self->length -= (self->offset + self->length) % 4096;
    if (world_luck (world, 3))
        self->length = size; //  May end behind the end
}

static bool
can_be_sampled (const ask_t *self)
{
    for (size_t k = 0; k < self->kernels; k++)
        if (strcmp (self->kernel[k].name, "histogram") &&
            strcmp (self->kernel[k].name, "digraph"))
            return false;
    return true;
}

const char *
ask_view (const ask_t *self)
{
    static const char *const views[] = {NULL, "left", NULL, NULL, "right", "left"};
    return views[atoi (self->id + 1) % 6];
}

static const ask_t *
last_statement (const world_t *world, const ask_t *self)
{
    for (size_t n = (size_t) self->n; n-- > 0;) {
        const ask_t *ask = &world->asks->items[n];
        if (ask->client == self->client && ask->source && ask_view (ask) &&
            strcmp (ask_view (ask), ask_view (self)) == 0)
            return ask;
    }
    return NULL;
}

static void
look_like (ask_t *self, const ask_t *last)
{
    self->source = last->source;
    self->other = last->other;
    self->chunk = last->chunk;
    self->cell = last->cell;
    self->limit = last->limit;
    self->single = last->single;
    self->kernels = last->kernels;
    for (size_t k = 0; k < last->kernels; k++)
        self->kernel[k].name = last->kernel[k].name;
}

//  The view moves a little: most of what it shows was wanted before.
static void
drag (world_t *world, ask_t *self)
{
    const ask_t *last = last_statement (world, self);
    if (!last || world_luck (world, 30))
        return;
    uint64_t size = source_now (last->source)->identity.size;
    look_like (self, last);
    self->offset = (last->offset + world_draw (world, size / 4 + 1)) % size;
    self->length = size - self->offset;
    if (last->length < self->length)
        self->length = last->length;
}

//  Small cells take long; of such, a node has coarser ones.
static void
choose_details (world_t *world, ask_t *self)
{
    self->cell = INT64_C (2048) << world_draw (world, 2);
    if (world_luck (world, 30))
        self->cell = 256;
    self->limit = 1000000;
    if (world_luck (world, 40))
        self->limit = 1 + (int64_t) world_draw (world, 50);
    self->single = world_luck (world, 50);
    self->reports = self->n % 4 == 1 ? SOON + world_draw (world, 2) : NONE;
    self->precision = (uint64_t) self->cell << (2 + world_draw (world, 8));
}

//  All of a source is looked at from afar, when somebody has looked at some of it.
static void
zoom_out (world_t *world, ask_t *self)
{
    const ask_t *last = &world->asks->items[world_draw (world, (uint64_t) self->n + 1)];
    if (!last->source || last->cell != 256)
        return;
    look_like (self, last);
    self->offset = 0;
    self->length = UINT64_MAX;
    self->reports = SOON;
}

ask_t *
asks_new (world_t *world, int client)
{
    asks_t *asks = world->asks;
    if (asks->size == ASKS_MOST)
        return NULL;
    ask_t *self = &asks->items[asks->size];
    *self = (ask_t){.n = (int) asks->size++, .client = client};
    snprintf (self->id, sizeof self->id, "r%d", self->n);
    if (!world_luck (world, 2))
        self->source = &world->sources->items[world_draw (world, world->sources->size)];
    choose_kernels (world, self);
    choose_range (world, self);
    self->chunk = UINT64_C (4096) << (world_luck (world, 70) ? 0 : world_draw (world, 3));
    choose_details (world, self);
    if (ask_view (self))
        drag (world, self);
    else if (world_luck (world, 25))
        zoom_out (world, self);
    self->exact = self->n % 5 == 4;
    if (world_luck (world, 25) && can_be_sampled (self)) {
        self->sample = 0.1 * (double) (1 + world_draw (world, 9));
        self->chunk = 4096;
    }
    if (!world->calm && world_luck (world, 8))
        self->timeout_us = world_between (world, 50, 5000) * MS;
    self->open = self->kernels;
    self->submitted = self->since = world->now;
    self->cancelled = -1;
    self->late = world->calm;
    return self;
}

ask_t *
asks_again (world_t *world, const ask_t *old, int client)
{
    asks_t *asks = world->asks;
    if (asks->size == ASKS_MOST)
        return NULL;
    ask_t *self = &asks->items[asks->size];
    *self = *old;
    self->n = (int) asks->size++;
    self->client = client;
    self->abandoned = false;
    self->open = self->kernels;
    self->submitted = world->now;
    self->ended = 0;
    self->late = false;
    for (size_t k = 0; k < self->kernels; k++)
        self->kernel[k] = (asked_t){.name = old->kernel[k].name};
    return self;
}

//  Both needles are runs of at least two, whatever is cut off: see truth.c.
static void
set_params (const ask_t *self, const char *kernel, ink_request_t *request)
{
    bool is_search = strcmp (kernel, "search") == 0;
    if (strcmp (kernel, "entropy") == 0 || strcmp (kernel, "byteclass") == 0 ||
        strcmp (kernel, "diff") == 0)
        ink_request_set_param (request, "cell", self->cell);
    if (is_search || strcmp (kernel, "strings") == 0)
        ink_request_set_param (request, "limit", self->limit);
    if (is_search && self->single)
        ink_request_set_text_param (request, "bytes", "4040");
    else if (is_search)
        ink_request_set_text_param (request, "pattern", "[@-G]{2,}");
}

//  What a request says of cache, priority, reports and view follows from its id, so that the
//  same question is the same body.
ink_request_t *
ask_request (const ask_t *self)
{
    int n = atoi (self->id + 1);
    ink_request_t *request =
        ink_request_new (self->source ? self->source->name : "data/none");
    ink_request_set_id (request, self->id);
    ink_request_set_range (request, self->offset, self->length);
    if (self->other)
        ink_request_set_other (request, self->other->name);
    for (size_t k = 0; k < self->kernels; k++) {
        ink_request_add_kernel (request, self->kernel[k].name);
        set_params (self, self->kernel[k].name, request);
    }
    ink_request_set_chunk (request, self->chunk);
    ink_request_set_priority (request, n % 5 * 100 - 200);
    for (int r = 0; self->reports && r < 4; r++)
        ink_request_add_report_at (request, 0.2 * r + (self->reports == LATER ? 0.1 : 0),
                                   self->precision >> 2 * r);
    ink_request_set_estimates (request, !self->exact);
    if (self->sample > 0)
        ink_request_set_sample (request, self->sample);
    ink_request_set_cache (request, n % 6 != 2, n % 7 != 3);
    if (ask_view (self))
        ink_request_set_view (request, ask_view (self), INK_MIDDLE);
    if (self->timeout_us)
        ink_request_set_timeout (request, (uint32_t) (self->timeout_us / 1000));
    return request;
}

ask_t *
asks_find (world_t *world, int client, const char *id)
{
    for (size_t n = world->asks->size; n-- > 0;) {
        ask_t *ask = &world->asks->items[n];
        if (ask->client == client && ask->open && !ask->abandoned &&
            strcmp (ask->id, id) == 0)
            return ask;
    }
    return NULL;
}

size_t
asks_open (const asks_t *self)
{
    size_t open = 0;
    for (size_t n = 0; n < self->size; n++)
        open += self->items[n].open && !self->items[n].abandoned;
    return open;
}

//  ---------------------------------------------------------------------------------------
//  Replies

static asked_t *
find_kernel (ask_t *self, const char *name)
{
    for (size_t k = 0; k < self->kernels; k++)
        if (strcmp (self->kernel[k].name, name) == 0)
            return &self->kernel[k];
    return NULL;
}

//  There are more records than may be listed.
static bool
is_cut_short (const ask_t *ask, const ink_reply_t *reply)
{
    bool records =
        strcmp (reply->kernel, "strings") == 0 || strcmp (reply->kernel, "search") == 0;
    uint64_t count = 0;
    if (records && reply->error == INK_OK)
        memcpy (&count, ink_payload_data (reply->payload), sizeof count);
    return count > (uint64_t) ask->limit;
}

//  Each kernel is answered by exactly one final.
void
asks_delivered (world_t *world, int client, const ink_reply_t *reply)
{
    world->asks->replies++;
    ask_t *ask = asks_find (world, client, reply->request);
    if (!ask)
        world_fail (world, "a reply to %s, which has ended", reply->request);
    asked_t *asked = find_kernel (ask, reply->kernel);
    if (!asked || asked->finals)
        world_fail (world, "a reply behind the final of %s of %s", reply->kernel,
                    reply->request);
    truth_check (world, ask, reply);
    world->asks->coarse += reply->precision > (uint64_t) ask->cell;
    world->asks->compared += ask->other && !reply->error;
    world->asks->cut_short += is_cut_short (ask, reply);
    world->asks->estimates += !reply->final && reply->estimated;
    world->asks->sampled += reply->final && reply->estimated;
    if (!reply->final) {
        world->asks->partials++;
        asked->covered = reply->cached + reply->computed;
        return;
    }
    world->asks->finals++;
    asked->finals++;
    asked->error = reply->error;
    if (reply->error >= 0 && reply->error < INK_ERROR_COUNT)
        world->asks->errors[reply->error]++;
    if (--ask->open == 0)
        ask->ended = world->now;
    if (reply->last != (ask->open == 0))
        world_fail (world, "%s is not told rightly which final is the last", ask->id);
}

void
asks_taken (world_t *world, int client, const ink_reply_t *reply)
{
    for (size_t n = world->asks->size; n-- > 0;) {
        ask_t *ask = &world->asks->items[n];
        asked_t *asked = find_kernel (ask, reply->kernel);
        if (ask->client != client || ask->abandoned || !asked ||
            strcmp (ask->id, reply->request) != 0)
            continue;
        if (reply->seq <= asked->shown)
            world_fail (world, "seq %llu of %s came behind %llu",
                        (unsigned long long) reply->seq, ask->id,
                        (unsigned long long) asked->shown);
        asked->shown = reply->seq;
        return;
    }
}

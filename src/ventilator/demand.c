//  demand.c: a request as the ventilator serves it, and the client who made it.

#include <assert.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "kernels/kernels.h"
#include "value/answer.h"
#include "ventilator/demand.h"

//  Bounds of what may be open at once
#define OPEN_MOST 16384
#define CLIENT_OPEN_MOST 1024
#define CLIENT_OUTPUT_MOST ((uint64_t) 1 << 30)

#define DAY_US ((int64_t) 24 * 3600 * 1000000)

//  ---------------------------------------------------------------------------------------
//  Fairness: who has the least running for its weight comes first, the older on a tie

static double
demand_score (const ink_demand_t *demand)
{
    return (double) (demand->running + 1) * demand->weight;
}

static bool
demand_before (const ink_heap_node_t *a, const ink_heap_node_t *b)
{
    const ink_demand_t *x = INK_ITEM (a, const ink_demand_t, node);
    const ink_demand_t *y = INK_ITEM (b, const ink_demand_t, node);
    double mine = demand_score (x), other = demand_score (y);
    return mine < other || (!(other < mine) && x->age < y->age);
}

static double
client_score (const ink_client_entry_t *client)
{
    const ink_heap_node_t *first = ink_heap_first (&client->eager);
    double weight = first ? INK_ITEM (first, const ink_demand_t, node)->weight : 1;
    return (double) (client->running + 1) * weight;
}

static bool
client_before (const ink_heap_node_t *a, const ink_heap_node_t *b)
{
    const ink_client_entry_t *x = INK_ITEM (a, const ink_client_entry_t, node);
    const ink_client_entry_t *y = INK_ITEM (b, const ink_client_entry_t, node);
    double mine = client_score (x), other = client_score (y);
    return mine < other || (!(other < mine) && x->age < y->age);
}

//  2 ^ (priority / 100) without a mathematics library: these objects need none
static double
weight_of (int64_t priority)
{
    double weight = 1, step = 1.0069555500567189; //  2 ^ (1 / 100)
    for (int64_t n = priority < 0 ? -priority : priority; n > 0; n--)
        weight *= step;
    return priority < 0 ? 1 / weight : weight;
}

//  ---------------------------------------------------------------------------------------
//  Tables

int
ink_demands_init (ink_demands_t *self)
{
    memset (self, 0, sizeof *self);
    ink_heap_init (&self->eager, client_before);
    self->by_handle = ink_map_new (sizeof (uint64_t));
    self->by_id = ink_map_new (INK_NAME_MOST + 1);
    self->clients = ink_map_new (sizeof (uint64_t));
    self->next_handle = self->next_age = 1;
    if (self->by_handle && self->by_id && self->clients &&
        ink_groups_init (&self->kin) == INK_OK)
        return INK_OK;
    ink_demands_free (self);
    return INK_ENOMEM;
}

void
ink_demands_free (ink_demands_t *self)
{
    size_t cursor = 0;
    ink_client_entry_t *client;
    while (self->clients && (client = ink_map_next (self->clients, &cursor))) {
        INK_LIST_EACH (link, &client->demands)
        ink_demands_remove (self, INK_ITEM (link, ink_demand_t, link));
        ink_demands_remove_client (self, client);
    }
    ink_map_destroy (&self->by_handle);
    ink_map_destroy (&self->by_id);
    ink_map_destroy (&self->clients);
    ink_groups_free (&self->kin);
    ink_heap_free (&self->eager);
}

ink_client_entry_t *
ink_demands_client (ink_demands_t *self, uint64_t peer, int64_t now)
{
    ink_client_entry_t *client = ink_map_get (self->clients, &peer);
    if (!client) {
        client = ink_alloc (sizeof *client);
        if (!client)
            return NULL;
        client->peer = peer;
        client->age = self->next_age++;
        ink_list_init (&client->demands);
        ink_heap_init (&client->eager, demand_before);
        if (ink_map_put (self->clients, &client->peer, client)) {
            ink_free (client);
            return NULL;
        }
    }
    client->heard = now;
    return client;
}

void
ink_demands_remove_client (ink_demands_t *self, ink_client_entry_t *client)
{
    assert (ink_list_empty (&client->demands));
    ink_heap_remove (&self->eager, &client->node);
    ink_map_remove (self->clients, &client->peer);
    ink_heap_free (&client->eager);
    ink_free (client);
}

//  ---------------------------------------------------------------------------------------
//  The books of a client

uint64_t
ink_demand_ready (const ink_demand_t *self)
{
    uint64_t ready = 0;
    for (size_t k = 0; k < self->strand_count; k++)
        ready += self->strands[k].ready;
    return ready;
}

//  Keeps the demand in its client's heap, and the client in the heap of all, exactly while
//  something is READY. Out of memory only delays: the next change tries again.
static void
keep_eager (ink_demands_t *self, ink_demand_t *demand)
{
    ink_client_entry_t *client = demand->client;
    bool eager = ink_demand_ready (demand) > 0;
    if (eager && !demand->node.place)
        (void) ink_heap_push (&client->eager, &demand->node);
    else if (!eager)
        ink_heap_remove (&client->eager, &demand->node);
    if (!ink_heap_first (&client->eager))
        ink_heap_remove (&self->eager, &client->node);
    else if (!client->node.place)
        (void) ink_heap_push (&self->eager, &client->node);
}

//  Takes the demand out of its client's books, or enters it into them.
static void
leave_client (ink_demands_t *self, ink_demand_t *demand)
{
    ink_client_entry_t *client = demand->client;
    ink_heap_remove (&client->eager, &demand->node);
    if (!ink_heap_first (&client->eager))
        ink_heap_remove (&self->eager, &client->node);
    ink_list_remove (&demand->link);
    client->open--;
    client->output -= demand->output;
    client->running -= demand->running;
    if (client->node.place)
        ink_heap_update (&self->eager, &client->node);
}

static void
join_client (ink_demands_t *self, ink_demand_t *demand, ink_client_entry_t *client)
{
    demand->client = client;
    ink_list_append (&client->demands, &demand->link);
    client->open++;
    client->output += demand->output;
    client->running += demand->running;
    keep_eager (self, demand);
}

//  ---------------------------------------------------------------------------------------
//  Admission

static int
refuse (int error, char *detail, size_t size, const char *format, const char *what)
{
    snprintf (detail, size, format, what);
    return error;
}

static bool
name_is_good (const char *name)
{
    size_t good = strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789._-");
    return good > 0 && name[good] == 0;
}

static int
set_params (ink_strand_t *strand, const ink_msg_kernel_t *asked, char *detail,
            size_t size)
{
    ink_kernels_fallbacks (strand->kernel, strand->params);
    for (size_t n = 0; n < asked->params.size; n++) {
        const ink_msg_param_t *param = &asked->params.items[n];
        int place = ink_kernels_param (strand->kernel, param->name);
        if (place < 0)
            continue; //  Another kernel of the request may have it: params_are_known
        if (!ink_kernels_allowed (strand->kernel, (size_t) place, param->value))
            return refuse (INK_EPARAM, detail, size, "%s is out of its limits",
                           param->name);
        strand->params[place] = param->value;
    }
    return INK_OK;
}

static int
set_strand (ink_strand_t *strand, const ink_msg_kernel_t *asked, char *detail,
            size_t size)
{
    strand->kernel = ink_kernels_find (asked->name);
    if (!strand->kernel)
        return refuse (INK_ENOKERNEL, detail, size, "%s", asked->name);
    if (asked->version && asked->version != strand->kernel->version)
        return refuse (INK_ENOKERNEL, detail, size, "%s has another version",
                       asked->name);
    return set_params (strand, asked, detail, size);
}

//  Every parameter must belong to some kernel of the request.
static int
params_are_known (const ink_demand_t *demand, const ink_msg_request_t *request,
                  char *detail, size_t size)
{
    for (size_t k = 0; k < request->kernels.size; k++)
        for (size_t n = 0; n < request->kernels.items[k].params.size; n++) {
            const char *name = request->kernels.items[k].params.items[n].name;
            bool known = false;
            for (size_t s = 0; s < demand->strand_count; s++)
                known |= ink_kernels_param (demand->strands[s].kernel, name) >= 0;
            if (!known)
                return refuse (INK_EPARAM, detail, size, "no kernel of it has %s", name);
        }
    return INK_OK;
}

static int
set_strands (ink_demand_t *demand, const ink_msg_request_t *request, char *detail,
             size_t size)
{
    if (!request->kernels.size)
        return refuse (INK_EMESSAGE, detail, size, "%s", "it names no kernel");
    for (size_t k = 0; k < request->kernels.size; k++) {
        ink_strand_t *strand = &demand->strands[k];
        int rc = set_strand (strand, &request->kernels.items[k], detail, size);
        if (rc)
            return rc;
        for (size_t n = 0; n < k; n++)
            if (demand->strands[n].kernel == strand->kernel)
                return refuse (INK_EMESSAGE, detail, size, "%s is named twice",
                               strand->kernel->name);
        strand->demand = demand;
        ink_list_init (&strand->kin);
        demand->strand_count++;
    }
    return params_are_known (demand, request, detail, size);
}

//  The chunk that was asked for, or the largest that one of the kernels likes; no cell may
//  be cut by it.
static int
set_chunk (ink_demand_t *demand, uint64_t asked, char *detail, size_t size)
{
    uint64_t chunk = asked;
    for (size_t k = 0; !asked && k < demand->strand_count; k++) {
        uint64_t liked = (uint64_t) 1 << demand->strands[k].kernel->chunk_log2;
        if (liked > chunk)
            chunk = liked;
    }
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        ink_geometry_t geometry = {0};
        strand->kernel->geometry (strand->params, &geometry);
        if (strand->kernel->shape == INK_SHAPE_CELLS && geometry.cell_bytes > chunk) {
            if (asked)
                return refuse (INK_ECHUNK, detail, size, "smaller than a cell of %s",
                               strand->kernel->name);
            chunk = geometry.cell_bytes;
        }
    }
    if (chunk < INK_CHUNK_LEAST || chunk > INK_CHUNK_MOST || (chunk & (chunk - 1)))
        return refuse (INK_ECHUNK, detail, size, "%s",
                       "not a power of two from 4K to 64M");
    demand->chunk = chunk;
    return INK_OK;
}

static int
set_simple (ink_demand_t *demand, const ink_msg_request_t *request, int64_t now,
            char *detail, size_t size)
{
    if (!name_is_good (request->id))
        return refuse (INK_EMESSAGE, detail, size, "%s", "the id has another form");
    if (request->priority < -1000 || request->priority > 1000)
        return refuse (INK_EMESSAGE, detail, size, "%s",
                       "the priority is not from -1000 to 1000");
    snprintf (demand->id, sizeof demand->id, "%s", request->id);
    demand->offset = request->offset;
    demand->length = request->length;
    demand->priority = request->priority;
    demand->weight = weight_of (request->priority);
    demand->cache_read = request->cache_read;
    demand->cache_write = request->cache_write;
    demand->report_count = request->reports.size;
    if (request->reports.size)
        memcpy (demand->reports, request->reports.items,
                request->reports.size * sizeof *request->reports.items);
    demand->admitted = now;
    int64_t timeout = (int64_t) request->timeout_ms * 1000;
    demand->deadline = now + (timeout && timeout < DAY_US ? timeout : DAY_US);
    return INK_OK;
}

static int
enlist (ink_demands_t *self, ink_client_entry_t *client, ink_demand_t *demand)
{
    demand->handle = self->next_handle;
    demand->age = self->next_age;
    if (ink_map_put (self->by_handle, &demand->handle, demand))
        return INK_ENOMEM;
    if (ink_map_put (self->by_id, demand->id, demand)) {
        ink_map_remove (self->by_handle, &demand->handle);
        return INK_ENOMEM;
    }
    self->next_handle++;
    self->next_age++;
    join_client (self, demand, client);
    return INK_OK;
}

int
ink_demands_add (ink_demands_t *self, ink_client_entry_t *client,
                 const ink_msg_request_t *request, uint64_t body, int64_t now,
                 ink_demand_t **demand_p, char *detail, size_t size)
{
    if (ink_map_size (self->by_handle) >= OPEN_MOST || client->open >= CLIENT_OPEN_MOST)
        return INK_EBUSY;
    ink_demand_t *demand = ink_alloc (sizeof *demand);
    if (!demand)
        return INK_ENOMEM;
    demand->body = body;
    int rc = set_simple (demand, request, now, detail, size);
    if (rc == INK_OK)
        rc = set_strands (demand, request, detail, size);
    if (rc == INK_OK)
        rc = set_chunk (demand, request->chunk, detail, size);
    if (rc == INK_OK) {
        demand->source = ink_alloc (strlen (request->source) + 1);
        rc = demand->source ? enlist (self, client, demand) : INK_ENOMEM;
    }
    if (rc) {
        ink_free (demand->source);
        ink_free (demand);
        return rc;
    }
    memcpy (demand->source, request->source, strlen (request->source) + 1);
    *demand_p = demand;
    return INK_OK;
}

void
ink_demands_remove (ink_demands_t *self, ink_demand_t *demand)
{
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        ink_groups_leave (&self->kin, strand->series.bytes, &strand->kin);
        ink_payload_destroy (&strand->held_payload);
        ink_free (strand->states);
    }
    leave_client (self, demand);
    ink_map_remove (self->by_handle, &demand->handle);
    ink_map_remove (self->by_id, demand->id);
    ink_free (demand->source);
    ink_free (demand);
}

//  ---------------------------------------------------------------------------------------
//  Planning over a source that is open

static int
check_range (ink_demand_t *demand, uint64_t source_size, char *detail, size_t size)
{
    if (source_size == 0)
        return refuse (INK_EEMPTY, detail, size, "%s", "the file is empty");
    char fact[64];
    snprintf (fact, sizeof fact, "%llu bytes", (unsigned long long) source_size);
    if (demand->offset >= source_size)
        return refuse (INK_ERANGE, detail, size, "it begins behind the end of %s", fact);
    if (demand->length == UINT64_MAX)
        demand->length = source_size - demand->offset;
    if (demand->length == 0)
        return refuse (INK_EEMPTY, detail, size, "%s", "the length is 0");
    if (demand->length > source_size - demand->offset)
        return refuse (INK_ERANGE, detail, size, "it ends behind the end of %s", fact);
    return INK_OK;
}

static int
check_output (ink_demand_t *demand, char *detail, size_t size)
{
    ink_part_t range = {demand->offset, demand->length};
    uint64_t all = 0;
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        uint64_t bytes = ink_answer_bytes (strand->kernel, strand->params, range);
        if (bytes > INK_ANSWER_MOST)
            return refuse (INK_ETOOLARGE, detail, size, "%s would be above 256 MiB",
                           strand->kernel->name);
        all += bytes;
    }
    if (demand->parts * demand->strand_count > INK_PARTS_MOST)
        return refuse (INK_ETOOLARGE, detail, size, "%s", "above 1 048 576 parts");
    ink_client_entry_t *client = demand->client;
    if (client->open > 1 && client->output + all > CLIENT_OUTPUT_MOST)
        return refuse (INK_EBUSY, detail, size, "%s", "1 GiB of answers is on its way");
    demand->output = all;
    client->output += all;
    return INK_OK;
}

int
ink_demand_plan (ink_demands_t *self, ink_demand_t *demand,
                 const ink_identity_t *identity, char *detail, size_t size)
{
    int rc = check_range (demand, identity->size, detail, size);
    if (rc)
        return rc;
    demand->identity = *identity;
    demand->plan =
        (ink_plan_t){demand->offset, demand->length, identity->size, demand->chunk};
    demand->parts = ink_plan_count (&demand->plan);
    rc = check_output (demand, detail, size);
    for (size_t k = 0; rc == INK_OK && k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        strand->states = ink_alloc (demand->parts);
        if (!strand->states)
            return INK_ENOMEM;
        strand->left = demand->parts;
        strand->cursor = demand->parts;
        strand->series = ink_series_of (strand->kernel, strand->params, identity);
        rc = ink_groups_join (&self->kin, strand->series.bytes, &strand->kin);
    }
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Parts

void
ink_demand_reorder (ink_demands_t *self, ink_demand_t *demand)
{
    if (demand->node.place)
        ink_heap_update (&demand->client->eager, &demand->node);
    if (demand->client->node.place)
        ink_heap_update (&self->eager, &demand->client->node);
}

static uint64_t *
count_of (ink_strand_t *strand, ink_part_state_t state)
{
    return state == INK_PART_READY         ? &strand->ready
           : state == INK_PART_IN_PROGRESS ? &strand->in_progress
                                           : NULL;
}

void
ink_strand_set (ink_demands_t *self, ink_strand_t *strand, uint64_t part,
                ink_part_state_t state)
{
    ink_part_state_t old = strand->states[part];
    if (old == state)
        return;
    strand->states[part] = (uint8_t) state;
    uint64_t *count = count_of (strand, old);
    if (count)
        --*count;
    count = count_of (strand, state);
    if (count)
        ++*count;
    bool was_open = old != INK_PART_DONE && old != INK_PART_ERROR;
    bool is_open = state != INK_PART_DONE && state != INK_PART_ERROR;
    strand->left += (uint64_t) is_open - (uint64_t) was_open;
    if (state == INK_PART_READY && part < strand->cursor)
        strand->cursor = part;
    if ((old == INK_PART_READY && strand->ready == 0) ||
        (state == INK_PART_READY && strand->ready == 1))
        keep_eager (self, strand->demand);
}

void
ink_demand_adopt (ink_demands_t *self, ink_demand_t *demand, ink_client_entry_t *client)
{
    if (demand->client == client)
        return;
    leave_client (self, demand);
    join_client (self, demand, client);
}

ink_kin_t
ink_demands_kin (ink_demands_t *self, const ink_series_t *series, ink_part_t part,
                 uint64_t lookahead)
{
    ink_link_t *all = ink_groups_find (&self->kin, series->bytes);
    return (ink_kin_t){
        .all = all, .next = all->next, .part = part, .lookahead = lookahead};
}

bool
ink_kin_next (ink_kin_t *self)
{
    while (self->next != self->all) {
        ink_strand_t *strand = INK_ITEM (self->next, ink_strand_t, kin);
        const ink_plan_t *plan = &strand->demand->plan;
        self->next = self->next->next;
        self->strand = strand;
        if (self->part.offset >= plan->offset &&
            self->part.offset - plan->offset < plan->length &&
            ink_plan_find (plan, self->part, &self->n) &&
            ink_plan_lookahead (plan, self->part, strand->kernel->overlap) ==
                self->lookahead)
            return true;
    }
    return false;
}

//  ---------------------------------------------------------------------------------------

static void
hash_text (XXH64_state_t *state, const char *text)
{
    XXH64_update (state, text, strlen (text) + 1);
}

uint64_t
ink_request_body (const ink_msg_request_t *request)
{
    XXH64_state_t state;
    XXH64_reset (&state, 0);
    hash_text (&state, request->source);
    const uint64_t numbers[] = {request->offset,     request->length,
                                request->chunk,      (uint64_t) request->priority,
                                request->timeout_ms, request->cache_read,
                                request->cache_write};
    XXH64_update (&state, numbers, sizeof numbers);
    for (size_t k = 0; k < request->kernels.size; k++) {
        const ink_msg_kernel_t *kernel = &request->kernels.items[k];
        hash_text (&state, kernel->name);
        for (size_t n = 0; n < kernel->params.size; n++) {
            hash_text (&state, kernel->params.items[n].name);
            XXH64_update (&state, &kernel->params.items[n].value, sizeof (int64_t));
        }
    }
    for (size_t n = 0; n < request->reports.size; n++)
        XXH64_update (&state, &request->reports.items[n].millionths, sizeof (uint64_t));
    return XXH64_digest (&state);
}

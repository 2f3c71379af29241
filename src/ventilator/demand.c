//  demand.c: a request as the ventilator serves it, and the client who made it.

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "base/plant.h"
#include "inkling/error.h"
#include "value/answer.h"
#include "ventilator/admission.h"

//  Bounds of what may be open at once
#define OPEN_MOST 16384
#define CLIENT_OPEN_MOST 1024

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

//  ---------------------------------------------------------------------------------------
//  Tables

//  The id of a demand that has ended
typedef struct {
    char id[INK_NAME_MOST + 1];
    uint64_t body;
} ended_t;

int
ink_demands_init (ink_demands_t *self)
{
    memset (self, 0, sizeof *self);
    ink_heap_init (&self->eager, client_before);
    self->by_handle = ink_map_new (sizeof (uint64_t));
    self->by_id = ink_map_new (INK_NAME_MOST + 1);
    self->clients = ink_map_new (sizeof (uint64_t));
    self->next_handle = self->next_age = 1;
    self->ended = ink_recent_new (INK_ENDED_MOST, sizeof (ended_t), INK_NAME_MOST + 1);
    if (self->by_handle && self->by_id && self->clients && self->ended &&
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
    ink_recent_destroy (&self->ended);
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
    self->unread -= client->sent_bytes - client->read_bytes;
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
//  something is READY.
static void
keep_eager (ink_demands_t *self, ink_demand_t *demand)
{
    ink_client_entry_t *client = demand->client;
    bool eager = ink_demand_ready (demand) > 0;
    if (eager && !demand->node.place)
        self->failed |= ink_heap_push (&client->eager, &demand->node) != INK_OK;
    else if (!eager)
        ink_heap_remove (&client->eager, &demand->node);
    if (!ink_heap_first (&client->eager))
        ink_heap_remove (&self->eager, &client->node);
    else if (!client->node.place)
        self->failed |= ink_heap_push (&self->eager, &client->node) != INK_OK;
    else
        ink_heap_update (&self->eager, &client->node); //  Its first may be another
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
//  Demands come and go

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

static char *
copy_text (const char *text)
{
    size_t size = strlen (text) + 1;
    char *copy = ink_alloc (size);
    return copy ? memcpy (copy, text, size) : NULL;
}

int
ink_demands_add (ink_demands_t *self, ink_client_entry_t *client,
                 const ink_msg_request_t *request, int64_t now, ink_demand_t **demand_p,
                 ink_detail_t *detail)
{
    if (ink_map_size (self->by_handle) >= OPEN_MOST || client->open >= CLIENT_OPEN_MOST)
        return INK_EBUSY;
    ink_demand_t *demand = ink_alloc (sizeof *demand);
    if (!demand)
        return INK_ENOMEM;
    int rc = ink_admission_read (demand, request, now, detail);
    if (rc == INK_OK) {
        demand->source = copy_text (request->source);
        demand->other = copy_text (request->other ? request->other : "");
        rc = demand->source && demand->other ? enlist (self, client, demand) : INK_ENOMEM;
    }
    if (rc) {
        ink_free (demand->source);
        ink_free (demand->other);
        ink_free (demand);
        return rc;
    }
    *demand_p = demand;
    return INK_OK;
}

void
ink_demands_remove (ink_demands_t *self, ink_demand_t *demand)
{
    for (size_t k = 0; k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        ink_kin_leave (&strand->kin, &self->kin);
        ink_payload_destroy (&strand->held_payload);
        ink_free (strand->states);
        ink_free (strand->chain);
    }
    leave_client (self, demand);
    ink_map_remove (self->by_handle, &demand->handle);
    ink_map_remove (self->by_id, demand->id);
    ink_free (demand->source);
    ink_free (demand->other);
    ink_free (demand);
}

void
ink_demands_retire (ink_demands_t *self, ink_demand_t *demand)
{
    ended_t *ended = ink_recent_put (self->ended, demand->id);
    if (ended)
        ended->body = demand->body;
    ink_demands_remove (self, demand);
}

//  Keys are ids of full width.
typedef struct {
    char id[INK_NAME_MOST + 1];
} id_key_t;

static id_key_t
key_of (const char *id)
{
    id_key_t key = {{0}};
    size_t length = strlen (id);
    memcpy (key.id, id, length < INK_NAME_MOST ? length : INK_NAME_MOST);
    return key;
}

ink_demand_t *
ink_demands_find (ink_demands_t *self, const char *id)
{
    id_key_t key = key_of (id);
    return ink_map_get (self->by_id, &key);
}

bool
ink_demands_conflict (ink_demands_t *self, const char *id, uint64_t body)
{
    id_key_t key = key_of (id);
    const ink_demand_t *demand = ink_map_get (self->by_id, &key);
    if (demand)
        return demand->body != body;
    const ended_t *ended = ink_recent_get (self->ended, &key);
    return ended && ended->body != body;
}

bool
ink_demand_supersedes (const ink_demand_t *self, const ink_demand_t *other)
{
    if (!self->view[0] || self->client != other->client ||
        strcmp (self->view, other->view) != 0)
        return false;
    return self->move == other->move ? self->age > other->age : self->move > other->move;
}

//  ---------------------------------------------------------------------------------------
//  Parts

static bool
has_chain (const ink_demand_t *demand)
{
    bool chain = false;
    for (size_t k = 0; k < demand->strand_count; k++)
        chain |= demand->strands[k].kernel->shape == INK_SHAPE_CHAIN;
    return chain;
}

//  A view is wanted from its focus outwards, or from its middle; anything else is sampled. A chain
//  can only be followed.
static ink_course_t
course_of (const ink_demand_t *demand)
{
    const ink_plan_t *plan = &demand->plan;
    uint64_t focus = demand->focus;
    if (has_chain (demand))
        return ink_course_around (demand->parts, 0);
    if (demand->millionths)
        return ink_course_scatter (demand->parts);
    if (!demand->view[0])
        return ink_course_spread (demand->parts);
    if (focus == INK_ANY)
        focus = plan->offset + plan->length / 2;
    uint64_t first = plan->offset / plan->chunk, at = focus / plan->chunk;
    return ink_course_around (demand->parts, at > first ? at - first : 0);
}

int
ink_demand_plan (ink_demands_t *self, ink_demand_t *demand,
                 const ink_identity_t *identity, const ink_identity_t *other,
                 ink_detail_t *detail)
{
    if (!*demand->other)
        other = NULL;
    int rc = ink_admission_fit (demand, identity, other, detail);
    if (rc)
        return rc;
    demand->client->output += demand->output;
    demand->course = course_of (demand);
    for (size_t k = 0; rc == INK_OK && k < demand->strand_count; k++) {
        ink_strand_t *strand = &demand->strands[k];
        strand->states = ink_alloc (demand->parts);
        if (!strand->states)
            return INK_ENOMEM;
        if (strand->kernel->shape == INK_SHAPE_CHAIN)
            strand->chain = ink_alloc (sizeof *strand->chain);
        if (strand->kernel->shape == INK_SHAPE_CHAIN && !strand->chain)
            return INK_ENOMEM;
        strand->left = demand->parts;
        strand->cursor = ink_course_places (&demand->course);
        strand->series = ink_series_of (strand->kernel, &strand->args, identity, other,
                                        demand->offset);
        rc = ink_kin_join (&strand->kin, &self->kin, strand->series.bytes, &demand->plan,
                           ink_value_reach (strand->kernel, &strand->args));
    }
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Parts

void
ink_demand_reorder (ink_demands_t *self, ink_demand_t *demand)
{
    if (demand->node.place && !INK_PLANTED (22))
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

static bool
is_open (ink_part_state_t state)
{
    return state < INK_PART_DONE;
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
    strand->left += (uint64_t) is_open (state) - (uint64_t) is_open (old);
    if (state == INK_PART_READY && !INK_PLANTED (21)) {
        uint64_t place = ink_course_place (&strand->demand->course, part);
        strand->cursor = place < strand->cursor ? place : strand->cursor;
    }
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

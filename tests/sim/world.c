//  world.c: a clock, chance, and what is due.

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/chance.h"
#include "inkling/error.h"
#include "network.h"
#include "protocol/codec.h"
#include "world.h"

//  Of one world: several times what the busiest one needs
#define EVENTS_MOST 3000000

uint64_t
world_draw (world_t *self, uint64_t n)
{
    return chance_below (&self->random, n);
}

int64_t
world_between (world_t *self, int64_t least, int64_t most)
{
    return least + (int64_t) world_draw (self, (uint64_t) (most - least) + 1);
}

bool
world_luck (world_t *self, uint64_t percent)
{
    return world_draw (self, 100) < percent;
}

//  ---------------------------------------------------------------------------------------
//  What is due: a binary heap

static bool
before (const due_t *a, const due_t *b)
{
    return a->time < b->time || (a->time == b->time && a->order < b->order);
}

void
world_at (world_t *self, int64_t time, happen_t *happen, void *what)
{
    if (self->due_size == self->due_room) {
        self->due_room = self->due_room ? self->due_room * 2 : 256;
        self->due = realloc (self->due, self->due_room * sizeof *self->due);
        if (!self->due)
            abort ();
    }
    due_t due = {time > self->now ? time : self->now, ++self->due_order, happen, what};
    size_t place = self->due_size++;
    for (; place > 0 && before (&due, &self->due[(place - 1) / 2]);
         place = (place - 1) / 2)
        self->due[place] = self->due[(place - 1) / 2];
    self->due[place] = due;
}

static due_t
take_due (world_t *self)
{
    due_t first = self->due[0], last = self->due[--self->due_size];
    size_t place = 0, child;
    while ((child = 2 * place + 1) < self->due_size) {
        if (child + 1 < self->due_size &&
            before (&self->due[child + 1], &self->due[child]))
            child++;
        if (!before (&self->due[child], &last))
            break;
        self->due[place] = self->due[child];
        place = child;
    }
    self->due[place] = last;
    return first;
}

void
world_run (world_t *self, int64_t end)
{
    while (self->due_size && self->due[0].time <= end) {
        due_t due = take_due (self);
        self->now = due.time;
        if (++self->events > EVENTS_MOST)
            world_fail (self, "%d events, and nothing comes of it", EVENTS_MOST);
        due.happen (self, due.what);
    }
    self->now = end;
}

void
world_free (world_t *self)
{
    free (self->due);
    self->due = NULL;
    self->due_size = self->due_room = 0;
}

//  ---------------------------------------------------------------------------------------
//  Saying what happens

static const process_t nobody = {.role = "world"};

void
world_note (world_t *self, const process_t *who, char mark, const char *word,
            const char *form, uint64_t a, uint64_t b, uint64_t c)
{
    who = who ? who : &nobody;
    trace_line_t line = {.time = self->now,
                         .role = who->role,
                         .n = who->n,
                         .mark = mark,
                         .word = word,
                         .form = form,
                         .numbers = {a, b, c}};
    trace_add (&self->trace, &line);
}

void
world_note_message (world_t *self, const process_t *who, char mark, const ink_msg_t *msg)
{
    trace_line_t line = {.time = self->now, .role = who->role, .n = who->n, .mark = mark};
    trace_describe (&line, msg);
    trace_add (&self->trace, &line);
}

void
world_fail (world_t *self, const char *form, ...)
{
    va_list args;
    va_start (args, form);
    fflush (stdout);
    if (!self->brief)
        trace_print (&self->trace);
    printf ("seed %llu FAILED at %.6f s: ", (unsigned long long) self->seed,
            (double) self->now / 1e6);
    vprintf (form, args);
    printf ("\n");
    va_end (args);
    longjmp (*self->failed, 1);
}

//  ---------------------------------------------------------------------------------------
//  Processes

static void
take_turn (world_t *world, void *what)
{
    process_t *self = what;
    if (!self->alive || self->wake != world->now)
        return; //  Another turn has come before
    int64_t free_at =
        self->stopped_until > self->busy_until ? self->stopped_until : self->busy_until;
    self->wake = NEVER;
    if (free_at > world->now)
        process_wake (world, self, free_at);
    else
        self->turn (world, self);
}

void
process_wake (world_t *world, process_t *self, int64_t time)
{
    time = time > world->now ? time : world->now;
    if (!self->alive || time >= self->wake || time == NEVER)
        return;
    self->wake = time;
    world_at (world, time, take_turn, self);
}

void
process_stop (world_t *world, process_t *self, int64_t until)
{
    self->stopped_until = until;
    process_wake (world, self, until);
}

bool
process_is_doomed (process_t *self)
{
    return self->doom && --self->doom == 0;
}

int
process_receive (world_t *world, process_t *self, link_kind_t kind, ink_letter_t *letter)
{
    ink_payload_destroy (&letter->payload);
    ink_arena_reset (&letter->arena);
    parcel_t *parcel = parcels_take (&self->inbox[kind]);
    if (!parcel)
        return INK_POST_NONE;
    letter->peer = parcel->peer;
    int rc = ink_msg_decode (parcel->bytes, parcel->header, &letter->msg, &letter->arena);
    if (rc == INK_OK && parcel->has_payload) {
        letter->payload = ink_payload_new (parcel->payload);
        memcpy (ink_payload_data (letter->payload), parcel->bytes + parcel->header,
                parcel->payload);
    }
    free (parcel);
    if (rc == INK_OK)
        world_note_message (world, self, '<', &letter->msg);
    else
        world_note (world, self, '<', "garbage", "", 0, 0, 0);
    return rc;
}

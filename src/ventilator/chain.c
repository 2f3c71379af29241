//  chain.c: parts of a chain are computed one after the other.
//
//  The state behind a part is what the next one begins with, so at any time only those parts
//  are READY that follow the last state there is, up to the first that is being computed. All
//  others are WAITING. A state stands for all parts before it: who hears of one needs
//  none of those any more.

#include <assert.h>
#include <string.h>

#include "ventilator/office.h"

//  A lease takes no more
#define READY_MOST INK_SPANS_MOST

void
ink_office_begin_chain (ink_strand_t *strand, const void *state, size_t size)
{
    ink_chain_t *chain = strand->chain;
    uint64_t parts = strand->demand->parts;
    for (chain->reached = 0;
         chain->reached < parts && strand->states[chain->reached] == INK_PART_DONE;)
        chain->reached++;
    assert (!chain->reached || size > 0);
    chain->words = chain->reached ? size / sizeof *chain->state : 0;
    if (chain->words)
        memcpy (chain->state, state, size);
}

void
ink_office_release (ink_foreman_t *self, ink_strand_t *strand)
{
    uint64_t end = strand->demand->parts;
    uint64_t p = strand->chain ? strand->chain->reached : end;
    if (end - p > READY_MOST)
        end = p + READY_MOST;
    for (; p < end; p++)
        if (strand->states[p] == INK_PART_WAITING)
            ink_strand_set (&self->demands, strand, p, INK_PART_READY);
        else if (strand->states[p] != INK_PART_READY)
            return;
}

void
ink_office_hold (ink_foreman_t *self, ink_strand_t *strand, uint64_t n)
{
    uint64_t end = strand->chain ? strand->demand->parts : 0;
    for (uint64_t p = n + 1; p < end && strand->states[p] == INK_PART_READY; p++)
        ink_strand_set (&self->demands, strand, p, INK_PART_WAITING);
}

//  The chunk of a part that is not needed any more goes with the last who wanted it.
static void
leave (ink_foreman_t *self, ink_strand_t *strand, uint64_t p, ink_part_state_t state)
{
    ink_chunk_key_t key = ink_office_key (strand, p);
    ink_strand_set (&self->demands, strand, p, state);
    ink_chunk_t *chunk = ink_leases_chunk (&self->leases, &key);
    if (chunk && !ink_office_is_wanted (self, &key, NULL))
        ink_office_drop (self, chunk);
}

void
ink_office_reach (ink_foreman_t *self, ink_strand_t *strand, uint64_t n,
                  const ink_msg_arrival_t *arrival)
{
    ink_chain_t *chain = strand->chain;
    if (n < chain->reached)
        return;
    uint64_t from = chain->reached;
    chain->reached = n + 1;
    chain->words = arrival->words.size;
    if (chain->words)
        memcpy (chain->state, arrival->words.items, chain->words * sizeof *chain->state);
    for (uint64_t p = from; p < n; p++)
        leave (self, strand, p, INK_PART_DONE);
    ink_strand_set (&self->demands, strand, n, INK_PART_DONE);
    ink_office_release (self, strand);
}

void
ink_office_break (ink_foreman_t *self, ink_strand_t *strand, uint64_t n)
{
    for (uint64_t p = n + 1; strand->chain && p < strand->demand->parts; p++)
        if (strand->states[p] != INK_PART_DONE)
            leave (self, strand, p, INK_PART_ERROR);
}

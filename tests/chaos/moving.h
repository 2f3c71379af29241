//  moving.h: a file that is rewritten while it is asked about, and all it has ever been.
//
//  It is rewritten as people do: another file in its place, some bytes of it, or cut short and
//  grown. Each of these is a state; an answer is about one of them.

#ifndef CHAOS_MOVING_H_INCLUDED
#define CHAOS_MOVING_H_INCLUDED

#include "board.h"
#include "question.h"

#define STATES 64

typedef struct {
    char path[80];
    uint64_t seed;
    size_t number; //  Of the last state
    struct {
        uint8_t *bytes;
        size_t size;
    } states[STATES]; //  The last ones; number n at n % STATES
} moving_t;

//  Makes the file. False: it cannot be written.
bool moving_begin (moving_t *self, const char *folder, const char *name, uint64_t seed);
void moving_end (moving_t *self);

//  Changes the file. States from `keep` on are still needed: false, and nothing is done, when
//  one would be forgotten or the disk says no.
bool moving_change (moving_t *self, size_t keep);

//  Whether the answer is the right one of any state from `from` on.
bool moving_is_answered (const moving_t *self, size_t from, const question_t *question,
                         const ink_reply_t *final);

#endif

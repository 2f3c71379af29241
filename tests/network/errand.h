//  errand.h: `inkling request`, run again and again on the client's machine.

#ifndef ERRAND_H_INCLUDED
#define ERRAND_H_INCLUDED

#include "place.h"

typedef struct {
    place_t *place;
    score_t *score;
    pid_t pid; //  0: none runs
    int64_t ends;
    unsigned number;
} errand_t;

//  Judges one that has ended, and starts the next if `goes_on`.
void errand_turn (errand_t *self, bool goes_on);
bool errand_runs (const errand_t *self);

#endif

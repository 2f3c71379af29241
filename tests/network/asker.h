//  asker.h: a client that asks without end, and judges every answer.

#ifndef ASKER_H_INCLUDED
#define ASKER_H_INCLUDED

#include "../system/asking.h"

//  What all askers have seen.
typedef struct {
    uint64_t requests, partials, finals, right;
    uint64_t incomplete; //  Finals that list failed ranges
    uint64_t cancels;
    uint64_t errands, excused; //  Programs that asked: with the right answer, in vain
    uint64_t errors[INK_ERROR_COUNT]; //  Of finals
    int64_t longest_ms;
    uint64_t anomalies; //  Each is printed when it is found
} score_t;

//  Notes what must never be.
void score_anomaly (score_t *self, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));

typedef struct {
    const char *name; //  Of the source, "data/file"
    const uint8_t *bytes;
    size_t size;
} truth_t; //  What it really holds

typedef struct asker asker_t;

asker_t *
asker_new (const char *endpoint, const truth_t *truth, uint64_t seed, score_t *score);
void asker_destroy (asker_t **self_p);

//  Asks until `keep` requests are on their way, takes and judges what comes within the time,
//  and looks for requests that have not ended in theirs.
void asker_turn (asker_t *self, size_t keep, int within_ms);
size_t asker_open (const asker_t *self);

//  Asks something that must be computed now. True, later, when it has its right answer.
void asker_prove (asker_t *self);
bool asker_has_proof (const asker_t *self);

#endif

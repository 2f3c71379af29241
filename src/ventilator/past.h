//  past.h: what is remembered of workers that were lost, by name.
//
//  A worker that is lost and comes back under its name goes on with what was counted of it.
//  Until then people see it among the lost; so many are remembered, the oldest goes first.

#ifndef INK_PAST_H_INCLUDED
#define INK_PAST_H_INCLUDED

#include "ventilator/registry.h"

#define INK_PAST_MOST 64

typedef struct {
    char name[INK_NAME_MOST + 1], host[INK_NAME_MOST + 1], version[INK_NAME_MOST + 1];
    uint64_t pid, slots, chunks;
    int64_t heard;
    ink_record_t record;
} ink_lost_t;

typedef struct {
    ink_lost_t lost[INK_PAST_MOST]; //  Oldest first
    size_t size;
} ink_past_t;

//  The worker is about to be removed.
void ink_past_keep (ink_past_t *self, const ink_worker_t *worker);

//  A worker has come: if its name is remembered, it takes over the record and is no longer
//  among the lost.
void ink_past_resume (ink_past_t *self, ink_worker_t *worker);

//  Whoever had that name has left by itself.
void ink_past_forget (ink_past_t *self, const char *name);

#endif

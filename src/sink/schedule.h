//  schedule.h: when a partial is due.
//
//  Either at the completions the client named, or, when it named none, as soon as something
//  is known and then at most every 50 ms, less often when the partials are so large that
//  they would take a noticeable share of the machine.

#ifndef INK_SCHEDULE_H_INCLUDED
#define INK_SCHEDULE_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/messages.h"

typedef struct {
    ink_msg_report_t reports[INK_REPORTS_MOST]; //  Rising
    size_t size, next;                          //  size 0: by time
    int64_t interval, last;                     //  Microseconds; last: 0 before the first
    uint64_t usual;                             //  Precision when none was named
} ink_schedule_t;

//  `bytes` is the size of the whole answer; `usual` the precision of partials when no reports
//  are named.
void ink_schedule_init (ink_schedule_t *self, const ink_msg_report_t *reports,
                        size_t size, uint64_t bytes, uint64_t usual);

//  When a partial is due that covers `covered` of `total` bytes, given that it differs from
//  the last one: `now` or before: at once; INT64_MAX: not with this coverage.
int64_t ink_schedule_due (const ink_schedule_t *self, uint64_t covered, uint64_t total);

//  The precision it is wanted at: that of the last report it reaches.
uint64_t
ink_schedule_precision (const ink_schedule_t *self, uint64_t covered, uint64_t total);
//  The next reply has so many bytes: how often partials come depends on it.
void ink_schedule_weigh (ink_schedule_t *self, uint64_t bytes);

//  A reply with that coverage was sent.
void
ink_schedule_sent (ink_schedule_t *self, int64_t now, uint64_t covered, uint64_t total);

#endif

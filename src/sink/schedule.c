//  schedule.c: when a partial is due.

#include "base/share.h"
#include "sink/schedule.h"

#define INTERVAL_US 50000

//  Partials of one kernel take no more than this of the machine's copying; coarse ones are made
//  of as much, but not copied
#define BYTES_A_US 32

void
ink_schedule_init (ink_schedule_t *self, const ink_msg_report_t *reports, size_t size,
                   uint64_t bytes, uint64_t usual)
{
    *self = (ink_schedule_t){.usual = usual};
    ink_schedule_weigh (self, bytes);
    for (size_t n = 0; n < size && n < INK_REPORTS_MOST; n++) {
        size_t place = self->size++;
        while (place > 0 && self->reports[place - 1].millionths > reports[n].millionths) {
            self->reports[place] = self->reports[place - 1];
            place--;
        }
        self->reports[place] = reports[n];
    }
}

void
ink_schedule_weigh (ink_schedule_t *self, uint64_t bytes)
{
    int64_t slower = (int64_t) (bytes / BYTES_A_US);
    self->interval = slower > INTERVAL_US ? slower : INTERVAL_US;
}

int64_t
ink_schedule_due (const ink_schedule_t *self, uint64_t covered, uint64_t total)
{
    if (!self->size)
        return self->last ? self->last + self->interval : 0;
    bool reached =
        self->next < self->size &&
        ink_share_is_reached (self->reports[self->next].millionths, covered, total);
    return reached ? 0 : INT64_MAX;
}

uint64_t
ink_schedule_precision (const ink_schedule_t *self, uint64_t covered, uint64_t total)
{
    uint64_t precision = self->size ? self->reports[0].precision : self->usual;
    for (size_t n = 0; n < self->size; n++)
        if (ink_share_is_reached (self->reports[n].millionths, covered, total))
            precision = self->reports[n].precision;
    return precision;
}

void
ink_schedule_sent (ink_schedule_t *self, int64_t now, uint64_t covered, uint64_t total)
{
    self->last = now;
    while (self->next < self->size &&
           ink_share_is_reached (self->reports[self->next].millionths, covered, total))
        self->next++;
}

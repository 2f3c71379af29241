//  schedule.c: when a partial is due.

#include "base/share.h"
#include "sink/schedule.h"

#define INTERVAL_US 50000

//  Partials of one kernel take no more than this of the machine's copying
#define BYTES_A_US 32

void
ink_schedule_init (ink_schedule_t *self, const ink_msg_share_t *reports, size_t size,
                   uint64_t bytes)
{
    *self = (ink_schedule_t){.interval = INTERVAL_US};
    int64_t slower = (int64_t) (bytes / BYTES_A_US);
    if (slower > self->interval)
        self->interval = slower;
    for (size_t n = 0; n < size && n < INK_REPORTS_MOST; n++) {
        size_t place = self->size++;
        while (place > 0 && self->millionths[place - 1] > reports[n].millionths) {
            self->millionths[place] = self->millionths[place - 1];
            place--;
        }
        self->millionths[place] = reports[n].millionths;
    }
}

int64_t
ink_schedule_due (const ink_schedule_t *self, uint64_t covered, uint64_t total)
{
    if (!self->size)
        return self->last ? self->last + self->interval : 0;
    bool reached = self->next < self->size &&
                   ink_share_is_reached (self->millionths[self->next], covered, total);
    return reached ? 0 : INT64_MAX;
}

void
ink_schedule_sent (ink_schedule_t *self, int64_t now, uint64_t covered, uint64_t total)
{
    self->last = now;
    while (self->next < self->size &&
           ink_share_is_reached (self->millionths[self->next], covered, total))
        self->next++;
}

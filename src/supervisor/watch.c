//  watch.c: whether a child that runs still works.

#include "supervisor/watch.h"

//  A working child beats four times a second. Slices take about 5 ms, and a kernel that is a
//  hundred times slower than it was a moment ago still half a second.
#define SILENCE_US 5000000

//  Before the first beat kernels are loaded and the cache is opened, perhaps from a slow disk.
#define BEGINNING_US 30000000

//  To say goodbye and close the cache.
#define GRACE_US 1000000

#define LOOK_US 500000
#define LOOK_MOST_US 1000000

void
ink_watch_started (ink_watch_t *self, int64_t now)
{
    *self = (ink_watch_t){.looked = now};
}

void
ink_watch_asked (ink_watch_t *self, int64_t now)
{
    *self = (ink_watch_t){.state = INK_WATCH_ASKED, .looked = now};
}

void
ink_watch_excused (ink_watch_t *self, int64_t now)
{
    self->looked = now;
}

ink_verdict_t
ink_watch_look (ink_watch_t *self, int64_t now, bool beaten)
{
    static const int64_t patience[] = {[INK_WATCH_QUIET] = BEGINNING_US,
                                       [INK_WATCH_WORKING] = SILENCE_US,
                                       [INK_WATCH_ASKED] = GRACE_US,
                                       [INK_WATCH_KILLED] = INT64_MAX};
    int64_t passed = now - self->looked;
    self->looked = now;
    if (beaten && self->state <= INK_WATCH_WORKING) {
        self->state = INK_WATCH_WORKING;
        self->silent = 0;
        return INK_VERDICT_LET;
    }
    self->silent += passed < LOOK_MOST_US ? passed : LOOK_MOST_US;
    if (self->silent < patience[self->state])
        return INK_VERDICT_LET;
    bool asked = self->state == INK_WATCH_ASKED;
    self->state = asked ? INK_WATCH_KILLED : INK_WATCH_ASKED;
    self->silent = 0;
    return asked ? INK_VERDICT_KILL : INK_VERDICT_END;
}

int64_t
ink_watch_deadline (const ink_watch_t *self)
{
    return self->looked + LOOK_US;
}

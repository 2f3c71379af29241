//  restart.c: when a child that died is started again.

#include "supervisor/restart.h"

#define EARLY_US 3000000
#define EARLY_MOST 8
#define PAUSE_US 100000

bool
ink_restart_is_due (const ink_restart_t *self, int64_t now)
{
    return !self->running && !self->given_up && now >= self->due;
}

void
ink_restart_started (ink_restart_t *self, int64_t now)
{
    self->running = true;
    self->started = now;
}

void
ink_restart_ended (ink_restart_t *self, int64_t now)
{
    self->running = false;
    self->restarts++;
    if (now - self->started >= EARLY_US) {
        self->early = 0;
        self->due = now;
        return;
    }
    self->due = now + ((int64_t) PAUSE_US << self->early);
    self->early++;
    self->given_up = self->early == EARLY_MOST;
}

int64_t
ink_restart_deadline (const ink_restart_t *self)
{
    return self->running || self->given_up ? INT64_MAX : self->due;
}

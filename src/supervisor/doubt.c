//  doubt.c: whether the store is to blame for crashes of those who use it.

#include "supervisor/doubt.h"

#define CALM_US 60000000
#define CRASHES_TO_CHECK 2
#define CRASHES_TO_RENEW 4

void
ink_doubt_crashed (ink_doubt_t *self, int64_t now)
{
    if (now - self->crashed > CALM_US)
        self->crashes = 0;
    self->crashed = now;
    if (self->remedy)
        return; //  Those who crash on the way out are of the same tale
    self->crashes++;
    if (self->crashes == CRASHES_TO_CHECK)
        self->remedy = INK_REMEDY_CHECK;
    if (self->crashes == CRASHES_TO_RENEW)
        self->remedy = INK_REMEDY_RENEW;
}

void
ink_doubt_mended (ink_doubt_t *self, int64_t now)
{
    self->remedy = INK_REMEDY_NONE;
    self->crashed = now; //  The calm begins when they run again
}

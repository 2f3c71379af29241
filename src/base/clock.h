//  clock.h: what time it is. For shells only; brains are told.

#ifndef INK_CLOCK_H_INCLUDED
#define INK_CLOCK_H_INCLUDED

#include <stdint.h>
#include <time.h>

static inline int64_t
ink_clock_ns (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000000000 + now.tv_nsec;
}

//  Monotonic microseconds
static inline int64_t
ink_clock_us (void)
{
    return ink_clock_ns () / 1000;
}

//  How long zmq_poll may sleep, in its milliseconds: never past the deadline by more than the
//  rounding, 0 when it has come.
static inline long
ink_clock_wait_ms (int64_t deadline_us, int64_t now_us)
{
    if (deadline_us <= now_us)
        return 0;
    int64_t ms = (deadline_us - now_us + 999) / 1000;
    return ms < 60000 ? (long) ms : 60000;
}

#endif

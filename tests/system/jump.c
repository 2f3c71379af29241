//  jump.c: a wall clock that jumps, for processes under LD_PRELOAD.
//
//  What JUMP names is a file of 8 bytes, the seconds by which the wall clock is wrong, which a
//  test may change at any time. The monotonic clocks are those of the system.

#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const volatile int64_t *jump;

__attribute__ ((constructor)) static void
begin (void)
{
    const char *path = getenv ("JUMP");
    int file = path ? open (path, O_RDONLY | O_CLOEXEC) : -1;
    void *map = mmap (NULL, sizeof *jump, PROT_READ, MAP_SHARED, file, 0);
    if (map != MAP_FAILED)
        jump = map;
    if (file >= 0)
        close (file);
}

static int64_t
wrong_by (void)
{
    return jump ? *jump : 0;
}

int
clock_gettime (clockid_t clock, struct timespec *now)
{
    long rc = syscall (SYS_clock_gettime, clock, now);
    if (rc == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE))
        now->tv_sec += wrong_by ();
    return (int) rc;
}

int
gettimeofday (struct timeval *restrict now, void *restrict zone)
{
    long rc = syscall (SYS_gettimeofday, now, zone);
    if (rc == 0)
        now->tv_sec += wrong_by ();
    return (int) rc;
}

time_t
time (time_t *at)
{
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    if (at)
        *at = now.tv_sec;
    return now.tv_sec;
}

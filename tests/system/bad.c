//  bad.c: a histogram that does what no kernel may.
//
//  It strikes in the slice that holds the byte `at`, and only `times` times in all: the file
//  `struck` in the folder of the test has a byte for each. So a test can have one process
//  fail, and others, or the same one started again, go on.

#include <inkling/kernel.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { FAULT, AT, TIMES, US };
enum { NONE, LOOP, CRASH, OVERWRITE, SLEEP, DAWDLE };

static const ink_param_t params[] = {
    {.name = "fault",
     .summary = "0 none, 1 loop, 2 crash, 3 overwrite, 4 sleep, 5 dawdle",
     .most = 5},
    {.name = "at", .summary = "the byte at which it strikes", .most = INT64_MAX},
    {.name = "times", .summary = "how often", .fallback = 1, .most = 1000000},
    {.name = "us", .summary = "microseconds a MiB", .most = 100000000},
    {0},
};

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = 256;
}

static void
rest (int64_t us)
{
    struct timespec left = {us / 1000000, us % 1000000 * 1000};
    while (nanosleep (&left, &left) && errno == EINTR)
        continue;
}

//  Whether it is our turn; there are several processes.
static int
strikes (const ink_slice_t *slice)
{
    uint64_t at = (uint64_t) slice->args->numbers[AT];
    char path[4096];
    struct stat struck;
    if (at < slice->offset || at - slice->offset >= slice->length)
        return NONE;
    snprintf (path, sizeof path, "%s/struck", getenv ("F"));
    int file = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (file < 0 || flock (file, LOCK_EX) || fstat (file, &struck))
        abort ();
    int ours = struck.st_size < slice->args->numbers[TIMES] && write (file, "x", 1) == 1;
    close (file);
    return ours ? (int) slice->args->numbers[FAULT] : NONE;
}

//  As a disk that does not answer: while its child lives, who made it with vfork is in a sleep
//  that no signal ends.
static void
sleep_deeply (void)
{
    pid_t child = vfork ();
    if (child == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        rest (9000000);
        _exit (0);
    }
}

static void
strike (int fault, uint32_t *counts)
{
    static volatile int for_ever = 1;
    switch (fault) {
    case LOOP:
        while (for_ever)
            continue;
        break;
    case CRASH:
        *(volatile int *) (uintptr_t) (for_ever - 1) = 1;
        break;
    case OVERWRITE:
        counts[256 + 3]++;
        break;
    case SLEEP:
        sleep_deeply ();
        break;
    }
}

//  Who has struck with DAWDLE is a hundred times slower ever after.
static void
map (const ink_slice_t *slice, void *cells)
{
    static int slowness = 1;
    uint32_t *counts = cells;
    for (size_t at = 0; at < slice->length; at++)
        counts[slice->bytes[at]]++;
    int fault = strikes (slice);
    if (fault == DAWDLE)
        slowness = 100;
    strike (fault, counts);
    rest ((int64_t) slice->length * slice->args->numbers[US] * slowness >> 20);
}

static const ink_kernel_t kernel = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "bad",
    .summary = "a histogram that does what no kernel may",
    .shape = INK_SHAPE_COUNTS,
    .item = INK_ITEM_U64,
    .chunk_log2 = 16,
    .params = params,
    .geometry = geometry,
    .map = map,
};

const ink_kernel_t *ink_kernel_entry (void);

const ink_kernel_t *
ink_kernel_entry (void)
{
    return &kernel;
}

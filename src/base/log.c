//  log.c: what a daemon says about itself, a line an event, on stderr.

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"

static atomic_int threshold = INK_LOG_SILENT;

void
ink_log_set (ink_log_level_t level)
{
    threshold = (int) level;
}

ink_log_level_t
ink_log_level (void)
{
    return (ink_log_level_t) threshold;
}

void
ink_log (ink_log_level_t level, const char *who, const char *format, ...)
{
    if ((int) level > threshold)
        return;
    char line[1024];
    va_list args;
    va_start (args, format);
    vsnprintf (line, sizeof line, format, args);
    va_end (args);
    for (char *c = line; *c; c++)
        if ((unsigned char) *c < ' ' || *c == 127)
            *c = '?';
    int64_t now = ink_clock_us ();
    fprintf (stderr, "%lld.%06lld %s: %s\n", (long long) (now / 1000000),
             (long long) (now % 1000000), who, line);
}

void
ink_log_starved (const char *who)
{
    fprintf (stderr, "inkling: no_memory: %s is out of memory and gives up\n", who);
    abort ();
}

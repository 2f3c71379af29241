//  starve.c: memory that runs out at the n-th allocation, for processes under LD_PRELOAD.
//
//  STARVE_AT=N fails the N-th allocation of a process whose arguments hold STARVE_WHO, and
//  makes the file STARVE_ONCE when it does so: while that file is there nobody else starves.
//  STARVE_LARGE=BYTES, in place of STARVE_AT, fails all that are larger.

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__libc_malloc (size_t size);
void *__libc_calloc (size_t count, size_t size);
void *__libc_realloc (void *old, size_t size);

static atomic_long count;
static long at;
static size_t large;
static const char *once;

static bool
is_meant (const char *who)
{
    char text[4096] = "";
    int file = open ("/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
    ssize_t size = read (file, text, sizeof text - 1);
    close (file);
    for (ssize_t n = 0; n + 1 < size; n++)
        if (!text[n])
            text[n] = ' ';
    return strstr (text, who);
}

__attribute__ ((constructor)) static void
begin (void)
{
    const char *number = getenv ("STARVE_AT"), *bytes = getenv ("STARVE_LARGE");
    const char *who = getenv ("STARVE_WHO");
    once = getenv ("STARVE_ONCE");
    if (!is_meant (who ? who : "") || (once && access (once, F_OK) == 0))
        return;
    large = bytes ? strtoul (bytes, NULL, 10) : 0;
    count = 0;
    at = number ? strtol (number, NULL, 10) : 0;
}

static bool
starves (size_t size)
{
    bool now = (at && ++count == at) || (large && size > large);
    if (now && once)
        close (open (once, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    if (now)
        errno = ENOMEM;
    return now;
}

void *
malloc (size_t size)
{
    return starves (size) ? NULL : __libc_malloc (size);
}

void *
calloc (size_t items, size_t size)
{
    return starves (items * size) ? NULL : __libc_calloc (items, size);
}

void *
realloc (void *old, size_t size)
{
    return starves (size) ? NULL : __libc_realloc (old, size);
}

//  mend.c: sets aside a cache that crashes whoever reads it.

#include "cli/mend.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cache/cache.h"
#include "cli/complain.h"
#include "inkling/error.h"

#define LIMIT (UINT64_C (4) << 30)

//  A server that has crashed waits for us.
#define APART_S 20

//  Which file holds the cache; 0: none.
static ino_t
file_of (const char *path)
{
    char name[4096];
    struct stat stat_of;
    if (snprintf (name, sizeof name, "%s/data.mdb", path) >= (int) sizeof name ||
        stat (name, &stat_of) != 0)
        return 0;
    return stat_of.st_ino;
}

//  What is damaged is set aside by the store itself, at once or at the next chance.
static int
read_all (const void *path)
{
    uint64_t records = 0, bad = 0;
    int error = INK_OK;
    ink_cache_t *cache = ink_cache_open_lmdb (path, LIMIT, &error);
    if (!cache)
        return ink_error_status (error);
    error = ink_cache_verify (cache, &records, &bad);
    ink_cache_tend (cache);
    ink_cache_close (&cache);
    return ink_error_status (error);
}

int
ink_mend_apart (int (*act) (const void *arg), const void *arg)
{
    int status;
    pid_t parent = getpid (), child = fork ();
    if (child == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        alarm (APART_S);
        _exit (getppid () == parent ? act (arg) : 1);
    }
    while (child > 0 && waitpid (child, &status, 0) < 0)
        if (errno != EINTR)
            return -1;
    return child > 0 ? status : -1;
}

//  Our own complaints about a cache end with one status.
bool
ink_mend_crashed (int status)
{
    return !WIFEXITED (status) || (WEXITSTATUS (status) &&
                                   WEXITSTATUS (status) != ink_error_status (INK_ECACHE));
}

int
ink_mend_renew (const char *path)
{
    int error = ink_cache_set_aside (path);
    if (error)
        return ink_complain (error, path);
    printf ("%s: set aside in %s/bad, a new cache begins\n", path, path);
    fflush (stdout); //  A server goes on
    return 0;
}

int
ink_mend_check (const char *path)
{
    ino_t before = file_of (path);
    int status = ink_mend_apart (read_all, path);
    if (status < 0)
        return ink_complain (INK_ESYSTEM, path);
    if (WIFSIGNALED (status) && WTERMSIG (status) == SIGALRM)
        printf ("%s: not read to its end in %d s, left as it is\n", path, APART_S);
    else if (ink_mend_crashed (status))
        return ink_mend_renew (path);
    else if (file_of (path) != before)
        printf ("%s: set aside in %s/bad, a new cache begins\n", path, path);
    else if (status == 0)
        printf ("%s: all of it was read, it is sound\n", path);
    else
        return ink_complain (INK_ECACHE, path);
    return 0;
}

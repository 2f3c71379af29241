//  process.h: processes that end with the bench, and a folder for their sockets.

#ifndef BENCH_PROCESS_H_INCLUDED
#define BENCH_PROCESS_H_INCLUDED

#include <limits.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "measure.h"

//  A child that runs `main (arg)`; it dies with the thread that made it.
static inline pid_t
process_start (void (*main_of_it) (void *arg), void *arg)
{
    fflush (NULL);
    pid_t child = fork ();
    if (child == -1)
        die ("fork failed");
    if (child == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        main_of_it (arg);
        _exit (0);
    }
    return child;
}

static inline void
process_end (pid_t child, int signal)
{
    kill (child, signal);
    waitpid (child, NULL, 0);
}

//  Yardsticks compute at the niceness that Inkling's workers have, so that neighbours take
//  as much from the one as from the other.
static inline void
be_nice (void)
{
    (void) setpriority (PRIO_PROCESS, (id_t) syscall (SYS_gettid), 10);
}

//  A fresh folder with a short name: that of an ipc socket has at most 107 bytes.
static inline void
make_folder (char folder[PATH_MAX])
{
    const char *where = getenv ("TMPDIR");
    snprintf (folder, PATH_MAX, "%s/inkling-bench-XXXXXX", where ? where : "/tmp");
    if (!mkdtemp (folder))
        die ("cannot make a folder like %s", folder);
}

static inline void
remove_folder (const char *folder)
{
    char command[PATH_MAX + 16];
    snprintf (command, sizeof command, "rm -rf '%s'", folder);
    if (system (command))
        fprintf (stderr, "bench: %s is left behind\n", folder);
}

#endif

//  supervisor.c: child processes that are started again when they die.

#include "supervisor/supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "inkling/error.h"
#include "supervisor/restart.h"

#define CHILDREN_MOST 300
#define END_PATIENCE_US 5000000

typedef struct {
    const char *name;
    char *const *argv;
    pid_t pid; //  0: not running
    int status;
    ink_restart_t restart;
} child_t;

struct ink_supervisor {
    const char *logs;
    child_t children[CHILDREN_MOST];
    size_t size;
    int signals;
    bool ending;
};

ink_supervisor_t *
ink_supervisor_new (const char *logs)
{
    ink_supervisor_t *self = calloc (1, sizeof *self);
    if (!self)
        return NULL;
    sigset_t set;
    sigemptyset (&set);
    sigaddset (&set, SIGINT);
    sigaddset (&set, SIGTERM);
    sigaddset (&set, SIGCHLD);
    sigprocmask (SIG_BLOCK, &set, NULL);
    self->signals = signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    self->logs = logs;
    if (self->signals < 0)
        ink_supervisor_destroy (&self);
    return self;
}

void
ink_supervisor_destroy (ink_supervisor_t **self_p)
{
    if (!*self_p)
        return;
    if ((*self_p)->signals >= 0)
        close ((*self_p)->signals);
    free (*self_p);
    *self_p = NULL;
}

int
ink_supervisor_add (ink_supervisor_t *self, const char *name, char *const argv[])
{
    if (self->size == CHILDREN_MOST)
        return INK_ENOMEM;
    self->children[self->size++] = (child_t){.name = name, .argv = argv};
    return INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Children

static void
keep_log (const ink_supervisor_t *self, const child_t *child)
{
    char path[4096];
    if (!self->logs || snprintf (path, sizeof path, "%s/%s.log", self->logs,
                                 child->name) >= (int) sizeof path)
        return;
    int log = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0)
        dup2 (log, STDERR_FILENO);
}

//  In the child, which has our one thread: dies with us, hears signals, and is the program.
static void
become (const ink_supervisor_t *self, const child_t *child, pid_t parent)
{
    sigset_t none;
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
    prctl (PR_SET_PDEATHSIG, SIGTERM);
    if (getppid () != parent)
        _exit (1);  //  We died in between
    setpgid (0, 0); //  Ctrl-C is for the supervisor alone
    keep_log (self, child);
    execv ("/proc/self/exe", child->argv);
    _exit (127);
}

static void
start (ink_supervisor_t *self, child_t *child)
{
    pid_t parent = getpid (), pid = fork ();
    if (pid == 0)
        become (self, child, parent);
    int64_t now = ink_clock_us ();
    ink_restart_started (&child->restart, now);
    if (pid < 0) {
        child->status = 5;
        ink_restart_ended (&child->restart, now);
        return;
    }
    child->pid = pid;
    ink_log (INK_LOG_EVENTS, "supervisor", "%s is process %d", child->name, (int) pid);
}

static void
tell_end (const child_t *child, int status)
{
    if (WIFSIGNALED (status))
        ink_log (INK_LOG_EVENTS, "supervisor", "%s was ended by %s", child->name,
                 strsignal (WTERMSIG (status)));
    else
        ink_log (INK_LOG_EVENTS, "supervisor", "%s ended with status %d", child->name,
                 WEXITSTATUS (status));
}

static void
reap (ink_supervisor_t *self)
{
    int status;
    pid_t pid;
    while ((pid = waitpid (-1, &status, WNOHANG)) > 0)
        for (size_t n = 0; n < self->size; n++) {
            child_t *child = &self->children[n];
            if (child->pid != pid)
                continue;
            child->pid = 0;
            child->status = WIFEXITED (status) ? WEXITSTATUS (status) : 1;
            tell_end (child, status);
            ink_restart_ended (&child->restart, ink_clock_us ());
        }
}

static size_t
running (const ink_supervisor_t *self)
{
    size_t count = 0;
    for (size_t n = 0; n < self->size; n++)
        count += self->children[n].pid != 0;
    return count;
}

static void
signal_all (const ink_supervisor_t *self, int signal)
{
    for (size_t n = 0; n < self->size; n++)
        if (self->children[n].pid)
            kill (self->children[n].pid, signal);
}

//  ---------------------------------------------------------------------------------------
//  The loop

static void
read_signals (ink_supervisor_t *self)
{
    struct signalfd_siginfo info;
    while (read (self->signals, &info, sizeof info) == sizeof info)
        if (info.ssi_signo != SIGCHLD)
            self->ending = true;
    reap (self);
}

static void
wait_until (ink_supervisor_t *self, int64_t deadline)
{
    struct pollfd item = {self->signals, POLLIN, 0};
    poll (&item, 1, (int) ink_clock_wait_ms (deadline, ink_clock_us ()));
    read_signals (self);
}

static void
end_all (ink_supervisor_t *self)
{
    int64_t deadline = ink_clock_us () + END_PATIENCE_US;
    signal_all (self, SIGTERM);
    while (running (self) && ink_clock_us () < deadline)
        wait_until (self, deadline);
    signal_all (self, SIGKILL);
    while (running (self))
        wait_until (self, ink_clock_us () + 100000);
}

//  The child that was given up, or NULL.
static const child_t *
start_due (ink_supervisor_t *self)
{
    int64_t now = ink_clock_us ();
    for (size_t n = 0; n < self->size; n++) {
        child_t *child = &self->children[n];
        if (child->restart.given_up)
            return child;
        if (ink_restart_is_due (&child->restart, now))
            start (self, child);
    }
    return NULL;
}

int
ink_supervisor_run (ink_supervisor_t *self, const char **failed)
{
    const child_t *lost = NULL;
    while (!self->ending && !(lost = start_due (self))) {
        int64_t deadline = INT64_MAX;
        for (size_t n = 0; n < self->size; n++) {
            int64_t due = ink_restart_deadline (&self->children[n].restart);
            deadline = due < deadline ? due : deadline;
        }
        wait_until (self, deadline);
    }
    end_all (self);
    if (lost)
        *failed = lost->name;
    return lost ? (lost->status ? lost->status : 1) : 0;
}

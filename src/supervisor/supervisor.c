//  supervisor.c: child processes that are started again when they die or hang.

#include "supervisor/supervisor.h"

#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "inkling/error.h"
#include "supervisor/child.h"
#include "supervisor/doubt.h"

#define CHILDREN_MOST 300
#define END_PATIENCE_US 5000000

struct ink_supervisor {
    const char *logs;
    ink_child_t children[CHILDREN_MOST];
    size_t size;
    int signals;
    bool ending;

    ink_doubt_t doubt;
    ink_child_t mender; //  Runs when there is doubt; is no child of the list
    char *const *check, *const *renew;
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
    self->mender = (ink_child_t){.name = "mender", .pulse = -1};
    if (self->signals < 0)
        ink_supervisor_destroy (&self);
    return self;
}

void
ink_supervisor_destroy (ink_supervisor_t **self_p)
{
    ink_supervisor_t *self = *self_p;
    if (!self)
        return;
    for (size_t n = 0; n < self->size; n++)
        close (self->children[n].pulse);
    if (self->signals >= 0)
        close (self->signals);
    free (self);
    *self_p = NULL;
}

int
ink_supervisor_add (ink_supervisor_t *self, const char *name, char *const argv[],
                    bool stores)
{
    if (self->size == CHILDREN_MOST)
        return INK_ENOMEM;
    int pulse = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (pulse < 0)
        return INK_ESYSTEM;
    self->children[self->size++] =
        (ink_child_t){.name = name, .argv = argv, .stores = stores, .pulse = pulse};
    return INK_OK;
}

void
ink_supervisor_mend (ink_supervisor_t *self, char *const check[], char *const renew[])
{
    self->check = check;
    self->renew = renew;
}

//  ---------------------------------------------------------------------------------------
//  Beginning and end of children

static void
start (ink_supervisor_t *self, ink_child_t *child)
{
    bool started = ink_child_start (child, self->logs);
    int64_t now = ink_clock_us ();
    ink_restart_started (&child->restart, now);
    ink_watch_started (&child->watch, now);
    if (!started)
        ink_restart_ended (&child->restart, now);
}

//  The child that was given up, or NULL. Who uses a store in doubt waits.
static const ink_child_t *
start_due (ink_supervisor_t *self)
{
    int64_t now = ink_clock_us ();
    for (size_t n = 0; n < self->size; n++) {
        ink_child_t *child = &self->children[n];
        if (child->restart.given_up)
            return child;
        if (ink_restart_is_due (&child->restart, now) &&
            !(child->stores && self->doubt.remedy))
            start (self, child);
    }
    return NULL;
}

static void
ended (ink_supervisor_t *self, ink_child_t *child, int status)
{
    int64_t now = ink_clock_us ();
    bool crashed = ink_child_ended (child, status);
    ink_restart_ended (&child->restart, now);
    if (crashed && child->stores && self->check)
        ink_doubt_crashed (&self->doubt, now);
}

static void
reap (ink_supervisor_t *self)
{
    int status;
    pid_t pid;
    while ((pid = waitpid (-1, &status, WNOHANG)) > 0) {
        for (size_t n = 0; n < self->size; n++)
            if (self->children[n].pid == pid)
                ended (self, &self->children[n], status);
        if (self->mender.pid == pid) {
            (void) ink_child_ended (&self->mender, status);
            ink_doubt_mended (&self->doubt, ink_clock_us ());
        }
    }
}

static size_t
running (const ink_supervisor_t *self)
{
    size_t count = self->mender.pid != 0;
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
    if (self->mender.pid)
        kill (self->mender.pid, signal);
}

//  ---------------------------------------------------------------------------------------
//  Children that hang

static void
look_at (ink_child_t *child, int64_t now)
{
    if (!child->pid)
        return;
    bool beaten = ink_child_has_beaten (child);
    if (!beaten && ink_child_awaits_disk (child)) {
        ink_watch_excused (&child->watch, now);
        return;
    }
    switch (ink_watch_look (&child->watch, now, beaten)) {
    case INK_VERDICT_LET:
        break;
    case INK_VERDICT_END:
        ink_log (INK_LOG_EVENTS, "supervisor",
                 "%s has been silent for seconds, so it is ended", child->name);
        kill (child->pid, SIGTERM);
        break;
    case INK_VERDICT_KILL:
        ink_log (INK_LOG_EVENTS, "supervisor",
                 "%s was asked to end and did not, so it is killed", child->name);
        kill (child->pid, SIGKILL);
        break;
    }
}

static void
look (ink_supervisor_t *self)
{
    int64_t now = ink_clock_us ();
    for (size_t n = 0; n < self->size; n++)
        look_at (&self->children[n], now);
    look_at (&self->mender, now);
}

//  ---------------------------------------------------------------------------------------
//  A store in doubt

//  True when none is left of those who use the store; each is asked once to end.
static bool
nobody_stores (ink_supervisor_t *self)
{
    bool nobody = true;
    for (size_t n = 0; n < self->size; n++) {
        ink_child_t *child = &self->children[n];
        if (!child->stores || !child->pid)
            continue;
        nobody = false;
        if (child->watch.state >= INK_WATCH_ASKED)
            continue;
        ink_watch_asked (&child->watch, ink_clock_us ());
        kill (child->pid, SIGTERM);
    }
    return nobody;
}

static void
mend (ink_supervisor_t *self)
{
    if (!self->doubt.remedy || self->mender.pid || !nobody_stores (self))
        return;
    bool check = self->doubt.remedy == INK_REMEDY_CHECK;
    ink_log (INK_LOG_EVENTS, "supervisor", "who uses the cache crashes, so it is %s",
             check ? "checked" : "set aside, though no damage was found");
    self->mender.argv = check ? self->check : self->renew;
    int64_t now = ink_clock_us ();
    ink_watch_started (&self->mender.watch, now);
    if (!ink_child_start (&self->mender, NULL))
        ink_doubt_mended (&self->doubt, now);
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

static int64_t
next_deadline (const ink_supervisor_t *self)
{
    int64_t deadline = INT64_MAX;
    for (size_t n = 0; n < self->size; n++) {
        const ink_child_t *child = &self->children[n];
        int64_t due = child->pid ? ink_watch_deadline (&child->watch)
                                 : ink_restart_deadline (&child->restart);
        //  Who waits for the mender wakes us with its end
        if (!child->pid && child->stores && self->doubt.remedy)
            continue;
        deadline = due < deadline ? due : deadline;
    }
    if (self->mender.pid && ink_watch_deadline (&self->mender.watch) < deadline)
        deadline = ink_watch_deadline (&self->mender.watch);
    return deadline;
}

int
ink_supervisor_run (ink_supervisor_t *self, const char **failed)
{
    const ink_child_t *lost = NULL;
    while (!self->ending && !(lost = start_due (self))) {
        wait_until (self, next_deadline (self));
        look (self);
        mend (self);
    }
    end_all (self);
    if (lost)
        *failed = lost->name;
    return lost ? (lost->status ? lost->status : 1) : 0;
}

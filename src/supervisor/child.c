//  child.c: a process of the supervisor.

#include "supervisor/child.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"

#define STATUS_NO_PROCESS 5 //  As when the system refuses anything else

static void
keep_log (const ink_child_t *self, const char *logs)
{
    char path[4096];
    int log = -1;
    if (logs &&
        snprintf (path, sizeof path, "%s/%s.log", logs, self->name) < (int) sizeof path)
        log = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (log >= 0)
        dup2 (log, STDERR_FILENO);
    dup2 (STDERR_FILENO, STDOUT_FILENO);
}

static void
pass_pulse (const ink_child_t *self)
{
    char number[16];
    if (self->pulse < 0)
        return;
    snprintf (number, sizeof number, "%d", self->pulse);
    setenv (INK_CHILD_PULSE, number, 1);
    fcntl (self->pulse, F_SETFD, 0);
}

//  In the child, which has our one thread: dies with us, hears signals, and is the program.
//  It dies by the one signal that ends also what hangs or was stopped.
static void
become (const ink_child_t *self, const char *logs, pid_t parent)
{
    sigset_t none;
    sigemptyset (&none);
    sigprocmask (SIG_SETMASK, &none, NULL);
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    if (getppid () != parent)
        _exit (1);  //  We died in between
    setpgid (0, 0); //  Ctrl-C is for the supervisor alone
    keep_log (self, logs);
    pass_pulse (self);
    execv ("/proc/self/exe", self->argv);
    _exit (127);
}

bool
ink_child_start (ink_child_t *self, const char *logs)
{
    (void) ink_child_has_beaten (self); //  What the last one left
    pid_t parent = getpid (), pid = fork ();
    if (pid == 0)
        become (self, logs, parent);
    if (pid < 0) {
        self->status = STATUS_NO_PROCESS;
        return false;
    }
    self->pid = pid;
    ink_log (INK_LOG_EVENTS, "supervisor", "%s is process %d", self->name, (int) pid);
    return true;
}

bool
ink_child_has_beaten (const ink_child_t *self)
{
    uint64_t beats;
    return self->pulse >= 0 && read (self->pulse, &beats, sizeof beats) == sizeof beats;
}

//  The letter behind the name, which stands in parentheses and may hold any others.
static char
state_of_thread (pid_t pid, const char *thread)
{
    char path[300], text[512] = "";
    snprintf (path, sizeof path, "/proc/%d/task/%s/stat", (int) pid, thread);
    FILE *file = fopen (path, "re");
    if (!file)
        return 0;
    const char *end = fgets (text, sizeof text, file) ? strrchr (text, ')') : NULL;
    fclose (file);
    return end && end[1] ? end[2] : 0;
}

bool
ink_child_awaits_disk (const ink_child_t *self)
{
    char path[64];
    bool found = false;
    snprintf (path, sizeof path, "/proc/%d/task", (int) self->pid);
    DIR *threads = opendir (path);
    struct dirent *thread;
    while (threads && !found && (thread = readdir (threads)))
        found = state_of_thread (self->pid, thread->d_name) == 'D';
    if (threads)
        closedir (threads);
    return found;
}

bool
ink_child_ended (ink_child_t *self, int status)
{
    self->pid = 0;
    self->status = WIFEXITED (status) ? WEXITSTATUS (status) : 1;
    if (!WIFSIGNALED (status)) {
        ink_log (INK_LOG_EVENTS, "supervisor", "%s ended with status %d", self->name,
                 self->status);
        return false;
    }
    int signal = WTERMSIG (status);
    ink_log (INK_LOG_EVENTS, "supervisor", "%s was ended by %s", self->name,
             strsignal (signal));
    return signal == SIGSEGV || signal == SIGBUS || signal == SIGABRT;
}

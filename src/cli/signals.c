//  signals.c: Ctrl-C and SIGTERM as events of a poll loop.

#include "cli/signals.h"

#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

static sigset_t
signals (void)
{
    sigset_t set;
    sigemptyset (&set);
    sigaddset (&set, SIGINT);
    sigaddset (&set, SIGTERM);
    return set;
}

int
ink_signals_block (void)
{
    sigset_t set = signals ();
    if (pthread_sigmask (SIG_BLOCK, &set, NULL) != 0)
        return -1;
    return signalfd (-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

int
ink_signals_read (int descriptor)
{
    struct signalfd_siginfo info;
    if (read (descriptor, &info, sizeof info) != (ssize_t) sizeof info)
        return 0;
    return (int) info.ssi_signo;
}

static volatile sig_atomic_t last_status;

static void
end (int number)
{
    _exit (number == SIGALRM ? (int) last_status : 128 + number);
}

void
ink_signals_leave (int status, unsigned seconds)
{
    last_status = status;
    struct sigaction action = {.sa_handler = end};
    sigaction (SIGINT, &action, NULL);
    sigaction (SIGTERM, &action, NULL);
    sigaction (SIGALRM, &action, NULL);
    alarm (seconds);
    sigset_t set = signals ();
    pthread_sigmask (SIG_UNBLOCK, &set, NULL);
}

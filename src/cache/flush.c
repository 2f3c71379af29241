//  flush.c: the thread and its one order.

#include "cache/flush.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

void
ink_flush_init (ink_flush_t *self)
{
    *self = (ink_flush_t){.file = -1};
    pthread_mutex_init (&self->mutex, NULL);
    pthread_cond_init (&self->changed, NULL);
}

static void *
run (void *argument)
{
    ink_flush_t *self = argument;
    pthread_mutex_lock (&self->mutex);
    while (!self->ending || self->file >= 0) {
        if (self->file < 0) {
            pthread_cond_wait (&self->changed, &self->mutex);
            continue;
        }
        pthread_mutex_unlock (&self->mutex);
        bool failed = fdatasync (self->file) < 0;
        pthread_mutex_lock (&self->mutex);
        close (self->file);
        self->file = -1;
        self->failed |= failed;
    }
    pthread_mutex_unlock (&self->mutex);
    return NULL;
}

//  Signals are for the threads that were there before.
static bool
start (ink_flush_t *self)
{
    sigset_t all, before;
    sigfillset (&all);
    pthread_sigmask (SIG_SETMASK, &all, &before);
    bool started = pthread_create (&self->thread, NULL, run, self) == 0;
    pthread_sigmask (SIG_SETMASK, &before, NULL);
    return started;
}

bool
ink_flush_order (ink_flush_t *self, int file)
{
    bool taken = false;
    pthread_mutex_lock (&self->mutex);
    if (!self->running)
        self->running = start (self);
    if (self->running && self->file < 0) {
        self->file = fcntl (file, F_DUPFD_CLOEXEC, 0);
        taken = self->file >= 0;
        pthread_cond_signal (&self->changed);
    }
    pthread_mutex_unlock (&self->mutex);
    return taken;
}

bool
ink_flush_fini (ink_flush_t *self)
{
    pthread_mutex_lock (&self->mutex);
    self->ending = true;
    pthread_cond_signal (&self->changed);
    pthread_mutex_unlock (&self->mutex);
    if (self->running)
        pthread_join (self->thread, NULL);
    pthread_cond_destroy (&self->changed);
    pthread_mutex_destroy (&self->mutex);
    return !self->failed;
}

//  child.h: a process of the supervisor: this very program with other arguments.

#ifndef INK_CHILD_H_INCLUDED
#define INK_CHILD_H_INCLUDED

#include <stdbool.h>
#include <sys/types.h>

#include "supervisor/restart.h"
#include "supervisor/watch.h"

//  Names the descriptor to which a child's working code adds: an eventfd, which never blocks
//  and outlives whoever reads it.
#define INK_CHILD_PULSE "INKLING_PULSE"

typedef struct {
    const char *name;
    char *const *argv;
    bool stores; //  It uses the store
    pid_t pid;   //  0: not running
    int pulse;   //  -1: it has none
    int status;  //  With which it ended last
    ink_restart_t restart;
    ink_watch_t watch;
} ink_child_t;

//  Makes the process. It dies with us, and what it prints goes to LOGS/NAME.log, or where our
//  errors go when `logs` is NULL. False: the system refused.
bool ink_child_start (ink_child_t *self, const char *logs);

//  Whether it has beaten since it was asked last.
bool ink_child_has_beaten (const ink_child_t *self);

//  Whether one of its threads waits for a disk: no signal ends such a wait, and it is no loop.
bool ink_child_awaits_disk (const ink_child_t *self);

//  The process is gone, as wait told. True when it crashed: by a signal of which a damaged
//  store may be the cause.
bool ink_child_ended (ink_child_t *self, int status);

#endif

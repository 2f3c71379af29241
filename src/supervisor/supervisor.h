//  supervisor.h: child processes that are started again when they die or hang.

#ifndef INK_SUPERVISOR_H_INCLUDED
#define INK_SUPERVISOR_H_INCLUDED

#include <stdbool.h>

typedef struct ink_supervisor ink_supervisor_t;

//  NULL when out of memory. SIGINT, SIGTERM and SIGCHLD must be blocked in the whole process,
//  which has no other thread. `logs` is a folder in which each child's stderr is kept as
//  NAME.log, or NULL: it goes where ours goes.
ink_supervisor_t *ink_supervisor_new (const char *logs);
void ink_supervisor_destroy (ink_supervisor_t **self_p);

//  Adds a child: this very program with other arguments. `argv` ends with NULL and, as `name`,
//  is borrowed. `stores`: it uses the store (ink_supervisor_mend). INK_ENOMEM, INK_ESYSTEM.
int ink_supervisor_add (ink_supervisor_t *self, const char *name, char *const argv[],
                        bool stores);

//  What to run, as this very program, before those who use the store are started again when
//  they crash and crash: the one checks it, the other begins a new one. Both are borrowed.
void
ink_supervisor_mend (ink_supervisor_t *self, char *const check[], char *const renew[]);

//  Starts all children and keeps them running until SIGINT or SIGTERM comes, then ends them:
//  SIGTERM, and after 5 s SIGKILL. One that dies is started again, one whose working code is
//  silent for long (watch.h) is ended first. Returns 0, or the exit status of a child that
//  could not be kept running, whose name is stored in *failed.
int ink_supervisor_run (ink_supervisor_t *self, const char **failed);

#endif

//  server.h: `inkling serve` with two workers, each a process.

#ifndef BENCH_SERVER_H_INCLUDED
#define BENCH_SERVER_H_INCLUDED

#include "process.h"

typedef struct {
    const char *build, *root;
    bool cache; //  In the folder below, empty at first
    char folder[PATH_MAX], endpoint[PATH_MAX + 16];
    pid_t process;
} server_t;

static inline void
server_main (void *arg)
{
    const server_t *self = arg;
    char program[PATH_MAX], root[PATH_MAX + 8], cache[PATH_MAX + 8];
    snprintf (program, sizeof program, "%s/inkling", self->build);
    snprintf (root, sizeof root, "data=%s", self->root);
    snprintf (cache, sizeof cache, "%s/cache", self->folder);
    execl (program, "inkling", "serve", "--workers", "2", "--quiet", "--root", root,
           "--endpoint", self->endpoint, self->cache ? "--cache" : "--no-cache",
           self->cache ? cache : NULL, NULL);
    die ("cannot run %s", program);
}

static inline void
server_start (server_t *self)
{
    make_folder (self->folder);
    snprintf (self->endpoint, sizeof self->endpoint, "ipc://%s/front", self->folder);
    self->process = process_start (server_main, self);
}

static inline void
server_stop (server_t *self)
{
    process_end (self->process, SIGTERM);
    remove_folder (self->folder);
}

#endif

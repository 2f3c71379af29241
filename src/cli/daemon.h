//  daemon.h: what ventilator, sink, worker and serve are told, and what they share.

#ifndef INK_DAEMON_H_INCLUDED
#define INK_DAEMON_H_INCLUDED

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/endpoint.h"
#include "cache/cache.h"
#include "source/source.h"

#define INK_DAEMON_ROOTS 64
#define INK_DAEMON_LOADS 32

//  Texts are those of the command line.
typedef struct {
    const char *roots[INK_DAEMON_ROOTS]; //  "NAME=DIR"
    size_t root_count;
    const char *loads[INK_DAEMON_LOADS];
    size_t load_count;
    const char *endpoint, *sink, *cache, *state, *name;
    uint64_t cache_size, workers;
    bool no_cache, insecure, quiet, trace;
} ink_daemon_options_t;

//  Fills an ink_daemon_options_t, which is its input.
extern const struct argp ink_daemon_argp;

//  Reads the arguments and prepares the process: kernels loaded, the endpoint known and
//  allowed. False: the verb ends with *status.
bool
ink_daemon_begin (const struct argp *argp, int argc, char **argv,
                  ink_daemon_options_t *options, ink_endpoints_t *endpoints, int *status);

//  Makes sure that so many files and sockets can be opened. 0, or the exit status after a
//  complaint.
int ink_daemon_descriptors (size_t count);

//  The roots, or NULL after a complaint, with *status.
ink_roots_t *ink_daemon_roots (const ink_daemon_options_t *options, int *status);

//  Opens the cache. True when there is one or none is wanted; else after a complaint, with
//  *status.
bool ink_daemon_cache (const ink_daemon_options_t *options, ink_cache_t **cache_p,
                       int *status);

//  Makes sure that nobody else is `role` at this endpoint: ipc would let us steal it. Keeps a
//  lock until the process ends. 0, or the exit status after a complaint.
int ink_daemon_lock (const ink_endpoints_t *endpoints, const char *role);

#endif

//  local.c: a whole Inkling inside this process.

#include "inkling/local.h"

#include <czmq.h>
#include <stdatomic.h>

#include "base/descriptors.h"
#include "base/endpoint.h"
#include "cache/cache.h"
#include "protocol/actor.h"
#include "sink/sink.h"
#include "source/source.h"
#include "ventilator/ventilator.h"
#include "worker/worker.h"

#define CACHE_SIZE ((uint64_t) 4 << 30)
//  Seven sockets each, of the 1024 that a context has unless its program says otherwise
#define WORKERS_MOST 128

//  Descriptors: what everything but the workers takes, and what each of them takes
#define BASE_NEEDS 48
#define WORKER_NEEDS 12

typedef struct {
    ink_actor_t *actor;
    ink_worker_options_t options;
    char name[32];
} local_worker_t;

struct ink_local {
    ink_endpoints_t endpoints;
    ink_roots_t *roots;
    ink_cache_t *cache;
    ink_actor_t *sink, *ventilator;
    ink_sink_options_t sink_options;
    ink_ventilator_options_t ventilator_options;
    local_worker_t *workers;
    size_t worker_count;
};

static int
choose_endpoints (ink_local_t *self, const char *asked)
{
    static atomic_uint count;
    char front[INK_ENDPOINT_MOST];
    snprintf (front, sizeof front, "inproc://inkling-%u", atomic_fetch_add (&count, 1));
    return ink_endpoints_derive (asked ? asked : front, &self->endpoints);
}

static int
open_world (ink_local_t *self, const ink_local_options_t *options)
{
    int rc = choose_endpoints (self, options->endpoint);
    if (rc)
        return rc;
    self->roots = ink_roots_new ();
    if (!self->roots)
        return INK_ENOMEM;
    rc = ink_roots_add (self->roots, "", "/");
    if (rc == INK_OK && options->cache)
        self->cache = ink_cache_open_lmdb (
            options->cache, options->cache_size ? options->cache_size : CACHE_SIZE, &rc);
    return rc;
}

static int
start_worker (ink_local_t *self, local_worker_t *worker, size_t n)
{
    snprintf (worker->name, sizeof worker->name, "local-%zu", n + 1);
    worker->options.endpoints = self->endpoints;
    worker->options.roots = self->roots;
    worker->options.name = worker->name;
    worker->actor = ink_actor_new (ink_worker_actor, &worker->options);
    return worker->actor ? worker->options.error : INK_ESYSTEM;
}

//  The sink before the ventilator before the workers: each finds the next one there.
static int
start (ink_local_t *self, size_t workers)
{
    zsys_handler_set (NULL); //  Signals are the program's
    self->sink_options.endpoints = self->endpoints;
    self->sink_options.cache = self->cache;
    self->sink = ink_actor_new (ink_sink_actor, &self->sink_options);
    if (!self->sink || self->sink_options.error)
        return self->sink ? self->sink_options.error : INK_ESYSTEM;

    self->ventilator_options.endpoints = self->endpoints;
    self->ventilator_options.cache = self->cache;
    self->ventilator_options.roots = self->roots;
    self->ventilator = ink_actor_new (ink_ventilator_actor, &self->ventilator_options);
    if (!self->ventilator || self->ventilator_options.error)
        return self->ventilator ? self->ventilator_options.error : INK_ESYSTEM;

    self->workers = calloc (workers, sizeof *self->workers);
    if (!self->workers)
        return INK_ENOMEM;
    int rc = INK_OK;
    while (rc == INK_OK && self->worker_count < workers) {
        size_t n = self->worker_count++;
        rc = start_worker (self, &self->workers[n], n);
    }
    return rc;
}

static size_t
processors (void)
{
    long count = sysconf (_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (size_t) count;
}

ink_local_t *
ink_local_new (const ink_local_options_t *options, int *error)
{
    size_t workers = options->workers ? options->workers : processors ();
    workers = workers < WORKERS_MOST ? workers : WORKERS_MOST;
    ink_local_t *self = calloc (1, sizeof *self);
    int rc = self ? INK_OK : INK_ENOMEM;
    if (rc == INK_OK && !ink_descriptors_are_there (BASE_NEEDS + workers * WORKER_NEEDS))
        rc = INK_ESYSTEM;
    if (rc == INK_OK)
        rc = open_world (self, options);
    if (rc == INK_OK)
        rc = start (self, workers);
    if (rc)
        ink_local_destroy (&self);
    if (error)
        *error = rc;
    return self;
}

void
ink_local_destroy (ink_local_t **self_p)
{
    ink_local_t *self = *self_p;
    if (!self)
        return;
    for (size_t n = 0; n < self->worker_count; n++)
        ink_actor_destroy (&self->workers[n].actor);
    ink_actor_destroy (&self->ventilator);
    ink_actor_destroy (&self->sink);
    free (self->workers);
    ink_cache_close (&self->cache);
    ink_roots_destroy (&self->roots);
    free (self);
    *self_p = NULL;
}

const char *
ink_local_endpoint (const ink_local_t *self)
{
    return self->endpoints.front;
}

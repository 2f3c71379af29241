//  local.h: a whole Inkling inside this process.
//
//  Ventilator, sink and workers run as threads and talk over inproc. A client connects to
//  ink_local_endpoint as it would to a server; the root "" is the whole file system, so a
//  source is an absolute path.

#ifndef INKLING_LOCAL_H_INCLUDED
#define INKLING_LOCAL_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct ink_local ink_local_t;

typedef struct {
    size_t workers;       //  0: one a processor
    const char *cache;    //  Folder of the cache; NULL: none
    uint64_t cache_size;  //  Bytes it may take; 0: 4 GiB
    const char *endpoint; //  NULL: inproc; else ipc or tcp, for tests and tools
} ink_local_options_t;

//  Starts everything. On failure returns NULL and stores the reason in *error, when given:
//  INK_ECACHE, INK_ESYSTEM, INK_ENOMEM.
INK_EXPORT ink_local_t *ink_local_new (const ink_local_options_t *options, int *error);

//  Stops everything and waits for it. Clients of it must be destroyed before.
INK_EXPORT void ink_local_destroy (ink_local_t **self_p);

//  Where clients connect; lives as long as the object.
INK_EXPORT const char *ink_local_endpoint (const ink_local_t *self);

//  Makes a kernel from a shared object known to this process, before ink_local_new.
//  INK_EKERNEL: no such file, no ink_kernel_entry, another ABI, a table that breaks a limit
//  of kernel.h, or a name that is taken; the reason is written to `why` when given.
INK_EXPORT int ink_kernel_load (const char *path, char *why, size_t why_size);

#endif

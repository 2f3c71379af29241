//  error.h: every way a request can fail, once.
//
//  Functions of the library return INK_OK or one of these codes. The name travels on the
//  wire and in JSON, the exit status is what the program ends with, and `again` says
//  whether the same request may succeed when it is tried later without a change.

#ifndef INKLING_ERROR_H_INCLUDED
#define INKLING_ERROR_H_INCLUDED

#include "version.h"

//  code, name, exit status, again, sentence, hint
#define INK_ERRORS(E)                                                                    \
    E (OK, "ok", 0, 0, "no error", "")                                                   \
    E (ENOMEM, "no_memory", 5, 1, "out of memory",                                       \
       "free memory or ask for less at once")                                            \
    E (EUSAGE, "usage", 2, 0, "the arguments are not of the right form",                 \
       "see inkling help")                                                               \
    E (EUNREACHABLE, "unreachable", 3, 1, "the ventilator does not answer",              \
       "start one with `inkling serve`, or name another with --endpoint")                \
    E (ETIMEOUT, "timeout", 4, 1, "the request did not end in time",                     \
       "give it longer with --timeout, or look at `inkling status`")                     \
    E (ENOWORKER, "no_worker", 4, 1, "no worker with this kernel is connected",          \
       "start one with `inkling worker`, or look at `inkling workers`")                  \
    E (ENOSINK, "no_sink", 4, 1, "no sink is connected to the ventilator",               \
       "start one with `inkling sink`, or look at its log")                              \
    E (EBUSY, "busy", 5, 1, "the ventilator has as many requests as it may hold",        \
       "try again when some have ended")                                                 \
    E (EPERM, "no_permission", 5, 0, "the source may not be read",                       \
       "check the permissions of the file and of the folders above it")                  \
    E (ENOTREGULAR, "not_regular", 5, 0, "the source is not a regular file",             \
       "folders, pipes, devices, /proc and /sys cannot be read by range")                \
    E (EESCAPE, "path_escape", 5, 0, "the path leads out of its root",                   \
       "name a file beneath a served root")                                              \
    E (ENOTFOUND, "not_found", 6, 0, "there is no such file", "check the path")          \
    E (ENOROOT, "no_such_root", 6, 0, "no root of this name is served",                  \
       "serve it with `inkling serve --root NAME=DIR`")                                  \
    E (ENOREQUEST, "no_such_request", 6, 0, "there is no request of this id",            \
       "see `inkling status` for those that run")                                        \
    E (ERANGE, "bad_range", 2, 0, "the range is not inside the source",                  \
       "compare --range with the size of the file")                                      \
    E (EEMPTY, "empty_range", 2, 0, "the range is empty, there is nothing to compute",   \
       "check the size of the file and the length of the range")                         \
    E (ENOKERNEL, "unknown_kernel", 2, 0, "there is no kernel of this name",             \
       "see `inkling kernels`")                                                          \
    E (EPARAM, "bad_parameter", 2, 0, "the kernel does not take this parameter",         \
       "see `inkling kernels` for names and limits")                                     \
    E (ECHUNK, "bad_chunk", 2, 0, "the chunk size cannot be used",                       \
       "a power of two from 4K to 64M, and not below the kernel's cell")                 \
    E (ETOOLARGE, "too_large", 5, 0, "the answer or the plan would be too large",        \
       "ask for a smaller range, larger cells or larger chunks")                         \
    E (ECONFLICT, "conflict", 5, 0, "another request already has this id",               \
       "use a new id, or repeat the very same request")                                  \
    E (ECANCELLED, "cancelled", 7, 0, "the request was cancelled", "")                   \
    E (ECHANGED, "source_changed", 1, 1, "the source changed while it was read",         \
       "ask again when nobody writes to it")                                             \
    E (EIO, "io_error", 1, 1, "the source could not be read", "check the disk")          \
    E (ELOST, "worker_lost", 1, 1, "every worker that tried this range was lost",        \
       "look at the workers' logs; the range may crash the kernel")                      \
    E (EVALUE, "bad_value", 1, 1, "a worker sent a value of the wrong form",             \
       "worker and sink may have different builds of the kernel")                        \
    E (EMESSAGE, "bad_message", 5, 0, "the message is not of the protocol",              \
       "see doc/protocol.md")                                                            \
    E (EVERSION, "bad_version", 5, 0, "the peer speaks another version of the protocol", \
       "use the same Inkling on both sides")                                             \
    E (ECACHE, "cache_failed", 5, 1, "the cache cannot be used",                         \
       "check the folder and the disk, or go on with --no-cache")                        \
    E (EFILES, "wrong_files", 2, 0, "the kernel takes another number of files",          \
       "see `inkling kernels` for those that compare two")                               \
    E (EKERNEL, "bad_kernel", 5, 0, "the kernel cannot be loaded",                       \
       "build it against this version of inkling/kernel.h")                              \
    E (ESYSTEM, "system", 5, 1, "the system refused a resource",                         \
       "check limits on files, memory and processes")                                    \
    E (EGAVEUP, "gave_up", 1, 0, "the kernel gave up on this range",                     \
       "a pattern may take too many steps there: make it simpler, or `most` smaller")

typedef enum {
#define INK_ERROR_CODE(code, name, status, again, sentence, hint) INK_##code,
    INK_ERRORS (INK_ERROR_CODE)
#undef INK_ERROR_CODE
        INK_ERROR_COUNT
} ink_error_t;

//  The name of a code, as on the wire: "source_changed". Unknown codes give "unknown".
INK_EXPORT const char *ink_error_name (int code);

//  One sentence without a full stop: what happened.
INK_EXPORT const char *ink_error_text (int code);

//  What a person can do about it; "" when there is nothing to say.
INK_EXPORT const char *ink_error_hint (int code);

//  The exit status of a program that ends with this error.
INK_EXPORT int ink_error_status (int code);

//  1 when the same request may succeed later, else 0.
INK_EXPORT int ink_error_again (int code);

//  The code of a name, or -1.
INK_EXPORT int ink_error_from_name (const char *name);

#endif

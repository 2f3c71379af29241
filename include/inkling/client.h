//  client.h: ask an Inkling for something, and get an inkling of the answer first.
//
//  Caveats, all in one place:
//    - A handle belongs to the thread that made it. Several handles in several threads
//      are fine.
//    - `**` in a prototype means "I take it": the pointer is NULL afterwards.
//    - A returned `const` pointer lives as long as the object it was asked of.
//    - Nothing here blocks longer than the timeout it was given; -1 waits for ever.

#ifndef INKLING_CLIENT_H_INCLUDED
#define INKLING_CLIENT_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "error.h"

typedef struct ink_client ink_client_t;
typedef struct ink_request ink_request_t;
typedef struct ink_reply ink_reply_t;
typedef struct ink_status ink_status_t;

//  To the end of the source.
#define INK_TO_END UINT64_MAX

//  The focus of a view: the middle of its range.
#define INK_MIDDLE UINT64_MAX

//  ---------------------------------------------------------------------------------------
//  Request: one question. May be changed until it is submitted, and submitted again.

//  Ask about `source`, "ROOT/PATH" beneath a served root. It gets a fresh id, covers the
//  whole source and has no kernel yet. NULL when out of memory.
INK_EXPORT ink_request_t *ink_request_new (const char *source);
INK_EXPORT void ink_request_destroy (ink_request_t **self_p);

//  The second source, for kernels that compare two; "": none. INK_ENOMEM.
INK_EXPORT int ink_request_set_other (ink_request_t *self, const char *source);

//  The id: up to 64 of [A-Za-z0-9._-]. Setting one makes a request that can be issued again
//  by another process. INK_EUSAGE when it is of another form; nothing has changed then.
INK_EXPORT const char *ink_request_id (const ink_request_t *self);
INK_EXPORT int ink_request_set_id (ink_request_t *self, const char *id);

//  Bytes of the source; `length` may be INK_TO_END.
INK_EXPORT void
ink_request_set_range (ink_request_t *self, uint64_t offset, uint64_t length);

//  Adds a kernel, up to 8. INK_EUSAGE when there is no room, the name is too long or named
//  already.
INK_EXPORT int ink_request_add_kernel (ink_request_t *self, const char *kernel);

//  Sets a parameter of every kernel of the request that has it: to a number; or as it would be
//  typed: a number with a suffix, a word, a text, bytes in hexadecimal digits. INK_EUSAGE when
//  there is no room (8), the name is too long, or the text empty or above 512 bytes. A name no
//  kernel has, or what a kernel does not take, is refused by the ventilator, which says why.
INK_EXPORT int
ink_request_set_param (ink_request_t *self, const char *name, int64_t value);
INK_EXPORT int
ink_request_set_text_param (ink_request_t *self, const char *name, const char *text);

//  Adds a completion (0 to 1) at which a partial is wanted, up to 64 of them; 0: as soon as
//  anything is known. Without any,
//  partials come as soon as something is known, then every 50 ms at most.
INK_EXPORT int ink_request_add_report (ink_request_t *self, double completion);

//  The same, for a partial whose cells may be coarse: of about `precision` bytes each, at least
//  as fine and no finer than the kernel's own; 0: as its own. At completion 0 an estimate may
//  have wider ones. Partials that were not asked for, of an answer above 1 MiB, come as fine as
//  fits into 256 KiB. Counts are not concerned.
INK_EXPORT int
ink_request_add_report_at (ink_request_t *self, double completion, uint64_t precision);

//  Whether partials may estimate what is not known yet, as at first; else they are exact over
//  what they cover.
INK_EXPORT void ink_request_set_estimates (ink_request_t *self, bool estimates);

//  Computes only this fraction of the range, spread over all of it, and estimates the rest: the
//  final is approximate then, and says so by ink_reply_estimated and ink_reply_bound. 1, as at
//  first: all of it. For kernels that count; others are refused by the ventilator. INK_EUSAGE:
//  not above 0, or above 1.
INK_EXPORT int ink_request_set_sample (ink_request_t *self, double fraction);

//  A chunk size in place of the kernels' own: a power of two, 4096 to 64 MiB; 0: their own.
INK_EXPORT void ink_request_set_chunk (ink_request_t *self, uint64_t chunk);

//  Smaller is sooner, -1000 to 1000, 0 at first: 100 more halves the share.
INK_EXPORT void ink_request_set_priority (ink_request_t *self, int priority);

//  Ends with INK_ETIMEOUT after so long; 0, as at first: a day.
INK_EXPORT void ink_request_set_timeout (ink_request_t *self, uint32_t milliseconds);

//  `read`: take what the cache knows. `write`: keep what is computed. Both at first.
INK_EXPORT void ink_request_set_cache (ink_request_t *self, bool read, bool write);

//  Makes it a statement of a view: what is seen in one place of a screen, that moves. A request
//  ends the earlier ones of this client that have the same view, with INK_ECANCELLED, as soon as
//  it is taken in; what of them it still wants goes on. It is computed from byte `focus` of the
//  source outwards. INK_EUSAGE when the name is of another form than an id; nothing has changed
//  then.
INK_EXPORT int
ink_request_set_view (ink_request_t *self, const char *view, uint64_t focus);

//  ---------------------------------------------------------------------------------------
//  Client: a connection that mends itself, with any number of requests on their way.

//  Connects to a ventilator; NULL: $INKLING_ENDPOINT, then the default of `inkling serve`.
//  Does not wait: when nobody answers for 3 s, requests end with INK_EUNREACHABLE. After a
//  first contact it reconnects for 30 s and issues again what has no final yet.
//  NULL when the endpoint is of no known form or the system has no more sockets.
INK_EXPORT ink_client_t *ink_client_new (const char *endpoint);

//  Cancels what still runs. Returns within a second.
INK_EXPORT void ink_client_destroy (ink_client_t **self_p);

//  Sends the request, which stays yours. The same id and body again attaches to the running
//  one. INK_EUSAGE: no kernel, or a text that is too long or no UTF-8; INK_EBUSY: 1024 are on
//  their way, or wait with a final that was not received; INK_ECONFLICT: this client has the
//  id on its way with another body; INK_ENOMEM.
INK_EXPORT int ink_client_submit (ink_client_t *self, const ink_request_t *request);

//  Asks for the end of a request, this client's or another's. A request of this client ends
//  with a final of status INK_ECANCELLED for each kernel, or with the final that was on its
//  way; INK_ENOREQUEST when it has all its finals.
//  For a request of another client: waits for the answer, at most `timeout_ms`;
//  INK_ENOREQUEST when no such one runs, INK_EUNREACHABLE.
INK_EXPORT int ink_client_cancel (ink_client_t *self, const char *id);
INK_EXPORT int
ink_client_cancel_other (ink_client_t *self, const char *id, int timeout_ms);

//  The next reply, yours to destroy; NULL when none came in time, or a signal came. A partial
//  that was not taken is replaced by a newer one; finals wait.
INK_EXPORT ink_reply_t *ink_client_receive (ink_client_t *self, int timeout_ms);

//  A descriptor that is readable exactly when a reply waits: for poll, Qt, GLib. Only to be
//  polled; it lives as long as the client.
INK_EXPORT int ink_client_fd (ink_client_t *self);

//  ---------------------------------------------------------------------------------------
//  Reply: zero or more partials, then exactly one final, for each kernel of a request.

INK_EXPORT void ink_reply_destroy (ink_reply_t **self_p);

INK_EXPORT const char *ink_reply_request (const ink_reply_t *self); //  The id
INK_EXPORT const char *ink_reply_kernel (const ink_reply_t *self);
INK_EXPORT uint64_t ink_reply_seq (const ink_reply_t *self); //  Goes up within a kernel
INK_EXPORT bool ink_reply_is_final (const ink_reply_t *self);

//  INK_OK; of a final also: the error that ended the request, or INK_ECANCELLED. A final
//  whose failed ranges are listed has INK_OK here: look at ink_reply_failures.
INK_EXPORT int ink_reply_error (const ink_reply_t *self);
INK_EXPORT const char *ink_reply_detail (const ink_reply_t *self); //  Of the error, or ""

//  "ok", "partial" (ranges failed), "failed" or "cancelled".
INK_EXPORT const char *ink_reply_status (const ink_reply_t *self);

//  Bytes of the range; those the value is exact over, from the cache and computed; those it
//  stands for beyond them.
INK_EXPORT uint64_t ink_reply_total (const ink_reply_t *self);
INK_EXPORT uint64_t ink_reply_cached (const ink_reply_t *self);
INK_EXPORT uint64_t ink_reply_computed (const ink_reply_t *self);
INK_EXPORT uint64_t ink_reply_estimated (const ink_reply_t *self);

//  The stated error of an estimate; negative when exact.
INK_EXPORT double ink_reply_bound (const ink_reply_t *self);

//  Bytes of the source, and of the second one; 0 when there is none or nothing is known of it.
INK_EXPORT uint64_t ink_reply_source_size (const ink_reply_t *self);
INK_EXPORT uint64_t ink_reply_other_size (const ink_reply_t *self);
//  Source bytes a cell of the data; 0 for counts. In a final it is the kernel's own.
INK_EXPORT uint64_t ink_reply_precision (const ink_reply_t *self);

//  Since the ventilator took the request.
INK_EXPORT double ink_reply_elapsed_ms (const ink_reply_t *self);

//  The value, as doc/kernels.md lays it out. Cells of which nothing is known are zeros in
//  counts and in bytes, and not-a-number in floats. Aligned for 8-byte items. NULL and 0 when
//  there is none.
INK_EXPORT const void *ink_reply_data (const ink_reply_t *self);
INK_EXPORT size_t ink_reply_size (const ink_reply_t *self);

//  Ranges that could not be computed: how many, and the n-th.
typedef struct {
    uint64_t offset, length;
    int error;
} ink_failure_t;

INK_EXPORT size_t ink_reply_failures (const ink_reply_t *self);
INK_EXPORT const ink_failure_t *ink_reply_failure (const ink_reply_t *self, size_t n);

//  ---------------------------------------------------------------------------------------
//  Status: what the ventilator sees at this moment, copied.

//  `waits_for` says in a sentence why the request is not done yet. The same for programs:
//  `wait` is its name (doc/protocol.md, section 4), with the chunks that wait, the workers they
//  wait for, the kernels that are lacking, and for how long.
typedef struct {
    const char *id, *source, *kernels, *state, *waits_for, *wait, *wait_kernels;
    uint64_t wait_chunks, wait_workers, wait_ms;
    uint64_t untaken; //  Kernels of which a partial waits behind one that was not taken
    uint64_t total, covered, cached, computed, age_ms;
    uint64_t ready, in_progress; //  Chunks
    int64_t priority;
} ink_request_info_t;

//  `lost` is how often a worker of that name was, `deaths` how often the chunk it computed was
//  blamed for that, `refused` how many of its values were bad. State: greeted, proving, live,
//  quarantined for a while after three bad values in a row, or lost, for those who were and
//  have not come back.
typedef struct {
    const char *name, *host, *kernels, *version, *state, *speeds;
    uint64_t pid, slots, leases, chunks, seen_ms; //  seen_ms: since last heard
    uint64_t lost, deaths, refused;
    uint64_t cpu_percent, memory_bytes;
} ink_worker_info_t;

typedef struct {
    const char *name;
    uint64_t value;
} ink_counter_t;

//  NULL when nobody answers in time.
INK_EXPORT ink_status_t *ink_client_status (ink_client_t *self, int timeout_ms);
INK_EXPORT void ink_status_destroy (ink_status_t **self_p);

//  The n-th of each, NULL behind the last.
INK_EXPORT const ink_request_info_t *
ink_status_request (const ink_status_t *self, size_t n);
INK_EXPORT const ink_worker_info_t *
ink_status_worker (const ink_status_t *self, size_t n);
INK_EXPORT const ink_counter_t *ink_status_counter (const ink_status_t *self, size_t n);

#endif

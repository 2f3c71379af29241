//  registry.h: which workers there are, what they can do, how fast, and how much they hold.

#ifndef INK_REGISTRY_H_INCLUDED
#define INK_REGISTRY_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "protocol/messages.h"

//  A worker that says nothing for so long is gone
#define INK_WORKER_SILENCE ((int64_t) 2000000)

//  One whose path is not proven for so long has missed something: it is to begin again
#define INK_WORKER_PROOF ((int64_t) 3000000)

//  So many are met or known at once: each has a lane, and lanes are what takes descriptors
#define INK_WORKERS_MOST 1024

//  A worker of which so many values in a row were bad is given nothing for so long. A worker
//  of another build, or on a broken machine, would else cost each part its tries.
#define INK_WORKER_BAD_ROW 3
#define INK_WORKER_QUARANTINE ((int64_t) 10000000)

//  Kernels that have a number, by name and version: those this process knows, and of the
//  others, which nobody can ask for, as many as there is room for
#define INK_OFFERS_MOST 64

//  Work a worker should have at hand beyond what it computes: enough to hide a round trip,
//  little enough to leave it to others. In time, because a lease may take 5 us or 20 ms.
#define INK_CREDIT_NS 2000000
#define INK_CREDIT_MOST 256

typedef enum {
    INK_WORKER_GREETED, //  Said hello, was told where to connect
    INK_WORKER_PROVING, //  Hears the control channel; a probe is on its way
    INK_WORKER_LIVE     //  May be given work
} ink_worker_state_t;

typedef struct {
    uint64_t ps_per_byte;            //  Running average; 0: not known
    uint64_t chunks, bytes, busy_ns; //  As the worker tells
} ink_speed_t;

//  What a worker has cost; it keeps that when it comes back under its name
typedef struct {
    uint64_t lost;    //  How often it was
    uint64_t deaths;  //  How often a chunk was blamed for that
    uint64_t refused; //  Values that were bad
} ink_record_t;

typedef struct {
    ink_link_t link;
    ink_link_t leases; //  Held, oldest first
    size_t held;
    int64_t in_hand_ns; //  Estimated work in them

    uint64_t id, peer, instance, nonce;
    ink_worker_state_t state;
    int64_t heard;
    int64_t provable; //  When there was last nothing to prove, or no way to
    char name[INK_NAME_MOST + 1], host[INK_NAME_MOST + 1], version[INK_NAME_MOST + 1];
    uint64_t pid, slots, cpu_percent, memory_bytes, chunks;
    ink_record_t record;
    uint64_t bad_row;          //  Values in a row that were bad
    int64_t quarantined_until; //  0: it is trusted
    uint64_t idle_turn;        //  The last turn in which there was nothing for it
    uint64_t offers;           //  A bit for each kernel, as numbered by the registry
    ink_speed_t speeds[INK_OFFERS_MOST];
} ink_worker_t;

typedef struct ink_registry ink_registry_t;

//  Numbers the kernels of this process first.
ink_registry_t *ink_registry_new (void);
void ink_registry_destroy (ink_registry_t **self_p);

//  The number of a kernel of this process; -1 when there are too many. What only workers name
//  is numbered as long as one of them is there.
int ink_registry_kernel (ink_registry_t *self, const char *name, uint64_t version);

//  Makes a worker from its hello. NULL when out of memory.
ink_worker_t *ink_registry_add (ink_registry_t *self, const ink_msg_hello_t *hello,
                                uint64_t peer, int64_t now);
void ink_registry_remove (ink_registry_t *self, ink_worker_t *worker);

ink_worker_t *ink_registry_by_id (ink_registry_t *self, uint64_t id);
ink_worker_t *ink_registry_by_name (ink_registry_t *self, const char *name);
ink_worker_t *ink_registry_by_instance (ink_registry_t *self, uint64_t instance);

//  All of them, for INK_LIST_EACH.
ink_link_t *ink_registry_workers (ink_registry_t *self);
size_t ink_registry_live (ink_registry_t *self);
size_t ink_registry_size (const ink_registry_t *self);

//  Whether each kernel of the mask is offered by some live worker.
bool ink_registry_serves (ink_registry_t *self, uint64_t kernels);

//  Estimated nanoseconds of `kernel` over `bytes` on that worker: its own average, else that
//  of the others, else a guess.
int64_t ink_registry_estimate (ink_registry_t *self, const ink_worker_t *worker,
                               int kernel, uint64_t bytes);

//  Whether that is more than a guess.
bool ink_registry_knows (ink_registry_t *self, const ink_worker_t *worker, int kernel);

//  Learns from a value that took so long.
void ink_registry_learn (ink_registry_t *self, ink_worker_t *worker, int kernel,
                         uint64_t bytes, uint64_t busy_ns);

//  Notes what a worker says of its work with one kernel, for people.
void ink_registry_told (ink_registry_t *self, ink_worker_t *worker,
                        const ink_msg_speed_t *told);

//  A value of the worker's was bad, or was good. True when it is not trusted from now on.
bool ink_worker_judge (ink_worker_t *self, bool good, int64_t now);

//  Trusts it again when its time is over: the next bad value is one too many.
void ink_worker_pardon (ink_worker_t *self, int64_t now);

//  Live, and trusted.
bool ink_worker_serves (const ink_worker_t *self);

//  Whether the worker may be given another lease now.
bool ink_worker_has_credit (const ink_worker_t *self);

//  "histogram 0.42 ns/B (120), ..." for people; `size` bytes of `out`.
void ink_registry_describe (ink_registry_t *self, const ink_worker_t *worker, char *out,
                            size_t size);

//  "count,digraph" of a mask.
void ink_registry_names (ink_registry_t *self, uint64_t kernels, char *out, size_t size);

#endif

//  cache.h: values that are known, kept between requests.
//
//  A cache holds values by key. It may forget anything at any time, but never gives a value
//  that is not the one that was put: each record carries the hash of its key, its length and
//  a checksum, and what does not match is a miss, counted and removed at the next chance.
//  Losing the cache costs time, never an answer.
//
//  A store has one writer (the sink) and any number of readers, in one process or several.
//  Within a process the same folder is opened once and shared (reference counted); a handle
//  may then be used by one writing and several reading threads.
//
//  Stores: `lmdb` (a folder), `memory` (tests, and `--no-cache` has none at all).

#ifndef INK_CACHE_H_INCLUDED
#define INK_CACHE_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "source/source.h"
#include "value/plan.h"

//  All that is known of one kernel, with its parameters, over one state of one source.
typedef struct {
    uint8_t bytes[16];
} ink_series_t;

//  The XXH3-128 of kernel name, version, parameters (as many as the kernel's table has) and
//  identity.
ink_series_t ink_series_of (const ink_kernel_t *kernel, const ink_args_t *args,
                            const ink_identity_t *identity, const ink_identity_t *other,
                            uint64_t begin);

//  Key of a record, ordered by series, then size class, then place, so that a cursor walks a
//  file in order:
//      series 16 | level 1 | offset 8, big-endian | fragment: length 8, lookback 4, lookahead 4
//                                                 | coarse node: doublings 1
//  level is log2 of the chunk for a node, 0 for a fragment.
#define INK_CACHE_KEY_MOST 41

typedef struct {
    uint8_t bytes[INK_CACHE_KEY_MOST];
    uint8_t size;
} ink_cache_key_t;

ink_cache_key_t ink_cache_key (const ink_series_t *series, const ink_plan_t *plan,
                               ink_part_t part, ink_reach_t reach);

//  Makes the key of a node that of its value in cells that were doubled so often.
void ink_cache_key_coarsen (ink_cache_key_t *key, unsigned doublings);

typedef struct ink_cache ink_cache_t;

typedef struct {
    uint64_t records, bytes; //  Now, whole pages counted
    uint64_t limit;          //  Of bytes

    //  Since this process opened it
    uint64_t hits, misses;
    uint64_t corrupt; //  Records that did not match: misses by damage
    uint64_t puts, evicted;
    uint64_t refused; //  Values too large to be kept
    uint64_t failed;  //  Batches of which nothing was written: disk full, failing, locked
    uint64_t renewed; //  Times it was opened anew: failed, damaged, cut, replaced
    uint64_t set_aside; //  Stores that were moved to PATH/bad, also when it was opened
} ink_cache_stat_t;

//  Opens or makes a store of at most `limit` bytes in the folder `path`, which is made with
//  mode 0700 when missing. A store that cannot be used (garbage, cut short, pages that do not
//  hang together, from another version, or not closed before the machine restarted) is set
//  aside to PATH/bad and a new one begun. The pages of its trees are checked for 2 seconds at
//  most, which is enough for gigabytes. When a store turns out to be damaged later, or is set
//  aside or removed by another process, the next look or step begins anew: the handle stays.
//  NULL and *error: INK_ECACHE, INK_EPERM, INK_ENOMEM.
ink_cache_t *ink_cache_open_lmdb (const char *path, uint64_t limit, int *error);
ink_cache_t *ink_cache_open_memory (uint64_t limit);
void ink_cache_close (ink_cache_t **self_p);

//  Moves the store in the folder `path` to PATH/bad, also from under those who have it open.
//  For who saw a process die in it. INK_ECACHE, INK_EPERM.
int ink_cache_set_aside (const char *path);

//  Reading. A look begins a view of the store and ends it; values point into the view and are
//  gone with it. Keep looks short: while one lasts, nothing the store frees can be used
//  again. One look a thread at a time. begin returns NULL when there can be none now: treat
//  everything as a miss.
typedef struct ink_look ink_look_t;
ink_look_t *ink_cache_look (ink_cache_t *self);
bool ink_look_get (ink_look_t *self, const ink_cache_key_t *key, const void **value,
                   size_t *size);

//  Whether there is a record, be it right or wrong. It is not read, and nothing is counted.
bool ink_look_holds (ink_look_t *self, const ink_cache_key_t *key);
void ink_look_end (ink_look_t **self_p);

//  Writing, by one thread. Puts between begin and commit become visible together; a key that
//  is there keeps its first value. Records are evicted in the same step when the limit is
//  near: the oldest first, but wide nodes later (turn.h). After commit returns, every look that begins sees the values.
//  INK_ECACHE: the disk is full or failing, nothing of the batch is kept and the store stays
//  usable; the caller goes on without it. Values above the limit / 4 are refused silently and
//  counted. begin and put never fail visibly: what goes wrong is told by commit.
void ink_cache_begin (ink_cache_t *self);
void ink_cache_put (ink_cache_t *self, const ink_cache_key_t *key, const void *value,
                    size_t size);
int ink_cache_commit (ink_cache_t *self);

//  Removes all records of a series, in a step of its own. Writer only.
int ink_cache_purge (ink_cache_t *self, const ink_series_t *series);

//  Has what is committed brought to the disk, by a thread of the store's own; clears readers
//  that died; lets go of a store that others have set aside or removed. Call about once a
//  second, also when only reading: it does not wait for the disk.
void ink_cache_tend (ink_cache_t *self);

void ink_cache_stat (ink_cache_t *self, ink_cache_stat_t *stat);

//  Checks the structure, reads every record and removes those that do not match their
//  checksum; others may write meanwhile. Stores how many were read and how many were bad.
//  INK_ECACHE: could not be read, or the structure is damaged, and the next look or step
//  begins anew. Writer only.
int ink_cache_verify (ink_cache_t *self, uint64_t *records, uint64_t *bad);

//  Removes everything and gives the disk back, as soon as others who have the store open
//  next look, write or tend. Writer only.
int ink_cache_clear (ink_cache_t *self);

#endif

//  runner.h: the brain of the worker.
//
//  It knows which ventilator it belongs to, which leases it holds and which of them to work
//  on, and notices when it has missed something. One door, as with the others. The shell
//  computes the current lease slice by slice and comes back between slices.
//
//             hello            welcome           beacon             probe
//   (start) ────────► ASKING ──────────► JOINED ────────► READY ───────────► works
//                       ▲                                              │
//                       └── another epoch, silence, "say it again" ────┘

#ifndef INK_RUNNER_H_INCLUDED
#define INK_RUNNER_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/buffer.h"
#include "protocol/messages.h"

typedef enum {
    INK_TOLD_BACK,    //  A message of the ventilator, over its back
    INK_TOLD_CONTROL, //  Over its control channel
    INK_TOLD_LANE,    //  Over the lane
    INK_TOLD_DONE,    //  All values of the current lease were sent
    INK_TOLD_TIMER
} ink_told_kind_t;

typedef struct {
    ink_told_kind_t kind;
    const ink_msg_t *msg; //  Borrowed
} ink_told_t;

typedef enum {
    INK_WORK_SAY_HELLO, //  Compose a HELLO and send it over a connection of its own: closes
                        //  what was open towards the last ventilator
    INK_WORK_CONNECT,   //  To lane, control and values as told in msg, a WELCOME
    INK_WORK_SAY,       //  msg to the ventilator
    INK_WORK_BEAT,      //  Compose a HEARTBEAT and send it
    INK_WORK_PASS       //  msg to the sink
} ink_work_do_t;

typedef struct {
    ink_work_do_t kind;
    ink_msg_t msg; //  Lives until the next step
} ink_work_action_t;

typedef struct {
    ink_work_action_t *items;
    size_t size, room;
} ink_work_actions_t;

typedef struct ink_runner ink_runner_t;

//  `instance` is a random number. NULL when out of memory.
ink_runner_t *ink_runner_new (uint64_t instance);
void ink_runner_destroy (ink_runner_t **self_p);

//  The one door. *out lives until the next step. INK_ENOMEM: the runner is not to be used any
//  more.
int ink_runner_step (ink_runner_t *self, int64_t now, const ink_told_t *told,
                     const ink_work_actions_t **out);

//  When a TIMER event is wanted at the latest.
int64_t ink_runner_deadline (const ink_runner_t *self);

//  The lease to work on, or NULL. It changes when a lease is revoked: look again after each
//  step, by its id. A span that was revoked has no bytes any more.
const ink_msg_lease_t *ink_runner_current (const ink_runner_t *self);

//  What the ventilator calls us in this epoch.
uint64_t ink_runner_worker (const ink_runner_t *self);

#endif

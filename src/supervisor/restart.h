//  restart.h: when a child that died is started again; the brain of the supervisor.
//
//             start            ends                  it is time
//   WAITING ────────► RUNNING ───────► WAITING ... ─────────────► RUNNING
//                        │
//                        └─ ends early too often in a row ─► GIVEN UP

#ifndef INK_RESTART_H_INCLUDED
#define INK_RESTART_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

//  Times are monotonic microseconds. All zeros is a child to be started at once.
typedef struct {
    bool running, given_up;
    int64_t started; //  While running
    int64_t due;     //  While not
    uint32_t early;  //  Ends soon after the start, in a row
    uint64_t restarts;
} ink_restart_t;

//  Whether the child is to be started now.
bool ink_restart_is_due (const ink_restart_t *self, int64_t now);

void ink_restart_started (ink_restart_t *self, int64_t now);

//  The child has ended. One that had run for a while is started again at once, one that ends
//  early again and again after longer and longer pauses, and at last no more.
void ink_restart_ended (ink_restart_t *self, int64_t now);

//  When to ask again; INT64_MAX while it runs or when it was given up.
int64_t ink_restart_deadline (const ink_restart_t *self);

#endif

//  watch.h: whether a child that runs still works; a brain of the supervisor.
//
//             beat                  silent for 5 s                1 s later
//   QUIET ──────────► WORKING ──────────────────────► ASKED ────────────────► KILLED
//     │                                                 ▲
//     └───────────────── silent for 30 s ───────────────┘
//
//  A beat is the word of the code that works, not of a thread beside it, so a child that
//  computes for ever is as silent as one that was stopped.
//
//  Silence is what was seen of it: the time between two looks counts for a second at most. So
//  when the machine slept, or the supervisor itself was stopped, nobody is blamed for it.

#ifndef INK_WATCH_H_INCLUDED
#define INK_WATCH_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    INK_WATCH_QUIET,
    INK_WATCH_WORKING,
    INK_WATCH_ASKED,
    INK_WATCH_KILLED
} ink_watch_state_t;

typedef enum { INK_VERDICT_LET, INK_VERDICT_END, INK_VERDICT_KILL } ink_verdict_t;

//  Times are monotonic microseconds.
typedef struct {
    ink_watch_state_t state;
    int64_t looked; //  When we looked last
    int64_t silent; //  For how long; when asked to end, since then
} ink_watch_t;

void ink_watch_started (ink_watch_t *self, int64_t now);

//  Somebody has asked it to end; the next verdict is to kill it.
void ink_watch_asked (ink_watch_t *self, int64_t now);

//  What has passed since the last look is not counted: it waits for the machine.
void ink_watch_excused (ink_watch_t *self, int64_t now);

//  Looks at a child that runs, which has beaten since the last look or not. What is to be
//  done is said once.
ink_verdict_t ink_watch_look (ink_watch_t *self, int64_t now, bool beaten);

//  When to look again.
int64_t ink_watch_deadline (const ink_watch_t *self);

#endif

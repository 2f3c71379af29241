//  progress.h: how far a request is, on stderr.

#ifndef INK_PROGRESS_H_INCLUDED
#define INK_PROGRESS_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

typedef enum {
    INK_PROGRESS_AUTO, //  A bar on a terminal, else nothing
    INK_PROGRESS_BAR,  //  Plain when there is no terminal
    INK_PROGRESS_PLAIN,
    INK_PROGRESS_NONE
} ink_progress_mode_t;

//  False when there is no mode of this name.
bool ink_progress_mode_named (const char *name, ink_progress_mode_t *mode);

typedef struct {
    ink_progress_mode_t mode; //  Never AUTO after init
    bool color;
    bool drawn; //  A bar stands on the last line
    int64_t started_ms, last_ms;
} ink_progress_t;

void ink_progress_init (ink_progress_t *self, ink_progress_mode_t mode, int64_t now_ms);

//  Bytes, over all kernels, and the largest bound of an estimate; negative: all is exact.
typedef struct {
    uint64_t total, cached, computed;
    double bound;
} ink_progress_state_t;

//  Draws when it is time: ten times a second for a bar, once for plain.
void ink_progress_show (ink_progress_t *self, const ink_progress_state_t *state,
                        int64_t now_ms);

//  Says what is waited for.
void ink_progress_note (ink_progress_t *self, const char *text);

//  Wipes the bar, so that something else can be written.
void ink_progress_clear (ink_progress_t *self);

#endif

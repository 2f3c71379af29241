//  flush.h: a thread that brings a file to the disk.
//
//  That takes tens to hundreds of milliseconds while much is written, and has no end on a
//  disk that hangs: nothing for a loop that others wait for.

#ifndef INK_FLUSH_H_INCLUDED
#define INK_FLUSH_H_INCLUDED

#include <pthread.h>
#include <stdbool.h>

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    pthread_t thread;
    bool running; //  The thread; it begins with the first order
    bool ending;
    int file;    //  To be brought to the disk, ours; -1: none
    bool failed; //  Once. What the disk holds since then nobody knows
} ink_flush_t;

void ink_flush_init (ink_flush_t *self);

//  Orders a file, of which it takes a copy; false when the last one is still under way, or
//  there is no thread to be had.
bool ink_flush_order (ink_flush_t *self, int file);

//  Waits for what is under way; true when nothing ever failed.
bool ink_flush_fini (ink_flush_t *self);

#endif

//  doubt.h: whether the store is to blame for crashes of those who use it; a brain of the
//  supervisor.
//
//  A damaged page of the store can crash whoever follows it, again and again. So when its
//  users have crashed twice, the store is checked before they are started again; when they
//  crash twice more though nothing was found, it is renewed all the same, which costs time
//  and no answer. If that does not help either, it was not the store. A minute without a
//  crash, and all is forgotten: a client whose question crashes us asks it again at once.

#ifndef INK_DOUBT_H_INCLUDED
#define INK_DOUBT_H_INCLUDED

#include <stdint.h>

typedef enum { INK_REMEDY_NONE, INK_REMEDY_CHECK, INK_REMEDY_RENEW } ink_remedy_t;

//  Times are monotonic microseconds. All zeros is a store in good faith.
typedef struct {
    uint32_t crashes;    //  Without a minute of calm between them
    int64_t crashed;     //  When the last one was
    ink_remedy_t remedy; //  What must be done before a user is started again
} ink_doubt_t;

//  A user of the store has crashed.
void ink_doubt_crashed (ink_doubt_t *self, int64_t now);

//  What had to be done was done, or tried.
void ink_doubt_mended (ink_doubt_t *self, int64_t now);

#endif

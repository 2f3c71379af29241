//  raise.h: a node is made of its children, some of them at a time.

#ifndef INK_RAISE_H_INCLUDED
#define INK_RAISE_H_INCLUDED

#include "cache/cache.h"
#include "sink/pyramid.h"
#include "value/answer.h"

typedef struct {
    bool under_way;
    ink_wish_t wish;
    ink_answer_t *answer; //  NULL before the first step
    uint64_t merged;      //  Children that are in it
} ink_raise_t;            //  All zeros is none

void ink_raise_begin (ink_raise_t *self, const ink_wish_t *wish);

//  A step: merges what children it can in about the time of reading 256 KiB, and with the
//  last one writes the node, in a batch of its own. It ends, and is not under way any more,
//  when the node is there, which is what is returned, or cannot be made: a child is missing
//  or damaged, or the cache fails. `cache` may be NULL: nothing can be made then.
bool ink_raise_step (ink_raise_t *self, ink_cache_t *cache);

//  Gives up what is under way.
void ink_raise_end (ink_raise_t *self);

#endif

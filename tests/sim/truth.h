//  truth.h: whether what a reply says is true.
//
//  A value is compared with the oracle over the bytes of one state of the source, one that it
//  had while the request was open. So a value that mixes two states is found out, and so is
//  one that misses a part, has one twice, or covers another number of bytes than it says.

#ifndef SIM_TRUTH_H_INCLUDED
#define SIM_TRUTH_H_INCLUDED

#include "asks.h"

void truth_check (world_t *world, const ask_t *ask, const ink_reply_t *reply);

//  What the oracle has computed is kept for the rest of the world.
void truth_forget (void);

#endif

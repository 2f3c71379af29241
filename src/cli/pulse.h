//  pulse.h: shows whoever supervises us that the loop of our actor turns.

#ifndef INK_PULSE_H_INCLUDED
#define INK_PULSE_H_INCLUDED

#include "protocol/actor.h"

//  Takes the pulse of an actor, which ignores commands that it does not know. To be called
//  again after so many milliseconds as are returned, -1: never, for nobody supervises us. One
//  actor a process.
int ink_pulse_take (ink_actor_t *actor);

#endif

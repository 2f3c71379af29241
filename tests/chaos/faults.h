//  faults.h: what is done to a stand, at random.

#ifndef CHAOS_FAULTS_H_INCLUDED
#define CHAOS_FAULTS_H_INCLUDED

#include "stand.h"

//  Does one thing, or two or three at once, mostly while there is work in flight, and counts
//  what was tried, what came of it, and what hit work in flight: a lease that the ventilator
//  said was out a moment before, or of a client a question without an end.
void faults_strike (stand_t *stand);

#endif

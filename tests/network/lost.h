//  lost.h: revocations that are really lost, not only late.

#ifndef LOST_H_INCLUDED
#define LOST_H_INCLUDED

//  Tests over a place_t.
void a_revocation_lost_for_a_moment_costs_at_most_one_lease (void **state);
void a_revocation_lost_beyond_silence_costs_at_most_one_lease (void **state);

#endif

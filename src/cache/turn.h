//  turn.h: whose turn it is to go when a cache is full.
//
//  What took longer to make stays longer, but nothing for ever. There is a clock, which stands
//  where the record that goes next does; a new record is set ahead of it by its worth, and the
//  clock moves on as records go. So among records of one worth the oldest goes first, one of
//  twice the worth lives twice as long, and none can keep others out. (N. Young's GreedyDual.)
//
//  The worth of a node is the square root of its bytes: with each level there are 16 times fewer
//  of them and they live four times as long, so all nodes above the chunks take a third of what
//  the chunks do. A fragment is worth half as much, for few can use it.

#ifndef INK_TURN_H_INCLUDED
#define INK_TURN_H_INCLUDED

#include "cache/cache.h"

//  The turn of a record is a number, and the smallest goes first: its place on the clock in the
//  upper half, its number among all who have that place in the lower. This is the first one of
//  the place that a record of `key` gets when `next` is the turn of who goes next, or 0.
uint64_t ink_turn_first (const ink_cache_key_t *key, uint64_t next);

//  The first one of the place behind.
uint64_t ink_turn_behind (uint64_t turn);

#endif

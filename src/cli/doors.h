//  doors.h: no more peers than there are descriptors for.
//
//  When no descriptor is left, libzmq either ends the process (ipc) or tries again without a
//  pause (tcp), and nothing else can be opened either. So this program takes the place of the
//  one function by which libzmq lets peers in: who comes when few descriptors are left is sent
//  away at once, and comes again some time later.

#ifndef INK_DOORS_H_INCLUDED
#define INK_DOORS_H_INCLUDED

//  Those who come to this endpoint, the clients, leave a quarter of all descriptors to the
//  others, the workers. Call it before any socket is bound.
void ink_doors_guard (const char *endpoint);

#endif

//  plant.h: bugs that are planted on purpose, to see whether the simulator finds them.
//
//  Nothing in a program as it is built. With -DINK_PLANTS, one of them at a time is real:
//  tests/sim/plants.h names them.

#ifndef INK_PLANT_H_INCLUDED
#define INK_PLANT_H_INCLUDED

#ifdef INK_PLANTS
extern int ink_plant;
#define INK_PLANTED(n) (ink_plant == (n))
#else
#define INK_PLANTED(n) 0
#endif

#endif

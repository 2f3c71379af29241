//  plants.c: the bugs that are planted in src/.

#include <stdio.h>

#include "base/plant.h"
#include "plants.h"

#ifdef INK_PLANTS
int ink_plant;
#define CHOOSE(n) ((ink_plant = (n)) > 0)
#else
#define CHOOSE(n) ((n) < 0)
#endif

static const struct {
    int n;
    const char *text;
} plants[] = {
#define PLANT(number, words) {number, words},
    PLANTS (PLANT)
#undef PLANT
};
#define COUNT (sizeof plants / sizeof *plants)

bool
plants_choose (int n)
{
    for (size_t p = 0; p < COUNT; p++)
        if (plants[p].n == n)
            return CHOOSE (n);
    return false;
}

void
plants_list (void)
{
    for (size_t p = 0; p < COUNT; p++)
        printf ("%d %s\n", plants[p].n, plants[p].text);
}

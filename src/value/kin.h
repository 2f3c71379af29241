//  kin.h: who wants the value of a part.
//
//  Strands of different requests that are of one series want the same values: they are kin. A
//  value is announced by its series, part and sight; a walk then finds the strands whose
//  plan has that very part. A strand whose plan is a single part is kept under that part, so
//  that a thousand small requests over one file do not look at each other.

#ifndef INK_KIN_H_INCLUDED
#define INK_KIN_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/group.h"
#include "value/plan.h"

#define INK_SERIES_SIZE INK_GROUP_KEY

//  Part of a strand
typedef struct {
    ink_link_t link;
    uint8_t key[INK_GROUP_KEY];
    const ink_plan_t *plan; //  Borrowed from the strand's request
    ink_reach_t reach;      //  Of its kernel
} ink_kin_t;

//  A number that tells the value of a part from all others.
uint64_t ink_kin_place (const uint8_t series[INK_SERIES_SIZE], ink_part_t part);

void ink_kin_init (ink_kin_t *self); //  Of nobody

//  INK_ENOMEM: nothing has changed.
int ink_kin_join (ink_kin_t *self, ink_groups_t *groups,
                  const uint8_t series[INK_SERIES_SIZE], const ink_plan_t *plan,
                  ink_reach_t reach);

//  Nothing happens when it has not joined.
void ink_kin_leave (ink_kin_t *self, ink_groups_t *groups);

//  for (ink_kin_walk_t walk = ink_kin_walk (...); ink_kin_next (&walk);)
//  The present one may leave; others may not.
typedef struct {
    ink_part_t part;
    ink_reach_t sight;
    ink_link_t *all, *next, *others;
    ink_kin_t *kin; //  The present one
    uint64_t n;     //  Which part of its plan it is
} ink_kin_walk_t;

ink_kin_walk_t ink_kin_walk (ink_groups_t *groups, const uint8_t series[INK_SERIES_SIZE],
                             ink_part_t part, ink_reach_t sight);
bool ink_kin_next (ink_kin_walk_t *walk);

#endif

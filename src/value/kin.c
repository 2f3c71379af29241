//  kin.c: who wants the value of a part.

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/plant.h"
#include "value/kin.h"

//  The key of those that want nothing but this part.
static void
part_key (const uint8_t series[INK_SERIES_SIZE], ink_part_t part,
          uint8_t key[INK_GROUP_KEY])
{
    uint8_t bytes[INK_SERIES_SIZE + sizeof part];
    memcpy (bytes, series, INK_SERIES_SIZE);
    memcpy (bytes + INK_SERIES_SIZE, &part, sizeof part);
    XXH128_hash_t hash = XXH3_128bits (bytes, sizeof bytes);
    memcpy (key, &hash, INK_GROUP_KEY);
}

uint64_t
ink_kin_place (const uint8_t series[INK_SERIES_SIZE], ink_part_t part)
{
    uint8_t key[INK_GROUP_KEY];
    uint64_t place;
    part_key (series, part, key);
    memcpy (&place, key, sizeof place);
    return place;
}

void
ink_kin_init (ink_kin_t *self)
{
    ink_list_init (&self->link);
}

int
ink_kin_join (ink_kin_t *self, ink_groups_t *groups,
              const uint8_t series[INK_SERIES_SIZE], const ink_plan_t *plan,
              ink_reach_t reach)
{
    self->plan = plan;
    self->reach = reach;
    if (ink_plan_count (plan) == 1)
        part_key (series, ink_plan_part (plan, 0), self->key);
    else
        memcpy (self->key, series, INK_SERIES_SIZE);
    return ink_groups_join (groups, self->key, &self->link);
}

void
ink_kin_leave (ink_kin_t *self, ink_groups_t *groups)
{
    ink_groups_leave (groups, self->key, &self->link);
}

ink_kin_walk_t
ink_kin_walk (ink_groups_t *groups, const uint8_t series[INK_SERIES_SIZE],
              ink_part_t part, ink_reach_t sight)
{
    uint8_t key[INK_GROUP_KEY];
    part_key (series, part, key);
    ink_link_t *alone = ink_groups_find (groups, key);
    return (ink_kin_walk_t){.part = part,
                            .sight = sight,
                            .all = alone,
                            .next = alone->next,
                            .others = ink_groups_find (groups, series)};
}

static bool
wants (const ink_kin_t *kin, const ink_kin_walk_t *walk, uint64_t *n)
{
    ink_part_t part = walk->part;
    if (part.offset < kin->plan->offset ||
        part.offset - kin->plan->offset >= kin->plan->length ||
        !ink_plan_find (kin->plan, part, n))
        return false;
    ink_reach_t sight = ink_plan_sight (kin->plan, part, kin->reach);
    return (sight.lookback == walk->sight.lookback &&
            sight.lookahead == walk->sight.lookahead) ||
           INK_PLANTED (23);
}

bool
ink_kin_next (ink_kin_walk_t *walk)
{
    for (;;) {
        if (walk->next == walk->all) {
            if (!walk->others)
                return false;
            walk->all = walk->others;
            walk->next = walk->all->next;
            walk->others = NULL;
            continue;
        }
        walk->kin = INK_ITEM (walk->next, ink_kin_t, link);
        walk->next = walk->next->next;
        if (wants (walk->kin, walk, &walk->n))
            return true;
    }
}

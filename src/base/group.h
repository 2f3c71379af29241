//  group.h: items that belong together, found by what they have in common.
//
//  Each item carries a link; all links with the same key are one list. A group is there
//  exactly while somebody is in it.

#ifndef INK_GROUP_H_INCLUDED
#define INK_GROUP_H_INCLUDED

#include <stdint.h>

#include "base/list.h"
#include "base/map.h"

#define INK_GROUP_KEY 16

typedef struct {
    ink_map_t *map;
} ink_groups_t;

int ink_groups_init (ink_groups_t *self);  //  INK_ENOMEM
void ink_groups_free (ink_groups_t *self); //  The items stay

//  INK_ENOMEM: nothing has changed. The key is copied.
int
ink_groups_join (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY], ink_link_t *link);

//  Nothing happens when the link is in no group.
void
ink_groups_leave (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY], ink_link_t *link);

//  All with that key, for INK_LIST_EACH; an empty list when there are none.
ink_link_t *ink_groups_find (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY]);

#endif

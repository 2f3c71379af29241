//  group.c: items that belong together, found by what they have in common.

#include <stdint.h>
#include <string.h>

#include "base/group.h"
#include "base/memory.h"
#include "inkling/error.h"

typedef struct {
    uint8_t key[INK_GROUP_KEY];
    ink_link_t links;
} group_t;

int
ink_groups_init (ink_groups_t *self)
{
    self->map = ink_map_new (INK_GROUP_KEY);
    return self->map ? INK_OK : INK_ENOMEM;
}

void
ink_groups_free (ink_groups_t *self)
{
    size_t cursor = 0;
    group_t *group;
    while (self->map && (group = ink_map_next (self->map, &cursor))) {
        INK_LIST_EACH (link, &group->links)
        ink_list_remove (link);
        ink_map_remove (self->map, group->key);
        ink_free (group);
    }
    ink_map_destroy (&self->map);
}

static group_t *
make (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY])
{
    group_t *group = ink_alloc (sizeof *group);
    if (!group)
        return NULL;
    memcpy (group->key, key, INK_GROUP_KEY);
    ink_list_init (&group->links);
    if (ink_map_put (self->map, group->key, group)) {
        ink_free (group);
        return NULL;
    }
    return group;
}

int
ink_groups_join (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY], ink_link_t *link)
{
    group_t *group = ink_map_get (self->map, key);
    if (!group)
        group = make (self, key);
    if (!group)
        return INK_ENOMEM;
    ink_list_append (&group->links, link);
    return INK_OK;
}

void
ink_groups_leave (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY], ink_link_t *link)
{
    if (ink_list_empty (link))
        return;
    ink_list_remove (link);
    group_t *group = ink_map_get (self->map, key);
    if (group && ink_list_empty (&group->links)) {
        ink_map_remove (self->map, group->key);
        ink_free (group);
    }
}

ink_link_t *
ink_groups_find (ink_groups_t *self, const uint8_t key[INK_GROUP_KEY])
{
    static ink_link_t nobody = {&nobody, &nobody};
    group_t *group = ink_map_get (self->map, key);
    return group ? &group->links : &nobody;
}

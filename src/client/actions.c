//  actions.c: a list that can promise room.

#include <assert.h>

#include "base/memory.h"
#include "client/actions.h"

#define ROOM_AT_FIRST 16

int
ink_session_actions_reserve (ink_session_actions_t *self, size_t count)
{
    size_t room = self->room ? self->room : ROOM_AT_FIRST;
    while (room < self->size + count)
        room *= 2;
    if (room == self->room)
        return INK_OK;
    void *items = ink_resize (self->items, room * sizeof *self->items);
    if (items == NULL)
        return INK_ENOMEM;
    self->items = items;
    self->room = room;
    return INK_OK;
}

ink_session_action_t *
ink_session_actions_add (ink_session_actions_t *self, ink_session_action_kind_t kind)
{
    assert (self->size < self->room);
    ink_session_action_t *action = &self->items[self->size++];
    *action = (ink_session_action_t){.kind = kind};
    return action;
}

void
ink_session_actions_send (ink_session_actions_t *self, ink_msg_t msg)
{
    ink_session_actions_add (self, INK_SESSION_SEND)->msg = msg;
}

void
ink_session_actions_free (ink_session_actions_t *self)
{
    ink_free (self->items);
    *self = (ink_session_actions_t){0};
}

//  actions.h: what a session wants done.

#ifndef INK_ACTIONS_H_INCLUDED
#define INK_ACTIONS_H_INCLUDED

#include "client/reply.h"

#define INK_SESSION_NEVER INT64_MAX

typedef enum {
    INK_SESSION_SEND,      //  msg
    INK_SESSION_DELIVER,   //  reply: put it behind those that wait
    INK_SESSION_REPLACE,   //  reply: put it in the place of `old`, which is destroyed
    INK_SESSION_ANSWER,    //  error, status
    INK_SESSION_RECONNECT, //  Close the connection with all that is in it, open another
} ink_session_action_kind_t;

typedef struct {
    ink_session_action_kind_t kind;
    union {
        ink_msg_t msg; //  Texts and lists live until the next step
        struct {
            ink_reply_t *reply; //  The shell's from now on
            ink_reply_t *old;
        };
        struct {
            int error;
            const ink_msg_status_t *status; //  The event's; NULL when none was asked for
        };
    };
} ink_session_action_t;

typedef struct {
    ink_session_action_t *items;
    size_t size, room;
} ink_session_actions_t; //  All zeros is an empty one

//  Makes sure that `count` more can be added without failing. INK_ENOMEM.
int ink_session_actions_reserve (ink_session_actions_t *self, size_t count);

//  Adds one, for which there is room.
ink_session_action_t *
ink_session_actions_add (ink_session_actions_t *self, ink_session_action_kind_t kind);
void ink_session_actions_send (ink_session_actions_t *self, ink_msg_t msg);

//  Replies that were not performed are not destroyed.
void ink_session_actions_free (ink_session_actions_t *self);

#endif

//  issues.h: the requests of a session that are on their way.
//
//  A request is issued, and issued again, until each of its kernels has had a final. It
//  then leaves the table, but lives until the next ink_issues_bury: actions borrow from
//  it.

#ifndef INK_ISSUES_H_INCLUDED
#define INK_ISSUES_H_INCLUDED

#include "base/heap.h"
#include "base/map.h"
#include "client/actions.h"

//  One kernel of a request.
typedef struct {
    uint64_t heard;       //  The newest seq of the ventilator in this epoch
    uint64_t shown;       //  The newest seq the application was given
    ink_reply_t *untaken; //  A partial that waits for the application
    bool ended;
} ink_course_t;

typedef struct {
    ink_request_t *request;
    ink_link_t link;      //  Among the ended ones
    ink_heap_node_t node; //  By the earliest of ends, gives_up and again
    int64_t submitted;
    int64_t ends;     //  The backstop of its timeout
    int64_t gives_up; //  When a cancel has been waited for long enough
    int64_t again;    //  When to issue it again
    bool cancelling;
    size_t open; //  Kernels without a final
    ink_course_t course[INK_KERNELS_MOST];
} ink_issue_t;

typedef struct {
    int64_t quiet; //  After which a request is issued again
    ink_map_t *by_id;
    ink_heap_t due;
    ink_link_t ended;
} ink_issues_t;

int ink_issues_init (ink_issues_t *self, int64_t quiet); //  INK_ENOMEM
void ink_issues_free (ink_issues_t *self);
void ink_issues_bury (ink_issues_t *self);

size_t ink_issues_size (const ink_issues_t *self);
ink_issue_t *ink_issues_find (const ink_issues_t *self, const char *id);
ink_issue_t *
ink_issues_next (const ink_issues_t *self, size_t *cursor); //  As ink_map_next

//  What is due first and when; NULL and INK_SESSION_NEVER when there is none.
ink_issue_t *ink_issues_first (const ink_issues_t *self);
int64_t ink_issues_deadline (const ink_issues_t *self);

//  Takes a request whose id is not in the table yet. NULL when out of memory.
ink_issue_t *
ink_issues_add (ink_issues_t *self, ink_request_t *request, int64_t now, int64_t ends);

//  It has just been heard of, or issued: it is quiet from `now` on.
void ink_issues_touch (ink_issues_t *self, ink_issue_t *issue, int64_t now);

//  All are to be issued again at once.
void ink_issues_all_again (ink_issues_t *self, int64_t now);

//  Sends the REQUEST, or the CANCEL when it is being cancelled. Needs room for one
//  action.
void ink_issues_send (ink_issues_t *self, ink_issue_t *issue, int64_t now,
                      ink_session_actions_t *out);

//  A reply of the n-th kernel, as `msg` says it. NULL when out of memory.
ink_reply_t *
ink_issue_reply (const ink_issue_t *self, size_t kernel, const ink_msg_reply_t *msg);

//  Hands the reply to the application. Needs room for two actions.
void ink_issues_deliver (ink_issues_t *self, ink_issue_t *issue, size_t kernel,
                         ink_reply_t *reply, ink_session_actions_t *out);

//  Ends the request here: a final with `error` for every kernel that has none. Leaves
//  room for one action more. INK_ENOMEM: nothing has changed.
int ink_issues_finish (ink_issues_t *self, ink_issue_t *issue, int64_t now, int error,
                       const char *detail, ink_session_actions_t *out);

#endif

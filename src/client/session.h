//  session.h: what a client knows of its requests, and what it does about silence.
//
//  The brain of the client: no socket, no clock, no thread. Events go in by one door and
//  come out as actions, which the shell (client.c) performs in their order.
//
//                   submitted                all finals delivered
//      (none) ─────────────────► ON ITS WAY ──────────────────────► forgotten
//                                 │      ▲ │
//                          cancel │      │ │ quiet, silence, new epoch: issued again
//                                 ▼      └─┘
//                             CANCELLING ──► finals, from the ventilator or made here
//
//  What is promised: for every request that was taken by SUBMIT, each kernel gets
//  partials with rising seq, then exactly one final, whatever is lost, doubled or
//  restarted, unless the session is destroyed before.

#ifndef INK_SESSION_H_INCLUDED
#define INK_SESSION_H_INCLUDED

#include "client/actions.h"

//  Times are microseconds of a clock that never goes back.
typedef struct {
    size_t requests; //  On their way, or with a final that was not taken
    int64_t ping;    //  Between pings, while something is on its way
    int64_t silence; //  Of the ventilator, after which the connection is made anew
    int64_t first;   //  Of silence before there ever was contact: requests end
    int64_t lost;    //  The same after a contact
    int64_t quiet;   //  Of one request, after which it is issued again
    int64_t cancel;  //  For the finals of a cancelled request to come
    int64_t grace;   //  Behind a request's timeout, for the ventilator to say so itself
} ink_session_limits_t;

extern const ink_session_limits_t ink_session_usual;

typedef enum {
    INK_SESSION_SUBMIT,       //  request
    INK_SESSION_CANCEL,       //  id
    INK_SESSION_CANCEL_OTHER, //  id, until
    INK_SESSION_ASK,          //  until
    INK_SESSION_MESSAGE,      //  msg, payload_p
    INK_SESSION_TAKEN,        //  reply
    INK_SESSION_TIMER,
    INK_SESSION_CLOSE
} ink_session_event_kind_t;

typedef struct {
    ink_session_event_kind_t kind;
    ink_request_t *request;    //  Taken, when step returns INK_OK
    const char *id;            //  Of another form than ids have: as one that nobody knows
    int64_t until;             //  When the call that waits for an ANSWER gives up
    const ink_msg_t *msg;      //  Borrowed
    ink_payload_t **payload_p; //  Taken when its reply is delivered, else left as it is
    const ink_reply_t *reply;  //  Which the application takes now
} ink_session_event_t;

typedef struct {
    uint64_t again;      //  Requests issued again
    uint64_t reconnects; //  Connections made anew
    uint64_t doubles;    //  Replies that were known already
    uint64_t ignored;    //  Messages that had no meaning here
} ink_session_counters_t;

typedef struct ink_session ink_session_t;

//  `now` is when the first ping is due. NULL when out of memory.
ink_session_t *ink_session_new (const ink_session_limits_t *limits, int64_t now);
void ink_session_destroy (ink_session_t **self_p);

//  Replaces the content of `out` by what is to be done. At most one CANCEL_OTHER or ASK
//  waits at a time; it gets exactly one ANSWER.
//
//  INK_EBUSY, INK_ECONFLICT (the id is on its way with another body): of SUBMIT, and
//  INK_ENOREQUEST of CANCEL: nothing has changed. INK_ENOMEM: the event was not taken; of
//  TIMER, what `out` holds is to be done, and the rest is still due. TAKEN never fails.
int ink_session_step (ink_session_t *self, int64_t now, const ink_session_event_t *event,
                      ink_session_actions_t *out);

//  When a TIMER is due; INK_SESSION_NEVER while nothing is on its way.
int64_t ink_session_deadline (const ink_session_t *self);

const ink_session_counters_t *ink_session_counters (const ink_session_t *self);

#endif

//  reply.h: one reply, and the payload it keeps.
//
//  The payload is the frame as it came from the socket: nothing is copied on its way to
//  the application.

#ifndef INK_REPLY_H_INCLUDED
#define INK_REPLY_H_INCLUDED

#include "base/list.h"
#include "client/request.h"
#include "protocol/post.h"

struct ink_reply {
    ink_link_t link; //  Belongs to whoever owns the reply
    ink_name_t request, kernel;
    uint64_t seq;  //  As the application sees it: goes up, whoever has restarted
    uint64_t sent; //  As the ventilator counts
    bool final;
    bool last; //  The last final of its request
    int error;
    char detail[INK_TEXT_MOST + 1];
    uint64_t total, cached, computed, estimated, bound, elapsed_us, precision;
    uint64_t source_size, other_size;
    ink_payload_t *payload; //  NULL: none
    size_t failures;
    ink_failure_t failure[];
};

//  A reply of `kernel` that says what `msg` says, without a payload. NULL when out of
//  memory.
ink_reply_t *ink_reply_new (const char *request, const char *kernel, uint64_t seq,
                            const ink_msg_reply_t *msg);

#endif

//  post.h: messages over sockets.
//
//  The one place where a header frame, its payload and a routing id become frames of ZeroMQ
//  and are put together again. Raw zmq_msg_t throughout: these paths run once a chunk.

#ifndef INK_POST_H_INCLUDED
#define INK_POST_H_INCLUDED

#include <stdbool.h>
#include <zmq.h>

#include "base/buffer.h"
#include "protocol/messages.h"

//  A peer of a ROUTER: the routing id that libzmq draws, five bytes of which the first is 0.
//  Peers that set one of their own are not of this protocol and are ignored.
#define INK_NO_PEER UINT64_MAX

//  A payload on its way: made by ink_payload_new, or received. Owned by whoever holds the
//  pointer; a send takes it.
typedef struct {
    zmq_msg_t frame;
} ink_payload_t;

//  Of `size` bytes, to be written by the caller. NULL when out of memory.
ink_payload_t *ink_payload_new (size_t size);
void ink_payload_destroy (ink_payload_t **self_p);
void *ink_payload_data (ink_payload_t *self);
size_t ink_payload_size (const ink_payload_t *self);

//  What was received. Texts and lists of `msg` live until the next receive into the same
//  letter; the payload is NULL when there was none, and is destroyed by the next receive
//  unless it was taken out.
typedef struct {
    uint64_t peer; //  INK_NO_PEER from other sockets than a ROUTER
    ink_msg_t msg;
    ink_payload_t *payload;
    ink_arena_t arena;
} ink_letter_t; //  All zeros is an empty one

void ink_letter_free (ink_letter_t *self);

//  A socket that carries messages.
typedef enum {
    INK_POST_PLAIN = 0,
    INK_POST_ROUTER = 1, //  A routing id comes first
    INK_POST_TOPIC = 2   //  A topic of one byte comes first
} ink_post_kind_t;

typedef struct {
    void *socket; //  Of libzmq, for polling; NULL when closed
    bool bound;   //  To one endpoint, whose file goes with it
    ink_post_kind_t kind;
    ink_buffer_t out;
} ink_post_t; //  All zeros is a closed one

//  Opens a socket of a ZMQ_ type with the options this protocol wants (doc/protocol.md,
//  section 1) and a high-water mark of `most` messages each way, 0 for none. INK_ESYSTEM.
int ink_post_open (ink_post_t *self, int type, int most);

//  Sends what waits for at most so long. Of a bound ipc socket no file is left.
void ink_post_close (ink_post_t *self, int linger_ms);

//  INK_ESYSTEM: the address is taken or of no known form.
int ink_post_bind (ink_post_t *self, const char *endpoint);
int ink_post_connect (ink_post_t *self, const char *endpoint);

//  Receives one message without waiting. INK_OK; INK_POST_NONE when none is there;
//  INK_EMESSAGE or INK_EVERSION for one that is not of the protocol: `peer` is set then, and
//  all its frames have been read; INK_ENOMEM.
#define INK_POST_NONE (-1)
int ink_post_receive (ink_post_t *self, ink_letter_t *letter);

//  Sends one message without waiting, with the payload when not NULL. `peer` for a ROUTER.
//  INK_OK; INK_EBUSY: the queue is full, the payload is still the caller's; INK_ELOST: the
//  peer is gone; INK_EMESSAGE: the message breaks a limit; INK_ENOMEM. Except with INK_EBUSY
//  the payload was taken.
int ink_post_send (ink_post_t *self, uint64_t peer, const ink_msg_t *msg,
                   ink_payload_t **payload_p);

//  Sends a header that ink_msg_encode has made before, over a socket that is neither a ROUTER
//  nor a PUB. Errors as above.
int ink_post_send_header (ink_post_t *self, const void *header, size_t size);

#endif

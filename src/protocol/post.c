//  post.c: messages over sockets.

#include <czmq.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "protocol/post.h"

#define TOPIC "A"
#define PEER_SIZE 5

//  A frame above this closes the connection it came on
#define FRAME_MOST ((int64_t) (256 << 20) + INK_HEADER_MOST)

//  Dead links are noticed by ZMTP's own heartbeats; dead applications by ours
#define LINK_BEAT_MS 1000
#define LINK_DEAD_MS 4000

//  A connection that nobody answers is begun anew. The system alone would wait twice as long
//  each time: after a cut of 20 s it found out 16 s later that there is none any more.
#define CONNECT_MS 2000

ink_payload_t *
ink_payload_new (size_t size)
{
    ink_payload_t *self = ink_alloc (sizeof *self);
    if (self && zmq_msg_init_size (&self->frame, size)) {
        ink_free (self);
        self = NULL;
    }
    return self;
}

void
ink_payload_destroy (ink_payload_t **self_p)
{
    ink_payload_t *self = *self_p;
    if (!self)
        return;
    zmq_msg_close (&self->frame);
    ink_free (self);
    *self_p = NULL;
}

void *
ink_payload_data (ink_payload_t *self)
{
    return zmq_msg_data (&self->frame);
}

size_t
ink_payload_size (const ink_payload_t *self)
{
    return zmq_msg_size (&self->frame);
}

void
ink_letter_free (ink_letter_t *self)
{
    ink_payload_destroy (&self->payload);
    ink_arena_free (&self->arena);
}

//  ---------------------------------------------------------------------------------------
//  Sockets

static void
set (void *socket, int option, int value)
{
    (void) zmq_setsockopt (socket, option, &value, sizeof value);
}

static void
set_options (void *socket, int type, int most)
{
    set (socket, ZMQ_LINGER, 0);
    set (socket, ZMQ_SNDHWM, most);
    set (socket, ZMQ_RCVHWM, most);
    set (socket, ZMQ_RECONNECT_IVL, 20);
    set (socket, ZMQ_RECONNECT_IVL_MAX, 500);
    set (socket, ZMQ_CONNECT_TIMEOUT, CONNECT_MS);
    set (socket, ZMQ_HEARTBEAT_IVL, LINK_BEAT_MS);
    set (socket, ZMQ_HEARTBEAT_TIMEOUT, LINK_DEAD_MS);
    set (socket, ZMQ_HANDSHAKE_IVL, 5000);
    const int64_t frame_most = FRAME_MOST;
    zmq_setsockopt (socket, ZMQ_MAXMSGSIZE, &frame_most, sizeof frame_most);
    if (type == ZMQ_ROUTER)
        set (socket, ZMQ_ROUTER_MANDATORY, 1);
    if (type == ZMQ_SUB)
        zmq_setsockopt (socket, ZMQ_SUBSCRIBE, TOPIC, sizeof TOPIC - 1);
}

//  Not by zsock_new, which ends the process when there is no descriptor left.
int
ink_post_open (ink_post_t *self, int type, int most)
{
    void *socket = zsys_socket (type, NULL, 0);
    if (!socket)
        return INK_ESYSTEM;
    set_options (socket, type, most);
    self->socket = socket;
    self->kind = type == ZMQ_ROUTER                   ? INK_POST_ROUTER
                 : type == ZMQ_PUB || type == ZMQ_SUB ? INK_POST_TOPIC
                                                      : INK_POST_PLAIN;
    return INK_OK;
}

//  libzmq leaves the file of an ipc socket where it is.
static void
remove_file (const ink_post_t *self)
{
    char endpoint[256];
    size_t size = sizeof endpoint, scheme = strlen ("ipc://");
    if (self->bound &&
        zmq_getsockopt (self->socket, ZMQ_LAST_ENDPOINT, endpoint, &size) == 0 &&
        strncmp (endpoint, "ipc://", scheme) == 0)
        unlink (endpoint + scheme);
}

void
ink_post_close (ink_post_t *self, int linger_ms)
{
    if (self->socket) {
        remove_file (self);
        set (self->socket, ZMQ_LINGER, linger_ms);
        zsys_close (self->socket, NULL, 0);
    }
    ink_buffer_free (&self->out);
    *self = (ink_post_t){0};
}

int
ink_post_bind (ink_post_t *self, const char *endpoint)
{
    if (zmq_bind (self->socket, endpoint))
        return INK_ESYSTEM;
    self->bound = true;
    return INK_OK;
}

int
ink_post_connect (ink_post_t *self, const char *endpoint)
{
    return zmq_connect (self->socket, endpoint) ? INK_ESYSTEM : INK_OK;
}

//  ---------------------------------------------------------------------------------------
//  Receiving

static void
skip_rest (void *socket, bool more)
{
    while (more) {
        zmq_msg_t frame;
        zmq_msg_init (&frame);
        if (zmq_msg_recv (&frame, socket, ZMQ_DONTWAIT) == -1)
            more = false;
        else
            more = zmq_msg_more (&frame);
        zmq_msg_close (&frame);
    }
}

static uint64_t
peer_of (zmq_msg_t *frame)
{
    const uint8_t *bytes = zmq_msg_data (frame);
    if (zmq_msg_size (frame) != PEER_SIZE || bytes[0] != 0)
        return INK_NO_PEER;
    return (uint64_t) bytes[1] << 24 | (uint64_t) bytes[2] << 16 |
           (uint64_t) bytes[3] << 8 | bytes[4];
}

//  Reads the frame that comes before the header, if the socket has one.
static int
receive_front (ink_post_t *self, ink_letter_t *letter, zmq_msg_t *frame)
{
    letter->peer = INK_NO_PEER;
    if (self->kind == INK_POST_PLAIN)
        return INK_OK;
    if (zmq_msg_recv (frame, self->socket, ZMQ_DONTWAIT) == -1)
        return INK_POST_NONE;
    if (self->kind == INK_POST_ROUTER)
        letter->peer = peer_of (frame);
    return zmq_msg_more (frame) ? INK_OK : INK_EMESSAGE;
}

//  Whether a payload may follow: doc/protocol.md, section 2.
static bool
carries (const ink_msg_t *msg)
{
    return msg->kind == INK_MSG_REPLY || msg->kind == INK_MSG_KNOWN ||
           (msg->kind == INK_MSG_VALUE && msg->value.error == INK_OK) ||
           (msg->kind == INK_MSG_SAMPLE && msg->sample.error == INK_OK);
}

static int
receive_payload (void *socket, ink_letter_t *letter)
{
    letter->payload = ink_payload_new (0);
    if (!letter->payload)
        return INK_ENOMEM;
    if (zmq_msg_recv (&letter->payload->frame, socket, ZMQ_DONTWAIT) == -1)
        return INK_EMESSAGE;
    return zmq_msg_more (&letter->payload->frame) ? INK_EMESSAGE : INK_OK;
}

int
ink_post_receive (ink_post_t *self, ink_letter_t *letter)
{
    ink_payload_destroy (&letter->payload);
    ink_arena_reset (&letter->arena);

    zmq_msg_t frame;
    zmq_msg_init (&frame);
    bool more = false;
    int rc = receive_front (self, letter, &frame);
    if (rc == INK_OK) {
        if (zmq_msg_recv (&frame, self->socket, ZMQ_DONTWAIT) == -1)
            rc = self->kind == INK_POST_PLAIN ? INK_POST_NONE : INK_EMESSAGE;
        else {
            more = zmq_msg_more (&frame);
            rc = ink_msg_decode (zmq_msg_data (&frame), zmq_msg_size (&frame),
                                 &letter->msg, &letter->arena);
        }
    }
    if (rc == INK_OK && more) {
        rc = receive_payload (self->socket, letter);
        more = rc != INK_OK && letter->payload && zmq_msg_more (&letter->payload->frame);
    }
    skip_rest (self->socket, more);
    zmq_msg_close (&frame);
    if (rc == INK_OK && letter->payload && !carries (&letter->msg))
        rc = INK_EMESSAGE;
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Sending

static int
send_error (void)
{
    switch (errno) {
    case EAGAIN:
        return INK_EBUSY;
    case ENOMEM:
        return INK_ENOMEM;
    default:
        return INK_ELOST;
    }
}

//  A frame of its own for each part: small ones live inside zmq_msg_t without allocation.
static int
send_bytes (void *socket, const void *bytes, size_t size, int flags)
{
    return zmq_send (socket, bytes, size, flags | ZMQ_DONTWAIT) == -1 ? send_error ()
                                                                      : INK_OK;
}

static int
send_front (ink_post_t *self, uint64_t peer)
{
    if (self->kind == INK_POST_ROUTER) {
        const uint8_t id[PEER_SIZE] = {0, (uint8_t) (peer >> 24), (uint8_t) (peer >> 16),
                                       (uint8_t) (peer >> 8), (uint8_t) peer};
        return send_bytes (self->socket, id, sizeof id, ZMQ_SNDMORE);
    }
    if (self->kind == INK_POST_TOPIC)
        return send_bytes (self->socket, TOPIC, sizeof TOPIC - 1, ZMQ_SNDMORE);
    return INK_OK;
}

int
ink_post_send (ink_post_t *self, uint64_t peer, const ink_msg_t *msg,
               ink_payload_t **payload_p)
{
    ink_payload_t *payload = payload_p ? *payload_p : NULL;
    int rc = ink_msg_encode (msg, &self->out);
    if (rc == INK_OK)
        rc = send_front (self, peer);
    if (rc == INK_OK)
        rc = send_bytes (self->socket, self->out.bytes, self->out.size,
                         payload ? ZMQ_SNDMORE : 0);
    if (rc == INK_OK && payload) {
        if (zmq_msg_send (&payload->frame, self->socket, ZMQ_DONTWAIT) == -1)
            rc = send_error ();
    }
    if (payload_p && rc != INK_EBUSY)
        ink_payload_destroy (payload_p);
    return rc;
}

int
ink_post_send_header (ink_post_t *self, const void *header, size_t size)
{
    return send_bytes (self->socket, header, size, 0);
}

//  peer.h: peers of the protocol that say what they like.
//
//  A peer is a socket of this test. What it says is a message made by its table, without any
//  limit, or bytes.

#ifndef PEER_H_INCLUDED
#define PEER_H_INCLUDED

#include "harness.h"

#include "../unit/anything.h"
#include "protocol/post.h"

typedef struct {
    ink_post_t post;
    ink_letter_t letter;
} peer_t;

static inline peer_t
peer_at (int type, const char *endpoint)
{
    peer_t self = {0};
    assert_int_equal (ink_post_open (&self.post, type, 0), INK_OK);
    assert_int_equal (ink_post_connect (&self.post, endpoint), INK_OK);
    return self;
}

static inline void
peer_close (peer_t *self)
{
    ink_post_close (&self->post, 0);
    ink_letter_free (&self->letter);
}

static inline void
say_bytes (peer_t *self, const void *bytes, size_t size, bool more)
{
    assert_int_equal (zmq_send (self->post.socket, bytes, size, more ? ZMQ_SNDMORE : 0),
                      size);
}

static inline void
say (peer_t *self, ink_msg_t msg)
{
    msgpack_sbuffer bytes = pack_message (&msg);
    say_bytes (self, bytes.data, bytes.size, false);
    msgpack_sbuffer_destroy (&bytes);
}

//  With a payload behind it.
static inline void
say_with (peer_t *self, ink_msg_t msg, const void *payload, size_t size)
{
    msgpack_sbuffer bytes = pack_message (&msg);
    say_bytes (self, bytes.data, bytes.size, true);
    say_bytes (self, payload, size, false);
    msgpack_sbuffer_destroy (&bytes);
}

//  The next message, or NULL when none comes in time; it lives until the next one is heard.
static inline const ink_msg_t *
hear_within (peer_t *self, long ms)
{
    zmq_pollitem_t item = {self->post.socket, 0, ZMQ_POLLIN, 0};
    if (zmq_poll (&item, 1, ms) <= 0)
        return NULL;
    assert_int_equal (ink_post_receive (&self->post, &self->letter), INK_OK);
    return &self->letter.msg;
}

//  The next message, which must be of that kind.
static inline const ink_msg_t *
hear (peer_t *self, ink_msg_kind_t kind)
{
    const ink_msg_t *msg = hear_within (self, SOON_MS);
    if (!msg || msg->kind != kind)
        fail_msg ("%s in place of %s", msg ? ink_msg_name (msg->kind) : "nothing",
                  ink_msg_name (kind));
    return msg;
}

//  Whoever is asked answers, and has nothing else to say.
static inline void
is_heard (peer_t *self)
{
    static uint64_t nonce;
    say (self, (ink_msg_t){.kind = INK_MSG_PING, .ping.nonce = ++nonce});
    assert_int_equal (hear (self, INK_MSG_PONG)->pong.nonce, nonce);
}

#endif

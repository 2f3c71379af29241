//  codec.h: messages to bytes and back.
//
//  A header frame is one msgpack array: protocol version, message number, then the fields in
//  the order of messages.h; a list is an array of arrays. Integers are in their shortest
//  form. What follows a header as payload is raw and not looked at here.
//
//  Decoding trusts nothing: every size is compared with the bytes left before anything is
//  allocated, every limit of messages.h holds, and the frame must end where the message ends.

#ifndef INK_CODEC_H_INCLUDED
#define INK_CODEC_H_INCLUDED

#include "base/buffer.h"
#include "protocol/messages.h"

//  A header frame larger than this is refused unread.
#define INK_HEADER_MOST ((size_t) 4 << 20)

//  Replaces the content of `out`. INK_ENOMEM; INK_EMESSAGE when the message breaks one of its
//  own limits or is larger than INK_HEADER_MOST, so that the far side would refuse it; `out`
//  is empty then. NULL texts are sent as "".
int ink_msg_encode (const ink_msg_t *msg, ink_buffer_t *out);

//  Fills *msg from `size` bytes; texts and lists are copied into `arena` and live until it is
//  reset. INK_EMESSAGE: not a message of this protocol; INK_EVERSION: of another version;
//  INK_ENOMEM. *msg is undefined then.
int ink_msg_decode (const void *bytes, size_t size, ink_msg_t *msg, ink_arena_t *arena);

//  Copies a message with all its texts and lists into `arena`; `scratch` is used on the way.
//  Errors as above.
int ink_msg_copy (const ink_msg_t *from, ink_buffer_t *scratch, ink_msg_t *to,
                  ink_arena_t *arena);

//  "REQUEST"; "?" for a number that is no message.
const char *ink_msg_name (ink_msg_kind_t kind);

#endif

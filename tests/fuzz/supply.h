//  supply.h: bytes that are used up, and messages made of them by their tables.
//
//  Whatever the bytes are, a message that is made is one that can be sent. Small numbers are
//  likely: ids, handles, leases and epochs count from 1, so that what is made often means
//  something to who hears it.

#ifndef SUPPLY_H_INCLUDED
#define SUPPLY_H_INCLUDED

#include "base/buffer.h"
#include "fuzz.h"
#include "inkling/error.h"
#include "protocol/messages.h"
#include "protocol/post.h"

typedef struct {
    const uint8_t *at;
    size_t left;
    ink_arena_t arena; //  Of the messages
    ink_buffer_t frame;
} supply_t;

void supply_free (supply_t *self);

//  The next byte; zeros when all are used up.
uint8_t supply_byte (supply_t *self);

//  Itself below 224, then powers of four from 1 to 2^46, what is next to 2^64, or any.
uint64_t supply_number (supply_t *self);
uint64_t supply_most (supply_t *self, uint64_t most);

//  Lives until the next one is made.
ink_msg_t supply_message (supply_t *self);

//  NULL, or up to 600 bytes: as they come, or one of them again and again.
ink_payload_t *supply_payload (supply_t *self);

//  Microseconds that pass before the next event: mostly none.
int64_t supply_pause (supply_t *self);

//  Whoever says something must be understood.
void can_be_sent (supply_t *self, const ink_msg_t *msg);

#endif

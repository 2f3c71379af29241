//  fuzz_message.c: header frames. What decodes, encodes to the same bytes and copies.

#include "fuzz.h"
#include "inkling/error.h"
#include "protocol/codec.h"

static ink_arena_t arena, copies;
static ink_buffer_t frame;

static void
comes_back (const ink_msg_t *msg, const uint8_t *bytes, size_t size)
{
    assert (ink_msg_encode (msg, &frame) == INK_OK);
    assert (frame.size == size && memcmp (frame.bytes, bytes, size) == 0);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    ink_msg_t msg, copy;
    ink_arena_reset (&arena);
    ink_arena_reset (&copies);
    int rc = ink_msg_decode (bytes, size, &msg, &arena);
    assert (rc == INK_OK || rc == INK_EMESSAGE || rc == INK_EVERSION);
    if (rc == INK_OK) {
        comes_back (&msg, bytes, size);
        assert (ink_msg_copy (&msg, &frame, &copy, &copies) == INK_OK);
        comes_back (&copy, bytes, size);
        assert (strcmp (ink_msg_name (msg.kind), "?") != 0);
    }
    if (size > 4096) { //  Large blocks are not kept: memory is looked at
        ink_arena_free (&arena);
        ink_arena_free (&copies);
        ink_buffer_free (&frame);
    }
    return 0;
}

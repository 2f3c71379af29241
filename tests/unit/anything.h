//  anything.h: any message of the protocol, made, compared, packed and sent by its table.
//
//  What is packed here has no limits, so that a decoder can be shown what it must refuse.

#ifndef ANYTHING_H_INCLUDED
#define ANYTHING_H_INCLUDED

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "base/buffer.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "protocol/fields.h"
#include "chance.h"
#include "scarce.h"

static const ink_msg_kind_t all_kinds[] = {
#define NUMBER(number, NOUN, noun) INK_MSG_##NOUN,
    INK_MESSAGES (NUMBER)
#undef NUMBER
};
#define KINDS (sizeof all_kinds / sizeof all_kinds[0])

#define EACH_FIELD(field, shape)                     \
    for (const ink_field_t *field = (shape)->fields; \
         field < (shape)->fields + (shape)->count; field++)

static inline void *
body_of (ink_msg_t *msg)
{
    return (char *) msg + INK_MESSAGE_OFFSET;
}

static inline const char *
or_empty (const char *text)
{
    return text ? text : "";
}

//  Members are reached by copy, since the table does not know their types.
#define GET(type, name)                                              \
    static inline type get_##name (const void *self, size_t offset)  \
    {                                                                \
        type value;                                                  \
        memcpy (&value, (const char *) self + offset, sizeof value); \
        return value;                                                \
    }
GET (const char *, text)
GET (const uint8_t *, bytes)
GET (uint64_t, u64)
GET (int64_t, i64)
GET (ink_items_t, list)

#define SET(self, offset, type, value) \
    memcpy ((char *) (self) + (offset), &(type){value}, sizeof (type))

//  ---------------------------------------------------------------------------------------
//  Make

static inline const char *
random_text (uint64_t *seed, uint64_t most, ink_arena_t *arena)
{
    static const char *const characters[] = {"a", "Z", " ", "~", "ä", "€", "𝄞", "/"};
    size_t size = chance_below (seed, chance_below (seed, 10) ? 8 : most + 1), at = 0;
    char *text = ink_arena_alloc (arena, size + 1);
    while (at < size) {
        const char *next = characters[chance_below (seed, 8)];
        if (at + strlen (next) > size)
            next = "b";
        memcpy (text + at, next, strlen (next));
        at += strlen (next);
    }
    return text;
}

//  Of every magnitude, and often at the limit.
static inline uint64_t
random_number (uint64_t *seed, uint64_t most)
{
    uint64_t number = chance (seed) >> chance_below (seed, 64);
    return chance_below (seed, 8) == 0 || number > most ? most : number;
}

static inline void
random_body (uint64_t *seed, const ink_layout_t *shape, void *self, ink_arena_t *arena);

static inline ink_items_t
random_list (uint64_t *seed, const ink_field_t *field, ink_arena_t *arena)
{
    const ink_layout_t *shape = ink_element_shape (field->element);
    size_t size = chance_below (seed, chance_below (seed, 8) ? 4 : 40);
    if (size > field->most)
        size = field->most;
    char *items = ink_arena_alloc (arena, size * shape->size);
    for (size_t i = 0; i < size; i++)
        random_body (seed, shape, items + i * shape->size, arena);
    return (ink_items_t){items, size};
}

static inline void
random_body (uint64_t *seed, const ink_layout_t *shape, void *self, ink_arena_t *arena)
{
    EACH_FIELD (field, shape)
    switch (field->kind) {
    case INK_FIELD_STR:
        SET (self, field->offset, const char *, random_text (seed, field->most, arena));
        break;
    case INK_FIELD_U64:
        SET (self, field->offset, uint64_t, random_number (seed, field->most));
        break;
    case INK_FIELD_I64:
        SET (self, field->offset, uint64_t,
             random_number (seed, INK_ANY) * (chance_below (seed, 2) ? 1 : UINT64_MAX));
        break;
    case INK_FIELD_BIN: {
        uint8_t *bytes = ink_arena_alloc (arena, field->most);
        for (size_t i = 0; i < field->most; i++)
            bytes[i] = (uint8_t) chance (seed);
        SET (self, field->offset, const uint8_t *, bytes);
        break;
    }
    case INK_FIELD_LIST: {
        ink_items_t list = random_list (seed, field, arena);
        memcpy ((char *) self + field->offset, &list, sizeof list);
        break;
    }
    }
}

static inline ink_msg_t
random_message (uint64_t *seed, ink_msg_kind_t kind, ink_arena_t *arena)
{
    ink_msg_t msg = {.kind = kind};
    random_body (seed, ink_message_shape (kind), body_of (&msg), arena);
    return msg;
}

//  Zeros and empty texts and lists: the smallest there is.
static inline void
least_body (const ink_layout_t *shape, void *self)
{
    static const uint8_t zeros[64];
    memset (self, 0, shape->size);
    EACH_FIELD (field, shape)
    if (field->kind == INK_FIELD_BIN)
        SET (self, field->offset, const uint8_t *, zeros);
}

static inline ink_items_t
least_list (const ink_field_t *field, size_t size, ink_arena_t *arena)
{
    const ink_layout_t *shape = ink_element_shape (field->element);
    char *items = ink_arena_alloc (arena, size * shape->size);
    for (size_t i = 0; i < size; i++)
        least_body (shape, items + i * shape->size);
    return (ink_items_t){items, size};
}

//  ---------------------------------------------------------------------------------------
//  Compare

static inline bool
same_body (const ink_layout_t *shape, const void *a, const void *b)
{
    EACH_FIELD (field, shape)
    {
        size_t at = field->offset;
        bool same = true;
        if (field->kind == INK_FIELD_STR)
            same = strcmp (or_empty (get_text (a, at)), or_empty (get_text (b, at))) == 0;
        else if (field->kind == INK_FIELD_BIN)
            same = memcmp (get_bytes (a, at), get_bytes (b, at), field->most) == 0;
        else if (field->kind == INK_FIELD_LIST) {
            ink_items_t x = get_list (a, at), y = get_list (b, at);
            const ink_layout_t *item = ink_element_shape (field->element);
            same = x.size == y.size;
            for (size_t i = 0; same && i < x.size; i++)
                same = same_body (item, (const char *) x.items + i * item->size,
                                  (const char *) y.items + i * item->size);
        } else
            same = get_u64 (a, at) == get_u64 (b, at);
        if (!same)
            return false;
    }
    return true;
}

static inline bool
same_message (ink_msg_t *a, ink_msg_t *b)
{
    return a->kind == b->kind &&
           same_body (ink_message_shape (a->kind), body_of (a), body_of (b));
}

//  ---------------------------------------------------------------------------------------
//  Pack

//  So many bytes a BIN is longer than it should be.
static size_t pack_extra;

static inline void
pack_body (msgpack_packer *out, const ink_layout_t *shape, const void *self)
{
    EACH_FIELD (field, shape)
    {
        size_t at = field->offset;
        if (field->kind == INK_FIELD_STR) {
            const char *text = or_empty (get_text (self, at));
            msgpack_pack_str (out, strlen (text));
            msgpack_pack_str_body (out, text, strlen (text));
        } else if (field->kind == INK_FIELD_BIN) {
            msgpack_pack_bin (out, field->most + pack_extra);
            msgpack_pack_bin_body (out, get_bytes (self, at), field->most + pack_extra);
        } else if (field->kind == INK_FIELD_U64)
            msgpack_pack_uint64 (out, get_u64 (self, at));
        else if (field->kind == INK_FIELD_I64)
            msgpack_pack_int64 (out, get_i64 (self, at));
        else {
            ink_items_t list = get_list (self, at);
            const ink_layout_t *item = ink_element_shape (field->element);
            msgpack_pack_array (out, list.size);
            for (size_t i = 0; i < list.size; i++) {
                msgpack_pack_array (out, item->count);
                pack_body (out, item, (const char *) list.items + i * item->size);
            }
        }
    }
}

static inline msgpack_sbuffer
pack_message (ink_msg_t *msg)
{
    msgpack_sbuffer bytes;
    msgpack_packer out;
    msgpack_sbuffer_init (&bytes);
    msgpack_packer_init (&out, &bytes, msgpack_sbuffer_write);
    const ink_layout_t *shape = ink_message_shape (msg->kind);
    msgpack_pack_array (&out, 2 + shape->count);
    msgpack_pack_uint64 (&out, INK_PROTOCOL_VERSION);
    msgpack_pack_uint64 (&out, msg->kind);
    pack_body (&out, shape, body_of (msg));
    return bytes;
}

//  ---------------------------------------------------------------------------------------
//  Send

static ink_arena_t made;    //  What a test makes
static ink_arena_t decoded; //  What the decoder makes
static ink_buffer_t frame;

static inline int
clean (void **state)
{
    (void) state;
    scarce_end ();
    ink_arena_free (&made);
    ink_arena_free (&decoded);
    ink_buffer_free (&frame);
    return 0;
}

//  Decodes a copy of exactly this size, so that a sanitizer sees what is read behind its end.
static inline int
decode (const void *bytes, size_t size, ink_msg_t *msg)
{
    uint8_t *copy = malloc (size ? size : 1);
    memcpy (copy, bytes, size);
    ink_arena_reset (&decoded);
    int rc = ink_msg_decode (copy, size, msg, &decoded);
    free (copy);
    return rc;
}

#define DECODE(...) \
    decode_row ((const uint8_t[]){__VA_ARGS__}, sizeof (uint8_t[]){__VA_ARGS__})

static inline int
decode_row (const uint8_t *bytes, size_t size)
{
    ink_msg_t msg;
    return decode (bytes, size, &msg);
}

static inline void
encode (const ink_msg_t *msg)
{
    assert_int_equal (ink_msg_encode (msg, &frame), INK_OK);
}

static inline void
arrives (ink_msg_t *msg)
{
    ink_msg_t other;
    encode (msg);
    assert_int_equal (decode (frame.bytes, frame.size, &other), INK_OK);
    assert_int_equal (other.kind, msg->kind);
    assert_true (same_message (msg, &other));
}

//  Runs `check` with random messages of every kind.
static inline void
each_message (uint64_t rounds, void (*check) (ink_msg_t *msg, uint64_t *seed))
{
    for (uint64_t round = 0; round < rounds; round++)
        for (size_t i = 0; i < KINDS; i++) {
            uint64_t seed = round * KINDS + i;
            ink_arena_reset (&made);
            ink_msg_t msg = random_message (&seed, all_kinds[i], &made);
            check (&msg, &seed);
        }
}

#endif

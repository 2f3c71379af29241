//  decode.c: bytes to messages.
//
//  The reader is our own, because msgpack-c believes what it reads: five hostile bytes make
//  its unpacker reserve gigabytes. This one knows what must come next, from the tables, and
//  takes nothing else. Its calls nest as deep as the tables, whatever the bytes say. There is
//  one form for each value, the shortest, so that equal messages are equal bytes.

#include <stdbool.h>
#include <string.h>

#include "base/buffer.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "protocol/fields.h"
#include "protocol/utf8.h"

typedef struct {
    const uint8_t *at;
    size_t left;
    ink_arena_t *arena;
} reader_t;

static int take_fields (reader_t *in, const ink_layout_t *shape, void *self);

//  ---------------------------------------------------------------------------------------
//  Numbers and sizes

//  How msgpack writes a number, or the size of something: as `lead + number` when it is
//  below `small`; else as one of the leads from `wide` on and 1, 2, 4 or 8 bytes, big end
//  first. `narrowest` is how many bytes follow the lead `wide`, `widest` the last of them.
typedef struct {
    uint8_t lead, small, wide, narrowest, widest;
} form_t;

static const form_t form_uint = {0x00, 128, 0xCC, 1, 8};
static const form_t form_text = {0xA0, 32, 0xD9, 1, 4};
static const form_t form_bytes = {0x00, 0, 0xC4, 1, 4};
static const form_t form_array = {0x90, 16, 0xDC, 2, 4};

static bool
take_big_endian (reader_t *in, unsigned width, uint64_t *number)
{
    if (in->left < width)
        return false;
    *number = 0;
    for (unsigned i = 0; i < width; i++)
        *number = *number << 8 | in->at[i];
    in->at += width;
    in->left -= width;
    return true;
}

static inline bool
take_number (reader_t *in, const form_t *form, uint64_t *number)
{
    if (in->left == 0)
        return false;
    unsigned lead = in->at[0];
    if (lead - form->lead < form->small) {
        *number = lead - form->lead;
        in->at++;
        in->left--;
        return true;
    }
    unsigned step = lead - form->wide;
    if (lead < form->wide || step > 3 || form->narrowest << step > form->widest)
        return false;
    unsigned width = (unsigned) form->narrowest << step;
    uint64_t least = step == 0 ? form->small : (uint64_t) 1 << (4 * width);
    in->at++;
    in->left--;
    return take_big_endian (in, width, number) && *number >= least;
}

//  Below zero: one byte from 0xE0 on, which is -32 to -1; or a lead from 0xD0 on and 1, 2, 4
//  or 8 bytes.
static bool
take_negative (reader_t *in, int64_t *number)
{
    unsigned lead = in->at[0];
    in->at++;
    in->left--;
    if (lead >= 0xE0) {
        *number = (int64_t) lead - 0x100;
        return true;
    }
    unsigned width = 1u << (lead - 0xD0);
    uint64_t bits, sign = (uint64_t) 1 << (8 * width - 1);
    if (!take_big_endian (in, width, &bits) || (bits & sign) == 0)
        return false;
    *number = (int64_t) (bits | (0 - sign));
    int64_t least = width == 1 ? -32 : -((int64_t) 1 << (4 * width - 1));
    return *number < least; //  Otherwise a shorter form would do
}

static int
take_signed (reader_t *in, int64_t *number)
{
    if (in->left == 0)
        return INK_EMESSAGE;
    unsigned lead = in->at[0];
    if (lead >= 0xE0 || (lead >= 0xD0 && lead <= 0xD3))
        return take_negative (in, number) ? INK_OK : INK_EMESSAGE;
    uint64_t bits;
    if (!take_number (in, &form_uint, &bits) || bits > INT64_MAX)
        return INK_EMESSAGE;
    *number = (int64_t) bits;
    return INK_OK;
}

static int
take_unsigned (reader_t *in, uint64_t most, uint64_t *number)
{
    bool fine = take_number (in, &form_uint, number) && *number <= most;
    return fine ? INK_OK : INK_EMESSAGE;
}

//  ---------------------------------------------------------------------------------------
//  Fields

static int
take_text (reader_t *in, const ink_field_t *field, const char **text)
{
    uint64_t size;
    if (!take_number (in, &form_text, &size) || size > field->most || size > in->left ||
        !ink_utf8_valid (in->at, size))
        return INK_EMESSAGE;
    *text = size ? ink_arena_string (in->arena, (const char *) in->at, size) : "";
    in->at += size;
    in->left -= size;
    return *text ? INK_OK : INK_ENOMEM;
}

static int
take_bytes (reader_t *in, const ink_field_t *field, const uint8_t **bytes)
{
    uint64_t size;
    if (!take_number (in, &form_bytes, &size) || size != field->most || size > in->left)
        return INK_EMESSAGE;
    void *copy = ink_arena_alloc (in->arena, size);
    if (!copy)
        return INK_ENOMEM;
    memcpy (copy, in->at, size);
    in->at += size;
    in->left -= size;
    *bytes = copy;
    return INK_OK;
}

static int
take_items (reader_t *in, const ink_layout_t *shape, char *items, size_t size)
{
    int rc = INK_OK;
    for (size_t i = 0; i < size && rc == INK_OK; i++) {
        uint64_t count;
        if (!take_number (in, &form_array, &count) || count != shape->count)
            return INK_EMESSAGE;
        rc = take_fields (in, shape, items + i * shape->size);
    }
    return rc;
}

static int
take_list (reader_t *in, const ink_field_t *field, ink_items_t *list)
{
    const ink_layout_t *shape = ink_element_shape (field->element);
    uint64_t size;
    if (!take_number (in, &form_array, &size) || size > field->most)
        return INK_EMESSAGE;
    //  An item takes a byte for itself and at least one for each field, so that what is
    //  allocated is never more than a few times what was received.
    if (size > in->left / (1 + shape->count))
        return INK_EMESSAGE;
    *list = (ink_items_t){.size = size};
    if (size == 0)
        return INK_OK;
    char *items = ink_arena_alloc (in->arena, size * shape->size);
    if (!items)
        return INK_ENOMEM;
    list->items = items;
    return take_items (in, shape, items, size);
}

//  `member` points to the field inside its struct.
static int
take_field (reader_t *in, const ink_field_t *field, void *member)
{
    union {
        const char *text;
        const uint8_t *bytes;
        uint64_t u64;
        int64_t i64;
        ink_items_t list;
    } value = {.list = {0}};
    size_t size = sizeof value.u64;
    int rc = INK_EMESSAGE;
    switch (field->kind) {
    case INK_FIELD_STR:
        rc = take_text (in, field, &value.text);
        size = sizeof value.text;
        break;
    case INK_FIELD_U64:
        rc = take_unsigned (in, field->most, &value.u64);
        break;
    case INK_FIELD_I64:
        rc = take_signed (in, &value.i64);
        break;
    case INK_FIELD_BIN:
        rc = take_bytes (in, field, &value.bytes);
        size = sizeof value.bytes;
        break;
    case INK_FIELD_LIST:
        rc = take_list (in, field, &value.list);
        size = sizeof value.list;
        break;
    }
    memcpy (member, &value, size);
    return rc;
}

static int
take_fields (reader_t *in, const ink_layout_t *shape, void *self)
{
    int rc = INK_OK;
    for (size_t i = 0; i < shape->count && rc == INK_OK; i++)
        rc = take_field (in, &shape->fields[i], (char *) self + shape->fields[i].offset);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Messages

int
ink_msg_decode (const void *bytes, size_t size, ink_msg_t *msg, ink_arena_t *arena)
{
    reader_t in = {.at = bytes, .left = size, .arena = arena};
    uint64_t count, version, number;
    if (size > INK_HEADER_MOST || !take_number (&in, &form_array, &count) || count == 0 ||
        !take_number (&in, &form_uint, &version))
        return INK_EMESSAGE;
    //  Told before anything else is looked at: what follows may be made otherwise there.
    if (version != INK_PROTOCOL_VERSION)
        return INK_EVERSION;
    if (!take_number (&in, &form_uint, &number))
        return INK_EMESSAGE;
    const ink_layout_t *shape = ink_message_shape (number);
    if (!shape || count != 2 + shape->count)
        return INK_EMESSAGE;
    msg->kind = (ink_msg_kind_t) number;
    int rc = take_fields (&in, shape, (char *) msg + INK_MESSAGE_OFFSET);
    return rc == INK_OK && in.left > 0 ? INK_EMESSAGE : rc;
}

int
ink_msg_copy (const ink_msg_t *from, ink_buffer_t *scratch, ink_msg_t *to,
              ink_arena_t *arena)
{
    int rc = ink_msg_encode (from, scratch);
    return rc ? rc : ink_msg_decode (scratch->bytes, scratch->size, to, arena);
}

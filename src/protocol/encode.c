//  encode.c: messages to bytes.

#include <msgpack.h>
#include <string.h>

#include "base/buffer.h"
#include "inkling/error.h"
#include "protocol/codec.h"
#include "protocol/fields.h"
#include "protocol/utf8.h"

static int put_fields (msgpack_packer *out, const ink_layout_t *shape, const void *self);

//  msgpack-c calls this with each piece it has made.
static int
write_piece (void *buffer, const char *bytes, size_t size)
{
    return ink_buffer_append (buffer, bytes, size) == INK_OK ? 0 : -1;
}

//  What msgpack-c says fails only with write_piece.
static int
written (int rc)
{
    return rc == 0 ? INK_OK : INK_ENOMEM;
}

static int
put_text (msgpack_packer *out, const ink_field_t *field, const char *text)
{
    if (!text)
        text = "";
    size_t size = strlen (text);
    if (size > field->most || !ink_utf8_valid (text, size))
        return INK_EMESSAGE;
    int rc = msgpack_pack_str (out, size);
    return written (rc ? rc : msgpack_pack_str_body (out, text, size));
}

static int
put_bytes (msgpack_packer *out, const ink_field_t *field, const uint8_t *bytes)
{
    if (!bytes)
        return INK_EMESSAGE;
    int rc = msgpack_pack_bin (out, field->most);
    return written (rc ? rc : msgpack_pack_bin_body (out, bytes, field->most));
}

static int
put_list (msgpack_packer *out, const ink_field_t *field, const ink_items_t *list)
{
    if (list->size > field->most || (list->size > 0 && !list->items))
        return INK_EMESSAGE;
    const ink_layout_t *shape = ink_element_shape (field->element);
    int rc = written (msgpack_pack_array (out, list->size));
    for (size_t i = 0; i < list->size && rc == INK_OK; i++) {
        rc = written (msgpack_pack_array (out, shape->count));
        if (rc == INK_OK)
            rc = put_fields (out, shape, (const char *) list->items + i * shape->size);
    }
    return rc;
}

//  `member` points to the field inside its struct.
static int
put_field (msgpack_packer *out, const ink_field_t *field, const void *member)
{
    union {
        const char *text;
        const uint8_t *bytes;
        uint64_t u64;
        int64_t i64;
        ink_items_t list;
    } value;
    switch (field->kind) {
    case INK_FIELD_STR:
        memcpy (&value.text, member, sizeof value.text);
        return put_text (out, field, value.text);
    case INK_FIELD_U64:
        memcpy (&value.u64, member, sizeof value.u64);
        if (value.u64 > field->most)
            return INK_EMESSAGE;
        return written (msgpack_pack_uint64 (out, value.u64));
    case INK_FIELD_I64:
        memcpy (&value.i64, member, sizeof value.i64);
        return written (msgpack_pack_int64 (out, value.i64));
    case INK_FIELD_BIN:
        memcpy (&value.bytes, member, sizeof value.bytes);
        return put_bytes (out, field, value.bytes);
    case INK_FIELD_LIST:
        memcpy (&value.list, member, sizeof value.list);
        return put_list (out, field, &value.list);
    }
    return INK_EMESSAGE;
}

static int
put_fields (msgpack_packer *out, const ink_layout_t *shape, const void *self)
{
    int rc = INK_OK;
    for (size_t i = 0; i < shape->count && rc == INK_OK; i++)
        rc = put_field (out, &shape->fields[i],
                        (const char *) self + shape->fields[i].offset);
    return rc;
}

static int
put_message (msgpack_packer *out, const ink_msg_t *msg)
{
    const ink_layout_t *shape = ink_message_shape ((uint64_t) msg->kind);
    if (!shape)
        return INK_EMESSAGE;
    int rc = msgpack_pack_array (out, 2 + shape->count);
    rc = rc ? rc : msgpack_pack_uint64 (out, INK_PROTOCOL_VERSION);
    rc = rc ? rc : msgpack_pack_uint64 (out, (uint64_t) msg->kind);
    if (rc != 0)
        return INK_ENOMEM;
    return put_fields (out, shape, (const char *) msg + INK_MESSAGE_OFFSET);
}

int
ink_msg_encode (const ink_msg_t *msg, ink_buffer_t *out)
{
    msgpack_packer packer;
    msgpack_packer_init (&packer, out, write_piece);
    out->size = 0;
    int rc = put_message (&packer, msg);
    if (rc == INK_OK && out->size > INK_HEADER_MOST)
        rc = INK_EMESSAGE;
    if (rc != INK_OK)
        out->size = 0;
    return rc;
}

//  supply.c: bytes that are used up, and messages made of them by their tables.

#include "supply.h"

#include "protocol/codec.h"
#include "protocol/fields.h"

void
supply_free (supply_t *self)
{
    ink_arena_free (&self->arena);
    ink_buffer_free (&self->frame);
}

uint8_t
supply_byte (supply_t *self)
{
    if (!self->left)
        return 0;
    self->left--;
    return *self->at++;
}

uint64_t
supply_number (supply_t *self)
{
    uint64_t byte = supply_byte (self), number = 0;
    if (byte < 224)
        return byte;
    if (byte < 248)
        return (uint64_t) 1 << 2 * (byte - 224);
    if (byte < 252)
        return UINT64_MAX - (byte - 248);
    for (int n = 0; n < 8; n++)
        number = number << 8 | supply_byte (self);
    return number;
}

uint64_t
supply_most (supply_t *self, uint64_t most)
{
    uint64_t number = supply_number (self);
    return number > most ? most : number;
}

//  A word that somebody knows, or any letters.
static const char *
supply_text (supply_t *self, uint64_t most)
{
    static const char *const words[] = {
        "",      "a",       "b",    "data/file", "histogram", "entropy", "count",
        "bytes", "digraph", "cell", "top",       "worker-1",  "w2"};
    static const char *const more[] = {"strings", "search", "diff", "byteclass",
                                       "limit",   "bytes",  "6162", "pattern",
                                       "[a-c]+",  "min",    "view", "data/other"};
    const uint8_t known = sizeof words / sizeof *words,
                  added = sizeof more / sizeof *more;
    uint8_t byte = supply_byte (self);
    if (byte < 128)
        return byte < 128 - 2 * added ? words[byte % known] : more[byte % added];
    size_t size = (size_t) supply_most (self, most), at = 0;
    char *text = ink_arena_alloc (&self->arena, size + 1);
    while (at < size) {
        uint8_t next = supply_byte (self);
        if (next >= 0xE0 && at + 2 <= size) {
            memcpy (text + at, "ä", 2);
            at += 2;
        } else
            text[at++] = (char) (' ' + next % 95);
    }
    return text;
}

static const uint8_t *
supply_bin (supply_t *self, size_t size)
{
    uint8_t *bytes = ink_arena_alloc (&self->arena, size);
    memset (bytes, supply_byte (self), size);
    return bytes;
}

static void supply_body (supply_t *self, const ink_layout_t *shape, char *body);

static ink_items_t
supply_list (supply_t *self, const ink_field_t *field)
{
    const ink_layout_t *shape = ink_element_shape (field->element);
    uint8_t byte = supply_byte (self);
    uint64_t size = byte < 240 ? byte % 4 : byte;
    size = size > field->most ? field->most : size;
    char *items = ink_arena_alloc (&self->arena, size * shape->size);
    for (size_t n = 0; n < size; n++)
        supply_body (self, shape, items + n * shape->size);
    return (ink_items_t){items, (size_t) size};
}

//  Members are written by copy, since the table does not know their types.
static void
supply_body (supply_t *self, const ink_layout_t *shape, char *body)
{
    for (size_t n = 0; n < shape->count; n++) {
        const ink_field_t *field = &shape->fields[n];
        char *member = body + field->offset;
        uint64_t number;
        const void *pointer;
        ink_items_t list;
        switch (field->kind) {
        case INK_FIELD_STR:
            pointer = supply_text (self, field->most);
            memcpy (member, &pointer, sizeof pointer);
            break;
        case INK_FIELD_BIN:
            pointer = supply_bin (self, field->most);
            memcpy (member, &pointer, sizeof pointer);
            break;
        case INK_FIELD_LIST:
            list = supply_list (self, field);
            memcpy (member, &list, sizeof list);
            break;
        case INK_FIELD_U64:
            number = supply_most (self, field->most);
            memcpy (member, &number, sizeof number);
            break;
        case INK_FIELD_I64:
            number = supply_number (self);
            memcpy (member, &number, sizeof number);
        }
    }
}

ink_msg_t
supply_message (supply_t *self)
{
    static const ink_msg_kind_t kinds[] = {
#define INK_SUPPLIED(number, NOUN, noun) INK_MSG_##NOUN,
        INK_MESSAGES (INK_SUPPLIED)
#undef INK_SUPPLIED
    };
    ink_arena_reset (&self->arena);
    ink_msg_t msg = {.kind =
                         kinds[supply_byte (self) % (sizeof kinds / sizeof kinds[0])]};
    supply_body (self, ink_message_shape (msg.kind), (char *) &msg + INK_MESSAGE_OFFSET);
    assert (ink_msg_encode (&msg, &self->frame) == INK_OK);
    return msg;
}

ink_payload_t *
supply_payload (supply_t *self)
{
    uint8_t form = supply_byte (self) % 3;
    if (form == 0)
        return NULL;
    size_t size = (size_t) supply_most (self, 600);
    ink_payload_t *payload = ink_payload_new (size);
    uint8_t *bytes = ink_payload_data (payload), fill = supply_byte (self);
    for (size_t n = 0; n < size; n++)
        bytes[n] = form == 1 && self->left ? supply_byte (self) : fill;
    return payload;
}

void
can_be_sent (supply_t *self, const ink_msg_t *msg)
{
    assert (ink_msg_encode (msg, &self->frame) == INK_OK);
}

int64_t
supply_pause (supply_t *self)
{
    static const int32_t pauses[] = {0,      0,       5000,    100000,
                                     300000, 1000000, 2500000, 6000000};
    return pauses[supply_byte (self) % 8];
}

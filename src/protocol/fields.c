//  fields.c: the messages as tables, made from messages.h.

#include <assert.h>

#include "protocol/codec.h"
#include "protocol/fields.h"

static_assert (sizeof (ink_items_t) == sizeof (((ink_msg_kernel_t *) NULL)->params) &&
                   offsetof (ink_items_t, size) ==
                       offsetof (ink_msg_kernel_t, params.size) -
                           offsetof (ink_msg_kernel_t, params.items),
               "lists do not look as the tables say");

#define FIELD(kind, name, most, type) \
    {#name, INK_FIELD_##kind, INK_ELEMENT_##type, offsetof (self_t, name), most + 0},

//  Each shape has a block of its own, in which `self_t` is the struct it describes.
#define RETURN_SHAPE(title, noun)                                              \
    {                                                                          \
        typedef ink_msg_##noun##_t self_t;                                     \
        static const ink_field_t fields[] = {INK_FIELDS_##noun (FIELD)};       \
        static const ink_layout_t shape = {                                    \
            title, fields, sizeof fields / sizeof fields[0], sizeof (self_t)}; \
        return &shape;                                                         \
    }

const ink_layout_t *
ink_message_shape (uint64_t number)
{
    switch (number) {
#define CASE(n, NOUN, noun) \
    case n:                 \
        RETURN_SHAPE (#NOUN, noun)
        INK_MESSAGES (CASE)
#undef CASE
    default:
        return NULL;
    }
}

const ink_layout_t *
ink_element_shape (ink_element_t element)
{
    switch (element) {
#define CASE(noun)           \
    case INK_ELEMENT_##noun: \
        RETURN_SHAPE (#noun, noun)
        INK_ELEMENTS (CASE)
#undef CASE
    case INK_ELEMENT_:
        break;
    }
    assert (!"an element");
    return NULL;
}

const char *
ink_msg_name (ink_msg_kind_t kind)
{
    const ink_layout_t *shape = ink_message_shape ((uint64_t) kind);
    return shape ? shape->name : "?";
}

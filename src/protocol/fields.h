//  fields.h: the messages as tables, which encoder and decoder walk.

#ifndef INK_FIELDS_H_INCLUDED
#define INK_FIELDS_H_INCLUDED

#include "protocol/messages.h"

typedef enum {
    INK_FIELD_STR,
    INK_FIELD_U64,
    INK_FIELD_I64,
    INK_FIELD_BIN,
    INK_FIELD_LIST
} ink_field_kind_t;

typedef enum {
    INK_ELEMENT_, //  Of a field that is no list
#define INK_ELEMENT(noun) INK_ELEMENT_##noun,
    INK_ELEMENTS (INK_ELEMENT)
#undef INK_ELEMENT
} ink_element_t;

typedef struct {
    const char *name;
    ink_field_kind_t kind;
    ink_element_t element; //  What a LIST is made of
    size_t offset;         //  Of the member in its struct
    uint64_t most;         //  Bytes of a STR or BIN, items of a LIST, greatest U64
} ink_field_t;

//  What a message or an element looks like.
typedef struct {
    const char *name;
    const ink_field_t *fields;
    size_t count; //  Of fields
    size_t size;  //  Of the struct
} ink_layout_t;

//  Every LIST member looks like this one.
typedef struct {
    const void *items;
    size_t size;
} ink_items_t;

//  Where a message of any kind begins in an ink_msg_t: they are members of one union.
#define INK_MESSAGE_OFFSET offsetof (ink_msg_t, request)

//  NULL when no message has this number.
const ink_layout_t *ink_message_shape (uint64_t number);

const ink_layout_t *ink_element_shape (ink_element_t element);

#endif

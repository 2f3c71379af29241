//  test_codec.c: every message arrives as it was sent, and nothing else arrives.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>
#include <cmocka.h>

#include "anything.h"

//  ---------------------------------------------------------------------------------------
//  What is sent arrives

static void
check_arrival (ink_msg_t *msg, uint64_t *seed)
{
    (void) seed;
    arrives (msg);
}

static void
every_message_arrives_as_it_was_sent (void **state)
{
    (void) state;
    each_message (100, check_arrival);
}

static void
numbers_of_every_size_arrive (void **state)
{
    (void) state;
    for (int bit = 0; bit < 64; bit++)
        for (int near = -1; near <= 1; near++) {
            uint64_t number = ((uint64_t) 1 << bit) + (uint64_t) near;
            arrives (&(ink_msg_t){.kind = INK_MSG_PING, .ping.nonce = number});
            ink_msg_t request = {.kind = INK_MSG_REQUEST};
            request.request.priority = (int64_t) number;
            arrives (&request);
            request.request.priority = (int64_t) (0 - number);
            arrives (&request);
        }
}

static void
a_missing_text_arrives_empty (void **state)
{
    (void) state;
    ink_msg_t msg;
    encode (&(ink_msg_t){.kind = INK_MSG_REFUSAL, .refusal = {.error = 3}});
    assert_int_equal (decode (frame.bytes, frame.size, &msg), INK_OK);
    assert_string_equal (msg.refusal.id, "");
    assert_string_equal (msg.refusal.detail, "");
    assert_int_equal (msg.refusal.error, 3);
}

static void
the_bytes_are_those_of_the_document (void **state)
{
    (void) state;
    static const uint8_t bytes[] = {0x94, 1, 3, 0xA2, 'i', 'd', 0xCD, 0x01, 0x00};
    encode (&(ink_msg_t){.kind = INK_MSG_TAKEN, .taken = {.id = "id", .seq = 256}});
    assert_int_equal (frame.size, sizeof bytes);
    assert_memory_equal (frame.bytes, bytes, sizeof bytes);
}

static void
every_kind_has_its_name (void **state)
{
    (void) state;
    assert_string_equal (ink_msg_name (INK_MSG_REQUEST), "REQUEST");
    assert_string_equal (ink_msg_name (INK_MSG_SETTLED), "SETTLED");
    assert_string_equal (ink_msg_name ((ink_msg_kind_t) 0), "?");
    assert_string_equal (ink_msg_name ((ink_msg_kind_t) 1000), "?");
}

//  ---------------------------------------------------------------------------------------
//  msgpack-c as a judge of what we write

static void
agree (const ink_layout_t *shape, const void *self, const msgpack_object *seen);

static void
agree_on_list (const ink_field_t *field, ink_items_t list, const msgpack_object *seen)
{
    const ink_layout_t *shape = ink_element_shape (field->element);
    assert_int_equal (seen->type, MSGPACK_OBJECT_ARRAY);
    assert_int_equal (seen->via.array.size, list.size);
    for (size_t i = 0; i < list.size; i++) {
        const msgpack_object *item = &seen->via.array.ptr[i];
        assert_int_equal (item->type, MSGPACK_OBJECT_ARRAY);
        assert_int_equal (item->via.array.size, shape->count);
        agree (shape, (const char *) list.items + i * shape->size, item->via.array.ptr);
    }
}

static void
agree_on_field (const ink_field_t *field, const void *self, const msgpack_object *seen)
{
    size_t at = field->offset;
    int64_t number = get_i64 (self, at);
    bool negative = field->kind == INK_FIELD_I64 && number < 0;
    switch (field->kind) {
    case INK_FIELD_STR:
        assert_int_equal (seen->type, MSGPACK_OBJECT_STR);
        assert_int_equal (seen->via.str.size, strlen (get_text (self, at)));
        assert_memory_equal (seen->via.str.ptr, get_text (self, at), seen->via.str.size);
        break;
    case INK_FIELD_BIN:
        assert_int_equal (seen->type, MSGPACK_OBJECT_BIN);
        assert_int_equal (seen->via.bin.size, field->most);
        assert_memory_equal (seen->via.bin.ptr, get_bytes (self, at), field->most);
        break;
    case INK_FIELD_LIST:
        agree_on_list (field, get_list (self, at), seen);
        break;
    case INK_FIELD_U64:
    case INK_FIELD_I64:
        assert_int_equal (seen->type, negative ? MSGPACK_OBJECT_NEGATIVE_INTEGER
                                               : MSGPACK_OBJECT_POSITIVE_INTEGER);
        assert_int_equal (seen->via.i64, number);
    }
}

static void
agree (const ink_layout_t *shape, const void *self, const msgpack_object *seen)
{
    for (size_t i = 0; i < shape->count; i++)
        agree_on_field (&shape->fields[i], self, &seen[i]);
}

static void
check_with_msgpack (ink_msg_t *msg, uint64_t *seed)
{
    (void) seed;
    encode (msg);
    msgpack_unpacked unpacked;
    msgpack_unpacked_init (&unpacked);
    size_t end = 0;
    assert_int_equal (
        msgpack_unpack_next (&unpacked, (const char *) frame.bytes, frame.size, &end),
        MSGPACK_UNPACK_SUCCESS);
    assert_int_equal (end, frame.size);
    const ink_layout_t *shape = ink_message_shape (msg->kind);
    assert_int_equal (unpacked.data.type, MSGPACK_OBJECT_ARRAY);
    assert_int_equal (unpacked.data.via.array.size, 2 + shape->count);
    const msgpack_object *seen = unpacked.data.via.array.ptr;
    assert_int_equal (seen[0].via.u64, INK_PROTOCOL_VERSION);
    assert_int_equal (seen[1].via.u64, msg->kind);
    agree (shape, body_of (msg), seen + 2);
    msgpack_unpacked_destroy (&unpacked);
}

static void
msgpack_reads_the_same_from_our_bytes (void **state)
{
    (void) state;
    each_message (20, check_with_msgpack);
}

//  ---------------------------------------------------------------------------------------
//  Damage

static void
check_truncations (ink_msg_t *msg, uint64_t *seed)
{
    (void) seed;
    encode (msg);
    ink_msg_t other;
    size_t step = 1 + frame.size / 300;
    for (size_t size = 0; size < frame.size; size += step)
        assert_int_equal (decode (frame.bytes, size, &other), INK_EMESSAGE);
    assert_int_equal (decode (frame.bytes, frame.size - 1, &other), INK_EMESSAGE);
}

static void
every_truncation_is_refused (void **state)
{
    (void) state;
    each_message (10, check_truncations);
}

static void
check_trailing_byte (ink_msg_t *msg, uint64_t *seed)
{
    encode (msg);
    ink_msg_t other;
    uint8_t byte = (uint8_t) chance (seed);
    assert_int_equal (ink_buffer_append (&frame, &byte, 1), INK_OK);
    assert_int_equal (decode (frame.bytes, frame.size, &other), INK_EMESSAGE);
}

static void
a_byte_behind_the_message_is_refused (void **state)
{
    (void) state;
    each_message (5, check_trailing_byte);
}

//  What is taken must be written by exactly the bytes it was read from: no second form of
//  anything is taken, and nothing was overlooked.
static void
refused_or_the_only_form (const uint8_t *bytes, size_t size)
{
    static ink_buffer_t again;
    ink_msg_t msg;
    int rc = decode (bytes, size, &msg);
    assert_true (rc == INK_OK || rc == INK_EMESSAGE || rc == INK_EVERSION);
    if (rc != INK_OK)
        return;
    assert_int_equal (ink_msg_encode (&msg, &again), INK_OK);
    assert_int_equal (again.size, size);
    assert_memory_equal (again.bytes, bytes, size);
    ink_buffer_free (&again);
}

static void
check_flips (ink_msg_t *msg, uint64_t *seed)
{
    encode (msg);
    for (int i = 0; i < 100; i++) {
        size_t place = chance_below (seed, frame.size < 40 ? frame.size : 40);
        if (chance_below (seed, 2))
            place = chance_below (seed, frame.size);
        uint8_t before = frame.bytes[place];
        frame.bytes[place] = (uint8_t) chance (seed);
        refused_or_the_only_form (frame.bytes, frame.size);
        if (chance_below (seed, 4))
            frame.bytes[place] = before;
    }
}

static void
changed_bytes_are_refused_or_another_message (void **state)
{
    (void) state;
    each_message (20, check_flips);
}

static void
random_bytes_are_refused_or_a_message (void **state)
{
    (void) state;
    uint64_t seed = 5;
    for (int i = 0; i < 100000; i++) {
        uint8_t bytes[64];
        for (size_t k = 0; k < sizeof bytes; k++)
            bytes[k] = (uint8_t) (chance (&seed) >> chance_below (&seed, 8));
        size_t kind = chance_below (&seed, KINDS);
        bytes[0] = (uint8_t) (0x92 + ink_message_shape (all_kinds[kind])->count % 14);
        bytes[1] = INK_PROTOCOL_VERSION;
        bytes[2] = (uint8_t) all_kinds[kind];
        refused_or_the_only_form (bytes, chance_below (&seed, sizeof bytes));
    }
}

static void
other_forms_of_the_same_are_refused (void **state)
{
    (void) state;
    enum { V = INK_PROTOCOL_VERSION, PING = INK_MSG_PING, ASK = INK_MSG_ASK };
    assert_int_equal (DECODE (0x93, V, PING, 5), INK_OK);
    assert_int_equal (DECODE (0x93, V, PING, 0xCC, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xCD, 0, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xCE, 0, 0, 0xFF, 0xFF), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xCF, 0, 0, 0, 0, 0xFF, 0, 0, 0),
                      INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xD0, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xFF), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xC0), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xC3), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xCA, 0, 0, 0, 0), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, PING, 0xD4, 0, 0), INK_EMESSAGE);
    assert_int_equal (DECODE (0xDC, 0, 3, V, PING, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0xDD, 0, 0, 0, 3, V, PING, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x83, V, PING, 5, 5, 5, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, 0xCC, V, PING, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, ASK, 0xA1, 'a'), INK_OK);
    assert_int_equal (DECODE (0x93, V, ASK, 0xD9, 1, 'a'), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, ASK, 0xDA, 0, 1, 'a'), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, ASK, 0xC4, 1, 'a'), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, V, ASK, 0xA2, 'a', 0), INK_EMESSAGE);
}

//  The priority of a request is its only signed field; all others are zero or empty.
static int
decode_priority (const uint8_t *form, size_t size)
{
    const ink_layout_t *shape = ink_message_shape (INK_MSG_REQUEST);
    uint8_t bytes[64] = {0xDC, 0, (uint8_t) (shape->count + 2), 1, INK_MSG_REQUEST};
    size_t at = 5;
    assert_true (shape->count + 2 >= 16);
    EACH_FIELD (field, shape)
    if (field->kind == INK_FIELD_I64) {
        memcpy (bytes + at, form, size);
        at += size;
    } else
        bytes[at++] = field->kind == INK_FIELD_STR    ? 0xA0
                      : field->kind == INK_FIELD_LIST ? 0x90
                                                      : 0;
    ink_msg_t msg;
    return decode (bytes, at, &msg);
}

static void
other_forms_of_signed_numbers_are_refused (void **state)
{
    (void) state;
    static const struct {
        uint8_t bytes[9], size;
        int rc;
    } forms[] = {
        {{0xFF}, 1, INK_OK},
        {{0xE0}, 1, INK_OK},
        {{0xD0, 0xDF}, 2, INK_OK},
        {{0xD0, 0xE0}, 2, INK_EMESSAGE},
        {{0xD0, 0x05}, 2, INK_EMESSAGE},
        {{0xD1, 0xFF, 0x7F}, 3, INK_OK},
        {{0xD1, 0xFF, 0x80}, 3, INK_EMESSAGE},
        {{0xD1, 0x7F, 0xFF}, 3, INK_EMESSAGE},
        {{0xD2, 0xFF, 0xFF, 0x7F, 0xFF}, 5, INK_OK},
        {{0xD2, 0xFF, 0xFF, 0x80, 0x00}, 5, INK_EMESSAGE},
        {{0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xFF}, 9, INK_OK},
        {{0xD3, 0xFF, 0xFF, 0xFF, 0xFF, 0x80, 0, 0, 0}, 9, INK_EMESSAGE},
        {{0xD3, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 9, INK_EMESSAGE},
        {{0xCF, 0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, 9, INK_OK},
        {{0xCF, 0x80, 0, 0, 0, 0, 0, 0, 0}, 9, INK_EMESSAGE},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++)
        if (decode_priority (forms[i].bytes, forms[i].size) != forms[i].rc)
            fail_msg ("form %zu", i);
}

static void
another_version_is_told_apart_from_damage (void **state)
{
    (void) state;
    assert_int_equal (DECODE (0x93, 2, INK_MSG_PING, 5), INK_EVERSION);
    assert_int_equal (DECODE (0x93, 0, INK_MSG_PING, 5), INK_EVERSION);
    assert_int_equal (DECODE (0x91, 2), INK_EVERSION);
    assert_int_equal (DECODE (0x95, 0xCC, 0xFF, 0xA1, 'x'), INK_EVERSION);
    assert_int_equal (DECODE (0x93, 0xA1, 'x', 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x90), INK_EMESSAGE);
    assert_int_equal (DECODE (0x91, 1), INK_EMESSAGE);
}

static void
a_number_that_is_no_message_is_refused (void **state)
{
    (void) state;
    assert_int_equal (DECODE (0x93, 1, 0, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, 1, 0x7F, 5), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, 1, 0xCF, 1, 0, 0, 0, 0, 0, 0, INK_MSG_PING, 5),
                      INK_EMESSAGE);
    assert_int_equal (DECODE (0x94, 1, INK_MSG_PING, 5, 5), INK_EMESSAGE);
    assert_int_equal (ink_msg_encode (&(ink_msg_t){0}, &frame), INK_EMESSAGE);
}

#define TEST(name) cmocka_unit_test_teardown (name, clean)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (every_message_arrives_as_it_was_sent),
        TEST (numbers_of_every_size_arrive),
        TEST (a_missing_text_arrives_empty),
        TEST (the_bytes_are_those_of_the_document),
        TEST (every_kind_has_its_name),
        TEST (msgpack_reads_the_same_from_our_bytes),
        TEST (every_truncation_is_refused),
        TEST (a_byte_behind_the_message_is_refused),
        TEST (changed_bytes_are_refused_or_another_message),
        TEST (random_bytes_are_refused_or_a_message),
        TEST (other_forms_of_the_same_are_refused),
        TEST (other_forms_of_signed_numbers_are_refused),
        TEST (another_version_is_told_apart_from_damage),
        TEST (a_number_that_is_no_message_is_refused),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

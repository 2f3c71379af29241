//  test_limits.c: what is said is bounded, and so is the memory it takes.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>
#include <cmocka.h>

#include "anything.h"

//  ---------------------------------------------------------------------------------------
//  Limits

//  Neither side takes the message: we do not send it, and do not believe who does.
static void
refused (ink_msg_t *msg)
{
    ink_msg_t other;
    assert_int_equal (ink_msg_encode (msg, &frame), INK_EMESSAGE);
    assert_int_equal (frame.size, 0);
    msgpack_sbuffer bytes = pack_message (msg);
    assert_int_equal (decode (bytes.data, bytes.size, &other), INK_EMESSAGE);
    msgpack_sbuffer_destroy (&bytes);
}

static void
text_limits (ink_msg_t *msg, const ink_field_t *field, void *self)
{
    char *text = ink_arena_alloc (&made, field->most + 2);
    memset (text, 'a', field->most);
    SET (self, field->offset, const char *, text);
    arrives (msg);
    text[field->most] = 'a';
    refused (msg);
    static const char *const wrong[] = {"\xFF", "a\nb", "\x7F", "\xC0\x80",
                                        "\xED\xA0\x80"};
    for (size_t i = 0; i < 5; i++) {
        SET (self, field->offset, const char *, wrong[i]);
        refused (msg);
    }
    SET (self, field->offset, const char *, "");
}

static void
number_limits (ink_msg_t *msg, const ink_field_t *field, void *self)
{
    SET (self, field->offset, uint64_t, field->most);
    arrives (msg);
    if (field->most < INK_ANY) {
        SET (self, field->offset, uint64_t, field->most + 1);
        refused (msg);
    }
    SET (self, field->offset, uint64_t, 0);
}

static void
bytes_limits (ink_msg_t *msg)
{
    for (int wrong = -1; wrong <= 1; wrong++) {
        ink_msg_t other;
        pack_extra = (size_t) wrong;
        msgpack_sbuffer bytes = pack_message (msg);
        pack_extra = 0;
        assert_int_equal (decode (bytes.data, bytes.size, &other),
                          wrong ? INK_EMESSAGE : INK_OK);
        msgpack_sbuffer_destroy (&bytes);
    }
}

static void limits (ink_msg_t *msg, const ink_layout_t *shape, void *self);

static void
list_limits (ink_msg_t *msg, const ink_field_t *field, void *self)
{
    ink_items_t list = least_list (field, field->most + 1, &made), none = {0};
    memcpy ((char *) self + field->offset, &list, sizeof list);
    refused (msg);
    list.size = field->most;
    memcpy ((char *) self + field->offset, &list, sizeof list);
    arrives (msg);
    list.size = 1;
    memcpy ((char *) self + field->offset, &list, sizeof list);
    limits (msg, ink_element_shape (field->element), (char *) (uintptr_t) list.items);
    memcpy ((char *) self + field->offset, &none, sizeof none);
}

//  Takes each field of `self`, which is part of `msg`, to its limit and beyond.
static void
limits (ink_msg_t *msg, const ink_layout_t *shape, void *self)
{
    EACH_FIELD (field, shape)
    if (field->kind == INK_FIELD_STR)
        text_limits (msg, field, self);
    else if (field->kind == INK_FIELD_U64)
        number_limits (msg, field, self);
    else if (field->kind == INK_FIELD_BIN)
        bytes_limits (msg);
    else if (field->kind == INK_FIELD_LIST)
        list_limits (msg, field, self);
}

static void
every_limit_holds_on_both_sides (void **state)
{
    (void) state;
    for (size_t i = 0; i < KINDS; i++) {
        ink_msg_t msg = {.kind = all_kinds[i]};
        ink_arena_reset (&made);
        least_body (ink_message_shape (msg.kind), body_of (&msg));
        limits (&msg, ink_message_shape (msg.kind), body_of (&msg));
    }
}

static void
what_is_missing_is_not_sent (void **state)
{
    (void) state;
    ink_msg_t bytes = {.kind = INK_MSG_VALUE};
    assert_int_equal (ink_msg_encode (&bytes, &frame), INK_EMESSAGE);
    ink_msg_t list = {.kind = INK_MSG_HELD, .held.leases = {NULL, 1}};
    assert_int_equal (ink_msg_encode (&list, &frame), INK_EMESSAGE);
}

static void
a_header_that_is_too_large_is_not_sent_and_not_read (void **state)
{
    (void) state;
    char *path = ink_arena_alloc (&made, INK_PATH_MOST + 1);
    memset (path, 'p', INK_PATH_MOST);
    ink_msg_request_info_t *rows = ink_arena_alloc (&made, 4096 * sizeof *rows);
    for (size_t i = 0; i < 4096; i++)
        rows[i].source = path;
    ink_msg_t msg = {.kind = INK_MSG_STATUS, .status.requests = {rows, 4096}};
    refused (&msg);
    msg.status.requests.size = 1000;
    encode (&msg);
}

//  ---------------------------------------------------------------------------------------
//  Memory

static void
a_count_that_cannot_be_true_allocates_nothing (void **state)
{
    (void) state;
    enum { KNOWN = INK_MSG_KNOWN, STATUS = INK_MSG_STATUS };
    scarce_begin (SIZE_MAX);
    assert_int_equal (DECODE (0x96, 1, KNOWN, 0, 0, 0xDD, 0xFF, 0xFF, 0xFF, 0xFF),
                      INK_EMESSAGE);
    assert_int_equal (DECODE (0x96, 1, KNOWN, 0, 0, 0xDC, 0xFF, 0xFF, 0x92, 0, 0),
                      INK_EMESSAGE);
    assert_int_equal (DECODE (0x96, 1, KNOWN, 0, 0, 0x92, 0x92, 0, 0, 0x92, 0),
                      INK_EMESSAGE);
    assert_int_equal (DECODE (0x95, 1, STATUS, 0xDC, 0x10, 0, 0x9D), INK_EMESSAGE);
    assert_int_equal (DECODE (0xDD, 0xFF, 0xFF, 0xFF, 0xFF, 1, STATUS), INK_EMESSAGE);
    assert_int_equal (DECODE (0x93, 1, INK_MSG_ASK, 0xDB, 0xFF, 0xFF, 0xFF, 0xFF),
                      INK_EMESSAGE);
    assert_int_equal (scarce_count, 0);
}

//  Full lists of the smallest items there are need the most memory for a byte received.
static void
memory_is_a_small_multiple_of_what_was_received (void **state)
{
    (void) state;
    for (size_t i = 0; i < KINDS; i++) {
        ink_msg_t msg = {.kind = all_kinds[i]}, other;
        const ink_layout_t *shape = ink_message_shape (msg.kind);
        ink_arena_reset (&made);
        least_body (shape, body_of (&msg));
        EACH_FIELD (field, shape)
        if (field->kind == INK_FIELD_LIST) {
            ink_items_t list = least_list (field, field->most, &made);
            memcpy ((char *) body_of (&msg) + field->offset, &list, sizeof list);
        }
        encode (&msg);
        ink_arena_free (&decoded);
        scarce_begin (SIZE_MAX);
        assert_int_equal (decode (frame.bytes, frame.size, &other), INK_OK);
        scarce_end ();
        assert_true (scarce_bytes <= 16 * frame.size + 16384);
    }
}

static void
check_scarcity (ink_msg_t *msg, uint64_t *seed)
{
    (void) seed;
    ink_msg_t other;
    int rc = INK_ENOMEM;
    for (size_t left = 0; rc != INK_OK; left++) {
        ink_buffer_free (&frame);
        scarce_begin (left);
        rc = ink_msg_encode (msg, &frame);
        scarce_end ();
        assert_true (rc == INK_OK || (rc == INK_ENOMEM && frame.size == 0));
    }
    rc = INK_ENOMEM;
    for (size_t left = 0; rc != INK_OK; left++) {
        ink_arena_free (&decoded);
        scarce_begin (left);
        rc = decode (frame.bytes, frame.size, &other);
        scarce_end ();
        assert_true (rc == INK_OK || (rc == INK_ENOMEM && scarce_count == left + 1));
    }
    assert_true (same_message (msg, &other));
}

static void
without_memory_both_sides_say_so (void **state)
{
    (void) state;
    each_message (10, check_scarcity);
}

static void
check_thrift (ink_msg_t *msg, uint64_t *seed)
{
    (void) seed;
    ink_msg_t other;
    arrives (msg);
    scarce_begin (0);
    encode (msg);
    assert_int_equal (decode (frame.bytes, frame.size, &other), INK_OK);
    scarce_end ();
    assert_int_equal (scarce_count, 0);
}

static void
what_has_been_used_is_used_again (void **state)
{
    (void) state;
    each_message (5, check_thrift);
}

#define TEST(name) cmocka_unit_test_teardown (name, clean)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (every_limit_holds_on_both_sides),
        TEST (what_is_missing_is_not_sent),
        TEST (a_header_that_is_too_large_is_not_sent_and_not_read),
        TEST (a_count_that_cannot_be_true_allocates_nothing),
        TEST (memory_is_a_small_multiple_of_what_was_received),
        TEST (without_memory_both_sides_say_so),
        TEST (what_has_been_used_is_used_again),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

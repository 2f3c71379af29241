//  test_unread.c: what lies in the connections of clients that do not read.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>

#include "ventilator/unread.h"
#include "chance.h"

#define MIB ((uint64_t) 1 << 20)

static int
setup (void **state)
{
    ink_demands_t *self = calloc (1, sizeof *self);
    *state = self;
    return ink_demands_init (self);
}

static int
teardown (void **state)
{
    ink_demands_t *self = *state;
    size_t cursor = 0;
    ink_client_entry_t *client;
    while ((client = ink_map_next (self->clients, &cursor)))
        ink_demands_remove_client (self, client);
    assert_int_equal (self->unread, 0); //  Whatever was done to them
    ink_demands_free (self);
    free (self);
    return 0;
}

static ink_client_entry_t *
client (ink_demands_t *self, uint64_t peer)
{
    return ink_demands_client (self, peer, 1);
}

static void
who_has_read_all_has_nothing_unread (void **state)
{
    ink_client_entry_t *one = client (*state, 1);
    for (int n = 0; n < 5; n++)
        ink_unread_sent (*state, one, MIB);
    assert_true (ink_unread_of (one) >= 5 * MIB);
    ink_unread_read (*state, one, 5);
    assert_int_equal (ink_unread_of (one), 0);
    ink_unread_read (*state, one, 1000); //  As after a connection made anew
    assert_int_equal (ink_unread_of (one), 0);
}

static void
what_is_unread_is_never_understated (void **state)
{
    uint64_t seed = 3, sent = 0, said = 0;
    ink_client_entry_t *one = client (*state, 1);
    for (int n = 0; n < 10000; n++) {
        if (chance_below (&seed, 8)) {
            ink_unread_sent (*state, one, MIB - 512);
            sent++;
        } else {
            said += chance_below (&seed, sent - said + 1);
            ink_unread_read (*state, one, said);
        }
        assert_true (ink_unread_of (one) >= (sent - said) * MIB);
    }
    ink_unread_read (*state, one, sent);
    assert_int_equal (ink_unread_of (one), 0);
}

static void
a_reply_without_a_value_counts_too (void **state)
{
    ink_client_entry_t *one = client (*state, 1);
    ink_unread_sent (*state, one, 0);
    assert_true (ink_unread_of (one) > 0);
}

static void
one_client_may_have_a_gibibyte_less_what_it_waits_for (void **state)
{
    ink_client_entry_t *one = client (*state, 1);
    one->output = 1000 * MIB;
    assert_false (ink_unread_is_too_much (*state, one)); //  Nothing unread yet
    for (int n = 0; n < 23; n++)
        ink_unread_sent (*state, one, MIB);
    assert_false (ink_unread_is_too_much (*state, one));
    ink_unread_sent (*state, one, MIB);
    assert_true (ink_unread_is_too_much (*state, one));
    ink_unread_read (*state, one, 24);
    assert_false (ink_unread_is_too_much (*state, one));
}

static void
in_a_crowd_each_may_have_but_little (void **state)
{
    ink_client_entry_t *good = client (*state, 100);
    ink_unread_sent (*state, good, MIB);
    for (uint64_t peer = 0; peer < 30; peer++)
        for (int n = 0; n < 9; n++)
            ink_unread_sent (*state, client (*state, peer), MIB);
    assert_true (ink_unread_is_too_much (*state, client (*state, 3)));
    assert_false (ink_unread_is_too_much (*state, good));
    for (uint64_t peer = 10; peer < 30; peer++)
        ink_demands_remove_client (*state, client (*state, peer));
    assert_false (ink_unread_is_too_much (*state, client (*state, 3)));
}

static void
in_a_flood_each_may_have_next_to_nothing (void **state)
{
    ink_client_entry_t *slow = client (*state, 100), *new = client (*state, 101);
    ink_unread_sent (*state, slow, MIB);
    for (uint64_t peer = 0; peer < 1024; peer++)
        ink_unread_sent (*state, client (*state, peer + 1000), MIB);
    assert_true (ink_unread_is_too_much (*state, slow));
    assert_false (ink_unread_is_too_much (*state, new));
    ink_unread_read (*state, slow, 1);
    assert_false (ink_unread_is_too_much (*state, slow));
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST (who_has_read_all_has_nothing_unread),
        TEST (what_is_unread_is_never_understated),
        TEST (a_reply_without_a_value_counts_too),
        TEST (one_client_may_have_a_gibibyte_less_what_it_waits_for),
        TEST (in_a_crowd_each_may_have_but_little),
        TEST (in_a_flood_each_may_have_next_to_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

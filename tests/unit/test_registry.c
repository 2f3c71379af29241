//  test_registry.c: which workers there are, what they can do, and how fast.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "inkling/error.h"
#include "kernels/kernels.h"
#include "ventilator/registry.h"
#include "scarce.h"

static int
setup (void **state)
{
    *state = ink_registry_new ();
    return !*state;
}

static int
teardown (void **state)
{
    ink_registry_t *self = *state;
    ink_registry_destroy (&self);
    return 0;
}

static ink_worker_t *
add (ink_registry_t *self, const char *name, uint64_t instance, const char *kernel)
{
    ink_msg_kernel_t kernels[] = {{.name = kernel, .version = 1}};
    ink_msg_hello_t hello = {.name = name,
                             .instance = instance,
                             .host = "here",
                             .slots = 1,
                             .version = "1",
                             .kernels = {kernels, 1}};
    return ink_registry_add (self, &hello, 40 + instance, 5);
}

static void
a_worker_is_found_by_id_name_and_instance (void **state)
{
    ink_registry_t *self = *state;
    ink_worker_t *a = add (self, "a", 7, "count"), *b = add (self, "b", 8, "count");
    assert_int_not_equal (a->id, b->id);
    assert_ptr_equal (ink_registry_by_id (self, b->id), b);
    assert_ptr_equal (ink_registry_by_name (self, "a"), a);
    assert_ptr_equal (ink_registry_by_instance (self, 8), b);
    assert_null (ink_registry_by_name (self, "c"));
    assert_int_equal (b->peer, 48);
    uint64_t gone = a->id;
    ink_registry_remove (self, a);
    assert_null (ink_registry_by_id (self, gone));
    assert_int_not_equal (add (self, "a", 9, "count")->id, gone);
}

static void
kernels_are_told_apart_by_name_and_version (void **state)
{
    ink_registry_t *self = *state;
    int one = ink_registry_kernel (self, "count", 1);
    assert_int_equal (ink_registry_kernel (self, "count", 1), one);
    assert_int_not_equal (ink_registry_kernel (self, "count", 2), one);
    assert_int_not_equal (ink_registry_kernel (self, "digraph", 1), one);
}

//  As many strangers as there are numbers, each with a name of its own.
static void
crowd (ink_registry_t *self)
{
    char name[8];
    for (uint64_t n = 0; n < INK_OFFERS_MOST; n++) {
        snprintf (name, sizeof name, "k%d", (int) n);
        assert_non_null (add (self, name, 100 + n, name));
    }
}

static void
our_own_kernels_are_numbered_before_anybody_comes (void **state)
{
    ink_registry_t *self = *state;
    crowd (self);
    size_t ours = 0;
    for (; ink_kernels_at (ours); ours++)
        assert_int_equal (ink_registry_kernel (self, ink_kernels_at (ours)->name, 1),
                          ours);
    assert_true (ours >= 9);
    assert_int_equal (ink_registry_kernel (self, "new", 1), -1);
    ink_worker_t *a = add (self, "a", 7, "count"), *b = add (self, "b", 8, "new");
    assert_int_equal (a->offers, 1 << ink_registry_kernel (self, "count", 1));
    assert_int_equal (b->offers, 0);
}

static void
names_that_nobody_offers_any_more_are_forgotten (void **state)
{
    ink_registry_t *self = *state;
    for (int round = 0; round < 3; round++) {
        char name[8];
        snprintf (name, sizeof name, "r%d", round);
        ink_worker_t *first = add (self, "a", 7, name);
        crowd (self);
        assert_int_not_equal (first->offers, 0);
        assert_int_equal (add (self, "b", 8, name)->offers, first->offers);
        INK_LIST_EACH (link, ink_registry_workers (self))
        ink_registry_remove (self, INK_ITEM (link, ink_worker_t, link));
    }
}

static void
a_kernel_that_is_named_twice_is_offered_once (void **state)
{
    ink_registry_t *self = *state;
    ink_msg_kernel_t kernels[] = {{.name = "k", .version = 1},
                                  {.name = "k", .version = 1}};
    ink_msg_hello_t hello = {"a", 7, "here", 1, 1, "1", {kernels, 2}};
    ink_registry_remove (self, ink_registry_add (self, &hello, 1, 5));
    crowd (self);
    int others = INK_OFFERS_MOST;
    for (size_t n = 0; ink_kernels_at (n); n++)
        others--;
    char last[8];
    snprintf (last, sizeof last, "k%d", others - 1);
    assert_int_equal (ink_registry_kernel (self, last, 1), INK_OFFERS_MOST - 1);
}

static void
only_live_workers_serve (void **state)
{
    ink_registry_t *self = *state;
    ink_worker_t *a = add (self, "a", 7, "count"), *b = add (self, "b", 8, "digraph");
    uint64_t both = a->offers | b->offers;
    a->state = INK_WORKER_LIVE;
    assert_int_equal (ink_registry_live (self), 1);
    assert_true (ink_registry_serves (self, a->offers));
    assert_false (ink_registry_serves (self, both));
    b->state = INK_WORKER_LIVE;
    assert_true (ink_registry_serves (self, both));
}

static void
an_estimate_is_of_the_worker_or_of_the_others_or_a_guess (void **state)
{
    ink_registry_t *self = *state;
    const int count = ink_registry_kernel (self, "count", 1);
    ink_worker_t *a = add (self, "a", 7, "count"), *b = add (self, "b", 8, "count");
    const uint64_t bytes = 1000000;
    const int64_t extra = ink_registry_estimate (self, a, count, 0);
    assert_int_equal (ink_registry_estimate (self, a, count, bytes), 1000000 + extra);
    ink_registry_learn (self, a, count, bytes, 5000000);
    assert_int_equal (ink_registry_estimate (self, a, count, bytes), 5000000 + extra);
    assert_int_equal (ink_registry_estimate (self, b, count, bytes), 5000000 + extra);
    ink_registry_learn (self, b, count, bytes, 2000000);
    assert_int_equal (ink_registry_estimate (self, b, count, bytes), 2000000 + extra);
    assert_int_equal (ink_registry_estimate (self, a, count, bytes), 5000000 + extra);
}

static void
a_speed_is_learned_slowly_and_never_from_crumbs (void **state)
{
    ink_registry_t *self = *state;
    const int count = ink_registry_kernel (self, "count", 1);
    ink_worker_t *a = add (self, "a", 7, "count");
    ink_registry_learn (self, a, count, 4096, 4096);
    ink_registry_learn (self, a, count, 4095, 1000000);
    assert_int_equal (a->speeds[count].ps_per_byte, 1000);
    ink_registry_learn (self, a, count, 4096, 5 * 4096);
    assert_int_equal (a->speeds[count].ps_per_byte, 2000);
    for (int n = 0; n < 40; n++)
        ink_registry_learn (self, a, count, 4096, 9 * 4096);
    assert_in_range (a->speeds[count].ps_per_byte, 8900, 9000);
    ink_registry_learn (self, a, count, 4096, 0);
    assert_true (a->speeds[count].ps_per_byte > 0);
}

static void
no_number_of_a_worker_makes_an_estimate_overflow (void **state)
{
    ink_registry_t *self = *state;
    const int count = ink_registry_kernel (self, "count", 1);
    ink_worker_t *a = add (self, "a", 7, "count");
    for (int n = 0; n < 100; n++)
        ink_registry_learn (self, a, count, 4096,
                            n % 2 ? UINT64_MAX : UINT64_MAX / 1000 - 1);
    int64_t most = ink_registry_estimate (self, a, count, (uint64_t) 64 << 20);
    assert_true (most > 0 && most < INT64_MAX / (INK_CREDIT_MOST * 512));
}

static void
credit_is_one_more_than_slots_or_two_milliseconds (void **state)
{
    ink_registry_t *self = *state;
    ink_worker_t *a = add (self, "a", 7, "count");
    assert_false (ink_worker_has_credit (a));
    a->state = INK_WORKER_LIVE;
    a->in_hand_ns = 20000000;
    for (a->held = 0; a->held < 2; a->held++)
        assert_true (ink_worker_has_credit (a));
    assert_false (ink_worker_has_credit (a));
    a->in_hand_ns = INK_CREDIT_NS - 1;
    assert_true (ink_worker_has_credit (a));
    a->held = INK_CREDIT_MOST;
    assert_false (ink_worker_has_credit (a));
}

static void
three_bad_values_in_a_row_are_too_many (void **state)
{
    ink_registry_t *self = *state;
    ink_worker_t *a = add (self, "a", 7, "count");
    a->state = INK_WORKER_LIVE;
    for (int n = 0; n < 2; n++) {
        assert_false (ink_worker_judge (a, false, 100));
        assert_false (ink_worker_judge (a, false, 100));
        assert_false (ink_worker_judge (a, true, 100));
    }
    assert_false (ink_worker_judge (a, false, 100));
    assert_false (ink_worker_judge (a, false, 100));
    assert_true (ink_registry_serves (self, a->offers) && ink_worker_has_credit (a));
    assert_true (ink_worker_judge (a, false, 100));
    assert_false (ink_registry_serves (self, a->offers) || ink_worker_has_credit (a));
    assert_false (ink_worker_judge (a, false, 5000)); //  Of a lease it still held
    ink_worker_pardon (a, 100 + INK_WORKER_QUARANTINE - 1);
    assert_false (ink_worker_has_credit (a));
    ink_worker_pardon (a, 100 + INK_WORKER_QUARANTINE);
    assert_true (ink_registry_serves (self, a->offers) && ink_worker_has_credit (a));
    assert_int_equal (a->record.refused, 8);
    assert_true (ink_worker_judge (a, false, 20000000)); //  Not one more
}

static void
what_people_see_has_no_name_in_part (void **state)
{
    ink_registry_t *self = *state;
    char text[16], name[INK_NAME_MOST + 1] = "";
    memset (name, 'k', INK_NAME_MOST);
    ink_worker_t *a = add (self, "a", 7, name);
    ink_msg_speed_t told = {name, 3, 6000000, 9};
    ink_registry_told (self, a, &told);
    ink_registry_describe (self, a, text, sizeof text);
    assert_string_equal (text, "");
    uint64_t b = add (self, "b", 8, "b")->offers;
    ink_registry_names (self, a->offers | b, text, sizeof text);
    assert_string_equal (text, "b");
    char all[256];
    ink_registry_names (self, b, all, sizeof all);
    assert_string_equal (all, "b");
    ink_registry_describe (self, a, all, sizeof all);
    assert_non_null (strstr (all, "k 2000 us x 3"));
}

static void
without_memory_nobody_comes (void **state)
{
    ink_registry_t *self = *state;
    scarce_begin (0);
    assert_null (add (self, "a", 7, "count"));
    assert_null (ink_registry_new ());
    scarce_end ();
    assert_true (ink_list_empty (ink_registry_workers (self)));
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_worker_is_found_by_id_name_and_instance),
        STORY (kernels_are_told_apart_by_name_and_version),
        STORY (our_own_kernels_are_numbered_before_anybody_comes),
        STORY (names_that_nobody_offers_any_more_are_forgotten),
        STORY (a_kernel_that_is_named_twice_is_offered_once),
        STORY (only_live_workers_serve),
        STORY (an_estimate_is_of_the_worker_or_of_the_others_or_a_guess),
        STORY (a_speed_is_learned_slowly_and_never_from_crumbs),
        STORY (no_number_of_a_worker_makes_an_estimate_overflow),
        STORY (credit_is_one_more_than_slots_or_two_milliseconds),
        STORY (three_bad_values_in_a_row_are_too_many),
        STORY (what_people_see_has_no_name_in_part),
        STORY (without_memory_nobody_comes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

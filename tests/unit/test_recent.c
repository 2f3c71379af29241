//  test_recent.c: the last so many things, beside a plain list of them.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/recent.h"
#include "scarce.h"

#define MOST 5

typedef struct {
    uint32_t key, value;
} item_t;

static ink_recent_t *
fresh (void)
{
    return ink_recent_new (MOST, sizeof (item_t), sizeof (uint32_t));
}

static void
put (ink_recent_t *self, uint32_t key, uint32_t value)
{
    item_t *item = ink_recent_put (self, &key);
    assert_non_null (item);
    item->value = value;
}

static uint32_t
value_of (const ink_recent_t *self, uint32_t key)
{
    const item_t *item = ink_recent_get (self, &key);
    return item ? item->value : 0;
}

static void
the_oldest_makes_room (void **state)
{
    (void) state;
    ink_recent_t *self = fresh ();
    for (uint32_t key = 1; key <= MOST + 2; key++)
        put (self, key, key * 10);
    for (uint32_t key = 1; key <= MOST + 2; key++)
        assert_int_equal (value_of (self, key), key > 2 ? key * 10 : 0);
    ink_recent_destroy (&self);
    assert_null (self);
}

static void
what_is_put_again_keeps_its_place_and_its_value (void **state)
{
    (void) state;
    ink_recent_t *self = fresh ();
    put (self, 1, 10);
    uint32_t key = 1;
    assert_int_equal (((item_t *) ink_recent_put (self, &key))->value, 10);
    for (key = 2; key <= MOST; key++)
        put (self, key, 1);
    assert_int_equal (value_of (self, 1), 10);
    put (self, 99, 1);
    assert_int_equal (value_of (self, 1), 0);
    ink_recent_destroy (&self);
}

//  The reference: each key with the number of the put that entered it.
static void
random_use_is_that_of_a_list (void **state)
{
    (void) state;
    unsigned seed = 7;
    srand (seed);
    for (int round = 0; round < 200; round++) {
        ink_recent_t *self = fresh ();
        uint32_t ring[MOST] = {0}, values[20] = {0};
        size_t next = 0;
        for (uint32_t step = 1; step < 200; step++) {
            uint32_t key = 1 + (uint32_t) rand () % 19;
            if (rand () % 4 == 0) {
                ink_recent_remove (self, &key);
                values[key] = 0;
            } else {
                if (!values[key]) {
                    for (size_t n = 0; n < MOST; n++)
                        ring[n] = ring[n] == key ? 0 : ring[n]; //  Removed before
                    values[ring[next]] = 0;
                    ring[next] = key;
                    next = (next + 1) % MOST;
                }
                put (self, key, step);
                values[key] = step;
            }
            for (key = 1; key < 20; key++)
                assert_int_equal (value_of (self, key), values[key]);
        }
        ink_recent_destroy (&self);
    }
}

static void
without_memory_nothing_is_remembered (void **state)
{
    (void) state;
    for (size_t left = 0; left < 3; left++) {
        scarce_begin (left);
        assert_null (fresh ());
    }
    scarce_end ();
    ink_recent_t *self = fresh ();
    uint32_t key = 1;
    void *item = NULL;
    for (size_t left = 0; !item; left++) {
        scarce_begin (left);
        item = ink_recent_put (self, &key);
        scarce_end ();
        assert_true (item ? value_of (self, 1) == 0
                          : ink_recent_get (self, &key) == NULL);
    }
    ink_recent_destroy (&self);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_oldest_makes_room),
        cmocka_unit_test (what_is_put_again_keeps_its_place_and_its_value),
        cmocka_unit_test (random_use_is_that_of_a_list),
        cmocka_unit_test (without_memory_nothing_is_remembered),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_map.c: the map against a plain array.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>
#include <cmocka.h>

#include "base/map.h"
#include "inkling/error.h"
#include "chance.h"
#include "scarce.h"

#define ITEMS 512

typedef struct {
    uint8_t key[12];
    bool in; //  The model: whether it should be in the map
    int seen;
} item_t;

static item_t items[ITEMS];

static void
make_items (void)
{
    memset (items, 0, sizeof items);
    for (uint32_t i = 0; i < ITEMS; i++)
        memcpy (items[i].key + i % 9, &(uint32_t){i + 1}, 2);
    for (uint32_t i = 0; i < ITEMS; i++)
        items[i].key[11] = (uint8_t) (i % 9);
}

static size_t
count_in (void)
{
    size_t count = 0;
    for (size_t i = 0; i < ITEMS; i++)
        count += items[i].in;
    return count;
}

static void
check_all (const ink_map_t *map)
{
    assert_int_equal (ink_map_size (map), count_in ());
    for (size_t i = 0; i < ITEMS; i++)
        assert_ptr_equal (ink_map_get (map, items[i].key),
                          items[i].in ? &items[i] : NULL);
}

static void
toggle (ink_map_t *map, item_t *item)
{
    uint8_t key[sizeof item->key];
    memcpy (key, item->key, sizeof key);
    if (item->in)
        assert_ptr_equal (ink_map_remove (map, key), item);
    else {
        assert_null (ink_map_remove (map, key));
        assert_int_equal (ink_map_put (map, item->key, item), INK_OK);
    }
    item->in = !item->in;
}

static void
it_holds_what_was_put_and_not_removed (void **state)
{
    (void) state;
    make_items ();
    uint64_t seed = 1;
    ink_map_t *map = ink_map_new (sizeof items[0].key);
    //  The range of items that is touched changes, so that the map fills and empties.
    for (int turn = 0; turn < 20000; turn++) {
        toggle (map, &items[chance_below (&seed, turn / 2000 % 2 ? ITEMS : 20)]);
        if (turn % 100 == 0)
            check_all (map);
    }
    check_all (map);
    ink_map_destroy (&map);
    assert_null (map);
}

static void
a_walk_sees_each_item_once_though_some_are_removed (void **state)
{
    (void) state;
    for (uint64_t round = 1; round <= 50; round++) {
        uint64_t seed = round;
        make_items ();
        ink_map_t *map = ink_map_new (sizeof items[0].key);
        for (size_t i = 0; i < ITEMS; i += 1 + chance_below (&seed, round))
            toggle (map, &items[i]);
        size_t cursor = 0, walked = 0, before = ink_map_size (map);
        item_t *item;
        while ((item = ink_map_next (map, &cursor))) {
            assert_true (item->in && item->seen++ == 0);
            walked++;
            if (chance_below (&seed, 2))
                toggle (map, item);
        }
        assert_int_equal (walked, before);
        assert_null (ink_map_next (map, &cursor));
        for (size_t i = 0; i < ITEMS; i++)
            items[i].seen = 0;
        check_all (map);
        ink_map_destroy (&map);
    }
}

static void
an_empty_map_answers_everything (void **state)
{
    (void) state;
    ink_map_t *map = ink_map_new (4);
    size_t cursor = 0;
    assert_int_equal (ink_map_size (map), 0);
    assert_null (ink_map_get (map, "none"));
    assert_null (ink_map_remove (map, "none"));
    assert_null (ink_map_next (map, &cursor));
    ink_map_destroy (&map);
    ink_map_destroy (&map);
}

//  Puts all items while every other allocation fails; what fails must have changed nothing.
static void
without_memory_nothing_changes (void **state)
{
    (void) state;
    make_items ();
    scarce_begin (0);
    assert_null (ink_map_new (4));
    scarce_begin (1);
    ink_map_t *map = ink_map_new (sizeof items[0].key);
    size_t failures = 0;
    for (size_t i = 0; i < ITEMS; i++)
        for (size_t left = 0; !items[i].in; left++) {
            scarce_begin (left);
            int rc = ink_map_put (map, items[i].key, &items[i]);
            items[i].in = rc == INK_OK;
            failures += rc == INK_ENOMEM;
            if (rc != INK_OK)
                check_all (map);
        }
    scarce_end ();
    assert_true (failures >= 2);
    check_all (map);
    ink_map_destroy (&map);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (it_holds_what_was_put_and_not_removed),
        cmocka_unit_test (a_walk_sees_each_item_once_though_some_are_removed),
        cmocka_unit_test (an_empty_map_answers_everything),
        cmocka_unit_test (without_memory_nothing_changes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

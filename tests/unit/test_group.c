//  test_group.c: items that belong together.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/group.h"
#include "inkling/error.h"
#include "chance.h"
#include "scarce.h"

#define KEYS 5
#define ITEMS 40

typedef struct {
    ink_link_t link;
    int key; //  -1: in no group
} item_t;

static const uint8_t *
key_of (int n)
{
    static uint8_t key[INK_GROUP_KEY];
    key[7] = (uint8_t) n;
    return key;
}

static size_t
count (ink_groups_t *groups, int key)
{
    size_t found = 0;
    INK_LIST_EACH (link, ink_groups_find (groups, key_of (key)))
    {
        assert_int_equal (INK_ITEM (link, item_t, link)->key, key);
        found++;
    }
    return found;
}

static void
a_group_is_there_exactly_while_somebody_is_in_it (void **state)
{
    (void) state;
    ink_groups_t groups;
    item_t items[2];
    ink_list_init (&items[0].link);
    ink_list_init (&items[1].link);
    assert_int_equal (ink_groups_init (&groups), INK_OK);
    for (int n = 0; n < 2; n++) {
        items[n].key = 3;
        assert_int_equal (ink_groups_join (&groups, key_of (3), &items[n].link), INK_OK);
    }
    assert_int_equal (ink_map_size (groups.map), 1);
    ink_groups_leave (&groups, key_of (3), &items[0].link);
    ink_groups_leave (&groups, key_of (3), &items[0].link);
    assert_int_equal (count (&groups, 3), 1);
    ink_groups_leave (&groups, key_of (3), &items[1].link);
    assert_int_equal (ink_map_size (groups.map), 0);
    assert_true (ink_list_empty (ink_groups_find (&groups, key_of (3))));
    ink_groups_free (&groups);
}

static void
the_items_outlive_their_groups (void **state)
{
    (void) state;
    ink_groups_t groups;
    item_t item = {.key = 1};
    ink_list_init (&item.link);
    assert_int_equal (ink_groups_init (&groups), INK_OK);
    assert_int_equal (ink_groups_join (&groups, key_of (1), &item.link), INK_OK);
    ink_groups_free (&groups);
    assert_true (ink_list_empty (&item.link));
}

static void
move (ink_groups_t *groups, item_t *item, uint64_t *seed)
{
    if (item->key >= 0)
        ink_groups_leave (groups, key_of (item->key), &item->link);
    item->key = (int) chance_below (seed, KEYS + 1) - 1;
    if (item->key >= 0)
        assert_int_equal (ink_groups_join (groups, key_of (item->key), &item->link),
                          INK_OK);
}

static void
everybody_is_found_where_they_are (void **state)
{
    (void) state;
    uint64_t seed = 1;
    ink_groups_t groups;
    item_t items[ITEMS];
    assert_int_equal (ink_groups_init (&groups), INK_OK);
    for (int n = 0; n < ITEMS; n++) {
        ink_list_init (&items[n].link);
        items[n].key = -1;
    }
    for (int step = 0; step < 3000; step++) {
        size_t in[KEYS] = {0};
        move (&groups, &items[chance_below (&seed, ITEMS)], &seed);
        for (int n = 0; n < ITEMS; n++)
            if (items[n].key >= 0)
                in[items[n].key]++;
        for (int key = 0; key < KEYS; key++)
            assert_int_equal (count (&groups, key), in[key]);
    }
    ink_groups_free (&groups);
}

static void
without_memory_nothing_changes (void **state)
{
    (void) state;
    ink_groups_t groups;
    item_t item = {.key = 1};
    ink_list_init (&item.link);
    scarce_begin (0);
    assert_int_equal (ink_groups_init (&groups), INK_ENOMEM);
    scarce_end ();
    assert_int_equal (ink_groups_init (&groups), INK_OK);
    int rc = INK_ENOMEM;
    for (size_t left = 0; rc; left++) {
        scarce_begin (left);
        rc = ink_groups_join (&groups, key_of (1), &item.link);
        scarce_end ();
        assert_int_equal (count (&groups, 1), rc == INK_OK);
        assert_int_equal (ink_map_size (groups.map), rc == INK_OK);
    }
    ink_groups_free (&groups);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_group_is_there_exactly_while_somebody_is_in_it),
        cmocka_unit_test (the_items_outlive_their_groups),
        cmocka_unit_test (everybody_is_found_where_they_are),
        cmocka_unit_test (without_memory_nothing_changes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

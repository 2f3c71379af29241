//  test_heap.c: the heap against a search through all items.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/heap.h"
#include "base/list.h"
#include "inkling/error.h"
#include "chance.h"
#include "scarce.h"

#define ITEMS 200

typedef struct {
    uint64_t weight;
    ink_heap_node_t node;
} item_t;

static item_t items[ITEMS];

static bool
lighter (const ink_heap_node_t *a, const ink_heap_node_t *b)
{
    return INK_ITEM (a, const item_t, node)->weight <
           INK_ITEM (b, const item_t, node)->weight;
}

static void
make_items (void)
{
    for (size_t i = 0; i < ITEMS; i++)
        items[i] = (item_t){0};
}

//  The first must be one of the lightest, and the heap as large as the model says.
static void
check (const ink_heap_t *heap)
{
    size_t count = 0;
    uint64_t least = UINT64_MAX;
    for (size_t i = 0; i < ITEMS; i++)
        if (items[i].node.place) {
            assert_ptr_equal (heap->nodes[items[i].node.place - 1], &items[i].node);
            count++;
            least = items[i].weight < least ? items[i].weight : least;
        }
    assert_int_equal (heap->size, count);
    const ink_heap_node_t *first = ink_heap_first (heap);
    if (count == 0)
        assert_null (first);
    else
        assert_int_equal (INK_ITEM (first, const item_t, node)->weight, least);
}

static void
the_first_is_always_the_lightest (void **state)
{
    (void) state;
    make_items ();
    uint64_t seed = 2;
    ink_heap_t heap;
    ink_heap_init (&heap, lighter);
    for (int turn = 0; turn < 20000; turn++) {
        item_t *item = &items[chance_below (&seed, ITEMS)];
        bool inside = item->node.place > 0, update = chance_below (&seed, 2);
        if (!inside || update)
            item->weight = chance_below (&seed, 100);
        if (!inside)
            assert_int_equal (ink_heap_push (&heap, &item->node), INK_OK);
        else if (update)
            ink_heap_update (&heap, &item->node);
        else
            ink_heap_remove (&heap, &item->node);
        check (&heap);
    }
    ink_heap_free (&heap);
    make_items ();
}

static void
they_come_out_in_order (void **state)
{
    (void) state;
    make_items ();
    uint64_t seed = 3, last = 0;
    ink_heap_t heap;
    ink_heap_init (&heap, lighter);
    for (size_t i = 0; i < ITEMS; i++) {
        items[i].weight = chance (&seed);
        assert_int_equal (ink_heap_push (&heap, &items[i].node), INK_OK);
    }
    for (size_t i = 0; i < ITEMS; i++) {
        ink_heap_node_t *first = ink_heap_first (&heap);
        uint64_t weight = INK_ITEM (first, item_t, node)->weight;
        assert_true (weight >= last);
        last = weight;
        ink_heap_remove (&heap, first);
        ink_heap_remove (&heap, first);
    }
    assert_null (ink_heap_first (&heap));
    ink_heap_free (&heap);
}

static void
freeing_it_leaves_items_that_can_be_pushed_again (void **state)
{
    (void) state;
    make_items ();
    ink_heap_t heap;
    ink_heap_init (&heap, lighter);
    for (int turn = 0; turn < 2; turn++) {
        assert_int_equal (ink_heap_push (&heap, &items[0].node), INK_OK);
        assert_ptr_equal (ink_heap_first (&heap), &items[0].node);
        ink_heap_free (&heap);
        assert_null (ink_heap_first (&heap));
        assert_int_equal (items[0].node.place, 0);
    }
}

static void
without_memory_nothing_changes (void **state)
{
    (void) state;
    make_items ();
    ink_heap_t heap;
    ink_heap_init (&heap, lighter);
    size_t failures = 0;
    for (size_t i = 0; i < ITEMS; i++) {
        scarce_begin (0);
        if (ink_heap_push (&heap, &items[i].node) == INK_ENOMEM) {
            failures++;
            assert_int_equal (items[i].node.place, 0);
            check (&heap);
            scarce_begin (1);
            assert_int_equal (ink_heap_push (&heap, &items[i].node), INK_OK);
        }
    }
    scarce_end ();
    assert_true (failures >= 2);
    check (&heap);
    ink_heap_free (&heap);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (the_first_is_always_the_lightest),
        cmocka_unit_test (they_come_out_in_order),
        cmocka_unit_test (freeing_it_leaves_items_that_can_be_pushed_again),
        cmocka_unit_test (without_memory_nothing_changes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

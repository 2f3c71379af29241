//  test_buffer.c: buffers and arenas against plain memory.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <string.h>
#include <cmocka.h>

#include "base/buffer.h"
#include "inkling/error.h"
#include "chance.h"
#include "scarce.h"

static void
a_buffer_holds_all_that_was_appended (void **state)
{
    (void) state;
    static uint8_t model[200000];
    uint64_t seed = 4;
    ink_buffer_t buffer = {0};
    size_t size = 0;
    while (size < sizeof model - 1000) {
        size_t piece = chance_below (&seed, 1000);
        for (size_t i = 0; i < piece; i++)
            model[size + i] = (uint8_t) chance (&seed);
        assert_int_equal (ink_buffer_append (&buffer, model + size, piece), INK_OK);
        size += piece;
        assert_int_equal (buffer.size, size);
    }
    assert_memory_equal (buffer.bytes, model, size);
    ink_buffer_free (&buffer);
    assert_null (buffer.bytes);
    assert_int_equal (buffer.size + buffer.room, 0);
}

static void
a_buffer_takes_nothing_at_all (void **state)
{
    (void) state;
    ink_buffer_t buffer = {0};
    scarce_begin (0);
    assert_int_equal (ink_buffer_append (&buffer, NULL, 0), INK_OK);
    scarce_end ();
    assert_null (buffer.bytes);
    ink_buffer_free (&buffer);
}

static void
a_buffer_without_memory_does_not_change (void **state)
{
    (void) state;
    ink_buffer_t buffer = {0};
    uint8_t bytes[1000] = {7};
    assert_int_equal (ink_buffer_append (&buffer, bytes, 10), INK_OK);
    scarce_begin (0);
    assert_int_equal (ink_buffer_append (&buffer, bytes, sizeof bytes), INK_ENOMEM);
    scarce_begin (1);
    assert_int_equal (ink_buffer_append (&buffer, bytes, SIZE_MAX - 5), INK_ENOMEM);
    assert_int_equal (scarce_count, 0);
    scarce_end ();
    assert_int_equal (buffer.size, 10);
    assert_memory_equal (buffer.bytes, bytes, 10);
    ink_buffer_free (&buffer);
}

#define PIECES 3000

//  Takes pieces of random sizes and writes a mark of its own into each; all marks must last.
static void
take_pieces (ink_arena_t *arena, uint64_t seed)
{
    static uint8_t *pieces[PIECES];
    static size_t sizes[PIECES];
    for (size_t i = 0; i < PIECES; i++) {
        sizes[i] = chance_below (&seed, i % 100 ? 100 : 20000);
        pieces[i] = ink_arena_alloc (arena, sizes[i]);
        assert_non_null (pieces[i]);
        assert_int_equal ((uintptr_t) pieces[i] % _Alignof(max_align_t), 0);
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal (pieces[i][k], 0);
        memset (pieces[i], (int) (i % 251) + 1, sizes[i]);
    }
    for (size_t i = 0; i < PIECES; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            assert_int_equal (pieces[i][k], i % 251 + 1);
}

static void
pieces_of_an_arena_are_zeroed_and_apart (void **state)
{
    (void) state;
    ink_arena_t arena = {0};
    for (uint64_t turn = 0; turn < 5; turn++) {
        take_pieces (&arena, turn);
        ink_arena_reset (&arena);
    }
    ink_arena_free (&arena);
    assert_null (arena.first);
}

static void
an_arena_that_is_reset_allocates_no_more (void **state)
{
    (void) state;
    ink_arena_t arena = {0};
    take_pieces (&arena, 9);
    for (int turn = 0; turn < 5; turn++) {
        ink_arena_reset (&arena);
        scarce_begin (0);
        take_pieces (&arena, 9);
        scarce_end ();
        assert_int_equal (scarce_count, 0);
    }
    ink_arena_free (&arena);
}

static void
a_string_is_copied_with_an_end (void **state)
{
    (void) state;
    ink_arena_t arena = {0};
    char text[] = {'i', 'n', 'k', 'l', 'i', 'n', 'g'};
    char *ink = ink_arena_string (&arena, text, 3);
    char *ling = ink_arena_string (&arena, text + 3, 4);
    char *none = ink_arena_string (&arena, NULL, 0);
    memset (text, '?', sizeof text);
    assert_string_equal (ink, "ink");
    assert_string_equal (ling, "ling");
    assert_string_equal (none, "");
    ink_arena_free (&arena);
}

static void
an_arena_without_memory_goes_on_with_what_it_has (void **state)
{
    (void) state;
    ink_arena_t arena = {0};
    scarce_begin (0);
    assert_null (ink_arena_alloc (&arena, 1));
    scarce_begin (1);
    char *kept = ink_arena_string (&arena, "kept", 4);
    assert_non_null (kept);
    assert_null (ink_arena_alloc (&arena, 100000));
    assert_null (ink_arena_alloc (&arena, SIZE_MAX - 3));
    assert_non_null (ink_arena_alloc (&arena, 10));
    scarce_end ();
    assert_string_equal (kept, "kept");
    ink_arena_free (&arena);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (a_buffer_holds_all_that_was_appended),
        cmocka_unit_test (a_buffer_takes_nothing_at_all),
        cmocka_unit_test (a_buffer_without_memory_does_not_change),
        cmocka_unit_test (pieces_of_an_arena_are_zeroed_and_apart),
        cmocka_unit_test (an_arena_that_is_reset_allocates_no_more),
        cmocka_unit_test (a_string_is_copied_with_an_end),
        cmocka_unit_test (an_arena_without_memory_goes_on_with_what_it_has),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

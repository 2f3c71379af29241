//  test_cache_tree.c: the walk over the pages of a store, on files that LMDB has written.

#include "lmdb_world.h"

#include <fcntl.h>

#include "base/memory.h"
#include "cache/page.h"
#include "cache/tree.h"

#define LONG_US 60000000

static int
open_data (const world_t *self)
{
    char path[PATH_MOST];
    in_folder (self, "data.mdb", path);
    int file = open (path, O_RDWR | O_CLOEXEC);
    assert_true (file >= 0);
    return file;
}

static ink_head_t
newest_head (int file)
{
    ink_head_t heads[2];
    assert_true (ink_head_read (file, 0, &heads[0]) &&
                 ink_head_read (file, 1, &heads[1]));
    return heads[heads[1].transaction > heads[0].transaction];
}

static ink_tree_t
check (int file)
{
    return ink_tree_check (file, newest_head (file).transaction, LONG_US);
}

//  Whatever was put, purged, evicted and verified: the walk counts as LMDB does.
static void
what_was_written_in_order_is_sound (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, MIB);
    int file = open_data (self);
    for (int round = 0; round < 400; round++) {
        uint64_t n = next_random (&self->random) % 1000, records, bad;
        ink_series_t series;
        memset (series.bytes, (int) (n % 4), sizeof series.bytes);
        assert_int_equal (put_all (cache, n, n + n % 40), INK_OK);
        if (round % 7 == 0)
            assert_int_equal (ink_cache_purge (cache, &series), INK_OK);
        if (round % 50 == 0)
            assert_int_equal (ink_cache_verify (cache, &records, &bad), INK_OK);
        assert_int_equal (check (file), INK_TREE_SOUND);
    }
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_true (stat.evicted > 100);
    close (file);
    ink_cache_close (&cache);
}

static void
a_store_without_a_value_is_sound (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, MIB);
    int file = open_data (self);
    assert_int_equal (check (file), INK_TREE_SOUND);
    close (file);
    ink_cache_close (&cache);
}

typedef struct {
    int file;
    uint8_t *pages;
    size_t size;
} copy_t;

static copy_t
copy_store (const world_t *self)
{
    make_store (self, 400);
    copy_t copy = {.file = open_data (self)};
    copy.size = (newest_head (copy.file).last_page + 1) * ink_page_size ();
    copy.pages = malloc (copy.size);
    assert_int_equal (pread (copy.file, copy.pages, copy.size, 0), copy.size);
    return copy;
}

static void
free_copy (copy_t *copy)
{
    close (copy->file);
    free (copy->pages);
}

static bool
is_found (const copy_t *copy, size_t place, uint8_t mask)
{
    uint8_t byte = copy->pages[place] ^ mask;
    assert_int_equal (pwrite (copy->file, &byte, 1, (off_t) place), 1);
    bool found = check (copy->file) == INK_TREE_DAMAGED;
    assert_int_equal (pwrite (copy->file, &copy->pages[place], 1, (off_t) place), 1);
    return found;
}

//  The bytes that LMDB follows: of each page of a tree its head but for two unused bytes, the
//  places of entries, and what entries say of themselves. Pages that are free are known by a
//  wrong number in them that nobody minds.
static void
each_flipped_bit_that_leads_astray_is_found (void **state)
{
    copy_t copy = copy_store (*state);
    size_t page_size = ink_page_size (), used = 0;
    for (size_t begin = 2 * page_size; begin < copy.size; begin += page_size) {
        ink_page_t page;
        memcpy (&page, copy.pages + begin, sizeof page);
        if (!(page.flags & (INK_PAGE_BRANCH | INK_PAGE_LEAF)) ||
            !is_found (&copy, begin, 1))
            continue;
        used++;
        for (size_t n = 0; n < page.lower; n++)
            if (n != 8 && n != 9)
                assert_true (is_found (&copy, begin + n, (uint8_t) (1 << n % 8)));
        for (size_t n = sizeof page; n < page.lower; n += 2) {
            uint16_t place;
            memcpy (&place, copy.pages + begin + n, sizeof place);
            assert_true (is_found (&copy, begin + place + 7, 0x80)); //  Size of the key
            if (n > sizeof page || (page.flags & INK_PAGE_LEAF))
                assert_true (is_found (&copy, begin + place + 2, 0x40)); //  Size or page
        }
    }
    assert_true (used >= 10);
    assert_int_equal (check (copy.file), INK_TREE_SOUND);
    free_copy (&copy);
}

//  A head that counts what is not there, or leads elsewhere.
static void
each_flipped_bit_of_a_table_is_found (void **state)
{
    copy_t copy = copy_store (*state);
    size_t newer = newest_head (copy.file).transaction % 2 * ink_page_size ();
    for (size_t n = offsetof (ink_head_t, free) + 4; n < offsetof (ink_head_t, last_page);
         n++)
        if (n - offsetof (ink_head_t, main) >= 4)
            assert_true (is_found (&copy, newer + n, (uint8_t) (1 << n % 8)));
    free_copy (&copy);
}

static void
a_walk_ends_in_its_time (void **state)
{
    copy_t copy = copy_store (*state);
    uint64_t transaction = newest_head (copy.file).transaction;
    assert_int_equal (ink_tree_check (copy.file, transaction, -1), INK_TREE_UNKNOWN);
    assert_int_equal (ink_tree_check (copy.file, transaction + 2, LONG_US),
                      INK_TREE_DAMAGED);
    free_copy (&copy);
}

static size_t allocations_left;

static void *
failing_realloc (void *old, size_t size)
{
    return allocations_left-- == 0 ? NULL : realloc (old, size);
}

static void
a_walk_without_memory_says_nothing (void **state)
{
    copy_t copy = copy_store (*state);
    for (size_t n = 0; n < 3; n++) {
        allocations_left = n;
        ink_memory_realloc = failing_realloc;
        ink_tree_t tree = check (copy.file);
        ink_memory_realloc = realloc;
        assert_int_equal (tree, INK_TREE_UNKNOWN);
    }
    free_copy (&copy);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (what_was_written_in_order_is_sound),
        TEST (a_store_without_a_value_is_sound),
        TEST (each_flipped_bit_that_leads_astray_is_found),
        TEST (each_flipped_bit_of_a_table_is_found),
        TEST (a_walk_ends_in_its_time),
        TEST (a_walk_without_memory_says_nothing),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

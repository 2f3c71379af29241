//  test_cache_limit.c: a cache stays within its limit, whatever is put.

#include "cache_world.h"

static void
large_values_are_refused_and_counted (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, MIB);
    ink_cache_key_t key = key_of (1), other = key_of (2);
    ink_cache_begin (cache);
    ink_cache_put (cache, &key, self->bytes, MIB / 4 + 1);
    ink_cache_put (cache, &other, self->bytes, MIB / 4);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.refused, 1);
    assert_int_equal (stat.puts, 1);
    assert_int_equal (stat.records, 1);
    ink_cache_close (&cache);
}

//  Ten times the limit goes through, one to nine values at a time. Who is left are the
//  newest without a gap, the last one among them, and they make good use of the room.
static void
the_oldest_are_evicted_to_stay_within_the_limit (void **state)
{
    world_t *self = *state;
    uint64_t limit = 8 * MIB, through = 0, n = 0;
    ink_cache_t *cache = open_cache (self, limit);
    ink_cache_stat_t stat;
    while (through < 10 * limit) {
        ink_cache_begin (cache);
        for (uint64_t batch = 1 + next_random (&self->random) % 9; batch > 0; batch--) {
            put (self, cache, n, 0, n % 2 ? VALUE_MOST : 2000);
            through += value_of (n, 0, n % 2 ? VALUE_MOST : 2000, self->bytes);
            n++;
        }
        assert_int_equal (ink_cache_commit (cache), INK_OK);
        ink_cache_stat (cache, &stat);
        assert_true (stat.bytes <= limit);
        assert_true (holds_now (self, cache, n - 1, 0, (n - 1) % 2 ? VALUE_MOST : 2000));
    }
    assert_int_equal (stat.puts, n);
    assert_int_equal (stat.evicted, n - stat.records);
    assert_true (stat.bytes > limit - 2 * VALUE_MOST);
    ink_look_t *look = ink_cache_look (cache);
    for (uint64_t i = 0; i < n; i++)
        assert_int_equal (holds (self, look, i, 0, i % 2 ? VALUE_MOST : 2000),
                          i >= n - stat.records);
    ink_look_end (&look);
    ink_cache_close (&cache);
}

//  What was purged and is put again is as new as its second put.
static void
a_purged_key_grows_old_anew (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, MIB);
    ink_cache_stat_t stat = {.evicted = 0};
    ink_series_t series = {.bytes = {0}};
    put_alone (self, cache, 0, 0, 9000);
    assert_int_equal (ink_cache_purge (cache, &series), INK_OK);
    for (uint64_t n = 1; n < 60; n++)
        put_alone (self, cache, n, 0, 9000);
    put_alone (self, cache, 0, 0, 9000);
    for (uint64_t n = 60; stat.evicted < 20; n++) {
        put_alone (self, cache, n, 0, 9000);
        ink_cache_stat (cache, &stat);
        assert_int_equal (stat.puts, n + 2);
    }
    assert_true (holds_now (self, cache, 0, 0, 9000));
    ink_cache_close (&cache);
}

static void
many_small_values_stay_within_the_limit (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, MIB);
    for (uint64_t n = 0; n < 40000;) {
        ink_cache_begin (cache);
        for (int i = 0; i < 500; i++)
            put (self, cache, n++ * 7919 % 1000003, 0, 200);
        assert_int_equal (ink_cache_commit (cache), INK_OK);
        ink_cache_stat_t stat;
        ink_cache_stat (cache, &stat);
        assert_true (stat.bytes <= MIB);
        assert_true (stat.records >= 500);
    }
    ink_cache_close (&cache);
}

//  A batch as large as the store itself, again and again: all of it is written, at the price
//  of what was there.
static void
batches_of_many_mebibytes_are_written (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 40 * MIB);
    uint64_t n = 0;
    for (int round = 0; round < 6; round++) {
        ink_cache_begin (cache);
        for (int i = 0; i < 240; i++)
            put (self, cache, n++, 0, VALUE_MOST);
        assert_int_equal (ink_cache_commit (cache), INK_OK);
        for (uint64_t i = n - 200; i < n; i++)
            assert_true (holds_now (self, cache, i, 0, VALUE_MOST));
    }
    ink_cache_close (&cache);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        BOTH (large_values_are_refused_and_counted),
        BOTH (the_oldest_are_evicted_to_stay_within_the_limit),
        BOTH (a_purged_key_grows_old_anew),
        BOTH (many_small_values_stay_within_the_limit),
        BOTH (batches_of_many_mebibytes_are_written),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

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

//  ---------------------------------------------------------------------------------------
//  Levels

#define MODEL_MOST 20000

//  A record as the rule says it in words: due at a time; who is due first goes first, of two
//  who are due together the older one.
typedef struct {
    ink_cache_key_t key;
    double due;
    bool there;
} modelled_t;

typedef struct {
    modelled_t items[MODEL_MOST];
    size_t size;
} model_t;

static modelled_t *
who_goes_next (model_t *model)
{
    modelled_t *next = NULL;
    for (size_t n = 0; n < model->size; n++)
        if (model->items[n].there && (!next || model->items[n].due < next->due))
            next = &model->items[n];
    return next;
}

//  A node of a level, or a fragment of so many bytes.
static ink_cache_key_t
key_at (uint64_t n, unsigned level, uint64_t length)
{
    ink_cache_key_t key = key_of (n * 3 + 1);
    key.bytes[16] = (uint8_t) level;
    key.size = level ? 25 : 37;
    for (int i = 0; !level && i < 8; i++)
        key.bytes[25 + i] = (uint8_t) (length >> (56 - 8 * i));
    return key;
}

static bool
is_there (ink_cache_t *cache, const ink_cache_key_t *key)
{
    ink_look_t *look = ink_cache_look (cache);
    bool there = ink_look_holds (look, key);
    ink_look_end (&look);
    return there;
}

static void
put_key (world_t *self, ink_cache_t *cache, const ink_cache_key_t *key, size_t size)
{
    ink_cache_begin (cache);
    ink_cache_put (cache, key, self->bytes, size);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
}

//  Nodes of even levels are worth 2 to the half of the level, fragments half as much as a
//  node of their length.
static void
who_goes_is_who_is_due_first (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 2 * MIB);
    model_t *model = calloc (1, sizeof *model);
    ink_cache_stat_t stat = {.evicted = 0};
    memset (self->bytes, 7, VALUE_MOST);
    for (uint64_t n = 0; n < 2500; n++) {
        unsigned level = 2 * (unsigned) (next_random (&self->random) % 9);
        uint64_t length = 1 + next_random (&self->random) % 70000, evicted = stat.evicted;
        ink_cache_key_t key = key_at (n, level, length);
        put_key (self, cache, &key, 2000 + next_random (&self->random) % 9000);
        for (ink_cache_stat (cache, &stat); evicted < stat.evicted; evicted++)
            who_goes_next (model)->there = false;
        int bits = 0;
        while (length >> (bits + 1))
            bits++;
        double worth = 2 << level / 2, clock = 0;
        if (!level)
            worth = 1 << bits / 2;
        const modelled_t *next = who_goes_next (model);
        if (next)
            clock = next->due;
        model->items[model->size++] = (modelled_t){key, clock + worth, true};
        for (size_t m = 0; n % 50 == 49 && m < model->size; m++)
            assert_int_equal (is_there (cache, &model->items[m].key),
                              model->items[m].there);
    }
    assert_true (stat.evicted > 1000);
    free (model);
    ink_cache_close (&cache);
}

//  Ten times the limit of chunks goes through, with the nodes that are made of them and two
//  fragments for each. Nodes stay in their numbers, and leave most of the room to the chunks.
static void
nodes_outlive_chunks_and_leave_them_room (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 4 * MIB);
    uint64_t fragments = 1 << 20, there[5] = {0};
    enum { CHUNKS = 8192 };
    for (uint64_t n = 1; n <= CHUNKS; n++) {
        for (int twice = 0; twice < 2; twice++) {
            ink_cache_key_t part = key_at (fragments++, 0, 3 << 20);
            put_key (self, cache, &part, 5000);
        }
        for (unsigned up = 0; up < 4 && n % (1u << 4 * up) == 0; up++) {
            ink_cache_key_t key = key_at ((n >> 4 * up) + (up << 16), 22 + 4 * up, 0);
            put_key (self, cache, &key, 5000);
        }
    }
    for (uint64_t n = 1; n <= CHUNKS; n++)
        for (unsigned up = 0; up < 4 && n % (1u << 4 * up) == 0; up++) {
            ink_cache_key_t key = key_at ((n >> 4 * up) + (up << 16), 22 + 4 * up, 0);
            there[up] += is_there (cache, &key);
        }
    for (uint64_t n = 1 << 20; n < fragments; n++) {
        ink_cache_key_t part = key_at (n, 0, 3 << 20);
        there[4] += is_there (cache, &part);
    }
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_true (stat.evicted > 10 * stat.records);
    assert_int_equal (there[3], CHUNKS / 4096); //  All
    assert_true (there[2] > CHUNKS / 256 / 2);
    assert_true (there[1] > there[0] / 8 && there[1] < there[0]);
    assert_true (there[4] > stat.records / 10); //  Fragments have their share, too
    assert_true (there[0] > stat.records / 3);
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
        BOTH (who_goes_is_who_is_due_first),
        BOTH (nodes_outlive_chunks_and_leave_them_room),
        BOTH (a_purged_key_grows_old_anew),
        BOTH (many_small_values_stay_within_the_limit),
        BOTH (batches_of_many_mebibytes_are_written),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_cache.c: what both stores promise, beside a model that knows every put.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "cache/cache.h"
#include "inkling/error.h"
#include "cache_values.h"

#define VALUE_MOST (300 * 1024)
#define COUNT(array) (sizeof (array) / sizeof *(array))

typedef struct {
    const char *store;
    ink_cache_t *(*open) (const char *folder, uint64_t limit);
} kind_t;

typedef struct {
    kind_t kind;
    char folder[64];
    uint64_t random;
    uint8_t *bytes; //  Room for a value
} world_t;

static ink_cache_t *
open_lmdb (const char *folder, uint64_t limit)
{
    int error = INK_OK;
    ink_cache_t *cache = ink_cache_open_lmdb (folder, limit, &error);
    assert_int_equal (error, INK_OK);
    return cache;
}

static ink_cache_t *
open_memory (const char *folder, uint64_t limit)
{
    (void) folder;
    return ink_cache_open_memory (limit);
}

static kind_t lmdb = {"lmdb", open_lmdb};
static kind_t memory = {"memory", open_memory};

static int
set_up (void **state)
{
    world_t *self = calloc (1, sizeof *self);
    self->kind = *(kind_t *) *state;
    self->random = 0x1234567890ABCDEF;
    self->bytes = malloc (VALUE_MOST);
    strcpy (self->folder, "/tmp/inkling-cache-XXXXXX");
    assert_non_null (mkdtemp (self->folder));
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *self = *state;
    char command[128];
    snprintf (command, sizeof command, "rm -rf '%s'", self->folder);
    int rc = system (command);
    free (self->bytes);
    free (self);
    return rc;
}

static ink_cache_t *
open_cache (world_t *self, uint64_t limit)
{
    ink_cache_t *cache = self->kind.open (self->folder, limit);
    assert_non_null (cache);
    return cache;
}

static void
put (world_t *self, ink_cache_t *cache, uint64_t n, uint64_t time, size_t most)
{
    ink_cache_key_t key = key_of (n);
    ink_cache_put (cache, &key, self->bytes, value_of (n, time, most, self->bytes));
}

static void
put_alone (world_t *self, ink_cache_t *cache, uint64_t n, uint64_t time, size_t most)
{
    ink_cache_begin (cache);
    put (self, cache, n, time, most);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
}

//  Whether key n is there; if so, it must have the value of that time.
static bool
holds (world_t *self, ink_look_t *look, uint64_t n, uint64_t time, size_t most)
{
    const void *value;
    size_t size;
    ink_cache_key_t key = key_of (n);
    if (!ink_look_get (look, &key, &value, &size))
        return false;
    assert_int_equal (size, value_of (n, time, most, self->bytes));
    if (size > 0)
        assert_memory_equal (value, self->bytes, size);
    return true;
}

static bool
holds_now (world_t *self, ink_cache_t *cache, uint64_t n, uint64_t time, size_t most)
{
    ink_look_t *look = ink_cache_look (cache);
    assert_non_null (look);
    bool there = holds (self, look, n, time, most);
    ink_look_end (&look);
    assert_null (look);
    return there;
}

static void
a_value_that_was_put_is_found (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    assert_false (holds_now (self, cache, 1, 0, 100));
    put_alone (self, cache, 1, 0, 100);
    assert_true (holds_now (self, cache, 1, 0, 100));
    assert_false (holds_now (self, cache, 2, 0, 100));
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.records, 1);
    assert_int_equal (stat.limit, 8 * MIB);
    assert_int_equal (stat.hits, 1);
    assert_int_equal (stat.misses, 2);
    assert_int_equal (stat.puts, 1);
    ink_cache_close (&cache);
    assert_null (cache);
}

static void
a_key_keeps_its_first_value (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    ink_cache_begin (cache);
    put (self, cache, 7, 1, 5000);
    put (self, cache, 7, 2, 5000);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
    put_alone (self, cache, 7, 3, 5000);
    assert_true (holds_now (self, cache, 7, 1, 5000));
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.puts, 1);
    assert_int_equal (stat.records, 1);
    ink_cache_close (&cache);
}

static void
puts_are_seen_together_after_commit (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    ink_cache_begin (cache);
    for (uint64_t n = 0; n < 20; n++) {
        put (self, cache, n, 0, 3000);
        assert_false (holds_now (self, cache, n, 0, 3000));
    }
    assert_int_equal (ink_cache_commit (cache), INK_OK);
    for (uint64_t n = 0; n < 20; n++)
        assert_true (holds_now (self, cache, n, 0, 3000));
    ink_cache_close (&cache);
}

static void
values_stay_as_long_as_the_look (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    put_alone (self, cache, 1, 0, 9000);
    ink_look_t *look = ink_cache_look (cache);
    const void *value;
    size_t size;
    ink_cache_key_t key = key_of (1);
    assert_true (ink_look_get (look, &key, &value, &size));
    assert_int_equal (ink_cache_clear (cache), INK_OK);
    for (uint64_t n = 2; n < 200; n++)
        put_alone (self, cache, n, 0, 9000);
    assert_int_equal (size, value_of (1, 0, 9000, self->bytes));
    assert_memory_equal (value, self->bytes, size);
    ink_look_end (&look);
    assert_false (holds_now (self, cache, 1, 0, 9000));
    ink_cache_close (&cache);
}

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

static void
purge_removes_one_series_and_clear_all (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    ink_series_t series;
    ink_cache_begin (cache);
    for (uint64_t n = 0; n < 400; n++)
        put (self, cache, n, 0, 6000);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
    memset (series.bytes, 2, sizeof series.bytes);
    assert_int_equal (ink_cache_purge (cache, &series), INK_OK);
    for (uint64_t n = 0; n < 400; n++)
        assert_int_equal (holds_now (self, cache, n, 0, 6000), n % 4 != 2);
    memset (series.bytes, 9, sizeof series.bytes);
    assert_int_equal (ink_cache_purge (cache, &series), INK_OK);
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.records, 300);
    assert_int_equal (ink_cache_clear (cache), INK_OK);
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.records, 0);
    assert_int_equal (stat.bytes, 0);
    put_alone (self, cache, 3, 1, 6000);
    assert_true (holds_now (self, cache, 3, 1, 6000));
    ink_cache_close (&cache);
}

//  Writes into a value of the memory store, which stands for a flipped bit.
static void
damage (ink_cache_t *cache, uint64_t n)
{
    const void *value;
    size_t size;
    ink_cache_key_t key = key_of (n);
    ink_look_t *look = ink_cache_look (cache);
    assert_true (ink_look_get (look, &key, &value, &size));
    ((uint8_t *) (uintptr_t) value)[size / 2] ^= 4;
    ink_look_end (&look);
}

static void
a_damaged_record_is_a_miss_and_is_removed (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    ink_cache_stat_t stat;
    for (uint64_t n = 0; n < 10; n++)
        put_alone (self, cache, n, 3, 900);
    damage (cache, 5);
    assert_false (holds_now (self, cache, 5, 3, 900));
    ink_cache_begin (cache);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.corrupt, 1);
    assert_int_equal (stat.records, 9);
    put_alone (self, cache, 5, 3, 900);
    assert_true (holds_now (self, cache, 5, 3, 900));
    ink_cache_close (&cache);
}

static void
a_damaged_record_is_replaced_and_verified_away (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    uint64_t records = 0, bad = 0;
    for (uint64_t n = 0; n < 30; n++)
        put_alone (self, cache, n, 3, 900);
    damage (cache, 4);
    damage (cache, 8);
    put_alone (self, cache, 4, 3, 900);
    assert_true (holds_now (self, cache, 4, 3, 900));
    assert_int_equal (ink_cache_verify (cache, &records, &bad), INK_OK);
    assert_int_equal (records, 30);
    assert_int_equal (bad, 1);
    assert_int_equal (ink_cache_verify (cache, &records, &bad), INK_OK);
    assert_int_equal (records, 29);
    assert_int_equal (bad, 0);
    assert_false (holds_now (self, cache, 8, 3, 900));
    ink_cache_close (&cache);
}

#define MODEL_KEYS 300
#define MODEL_MOST 7000

typedef struct {
    uint64_t committed[MODEL_KEYS], pending[MODEL_KEYS]; //  Time of its put; 0: absent
    uint64_t time;
} model_t;

static void
model_put (world_t *self, ink_cache_t *cache, model_t *model)
{
    uint64_t n = next_random (&self->random) % MODEL_KEYS;
    put (self, cache, n, ++model->time, MODEL_MOST);
    if (model->pending[n] == 0)
        model->pending[n] = model->time;
}

static void
model_purge (world_t *self, ink_cache_t *cache, model_t *model)
{
    ink_series_t series;
    uint64_t chosen = next_random (&self->random) % 4;
    memset (series.bytes, (int) chosen, sizeof series.bytes);
    assert_int_equal (ink_cache_purge (cache, &series), INK_OK);
    for (uint64_t n = chosen; n < MODEL_KEYS; n += 4)
        model->committed[n] = 0;
}

static void
model_compare (world_t *self, ink_cache_t *cache, const model_t *model)
{
    uint64_t records = 0;
    ink_look_t *look = ink_cache_look (cache);
    for (uint64_t n = 0; n < MODEL_KEYS; n++) {
        records += model->committed[n] != 0;
        assert_int_equal (holds (self, look, n, model->committed[n], MODEL_MOST),
                          model->committed[n] != 0);
    }
    ink_look_end (&look);
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.records, records);
}

static void
model_step (world_t *self, ink_cache_t *cache, model_t *model)
{
    uint64_t kind = next_random (&self->random) % 100;
    if (kind < 80) {
        memcpy (model->pending, model->committed, sizeof model->pending);
        ink_cache_begin (cache);
        for (uint64_t i = next_random (&self->random) % 12; i > 0; i--)
            model_put (self, cache, model);
        assert_int_equal (ink_cache_commit (cache), INK_OK);
        memcpy (model->committed, model->pending, sizeof model->pending);
    } else if (kind < 90)
        model_purge (self, cache, model);
    else if (kind < 92) {
        assert_int_equal (ink_cache_clear (cache), INK_OK);
        memset (model->committed, 0, sizeof model->committed);
    } else if (kind < 95) {
        uint64_t records, bad;
        assert_int_equal (ink_cache_verify (cache, &records, &bad), INK_OK);
        assert_int_equal (bad, 0);
    } else
        ink_cache_tend (cache);
}

//  The numbers all follow from the seed in set_up, so a failure comes back as it was.
static void
a_cache_is_a_map_until_it_is_full (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    model_t model = {.time = 0};
    for (int step = 0; step < 600; step++) {
        model_step (self, cache, &model);
        model_compare (self, cache, &model);
    }
    ink_cache_close (&cache);
}

typedef struct {
    world_t world;
    ink_cache_t *cache;
    atomic_bool *stop;
    atomic_uint_fast64_t hits, wrong;
} reader_t;

static void *
read_on (void *argument)
{
    reader_t *self = argument;
    while (!atomic_load (self->stop)) {
        ink_look_t *look = ink_cache_look (self->cache);
        for (int i = 0; look && i < 20; i++) {
            uint64_t n = next_random (&self->world.random) % 500;
            const void *value;
            size_t size;
            ink_cache_key_t key = key_of (n);
            if (!ink_look_get (look, &key, &value, &size))
                continue;
            self->hits++;
            self->wrong += size != value_of (n, 0, 30000, self->world.bytes) ||
                           memcmp (value, self->world.bytes, size) != 0;
        }
        ink_look_end (&look);
    }
    return NULL;
}

static void
write_alongside (world_t *self, ink_cache_t *cache, reader_t readers[3])
{
    for (uint64_t n = 0;
         n < 3000 || !readers[0].hits || !readers[1].hits || !readers[2].hits; n++) {
        ink_cache_begin (cache);
        put (self, cache, n % 500, 0, 30000);
        ink_cache_commit (cache);
    }
}

//  The writer goes on until each reader has seen something. A reader that is kept from its
//  processor holds old pages, so a commit may find the store full; not once they are gone.
static void
threads_read_while_one_writes (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 4 * MIB);
    atomic_bool stop = false;
    reader_t readers[3];
    pthread_t threads[3];
    for (size_t i = 0; i < 3; i++) {
        readers[i] = (reader_t){.world = *self, .cache = cache, .stop = &stop};
        readers[i].world.random += i;
        readers[i].world.bytes = malloc (VALUE_MOST);
        assert_int_equal (pthread_create (&threads[i], NULL, read_on, &readers[i]), 0);
    }
    write_alongside (self, cache, readers);
    atomic_store (&stop, true);
    for (size_t i = 0; i < 3; i++) {
        pthread_join (threads[i], NULL);
        free (readers[i].world.bytes);
    }
    assert_int_equal (readers[0].wrong + readers[1].wrong + readers[2].wrong, 0);
    for (uint64_t n = 1000; n < 1100; n++)
        put_alone (self, cache, n, 0, 30000);
    ink_cache_close (&cache);
}

static size_t allocations_left;

static void *
failing_realloc (void *old, size_t size)
{
    return allocations_left-- == 0 ? NULL : realloc (old, size);
}

//  Fails the n-th allocation of a put, a commit and a get; then all must still work.
static void
a_lack_of_memory_costs_no_more_than_the_batch (void **state)
{
    world_t *self = *state;
    ink_cache_t *cache = open_cache (self, 8 * MIB);
    bool failed = true;
    uint64_t failures = 0;
    for (size_t n = 0; failed; n++) {
        allocations_left = n;
        ink_memory_realloc = failing_realloc;
        ink_cache_begin (cache);
        put (self, cache, 2 * n, 0, 600);
        put (self, cache, 2 * n + 1, 0, 600);
        int error = ink_cache_commit (cache);
        ink_look_t *look = ink_cache_look (cache);
        ink_memory_realloc = realloc;
        assert_true (error == INK_OK || error == INK_ENOMEM);
        failed = error != INK_OK || look == NULL;
        ink_look_end (&look);
        assert_int_equal (holds_now (self, cache, 2 * n, 0, 600), error == INK_OK);
        assert_int_equal (holds_now (self, cache, 2 * n + 1, 0, 600), error == INK_OK);
        assert_true (n < 50);
        failures += error != INK_OK;
    }
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_true (failures > 0);
    assert_int_equal (stat.failed, failures);
    ink_cache_close (&cache);
}

#define ON(store, test)                                        \
    {                                                          \
#test " (" #store ")", test, set_up, tear_down, &store \
    }
#define BOTH(test) ON (memory, test), ON (lmdb, test)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        BOTH (a_value_that_was_put_is_found),
        BOTH (a_key_keeps_its_first_value),
        BOTH (puts_are_seen_together_after_commit),
        BOTH (values_stay_as_long_as_the_look),
        BOTH (large_values_are_refused_and_counted),
        BOTH (the_oldest_are_evicted_to_stay_within_the_limit),
        BOTH (a_purged_key_grows_old_anew),
        BOTH (many_small_values_stay_within_the_limit),
        BOTH (batches_of_many_mebibytes_are_written),
        BOTH (purge_removes_one_series_and_clear_all),
        ON (memory, a_damaged_record_is_a_miss_and_is_removed),
        ON (memory, a_damaged_record_is_replaced_and_verified_away),
        BOTH (a_cache_is_a_map_until_it_is_full),
        BOTH (threads_read_while_one_writes),
        BOTH (a_lack_of_memory_costs_no_more_than_the_batch),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

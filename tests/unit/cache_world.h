//  cache_world.h: a folder and a cache of either kind, for the tests of what both promise.

#ifndef INK_CACHE_WORLD_H_INCLUDED
#define INK_CACHE_WORLD_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "inkling/error.h"
#include "cache_values.h"

#define VALUE_MOST (300 * 1024)

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

static inline ink_cache_t *
open_lmdb (const char *folder, uint64_t limit)
{
    int error = INK_OK;
    ink_cache_t *cache = ink_cache_open_lmdb (folder, limit, &error);
    assert_int_equal (error, INK_OK);
    return cache;
}

static inline ink_cache_t *
open_memory (const char *folder, uint64_t limit)
{
    (void) folder;
    return ink_cache_open_memory (limit);
}

static kind_t lmdb = {"lmdb", open_lmdb};
static kind_t memory = {"memory", open_memory};

static inline int
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

static inline int
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

static inline ink_cache_t *
open_cache (world_t *self, uint64_t limit)
{
    ink_cache_t *cache = self->kind.open (self->folder, limit);
    assert_non_null (cache);
    return cache;
}

static inline void
put (world_t *self, ink_cache_t *cache, uint64_t n, uint64_t time, size_t most)
{
    ink_cache_key_t key = key_of (n);
    ink_cache_put (cache, &key, self->bytes, value_of (n, time, most, self->bytes));
}

static inline void
put_alone (world_t *self, ink_cache_t *cache, uint64_t n, uint64_t time, size_t most)
{
    ink_cache_begin (cache);
    put (self, cache, n, time, most);
    assert_int_equal (ink_cache_commit (cache), INK_OK);
}

//  Whether key n is there; if so, it must have the value of that time.
static inline bool
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

static inline bool
holds_now (world_t *self, ink_cache_t *cache, uint64_t n, uint64_t time, size_t most)
{
    ink_look_t *look = ink_cache_look (cache);
    assert_non_null (look);
    bool there = holds (self, look, n, time, most);
    ink_look_end (&look);
    assert_null (look);
    return there;
}

#define ON(store, test)                                        \
    {                                                          \
#test " (" #store ")", test, set_up, tear_down, &store \
    }
#define BOTH(test) ON (memory, test), ON (lmdb, test)

#endif

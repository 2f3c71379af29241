//  fuzz_key.c: keys of the cache. Two parts have one key exactly when their values are one.

#include "cache/cache.h"
#include "supply.h"

typedef struct {
    ink_series_t series;
    ink_plan_t plan;
    ink_part_t part;
    ink_reach_t reach;
} place_t;

//  A range within a source, so that the plan's conditions hold.
static place_t
make_place (supply_t *in)
{
    place_t self;
    memset (self.series.bytes, supply_byte (in) & 1, sizeof self.series.bytes);
    self.plan.size = supply_most (in, (uint64_t) 1 << 46) + 1;
    self.plan.offset = supply_number (in) % self.plan.size;
    self.plan.length = 1 + supply_number (in) % (self.plan.size - self.plan.offset);
    self.plan.chunk = INK_CHUNK_LEAST << supply_byte (in) % 15;
    uint64_t count = ink_plan_count (&self.plan);
    self.part = ink_plan_part (&self.plan, supply_number (in) % count);
    self.reach.lookahead = (uint32_t) supply_most (in, INK_KERNEL_REACH);
    self.reach.lookback = (uint32_t) supply_most (in, INK_KERNEL_REACH);
    return self;
}

static bool
see_alike (const place_t *a, const place_t *b)
{
    ink_reach_t x = ink_plan_sight (&a->plan, a->part, a->reach);
    ink_reach_t y = ink_plan_sight (&b->plan, b->part, b->reach);
    return x.lookback == y.lookback && x.lookahead == y.lookahead;
}

//  A node is as long and sees as far as its source allows, whatever the request.
static bool
is_one_value (const place_t *a, const place_t *b)
{
    bool node = ink_plan_is_node (&a->plan, a->part, a->reach);
    if (node != ink_plan_is_node (&b->plan, b->part, b->reach) ||
        memcmp (a->series.bytes, b->series.bytes, 16) != 0 ||
        a->part.offset != b->part.offset)
        return false;
    return node ? a->plan.chunk == b->plan.chunk
                : a->part.length == b->part.length && see_alike (a, b);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    supply_t in = {.at = bytes, .left = size};
    place_t a = make_place (&in), b = make_place (&in);
    ink_cache_key_t key_a = ink_cache_key (&a.series, &a.plan, a.part, a.reach);
    ink_cache_key_t key_b = ink_cache_key (&b.series, &b.plan, b.part, b.reach);
    bool same =
        key_a.size == key_b.size && memcmp (key_a.bytes, key_b.bytes, key_a.size) == 0;
    assert (key_a.size <= INK_CACHE_KEY_MOST && same == is_one_value (&a, &b));
    uint64_t n;
    assert (ink_plan_find (&a.plan, a.part, &n));
    supply_free (&in);
    return 0;
}

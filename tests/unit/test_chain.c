//  test_chain.c: digests, and how the parts of a chain follow one another.

#include "foreman_bench.h"

#include "kernels/kernels.h"
#include "value/answer.h"

//  Unit tests are linked with the library only, so the oracle comes as its source.
#include "../system/oracle.c"

#define SIZE 300000

static const ink_args_t no_args;

static size_t
state_size (void)
{
    ink_geometry_t geometry = {0};
    ink_kernel_digest.geometry (&no_args, &geometry);
    return geometry.cells;
}

static uint8_t *
any_bytes (void)
{
    uint8_t *bytes = malloc (SIZE);
    srand (7);
    for (size_t at = 0; at < SIZE; at++)
        bytes[at] = (uint8_t) rand ();
    return bytes;
}

//  ---------------------------------------------------------------------------------------
//  The kernel and its answer

//  The state goes through a copy elsewhere between any two slices, as between two workers.
static void
digests_are_those_of_the_oracle_however_cut (void **state)
{
    (void) state;
    uint8_t *bytes = any_bytes (), is[56];
    for (int round = 0; round < 60; round++) {
        size_t length =
            round < 20 ? (size_t) round * 16 + 1 : 1 + (size_t) rand () % SIZE;
        uint64_t now[128] = {0};
        for (size_t at = 0; at < length;) {
            size_t most = rand () % 3 ? 100 : length - at;
            size_t take = 1 + (size_t) rand () % most;
            take = take < length - at ? take : length - at;
            uint64_t *moved = malloc (state_size ());
            memcpy (moved, now, state_size ());
            assert_true (at == 0 || ink_kernel_digest.sound (&no_args, moved));
            ink_slice_t slice = {.bytes = bytes + at, .length = take, .offset = at};
            ink_kernel_digest.map (&slice, moved);
            memcpy (now, moved, state_size ());
            free (moved);
            at += take;
        }
        ink_kernel_digest.finish (&no_args, now, is);
        void *expected;
        size_t size;
        assert_int_equal (
            oracle_compute ("digest", NULL, bytes, 0, length, &expected, &size), 0);
        assert_int_equal (size, sizeof is);
        assert_memory_equal (is, expected, sizeof is);
        free (expected);
    }
    free (bytes);
}

//  Published: FIPS 180-4 for "abc".
static void
the_oracle_knows_a_published_digest (void **state)
{
    (void) state;
    static const uint8_t abc[] = {0xba, 0x78, 0x16, 0xbf, 0x8f, 0x01, 0xcf, 0xea,
                                  0x41, 0x41, 0x40, 0xde, 0x5d, 0xae, 0x22, 0x23,
                                  0xb0, 0x03, 0x61, 0xa3, 0x96, 0x17, 0x7a, 0x9c,
                                  0xb4, 0x10, 0xff, 0x61, 0xf2, 0x00, 0x15, 0xad};
    uint8_t is[32];
    sha256_of ((const uint8_t *) "abc", 3, is);
    assert_memory_equal (is, abc, sizeof is);
}

static void
digest_parts (const uint8_t *bytes, uint64_t states[][128], size_t parts, size_t part)
{
    for (size_t n = 0; n < parts; n++) {
        if (n)
            memcpy (states[n], states[n - 1], sizeof states[n]);
        ink_slice_t slice = {.bytes = bytes + n * part, .length = part};
        ink_kernel_digest.map (&slice, states[n]);
    }
}

static void
an_answer_keeps_the_farthest_state (void **state)
{
    (void) state;
    static uint64_t states[4][128];
    uint8_t *bytes = any_bytes (), is[56];
    uint64_t digested;
    digest_parts (bytes, states, 4, 5000);
    ink_answer_t *answer =
        ink_answer_new (&ink_kernel_digest, &no_args, (ink_part_t){0, 20000});
    assert_int_equal (ink_answer_size (answer), sizeof is);
    static const size_t order[] = {1, 0, 3, 2};
    static const uint64_t reached[] = {10000, 10000, 20000, 20000};
    for (size_t n = 0; n < 4; n++) {
        ink_part_t part = {order[n] * 5000, 5000};
        assert_int_equal (ink_answer_add (answer, states[order[n]], state_size (), part),
                          INK_OK);
        ink_answer_write (answer, is);
        memcpy (&digested, is, 8);
        assert_int_equal (digested, reached[n]);
    }
    ink_answer_destroy (&answer);
    free (bytes);
}

static void
what_is_no_state_is_refused_and_changes_nothing (void **state)
{
    (void) state;
    static uint64_t states[2][128];
    uint8_t *bytes = any_bytes (), before[56], after[56];
    digest_parts (bytes, states, 2, 5000);
    ink_answer_t *answer =
        ink_answer_new (&ink_kernel_digest, &no_args, (ink_part_t){0, 20000});
    ink_answer_add (answer, states[0], state_size (), (ink_part_t){0, 5000});
    ink_answer_write (answer, before);
    ink_part_t next = {5000, 5000};
    static const uint64_t zeros[128];
    uint64_t wild[128];
    memset (wild, 0xff, sizeof wild);
    assert_int_equal (ink_answer_add (answer, states[1], state_size () - 8, next),
                      INK_EVALUE);
    assert_int_equal (ink_answer_add (answer, zeros, state_size (), next), INK_EVALUE);
    assert_int_equal (ink_answer_add (answer, wild, state_size (), next), INK_EVALUE);
    ink_answer_write (answer, after);
    assert_memory_equal (before, after, sizeof before);
    ink_answer_destroy (&answer);
    free (bytes);
}

//  Under the sanitizers: nothing is read or written beside the state.
static void
a_wild_state_that_is_sound_harms_nothing (void **state)
{
    (void) state;
    uint8_t *bytes = any_bytes (), is[56];
    size_t sound = 0;
    for (int round = 0; round < 20000; round++) {
        uint64_t *wild = malloc (state_size ());
        for (size_t n = 0; n < state_size () / 8; n++)
            wild[n] = (uint64_t) rand () << (rand () % 33) >> (rand () % 33);
        wild[9] = (uint64_t) rand () % 17;   //  Stripes
        wild[42] = (uint64_t) rand () % 260; //  Bytes that wait for more
        if (ink_kernel_digest.sound (&no_args, wild)) {
            ink_slice_t slice = {.bytes = bytes, .length = (size_t) rand () % 2000 + 1};
            sound++;
            ink_kernel_digest.map (&slice, wild);
            ink_kernel_digest.finish (&no_args, wild, is);
        }
        free (wild);
    }
    assert_true (sound > 1000 && sound < 20000);
    free (bytes);
}

//  ---------------------------------------------------------------------------------------
//  Whose turn it is

//  The state behind part `n` of handle arrives for that lease and slot.
static void
state_arrives (bench_t *self, uint64_t handle, uint64_t lease, uint64_t slot, uint64_t n)
{
    static ink_msg_word_t words[128];
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, handle);
    words[0].bits = n + 1;
    ink_msg_arrival_t arrival = {.lease = lease, .slot = slot, .taken = 1};
    arrival.words.items = words;
    arrival.words.size = state_size () / 8;
    arrival.place =
        ink_kin_place (demand->strands[0].series.bytes, ink_plan_part (&demand->plan, n));
    ink_msg_t msg = {.kind = INK_MSG_SETTLED,
                     .settled = {.epoch = 1,
                                 .instance = self->instance[0],
                                 .order = UINT64_MAX,
                                 .arrivals = {&arrival, 1}}};
    step (self, (ink_event_t){.kind = INK_EVENT_SINK, .msg = &msg});
}

static const ink_strand_t *
strand_of (bench_t *self, uint64_t handle)
{
    return &ink_foreman_demand (self->foreman, handle)->strands[0];
}

static size_t
count_of (const bench_t *self, const char *word)
{
    size_t count = 0;
    for (const char *at = self->trace; (at = strstr (at, word)); at++)
        count++;
    return count;
}

static void
two_workers (bench_t *self)
{
    worker_of (self, 1, "digest,count");
    worker_of (self, 2, "digest,count");
}

//  The part that is being computed begins behind the last state, and goes on from it.
static void
one_worker_has_the_chain_at_a_time (void **state)
{
    bench_t *self = *state;
    two_workers (self);
    request (self, 7, "a", "digest", 0, 4);
    assert_int_equal (count_of (self, "LEASE"), 1);
    assert_non_null (strstr (self->trace, "LEASE 1 digest [0+1]\n"));
    self->trace[0] = 0;
    tick (self);
    TOLD (self, "");
    state_arrives (self, 1, 1, 0, 0);
    TOLD (self, "lane 1 < LEASE 2 digest [1+1] state 1\n");
    state_arrives (self, 1, 2, 0, 1);
    state_arrives (self, 1, 3, 0, 2);
    self->trace[0] = 0;
    state_arrives (self, 1, 4, 0, 3);
    TOLD (self, "");
    assert_int_equal (strand_of (self, 1)->left, 0);
}

static void
a_lost_worker_costs_only_what_came_behind_the_last_state (void **state)
{
    bench_t *self = *state;
    two_workers (self);
    request (self, 7, "a", "digest", 0, 4);
    state_arrives (self, 1, 1, 0, 0);
    state_arrives (self, 1, 2, 0, 1);
    self->trace[0] = 0;
    hello (self, 1, "digest,count");
    assert_int_equal (count_of (self, "LEASE"), 1);
    assert_non_null (strstr (self->trace, "digest [2+1] again 1 state 2\n"));
}

//  The first asks without a cache: it has no state, and must begin where it begins.
static void
who_hears_of_a_state_needs_nothing_before_it (void **state)
{
    bench_t *self = *state;
    two_workers (self);
    request (self, 7, "a", "digest", 0, 4);
    state_arrives (self, 1, 1, 0, 0);
    state_arrives (self, 1, 2, 0, 1);
    ink_msg_request_t longer = wish (self, "b", "digest", 0, 8);
    longer.cache_read = 0;
    self->trace[0] = 0;
    request_this (self, 8, longer);
    assert_int_equal (count_of (self, "digest [0+1]\n"), 1);
    assert_int_equal (strand_of (self, 2)->states[2], INK_PART_IN_PROGRESS);
    self->trace[0] = 0;
    state_arrives (self, 1, 3, 0, 2);
    assert_int_equal (strand_of (self, 2)->chain->reached, 3);
    assert_int_equal (strand_of (self, 2)->states[0], INK_PART_DONE);
    assert_int_equal (count_of (self, "REVOKE"), 1);
    assert_int_equal (count_of (self, "digest [3+1] state 3\n"), 1);
}

static void
requests_that_begin_elsewhere_share_nothing (void **state)
{
    bench_t *self = *state;
    two_workers (self);
    request (self, 7, "a", "digest", 0, 4);
    request (self, 8, "b", "digest", 1, 3);
    assert_int_equal (count_of (self, "LEASE"), 2);
    assert_memory_not_equal (&strand_of (self, 1)->series, &strand_of (self, 2)->series,
                             sizeof (ink_series_t));
}

//  A span that is passed over would be missing in all states behind it: here nobody wants the
//  first of three any more, since the digest has a later state, and the count was cancelled.
static void
no_span_of_a_chain_is_passed_over (void **state)
{
    bench_t *self = *state;
    worker_of (self, 1, "digest,count");
    request (self, 7, "a", "digest,count", 0, 8);
    request (self, 8, "b", "digest", 0, 8);
    assert_non_null (strstr (self->trace, "LEASE 1 digest,count [0+4]"));
    state_arrives (self, 1, 1, 2, 1);
    self->trace[0] = 0;
    cancel (self, 7, "a");
    assert_non_null (strstr (self->trace, "REVOKE [2 3 4]\n"));
    assert_int_equal (strand_of (self, 2)->in_progress, 2);
}

//  It came for the right lease, and without a state or with that of something else.
static void
what_is_not_the_state_of_the_part_is_computed_again (void **state)
{
    bench_t *self = *state;
    two_workers (self);
    request (self, 7, "a", "digest", 0, 4);
    self->trace[0] = 0;
    arrives (self, 1, 0, INK_OK);
    assert_non_null (strstr (self->trace, "LEASE 2 digest [0+1]"));
    self->trace[0] = 0;
    state_arrives (self, 1, 2, 0, 3);
    assert_non_null (strstr (self->trace, "LEASE 3 digest [0+1]"));
    assert_int_equal (strand_of (self, 1)->chain->reached, 0);
}

static void
with_a_part_all_behind_it_have_failed (void **state)
{
    bench_t *self = *state;
    two_workers (self);
    request (self, 7, "a", "digest", 0, 4);
    state_arrives (self, 1, 1, 0, 0);
    arrives (self, 2, 0, INK_EIO);
    assert_null (strstr (self->trace, "FAILED"));
    self->trace[0] = 0;
    arrives (self, 3, 0, INK_EIO);
    TOLD (self, "sink < FAILED 1.0 part 1 io_error\n");
    for (uint64_t n = 1; n < 4; n++)
        assert_int_equal (strand_of (self, 1)->states[n], INK_PART_ERROR);
    assert_int_equal (strand_of (self, 1)->left, 0);
}

//  No process of its own can save it: three workers, and no care.
static void
a_part_that_kills_is_given_up_after_three_workers (void **state)
{
    bench_t *self = *state;
    worker_of (self, 1, "digest,count");
    request (self, 7, "a", "digest", 0, 4);
    for (int death = 1; death <= 3; death++) {
        assert_null (strstr (self->trace, "FAILED"));
        assert_null (strstr (self->trace, "care"));
        worker_of (self, 1, "digest,count");
    }
    assert_int_equal (strand_of (self, 1)->left, 0);
}

#define PLAIN(name) cmocka_unit_test (name)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        PLAIN (the_oracle_knows_a_published_digest),
        PLAIN (digests_are_those_of_the_oracle_however_cut),
        PLAIN (an_answer_keeps_the_farthest_state),
        PLAIN (a_wild_state_that_is_sound_harms_nothing),
        PLAIN (what_is_no_state_is_refused_and_changes_nothing),
        STORY (one_worker_has_the_chain_at_a_time),
        STORY (a_lost_worker_costs_only_what_came_behind_the_last_state),
        STORY (who_hears_of_a_state_needs_nothing_before_it),
        STORY (requests_that_begin_elsewhere_share_nothing),
        STORY (no_span_of_a_chain_is_passed_over),
        STORY (what_is_not_the_state_of_the_part_is_computed_again),
        STORY (with_a_part_all_behind_it_have_failed),
        STORY (a_part_that_kills_is_given_up_after_three_workers),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

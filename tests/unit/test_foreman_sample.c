//  test_foreman_sample.c: what the foreman has looked at first, and ranges of which it has only
//  some parts computed.

#include "foreman_bench.h"

//  A request that wants estimates.
static ink_msg_request_t
wish_for (bench_t *self, const char *id, const char *kernels, uint64_t first,
          uint64_t count)
{
    ink_msg_request_t request = wish (self, id, kernels, first, count);
    request.estimates = 1;
    return request;
}

static void
ask (bench_t *self, const char *id, const char *kernels, uint64_t first, uint64_t count)
{
    request_this (self, 9, wish_for (self, id, kernels, first, count));
}

//  ---------------------------------------------------------------------------------------
//  Whether

static void
a_range_that_takes_long_is_sampled_before_it_is_computed (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 64);
    TOLD (self, "sink < EXPECT 2 histogram [0+64]\n"
                "lane 1 < LEASE 2 histogram 128 samples by 32\n"
                "lane 1 < LEASE 3 histogram 128 samples by 32\n");
    settle (self, 2);
    TOLD (self, "lane 1 < LEASE 4 histogram [0+1]\n");
    settle (self, 3);
    TOLD (self, "lane 1 < LEASE 5 histogram [32+1]\n");
}

static void
a_short_range_is_not_sampled (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 2);
    TOLD (self, "sink < EXPECT 2 histogram [0+2]\n"
                "lane 1 < LEASE 2 histogram [0+1]\n"
                "lane 1 < LEASE 3 histogram [1+1]\n");
}

static void
while_no_speed_is_known_what_is_large_takes_long (void **state)
{
    bench_t *self = *state;
    self->file.size = (uint64_t) 1 << 30;
    worker (self, 1);
    ink_msg_request_t large = wish_for (self, "a", "histogram", 0, 16384);
    large.cache_read = 0;
    request_this (self, 9, large); //  64 MiB
    assert_null (strstr (self->trace, "samples"));
    cancel (self, 9, "a");
    stopped (self, 1, 1);
    stopped (self, 1, 2);
    large.id = "b";
    large.length += PART;
    request_this (self, 9, large);
    assert_non_null (strstr (self->trace, "LEASE 3 histogram 128 samples by 32\n"));
}

static void
who_wants_no_estimate_before_the_first_report_gets_no_samples (void **state)
{
    bench_t *self = *state;
    ink_msg_report_t reports[] = {{500000, 0}, {0, 0}};
    teach (self);
    request (self, 9, "a", "histogram", 0, 64);
    assert_null (strstr (self->trace, "samples"));
    cancel (self, 9, "a");
    ink_msg_request_t half = wish_for (self, "b", "histogram", 0, 64);
    half.reports.items = reports;
    half.reports.size = 1;
    request_this (self, 9, half);
    assert_null (strstr (self->trace, "samples"));
    cancel (self, 9, "b");
    stopped (self, 1, 2);
    stopped (self, 1, 3);
    half.id = "c";
    half.reports.size = 2;
    request_this (self, 9, half);
    assert_non_null (strstr (self->trace, "samples"));
}

static void
counts_are_sampled_together_and_cells_not_where_they_are_too_large (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram,entropy,digraph,count", 0, 64);
    TOLD (self, "sink < EXPECT 2 histogram,entropy,digraph,count [0+64]\n"
                "lane 1 < LEASE 2 histogram,digraph 128 samples by 32\n"
                "lane 1 < LEASE 3 histogram,digraph 128 samples by 32\n");
}

//  Two short parts of large chunks: less lacks than their number says, and a stratum would be
//  smaller than a cell.
static void
what_is_shorter_than_its_parts_could_be_is_not_sampled_by_cells (void **state)
{
    bench_t *self = *state;
    const uint64_t chunk = (uint64_t) 64 << 20;
    ink_msg_param_t cell = {.name = "cell", .value = 8192, .text = ""};
    self->file.size = 2 * chunk;
    worker (self, 1);
    ink_msg_request_t narrow = wish_for (self, "a", "entropy", 0, 256);
    narrow.offset = chunk - narrow.length / 2;
    narrow.chunk = chunk;
    self->kernels[0].params.items = &cell;
    self->kernels[0].params.size = 1;
    narrow.cache_read = 0;
    request_this (self, 9, narrow);
    assert_non_null (strstr (self->trace, "LEASE 1 entropy"));
    assert_null (strstr (self->trace, "samples"));
}

static void
pieces_are_made_of_whole_cells (void **state)
{
    bench_t *self = *state;
    self->file.size = (uint64_t) 1 << 30;
    worker (self, 1);
    ink_msg_request_t large = wish_for (self, "a", "histogram,entropy,bytes", 1, 20000);
    large.offset += 100;
    large.cache_read = 0;
    request_this (self, 9, large);
    assert_non_null (
        strstr (self->trace, "LEASE 1 histogram,entropy 128 samples by 32\n"));
    for (size_t n = 0; n < 128; n++) {
        const ink_msg_span_t *piece = &self->pieces[n];
        assert_true (piece->offset % 4096 == 0 || piece->offset == large.offset);
        assert_true (piece->length >= 4096 - 100 && piece->length < 8192);
        assert_int_equal ((piece->offset + piece->length) % 4096, 0);
    }
}

//  A sector may begin before the range: cells are taken from within, see write_lease.
static void
pieces_of_small_cells_lie_within_the_range (void **state)
{
    bench_t *self = *state;
    ink_msg_param_t cell = {.name = "cell", .value = 16, .text = ""};
    worker (self, 1);
    request (self, 9, "teach", "entropy", 0, 1);
    settle (self, 1);
    sink_replies (self, 1, 0, true, 1);
    self->file.size = (uint64_t) 1 << 30;
    for (uint64_t n = 0, lease = 2; n < 32; n++, lease += 2) {
        ink_msg_request_t narrow = wish_for (self, "a", "entropy", 0, 256);
        char id[16];
        snprintf (id, sizeof id, "a%d", (int) n);
        narrow.id = id;
        narrow.offset = 100 + 16 * n;
        self->kernels[0].params.items = &cell;
        self->kernels[0].params.size = 1;
        narrow.cache_read = 0;
        self->trace[0] = 0;
        request_this (self, 9, narrow);
        assert_non_null (strstr (self->trace, "samples"));
        cancel (self, 9, id);
        stopped (self, 1, lease);
        stopped (self, 1, lease + 1);
    }
}

//  ---------------------------------------------------------------------------------------
//  Of what

//  The pieces of a lease, in order, that begin in [from, from + bytes).
static size_t
pieces_in (const bench_t *self, size_t first, size_t count, uint64_t from, uint64_t bytes)
{
    size_t found = 0;
    for (size_t n = first; n < first + count; n++)
        found += self->pieces[n].offset >= from && self->pieces[n].offset - from < bytes;
    return found;
}

static void
each_batch_is_spread_over_what_is_not_known (void **state)
{
    bench_t *self = *state;
    teach (self);
    memset (self->known[0], 1, 16); //  Parts 0 to 15, and 40 to 55
    memset (self->known[0] + 40, 1, 16);
    ask (self, "a", "histogram", 0, 64);
    for (size_t batch = 0; batch < 4; batch++) {
        const size_t first = batch * 32;
        assert_int_equal (pieces_in (self, first, 32, 16 * PART, 24 * PART), 24);
        assert_int_equal (pieces_in (self, first, 32, 56 * PART, 8 * PART), 8);
        for (uint64_t p = 16; p < 40; p++) //  32 strata of a part each
            assert_int_equal (pieces_in (self, first, 32, p * PART, PART), 1);
    }
    for (size_t n = 0; n < 128; n++) //  An eighth of a stratum of 512 bytes, in one part
        assert_true (self->pieces[n].length == 64 &&
                     self->pieces[n].offset % PART <= PART - 64);
}

static void
pieces_of_a_large_range_are_sectors_of_4_kib (void **state)
{
    bench_t *self = *state;
    self->file.size = (uint64_t) 1 << 40;
    worker (self, 1);
    ink_msg_request_t large = wish_for (self, "a", "histogram", 0, 0);
    large.offset = 12345;
    large.length = ((uint64_t) 1 << 40) - 12345;
    large.chunk = (uint64_t) 4 << 20;
    large.cache_read = 0;
    request_this (self, 9, large);
    for (size_t n = 0; n < 128; n++)
        assert_true (
            self->pieces[n].length == 4096 &&
            (self->pieces[n].offset % 512 == 0 || self->pieces[n].offset == 12345));
    ink_msg_span_t before[128];
    memcpy (before, self->pieces, sizeof before);
    cancel (self, 9, "a");
    stopped (self, 1, 1);
    stopped (self, 1, 2);
    memset (self->pieces, 0, sizeof self->pieces);
    large.id = "b";
    request_this (self, 9, large); //  By chance, but the same chance
    assert_memory_equal (self->pieces, before, sizeof before);
}

static void
a_strand_that_lacks_something_else_is_sampled_by_itself (void **state)
{
    bench_t *self = *state;
    teach (self);
    memset (self->known[0], 1, 32);
    ask (self, "a", "histogram,digraph", 0, 64);
    self->trace[0] = 0;
    settle (self, 2);
    settle (self, 3);
    TOLD (self, "lane 1 < LEASE 4 digraph 128 samples by 32\n"
                "lane 1 < LEASE 5 digraph 128 samples by 32\n");
    assert_int_not_equal (pieces_in (self, 0, 128, 0, 32 * PART), 0);
}

//  ---------------------------------------------------------------------------------------
//  What becomes of them

static void
a_worker_that_is_lost_with_a_sample_costs_the_other_samples_and_blames_no_part (
    void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 64);
    self->trace[0] = 0;
    self->beats[1] = false;
    pass (self, 3 * SECOND);
    TOLD (self, "all < REVOKE [2 3]\n"
                "lane 1 closes\n");
    hello (self, 2, ALL_KERNELS);
    ready (self, 2);
    self->trace[0] = 0;
    proven (self);
    TOLD (self, "lane 2 < LEASE 4 histogram [0+1]\n"
                "lane 2 < LEASE 5 histogram [32+1]\n");
    greeting (self, 8); //  Nor when all is planned again
    stopped (self, 2, 4);
    assert_null (strstr (self->trace, "samples"));
    assert_non_null (strstr (self->trace, "LEASE 6 histogram"));
}

static void
a_sample_that_is_lost_with_a_sink_is_drawn_anew_with_all_others (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 64);
    self->trace[0] = 0;
    greeting (self, 8);
    assert_non_null (strstr (self->trace, "REVOKE [2 3]"));
    self->trace[0] = 0;
    stopped (self, 1, 2);
    stopped (self, 1, 3);
    TOLD (self, "lane 1 < LEASE 4 histogram 128 samples by 32\n"
                "lane 1 < LEASE 5 histogram 128 samples by 32\n");
}

static void
samples_of_a_request_that_ends_are_revoked (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 64);
    self->trace[0] = 0;
    cancel (self, 9, "a");
    TOLD (self, "client 9 < a.0 final 1 cancelled: 0+0 of 64\n"
                "sink < FORGET 2\n"
                "all < REVOKE [2 3]\n"
                "client 9 < CANCELLED a dropped 64 running 0\n");
}

static void
a_sample_of_a_source_that_has_changed_ends_the_request (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 64);
    self->trace[0] = 0;
    arrives (self, 2, 0, INK_EIO); //  Is just no sample
    TOLD (self, "");
    arrives (self, 2, 1, INK_ECHANGED);
    assert_non_null (strstr (self->trace, "a.0 final 1 source_changed"));
}

//  A value that names the slot of a sample, or a sample that names that of a part, settles
//  neither.
static void
samples_and_parts_are_not_taken_for_each_other (void **state)
{
    bench_t *self = *state;
    teach (self);
    ask (self, "a", "histogram", 0, 64);
    settle (self, 2);
    settle (self, 3);
    self->trace[0] = 0;
    self->samples[4] = true;
    settle (self, 4);
    TOLD (self, "");
    self->samples[4] = false;
    settle (self, 4);
    TOLD (self, "lane 1 < LEASE 6 histogram [16+1]\n");
}

//  ---------------------------------------------------------------------------------------
//  Ranges that are only sampled

static void
ask_for_share (bench_t *self, const char *id, uint64_t count, uint64_t millionths)
{
    ink_msg_request_t request = wish (self, id, "histogram", 0, count);
    request.sample = millionths;
    request_this (self, 9, request);
}

static void
of_a_range_that_is_only_sampled_the_first_places_are_computed (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    ask_for_share (self, "a", 64, 500000);
    assert_int_equal (self->places, 32); //  Every other part
    for (uint64_t lease = 1; self->slots[lease]; lease++)
        settle (self, lease);
    const ink_demand_t *demand = ink_foreman_demand (self->foreman, 1);
    for (uint64_t p = 0; p < 64; p++)
        assert_int_equal (demand->strands[0].states[p],
                          p % 2 ? INK_PART_SPARED : INK_PART_DONE);
    self->trace[0] = 0;
    sink_replies (self, 1, 0, true, 32);
    TOLD (self, "client 9 < a.0 final 1: 0+32 of 64\n"
                "sink < FORGET 1\n");
}

//  A few parts tell less of the whole than pieces from all over it.
static void
a_range_that_is_only_sampled_is_looked_at_all_over_however_short_it_is (void **state)
{
    bench_t *self = *state;
    worker (self, 1);
    ink_msg_request_t request = wish_for (self, "a", "histogram", 0, 64);
    request.sample = 500000;
    request_this (self, 9, request);
    assert_non_null (strstr (self->trace, "samples"));
}

static void
at_least_24_parts_are_computed_that_were_not_known (void **state)
{
    bench_t *self = *state;
    ask_for_share (self, "a", 64, 1);
    assert_int_equal (self->places, 24);
    for (uint64_t p = 0; p < 64; p += 2)
        self->known[0][p] = 1;
    ask_for_share (self, "b", 64, 1); //  32 known ones come first
    assert_int_equal (self->places, 56);
    ask_for_share (self, "c", 20, 1); //  There are no more than 10
    assert_int_equal (self->places, 31);
    ask_for_share (self, "d", 64, 1000000);
    assert_int_equal (self->places, 0);
}

static void
what_cannot_be_estimated_cannot_be_sampled (void **state)
{
    static const char *const kernels[] = {"entropy", "bytes", "count",
                                          "histogram,entropy"};
    bench_t *self = *state;
    for (size_t n = 0; n < sizeof kernels / sizeof *kernels; n++) {
        ink_msg_request_t request = wish (self, "a", kernels[n], 0, 64);
        request.sample = 1000;
        request_this (self, 9, request);
        TOLD (self, "client 9 < REFUSAL a bad_parameter\n");
    }
}

static void
parts_get_smaller_until_there_are_enough_unless_the_chunk_was_named (void **state)
{
    bench_t *self = *state;
    self->file.size = (uint64_t) 1 << 40;
    ink_msg_request_t request = wish (self, "a", "histogram", 0, 0);
    request.sample = 100000;
    request.cache_read = 0;
    request.chunk = 0;
    request.length = (uint64_t) 20 << 20;
    request_this (self, 9, request);
    assert_int_equal (ink_foreman_demand (self->foreman, 1)->chunk, 64 << 10);
    request.id = "b";
    request.length = (uint64_t) 100 << 20;
    request_this (self, 9, request);
    assert_int_equal (ink_foreman_demand (self->foreman, 2)->chunk, 256 << 10);
    request.id = "c";
    request.chunk = 1 << 20;
    request_this (self, 9, request);
    assert_int_equal (ink_foreman_demand (self->foreman, 3)->chunk, 1 << 20);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_range_that_takes_long_is_sampled_before_it_is_computed),
        STORY (a_short_range_is_not_sampled),
        STORY (while_no_speed_is_known_what_is_large_takes_long),
        STORY (who_wants_no_estimate_before_the_first_report_gets_no_samples),
        STORY (what_is_shorter_than_its_parts_could_be_is_not_sampled_by_cells),
        STORY (pieces_are_made_of_whole_cells),
        STORY (pieces_of_small_cells_lie_within_the_range),
        STORY (counts_are_sampled_together_and_cells_not_where_they_are_too_large),
        STORY (each_batch_is_spread_over_what_is_not_known),
        STORY (pieces_of_a_large_range_are_sectors_of_4_kib),
        STORY (a_strand_that_lacks_something_else_is_sampled_by_itself),
        STORY (
            a_worker_that_is_lost_with_a_sample_costs_the_other_samples_and_blames_no_part),
        STORY (a_sample_that_is_lost_with_a_sink_is_drawn_anew_with_all_others),
        STORY (samples_of_a_request_that_ends_are_revoked),
        STORY (a_sample_of_a_source_that_has_changed_ends_the_request),
        STORY (samples_and_parts_are_not_taken_for_each_other),
        STORY (of_a_range_that_is_only_sampled_the_first_places_are_computed),
        STORY (a_range_that_is_only_sampled_is_looked_at_all_over_however_short_it_is),
        STORY (at_least_24_parts_are_computed_that_were_not_known),
        STORY (what_cannot_be_estimated_cannot_be_sampled),
        STORY (parts_get_smaller_until_there_are_enough_unless_the_chunk_was_named),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

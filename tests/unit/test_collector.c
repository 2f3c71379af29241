//  test_collector.c: the brain of the sink.

#include "collector_bench.h"
#include "scarce.h"

//  ---------------------------------------------------------------------------------------
//  Values

static void
settled_comes_after_stored_and_before_the_final (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 2, 2);
    value (self, 2);
    assert_true (ink_collector_is_full (self->collector));
    value (self, 3);
    TOLD (self, "store\nstore\n");
    stored (self);
    assert_false (ink_collector_is_full (self->collector));
    TOLD (self, "settled after 1: 1.2 1.3\n"
                "final 1.0: 0+2\n");
    counted (self, 2, 2);
}

static void
the_first_value_of_a_part_counts (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    value (self, 0);
    value (self, 0);
    value (self, 1);
    TOLD (self, "store\nstore\n");
    stored (self);
    TOLD (self, "settled after 1: 1.0 1.0 1.1\nfinal 1.0: 0+2\n");
    counted (self, 0, 2);
}

static void
everybody_who_waits_gets_it_and_it_is_stored_once (void **state)
{
    bench_t *self = *state;
    self->write = false;
    expect (self, 1, 0, 1);
    self->write = true;
    expect (self, 2, 0, 1);
    expect (self, 3, 0, 2);
    value (self, 0);
    TOLD (self, "store\n");
    stored (self);
    TOLD (self, "settled after 3: 1.0\n"
                "final 1.0: 0+1\nfinal 2.0: 0+1\npartial 3.0: 0+1\n");
    counted (self, 0, 1);
}

static void
what_is_not_to_be_kept_is_not_stored (void **state)
{
    bench_t *self = *state;
    self->write = false;
    expect (self, 1, 0, 1);
    value (self, 0);
    TOLD (self, "");
}

static void
the_order_is_that_of_the_last_expectation_before_the_values (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 4);
    expect (self, 2, 8, 4);
    value (self, 0);
    expect (self, 3, 0, 4);
    value (self, 1);
    self->trace[0] = 0;
    stored (self);
    TOLD (self, "settled after 2: 1.0 1.1\npartial 1.0: 0+2\npartial 3.0: 0+1\n");
    value (self, 2);
    stored (self);
    TOLD (self, "store\nsettled after 3: 1.2\n");
}

static void
a_value_that_is_not_sound_is_told_of_and_not_merged (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    ink_payload_t *payload = pack (0, 1);
    ink_msg_t msg = value_of (self, 0, payload);
    msg.value.checksum++;
    step (self, INK_HEARD_WORKER, &msg, payload);
    payload = ink_payload_new (5);
    memset (ink_payload_data (payload), 'x', 5);
    msg = value_of (self, 1, payload);
    step (self, INK_HEARD_WORKER, &msg, payload);
    msg = value_of (self, 0, NULL);
    step (self, INK_HEARD_WORKER, &msg, NULL);
    TOLD (self, "");
    stored (self);
    TOLD (self, "settled after 1: 1.0 bad_value 1.1 bad_value 1.0 bad_value\n");
}

static void
an_error_is_passed_on_and_one_nobody_knows_is_a_bad_value (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    ink_msg_t msg = value_of (self, 0, NULL);
    msg.value.error = INK_EIO;
    step (self, INK_HEARD_WORKER, &msg, NULL);
    msg.value.error = UINT32_MAX;
    step (self, INK_HEARD_WORKER, &msg, NULL);
    stored (self);
    TOLD (self, "settled after 1: 1.0 io_error 1.0 bad_value\n");
}

static void
values_nobody_waits_for_are_settled_only (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    value (self, 9);
    stored (self);
    TOLD (self, "settled after 1: 1.9\n");
}

static void
values_of_a_life_that_is_over_are_nothing (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    self->epoch++;
    value (self, 0);
    assert_false (ink_collector_is_full (self->collector));
    TOLD (self, "");
}

static void
a_probe_is_passed_on (void **state)
{
    bench_t *self = *state;
    ink_msg_t msg = {.kind = INK_MSG_PROBE, .probe = {EPOCH, 1, 1}};
    step (self, INK_HEARD_WORKER, &msg, NULL);
    TOLD (self, "");
    greet (self);
    step (self, INK_HEARD_WORKER, &msg, NULL);
    TOLD (self, "PROBE\n");
}

//  ---------------------------------------------------------------------------------------
//  What the cache knew, and what fails

static void
what_was_known_counts_as_cached (void **state)
{
    bench_t *self = *state;
    self->knowns = 1;
    expect (self, 1, 0, 4);
    known (self, 1, 1, 3);
    TOLD (self, "");
    value (self, 0);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.0\nfinal 1.0: 3+1\n");
    counted (self, 0, 4);
}

static void
what_the_client_was_told_of_is_not_told_again (void **state)
{
    bench_t *self = *state;
    self->reports[0].millionths = INK_MILLION / 2;
    self->report_count = 1;
    self->knowns = 1;
    expect (self, 1, 0, 4);
    known (self, 1, 0, 2);
    TOLD (self, "");
    value (self, 2);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.2\n");
}

//  The report is due with what was known, and nobody has sent it.
static void
what_the_client_was_not_told_of_is_told (void **state)
{
    bench_t *self = *state;
    self->reports[0].millionths = INK_MILLION / 2;
    self->report_count = 1;
    self->knowns = 1;
    self->untold = true;
    expect (self, 1, 0, 4);
    known (self, 1, 0, 2);
    TOLD (self, "partial 1.0: 2+0\n");
    counted (self, 0, 2);
}

//  A kin's lease may bring a value between EXPECT and what was known of it.
static void
values_wait_for_what_was_known (void **state)
{
    bench_t *self = *state;
    self->knowns = 1;
    expect (self, 1, 0, 4);
    value (self, 2);
    stored (self);
    TOLD (self, "settled after 0: 1.2\n");
    known (self, 1, 1, 3);
    value (self, 0);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.0\nfinal 1.0: 3+1\n");
    counted (self, 0, 4);
}

static void
a_part_that_is_known_twice_counts_once (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    value (self, 0);
    stored (self);
    self->trace[0] = 0;
    known (self, 1, 0, 1);
    TOLD (self, "");
    known (self, 1, 1, 1);
    TOLD (self, "final 1.0: 1+1\n");
    counted (self, 0, 2);
}

static void
what_is_known_wrongly_ends_the_kernel_with_an_error (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 4);
    value (self, 0);
    known (self, 1, 3, 2);
    TOLD (self, "store\nfinal 1.0: 0+0 bad_message\n");
    stored (self);
    TOLD (self, "settled after 1: 1.0\n");
    resend (self, 1);
    TOLD (self, "final 1.0: 0+0 bad_message\n");
}

static void
failures_come_in_any_order_and_adjacent_ones_are_joined (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 8);
    failed (self, 1, 6, INK_EIO);
    failed (self, 1, 6, INK_EIO);
    failed (self, 1, 3, INK_ELOST);
    failed (self, 1, 2, INK_EIO);
    failed (self, 1, 1, INK_EIO);
    failed (self, 1, 99, INK_EIO);
    self->trace[0] = 0;
    value (self, 0);
    value (self, 4);
    value (self, 5);
    value (self, 7);
    self->trace[0] = 0;
    stored (self);
    TOLD (self, "settled after 1: 1.0 1.4 1.5 1.7\n"
                "final 1.0: 0+4 without [1+2] io_error without [3+1] worker_lost"
                " without [6+1] io_error\n");
}

static void
a_request_of_which_everything_fails_still_ends (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 1);
    failed (self, 1, 0, INK_ELOST);
    TOLD (self, "final 1.0: 0+0 without [0+1] worker_lost\n");
}

static void
what_this_sink_cannot_do_ends_at_once (void **state)
{
    bench_t *self = *state;
    expect_kernel (self, "nonsense", 1, 0, 1);
    TOLD (self, "final 1.0: 0+0 unknown_kernel\n");
    expect (self, 2, PARTS, 1);
    TOLD (self, "final 2.0: 0+0 bad_message\n");
}

//  ---------------------------------------------------------------------------------------
//  Replies in time

static void
partials_come_every_50_ms (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 8);
    value (self, 0);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.0\npartial 1.0: 0+1\n");
    self->now += 20 * MS;
    value (self, 1);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.1\n");
    assert_int_equal (ink_collector_deadline (self->collector), self->now + 30 * MS);
    self->now += 30 * MS;
    tick (self);
    TOLD (self, "partial 1.0: 0+2\n");
    self->now += 500 * MS;
    tick (self);
    TOLD (self, "");
}

static void
partials_come_at_the_completions_that_were_asked_for (void **state)
{
    bench_t *self = *state;
    self->reports[0].millionths = 500000;
    self->report_count = 1;
    expect (self, 1, 0, 4);
    value (self, 0);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.0\n");
    value (self, 1);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.1\npartial 1.0: 0+2\n");
    value (self, 2);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.2\n");
}

static void
partials_are_as_coarse_as_was_asked_and_finals_as_fine_as_can_be (void **state)
{
    bench_t *self = *state;
    const uint8_t means[] = {10, 21, 60, 250};
    self->reports[0] = (ink_msg_report_t){500000, 5 * PART};
    self->report_count = 1;
    expect_kernel (self, "byteplot", 1, 0, 4);
    for (uint64_t n = 0; n < 4; n++) {
        ink_payload_t *payload = ink_payload_new (1);
        *(uint8_t *) ink_payload_data (payload) = means[n];
        ink_msg_t msg = value_of (self, n, payload);
        step (self, INK_HEARD_WORKER, &msg, payload);
        self->trace[0] = 0;
        stored (self);
        if (n == 1) {
            TOLD (self, "settled after 1: 1.1\npartial 1.0: 0+2 at 16384\n");
            assert_int_equal (((uint8_t *) self->cells)[0], 16); //  Of what is known
        }
    }
    TOLD (self, "settled after 1: 1.3\nfinal 1.0: 0+4\n");
    assert_memory_equal (self->cells, means, 4);
}

static void
a_final_is_kept_and_sent_again_until_it_is_forgotten (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 1);
    resend (self, 1);
    TOLD (self, "");
    value (self, 0);
    stored (self);
    self->trace[0] = 0;
    resend (self, 1);
    TOLD (self, "final 1.0: 0+1\n");
    counted (self, 0, 1);
    forget (self, 1, false);
    resend (self, 1);
    TOLD (self, "");
}

//  ---------------------------------------------------------------------------------------
//  Memory

static int
story (bench_t *self)
{
    int rc = greet (self);
    rc = rc ? rc : expect (self, 1, 0, 4);
    rc = rc ? rc : value (self, 0);
    rc = rc ? rc : known (self, 1, 1, 1);
    rc = rc ? rc : failed (self, 1, 2, INK_EIO);
    rc = rc ? rc : stored (self);
    rc = rc ? rc : expect (self, 2, 0, 4);
    rc = rc ? rc : value (self, 3);
    rc = rc ? rc : stored (self);
    return rc ? rc : forget (self, 2, true);
}

static void
memory_may_run_out_at_any_moment (void **state)
{
    (void) state;
    bool whole = false;
    for (size_t left = 0; !whole; left++) {
        bench_t self = {.now = SECOND, .epoch = EPOCH, .peer = PEER, .write = true};
        scarce_begin (left);
        self.collector = ink_collector_new (1000);
        int rc = self.collector ? story (&self) : INK_ENOMEM;
        assert_true (rc == INK_OK || rc == INK_ENOMEM);
        whole = rc == INK_OK && scarce_count <= left;
        scarce_end ();
        ink_collector_destroy (&self.collector);
    }
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (settled_comes_after_stored_and_before_the_final),
        STORY (the_first_value_of_a_part_counts),
        STORY (everybody_who_waits_gets_it_and_it_is_stored_once),
        STORY (what_is_not_to_be_kept_is_not_stored),
        STORY (the_order_is_that_of_the_last_expectation_before_the_values),
        STORY (a_value_that_is_not_sound_is_told_of_and_not_merged),
        STORY (an_error_is_passed_on_and_one_nobody_knows_is_a_bad_value),
        STORY (values_nobody_waits_for_are_settled_only),
        STORY (values_of_a_life_that_is_over_are_nothing),
        STORY (a_probe_is_passed_on),
        STORY (what_was_known_counts_as_cached),
        STORY (what_the_client_was_told_of_is_not_told_again),
        STORY (what_the_client_was_not_told_of_is_told),
        STORY (values_wait_for_what_was_known),
        STORY (a_part_that_is_known_twice_counts_once),
        STORY (what_is_known_wrongly_ends_the_kernel_with_an_error),
        STORY (failures_come_in_any_order_and_adjacent_ones_are_joined),
        STORY (a_request_of_which_everything_fails_still_ends),
        STORY (what_this_sink_cannot_do_ends_at_once),
        STORY (partials_come_every_50_ms),
        STORY (partials_come_at_the_completions_that_were_asked_for),
        STORY (partials_are_as_coarse_as_was_asked_and_finals_as_fine_as_can_be),
        STORY (a_final_is_kept_and_sent_again_until_it_is_forgotten),
        cmocka_unit_test (memory_may_run_out_at_any_moment),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

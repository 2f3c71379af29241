//  test_session_silence.c: what a session does about silence, loss and restarts.

#include "session_bench.h"

static void
pings_go_out_each_second_while_something_is_on_its_way (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    assert_true (ink_session_deadline (self->session) == self->now + SECOND);
    tick (self, SECOND - 1);
    SAID (self, "");
    tick (self, 1);
    SAID (self, "ping - 2");
    pong (self, 2, 1);
    final (self, "r", 0, 1, 0);
    tick (self, SECOND);
    SAID (self, "");
}

static void
another_epoch_issues_again_what_has_no_final (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "done", 1);
    final (self, "done", 0, 1, 0);
    submit (self, "r", 2);
    final (self, "r", 1, 4, 0);
    partial (self, "r", 0, 9);
    tick (self, SECOND);
    pong (self, 2, 55);
    assert_true (ink_session_deadline (self->session) <= self->now);
    tick (self, 0);
    SAID (self, "request r 2");
    //  The seq of the new ventilator starts over; that of the application does not
    partial (self, "r", 0, 1);
    SAID (self, "replace r 10, taken r 9");
    final (self, "r", 1, 2, 0);
    SAID (self, "");
    final (self, "r", 0, 3, 0);
    SAID (self, "deliver r 11");
    assert_int_equal (ink_session_counters (self->session)->again, 1);
}

static void
the_same_epoch_and_an_old_pong_change_nothing (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    tick (self, SECOND);
    pong (self, 1, 99);
    pong (self, 2, 1);
    tick (self, 0);
    SAID (self, "");
}

static void
a_quiet_request_is_issued_again (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    for (uint64_t n = 2; n < 6; n++) {
        tick (self, SECOND);
        pong (self, n, 1);
    }
    partial (self, "r", 0, 1); //  A sign of life: quiet from now on
    for (uint64_t n = 6; n < 10; n++) {
        tick (self, SECOND);
        pong (self, n, 1);
    }
    tick (self, SECOND);
    SAID (self, "ping - 10, request r 1");
}

static void
a_final_of_a_ventilator_that_started_over_is_taken_whatever_its_seq (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    partial (self, "r", 0, 8);
    final (self, "r", 0, 2, 0);
    SAID (self, "deliver r 9");
}

static void
silence_makes_the_connection_anew_and_issues_again (void **state)
{
    bench_t *self = *state;
    meet (self);
    self->now += 10 * SECOND; //  Nothing on its way: no silence
    submit (self, "r", 1);
    tick (self, SECOND);
    tick (self, SECOND);
    tick (self, SECOND);
    SAID (self, "reconnect - 0, ping - 4, request r 1");
    tick (self, 3 * SECOND);
    SAID (self, "reconnect - 0, ping - 5, request r 1");
    assert_int_equal (ink_session_counters (self->session)->reconnects, 2);
}

static void
without_any_contact_requests_end_after_three_seconds (void **state)
{
    bench_t *self = *state;
    const int64_t start = self->now;
    submit (self, "r", 2);
    wait_in_silence (self, start + 3 * SECOND - 1);
    assert_int_equal (self->waiting, 0);
    wait_in_silence (self, start + 3 * SECOND);
    assert_int_equal (self->waiting, 2);
    expect_final (self, "r", "a", INK_EUNREACHABLE);
    expect_final (self, "r", "b", INK_EUNREACHABLE);
    assert_true (ink_session_deadline (self->session) == INK_SESSION_NEVER);
    assert_int_equal (ink_session_counters (self->session)->reconnects, 0);
}

static void
after_a_contact_requests_end_after_thirty_seconds_of_silence (void **state)
{
    bench_t *self = *state;
    meet (self);
    const int64_t start = self->now;
    submit (self, "r", 1);
    wait_in_silence (self, start + 30 * SECOND - 1);
    assert_int_equal (self->waiting, 0);
    wait_in_silence (self, start + 30 * SECOND);
    expect_final (self, "r", "a", INK_EUNREACHABLE);
    assert_int_equal (ink_session_counters (self->session)->reconnects, 9);
}

static void
a_contact_in_time_saves_the_request (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    wait_in_silence (self, self->now + 29 * SECOND);
    hear (self, (ink_msg_t){.kind = INK_MSG_AGAIN});
    wait_in_silence (self, self->now + 29 * SECOND);
    assert_int_equal (self->waiting, 0);
}

static void
a_request_whose_timeout_the_ventilator_forgot_ends_here (void **state)
{
    bench_t *self = *state;
    meet (self);
    ink_request_t *request = make ("r", 1);
    ink_request_set_timeout (request, 100);
    submit_this (self, request);
    const int64_t end = self->now + 100 * MS + 5 * SECOND;
    for (uint64_t n = 2; ink_session_deadline (self->session) < end; n++) {
        tick (self, ink_session_deadline (self->session) - self->now);
        pong (self, n, 1);
    }
    tick (self, end - self->now);
    SAID (self, "deliver r 1, cancel r 0");
    expect_final (self, "r", "a", INK_ETIMEOUT);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST (pings_go_out_each_second_while_something_is_on_its_way),
        TEST (another_epoch_issues_again_what_has_no_final),
        TEST (the_same_epoch_and_an_old_pong_change_nothing),
        TEST (a_quiet_request_is_issued_again),
        TEST (a_final_of_a_ventilator_that_started_over_is_taken_whatever_its_seq),
        TEST (silence_makes_the_connection_anew_and_issues_again),
        TEST (without_any_contact_requests_end_after_three_seconds),
        TEST (after_a_contact_requests_end_after_thirty_seconds_of_silence),
        TEST (a_contact_in_time_saves_the_request),
        TEST (a_request_whose_timeout_the_ventilator_forgot_ends_here),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

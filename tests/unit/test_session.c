//  test_session.c: the life of a request, cancelling, asking, and memory that fails.

#include "session_bench.h"

//  --------------------------------------------------------------------------------------
//  A request's life

static void
the_first_ping_is_due_at_once_and_no_other_while_nothing_is_on_its_way (void **state)
{
    bench_t *self = *state;
    assert_true (ink_session_deadline (self->session) == self->now);
    meet (self);
    assert_true (ink_session_deadline (self->session) == INK_SESSION_NEVER);
    tick (self, 60 * SECOND);
    SAID (self, "");
}

static void
a_request_goes_from_submit_to_its_last_final (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 2);
    SAID (self, "request r 2");
    partial (self, "r", 0, 1);
    SAID (self, "deliver r 1");
    drop_next (self);
    SAID (self, "taken r 1");
    final (self, "r", 0, 2, 0);
    SAID (self, "deliver r 2");
    assert_false (self->queue[0]->last);
    final (self, "r", 1, 3, 0);
    assert_true (self->queue[1]->last);
    expect_final (self, "r", "a", INK_OK);
    SAID (self, "");
    expect_final (self, "r", "b", INK_OK);
    assert_true (ink_session_deadline (self->session) == INK_SESSION_NEVER);
}

//  Doubles count as well: they too lay in the connection.
static void
the_ventilator_is_told_what_was_read (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    SAID (self, "request r 1");
    partial (self, "r", 0, 1);
    SAID (self, "deliver r 1");
    for (uint64_t n = 2; n < 64; n++)
        partial (self, "r", 0, 1);
    assert_null (strstr (self->trace, "read"));
    partial (self, "r", 0, 1);
    assert_non_null (strstr (self->trace, "read - 64"));
}

static void
large_replies_are_told_of_at_once (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    SAID (self, "request r 1");
    ink_payload_t *payload = ink_payload_new (1 << 20);
    const ink_msg_t msg = {.kind = INK_MSG_REPLY,
                           .reply = {.id = "r", .seq = 1, .final = 1, .detail = ""}};
    step (self, (ink_session_event_t){
                    .kind = INK_SESSION_MESSAGE, .msg = &msg, .payload_p = &payload});
    SAID (self, "read - 1, deliver r 1");
}

static void
a_reply_says_what_the_message_says (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    const ink_msg_failure_t failures[] = {{4, 2, INK_EIO}, {9, 1, 77777}};
    ink_payload_t *payload = ink_payload_new (3);
    memcpy (ink_payload_data (payload), "abc", 3);
    const ink_msg_t msg = {.kind = INK_MSG_REPLY,
                           .reply = {.id = "r",
                                     .seq = 7,
                                     .final = 1,
                                     .detail = "why",
                                     .total = 100,
                                     .cached = 10,
                                     .computed = 20,
                                     .estimated = 30,
                                     .bound = 1500,
                                     .elapsed_us = 2500,
                                     .failures = {failures, 2}}};
    step (self, (ink_session_event_t){
                    .kind = INK_SESSION_MESSAGE, .msg = &msg, .payload_p = &payload});
    assert_null (payload);
    ink_reply_t *reply = take (self);
    assert_string_equal (ink_reply_status (reply), "partial");
    assert_string_equal (ink_reply_detail (reply), "why");
    assert_true (ink_reply_seq (reply) == 7 && ink_reply_total (reply) == 100);
    assert_true (ink_reply_cached (reply) == 10 && ink_reply_computed (reply) == 20);
    assert_true (ink_reply_estimated (reply) == 30);
    assert_float_equal (ink_reply_bound (reply), 0.0015, 1e-9);
    assert_float_equal (ink_reply_elapsed_ms (reply), 2.5, 1e-9);
    assert_int_equal (ink_reply_size (reply), 3);
    assert_memory_equal (ink_reply_data (reply), "abc", 3);
    assert_int_equal (ink_reply_failures (reply), 2);
    assert_true (ink_reply_failure (reply, 0)->offset == 4);
    assert_int_equal (ink_reply_failure (reply, 0)->error, INK_EIO);
    assert_int_equal (ink_reply_failure (reply, 1)->error, INK_EMESSAGE);
    assert_null (ink_reply_failure (reply, 2));
    ink_reply_destroy (&reply);
}

static void
a_payload_nobody_waits_for_stays_with_the_shell (void **state)
{
    bench_t *self = *state;
    ink_payload_t *payload = ink_payload_new (3);
    const ink_msg_t msg = {.kind = INK_MSG_REPLY, .reply = {.id = "unknown"}};
    step (self, (ink_session_event_t){
                    .kind = INK_SESSION_MESSAGE, .msg = &msg, .payload_p = &payload});
    assert_non_null (payload);
    ink_payload_destroy (&payload);
}

static void
replies_that_are_known_are_not_delivered_again (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 2);
    partial (self, "r", 0, 5);
    partial (self, "r", 0, 5);
    SAID (self, "taken r 5"); //  A ventilator that starts over must not wait for it
    partial (self, "r", 0, 4);
    SAID (self, "taken r 4");
    final (self, "r", 0, 6, 0);
    final (self, "r", 0, 6, 0);
    SAID (self, "");
    partial (self, "r", 0, 7);
    SAID (self, "");
    assert_int_equal (self->waiting, 2);
    assert_int_equal (ink_session_counters (self->session)->doubles, 4);
}

static void
a_final_behind_the_last_one_is_ignored (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    final (self, "r", 0, 1, 0);
    final (self, "r", 0, 1, 0);
    SAID (self, "");
    assert_int_equal (ink_session_counters (self->session)->ignored, 1);
}

static void
messages_without_meaning_are_counted (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    hear (self, (ink_msg_t){.kind = INK_MSG_AGAIN});
    partial (self, "r", 1, 1);           //  No such kernel
    partial (self, "of another", 0, 1);  //  No such request, nor an id
    pong (self, 9, 1);                   //  Never asked
    refusal (self, "", INK_EMESSAGE);    //  Of nothing we know
    refusal (self, "r", INK_ENOREQUEST); //  Of a TAKEN
    assert_int_equal (ink_session_counters (self->session)->ignored, 6);
    assert_int_equal (self->waiting, 0);
}

static void
an_untaken_partial_is_replaced_and_counts_as_taken (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    partial (self, "r", 0, 1);
    partial (self, "r", 0, 2);
    SAID (self, "replace r 2, taken r 1");
    assert_int_equal (self->waiting, 1);
    final (self, "r", 0, 3, 0);
    SAID (self, "deliver r 3");
    drop_next (self);
    SAID (self, ""); //  After the final nobody waits for it
    expect_final (self, "r", "a", INK_OK);
}

static void
a_refusal_ends_every_kernel (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 2);
    refusal (self, "r", INK_ENOROOT);
    SAID (self, "deliver r 1, deliver r 1");
    ink_reply_t *reply = take (self);
    assert_string_equal (ink_reply_status (reply), "failed");
    assert_string_equal (ink_reply_detail (reply), "because");
    assert_int_equal (ink_reply_error (reply), INK_ENOROOT);
    assert_null (ink_reply_data (reply));
    assert_true (ink_reply_bound (reply) < 0);
    ink_reply_destroy (&reply);
    expect_final (self, "r", "b", INK_ENOROOT);
}

static void
a_refusal_without_a_known_error_is_one_all_the_same (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    refusal (self, "r", 0);
    expect_final (self, "r", "a", INK_EMESSAGE);
    submit (self, "s", 1);
    refusal (self, "s", 99999);
    expect_final (self, "s", "a", INK_EMESSAGE);
}

static void
the_same_request_attaches_and_another_of_its_id_does_not (void **state)
{
    bench_t *self = *state;
    ink_request_t *request = make ("r", 1);
    submit_this (self, ink_request_copy (request));
    assert_int_equal (submit_this (self, ink_request_copy (request)), INK_OK);
    SAID (self, "");
    ink_request_set_range (request, 1, 2);
    assert_int_equal (submit_this (self, request), INK_ECONFLICT);
    final (self, "r", 0, 1, 0);
    assert_int_equal (self->waiting, 1);
}

static void
places_are_free_again_when_the_last_final_was_taken (void **state)
{
    bench_t *self = *state;
    ink_session_limits_t limits = ink_session_usual;
    limits.requests = 2;
    ink_session_destroy (&self->session);
    self->session = ink_session_new (&limits, self->now);
    assert_int_equal (submit (self, "a", 2), INK_OK);
    assert_int_equal (submit (self, "b", 1), INK_OK);
    assert_int_equal (submit (self, "c", 1), INK_EBUSY);
    final (self, "a", 0, 1, 0);
    final (self, "a", 1, 2, 0);
    assert_int_equal (submit (self, "c", 1), INK_EBUSY);
    drop_next (self);
    assert_int_equal (submit (self, "c", 1), INK_EBUSY);
    drop_next (self);
    assert_int_equal (submit (self, "c", 1), INK_OK);
}

//  --------------------------------------------------------------------------------------
//  Cancelling and asking

static void
a_cancelled_request_ends_when_the_ventilator_says_so (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 2);
    assert_int_equal (cancel (self, "r"), INK_OK);
    SAID (self, "cancel r 0");
    assert_int_equal (cancel (self, "r"), INK_OK);
    SAID (self, "");
    final (self, "r", 0, 1, 0); //  Was on its way
    final (self, "r", 1, 2, INK_ECANCELLED);
    hear (self, (ink_msg_t){.kind = INK_MSG_CANCELLED, .cancelled = {.id = "r"}});
    SAID (self, "");
    expect_final (self, "r", "a", INK_OK);
    assert_string_equal (ink_reply_status (self->queue[0]), "cancelled");
    expect_final (self, "r", "b", INK_ECANCELLED);
    assert_int_equal (cancel (self, "r"), INK_ENOREQUEST);
}

static void
a_cancel_nobody_answers_ends_the_request_in_a_second (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 2);
    final (self, "r", 0, 1, 0);
    cancel (self, "r");
    wait_in_silence (self, self->now + SECOND - 1);
    assert_int_equal (self->waiting, 1);
    wait_in_silence (self, self->now + 1);
    expect_final (self, "r", "a", INK_OK);
    expect_final (self, "r", "b", INK_ECANCELLED);
    assert_int_equal (self->waiting, 0);
}

static void
a_cancel_of_what_the_ventilator_does_not_know_ends_it_at_once (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    cancel (self, "r");
    refusal (self, "r", INK_ENOREQUEST);
    expect_final (self, "r", "a", INK_ECANCELLED);
}

static void
a_cancel_before_any_contact_ends_the_request_at_once (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 1);
    cancel (self, "r");
    SAID (self, "deliver r 1, cancel r 0");
    expect_final (self, "r", "a", INK_ECANCELLED);
}

//  A ventilator may hear of them again in any order, and must know which view is the last.
static void
requests_are_counted_and_keep_their_number_when_issued_again (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    assert_int_equal (self->move, 1);
    submit (self, "s", 1);
    assert_int_equal (self->move, 2);
    cancel (self, "s");
    tick (self, 6 * SECOND);
    assert_non_null (strstr (self->trace, "request r"));
    assert_int_equal (self->move, 1);
    submit (self, "t", 1);
    assert_int_equal (self->move, 3);
}

static void
a_cancelled_request_is_cancelled_again_by_a_new_epoch (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    tick (self, SECOND);
    cancel (self, "r");
    pong (self, 2, 7);
    tick (self, 0);
    SAID (self, "cancel r 0");
}

static void
another_clients_request_is_cancelled_with_an_answer (void **state)
{
    bench_t *self = *state;
    meet (self);
    cancel_other (self, "x", SECOND);
    SAID (self, "cancel x 0");
    hear (self, (ink_msg_t){.kind = INK_MSG_CANCELLED, .cancelled = {.id = "y"}});
    SAID (self, "");
    hear (self, (ink_msg_t){.kind = INK_MSG_CANCELLED, .cancelled = {.id = "x"}});
    SAID (self, "answer ok 0");
    cancel_other (self, "x", SECOND);
    refusal (self, "x", INK_ENOREQUEST);
    SAID (self, "answer no_such_request 0");
    cancel_other (self, "not an id", SECOND);
    SAID (self, "answer no_such_request 0");
}

static void
cancelling_as_another_what_is_our_own_is_answered_at_once (void **state)
{
    bench_t *self = *state;
    submit (self, "r", 8);
    cancel_other (self, "r", SECOND);
    assert_int_equal (self->answers, 1);
    assert_int_equal (self->answer, INK_OK);
    assert_int_equal (self->waiting, 8);
}

static void
status_is_answered_by_the_ventilators_message (void **state)
{
    bench_t *self = *state;
    meet (self);
    ask (self, SECOND);
    SAID (self, "ask - 0");
    hear (self, (ink_msg_t){.kind = INK_MSG_STATUS});
    SAID (self, "answer ok 1");
    hear (self, (ink_msg_t){.kind = INK_MSG_STATUS});
    SAID (self, "");
}

static void
an_answer_that_does_not_come_is_unreachable (void **state)
{
    bench_t *self = *state;
    meet (self);
    ask (self, 200 * MS);
    wait_in_silence (self, self->now + 200 * MS - 1);
    assert_int_equal (self->answers, 0);
    wait_in_silence (self, self->now + 1);
    assert_int_equal (self->answers, 1);
    assert_int_equal (self->answer, INK_EUNREACHABLE);
    cancel_other (self, "x", 0);
    wait_in_silence (self, self->now);
    assert_int_equal (self->answers, 2);
}

static void
asking_for_ever_ends_with_the_patience_for_a_first_contact (void **state)
{
    bench_t *self = *state;
    step (self,
          (ink_session_event_t){.kind = INK_SESSION_ASK, .until = INK_SESSION_NEVER});
    wait_in_silence (self, self->now + 3 * SECOND);
    assert_int_equal (self->answers, 1);
    assert_int_equal (self->answer, INK_EUNREACHABLE);
}

static void
closing_cancels_what_runs (void **state)
{
    bench_t *self = *state;
    meet (self);
    submit (self, "r", 1);
    submit (self, "s", 1);
    final (self, "r", 0, 1, 0);
    step (self, (ink_session_event_t){.kind = INK_SESSION_CLOSE});
    SAID (self, "cancel s 0");
}

//  --------------------------------------------------------------------------------------
//  Memory

static int countdown = -1;

static void *
failing (void *old, size_t size)
{
    return countdown >= 0 && countdown-- == 0 ? NULL : realloc (old, size);
}

//  A life with everything in it, of which the n-th allocation fails. A step that runs out
//  of memory is tried again; the story must come out the same.
static void
live (bench_t *self, int nth)
{
    ink_request_t *request = make ("r", 3);
    ink_request_t *copies[3];
    for (int n = 0; n < 3; n++)
        copies[n] = ink_request_copy (request);
    ink_request_destroy (&request);
    ink_request_set_id (copies[1], "s");
    ink_request_set_id (copies[2], "t");
    const ink_msg_t replies[] = {
        {.kind = INK_MSG_REPLY, .reply = {.id = "r", .seq = 1}},
        {.kind = INK_MSG_REPLY, .reply = {.id = "r", .seq = 2, .final = 1}},
        {.kind = INK_MSG_REFUSAL, .refusal = {.id = "s", .error = INK_EIO, .detail = ""}},
    };
    ink_session_event_t events[] = {
        {.kind = INK_SESSION_SUBMIT, .request = copies[0]},
        {.kind = INK_SESSION_SUBMIT, .request = copies[1]},
        {.kind = INK_SESSION_MESSAGE, .msg = &replies[0]},
        {.kind = INK_SESSION_MESSAGE, .msg = &replies[1]},
        {.kind = INK_SESSION_MESSAGE, .msg = &replies[2]},
        {.kind = INK_SESSION_CANCEL, .id = "r"},
        {.kind = INK_SESSION_SUBMIT, .request = copies[2]},
        {.kind = INK_SESSION_TIMER},
    };
    const size_t count = sizeof events / sizeof *events;
    countdown = nth;
    for (size_t n = 0; n < count; n++) {
        if (n == count - 1)
            self->now += 100 * SECOND;
        int rc = step (self, events[n]);
        if (rc == INK_ENOMEM)
            rc = step (self, events[n]);
        assert_int_equal (rc, INK_OK);
    }
}

static void
check_life (bench_t *self)
{
    assert_int_equal (self->waiting, 10);
    drop_next (self);
    expect_final (self, "r", "a", INK_OK);
    expect_final (self, "s", "a", INK_EIO);
    expect_final (self, "s", "b", INK_EIO);
    expect_final (self, "s", "c", INK_EIO);
    size_t cancelled = 0, lost = 0;
    while (self->waiting) {
        ink_reply_t *reply = take (self);
        cancelled += ink_reply_error (reply) == INK_ECANCELLED;
        lost += ink_reply_error (reply) == INK_EUNREACHABLE;
        ink_reply_destroy (&reply);
    }
    assert_int_equal (cancelled, 2);
    assert_int_equal (lost, 3);
}

static void
when_any_allocation_fails_the_step_can_be_tried_again (void **state)
{
    (void) state;
    bool failed = true;
    for (int n = 0; failed; n++) {
        bench_t *self;
        setup ((void **) &self);
        ink_memory_realloc = failing;
        live (self, n);
        failed = countdown == -1;
        countdown = -1;
        ink_memory_realloc = realloc;
        check_life (self);
        teardown ((void **) &self);
    }
}

static void
without_memory_there_is_no_session (void **state)
{
    (void) state;
    ink_memory_realloc = failing;
    for (int n = 0; n < 2; n++) {
        countdown = n;
        assert_null (ink_session_new (&ink_session_usual, 0));
    }
    countdown = -1;
    ink_memory_realloc = realloc;
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST (the_first_ping_is_due_at_once_and_no_other_while_nothing_is_on_its_way),
        TEST (a_request_goes_from_submit_to_its_last_final),
        TEST (the_ventilator_is_told_what_was_read),
        TEST (large_replies_are_told_of_at_once),
        TEST (a_reply_says_what_the_message_says),
        TEST (a_payload_nobody_waits_for_stays_with_the_shell),
        TEST (replies_that_are_known_are_not_delivered_again),
        TEST (a_final_behind_the_last_one_is_ignored),
        TEST (messages_without_meaning_are_counted),
        TEST (an_untaken_partial_is_replaced_and_counts_as_taken),
        TEST (a_refusal_ends_every_kernel),
        TEST (a_refusal_without_a_known_error_is_one_all_the_same),
        TEST (the_same_request_attaches_and_another_of_its_id_does_not),
        TEST (places_are_free_again_when_the_last_final_was_taken),
        TEST (a_cancelled_request_ends_when_the_ventilator_says_so),
        TEST (a_cancel_nobody_answers_ends_the_request_in_a_second),
        TEST (a_cancel_of_what_the_ventilator_does_not_know_ends_it_at_once),
        TEST (a_cancel_before_any_contact_ends_the_request_at_once),
        TEST (requests_are_counted_and_keep_their_number_when_issued_again),
        TEST (a_cancelled_request_is_cancelled_again_by_a_new_epoch),
        TEST (another_clients_request_is_cancelled_with_an_answer),
        TEST (cancelling_as_another_what_is_our_own_is_answered_at_once),
        TEST (status_is_answered_by_the_ventilators_message),
        TEST (an_answer_that_does_not_come_is_unreachable),
        TEST (asking_for_ever_ends_with_the_patience_for_a_first_contact),
        TEST (closing_cancels_what_runs),
        TEST (when_any_allocation_fails_the_step_can_be_tried_again),
        TEST (without_memory_there_is_no_session),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

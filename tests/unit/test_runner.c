//  test_runner.c: the brain of the worker.
//
//  What the runner wants done is compared as a line of words.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "inkling/error.h"
#include "protocol/codec.h"
#include "worker/runner.h"
#include "scarce.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)
#define EPOCH 5
#define WORKER 3

typedef struct {
    ink_runner_t *runner;
    int64_t now;
    char trace[512];
} bench_t;

static int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    self->now = 1000 * SECOND;
    self->runner = ink_runner_new (77);
    *state = self;
    return !self->runner;
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    ink_runner_destroy (&self->runner);
    free (self);
    return 0;
}

static void
note (bench_t *self, const ink_work_action_t *action)
{
    static const char *const words[] = {"hello", "connect", "say", "beat", "pass"};
    size_t size = strlen (self->trace);
    char what[64] = "";
    if (action->kind == INK_WORK_SAY && action->msg.kind == INK_MSG_STOPPED)
        snprintf (what, sizeof what, " STOPPED %d", (int) action->msg.stopped.lease);
    else if (action->kind == INK_WORK_SAY || action->kind == INK_WORK_PASS)
        snprintf (what, sizeof what, " %s", ink_msg_name (action->msg.kind));
    snprintf (self->trace + size, sizeof self->trace - size, "%s%s%s", size ? ", " : "",
              words[action->kind], what);
}

static int
tell (bench_t *self, ink_told_kind_t kind, ink_msg_t msg)
{
    const ink_work_actions_t *out;
    ink_told_t told = {kind, &msg};
    self->trace[0] = 0;
    int rc = ink_runner_step (self->runner, self->now, &told, &out);
    for (size_t n = 0; rc == INK_OK && n < out->size; n++)
        note (self, &out->items[n]);
    return rc;
}

#define DOES(self, expected) assert_string_equal ((self)->trace, expected)

static int
tick (bench_t *self)
{
    return tell (self, INK_TOLD_TIMER, (ink_msg_t){.kind = INK_MSG_BYE});
}

static int
welcome (bench_t *self, uint64_t epoch)
{
    return tell (self, INK_TOLD_BACK,
                 (ink_msg_t){.kind = INK_MSG_WELCOME,
                             .welcome = {epoch, WORKER, "lane", "control", "values"}});
}

static int
beacon (bench_t *self, uint64_t epoch, uint64_t seq)
{
    return tell (self, INK_TOLD_CONTROL,
                 (ink_msg_t){.kind = INK_MSG_BEACON, .beacon = {epoch, seq}});
}

static int
any_lease (bench_t *self, uint64_t epoch, uint64_t id, bool ahead)
{
    static const ink_msg_span_t spans[] = {{0, 4096}, {8192, 4096}};
    ink_msg_t msg = {.kind = INK_MSG_LEASE,
                     .lease = {.epoch = epoch,
                               .lease = id,
                               .source = "data/file",
                               .spans.items = spans,
                               .spans.size = 2,
                               .ahead = ahead}};
    return tell (self, INK_TOLD_LANE, msg);
}

static int
lease_of (bench_t *self, uint64_t epoch, uint64_t id)
{
    return any_lease (self, epoch, id, false);
}

static int
lease_ahead (bench_t *self, uint64_t id)
{
    return any_lease (self, EPOCH, id, true);
}

static int
lease (bench_t *self, uint64_t id)
{
    return lease_of (self, EPOCH, id);
}

static int
revoke_of (bench_t *self, uint64_t seq, uint64_t worker, uint64_t id, uint64_t span)
{
    const ink_msg_revoked_t leases[] = {{worker, id, span}};
    return tell (
        self, INK_TOLD_CONTROL,
        (ink_msg_t){.kind = INK_MSG_REVOKE, .revoke = {EPOCH, seq, {leases, 1}}});
}

static int
revoke (bench_t *self, uint64_t seq, uint64_t id)
{
    return revoke_of (self, seq, WORKER, id, INK_ANY);
}

static int
held (bench_t *self, uint64_t seq, uint64_t id)
{
    const ink_msg_id_t ids[] = {{id}};
    return tell (self, INK_TOLD_BACK,
                 (ink_msg_t){.kind = INK_MSG_HELD, .held = {EPOCH, seq, {ids, id > 0}}});
}

static int
probe (bench_t *self, uint64_t epoch)
{
    return tell (self, INK_TOLD_LANE,
                 (ink_msg_t){.kind = INK_MSG_PROBE, .probe = {epoch, 3, 1}});
}

static uint64_t
current (const bench_t *self)
{
    const ink_msg_lease_t *now = ink_runner_current (self->runner);
    return now ? now->lease : 0;
}

//  Ready for work, with the control channel at 10.
static void
join (bench_t *self)
{
    tick (self);
    welcome (self, EPOCH);
    beacon (self, EPOCH, 10);
}

//  ---------------------------------------------------------------------------------------
//  The picture in runner.h

static void
hello_welcome_beacon_probe (void **state)
{
    bench_t *self = *state;
    assert_true (ink_runner_deadline (self->runner) <= self->now);
    tick (self);
    DOES (self, "hello");
    welcome (self, EPOCH);
    DOES (self, "connect");
    assert_int_equal (ink_runner_worker (self->runner), 3);
    probe (self, EPOCH);
    DOES (self, "");
    beacon (self, EPOCH, 10);
    DOES (self, "say READY");
    probe (self, EPOCH);
    DOES (self, "pass PROBE");
    probe (self, EPOCH + 1);
    DOES (self, "");
}

static void
hello_is_said_once_a_second_until_it_is_answered (void **state)
{
    bench_t *self = *state;
    tick (self);
    self->now += SECOND - 1;
    tick (self);
    DOES (self, "");
    self->now += 1;
    assert_int_equal (ink_runner_deadline (self->runner), self->now);
    tick (self);
    DOES (self, "hello");
}

static void
who_is_refused_asks_again_after_ten_seconds (void **state)
{
    bench_t *self = *state;
    tick (self);
    tell (self, INK_TOLD_BACK,
          (ink_msg_t){.kind = INK_MSG_REFUSAL, .refusal = {"", INK_EBUSY, "full"}});
    DOES (self, "");
    assert_int_equal (ink_runner_deadline (self->runner), self->now + 10 * SECOND);
    self->now += 10 * SECOND;
    tick (self);
    DOES (self, "hello");
    welcome (self, EPOCH);
    DOES (self, "connect");
}

static void
a_second_welcome_is_ignored (void **state)
{
    bench_t *self = *state;
    join (self);
    welcome (self, EPOCH);
    DOES (self, "");
}

static void
it_beats_four_times_a_second (void **state)
{
    bench_t *self = *state;
    int beats = 0;
    join (self);
    for (int64_t end = self->now + 10 * SECOND; self->now < end;) {
        self->now = ink_runner_deadline (self->runner) > self->now
                        ? ink_runner_deadline (self->runner)
                        : self->now;
        tick (self);
        beats += strcmp (self->trace, "beat") == 0;
        beacon (self, EPOCH, 10);
    }
    assert_in_range (beats, 39, 42);
}

static void
after_three_seconds_without_a_beacon_it_says_hello_and_holds_nothing (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    for (int n = 0; n < 6; n++) {
        self->now += SECOND / 2;
        tick (self);
        DOES (self, "beat");
    }
    self->now += 1;
    tick (self);
    DOES (self, "hello");
    assert_int_equal (current (self), 0);
    lease (self, 2);
    assert_int_equal (current (self), 0);
}

//  The ventilator was paused with us, and comes back a little later.
static void
a_pause_of_its_own_is_no_silence_of_the_ventilator (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    self->now += 60 * SECOND;
    tick (self);
    DOES (self, "beat");
    assert_int_equal (current (self), 1);
}

static void
another_epoch_makes_it_say_hello_and_hold_nothing (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    beacon (self, EPOCH + 1, 1);
    DOES (self, "hello");
    assert_int_equal (current (self), 0);
    welcome (self, EPOCH + 1);
    beacon (self, EPOCH, 1);
    DOES (self, "hello");
}

static void
asked_to_say_it_again_it_does_so_once (void **state)
{
    bench_t *self = *state;
    join (self);
    tell (self, INK_TOLD_BACK, (ink_msg_t){.kind = INK_MSG_AGAIN});
    DOES (self, "hello");
    tell (self, INK_TOLD_BACK, (ink_msg_t){.kind = INK_MSG_AGAIN});
    DOES (self, "");
}

//  ---------------------------------------------------------------------------------------
//  Leases

static void
leases_are_worked_on_in_the_order_they_came (void **state)
{
    bench_t *self = *state;
    join (self);
    for (uint64_t id = 1; id <= 3; id++)
        lease (self, id);
    for (uint64_t id = 1; id <= 3; id++) {
        assert_int_equal (current (self), id);
        assert_string_equal (ink_runner_current (self->runner)->source, "data/file");
        tell (self, INK_TOLD_DONE, (ink_msg_t){.kind = INK_MSG_BYE});
    }
    assert_int_equal (current (self), 0);
}

//  Works off all leases; their ids in that order.
static const char *
worked (bench_t *self)
{
    static char order[64];
    for (order[0] = 0; current (self);) {
        size_t size = strlen (order);
        snprintf (order + size, sizeof order - size, "%s%d", size ? " " : "",
                  (int) current (self));
        tell (self, INK_TOLD_DONE, (ink_msg_t){.kind = INK_MSG_BYE});
    }
    return order;
}

static void
what_goes_ahead_is_next_and_interrupts_nothing (void **state)
{
    bench_t *self = *state;
    join (self);
    for (uint64_t id = 1; id <= 3; id++)
        lease (self, id);
    lease_ahead (self, 4);
    assert_string_equal (worked (self), "1 4 2 3");
}

static void
two_that_go_ahead_have_one_that_waits_between_them (void **state)
{
    bench_t *self = *state;
    join (self);
    lease_ahead (self, 1);
    for (uint64_t id = 2; id <= 4; id++)
        lease (self, id);
    for (uint64_t id = 5; id <= 9; id++)
        lease_ahead (self, id);
    assert_string_equal (worked (self), "1 2 5 3 6 4 7 8 9");
}

static void
what_goes_ahead_is_next_when_the_present_one_is_revoked (void **state)
{
    bench_t *self = *state;
    join (self);
    for (uint64_t id = 1; id <= 3; id++)
        lease (self, id);
    lease_ahead (self, 4);
    revoke (self, 11, 1);
    assert_string_equal (worked (self), "4 2 3");
}

static void
leases_of_another_epoch_are_not_taken (void **state)
{
    bench_t *self = *state;
    join (self);
    lease_of (self, EPOCH + 1, 1);
    assert_int_equal (current (self), 0);
    DOES (self, "");
}

static void
a_revoked_lease_is_left_and_that_is_said (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    lease (self, 2);
    revoke (self, 11, 1);
    DOES (self, "say STOPPED 1");
    assert_int_equal (current (self), 2);
    revoke (self, 12, 99);
    DOES (self, "say STOPPED 99"); //  It may be done, and its values lost with a sink
}

static void
what_is_revoked_of_another_worker_is_no_matter_of_ours (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    revoke_of (self, 11, WORKER + 1, 1, INK_ANY);
    DOES (self, "");
    revoke_of (self, 12, WORKER + 1, 1, 0);
    assert_int_equal (current (self), 1);
    assert_int_equal (ink_runner_current (self->runner)->spans.items[0].length, 4096);
    beacon (self, EPOCH, 12);
    DOES (self, ""); //  Yet it was heard: nothing is missing
}

static void
a_revoked_span_has_no_bytes_any_more (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    revoke_of (self, 11, WORKER, 1, 1);
    DOES (self, "");
    const ink_msg_lease_t *lease = ink_runner_current (self->runner);
    assert_int_equal (lease->spans.items[0].length, 4096);
    assert_int_equal (lease->spans.items[1].length, 0);
}

static void
a_span_that_is_not_there_cannot_be_revoked (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    revoke_of (self, 11, WORKER, 1, 2);
    revoke_of (self, 12, WORKER, 2, 0);
    DOES (self, "");
    const ink_msg_lease_t *lease = ink_runner_current (self->runner);
    assert_int_equal (lease->spans.items[0].length, 4096);
    assert_int_equal (lease->spans.items[1].length, 4096);
}

static void
a_revocation_may_overtake_its_lease (void **state)
{
    bench_t *self = *state;
    join (self);
    revoke (self, 11, 4);
    DOES (self, "say STOPPED 4");
    lease (self, 4);
    DOES (self, "say STOPPED 4");
    assert_int_equal (current (self), 0);
}

//  ---------------------------------------------------------------------------------------
//  What was missed

static void
a_gap_in_the_control_channel_is_asked_about (void **state)
{
    bench_t *self = *state;
    join (self);
    beacon (self, EPOCH, 10);
    DOES (self, "");
    beacon (self, EPOCH, 11);
    DOES (self, "say RESYNC");
    beacon (self, EPOCH, 11);
    DOES (self, "");
    revoke (self, 13, 99);
    DOES (self, "say STOPPED 99, say RESYNC");
    revoke (self, 14, 98);
    DOES (self, "say STOPPED 98");
}

static void
what_is_not_held_according_to_the_ventilator_is_dropped (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    lease (self, 2);
    lease (self, 3);
    held (self, 12, 2);
    DOES (self, "say STOPPED 1, say STOPPED 3");
    assert_int_equal (current (self), 2);
    beacon (self, EPOCH, 12);
    DOES (self, "");
}

static void
what_another_ventilator_says_is_held_means_nothing (void **state)
{
    bench_t *self = *state;
    join (self);
    lease (self, 1);
    const ink_msg_id_t none[] = {{0}};
    tell (self, INK_TOLD_BACK,
          (ink_msg_t){.kind = INK_MSG_HELD, .held = {EPOCH + 1, 1, {none, 0}}});
    DOES (self, "");
    assert_int_equal (current (self), 1);
}

//  ---------------------------------------------------------------------------------------
//  Memory

static int
story (bench_t *self)
{
    int rc = tick (self);
    rc = rc ? rc : welcome (self, EPOCH);
    rc = rc ? rc : beacon (self, EPOCH, 10);
    rc = rc ? rc : lease (self, 1);
    rc = rc ? rc : lease (self, 2);
    rc = rc ? rc : revoke (self, 12, 1);
    return rc ? rc : lease (self, 3);
}

static void
memory_may_run_out_at_any_moment (void **state)
{
    (void) state;
    int rc = INK_ENOMEM;
    for (size_t left = 0; rc; left++) {
        bench_t self = {.now = SECOND};
        scarce_begin (left);
        self.runner = ink_runner_new (77);
        rc = self.runner ? story (&self) : INK_ENOMEM;
        scarce_end ();
        assert_true (rc == INK_OK || rc == INK_ENOMEM);
        ink_runner_destroy (&self.runner);
    }
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (hello_welcome_beacon_probe),
        STORY (hello_is_said_once_a_second_until_it_is_answered),
        STORY (who_is_refused_asks_again_after_ten_seconds),
        STORY (a_second_welcome_is_ignored),
        STORY (it_beats_four_times_a_second),
        STORY (after_three_seconds_without_a_beacon_it_says_hello_and_holds_nothing),
        STORY (a_pause_of_its_own_is_no_silence_of_the_ventilator),
        STORY (another_epoch_makes_it_say_hello_and_hold_nothing),
        STORY (asked_to_say_it_again_it_does_so_once),
        STORY (leases_are_worked_on_in_the_order_they_came),
        STORY (what_goes_ahead_is_next_and_interrupts_nothing),
        STORY (two_that_go_ahead_have_one_that_waits_between_them),
        STORY (what_goes_ahead_is_next_when_the_present_one_is_revoked),
        STORY (leases_of_another_epoch_are_not_taken),
        STORY (a_revoked_lease_is_left_and_that_is_said),
        STORY (what_is_revoked_of_another_worker_is_no_matter_of_ours),
        STORY (a_revoked_span_has_no_bytes_any_more),
        STORY (a_span_that_is_not_there_cannot_be_revoked),
        STORY (a_revocation_may_overtake_its_lease),
        STORY (a_gap_in_the_control_channel_is_asked_about),
        STORY (what_is_not_held_according_to_the_ventilator_is_dropped),
        STORY (what_another_ventilator_says_is_held_means_nothing),
        cmocka_unit_test (memory_may_run_out_at_any_moment),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

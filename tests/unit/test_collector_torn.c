//  test_collector_torn.c: values in which some ranges have failed.

#include "collector_bench.h"

//  The value of a part without the ranges, each given as first byte in the part and length.
static int
torn (bench_t *self, uint64_t part, const ink_msg_failure_t *failures, size_t count)
{
    ink_payload_t *payload = pack (part, 1);
    ink_msg_t msg = value_of (self, part, payload);
    ink_msg_failure_t moved[2000];
    for (size_t n = 0; n < count; n++) {
        moved[n] = failures[n];
        moved[n].offset += part * PART;
    }
    msg.value.failures.items = moved;
    msg.value.failures.size = count;
    return step (self, INK_HEARD_WORKER, &msg, payload);
}

static const ink_msg_failure_t one[] = {{10, 2, INK_ELOST}};

//  The last final, whose bytes the bench does not write down
static void
final_has (const bench_t *self, const ink_msg_reply_t *reply, uint64_t computed,
           size_t failures)
{
    (void) self;
    assert_int_equal (reply->computed, computed);
    assert_int_equal (reply->failures.size, failures);
}

static ink_msg_reply_t
last_reply (bench_t *self)
{
    const ink_sink_actions_t *out;
    ink_heard_t heard = {.kind = INK_HEARD_STORED, .peer = self->peer};
    assert_int_equal (ink_collector_step (self->collector, self->now, &heard, &out), 0);
    for (size_t n = out->size; n-- > 0;)
        if (out->items[n].kind == INK_SINK_REPLY)
            return out->items[n].msg.reply;
    return (ink_msg_reply_t){0};
}

static void
what_is_missing_is_listed_and_the_value_is_not_stored (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    torn (self, 0, one, 1);
    value (self, 1);
    TOLD (self, "store\n"); //  That of part 1
    ink_msg_reply_t reply = last_reply (self);
    final_has (self, &reply, 2 * PART - 2, 1);
    assert_int_equal (reply.failures.items[0].offset, 10);
    assert_int_equal (reply.failures.items[0].length, 2);
    assert_int_equal (reply.failures.items[0].error, INK_ELOST);
}

static void
failures_are_listed_in_the_order_of_the_range (void **state)
{
    bench_t *self = *state;
    const ink_msg_failure_t tail[] = {{3, 1, INK_EIO}, {PART - 1, 1, INK_ELOST}};
    const ink_msg_failure_t head[] = {{0, 4, INK_ELOST}};
    expect (self, 1, 2, 3);
    torn (self, 4, one, 1);
    torn (self, 3, head, 1);
    torn (self, 2, tail, 2);
    ink_msg_reply_t reply = last_reply (self);
    final_has (self, &reply, 3 * PART - 8, 3);
    const ink_msg_failure_t *listed = reply.failures.items;
    assert_int_equal (listed[0].offset, 2 * PART + 3);
    assert_int_equal (listed[1].offset, 3 * PART - 1);
    assert_int_equal (listed[1].length, 5); //  Over the border of the parts
    assert_int_equal (listed[2].offset, 4 * PART + 10);
}

static void
a_torn_value_is_told_as_such (void **state)
{
    bench_t *self = *state;
    const ink_sink_actions_t *out;
    expect (self, 1, 0, 1);
    torn (self, 0, one, 1);
    ink_heard_t heard = {.kind = INK_HEARD_STORED, .peer = self->peer};
    ink_collector_step (self->collector, self->now, &heard, &out);
    const ink_msg_arrival_t *arrival = out->items[0].msg.settled.arrivals.items;
    assert_int_equal (arrival->error, INK_OK);
    assert_int_equal (arrival->taken, 1);
    assert_int_equal (arrival->failed, 2);
}

static void
a_value_of_what_nobody_expects_is_not_taken (void **state)
{
    bench_t *self = *state;
    const ink_sink_actions_t *out;
    expect (self, 1, 0, 1);
    value (self, 5);
    ink_heard_t heard = {.kind = INK_HEARD_STORED, .peer = self->peer};
    ink_collector_step (self->collector, self->now, &heard, &out);
    assert_int_equal (out->items[0].msg.settled.arrivals.items[0].taken, 0);
}

static void
failures_must_be_ranges_of_the_part (void **state)
{
    bench_t *self = *state;
    const ink_msg_failure_t wrong[][2] = {
        {{PART, 1, INK_ELOST}, {0}},            //  Behind it
        {{PART - 1, 2, INK_ELOST}, {0}},        //  Over its end
        {{4, 4, INK_ELOST}, {7, 1, INK_ELOST}}, //  Overlapping
        {{4, 1, INK_ELOST}, {2, 1, INK_ELOST}}, //  Out of order
        {{4, UINT64_MAX - 2, INK_ELOST}, {0}},  //  Around the world
        {{UINT64_MAX - 1, 1, INK_ELOST}, {0}},  //  The same
    };
    expect (self, 1, 1, 1);
    for (size_t n = 0; n < sizeof wrong / sizeof *wrong; n++) {
        torn (self, 1, wrong[n], wrong[n][1].length ? 2 : 1);
        stored (self);
        assert_non_null (strstr (self->trace, "bad_value"));
        assert_null (strstr (self->trace, "final"));
        self->trace[0] = 0;
    }
}

//  More than can be listed: then the whole part is missing, which one line says.
static void
too_many_failures_fail_the_whole_part (void **state)
{
    bench_t *self = *state;
    ink_msg_failure_t many[INK_FAILURES_MOST];
    for (size_t n = 0; n < INK_FAILURES_MOST; n++)
        many[n] = (ink_msg_failure_t){2 * n, 1, INK_ELOST};
    assert_true (2 * INK_FAILURES_MOST <= PART);
    expect (self, 1, 0, 2);
    torn (self, 0, many, INK_FAILURES_MOST);
    torn (self, 1, one, 1);
    ink_msg_reply_t reply = last_reply (self);
    final_has (self, &reply, PART - INK_FAILURES_MOST, INK_FAILURES_MOST);
    self->trace[0] = 0;
    expect (self, 2, 0, 2);
    torn (self, 1, one, 1);
    torn (self, 0, many, INK_FAILURES_MOST);
    reply = last_reply (self);
    final_has (self, &reply, PART - 2, 2);
    assert_int_equal (reply.failures.items[0].length, PART);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (what_is_missing_is_listed_and_the_value_is_not_stored),
        STORY (failures_are_listed_in_the_order_of_the_range),
        STORY (a_torn_value_is_told_as_such),
        STORY (a_value_of_what_nobody_expects_is_not_taken),
        STORY (failures_must_be_ranges_of_the_part),
        STORY (too_many_failures_fail_the_whole_part),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_collector_ends.c: how requests and ventilators come to an end, and what was counted.

#include "collector_bench.h"

static void
what_is_forgotten_gets_nothing_any_more (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    forget (self, 1, false);
    TOLD (self, "");
    value (self, 0);
    stored (self);
    TOLD (self, "settled after 1: 1.0\n");
    forget (self, 1, true);
    TOLD (self, "");
}

static void
with_purge_the_cache_forgets_too (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    forget (self, 1, true);
    TOLD (self, "purge\n");
}

static void
an_expectation_of_the_same_handle_begins_anew (void **state)
{
    bench_t *self = *state;
    expect (self, 1, 0, 2);
    value (self, 0);
    expect (self, 1, 0, 2);
    value (self, 1);
    stored (self);
    TOLD (self, "store\nstore\nsettled after 1: 1.0 1.1\npartial 1.0: 0+1\n");
    counted (self, 1, 1);
}

//  Its collections are gone, so it must plan again when it comes back: we are another one.
static void
a_ventilator_that_is_silent_for_10_seconds_is_forgotten (void **state)
{
    bench_t *self = *state;
    greet (self);
    uint64_t before = self->greeting.instance;
    expect (self, 1, 0, 1);
    int64_t silent = self->now + 10 * SECOND;
    while (ink_collector_deadline (self->collector) <= silent) {
        self->now = ink_collector_deadline (self->collector);
        tick (self);
    }
    greet (self);
    assert_int_equal (self->greeting.instance, before);
    for (int n = 0; n < 12; n++) {
        self->now = ink_collector_deadline (self->collector);
        if (self->now < INT64_MAX)
            tick (self);
    }
    assert_true (ink_collector_deadline (self->collector) == INT64_MAX);
    self->now = silent + 20 * SECOND;
    value (self, 0);
    TOLD (self, "");
    greet (self);
    assert_int_not_equal (self->greeting.instance, before);
}

//  The greetings of a minute are in our socket: only we were away.
static void
a_pause_of_our_own_forgets_nobody (void **state)
{
    bench_t *self = *state;
    greet (self);
    uint64_t before = self->greeting.instance;
    expect (self, 1, 0, 1);
    self->now += 60 * SECOND;
    tick (self);
    greet (self);
    assert_int_equal (self->greeting.instance, before);
    value (self, 0);
    stored (self);
    TOLD (self, "store\nsettled after 1: 1.0\nfinal 1.0: 0+1\n");
}

//  The same handle is another request then.
static void
another_life_of_a_ventilator_begins_with_nothing (void **state)
{
    bench_t *self = *state;
    greet (self);
    expect (self, 1, 0, 1);
    self->epoch++;
    self->peer++;
    greet (self);
    forget (self, 1, true);
    failed (self, 1, 0, INK_EIO);
    known (self, 1, 0, 1);
    TOLD (self, "");
}

//  A process that ran out of memory may lose a message and go on.
static void
a_ventilator_of_which_an_expectation_was_lost_is_met_anew (void **state)
{
    bench_t *self = *state;
    greet (self);
    expect (self, 1, 0, 2);
    greet (self);
    uint64_t before = self->greeting.instance;
    self->order++; //  Another one was sent
    greet (self);
    assert_int_not_equal (self->greeting.instance, before);
    assert_int_equal (ink_collector_size (self->collector), 0);
    before = self->greeting.instance;
    greet (self); //  From here on all has come
    assert_int_equal (self->greeting.instance, before);
}

static void
a_ventilator_of_which_what_was_known_was_lost_is_met_anew (void **state)
{
    bench_t *self = *state;
    greet (self);
    self->knowns = 1;
    expect (self, 1, 0, 2);
    uint64_t before = self->greeting.instance;
    greet (self);
    assert_int_not_equal (self->greeting.instance, before);
}

//  Who is served stays served; the place of one that is gone is free.
static void
it_serves_64_ventilators_and_tells_the_next_one (void **state)
{
    bench_t *self = *state;
    for (self->peer = 1; self->peer <= 64; self->peer++, self->epoch++)
        greet (self);
    uint64_t before = self->greeting.instance;
    TOLD (self, "");
    greet (self);
    TOLD (self, "REFUSAL\n");
    expect (self, 1, 0, 1);
    TOLD (self, "REFUSAL\n");
    assert_int_equal (ink_collector_size (self->collector), 0);
    self->order = 0;
    self->epoch--, self->peer--;
    greet (self);
    assert_int_equal (self->greeting.instance, before);
    self->peer++; //  Comes over another connection
    greet (self);
    TOLD (self, "");
    for (int second = 0; second < 12; second++) {
        self->now += SECOND;
        greet (self);
        tick (self);
    }
    self->epoch++, self->peer++;
    greet (self);
    TOLD (self, "");
}

//  ---------------------------------------------------------------------------------------
//  Counters

static void
values_are_counted_by_what_became_of_them (void **state)
{
    bench_t *self = *state;
    greet (self);
    expect (self, 1, 0, 3);
    value (self, 0);
    value (self, 0); //  Doubled
    value (self, 1);
    value (self, 7); //  Nobody waits for it
    ink_payload_t *payload = pack (2, 1);
    ink_msg_t msg = value_of (self, 2, payload);
    msg.value.checksum ^= 1;
    step (self, INK_HEARD_WORKER, &msg, payload);
    msg = value_of (self, 2, NULL);
    msg.value.error = INK_EIO; //  No value, and none that is bad
    step (self, INK_HEARD_WORKER, &msg, NULL);
    self->epoch++;
    value (self, 0); //  Of a life that is over
    self->epoch--;
    greet (self);
    assert_int_equal (self->greeting.values, 7);
    assert_int_equal (self->greeting.doubled_values, 1);
    assert_int_equal (self->greeting.unwanted_values, 1);
    assert_int_equal (self->greeting.bad_values, 1);
    assert_int_equal (self->greeting.stale_values, 1);
    assert_int_equal (self->greeting.bad_messages, 0);
}

static void
what_is_bad_and_what_the_cache_counts_is_told_with_the_greeting (void **state)
{
    bench_t *self = *state;
    const ink_cache_stat_t cache = {
        .puts = 1, .evicted = 2, .refused = 3, .corrupt = 4, .failed = 5};
    const ink_sink_actions_t *out;
    ink_heard_t heard = {.kind = INK_HEARD_CACHE, .cache = &cache};
    assert_int_equal (ink_collector_step (self->collector, self->now, &heard, &out),
                      INK_OK);
    step (self, INK_HEARD_BAD_MESSAGE, NULL, NULL);
    ink_msg_t wrong = {.kind = INK_MSG_HELLO};
    step (self, INK_HEARD_WORKER, &wrong, NULL);
    step (self, INK_HEARD_VENTILATOR, &wrong, NULL);
    greet (self);
    assert_int_equal (self->greeting.bad_messages, 3);
    assert_int_equal (self->greeting.cache_puts, 1);
    assert_int_equal (self->greeting.cache_evicted, 2);
    assert_int_equal (self->greeting.cache_refused, 3);
    assert_int_equal (self->greeting.cache_corrupt, 4);
    assert_int_equal (self->greeting.cache_failed, 5);
}

static void
ventilators_that_are_refused_or_lost_are_counted (void **state)
{
    bench_t *self = *state;
    for (self->peer = 1; self->peer <= 65; self->peer++, self->epoch++)
        greet (self);
    for (int second = 0; second < 12; second++, self->now += SECOND)
        tick (self);
    greet (self);
    assert_int_equal (self->greeting.ventilators_refused, 1);
    assert_int_equal (self->greeting.ventilators_lost, 64);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (what_is_forgotten_gets_nothing_any_more),
        STORY (with_purge_the_cache_forgets_too),
        STORY (an_expectation_of_the_same_handle_begins_anew),
        STORY (a_ventilator_that_is_silent_for_10_seconds_is_forgotten),
        STORY (a_pause_of_our_own_forgets_nobody),
        STORY (another_life_of_a_ventilator_begins_with_nothing),
        STORY (values_are_counted_by_what_became_of_them),
        STORY (what_is_bad_and_what_the_cache_counts_is_told_with_the_greeting),
        STORY (ventilators_that_are_refused_or_lost_are_counted),
        STORY (a_ventilator_of_which_an_expectation_was_lost_is_met_anew),
        STORY (a_ventilator_of_which_what_was_known_was_lost_is_met_anew),
        STORY (it_serves_64_ventilators_and_tells_the_next_one),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_bad_peers.c: what workers and ventilators may say wrongly.
//
//  This test is the worker of a real ventilator and a real sink: what it gets to do it can do
//  wrong, and then right, so that every question is answered all the same.

#include "asking.h"
#include "peer.h"

#include <xxhash.h>

#include "base/endpoint.h"

#define SIZE 4096 //  One part, so one lease
#define INSTANCE 77

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_endpoints_t endpoints;
    ink_client_t *client;
    peer_t back, lane, values;
    ink_msg_welcome_t welcome;
    char lane_text[INK_ENDPOINT_MOST];
} place_t;

//  A ventilator and a sink: the worker is us.
static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    place->bytes = make_file (place->world, "file", NOISE, 3, SIZE);
    const char *front = world_endpoint (place->world, false);
    assert_int_equal (ink_endpoints_derive (front, &place->endpoints), INK_OK);
    start (place->world, "sink", "inkling sink --cache $F/cache --quiet");
    start (place->world, "ventilator",
           "inkling ventilator --root data=$F --cache $F/cache --quiet");
    place->client = connect_to (front);
    place->back = peer_at (ZMQ_DEALER, place->endpoints.back);
    place->values = peer_at (ZMQ_PUSH, place->endpoints.values);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    peer_close (&place->back);
    peer_close (&place->lane);
    peer_close (&place->values);
    ink_client_destroy (&place->client);
    free (place);
    clean (NULL);
    return world_end (&world);
}

//  ---------------------------------------------------------------------------------------
//  The worker that we are

static const ink_msg_kernel_t kernels[] = {{.name = "count", .version = 1}};

static void
say_hello (place_t *place, const char *name, uint64_t instance)
{
    ink_msg_t msg = {.kind = INK_MSG_HELLO};
    msg.hello.name = name;
    msg.hello.instance = instance;
    msg.hello.slots = 1;
    msg.hello.kernels.items = kernels;
    msg.hello.kernels.size = 1;
    say (&place->back, msg);
}

static ink_msg_welcome_t
hear_welcome (place_t *place)
{
    ink_msg_welcome_t welcome = hear (&place->back, INK_MSG_WELCOME)->welcome;
    snprintf (place->lane_text, sizeof place->lane_text, "%s", welcome.lane);
    welcome.lane = place->lane_text;
    return welcome;
}

static void
beat (place_t *place)
{
    say (&place->back,
         (ink_msg_t){.kind = INK_MSG_HEARTBEAT, .heartbeat.instance = INSTANCE});
}

static const char *
state_of (place_t *place, const char *name)
{
    static char state[INK_NAME_MOST + 1];
    ink_status_t *status = ink_client_status (place->client, SOON_MS);
    const ink_worker_info_t *worker;
    strcpy (state, "none");
    for (size_t n = 0; (worker = ink_status_worker (status, n)); n++)
        if (strcmp (worker->name, name) == 0)
            snprintf (state, sizeof state, "%s", worker->state);
    ink_status_destroy (&status);
    return state;
}

//  Greeted, and connected to the lane.
static void
greet (place_t *place)
{
    say_hello (place, "we", INSTANCE);
    place->welcome = hear_welcome (place);
    place->lane = peer_at (ZMQ_PULL, place->welcome.lane);
}

//  The path is proven as workers prove it.
static void
go_live (place_t *place)
{
    greet (place);
    say (&place->back, (ink_msg_t){.kind = INK_MSG_READY, .ready.instance = INSTANCE});
    const ink_msg_t *probe = NULL; //  Behind it come leases, which are not for us
    while (strcmp (state_of (place, "we"), "live")) {
        if (!probe || probe->kind != INK_MSG_PROBE)
            probe = hear_within (&place->lane, 50);
        if (probe && probe->kind == INK_MSG_PROBE)
            say (&place->values, *probe);
        beat (place);
    }
}

//  The next lease; those of before are over.
static const ink_msg_lease_t *
hear_lease (place_t *place)
{
    const ink_msg_t *msg;
    int64_t until = now_ms () + SOON_MS;
    do {
        beat (place);
        msg = hear_within (&place->lane, 200);
        if (msg && msg->kind == INK_MSG_PROBE)
            say (&place->values, *msg);
    } while ((!msg || msg->kind != INK_MSG_LEASE) && now_ms () < until);
    assert_non_null (msg);
    return &msg->lease;
}

static const uint8_t right[] = {1, 2, SIZE & 255, SIZE >> 8}; //  A count of SIZE, packed

//  The value of its first slot, as it should be.
static ink_msg_t
value_of (const ink_msg_lease_t *lease)
{
    ink_msg_t msg = {.kind = INK_MSG_VALUE};
    msg.value.epoch = lease->epoch;
    msg.value.lease = lease->lease;
    msg.value.series = lease->series.items[0].key;
    msg.value.offset = lease->spans.items[0].offset;
    msg.value.length = lease->spans.items[0].length;
    msg.value.checksum = XXH3_64bits (right, sizeof right);
    msg.value.busy_ns = 1000;
    return msg;
}

static void
check_count (place_t *place, replies_t *replies)
{
    take_finals (place->client, replies, 1, SOON_MS);
    check_final (final_of (replies, "count"), NULL, place->bytes, 0, SIZE);
    forget (replies);
}

//  ---------------------------------------------------------------------------------------
//  Workers and the ventilator

//  Said at the back, garbage is counted, not answered, and the connection stays.
static void
garbage_at_the_back_is_counted (void **state)
{
    static const char *const garbage[] = {"", "\xc1", "\x93\x02\x04\x05", "HELLO",
                                          "\x91\x91"};
    place_t *place = *state;
    for (size_t n = 0; n < 5; n++)
        say_bytes (&place->back, garbage[n], strlen (garbage[n]), false);
    say (&place->back, (ink_msg_t){.kind = INK_MSG_PING}); //  Of the wrong direction
    greet (place);
    assert_int_equal (counter (place->client, "bad_messages"), 6);
    assert_int_equal (counter (place->client, "bad_at_back"), 6);
    assert_string_equal (state_of (place, "we"), "greeted");
}

static void
an_unknown_instance_must_say_hello (void **state)
{
    static const ink_msg_kind_t kinds[] = {INK_MSG_READY, INK_MSG_HEARTBEAT,
                                           INK_MSG_STOPPED, INK_MSG_RESYNC, INK_MSG_BYE};
    place_t *place = *state;
    uint64_t epoch = 0;
    for (size_t n = 0; n < 5; n++) {
        ink_msg_t msg = {.kind = kinds[n]};
        say (&place->back, msg);
        uint64_t told = hear (&place->back, INK_MSG_AGAIN)->again.epoch;
        assert_true (told && (!epoch || told == epoch));
        epoch = told;
    }
    greet (place);
    assert_int_equal (place->welcome.epoch, epoch);
}

static void
hello_twice_is_one_worker (void **state)
{
    place_t *place = *state;
    say_hello (place, "we", INSTANCE);
    uint64_t first = hear_welcome (place).worker;
    say_hello (place, "we", INSTANCE);
    assert_true (hear_welcome (place).worker > first);
    assert_int_equal (counter (place->client, "workers_lost"), 0);
    say_hello (place, "we", INSTANCE + 1); //  Started again: the first life is over
    hear_welcome (place);
    assert_int_equal (counter (place->client, "workers_lost"), 1);
    ink_status_t *status = ink_client_status (place->client, SOON_MS);
    assert_non_null (ink_status_worker (status, 0));
    assert_null (ink_status_worker (status, 1));
    ink_status_destroy (&status);
}

//  What comes for an epoch that the sink has not met yet is lost: says something of this one
//  until it is heard.
static void
wait_until_the_sink_hears (place_t *place)
{
    uint8_t zeros[16] = {0};
    ink_msg_t value = {.kind = INK_MSG_VALUE, .value.series = zeros};
    value.value.epoch = place->welcome.epoch;
    value.value.error = INK_EIO;
    UNTIL ((say (&place->values, value), counter (place->client, "late_values") > 0),
           SOON_MS);
}

//  What proves nothing: a probe of another epoch, worker or nonce, however often.
static void
a_wrong_probe_proves_nothing (void **state)
{
    place_t *place = *state;
    greet (place);
    say (&place->back, (ink_msg_t){.kind = INK_MSG_READY, .ready.instance = INSTANCE});
    ink_msg_probe_t probe = hear (&place->lane, INK_MSG_PROBE)->probe;
    wait_until_the_sink_hears (place);
    for (int n = 0; n < 4; n++) {
        ink_msg_t wrong = {.kind = INK_MSG_PROBE, .probe = probe};
        wrong.probe.epoch += (n & 1) == 0;
        wrong.probe.worker += (n & 2) != 0;
        wrong.probe.nonce += (n & 1) != 0;
        say (&place->values, wrong);
        beat (place);
        assert_string_equal (state_of (place, "we"), "proving");
    }
    //  A worker passes on every probe that comes, and they come until one has come back
    ink_msg_t right_one = {.kind = INK_MSG_PROBE, .probe = probe};
    UNTIL ((beat (place), say (&place->values, right_one),
            strcmp (state_of (place, "we"), "live") == 0),
           SOON_MS);
}

static void
what_a_worker_does_not_hold_it_cannot_stop (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    go_live (place);
    ink_request_t *request = question ("data/file", "count", -1);
    submit (place->client, request);
    ink_msg_t value = value_of (hear_lease (place));
    ink_msg_t msg = {.kind = INK_MSG_STOPPED, .stopped = {INSTANCE, 12345}};
    say (&place->back, msg);
    say_with (&place->values, value, right, sizeof right);
    check_count (place, &replies);
    assert_int_equal (counter (place->client, "retries"), 0);
    ink_request_destroy (&request);
}

//  Whether the one request there is says that it waits so, as a whole or up to its figures.
static bool
waits (place_t *place, const char *sentence)
{
    ink_status_t *status = ink_client_status (place->client, SOON_MS);
    const ink_request_info_t *info = ink_status_request (status, 0);
    bool so = info && strncmp (info->waits_for, sentence, strlen (sentence)) == 0;
    ink_status_destroy (&status);
    return so;
}

static void
a_request_says_what_it_waits_for (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = question ("data/file", "count", -1);
    submit (place->client, request);
    UNTIL (
        waits (place, "1 chunk waits for a worker with kernel count; none is connected"),
        SOON_MS);
    greet (place);
    UNTIL ((beat (place),
            waits (place, "1 chunk waits for a worker with kernel count; 1 is connected, "
                          "but its path has not been proven for ")),
           SOON_MS);
    peer_close (&place->lane);
    go_live (place);
    ink_msg_value_t value = value_of (hear_lease (place)).value;
    assert_true (waits (place, "1 chunk is being computed by 1 worker (oldest lease "));
    say_with (&place->values, (ink_msg_t){.kind = INK_MSG_VALUE, .value = value}, right,
              sizeof right);
    check_count (place, &replies);
    ink_request_destroy (&request);
}

//  ---------------------------------------------------------------------------------------
//  Values

typedef struct {
    const char *what;
    void (*spoil) (ink_msg_value_t *);
    const char *payload;
    size_t size;
} value_row_t;

static void
nothing (ink_msg_value_t *value)
{
    (void) value;
}

static void
wrong_checksum (ink_msg_value_t *value)
{
    value->checksum ^= 1;
}

static void
unknown_error (ink_msg_value_t *value)
{
    value->error = UINT32_MAX;
}

//  The checksum is set for what is sent, unless that is what is wrong.
static const value_row_t value_rows[] = {
    {"a wrong checksum", wrong_checksum, "\1\2\0\x10", 4},
    {"a byte too few", nothing, "\1\2\0", 3},
    {"a byte too many", nothing, "\1\2\0\x10\0", 5},
    {"nothing", nothing, "", 0},
    {"no known form", nothing, "\7\2\0\x10", 4},
    {"no known width", nothing, "\1\3\0\x10\0", 5},
    {"a counter behind the last", nothing, "\2\1\2\0\0\0\0\0\0\0\5", 11},
    {"an unknown error", unknown_error, NULL, 0},
};

//  Each is tried again at once, under another lease.
static void
a_wrong_value_costs_a_try (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = question ("data/file", "count", -1);
    go_live (place);
    for (size_t n = 0; n < sizeof value_rows / sizeof *value_rows; n++) {
        const value_row_t *row = &value_rows[n];
        print_message ("    %s\n", row->what);
        submit (place->client, request);
        ink_msg_t value = value_of (hear_lease (place));
        uint64_t lease = value.value.lease;
        value.value.checksum = XXH3_64bits (row->payload, row->size);
        row->spoil (&value.value);
        if (row->payload)
            say_with (&place->values, value, row->payload, row->size);
        else
            say (&place->values, value);
        value = value_of (hear_lease (place));
        assert_int_not_equal (value.value.lease, lease);
        say_with (&place->values, value, right, sizeof right);
        check_count (place, &replies);
        assert_int_equal (counter (place->client, "retries"), n + 1);
    }
    ink_request_destroy (&request);
}

static void
values_of_another_life_are_not_heard (void **state)
{
    place_t *place = *state;
    uint8_t zeros[16] = {0};
    go_live (place);
    ink_msg_t value = {.kind = INK_MSG_VALUE, .value.series = zeros};
    value.value.epoch = place->welcome.epoch + 1;
    value.value.checksum = XXH3_64bits (right, sizeof right);
    say_with (&place->values, value, right, sizeof right);
    say_bytes (&place->values, "garbage", 7, false);
    value.value.epoch--; //  Of this one, but of no lease: counted
    say_with (&place->values, value, right, sizeof right);
    UNTIL ((beat (place), counter (place->client, "late_values") == 1), SOON_MS);
}

//  One slot of a lease settles once, and no other exists.
static void
values_of_no_slot_are_late (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = question ("data/file", "count", -1);
    go_live (place);
    submit (place->client, request);
    ink_msg_t value = value_of (hear_lease (place));
    value.value.slot = UINT32_MAX;
    value.value.offset = 1; //  Of no part either
    say_with (&place->values, value, right, sizeof right);
    UNTIL ((beat (place), counter (place->client, "late_values") == 1), SOON_MS);
    value.value.slot = 0;
    value.value.offset = 0;
    say_with (&place->values, value, right, sizeof right);
    say_with (&place->values, value, right, sizeof right);
    check_count (place, &replies);
    UNTIL ((beat (place), counter (place->client, "late_values") == 2), SOON_MS);
    ink_request_destroy (&request);
}

//  ---------------------------------------------------------------------------------------
//  Ventilators and the sink

static ink_msg_t
expect (uint64_t handle, const ink_msg_kernel_t *kernel, const ink_msg_series_t *series)
{
    ink_msg_t msg = {.kind = INK_MSG_EXPECT};
    msg.expect = (ink_msg_expect_t){.epoch = 5,
                                    .order = 1,
                                    .handle = handle,
                                    .length = SIZE,
                                    .size = SIZE,
                                    .chunk = 4096,
                                    .kernels = {kernel, 1},
                                    .series = {series, 1}};
    return msg;
}

static void
ends_with (peer_t *sink, ink_msg_t msg, int error)
{
    say (sink, msg);
    const ink_msg_reply_t *reply = &hear (sink, INK_MSG_REPLY)->reply;
    assert_int_equal (reply->handle, msg.expect.handle);
    assert_int_equal (reply->final, 1);
    assert_string_equal (ink_error_name ((int) reply->error), ink_error_name (error));
}

//  What a sink cannot serve ends, what it does not know is ignored, and it goes on.
static void
a_sink_bears_a_confused_ventilator (void **state)
{
    static const uint8_t key[16] = {9};
    const ink_msg_series_t series = {key};
    ink_msg_kernel_t kernel = {.name = "count", .version = 1};
    place_t *place = *state;
    peer_t sink = peer_at (ZMQ_DEALER, place->endpoints.sink);
    say_bytes (&sink, "\xc1", 1, false);
    ink_msg_t wrong = expect (1, &kernel, &series);
    wrong.expect.chunk = 4097;
    ends_with (&sink, wrong, INK_EMESSAGE);
    wrong = expect (2, &kernel, &series);
    wrong.expect.offset = 1;
    ends_with (&sink, wrong, INK_EMESSAGE);
    wrong = expect (3, &kernel, &series);
    wrong.expect.series.size = 0;
    ends_with (&sink, wrong, INK_EMESSAGE);
    kernel.name = "counts";
    ends_with (&sink, expect (4, &kernel, &series), INK_ENOKERNEL);
    say_with (&sink, (ink_msg_t){.kind = INK_MSG_KNOWN, .known = {.handle = 99}}, right,
              4);
    say (&sink, (ink_msg_t){.kind = INK_MSG_FAILED, .failed = {99, 1, 1, 1}});
    say (&sink, (ink_msg_t){.kind = INK_MSG_FORGET, .forget = {99, 1}});
    say (&sink, (ink_msg_t){.kind = INK_MSG_RESEND, .resend = {99, 1}});
    say (&sink, (ink_msg_t){.kind = INK_MSG_GREET, .greet.epoch = 5});
    assert_int_equal (hear (&sink, INK_MSG_GREETING)->greeting.epoch, 5);
    peer_close (&sink);
}

//  What is bad at the sink is seen where people look: at the ventilator.
static void
garbage_at_the_sink_is_counted (void **state)
{
    place_t *place = *state;
    peer_t sink = peer_at (ZMQ_DEALER, place->endpoints.sink);
    say_bytes (&sink, "\xc1", 1, false);
    say_bytes (&place->values, "HELLO", 5, false);
    say (&place->values, (ink_msg_t){.kind = INK_MSG_GREET, .greet.epoch = 5});
    UNTIL (counter (place->client, "sink_bad_messages") == 3, SOON_MS);
    assert_int_equal (counter (place->client, "bad_messages"), 0);
    peer_close (&sink);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (garbage_at_the_back_is_counted),
        TEST (an_unknown_instance_must_say_hello),
        TEST (hello_twice_is_one_worker),
        TEST (a_wrong_probe_proves_nothing),
        TEST (a_request_says_what_it_waits_for),
        TEST (what_a_worker_does_not_hold_it_cannot_stop),
        TEST (a_wrong_value_costs_a_try),
        TEST (values_of_another_life_are_not_heard),
        TEST (values_of_no_slot_are_late),
        TEST (a_sink_bears_a_confused_ventilator),
        TEST (garbage_at_the_sink_is_counted),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

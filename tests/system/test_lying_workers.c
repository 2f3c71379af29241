//  test_lying_workers.c: a worker that lies, beside one that does not.
//
//  We are a worker of a real ventilator and a real sink, and so is an honest process. About
//  each lease that we get we tell a lie, and then the truth. Every answer is compared byte for
//  byte with an oracle; every lie is counted; the honest worker never notices.

#include "asking.h"
#include "peer.h"

#include <xxhash.h>

#include "base/endpoint.h"

#define CHUNK (64 * KIB)
#define PARTS 32
#define SIZE (PARTS * CHUNK)
#define INSTANCE 99
#define CELLS 256
#define VALUE_SIZE (2 + 4 * CELLS) //  Dense, four bytes a counter

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_endpoints_t endpoints;
    ink_client_t *client;
    pid_t honest;
    peer_t back, lane, values;
    size_t lies;
    bool has_lied; //  In what it said last
} place_t;

//  ---------------------------------------------------------------------------------------
//  The worker that we are

static void
beat (place_t *place)
{
    say (&place->back,
         (ink_msg_t){.kind = INK_MSG_HEARTBEAT, .heartbeat.instance = INSTANCE});
}

static void
go_live (place_t *place)
{
    static const ink_msg_kernel_t kernels[] = {{.name = "histogram", .version = 1}};
    char lane[INK_ENDPOINT_MOST];
    ink_msg_t msg = {.kind = INK_MSG_HELLO};
    msg.hello.name = "liar";
    msg.hello.instance = INSTANCE;
    msg.hello.slots = 1;
    msg.hello.kernels.items = kernels;
    msg.hello.kernels.size = 1;
    say (&place->back, msg);
    snprintf (lane, sizeof lane, "%s",
              hear (&place->back, INK_MSG_WELCOME)->welcome.lane);
    place->lane = peer_at (ZMQ_PULL, lane);
    say (&place->back, (ink_msg_t){.kind = INK_MSG_READY, .ready.instance = INSTANCE});
    int64_t until = now_ms () + SOON_MS;
    while (live_workers (place->client) < 2) {
        assert_true (now_ms () < until);
        const ink_msg_t *probe = hear_within (&place->lane, 50);
        if (probe && probe->kind == INK_MSG_PROBE)
            say (&place->values, *probe);
        beat (place);
    }
}

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    place->bytes = make_file (place->world, "file", NOISE, 29, SIZE);
    const char *front = world_endpoint (place->world, false);
    assert_int_equal (ink_endpoints_derive (front, &place->endpoints), INK_OK);
    start (place->world, "sink", "inkling sink --cache $F/cache");
    start (place->world, "ventilator",
           "inkling ventilator --root data=$F --cache $F/cache");
    place->client = connect_to (front);
    place->honest = start (place->world, "worker", "inkling worker --root data=$F");
    wait_live (place->client, 1);
    place->back = peer_at (ZMQ_DEALER, place->endpoints.back);
    place->values = peer_at (ZMQ_PUSH, place->endpoints.values);
    go_live (place);
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
//  Truth and lies

//  A value that is right, of one slot of a lease.
typedef struct {
    ink_msg_t msg;
    uint8_t bytes[VALUE_SIZE + 1];
    size_t size;
    uint8_t series[16];
} said_t;

static void
tell_truth (const place_t *place, const ink_msg_lease_t *lease, size_t slot, said_t *said)
{
    const ink_msg_span_t *span = &lease->spans.items[slot];
    uint32_t counts[CELLS] = {0};
    for (uint64_t n = 0; n < span->length; n++)
        counts[place->bytes[span->offset + n]]++;
    said->bytes[0] = 1;
    said->bytes[1] = 4;
    memcpy (said->bytes + 2, counts, sizeof counts);
    said->size = VALUE_SIZE;
    memcpy (said->series, lease->series.items[0].key, sizeof said->series);
    said->msg = (ink_msg_t){.kind = INK_MSG_VALUE};
    said->msg.value.epoch = lease->epoch;
    said->msg.value.worker = INSTANCE;
    said->msg.value.lease = lease->lease;
    said->msg.value.slot = slot;
    said->msg.value.series = said->series;
    said->msg.value.offset = span->offset;
    said->msg.value.length = span->length;
    said->msg.value.busy_ns = 1000;
    said->msg.value.checksum = XXH3_64bits (said->bytes, said->size);
}

static void
send_value (place_t *place, const said_t *said)
{
    if (said->msg.value.error)
        say (&place->values, said->msg);
    else
        say_with (&place->values, said->msg, said->bytes, said->size);
}

//  A row: how the truth becomes a lie. `instead`: the lie settles the slot, so that the truth
//  comes when we are asked again; else it follows at once.
typedef struct {
    const char *what;
    void (*spoil) (said_t *said);
    bool instead;
    const char *counted; //  By which counter each lie is counted
} lie_t;

static void
cut_short (said_t *said)
{
    said->size--;
    said->msg.value.checksum = XXH3_64bits (said->bytes, said->size);
}

static void
lengthen (said_t *said)
{
    said->size++;
    said->msg.value.checksum = XXH3_64bits (said->bytes, said->size);
}

static void
garble (said_t *said)
{
    said->bytes[100] ^= 0x10;
}

static void
send_nothing (said_t *said)
{
    said->size = 0;
    said->msg.value.checksum = XXH3_64bits (said->bytes, 0);
}

static void
name_no_lease (said_t *said)
{
    said->msg.value.lease += 1000000;
}

static void
name_no_slot (said_t *said)
{
    said->msg.value.slot += 1000;
}

//  Ends nobody's request, since nobody holds that lease.
static void
say_that_the_source_has_changed (said_t *said)
{
    said->msg.value.lease += 1000000;
    said->msg.value.error = INK_ECHANGED;
}

//  Right in all but that nobody asked for it.
static void
name_a_foreign_series (said_t *said)
{
    said->series[7] ^= 1;
    said->msg.value.lease += 1000000;
}

static void
name_a_foreign_place (said_t *said)
{
    said->msg.value.offset += CHUNK / 2;
    said->msg.value.lease += 1000000;
}

static void
name_a_foreign_series_for_ours (said_t *said)
{
    said->series[7] ^= 1;
}

static const lie_t lies[] = {
    {"a value cut short", cut_short, true, "retries"},
    {"a value too long", lengthen, true, "retries"},
    {"a value garbled on the way", garble, true, "retries"},
    {"no value", send_nothing, true, "retries"},
    {"a value of no lease", name_no_lease, false, "late_values"},
    {"a value of no slot", name_no_slot, false, "late_values"},
    {"an error of no lease", say_that_the_source_has_changed, false, "late_values"},
    {"a value of a foreign series", name_a_foreign_series, false, "late_values"},
    {"a value of a foreign place", name_a_foreign_place, false, "late_values"},
    {"a foreign series for ours", name_a_foreign_series_for_ours, true, "retries"},
};

//  One lie a part, and never two one after the other: who lies three times in a row is given
//  nothing for a while. About a part that was lied about we tell the truth.
static void
answer_lease (place_t *place, const ink_msg_lease_t *lease, const lie_t *lie,
              bool lied[PARTS])
{
    for (size_t slot = 0; slot < lease->spans.size; slot++) {
        said_t said;
        bool *before = &lied[lease->spans.items[slot].offset / CHUNK];
        bool lie_now = !*before && !place->has_lied;
        place->has_lied = lie_now;
        if (lie_now) {
            tell_truth (place, lease, slot, &said);
            lie->spoil (&said);
            send_value (place, &said);
            place->lies++;
        }
        *before |= lie_now;
        if (lie_now && lie->instead)
            continue;
        tell_truth (place, lease, slot, &said);
        send_value (place, &said);
    }
}

//  Asks, and works like that until the final is there, which must be right.
static void
answer_with (place_t *place, const lie_t *lie)
{
    replies_t replies = {0};
    bool lied[PARTS] = {false};
    ink_request_t *request = question ("data/file", "histogram", -1);
    ink_request_set_chunk (request, CHUNK);
    ink_request_set_cache (request, 0, 0);
    submit (place->client, request);
    int64_t until = now_ms () + 3 * SOON_MS;
    while (!replies.finals) {
        assert_true (now_ms () < until);
        const ink_msg_t *msg = hear_within (&place->lane, 5);
        if (msg && msg->kind == INK_MSG_LEASE)
            answer_lease (place, &msg->lease, lie, lied);
        beat (place);
        take_reply (place->client, &replies, 1);
    }
    check_final (final_of (&replies, "histogram"), NULL, place->bytes, 0, SIZE);
    assert_int_equal (replies.finals, 1);
    forget (&replies);
    ink_request_destroy (&request);
}

//  The next lie is not told before this one is counted.
static void
lie_and_be_counted (place_t *place, const lie_t *lie)
{
    place->lies = 0;
    uint64_t before = counter (place->client, lie->counted);
    for (int n = 0; n < 10 && !place->lies; n++) //  The honest one may be the faster
        answer_with (place, lie);
    print_message ("    %s: %zu\n", lie->what, place->lies);
    assert_true (place->lies > 0);
    UNTIL ((beat (place), counter (place->client, lie->counted) >= before + place->lies),
           SOON_MS);
}

static void
lies_are_counted_and_harm_nobody (void **state)
{
    place_t *place = *state;
    for (size_t n = 0; n < sizeof lies / sizeof *lies; n++)
        lie_and_be_counted (place, &lies[n]);
    assert_int_equal (counter (place->client, "workers_lost"), 0);
    assert_true (is_running (place->honest));
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (lies_are_counted_and_harm_nobody, begin, end),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

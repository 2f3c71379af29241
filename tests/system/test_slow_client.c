//  test_slow_client.c: a client that does not read, one that asks a thousand things at once,
//  and one that talks nonsense: none of them harms the others.

#include "asking.h"

#include <signal.h>
#include <stdio.h>
#include <zmq.h>

#include "../unit/chance.h"
#include "base/endpoint.h"
#include "protocol/codec.h"

#define SIZE (4 * MIB)
#define TINY 1000
#define LAZY 8

typedef struct {
    world_t *world;
    uint8_t *bytes;
    const char *endpoint;
    ink_client_t *client;
    pid_t server, parts[4];
} place_t;

static const char *const parts[4] = {"ventilator", "sink", "worker-1", "worker-2"};

static void
begin_server (place_t *place)
{
    place->server = start (place->world, "serve",
                           "inkling serve --root data=$F --workers 2 --load $SLOW "
                           "--endpoint $INKLING_ENDPOINT --cache $F/cache");
    place->client = connect_to (place->endpoint);
    wait_live (place->client, 2);
    for (size_t n = 0; n < 4; n++)
        place->parts[n] = child_with (place->server, parts[n]);
}

static int
begin_at (void **state, bool tcp)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 13, SIZE);
    place->endpoint = world_endpoint (place->world, tcp);
    setenv ("INKLING_ENDPOINT", place->endpoint, 1);
    //  A sanitizer that keeps what was freed would look like a leak
    setenv ("ASAN_OPTIONS", "quarantine_size_mb=8", 1);
    begin_server (place);
    return 0;
}

static int
begin_ipc (void **state)
{
    return begin_at (state, false);
}

static int
begin_tcp (void **state)
{
    return begin_at (state, true);
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    free (place);
    return world_end (&world);
}

//  No part has been started again.
static void
check_nobody_died (place_t *place)
{
    for (size_t n = 0; n < 4; n++)
        assert_int_equal (child_with (place->server, parts[n]), place->parts[n]);
}

static void
check_server (place_t *place)
{
    ink_request_t *request = question ("data/file", "digraph", -1);
    check_answer (place->client, request, "digraph", place->bytes, 0, SIZE);
    ink_request_destroy (&request);
    check_nobody_died (place);
}

//  ---------------------------------------------------------------------------------------
//  Lazy

//  A digraph has half a MiB, and the slow kernel beside it sees to it that it gets better for
//  two seconds: a hundred partials of both.
static ink_request_t *
long_question (void)
{
    ink_request_t *request = question ("data/file", "slow", 1000000);
    assert_int_equal (ink_request_add_kernel (request, "digraph"), INK_OK);
    ink_request_set_chunk (request, 16 * KIB);
    return request;
}

//  What is read at the end: a partial that was sent before, the newest that waited, the final.
static void
check_what_waited (place_t *place, ink_client_t *lazy)
{
    replies_t replies = {0};
    take_finals (lazy, &replies, 2, SOON_MS);
    assert_in_range (replies.size, 2, 6);
    check_final (final_of (&replies, "digraph"), NULL, place->bytes, 0, SIZE);
    check_final (final_of (&replies, "slow"), NULL, place->bytes, 0, SIZE);
    forget (&replies);
}

static void
clients_that_do_not_read_cost_little (void **state)
{
    place_t *place = *state;
    ink_client_t *lazy[LAZY];
    ink_request_t *request;
    uint64_t before = memory_of (place->parts[0]), most = 0;
    for (size_t n = 0; n < LAZY; n++) {
        lazy[n] = connect_to (place->endpoint);
        submit (lazy[n], request = long_question ());
        ink_request_destroy (&request);
    }
    UNTIL (requests_known (place->client) == LAZY, SOON_MS);
    while (requests_known (place->client) > 0) {
        uint64_t now = memory_of (place->parts[0]);
        most = now > most ? now : most;
        breathe ();
    }
    assert_true (counter (place->client, "partials_replaced") > 100); //  50 MiB and more
    if (most - before > 40 * MIB)
        fail_msg ("the ventilator took %llu MiB",
                  (unsigned long long) ((most - before) / MIB));
    for (size_t n = 0; n < LAZY; n++) {
        check_what_waited (place, lazy[n]);
        ink_client_destroy (&lazy[n]);
    }
    check_nobody_died (place);
}

//  Awake again, it sees the newest partial next, not those it has slept through.
static void
a_client_that_wakes_up_sees_the_newest (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = question ("data/file", "slow", 1000000);
    ink_request_set_chunk (request, 16 * KIB);
    submit (place->client, request);
    wait_partial (place->client, &replies);
    uint64_t slept = counter (place->client, "partials_replaced") + 8, known = 0;
    UNTIL (counter (place->client, "partials_replaced") >= slept, SOON_MS);
    while (replies.size < 3 && take_reply (place->client, &replies, SOON_MS))
        known = covered_by (replies.items[replies.size - 1]);
    //  One was on its way when we fell asleep, the next is of this moment
    assert_true (known >= covered_by (replies.items[0]) + 8 * 16 * KIB);
    assert_true (known < SIZE);
    take_finals (place->client, &replies, 1, SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, place->bytes, 0, SIZE);
    forget (&replies);
    ink_request_destroy (&request);
}

//  Stopped in the middle: it is taken for dead after 5 s, and the others do not notice.
static void
a_client_that_hangs_is_given_up (void **state)
{
    place_t *place = *state;
    pid_t pid = start (place->world, "request",
                       "inkling request slow data/file --param us=8000000 --chunk 16K");
    UNTIL (requests_known (place->client) == 1, SOON_MS);
    kill (pid, SIGSTOP);
    check_server (place);
    UNTIL (requests_known (place->client) == 0, 8000);
    assert_int_equal (counter (place->client, "clients_lost"), 1);
    kill_hard (place->world, pid);
    check_server (place);
}

//  ---------------------------------------------------------------------------------------
//  Eager

static void
a_thousand_requests_at_once_are_all_answered (void **state)
{
    place_t *place = *state;
    static const char *const kernels[] = {"histogram", "bytes", "count"};
    replies_t replies = {0};
    for (uint64_t n = 0; n < TINY; n++) {
        char id[32];
        snprintf (id, sizeof id, "tiny-%03d", (int) n);
        ink_request_t *request = question ("data/file", kernels[n % 3], -1);
        ink_request_set_id (request, id);
        ink_request_set_range (request, n * 4000, 1 + n);
        submit (place->client, request);
        ink_request_destroy (&request);
    }
    take_finals (place->client, &replies, TINY, 3 * SOON_MS);
    bool answered[TINY] = {false};
    for (size_t i = 0; i < replies.size; i++) {
        const ink_reply_t *reply = replies.items[i];
        uint64_t n = strtoull (ink_reply_request (reply) + strlen ("tiny-"), NULL, 10);
        if (!ink_reply_is_final (reply))
            continue;
        assert_false (answered[n]);
        answered[n] = true;
        check_final (reply, NULL, place->bytes + n * 4000, n * 4000, 1 + n);
    }
    forget (&replies);
    assert_int_equal (counter (place->client, "finals"), TINY);
    check_server (place);
}

static void
one_request_too_many_is_refused_and_the_rest_answered (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = NULL;
    int error = INK_OK;
    size_t taken = 0;
    while (error == INK_OK && taken <= 1024) {
        ink_request_destroy (&request);
        request = question ("data/file", "count", -1);
        error = ink_client_submit (place->client, request);
        taken += error == INK_OK;
    }
    assert_int_equal (error, INK_EBUSY);
    assert_int_equal (taken, 1024);
    take_finals (place->client, &replies, taken, 3 * SOON_MS);
    for (size_t n = 0; n < replies.size; n++)
        assert_int_equal (ink_reply_error (replies.items[n]), INK_OK);
    submit (place->client, request);
    take_finals (place->client, &replies, taken + 1, SOON_MS);
    forget (&replies);
    ink_request_destroy (&request);
}

//  ---------------------------------------------------------------------------------------
//  Nonsense

typedef struct {
    void *context, *socket;
} rude_t;

static rude_t
meet (const char *endpoint, int type)
{
    rude_t rude = {.context = zmq_ctx_new ()};
    rude.socket = zmq_socket (rude.context, type);
    int linger = 1000, patience = 2000;
    zmq_setsockopt (rude.socket, ZMQ_LINGER, &linger, sizeof linger);
    zmq_setsockopt (rude.socket, ZMQ_SNDTIMEO, &patience, sizeof patience);
    zmq_setsockopt (rude.socket, ZMQ_RCVTIMEO, &patience, sizeof patience);
    assert_int_equal (zmq_connect (rude.socket, endpoint), 0);
    return rude;
}

static void
part_with (rude_t *rude)
{
    zmq_close (rude->socket);
    zmq_ctx_destroy (rude->context);
}

//  The error the ventilator refuses it with.
static int
refusal_of (rude_t *rude, const void *bytes, size_t size)
{
    uint8_t answer[1024];
    ink_arena_t arena = {0};
    ink_msg_t msg = {0};
    assert_int_equal (zmq_send (rude->socket, bytes, size, 0), (int) size);
    int got = zmq_recv (rude->socket, answer, sizeof answer, 0);
    if (got <= 0)
        fail_msg ("no refusal came: %s", zmq_strerror (zmq_errno ()));
    assert_int_equal (ink_msg_decode (answer, (size_t) got, &msg, &arena), INK_OK);
    assert_int_equal (msg.kind, INK_MSG_REFUSAL);
    int error = (int) msg.refusal.error;
    ink_arena_free (&arena);
    return error;
}

static void
nonsense_is_refused_and_the_connection_kept (void **state)
{
    place_t *place = *state;
    rude_t rude = meet (place->endpoint, ZMQ_DEALER);
    static const struct {
        const char *bytes;
        size_t size;
        int error;
    } said[] = {
        {"", 0, INK_EMESSAGE},
        {"hello", 5, INK_EMESSAGE},
        {"\x92\x01\x7f", 3, INK_EMESSAGE},         //  [1, 127]
        {"\x92\x02\x01", 3, INK_EVERSION},         //  [2, 1]
        {"\xdd\xff\xff\xff\xff", 5, INK_EMESSAGE}, //  A list of 4 milliards
        {"\x93\x01\x02\xdb\xff\xff\xff\xff", 8, INK_EMESSAGE},
        {"\x93\x01\x02\xa3../", 7, INK_ENOREQUEST}, //  Cancels what cannot be
        {"\x93\x01\x02\xa1\xff", 5, INK_EMESSAGE},  //  No UTF-8
        {"\x93\x01\x02\xa1x\xc0", 6, INK_EMESSAGE}, //  Something behind it
        {"\x93\x01\x28\x01\x01", 5, INK_EMESSAGE},  //  Not what clients say
    };
    for (size_t n = 0; n < sizeof said / sizeof *said; n++) {
        int error = refusal_of (&rude, said[n].bytes, said[n].size);
        if (error != said[n].error)
            fail_msg ("nonsense %zu was refused with %s", n, ink_error_name (error));
    }
    assert_true (counter (place->client, "bad_messages") >= 8);
    part_with (&rude);
    check_server (place);
}

//  A request in which some bytes are others, and messages of many frames.
static void
utter (rude_t *rude, const ink_buffer_t *good, uint64_t *seed)
{
    uint8_t bytes[1024];
    size_t size = good->size;
    memcpy (bytes, good->bytes, size);
    for (uint64_t n = 1 + chance_below (seed, 4); n > 0; n--)
        bytes[chance_below (seed, size)] = (uint8_t) chance (seed);
    if (chance_below (seed, 3) == 0)
        size = chance_below (seed, size);
    for (uint64_t n = chance_below (seed, 8) == 0 ? chance_below (seed, 5) : 0; n > 0;
         n--)
        zmq_send (rude->socket, bytes, chance_below (seed, size + 1), ZMQ_SNDMORE);
    zmq_send (rude->socket, bytes, size, 0);
}

static void
encode_request (ink_buffer_t *out)
{
    const ink_msg_param_t param = {"us", 10, ""};
    const ink_msg_kernel_t kernels[] = {{.name = "slow", .params = {&param, 1}},
                                        {.name = "digraph"}};
    ink_msg_t msg = {.kind = INK_MSG_REQUEST};
    msg.request.id = "rude";
    msg.request.source = "data/file";
    msg.request.length = 100000;
    msg.request.kernels.items = kernels;
    msg.request.kernels.size = 2;
    msg.request.timeout_ms = 100;
    msg.request.chunk = 65536;
    assert_int_equal (ink_msg_encode (&msg, out), INK_OK);
}

//  Said at every door, while a well-behaved client is being served.
static void
nonsense_at_every_door_harms_nobody (void **state)
{
    place_t *place = *state;
    uint64_t seed = 17;
    ink_endpoints_t doors;
    assert_int_equal (ink_endpoints_derive (place->endpoint, &doors), INK_OK);
    const struct {
        const char *endpoint;
        int type;
    } all[] = {{doors.front, ZMQ_DEALER},
               {doors.back, ZMQ_DEALER},
               {doors.sink, ZMQ_DEALER},
               {doors.values, ZMQ_PUSH},
               {doors.control, ZMQ_SUB}};
    ink_buffer_t good = {0};
    encode_request (&good);
    ink_request_t *request = question ("data/file", "slow", 300000);
    replies_t replies = {0};
    submit (place->client, request);
    for (size_t n = 0; n < sizeof all / sizeof *all; n++) {
        uint64_t bad_before = counter (place->client, "bad_messages");
        rude_t rude = meet (all[n].endpoint, all[n].type);
        for (int said = 0; said < 1000 && all[n].type != ZMQ_SUB; said++)
            utter (&rude, &good, &seed);
        if (n < 2) //  The ventilator's own doors: it counts
            UNTIL (bad_before < counter (place->client, "bad_messages"), SOON_MS);
        part_with (&rude);
    }
    take_finals (place->client, &replies, 1, 2 * SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, place->bytes, 0, SIZE);
    ink_buffer_free (&good);
    forget (&replies);
    ink_request_destroy (&request);
    check_server (place);
}

int
main (void)
{
#define OVER_IPC(name) cmocka_unit_test_setup_teardown (name, begin_ipc, end)
#define OVER_TCP(name)                             \
    {                                              \
#name " (tcp)", name, begin_tcp, end, NULL \
    }
    const struct CMUnitTest tests[] = {
        OVER_IPC (clients_that_do_not_read_cost_little),
        OVER_TCP (clients_that_do_not_read_cost_little),
        OVER_IPC (a_client_that_wakes_up_sees_the_newest),
        OVER_IPC (a_client_that_hangs_is_given_up),
        OVER_IPC (a_thousand_requests_at_once_are_all_answered),
        OVER_TCP (a_thousand_requests_at_once_are_all_answered),
        OVER_IPC (one_request_too_many_is_refused_and_the_rest_answered),
        OVER_IPC (nonsense_is_refused_and_the_connection_kept),
        OVER_TCP (nonsense_is_refused_and_the_connection_kept),
        OVER_IPC (nonsense_at_every_door_harms_nobody),
        OVER_TCP (nonsense_at_every_door_harms_nobody),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

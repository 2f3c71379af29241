//  test_crowd.c: slow, silent and hasty clients by the thousand, and a good one among them.

#include "asking.h"
#include "peer.h"

#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <zmq.h>

#include "base/descriptors.h"

#define SIZE (3 * MIB)
#define MANY 2000
#define SILENT 1000
#define GREEDY 64
#define ASKED 100 //  By each of the greedy, of half a MiB

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *good;
    pid_t server, ventilator;
    size_t before; //  Descriptors
} place_t;

static int
begin (void **state)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 1, SIZE);
    setenv ("ASAN_OPTIONS", "quarantine_size_mb=8", 1);
    place->server = start (place->world, "serve",
                           "inkling serve --root data=$F --workers 2 --cache $F/cache");
    place->good = connect_to (NULL);
    wait_live (place->good, 2);
    place->ventilator = child_with (place->server, "ventilator");
    place->before = descriptors_of (place->ventilator);
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->good);
    free (place);
    return world_end (&world);
}

static void
check_served (place_t *place)
{
    ink_request_t *request = question ("data/file", "digraph", -1);
    check_answer (place->good, request, "digraph", place->bytes, 0, SIZE);
    ink_request_destroy (&request);
    assert_int_equal (child_with (place->server, "ventilator"), place->ventilator);
}

static void
check_all_are_gone (place_t *place)
{
    UNTIL (descriptors_of (place->ventilator) <= place->before + 4, 2 * SOON_MS);
    check_served (place);
}

//  ---------------------------------------------------------------------------------------
//  Below ZeroMQ

static int
knock (const place_t *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf (address.sun_path, sizeof address.sun_path, "%s/front",
              world_folder (place->world));
    int door = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_true (door >= 0);
    assert_int_equal (connect (door, (struct sockaddr *) &address, sizeof address), 0);
    return door;
}

//  Some say nothing, some half a greeting: they are sent away after 5 s.
static void
thousands_who_say_half_a_word_are_sent_away (void **state)
{
    static int doors[MANY];
    place_t *place = *state;
    for (size_t n = 0; n < MANY; n++) {
        doors[n] = knock (place);
        if (n % 2)
            assert_int_equal (send (doors[n], "\xff\0\0\0\0", 5, MSG_NOSIGNAL), 5);
    }
    UNTIL (descriptors_of (place->ventilator) > place->before + MANY / 2, SOON_MS);
    check_served (place);
    check_all_are_gone (place);
    for (size_t n = 0; n < MANY; n++)
        close (doors[n]);
}

static void
thousands_who_come_and_go_harm_nobody (void **state)
{
    place_t *place = *state;
    for (size_t n = 0; n < MANY; n++) {
        close (knock (place));
        if (n % 500 == 0)
            check_served (place);
    }
    check_all_are_gone (place);
}

//  ---------------------------------------------------------------------------------------
//  Those who ask and never read

typedef struct {
    void *context, *sockets[SILENT];
    size_t size;
} silent_t;

static silent_t
gather (size_t size)
{
    silent_t all = {.context = zmq_ctx_new (), .size = size};
    int one = 1, least = 4096, none = 0;
    zmq_ctx_set (all.context, ZMQ_MAX_SOCKETS, SILENT + 10);
    for (size_t n = 0; n < size; n++) {
        void *socket = all.sockets[n] = zmq_socket (all.context, ZMQ_DEALER);
        assert_non_null (socket);
        zmq_setsockopt (socket, ZMQ_RCVHWM, &one, sizeof one);
        zmq_setsockopt (socket, ZMQ_RCVBUF, &least, sizeof least);
        zmq_setsockopt (socket, ZMQ_LINGER, &none, sizeof none);
        assert_int_equal (zmq_connect (socket, getenv ("INKLING_ENDPOINT")), 0);
    }
    return all;
}

static void
ask (void *socket, size_t who, size_t what, const char *kernel)
{
    char id[32];
    const ink_msg_kernel_t kernels[] = {{.name = kernel}};
    snprintf (id, sizeof id, "silent-%zu-%zu", who, what);
    ink_msg_t msg = {.kind = INK_MSG_REQUEST};
    msg.request.id = id;
    msg.request.source = "data/file";
    msg.request.length = UINT64_MAX;
    msg.request.kernels.items = kernels;
    msg.request.kernels.size = 1;
    msg.request.cache_read = msg.request.cache_write = 1;
    msgpack_sbuffer bytes = pack_message (&msg);
    assert_int_equal (zmq_send (socket, bytes.data, bytes.size, 0), bytes.size);
    msgpack_sbuffer_destroy (&bytes);
}

static void
send_home (silent_t *all)
{
    for (size_t n = 0; n < all->size; n++)
        zmq_close (all->sockets[n]);
    zmq_ctx_term (all->context);
}

static void
a_thousand_who_ask_and_never_read_harm_nobody (void **state)
{
    place_t *place = *state;
    silent_t all = gather (SILENT);
    uint64_t finals = counter (place->good, "finals");
    for (size_t n = 0; n < SILENT; n++)
        ask (all.sockets[n], n, 0, "histogram");
    UNTIL (counter (place->good, "finals") >= finals + SILENT, SOON_MS);
    check_served (place);
    send_home (&all);
    check_all_are_gone (place);
}

//  Three GiB would lie in the ventilator; beyond the bound they are refused.
static void
who_does_not_read_gets_no_more (void **state)
{
    place_t *place = *state;
    check_served (place); //  It is in the cache now
    uint64_t before = memory_of (place->ventilator), refused = 0, finals = 0;
    silent_t all = gather (GREEDY);
    for (size_t what = 0; what < ASKED; what++)
        for (size_t n = 0; n < GREEDY; n++)
            ask (all.sockets[n], n, what, "digraph");
    UNTIL ((refused = counter (place->good, "refused")) +
                   (finals = counter (place->good, "finals")) >=
               GREEDY * ASKED,
           2 * SOON_MS);
    assert_true (refused > GREEDY * ASKED / 2);
    uint64_t grown = memory_of (place->ventilator) - before;
    if (grown > 600 * MIB)
        fail_msg ("the ventilator took %d MiB", (int) (grown / MIB));
    check_served (place);
    send_home (&all);
    check_all_are_gone (place);
}

int
main (void)
{
    ink_descriptors_raise (); //  For the thousands
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (thousands_who_say_half_a_word_are_sent_away),
        TEST (thousands_who_come_and_go_harm_nobody),
        TEST (a_thousand_who_ask_and_never_read_harm_nobody),
        TEST (who_does_not_read_gets_no_more),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

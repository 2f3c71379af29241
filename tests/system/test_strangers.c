//  test_strangers.c: those who connect and do not speak the protocol, or not even ZMTP.
//
//  Whatever they do, others are served.

#include "asking.h"
#include "peer.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define SIZE 4096

typedef struct {
    world_t *world;
    uint8_t *bytes;
    const char *front;
    ink_client_t *client; //  One who speaks as one should
    pid_t server;
} place_t;

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    place->bytes = make_file (place->world, "file", NOISE, 3, SIZE);
    place->front = world_endpoint (place->world, true);
    setenv ("INKLING_ENDPOINT", place->front, 1);
    place->server = start (place->world, "serve",
                           "inkling serve --workers 1 --root data=$F --cache $F/cache "
                           "--quiet");
    place->client = connect_to (place->front);
    wait_live (place->client, 1);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    free (place);
    clean (NULL);
    return world_end (&world);
}

static void
others_are_served (place_t *place)
{
    ink_request_t *request = question ("data/file", "histogram", -1);
    check_answer (place->client, request, "histogram", place->bytes, 0, SIZE);
    ink_request_destroy (&request);
}

//  ---------------------------------------------------------------------------------------
//  Without a library

static int
stranger (place_t *place)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    const char *port = strrchr (place->front, ':') + 1;
    address.sin_port = htons ((uint16_t) atoi (port));
    int file = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    assert_int_equal (connect (file, (struct sockaddr *) &address, sizeof address), 0);
    return file;
}

//  False when the other side has closed.
static bool
shout (int file, const void *bytes, size_t size)
{
    for (size_t at = 0; at < size;) {
        ssize_t sent = send (file, (const char *) bytes + at, size - at, MSG_NOSIGNAL);
        if (sent < 0)
            return false;
        at += (size_t) sent;
    }
    return true;
}

//  Reads what comes until the other side closes, which must be soon.
static void
is_closed (int file)
{
    char bytes[256];
    struct pollfd item = {file, POLLIN, 0};
    int64_t until = now_ms () + SOON_MS;
    while (now_ms () < until)
        if (poll (&item, 1, 100) > 0 && read (file, bytes, sizeof bytes) <= 0)
            return;
    fail_msg ("the connection is still open");
}

//  The greeting of ZMTP 3 and the READY of a DEALER.
static int
zmtp_stranger (place_t *place)
{
    static const char ready[] = "\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06"
                                "DEALER";
    char greeting[64] = "\xff\0\0\0\0\0\0\0\0\x7f\3\0NULL";
    char theirs[64];
    int file = stranger (place);
    assert_true (shout (file, greeting, sizeof greeting));
    //  libzmq may take what follows at once for a breach: its own greeting first
    assert_int_equal (recv (file, theirs, sizeof theirs, MSG_WAITALL), sizeof theirs);
    assert_true (shout (file, ready, sizeof ready - 1));
    return file;
}

//  ---------------------------------------------------------------------------------------

static void
garbage_on_the_wire_harms_nobody (void **state)
{
    static const char *const words[] = {
        "GET / HTTP/1.1\r\nHost: x\r\n\r\n", "\xff", "\x01\x01",
        "\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"};
    place_t *place = *state;
    uint64_t seed = 5;
    for (size_t n = 0; n < 40; n++) {
        char noise[200];
        int file = n % 3 ? stranger (place) : zmtp_stranger (place);
        for (size_t at = 0; at < sizeof noise; at++)
            noise[at] = (char) chance (&seed);
        if (n < 4)
            shout (file, words[n], strlen (words[n]));
        else
            shout (file, noise, 1 + chance_below (&seed, sizeof noise));
        close (file);
    }
    others_are_served (place);
}

//  A frame of 2^40 bytes closes the connection before it comes.
static void
a_frame_of_a_terabyte_is_not_waited_for (void **state)
{
    place_t *place = *state;
    int file = zmtp_stranger (place);
    assert_true (shout (file, "\2\0\0\1\0\0\0\0\0x", 10));
    is_closed (file);
    close (file);
    others_are_served (place);
}

static void
who_says_nothing_is_sent_away (void **state)
{
    place_t *place = *state;
    int file = stranger (place);
    others_are_served (place);
    is_closed (file);
    close (file);
}

//  Frames of a message that never ends are kept by libzmq until it does, or its sender goes:
//  here their sum is bounded, and so must be the memory. Others are served meanwhile.
static void
endless_frames_harm_nobody (void **state)
{
    enum { FRAMES = 4000, FRAME = 1000 };
    place_t *place = *state;
    char content[FRAME] = {0};
    uint8_t head[9] = {3, 0, 0,          0,          0,
                       0, 0, FRAME >> 8, FRAME & 255}; //  Long, more to come
    pid_t ventilator = child_with (place->server, "ventilator");
    uint64_t before = memory_of (ventilator);
    int file = zmtp_stranger (place);
    for (int n = 0; n < FRAMES; n++) {
        assert_true (shout (file, head, sizeof head) && shout (file, content, FRAME));
        if (n % 1000 == 999)
            others_are_served (place);
    }
    assert_true (memory_of (ventilator) < before + 64 * MIB);
    close (file);
    others_are_served (place);
    assert_true (is_running (ventilator));
}

//  Whoever gives itself a routing id is not of this protocol.
static void
who_names_itself_is_not_answered (void **state)
{
    place_t *place = *state;
    peer_t peer = {0};
    assert_int_equal (ink_post_open (&peer.post, ZMQ_DEALER, 0), INK_OK);
    assert_int_equal (zmq_setsockopt (peer.post.socket, ZMQ_ROUTING_ID, "me", 2), 0);
    assert_int_equal (ink_post_connect (&peer.post, place->front), INK_OK);
    say (&peer, (ink_msg_t){.kind = INK_MSG_PING, .ping.nonce = 1});
    say_bytes (&peer, "garbage", 7, false);
    UNTIL (counter (place->client, "bad_messages") == 1, SOON_MS);
    assert_null (hear_within (&peer, 100));
    others_are_served (place);
    peer_close (&peer);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (garbage_on_the_wire_harms_nobody),
        TEST (a_frame_of_a_terabyte_is_not_waited_for),
        TEST (who_says_nothing_is_sent_away),
        TEST (endless_frames_harm_nobody),
        TEST (who_names_itself_is_not_answered),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

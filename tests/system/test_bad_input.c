//  test_bad_input.c: what clients may say wrongly, row by row.
//
//  Each row is said to a server of real processes. It must be answered with exactly one
//  refusal of its code, counted, and the connection kept; and a question asked beside it must
//  be answered as ever.

#include "asking.h"
#include "peer.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define SIZE 100000

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *client; //  One that says nothing wrong
    peer_t peer;          //  One that does
} place_t;

static void
make_socket (const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int file = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf (address.sun_path, sizeof address.sun_path, "%s", path);
    assert_int_equal (bind (file, (struct sockaddr *) &address, sizeof address), 0);
    close (file);
}

static const char *
within (place_t *place, const char *name)
{
    return world_text (place->world, "%s/data/%s", world_folder (place->world), name);
}

static void
make_data (place_t *place)
{
    assert_int_equal (mkdir (within (place, ""), 0700), 0);
    assert_int_equal (mkdir (within (place, "folder"), 0700), 0);
    place->bytes = make_file (place->world, "data/file", NOISE, 3, SIZE);
    make_file (place->world, "data/empty", NOISE, 3, 0);
    make_file (place->world, "data/secret", NOISE, 3, 1);
    make_file (place->world, "data/huge", NOISE, 3, 1);
    make_file (place->world, "outside", NOISE, 3, 1);
    assert_int_equal (truncate (within (place, "huge"), (off_t) 8 << 30), 0);
    assert_int_equal (chmod (within (place, "secret"), 0), 0);
    assert_int_equal (mkfifo (within (place, "pipe"), 0600), 0);
    assert_int_equal (symlink ("../outside", within (place, "out")), 0);
    assert_int_equal (symlink ("/dev/null", within (place, "null")), 0);
    assert_int_equal (symlink ("/proc/self/root", within (place, "magic")), 0);
    assert_int_equal (symlink ("ring", within (place, "ring")), 0);
    make_socket (within (place, "socket"));
}

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    make_data (place);
    const char *endpoint = world_endpoint (place->world, false);
    start (place->world, "serve",
           "inkling serve --workers 1 --root data=$F/data --cache $F/cache --load $SLOW "
           "--quiet");
    place->client = connect_to (endpoint);
    wait_live (place->client, 1);
    place->peer = peer_at (ZMQ_DEALER, endpoint);
    is_heard (&place->peer);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    peer_close (&place->peer);
    ink_client_destroy (&place->client);
    free (place);
    clean (NULL);
    return world_end (&world);
}

//  ---------------------------------------------------------------------------------------
//  What must hold after each row

typedef struct {
    uint64_t bad, refused, requests;
} counters_t;

static counters_t
counters_of (place_t *place)
{
    return (counters_t){counter (place->client, "bad_messages"),
                        counter (place->client, "refused"),
                        counter (place->client, "requests")};
}

static void
others_are_served (place_t *place)
{
    ink_request_t *request = question ("data/file", "histogram", -1);
    check_answer (place->client, request, "histogram", place->bytes, 0, SIZE);
    ink_request_destroy (&request);
}

//  `bad`: it was not even a message. A request that was taken and then refused counts too.
static void
is_refused (place_t *place, counters_t before, int error, bool bad)
{
    const ink_msg_t *msg = hear (&place->peer, INK_MSG_REFUSAL);
    assert_string_equal (ink_error_name ((int) msg->refusal.error),
                         ink_error_name (error));
    is_heard (&place->peer);
    counters_t after = counters_of (place);
    assert_int_equal (after.bad, before.bad + bad);
    assert_int_equal (after.refused, before.refused + 1);
    others_are_served (place);
}

//  ---------------------------------------------------------------------------------------
//  Bytes that are no message

typedef struct {
    const char *what, *bytes;
    size_t size;
    int error;
} frame_row_t;

#define ROW(what, bytes)                            \
    {                                               \
        what, bytes, sizeof bytes - 1, INK_EMESSAGE \
    }
#define PING "\x93\x01\x04"
#define CANCEL "\x93\x01\x02"

static const frame_row_t frame_rows[] = {
    ROW ("nothing", ""),
    ROW ("nil", "\xc0"),
    ROW ("no array", "ping"),
    ROW ("an array of nothing", "\x90"),
    {"version 2", "\x93\x02\x04\x05", 4, INK_EVERSION},
    {"version 2^64 - 1", "\x93\xcf\xff\xff\xff\xff\xff\xff\xff\xff", 10, INK_EVERSION},
    ROW ("a number that no message has", "\x93\x01\x0c\x05"),
    ROW ("the number that is kept for jobs", "\x93\x01\x20\x05"),
    ROW ("truncated", PING),
    ROW ("truncated in a text", CANCEL "\xa5one"),
    ROW ("a byte too many", PING "\x05\x00"),
    ROW ("a field too few", "\x92\x01\x04"),
    ROW ("a field too many", "\x94\x01\x04\x05\x05"),
    ROW ("a number in two bytes where one would do", PING "\xcc\x05"),
    ROW ("a number in nine bytes where two would do",
         PING "\xcf\x00\x00\x00\x00\x00\x00\x00\xff"),
    ROW ("an array in three bytes where one would do", "\xdc\x00\x03\x01\x04\x05"),
    ROW ("a text in two bytes where one would do", CANCEL "\xd9\x01x"),
    ROW ("an extension", PING "\xd4\x01\x01"),
    ROW ("the lead that is never used", PING "\xc1"),
    ROW ("a float", PING "\xcb\x00\x00\x00\x00\x00\x00\x00\x00"),
    ROW ("not a number", PING "\xca\x7f\xc0\x00\x00"),
    ROW ("a map", PING "\x80"),
    ROW ("true", PING "\xc3"),
    ROW ("a text for a number", PING "\xa1\x35"),
    ROW ("a number for a text", CANCEL "\x05"),
    ROW ("bytes for a text", CANCEL "\xc4\x01x"),
    ROW ("below zero", PING "\xff"),
    ROW ("a count above the bytes left",
         "\x9d\x01\x01\xa1x\xa1y\x00\x01\xdd\xff\xff\xff\xff"),
    ROW ("five bytes that ask for gigabytes", "\xdd\x10\x00\x00\x00"),
    ROW ("deep nesting",
         "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"
         "\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91\x91"),
    ROW ("no UTF-8", CANCEL "\xa2\xff\xfe"),
    ROW ("half a character", CANCEL "\xa2x\xc3"),
    ROW ("an overlong slash", CANCEL "\xa2\xc0\xaf"),
    ROW ("a surrogate", CANCEL "\xa3\xed\xa0\x80"),
    ROW ("a new line", CANCEL "\xa3x\ny"),
    ROW ("an escape", CANCEL "\xa2x\x1b"),
    ROW ("a zero", CANCEL "\xa3x\0y"),
    ROW ("a control above 127", CANCEL "\xa2\xc2\x85"),
};

static void
what_is_no_message_is_refused (void **state)
{
    place_t *place = *state;
    for (size_t n = 0; n < sizeof frame_rows / sizeof *frame_rows; n++) {
        const frame_row_t *row = &frame_rows[n];
        counters_t before = counters_of (place);
        print_message ("    %s\n", row->what);
        say_bytes (&place->peer, row->bytes, row->size, false);
        is_refused (place, before, row->error, true);
    }
}

static void
a_header_above_the_limit_is_refused (void **state)
{
    place_t *place = *state;
    char *bytes = world_keep (place->world, calloc (INK_HEADER_MOST + 1, 1));
    counters_t before = counters_of (place);
    say_bytes (&place->peer, bytes, INK_HEADER_MOST + 1, false);
    is_refused (place, before, INK_EMESSAGE, true);
}

static void
a_wrong_number_of_frames_is_refused (void **state)
{
    static const char *const frames[][4] = {
        {"", PING "\x05"},                 //  As from a REQ socket
        {PING "\x05", "more"},             //  No payload belongs to it
        {PING "\x05", "more", "and more"}, //  Nor two
        {PING "\x05", PING "\x06"},        //  Two at once
        {"nonsense", "and more", "", "end"}};
    place_t *place = *state;
    for (size_t n = 0; n < sizeof frames / sizeof *frames; n++) {
        counters_t before = counters_of (place);
        for (size_t at = 0; at < 4 && frames[n][at]; at++)
            say_bytes (&place->peer, frames[n][at], strlen (frames[n][at]),
                       at < 3 && frames[n][at + 1]);
        is_refused (place, before, INK_EMESSAGE, true);
    }
}

//  Every message that is not a client's.
static void
what_others_say_is_refused (void **state)
{
    place_t *place = *state;
    ink_arena_reset (&made);
    for (size_t n = 0; n < KINDS; n++) {
        if (all_kinds[n] <= INK_MSG_ASK || all_kinds[n] == INK_MSG_READ)
            continue;
        ink_msg_t msg = {.kind = all_kinds[n]};
        least_body (ink_message_shape (msg.kind), body_of (&msg));
        counters_t before = counters_of (place);
        say (&place->peer, msg);
        is_refused (place, before, INK_EMESSAGE, true);
    }
}

//  ---------------------------------------------------------------------------------------
//  Requests that cannot be served

//  A request and all that it points to.
typedef struct {
    ink_msg_request_t msg;
    ink_msg_kernel_t kernels[9];
    ink_msg_param_t params[9];
    ink_msg_report_t reports[65];
    char text[5000];
} wish_t;

static void
good (wish_t *self)
{
    static unsigned count;
    memset (self, 0, sizeof *self);
    snprintf (self->text, sizeof self->text, "wish-%u", count++);
    self->msg = (ink_msg_request_t){.id = self->text,
                                    .source = "data/file",
                                    .length = UINT64_MAX,
                                    .kernels = {self->kernels, 1},
                                    .reports = {self->reports, 0}};
    self->kernels[0] = (ink_msg_kernel_t){.name = "histogram", .version = 1};
}

static void
set_params (wish_t *self, const char *kernel, const char *name, int64_t value)
{
    self->kernels[0].name = kernel;
    self->params[0] = (ink_msg_param_t){name, value, ""};
    self->kernels[0].params.items = self->params;
    self->kernels[0].params.size = 1;
}

static void
set_kernels (wish_t *self, size_t count, const char *name)
{
    for (size_t n = 1; n < 9; n++)
        self->kernels[n] = (ink_msg_kernel_t){.name = name, .version = 1};
    self->msg.kernels.size = count;
}

//  So many letters x behind a beginning.
static const char *
long_text (wish_t *self, const char *beginning, size_t size)
{
    memset (self->text, 'x', size);
    memcpy (self->text, beginning, strlen (beginning));
    self->text[size] = 0;
    return self->text;
}

typedef struct {
    const char *what;
    void (*spoil) (wish_t *);
    int error;
    bool bad; //  It breaks a limit of the message itself
} wish_row_t;

#define SPOIL(name, ...)            \
    static void name (wish_t *wish) \
    {                               \
        __VA_ARGS__;                \
    }

SPOIL (no_id, wish->msg.id = "")
SPOIL (id_with_blank, wish->msg.id = "a b")
SPOIL (id_with_slash, wish->msg.id = "a/b")
SPOIL (id_with_umlaut, wish->msg.id = "ä")
SPOIL (long_id, wish->msg.id = long_text (wish, "", 65))
SPOIL (no_kernel, wish->msg.kernels.size = 0)
SPOIL (nine_kernels, set_kernels (wish, 9, "count"))
SPOIL (kernel_twice, set_kernels (wish, 2, "histogram"))
SPOIL (unknown_kernel, set_kernels (wish, 2, "histogramm"))
SPOIL (kernel_without_name, wish->kernels[0].name = "")
SPOIL (other_version, wish->kernels[0].version = 2)
SPOIL (unknown_param, set_params (wish, "entropy", "cells", 4096))
SPOIL (no_params_at_all, set_params (wish, "count", "cell", 4096))
SPOIL (param_too_small, set_params (wish, "entropy", "cell", 8))
SPOIL (param_too_large, set_params (wish, "entropy", "cell", 1 << 21))
SPOIL (param_between, set_params (wish, "entropy", "cell", 4097))
SPOIL (param_below_zero, set_params (wish, "entropy", "cell", INT64_MIN))
SPOIL (nine_params, set_params (wish, "entropy", "cell", 4096);
       wish->kernels[0].params.size = 9;
       for (size_t n = 0; n < 9; n++) wish->params[n] = wish->params[0])
SPOIL (chunk_of_one, wish->msg.chunk = 1)
SPOIL (chunk_too_small, wish->msg.chunk = 2048)
SPOIL (chunk_too_large, wish->msg.chunk = (uint64_t) 128 << 20)
SPOIL (chunk_between, wish->msg.chunk = 4097)
SPOIL (chunk_below_cell, set_params (wish, "entropy", "cell", 8192);
       wish->msg.chunk = 4096)
SPOIL (priority_too_high, wish->msg.priority = 1001)
SPOIL (priority_too_low, wish->msg.priority = INT64_MIN)
SPOIL (share_above_all, wish->msg.reports.size = 1; wish->reports[0].millionths = 1000001)
SPOIL (many_reports, wish->msg.reports.size = 65)
SPOIL (flag_of_two, wish->msg.cache_read = 2)
SPOIL (long_timeout, wish->msg.timeout_ms = (uint64_t) 1 << 32)
SPOIL (length_zero, wish->msg.length = 0)
SPOIL (empty_file, wish->msg.source = "data/empty")
SPOIL (at_the_end, wish->msg.offset = SIZE)
SPOIL (far_behind, wish->msg.offset = UINT64_MAX)
SPOIL (one_too_many, wish->msg.length = SIZE + 1)
SPOIL (overflow, wish->msg.offset = 10; wish->msg.length = UINT64_MAX - 5)
SPOIL (many_parts, wish->msg.source = "data/huge"; wish->msg.chunk = 4096)
SPOIL (large_answer, wish->msg.source = "data/huge"; wish->kernels[0].name = "bytes")
SPOIL (no_source, wish->msg.source = "")
SPOIL (no_such_root, wish->msg.source = "date/file")
SPOIL (absolute, wish->msg.source = "/etc/passwd")
SPOIL (absolute_below, wish->msg.source = "data//etc/passwd")
SPOIL (dots, wish->msg.source = "data/../outside")
SPOIL (dots_in_between, wish->msg.source = "data/folder/../../outside")
SPOIL (link_out, wish->msg.source = "data/out")
SPOIL (link_to_device, wish->msg.source = "data/null")
SPOIL (magic_link, wish->msg.source = "data/magic/etc/passwd")
SPOIL (ring, wish->msg.source = "data/ring")
SPOIL (missing, wish->msg.source = "data/nowhere")
SPOIL (below_a_file, wish->msg.source = "data/file/x")
SPOIL (no_permission, wish->msg.source = "data/secret")
SPOIL (long_name, wish->msg.source = long_text (wish, "data/", 300); wish->msg.id = "x")
SPOIL (longest_path, wish->msg.source = long_text (wish, "data/", 4096);
       wish->msg.id = "x")
SPOIL (long_path, wish->msg.source = long_text (wish, "data/", 4097); wish->msg.id = "x")
SPOIL (line_in_path, wish->msg.source = "data/file\n")
SPOIL (no_utf8_in_path, wish->msg.source = "data/\xff")
SPOIL (folder, wish->msg.source = "data/folder")
SPOIL (root_itself, wish->msg.source = "data")
SPOIL (pipe_file, wish->msg.source = "data/pipe")
SPOIL (socket_file, wish->msg.source = "data/socket")

static const wish_row_t wish_rows[] = {
    {"no id", no_id, INK_EMESSAGE, false},
    {"an id with a blank", id_with_blank, INK_EMESSAGE, false},
    {"an id with a slash", id_with_slash, INK_EMESSAGE, false},
    {"an id with an umlaut", id_with_umlaut, INK_EMESSAGE, false},
    {"an id of 65", long_id, INK_EMESSAGE, true},
    {"no kernel", no_kernel, INK_EMESSAGE, false},
    {"nine kernels", nine_kernels, INK_EMESSAGE, true},
    {"a kernel twice", kernel_twice, INK_EMESSAGE, false},
    {"an unknown kernel", unknown_kernel, INK_ENOKERNEL, false},
    {"a kernel without name", kernel_without_name, INK_ENOKERNEL, false},
    {"a kernel of another version", other_version, INK_ENOKERNEL, false},
    {"an unknown parameter", unknown_param, INK_EPARAM, false},
    {"a parameter of a kernel that has none", no_params_at_all, INK_EPARAM, false},
    {"a parameter that is too small", param_too_small, INK_EPARAM, false},
    {"a parameter that is too large", param_too_large, INK_EPARAM, false},
    {"a parameter that is no power of two", param_between, INK_EPARAM, false},
    {"a parameter below zero", param_below_zero, INK_EPARAM, false},
    {"nine parameters", nine_params, INK_EMESSAGE, true},
    {"chunks of one byte", chunk_of_one, INK_ECHUNK, false},
    {"chunks that are too small", chunk_too_small, INK_ECHUNK, false},
    {"chunks that are too large", chunk_too_large, INK_ECHUNK, false},
    {"chunks of no power of two", chunk_between, INK_ECHUNK, false},
    {"chunks smaller than a cell", chunk_below_cell, INK_ECHUNK, false},
    {"a priority that is too high", priority_too_high, INK_EMESSAGE, false},
    {"a priority that is too low", priority_too_low, INK_EMESSAGE, false},
    {"a report above everything", share_above_all, INK_EMESSAGE, true},
    {"65 reports", many_reports, INK_EMESSAGE, true},
    {"a flag that is 2", flag_of_two, INK_EMESSAGE, true},
    {"a timeout of 2^32", long_timeout, INK_EMESSAGE, true},
    {"a range of nothing", length_zero, INK_EEMPTY, false},
    {"an empty file", empty_file, INK_EEMPTY, false},
    {"a range from the end on", at_the_end, INK_ERANGE, false},
    {"a range far behind the end", far_behind, INK_ERANGE, false},
    {"a range one byte too long", one_too_many, INK_ERANGE, false},
    {"a range that passes 2^64", overflow, INK_ERANGE, false},
    {"too many parts", many_parts, INK_ETOOLARGE, false},
    {"an answer that is too large", large_answer, INK_ETOOLARGE, false},
    {"no source", no_source, INK_ENOROOT, false},
    {"an unknown root", no_such_root, INK_ENOROOT, false},
    {"an absolute path", absolute, INK_ENOROOT, false},
    {"an absolute path below a root", absolute_below, INK_EESCAPE, false},
    {"..", dots, INK_EESCAPE, false},
    {".. in between", dots_in_between, INK_EESCAPE, false},
    {"a link that leads out", link_out, INK_EESCAPE, false},
    {"a link to a device", link_to_device, INK_EESCAPE, false},
    {"a magic link", magic_link, INK_EESCAPE, false},
    {"a ring of links", ring, INK_EESCAPE, false},
    {"a missing file", missing, INK_ENOTFOUND, false},
    {"a path below a file", below_a_file, INK_ENOTFOUND, false},
    {"a file without permission", no_permission, INK_EPERM, false},
    {"a name of 295", long_name, INK_ENOTFOUND, false},
    {"a path of 4096", longest_path, INK_ENOTFOUND, false},
    {"a path of 4097", long_path, INK_EMESSAGE, true},
    {"a path with a new line", line_in_path, INK_EMESSAGE, true},
    {"a path that is no UTF-8", no_utf8_in_path, INK_EMESSAGE, true},
    {"a folder", folder, INK_ENOTREGULAR, false},
    {"a root", root_itself, INK_ENOTFOUND, false},
    {"a pipe", pipe_file, INK_ENOTREGULAR, false},
    {"a socket", socket_file, INK_ENOTREGULAR, false},
};

static void
requests_that_cannot_be_served_are_refused (void **state)
{
    place_t *place = *state;
    wish_t wish;
    for (size_t n = 0; n < sizeof wish_rows / sizeof *wish_rows; n++) {
        const wish_row_t *row = &wish_rows[n];
        if (row->error == INK_EPERM && geteuid () == 0)
            continue; //  Nothing is forbidden to root
        counters_t before = counters_of (place);
        print_message ("    %s\n", row->what);
        good (&wish);
        row->spoil (&wish);
        say (&place->peer, (ink_msg_t){.kind = INK_MSG_REQUEST, .request = wish.msg});
        is_refused (place, before, row->error, row->bad);
    }
}

//  ---------------------------------------------------------------------------------------
//  Ids

static ink_msg_t
slow_wish (wish_t *wish, const char *id, int64_t us)
{
    good (wish);
    set_params (wish, "slow", "us", us);
    wish->msg.id = id;
    return (ink_msg_t){.kind = INK_MSG_REQUEST, .request = wish->msg};
}

static const ink_msg_t *
hear_final (peer_t *peer)
{
    const ink_msg_t *msg;
    while (!(msg = hear (peer, INK_MSG_REPLY))->reply.final)
        continue;
    return msg;
}

static void
the_same_request_again_attaches (void **state)
{
    place_t *place = *state;
    wish_t wish;
    peer_t other = peer_at (ZMQ_DEALER, world_endpoint (place->world, false));
    counters_t before = counters_of (place);
    ink_msg_t msg = slow_wish (&wish, "same", 3000000);
    say (&place->peer, msg);
    is_heard (&place->peer);
    say (&other, msg);
    assert_int_equal (hear_final (&other)->reply.error, INK_OK);
    is_heard (&place->peer); //  Nothing came here
    assert_int_equal (counters_of (place).requests, before.requests + 1);
    peer_close (&other);
}

static void
another_request_of_the_same_id_is_a_conflict (void **state)
{
    place_t *place = *state;
    wish_t wish;
    peer_t other = peer_at (ZMQ_DEALER, world_endpoint (place->world, false));
    say (&other, slow_wish (&wish, "mine", 5000000));
    is_heard (&other);
    counters_t before = counters_of (place);
    say (&place->peer, slow_wish (&wish, "mine", 5000001));
    is_refused (place, before, INK_ECONFLICT, false);
    assert_int_equal (hear_final (&other)->reply.error, INK_OK);
    peer_close (&other);
}

static void
what_nobody_asked_for_cannot_be_cancelled (void **state)
{
    static const char *const ids[] = {"nobody", "", "a b", "wish-0"};
    place_t *place = *state;
    for (size_t n = 0; n < sizeof ids / sizeof *ids; n++) {
        counters_t before = counters_of (place);
        say (&place->peer, (ink_msg_t){.kind = INK_MSG_CANCEL, .cancel.id = ids[n]});
        is_refused (place, before, INK_ENOREQUEST, false);
    }
}

//  TAKEN is not answered: what it names may just have ended.
static void
what_nobody_sent_can_be_taken (void **state)
{
    place_t *place = *state;
    counters_t before = counters_of (place);
    say (&place->peer, (ink_msg_t){.kind = INK_MSG_TAKEN, .taken = {"nobody", 7}});
    is_heard (&place->peer);
    assert_int_equal (counters_of (place).refused, before.refused);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (what_is_no_message_is_refused),
        cmocka_unit_test (a_header_above_the_limit_is_refused),
        cmocka_unit_test (a_wrong_number_of_frames_is_refused),
        cmocka_unit_test (what_others_say_is_refused),
        cmocka_unit_test (requests_that_cannot_be_served_are_refused),
        cmocka_unit_test (the_same_request_again_attaches),
        cmocka_unit_test (another_request_of_the_same_id_is_a_conflict),
        cmocka_unit_test (what_nobody_asked_for_cannot_be_cancelled),
        cmocka_unit_test (what_nobody_sent_can_be_taken),
    };
    return cmocka_run_group_tests (tests, begin, end);
}

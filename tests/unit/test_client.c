//  test_client.c: the shell of the client against a small ventilator of its own.
//
//  What that one does with a request is told by the source: "now" is answered at once,
//  "partial" after its partial was taken, "junk" behind bytes of no protocol, "never"
//  only when it is cancelled.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <czmq.h>
#include <poll.h>
#include <sys/resource.h>

#include "client/client.h"

#define MS ((int64_t) 1000)
#define PATIENCE 5000 //  Milliseconds: of a test for what must come

//  --------------------------------------------------------------------------------------
//  The ventilator

typedef struct {
    const char *endpoint;
    uint64_t epoch;
    bool deaf; //  To requests
} server_options_t;

typedef struct {
    const server_options_t *options;
    ink_post_t post;
    ink_letter_t letter;
    zsock_t *pipe;
} server_t;

static void
tell (server_t *self, ink_msg_t msg)
{
    ink_post_send (&self->post, self->letter.peer, &msg, NULL);
}

//  A reply whose payload is `text`.
static void
reply (server_t *self, const char *id, uint64_t seq, bool final, int error,
       const char *text)
{
    ink_payload_t *payload = ink_payload_new (strlen (text));
    memcpy (ink_payload_data (payload), text, strlen (text));
    const ink_msg_t msg = {.kind = INK_MSG_REPLY,
                           .reply = {.id = id,
                                     .seq = seq,
                                     .final = final,
                                     .error = (uint64_t) error,
                                     .bound = INK_EXACT}};
    ink_post_send (&self->post, self->letter.peer, &msg, &payload);
}

static void
send_junk (server_t *self)
{
    const uint64_t peer = self->letter.peer;
    const uint8_t id[5] = {0, (uint8_t) (peer >> 24), (uint8_t) (peer >> 16),
                           (uint8_t) (peer >> 8), (uint8_t) peer};
    zmq_send (self->post.socket, id, sizeof id, ZMQ_SNDMORE);
    zmq_send (self->post.socket, "junk", 4, ZMQ_SNDMORE);
    zmq_send (self->post.socket, "", 0, ZMQ_SNDMORE);
    zmq_send (self->post.socket, "more", 4, 0);
}

static void
on_request (server_t *self, const ink_msg_request_t *msg)
{
    if (self->options->deaf)
        return;
    if (streq (msg->source, "junk"))
        send_junk (self);
    if (streq (msg->source, "partial"))
        reply (self, msg->id, 1, false, INK_OK, "first");
    else if (strneq (msg->source, "never"))
        reply (self, msg->id, 1, true, INK_OK, "a value");
}

//  Ids that begin with an x are of nobody's requests.
static void
on_cancel (server_t *self, const char *id)
{
    if (id[0] == 'x') {
        tell (self, (ink_msg_t){.kind = INK_MSG_REFUSAL,
                                .refusal = {.id = id, .error = INK_ENOREQUEST}});
        return;
    }
    reply (self, id, 9, true, INK_ECANCELLED, "");
    tell (self, (ink_msg_t){.kind = INK_MSG_CANCELLED, .cancelled = {.id = id}});
    zstr_send (self->pipe, id); //  For the test to see
}

static void
on_ask (server_t *self)
{
    const ink_msg_request_info_t request = {.id = "r", .source = "s", .priority = -7};
    const ink_msg_worker_info_t worker = {.name = "w", .slots = 3};
    const ink_msg_counter_t counters[] = {{"one", 1}, {"two", 2}};
    tell (self, (ink_msg_t){.kind = INK_MSG_STATUS,
                            .status = {.requests = {&request, 1},
                                       .workers = {&worker, 1},
                                       .counters = {counters, 2}}});
}

static void
serve_one (server_t *self)
{
    const ink_msg_t *msg = &self->letter.msg;
    switch (msg->kind) {
    case INK_MSG_REQUEST:
        on_request (self, &msg->request);
        break;
    case INK_MSG_CANCEL:
        on_cancel (self, msg->cancel.id);
        break;
    case INK_MSG_TAKEN:
        reply (self, msg->taken.id, 2, true, INK_OK, "last");
        break;
    case INK_MSG_ASK:
        on_ask (self);
        break;
    case INK_MSG_PING:
        tell (self, (ink_msg_t){.kind = INK_MSG_PONG,
                                .pong = {msg->ping.nonce, self->options->epoch}});
        break;
    default:
        break;
    }
}

static void
serve (zsock_t *pipe, void *args)
{
    server_t self = {.options = args, .pipe = pipe};
    ink_post_open (&self.post, ZMQ_ROUTER, 0);
    int rc = ink_post_bind (&self.post, self.options->endpoint);
    zsock_signal (pipe, rc == INK_OK ? 0 : 1);
    zmq_pollitem_t items[] = {{zsock_resolve (pipe), 0, ZMQ_POLLIN, 0},
                              {self.post.socket, 0, ZMQ_POLLIN, 0}};
    while (rc == INK_OK && zmq_poll (items, 2, -1) >= 0 && !items[0].revents)
        while (ink_post_receive (&self.post, &self.letter) == INK_OK)
            serve_one (&self);
    ink_letter_free (&self.letter);
    ink_post_close (&self.post, 0);
}

//  --------------------------------------------------------------------------------------
//  Helpers

//  Everything much sooner.
static const ink_session_limits_t hasty = {.requests = 1024,
                                           .ping = 10 * MS,
                                           .silence = 30 * MS,
                                           .first = 300 * MS,
                                           .lost = 3000 * MS,
                                           .quiet = 50 * MS,
                                           .cancel = 10 * MS,
                                           .grace = 50 * MS};

typedef struct {
    char endpoint[64];
    server_options_t options;
    zactor_t *server;
    ink_client_t *client;
} bench_t;

static int
setup (void **state)
{
    static int number;
    bench_t *self = calloc (1, sizeof *self);
    snprintf (self->endpoint, sizeof self->endpoint, "inproc://client-%d", ++number);
    self->options = (server_options_t){.endpoint = self->endpoint, .epoch = 1};
    self->server = zactor_new (serve, &self->options);
    self->client = ink_client_new (self->endpoint);
    *state = self;
    return self->client == NULL;
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    ink_client_destroy (&self->client);
    zactor_destroy (&self->server);
    free (self);
    return 0;
}

static int
submit (ink_client_t *client, const char *source, const char *id)
{
    ink_request_t *request = ink_request_new (source);
    ink_request_add_kernel (request, "count");
    if (id)
        ink_request_set_id (request, id);
    int rc = ink_client_submit (client, request);
    ink_request_destroy (&request);
    return rc;
}

static bool
readable (ink_client_t *client, int timeout_ms)
{
    struct pollfd item = {.fd = ink_client_fd (client), .events = POLLIN};
    return poll (&item, 1, timeout_ms) == 1;
}

//  Takes the reply that must come, and checks it.
static void
expect (ink_client_t *client, bool final, int error, const char *text)
{
    ink_reply_t *got = ink_client_receive (client, PATIENCE);
    assert_non_null (got);
    assert_int_equal (ink_reply_is_final (got), final);
    assert_int_equal (ink_reply_error (got), error);
    assert_int_equal (ink_reply_size (got), strlen (text));
    if (text[0]) {
        assert_memory_equal (ink_reply_data (got), text, strlen (text));
        assert_true ((uintptr_t) ink_reply_data (got) % 8 == 0);
    }
    ink_reply_destroy (&got);
    assert_null (got);
}

//  --------------------------------------------------------------------------------------
//  Tests

static void
a_request_is_answered (void **state)
{
    bench_t *self = *state;
    assert_int_equal (submit (self->client, "now", NULL), INK_OK);
    expect (self->client, true, INK_OK, "a value");
    assert_null (ink_client_receive (self->client, 0));
}

static void
the_descriptor_is_readable_exactly_when_a_reply_waits (void **state)
{
    bench_t *self = *state;
    assert_false (readable (self->client, 0));
    submit (self->client, "now", NULL);
    submit (self->client, "now", NULL);
    assert_true (readable (self->client, PATIENCE));
    expect (self->client, true, INK_OK, "a value");
    assert_true (readable (self->client, PATIENCE));
    expect (self->client, true, INK_OK, "a value");
    assert_false (readable (self->client, 0));
}

static void
the_final_comes_when_the_partial_was_taken (void **state)
{
    bench_t *self = *state;
    submit (self->client, "partial", NULL);
    expect (self->client, false, INK_OK, "first");
    expect (self->client, true, INK_OK, "last");
}

static void
bytes_of_no_protocol_are_dropped (void **state)
{
    bench_t *self = *state;
    submit (self->client, "junk", NULL);
    expect (self->client, true, INK_OK, "a value");
}

static void
a_request_that_cannot_be_sent_is_refused_at_once (void **state)
{
    bench_t *self = *state;
    ink_request_t *request = ink_request_new ("now");
    assert_int_equal (ink_client_submit (self->client, request), INK_EUSAGE);
    ink_request_destroy (&request);
    char source[5000];
    memset (source, 'a', sizeof source);
    source[4999] = 0;
    assert_int_equal (submit (self->client, source, NULL), INK_EUSAGE);
    assert_int_equal (submit (self->client, "line\nbreak", NULL), INK_EUSAGE);
}

static void
more_than_1024_requests_are_too_many (void **state)
{
    bench_t *self = *state;
    for (int n = 0; n < 1024; n++)
        assert_int_equal (submit (self->client, "now", NULL), INK_OK);
    assert_int_equal (submit (self->client, "now", NULL), INK_EBUSY);
    for (int n = 0; n < 1024; n++)
        expect (self->client, true, INK_OK, "a value");
    assert_int_equal (submit (self->client, "now", NULL), INK_OK);
}

static void
many_requests_go_through_one_handle (void **state)
{
    bench_t *self = *state;
    for (int n = 0; n < 64; n++)
        submit (self->client, "now", NULL);
    for (int n = 0; n < 5000; n++) {
        expect (self->client, true, INK_OK, "a value");
        submit (self->client, "now", NULL);
    }
    for (int n = 0; n < 64; n++)
        expect (self->client, true, INK_OK, "a value");
    assert_null (ink_client_receive (self->client, 0));
}

static void
status_is_what_the_ventilator_says (void **state)
{
    bench_t *self = *state;
    ink_status_t *status = ink_client_status (self->client, PATIENCE);
    assert_non_null (status);
    assert_string_equal (ink_status_request (status, 0)->source, "s");
    assert_true (ink_status_request (status, 0)->priority == -7);
    assert_null (ink_status_request (status, 1));
    assert_string_equal (ink_status_worker (status, 0)->name, "w");
    assert_string_equal (ink_status_worker (status, 0)->host, "");
    assert_true (ink_status_worker (status, 0)->slots == 3);
    assert_null (ink_status_worker (status, 1));
    assert_string_equal (ink_status_counter (status, 1)->name, "two");
    assert_true (ink_status_counter (status, 1)->value == 2);
    assert_null (ink_status_counter (status, 2));
    ink_status_destroy (&status);
    assert_null (status);
}

static void
a_cancelled_request_ends_cancelled (void **state)
{
    bench_t *self = *state;
    submit (self->client, "never", "r");
    assert_int_equal (ink_client_cancel (self->client, "r"), INK_OK);
    expect (self->client, true, INK_ECANCELLED, "");
    assert_int_equal (ink_client_cancel (self->client, "r"), INK_ENOREQUEST);
}

static void
requests_of_others_are_cancelled_with_an_answer (void **state)
{
    bench_t *self = *state;
    assert_int_equal (ink_client_cancel_other (self->client, "r", PATIENCE), INK_OK);
    assert_int_equal (ink_client_cancel_other (self->client, "x", PATIENCE),
                      INK_ENOREQUEST);
    assert_int_equal (ink_client_cancel_other (self->client, "?", PATIENCE),
                      INK_ENOREQUEST);
}

static void
destroying_a_client_cancels_what_runs (void **state)
{
    bench_t *self = *state;
    submit (self->client, "never", "r");
    submit (self->client, "now", "s");
    expect (self->client, true, INK_OK, "a value");
    const int64_t start = zclock_mono ();
    ink_client_destroy (&self->client);
    assert_true (zclock_mono () - start < 1000);
    zsock_set_rcvtimeo (self->server, PATIENCE);
    char *id = zstr_recv (self->server);
    assert_string_equal (id, "r");
    zstr_free (&id);
}

static void
replies_that_were_not_taken_go_with_the_client (void **state)
{
    bench_t *self = *state;
    submit (self->client, "now", NULL);
    submit (self->client, "partial", NULL);
    assert_true (readable (self->client, PATIENCE));
    ink_client_destroy (&self->client);
    assert_null (self->client);
}

static void
where_nobody_answers_requests_end_unreachable (void **state)
{
    (void) state;
    ink_client_t *client = ink_client_new_with ("inproc://nobody", &hasty);
    submit (client, "now", NULL);
    expect (client, true, INK_EUNREACHABLE, "");
    assert_null (ink_client_status (client, 20));
    assert_int_equal (ink_client_cancel_other (client, "r", -1), INK_EUNREACHABLE);
    ink_client_destroy (&client);
}

static void
a_ventilator_that_restarts_gets_the_request_again (void **state)
{
    (void) state;
    char folder[] = "/tmp/test-client-XXXXXX", endpoint[64];
    assert_non_null (mkdtemp (folder));
    snprintf (endpoint, sizeof endpoint, "ipc://%s/front", folder);
    server_options_t first = {.endpoint = endpoint, .epoch = 1, .deaf = true};
    server_options_t second = {.endpoint = endpoint, .epoch = 2};
    zactor_t *server = zactor_new (serve, &first);
    ink_client_t *client = ink_client_new_with (endpoint, &hasty);
    submit (client, "now", NULL);
    ink_status_t *status = ink_client_status (client, PATIENCE); //  There was contact
    assert_non_null (status);
    ink_status_destroy (&status);
    zactor_destroy (&server);
    server = zactor_new (serve, &second);
    expect (client, true, INK_OK, "a value");
    ink_client_destroy (&client);
    zactor_destroy (&server);
    unlink (endpoint + strlen ("ipc://"));
    rmdir (folder);
}

static void
the_environment_names_the_endpoint (void **state)
{
    bench_t *self = *state;
    setenv ("INKLING_ENDPOINT", self->endpoint, 1);
    ink_client_t *client = ink_client_new (NULL);
    unsetenv ("INKLING_ENDPOINT");
    submit (client, "now", NULL);
    expect (client, true, INK_OK, "a value");
    ink_client_destroy (&client);
}

static void
an_endpoint_of_no_known_form_makes_no_client (void **state)
{
    (void) state;
    char endpoint[1000] = "inproc://";
    assert_null (ink_client_new ("front"));
    assert_null (ink_client_new ("tcp://127.0.0.1:80"));
    memset (endpoint + 9, 'a', sizeof endpoint - 10);
    assert_null (ink_client_new (endpoint));
}

static void
without_descriptors_there_is_no_client (void **state)
{
    bench_t *self = *state;
    struct rlimit before, few;
    getrlimit (RLIMIT_NOFILE, &before);
    few = before;
    few.rlim_cur = (rlim_t) ink_client_fd (self->client) + 8;
    setrlimit (RLIMIT_NOFILE, &few);
    ink_client_t *client = ink_client_new (self->endpoint);
    setrlimit (RLIMIT_NOFILE, &before);
    assert_null (client);
}

int
main (void)
{
    zsys_handler_set (NULL);
#define TEST(name) cmocka_unit_test_setup_teardown (name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST (a_request_is_answered),
        TEST (the_descriptor_is_readable_exactly_when_a_reply_waits),
        TEST (the_final_comes_when_the_partial_was_taken),
        TEST (bytes_of_no_protocol_are_dropped),
        TEST (a_request_that_cannot_be_sent_is_refused_at_once),
        TEST (more_than_1024_requests_are_too_many),
        TEST (many_requests_go_through_one_handle),
        TEST (status_is_what_the_ventilator_says),
        TEST (a_cancelled_request_ends_cancelled),
        TEST (requests_of_others_are_cancelled_with_an_answer),
        TEST (destroying_a_client_cancels_what_runs),
        TEST (replies_that_were_not_taken_go_with_the_client),
        cmocka_unit_test (where_nobody_answers_requests_end_unreachable),
        cmocka_unit_test (a_ventilator_that_restarts_gets_the_request_again),
        TEST (the_environment_names_the_endpoint),
        cmocka_unit_test (an_endpoint_of_no_known_form_makes_no_client),
        TEST (without_descriptors_there_is_no_client),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

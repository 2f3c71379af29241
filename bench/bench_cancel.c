//  bench_cancel.c: how soon a cancel is acknowledged while both workers compute, beside a
//  round trip while both processors are as busy.
//
//      bench_cancel BUILD FOLDER FILE

#include <pthread.h>
#include <stdatomic.h>

#include "data.h"
#include "echo.h"
#include "question.h"
#include "server.h"

#define CANCELS 60
#define SECONDS 0.4

static samples_t samples;
static atomic_bool busy;

static void *
keep_busy (void *arg)
{
    (void) arg;
    be_nice ();
    while (atomic_load (&busy))
        ;
    return NULL;
}

static void
measure_echo (const service_t *echo, double *p50, double *p99)
{
    pthread_t threads[2];
    atomic_store (&busy, true);
    for (size_t n = 0; n < 2; n++)
        if (pthread_create (&threads[n], NULL, keep_busy, NULL))
            die ("no thread to keep busy");
    measure_times (echo, SECONDS, &samples);
    atomic_store (&busy, false);
    for (size_t n = 0; n < 2; n++)
        pthread_join (threads[n], NULL);
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

//  The first partial shows that both workers compute. Microseconds until the acknowledgement,
//  or -1 when the request had ended.
static double
cancel_one (question_t *question, ink_client_t *other)
{
    ink_request_t *request = question_request (question);
    if (ink_client_submit (question->client, request))
        die ("cannot ask");
    ink_reply_t *reply = ink_client_receive (question->client, 10000);
    if (!reply || ink_reply_is_final (reply))
        die ("no partial came");
    ink_reply_destroy (&reply);
    double began = seconds_now ();
    int rc = ink_client_cancel_other (other, ink_request_id (request), 5000);
    double passed = (seconds_now () - began) * 1e6;
    reply = question_final (question);
    bool cancelled = rc == INK_OK && ink_reply_error (reply) == INK_ECANCELLED;
    ink_reply_destroy (&reply);
    ink_request_destroy (&request);
    return cancelled ? passed : -1;
}

static void
measure_cancels (question_t *question, ink_client_t *other, double *p50, double *p99)
{
    samples.count = 0;
    while (samples.count < CANCELS) {
        double passed = cancel_one (question, other);
        if (passed >= 0)
            samples_add (&samples, passed);
    }
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_cancel BUILD FOLDER FILE");
    static data_t data;
    static server_t server;
    static echo_t echo = {.wanted = 100};
    data_open (&data, argv[2], argv[3]);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    echo_start (&echo);
    question_t question = {.client = meet (server.endpoint, data.served),
                           .source = data.served,
                           .kernel = "digraph",
                           .length = data.size};
    ink_client_t *other = meet (server.endpoint, data.served);
    service_t round_trip = echo_service (&echo);

    row_t p50 = {.what = "cancel to acknowledgement, busy, p50", .unit = "us"};
    row_t p99 = {.what = "  p99", .unit = "us"};
    data_warm_up (&data);
    for (int round = 0; round < ROUNDS; round++) {
        double echo_p50, echo_p99, cancel_p50, cancel_p99;
        measure_echo (&round_trip, &echo_p50, &echo_p99);
        measure_cancels (&question, other, &cancel_p50, &cancel_p99);
        row_add (&p50, cancel_p50, echo_p50);
        row_add (&p99, cancel_p99, echo_p99);
    }
    row_print (&p50);
    row_print (&p99);

    ink_client_destroy (&question.client);
    ink_client_destroy (&other);
    server_stop (&server);
    echo_stop (&echo);
    return 0;
}

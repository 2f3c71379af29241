//  bench_beside.c: how soon somebody in a hurry is answered beside a scan of all of the file.
//
//      bench_beside BUILD FOLDER FILE
//
//  The yardstick is the same question while nobody scans. A worker holds two leases of 20 ms.

#include "data.h"
#include "question.h"
#include "server.h"

#define QUESTIONS 100
#define SCANS 4
#define PIECE ((uint64_t) 1 << 20)

static samples_t samples;

//  The first reply to a question that no cache can answer.
static double
first_reply (question_t *question)
{
    double began = seconds_now ();
    question_ask (question);
    ink_reply_t *reply = ink_client_receive (question->client, 10000);
    double passed = (seconds_now () - began) * 1e6;
    if (!reply || ink_reply_error (reply))
        die ("no answer");
    bool ended = ink_reply_is_final (reply);
    ink_reply_destroy (&reply);
    if (!ended)
        question_await (question);
    return passed;
}

static void
measure (question_t *question, double *p50, double *p99)
{
    samples.count = 0;
    question->offset = 0;
    while (samples.count < QUESTIONS)
        samples_add (&samples, first_reply (question));
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

//  Several scans, in chunks that they do not share, so that they last. The first partial has come.
static void
begin_scan (question_t *scan, ink_request_t *requests[SCANS])
{
    for (size_t n = 0; n < SCANS; n++) {
        scan->offset = 0;
        requests[n] = question_request (scan);
        ink_request_set_chunk (requests[n], PIECE << n);
        if (ink_client_submit (scan->client, requests[n]))
            die ("cannot ask");
    }
    ink_reply_t *reply = ink_client_receive (scan->client, 10000);
    if (!reply || ink_reply_is_final (reply))
        die ("no partial came");
    ink_reply_destroy (&reply);
}

//  Some of them must still have been under way.
static void
end_scan (question_t *scan, ink_request_t *requests[SCANS])
{
    size_t cancelled = 0;
    for (size_t n = 0; n < SCANS; n++) {
        (void) ink_client_cancel (scan->client, ink_request_id (requests[n]));
        ink_request_destroy (&requests[n]);
    }
    for (size_t n = 0; n < SCANS; n++) {
        ink_reply_t *reply = question_final (scan);
        cancelled += ink_reply_error (reply) == INK_ECANCELLED;
        ink_reply_destroy (&reply);
    }
    if (!cancelled)
        die ("the scan was too short");
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_beside BUILD FOLDER FILE");
    static data_t data;
    static server_t server;
    data_open (&data, argv[2], argv[3]);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    question_t hurried = {.client = meet (server.endpoint, data.served),
                          .source = data.served,
                          .kernel = "histogram",
                          .length = PIECE,
                          .step = PIECE};
    question_t scan = {.client = meet (server.endpoint, data.served),
                       .source = data.served,
                       .kernel = "digraph",
                       .length = data.size};

    row_t p50 = {.what = "first reply beside a scan, p50", .unit = "us"};
    row_t p99 = {.what = "  p99", .unit = "us"};
    data_warm_up (&data);
    for (int round = 0; round < ROUNDS; round++) {
        double alone_p50, alone_p99, beside_p50, beside_p99;
        measure (&hurried, &alone_p50, &alone_p99);
        ink_request_t *requests[SCANS];
        begin_scan (&scan, requests);
        measure (&hurried, &beside_p50, &beside_p99);
        end_scan (&scan, requests);
        row_add (&p50, beside_p50, alone_p50);
        row_add (&p99, beside_p99, alone_p99);
    }
    row_print (&p50);
    row_print (&p99);

    ink_client_destroy (&hurried.client);
    ink_client_destroy (&scan.client);
    server_stop (&server);
    return 0;
}

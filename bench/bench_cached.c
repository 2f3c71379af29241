//  bench_cached.c: how soon an answer that is in the cache comes, beside one round trip.
//
//      bench_cached BUILD FOLDER FILE

#include "data.h"
#include "echo.h"
#include "question.h"
#include "server.h"

#define SECONDS 0.5
#define CHUNK ((uint64_t) 8 << 20)

typedef struct {
    service_t inkling, echo;
    uint64_t answer; //  Bytes
    row_t p50, p99;
} match_t;

static samples_t samples;

static void
measure (const service_t *service, double *p50, double *p99)
{
    measure_times (service, SECONDS, &samples);
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

static void
play_round (match_t *self)
{
    double echo_p50, echo_p99, inkling_p50, inkling_p99;
    ((echo_t *) self->echo.self)->wanted = self->answer;
    measure (&self->echo, &echo_p50, &echo_p99);
    measure (&self->inkling, &inkling_p50, &inkling_p99);
    row_add (&self->p50, inkling_p50, echo_p50);
    row_add (&self->p99, inkling_p99, echo_p99);
}

//  Has it computed, so that from then on the first reply is the final.
static void
fill_cache (question_t *question)
{
    question_ask (question);
    question_await (question);
    question->complete = true;
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_cached BUILD FOLDER FILE");
    static data_t data;
    static server_t server = {.cache = true};
    static echo_t echo;
    data_open (&data, argv[2], argv[3]);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    echo_start (&echo);
    ink_client_t *client = meet (server.endpoint, data.served);
    question_t chunk = {.client = client,
                        .source = data.served,
                        .kernel = "histogram",
                        .length = CHUNK,
                        .cache = true};
    question_t whole = {.client = client,
                        .source = data.served,
                        .kernel = "digraph",
                        .length = data.size,
                        .cache = true};
    fill_cache (&chunk);
    fill_cache (&whole);

    match_t first = {
        .inkling = question_service (&chunk),
        .echo = echo_service (&echo),
        .answer = 256 * 8,
        .p50 = {.what = "cached histogram, one chunk, p50", .unit = "us", .at_most = 4},
        .p99 = {.what = "  p99", .unit = "us"}};
    match_t large = {
        .inkling = question_service (&whole),
        .echo = echo_service (&echo),
        .answer = 65536 * 8,
        .p50 = {.what = "cached digraph, whole file, p50", .unit = "us", .at_most = 10},
        .p99 = {.what = "  p99", .unit = "us"}};
    for (int round = 0; round < ROUNDS; round++) {
        play_round (&first);
        play_round (&large);
    }
    row_print (&first.p50);
    row_print (&first.p99);
    row_print (&large.p50);
    row_print (&large.p99);

    ink_client_destroy (&client);
    server_stop (&server);
    echo_stop (&echo);
    return 0;
}

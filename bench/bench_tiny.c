//  bench_tiny.c: requests of one tiny chunk, beside the same hops in bare ZeroMQ.
//
//      bench_tiny BUILD FOLDER FILE

#include "chain.h"
#include "inkling/local.h"
#include "question.h"
#include "server.h"

#define WINDOW 64
#define RATE_SECONDS 0.8
#define TIMES_SECONDS 0.4
#define TINY 64

typedef struct {
    service_t inkling, chain;
    row_t rate, p50, p99;
} match_t;

static samples_t samples;

static void
measure_single (const service_t *service, double *p50, double *p99)
{
    measure_times (service, TIMES_SECONDS, &samples);
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

static void
play_round (match_t *self)
{
    double chain = measure_rate (&self->chain, WINDOW, RATE_SECONDS);
    double inkling = measure_rate (&self->inkling, WINDOW, RATE_SECONDS);
    row_add (&self->rate, inkling / 1000, chain / 1000);

    double chain_p50, chain_p99, inkling_p50, inkling_p99;
    measure_single (&self->chain, &chain_p50, &chain_p99);
    measure_single (&self->inkling, &inkling_p50, &inkling_p99);
    row_add (&self->p50, inkling_p50, chain_p50);
    row_add (&self->p99, inkling_p99, chain_p99);
}

static void
print_match (match_t *self)
{
    row_print (&self->rate);
    row_print (&self->p50);
    row_print (&self->p99);
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_tiny BUILD FOLDER FILE");
    char served[PATH_MAX], local[PATH_MAX];
    snprintf (served, sizeof served, "data/%s", argv[3]);
    snprintf (local, sizeof local, "/%s/%s", argv[2], argv[3]);

    //  Processes before threads
    static chain_t processes, threads;
    static server_t server;
    chain_start_processes (&processes);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    ink_local_t *inside = ink_local_new (&(ink_local_options_t){.workers = 2}, NULL);
    if (!inside)
        die ("cannot start an Inkling inside");
    chain_start_threads (&threads);
    question_t over_ipc = {.client = meet (server.endpoint, served),
                           .source = served,
                           .kernel = "count",
                           .length = TINY,
                           .step = TINY};
    question_t over_inproc = {.client = meet (ink_local_endpoint (inside), local),
                              .source = local,
                              .kernel = "count",
                              .length = TINY,
                              .step = TINY};

    match_t ipc = {
        .inkling = question_service (&over_ipc),
        .chain = chain_service (&processes),
        .rate = {.what = "tiny requests, ipc", .unit = "k/s", .at_least = 0.25},
        .p50 = {.what = "  one at a time, p50", .unit = "us"},
        .p99 = {.what = "  one at a time, p99", .unit = "us"}};
    match_t inproc = {.inkling = question_service (&over_inproc),
                      .chain = chain_service (&threads),
                      .rate = {.what = "tiny requests, inproc", .unit = "k/s"},
                      .p50 = {.what = "  one at a time, p50", .unit = "us"},
                      .p99 = {.what = "  one at a time, p99", .unit = "us"}};
    for (int round = 0; round < ROUNDS; round++) {
        play_round (&ipc);
        play_round (&inproc);
    }
    print_match (&ipc);
    print_match (&inproc);

    ink_client_destroy (&over_ipc.client);
    ink_client_destroy (&over_inproc.client);
    ink_local_destroy (&inside);
    server_stop (&server);
    chain_stop (&processes);
    chain_stop (&threads);
    return 0;
}

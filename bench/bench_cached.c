//  bench_cached.c: how soon an answer that is in the cache comes, beside one round trip.
//
//      bench_cached BUILD FOLDER FILE

#include <string.h>
#include <unistd.h>

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

//  A question after ranges of any size and place, made of whole chunks. A kernel that looks
//  behind its parts has its last part computed when the range ends within the file, so they end
//  with it.
typedef struct {
    question_t question;
    uint64_t chunks; //  Of the file
    bool to_end;
} anywhere_t;

static void
ask_anywhere (void *arg)
{
    anywhere_t *self = arg;
    uint64_t first = (uint64_t) (drand48 () * (double) self->chunks);
    uint64_t count = 1 + (uint64_t) (drand48 () * (double) (self->chunks - first - 1));
    self->question.offset = first * CHUNK;
    self->question.length = (self->to_end ? self->chunks - first : count) * CHUNK;
    question_ask (&self->question);
}

static void
await_anywhere (void *arg)
{
    question_await (&((anywhere_t *) arg)->question);
}

//  Has it computed, so that from then on the first reply is the final.
static void
fill_cache (question_t *question)
{
    question_ask (question);
    question_await (question);
    question->complete = true;
}

static void
match (match_t *self, const char *what, service_t inkling, service_t echo,
       uint64_t answer, double at_most)
{
    *self = (match_t){.inkling = inkling,
                      .echo = echo,
                      .answer = answer,
                      .p50 = {.what = what, .unit = "us", .at_most = at_most},
                      .p99 = {.what = "  p99", .unit = "us"}};
}

//  The rows of one kernel: a range that somebody has asked for before, all of the file, and
//  anything in it.
static void
play (const char *const what[3], question_t base, const data_t *data, service_t echo,
      uint64_t answer, double at_most)
{
    static match_t matches[3];
    question_t small = base, whole = base;
    anywhere_t any = {.question = base,
                      .chunks = data->size / CHUNK,
                      .to_end = strcmp (base.kernel, "digraph") == 0};
    small.length = CHUNK / 3;
    whole.length = data->size;
    fill_cache (&small);
    fill_cache (&whole);
    any.question.complete = true;
    usleep (500000); //  The sink makes the last nodes while nothing comes
    match (&matches[0], what[0], question_service (&small), echo, answer, at_most);
    match (&matches[1], what[1], question_service (&whole), echo, answer, at_most);
    match (&matches[2], what[2], (service_t){&any, ask_anywhere, await_anywhere}, echo,
           answer, at_most);
    for (int round = 0; round < ROUNDS; round++)
        for (size_t n = 0; n < 3; n++)
            play_round (&matches[n]);
    for (size_t n = 0; n < 3; n++) {
        row_print (&matches[n].p50);
        row_print (&matches[n].p99);
    }
}

int
main (int argc, char **argv)
{
    static const char *const histograms[] = {"cached histogram, a third of a chunk, p50",
                                             "cached histogram, whole file, p50",
                                             "cached histogram, any range, p50"};
    static const char *const digraphs[] = {"cached digraph, a third of a chunk, p50",
                                           "cached digraph, whole file, p50",
                                           "cached digraph, any range, p50"};
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
    question_t base = {.client = client, .source = data.served, .cache = true};
    base.kernel = "histogram";
    play (histograms, base, &data, echo_service (&echo), 256 * 8, 3);
    base.kernel = "digraph";
    play (digraphs, base, &data, echo_service (&echo), 65536 * 8, 10);
    ink_client_destroy (&client);
    server_stop (&server);
    echo_stop (&echo);
    return 0;
}

//  bench_data.c: a large file in the page cache, beside a plain loop in two threads.
//
//      bench_data BUILD FOLDER FILE

#include "inkling/local.h"
#include "question.h"
#include "server.h"
#include "data.h"
#include "loop.h"

typedef struct {
    const char *kernel;
    loop_kernel_t *map;
    void (*arrange) (const uint64_t *totals, uint64_t *answer);
    size_t cells;
    row_t served, served_uncached, inside, inside_uncached;
} job_t;

typedef struct {
    data_t data;
    ink_client_t *served, *inside;
    uint64_t totals[LOOP_CELLS], expected[LOOP_CELLS];
} bench_t;

static double
gigabytes_a_second (const bench_t *self, double began)
{
    return 1e-9 * (double) self->data.size / (seconds_now () - began);
}

static double
measure_loop (bench_t *self, const job_t *job)
{
    data_warm_up (&self->data);
    double began = seconds_now ();
    run_loop (self->data.file, self->data.size, job->map, self->totals);
    double speed = gigabytes_a_second (self, began);
    job->arrange (self->totals, self->expected);
    return speed;
}

//  From the question to the exact answer, which must be that of the loop.
static double
measure_inkling (bench_t *self, const job_t *job, bool served, bool cache)
{
    question_t question = {.client = served ? self->served : self->inside,
                           .source = served ? self->data.served : self->data.local,
                           .kernel = job->kernel,
                           .length = self->data.size,
                           .cache = cache};
    data_warm_up (&self->data);
    double began = seconds_now ();
    question_ask (&question);
    ink_reply_t *reply = question_final (&question);
    double speed = gigabytes_a_second (self, began);
    if (ink_reply_error (reply))
        die ("%s: %s", job->kernel, ink_error_text (ink_reply_error (reply)));
    if (ink_reply_cached (reply))
        die ("%s: the cache was not empty", job->kernel);
    if (ink_reply_size (reply) != job->cells * sizeof *self->expected ||
        memcmp (ink_reply_data (reply), self->expected, ink_reply_size (reply)))
        die ("%s: the answer is not that of the loop", job->kernel);
    ink_reply_destroy (&reply);
    return speed;
}

static void
play_round (bench_t *self, job_t *job)
{
    data_renew (&self->data);
    double loop = measure_loop (self, job);
    row_add (&job->served, measure_inkling (self, job, true, true), loop);
    row_add (&job->inside, measure_inkling (self, job, false, true), loop);
    row_add (&job->served_uncached, measure_inkling (self, job, true, false), loop);
    row_add (&job->inside_uncached, measure_inkling (self, job, false, false), loop);
}

static void
print_job (job_t *job)
{
    row_print (&job->served);
    row_print (&job->served_uncached);
    row_print (&job->inside);
    row_print (&job->inside_uncached);
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_data BUILD FOLDER FILE");
    static bench_t self;
    static server_t server = {.cache = true};
    data_open (&self.data, argv[2], argv[3]);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    char cache[PATH_MAX];
    make_folder (cache);
    ink_local_t *inside =
        ink_local_new (&(ink_local_options_t){.workers = 2, .cache = cache}, NULL);
    if (!inside)
        die ("cannot start an Inkling inside");
    self.served = meet (server.endpoint, self.data.served);
    self.inside = meet (ink_local_endpoint (inside), self.data.local);

    job_t digraph = {.kernel = "digraph",
                     .map = loop_digraph,
                     .arrange = arrange_digraph,
                     .cells = 65536,
                     .served = {.what = "digraph, served, empty cache",
                                .unit = "GB/s",
                                .at_least = 0.7},
                     .served_uncached = {.what = "digraph, served, no cache",
                                         .unit = "GB/s",
                                         .at_least = 0.7},
                     .inside = {.what = "digraph, embedded, empty cache",
                                .unit = "GB/s",
                                .at_least = 0.7},
                     .inside_uncached = {.what = "digraph, embedded, no cache",
                                         .unit = "GB/s",
                                         .at_least = 0.7}};
    job_t histogram = {
        .kernel = "histogram",
        .map = loop_histogram,
        .arrange = arrange_histogram,
        .cells = 256,
        .served = {.what = "histogram, served, empty cache", .unit = "GB/s"},
        .served_uncached = {.what = "histogram, served, no cache", .unit = "GB/s"},
        .inside = {.what = "histogram, embedded, empty cache", .unit = "GB/s"},
        .inside_uncached = {.what = "histogram, embedded, no cache", .unit = "GB/s"}};
    for (int round = 0; round < ROUNDS; round++) {
        play_round (&self, &digraph);
        play_round (&self, &histogram);
    }
    print_job (&digraph);
    print_job (&histogram);

    ink_client_destroy (&self.served);
    ink_client_destroy (&self.inside);
    ink_local_destroy (&inside);
    server_stop (&server);
    remove_folder (cache);
    return 0;
}

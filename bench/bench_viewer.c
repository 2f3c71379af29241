//  bench_viewer.c: somebody moves over a file nobody knows yet, as examples/viewer-loop.c does.
//
//      bench_viewer BUILD FOLDER FILE

#include "data.h"
#include "echo.h"
#include "question.h"
#include "server.h"

#define SECONDS 4
#define ECHO_SECONDS 0.4
#define LINE_MOST 256

typedef struct {
    double first_p99, exact_p50; //  Microseconds
    double computed, wasted;     //  Chunks
} told_t;

static samples_t samples;

//  What comes behind `what` in a line of the viewer.
static bool
told (const char *line, const char *what, double *value)
{
    const char *found = strstr (line, what);
    return found && sscanf (found + strlen (what), " %lf", value) == 1;
}

static void
run_viewer (const server_t *server, const data_t *data, size_t seed, told_t *all)
{
    char line[3 * PATH_MAX];
    snprintf (line, sizeof line,
              "INKLING_ENDPOINT='%s' '%s/examples/viewer-loop' '%s' %d %zu",
              server->endpoint, server->build, data->served, SECONDS, seed);
    FILE *viewer = popen (line, "r");
    size_t found = 0;
    while (viewer && fgets (line, sizeof line, viewer)) {
        if (strncmp (line, "first", 5) == 0)
            found += told (line, "p99", &all->first_p99);
        if (strncmp (line, "exact", 5) == 0)
            found += told (line, "p50", &all->exact_p50);
        found += told (line, "chunks computed:", &all->computed);
        found += told (line, "wasted", &all->wasted);
    }
    if (!viewer || pclose (viewer) || found != 4)
        die ("the viewer did not tell how it was");
    all->first_p99 *= 1000;
    all->exact_p50 *= 1000;
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_viewer BUILD FOLDER FILE");
    static data_t data;
    static server_t server = {.cache = true};
    static echo_t echo = {.wanted = 65536 * 8}; //  A digraph
    data_open (&data, argv[2], argv[3]);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    echo_start (&echo);
    ink_client_t *client = meet (server.endpoint, data.served);
    ink_client_destroy (&client);
    service_t round_trip = echo_service (&echo);

    row_t first = {.what = "viewer, first reply, p99", .unit = "us"};
    row_t exact = {.what = "viewer, exact reply, p50", .unit = "us"};
    row_t wanted = {
        .what = "viewer, chunks wanted when they came", .unit = "", .at_least = 0.9};
    for (size_t round = 0; round < ROUNDS; round++) {
        told_t all;
        data_renew (&data);
        data_warm_up (&data);
        measure_times (&round_trip, ECHO_SECONDS, &samples);
        run_viewer (&server, &data, round + 1, &all);
        row_add (&first, all.first_p99, samples_at (&samples, 0.99));
        row_add (&exact, all.exact_p50, samples_at (&samples, 0.5));
        row_add (&wanted, all.computed - all.wasted, all.computed);
    }
    row_print (&first);
    row_print (&exact);
    row_print (&wanted);

    server_stop (&server);
    echo_stop (&echo);
    return 0;
}

//  coverage.c: how often the truth lies within the bound that an estimate states.
//
//      coverage BUILD KERNEL RANGES FILE...
//
//  Random ranges of the files are asked for, nothing cached. Each partial with an estimate is
//  kept, and compared with the final when that has come: how far off the worst counter was, as
//  a share of the range, or the worst cell of entropy, as a share of 8 bits, beside the bound.
//  doc/estimates.md has the tables.

#include <string.h>
#include <sys/stat.h>

#include "question.h"
#include "server.h"

#define SHORTEST ((uint64_t) 1 << 20)
#define KEPT_MOST 256

//  A reply belongs to the first stage of which it has not computed more.
static const struct {
    double share;
    const char *name;
} stages[] = {{0, "nothing but samples"}, {0.05, "up to 5 %"}, {0.2, "up to 20 %"},
              {0.5, "up to 50 %"},        {0.8, "up to 80 %"}, {0.95, "up to 95 %"},
              {1, "up to 100 %"}};
#define STAGES (sizeof stages / sizeof *stages)

typedef struct {
    size_t within;
    samples_t bounds, errors, computed; //  Shares of the range
} stage_t;

static stage_t all[STAGES];
static ink_reply_t *kept[KEPT_MOST];
static size_t kept_count;
static uint64_t offset; //  Of the range

static double
off_by (double said, double truth)
{
    return said < truth ? truth - said : said - truth;
}

//  Of counts.
static double
worst_count (const ink_reply_t *reply, const ink_reply_t *final)
{
    const uint64_t *said = ink_reply_data (reply), *truth = ink_reply_data (final);
    double worst = 0;
    if (ink_reply_size (reply) != ink_reply_size (final))
        die ("an estimate is of another size than its final");
    for (size_t n = 0; n < ink_reply_size (final) / sizeof *truth; n++) {
        double off = off_by ((double) said[n], (double) truth[n]);
        worst = off > worst ? off : worst;
    }
    return worst / (double) ink_reply_total (final);
}

//  Of entropies: a coarse one stands for the mean of those of its cells.
static double
worst_entropy (const ink_reply_t *reply, const ink_reply_t *final)
{
    const float *said = ink_reply_data (reply), *truth = ink_reply_data (final);
    uint64_t own = ink_reply_precision (final), coarse = ink_reply_precision (reply);
    uint64_t at = offset, end = offset + ink_reply_total (final);
    double worst = 0;
    for (size_t n = 0, fine = 0; at < end; n++) {
        double sum = 0, weight = 0;
        for (uint64_t cell = at / coarse; at < end && at / coarse == cell; fine++) {
            uint64_t next = at - at % own + own;
            next = next < end ? next : end;
            sum += (double) truth[fine] * (double) (next - at);
            weight += (double) (next - at);
            at = next;
        }
        double off = off_by (said[n], sum / weight);
        worst = off > worst ? off : worst;
    }
    return worst / 8;
}

static void
judge (const ink_reply_t *reply, const ink_reply_t *final)
{
    bool counts = !ink_reply_precision (final);
    double error = counts ? worst_count (reply, final) : worst_entropy (reply, final);
    double bound = ink_reply_bound (reply);
    double computed =
        (double) ink_reply_computed (reply) / (double) ink_reply_total (reply);
    size_t n = 0;
    while (n < STAGES - 1 && computed > stages[n].share)
        n++;
    all[n].within += error <= bound;
    samples_add (&all[n].bounds, bound);
    samples_add (&all[n].errors, error);
    samples_add (&all[n].computed, computed);
}

//  Half of the requests name the moments at which they want a partial.
static ink_request_t *
make_request (const char *kernel, const char *file, uint64_t size)
{
    char source[PATH_MAX];
    snprintf (source, sizeof source, "data%s", file);
    ink_request_t *request = ink_request_new (source);
    if (!request || ink_request_add_kernel (request, kernel))
        die ("cannot make a request");
    uint64_t length = SHORTEST + (uint64_t) (drand48 () * (double) (size - SHORTEST));
    offset = (uint64_t) (drand48 () * (double) (size - length));
    ink_request_set_range (request, offset, length);
    ink_request_set_cache (request, false, false);
    bool names = drand48 () < 0.5;
    for (size_t n = 0; names && n < STAGES; n++)
        ink_request_add_report (request, stages[n].share);
    return request;
}

static void
ask (ink_client_t *client, const char *kernel, const char *file)
{
    struct stat stat_of;
    if (stat (file, &stat_of) || (uint64_t) stat_of.st_size <= SHORTEST)
        die ("%s is not there, or too small", file);
    ink_request_t *request = make_request (kernel, file, (uint64_t) stat_of.st_size);
    if (ink_client_submit (client, request))
        die ("%s was not taken", file);
    ink_request_destroy (&request);
    ink_reply_t *reply;
    while ((reply = ink_client_receive (client, 60000)) && !ink_reply_is_final (reply))
        if (ink_reply_estimated (reply) && kept_count < KEPT_MOST)
            kept[kept_count++] = reply;
        else
            ink_reply_destroy (&reply);
    if (!reply || ink_reply_error (reply))
        die ("%s: %s", file, reply ? ink_reply_detail (reply) : "no answer");
    while (kept_count) {
        judge (kept[--kept_count], reply);
        ink_reply_destroy (&kept[kept_count]);
    }
    ink_reply_destroy (&reply);
}

static void
tell (const char *kernel, int ranges, int files)
{
    size_t replies = 0, within = 0;
    printf ("%s, %d ranges of %d files\n\n", kernel, ranges, files);
    printf ("| computed of the range | replies | within the bound | bound, p50 | p95 | "
            "true error, p50 | p95 |\n|---|---|---|---|---|---|---|\n");
    for (size_t n = 0; n < STAGES; n++) {
        stage_t *stage = &all[n];
        size_t count = stage->bounds.count;
        if (!count)
            continue;
        replies += count;
        within += stage->within;
        printf ("| %s | %zu | %.1f %% | %.2f %% | %.2f %% | %.2f %% | %.2f %% |\n",
                stages[n].name, count, 100 * (double) stage->within / (double) count,
                100 * samples_at (&stage->bounds, 0.5),
                100 * samples_at (&stage->bounds, 0.95),
                100 * samples_at (&stage->errors, 0.5),
                100 * samples_at (&stage->errors, 0.95));
    }
    printf ("\n%zu replies with an estimate, %.1f %% within their bound\n", replies,
            replies ? 100 * (double) within / (double) replies : 0);
}

int
main (int argc, char **argv)
{
    static server_t server = {.root = "/"};
    if (argc < 5)
        die ("usage: coverage BUILD KERNEL RANGES FILE...");
    int ranges = atoi (argv[3]), files = argc - 4;
    server.build = argv[1];
    server_start (&server);
    char first[PATH_MAX];
    snprintf (first, sizeof first, "data%s", argv[4]);
    ink_client_t *client = meet (server.endpoint, first);
    srand48 (1);
    for (int n = 0; n < ranges; n++)
        ask (client, argv[2], argv[4 + (size_t) (drand48 () * files)]);
    tell (argv[2], ranges, files);
    ink_client_destroy (&client);
    server_stop (&server);
    return 0;
}

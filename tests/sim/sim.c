//  sim.c: the brains of Inkling in a world of which everything follows from a seed.
//
//      sim [--seed N] [--seeds FROM:COUNT] [--all] [--trace] [--plant N | --plants]
//
//  Stops at the first seed that fails, unless all are wanted; a failure is told with its
//  seed, the invariant and the last lines of the trace.
//
//  The foreman, the collector, the runners and the sessions are the real ones; their shells,
//  the network, the disk, the files and time are faked whole. Each seed is a world: requests
//  are made, things go wrong, then everything works again, and everything must end well.
//
//  All requests that are open when the faults stop end within LIVENESS, or DEADLY. In every third world,
//  those asked SETTLED later get every part, and REST later nobody holds on to anything.

#include <malloc.h>
#include <signal.h>
#include <sys/time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../unit/chance.h"
#include "asks.h"
#include "client.h"
#include "faults.h"
#include "invariants.h"
#include "network.h"
#include "plants.h"
#include "sink.h"
#include "sources.h"
#include "store.h"
#include "truth.h"
#include "ventilator.h"
#include "worker.h"

#define LIVENESS (60 * SECOND)
#define DEADLY (240 * SECOND) //  Eight deaths for each kernel and its parameters
#define SETTLED (14 * SECOND)
#define REST (16 * SECOND)

#define MEMORY_MOST ((size_t) 64 << 20)
#define LEAK_MOST \
    ((size_t) 256 << 10) //  Beyond what some worlds have left in malloc's bins

#define WATCH 10 //  Real seconds for one world, which takes some hundredths of one

static world_t *present; //  For the handler of signals
static bool all;         //  Seeds are wanted, also behind one that fails

//  ---------------------------------------------------------------------------------------
//  A world

static void
connect_all (world_t *world)
{
    process_t *ventilator = &world->ventilator->process, *sink = &world->sink->process;
    world->ventilator->sink = network_link (world->network, LINK_SINK, ventilator, sink);
    for (int n = 0; n < world->clients; n++)
        world->client[n]->front = network_link (world->network, LINK_FRONT,
                                                &world->client[n]->process, ventilator);
    for (int n = 0; n < world->workers; n++) {
        sim_worker_t *worker = world->worker[n];
        process_t *process = &worker->process;
        worker->back = network_link (world->network, LINK_BACK, process, ventilator);
        worker->control =
            network_link (world->network, LINK_CONTROL, process, ventilator);
        worker->lane = network_link (world->network, LINK_LANE, process, ventilator);
        worker->values = network_link (world->network, LINK_VALUES, process, sink);
    }
}

static void
create (world_t *world, uint64_t seed, bool printing)
{
    *world =
        (world_t){.seed = seed, .random = seed, .brief = all, .trace.printing = printing};
    world->random = chance (&world->random);
    world->workers = 1 + (int) world_draw (world, WORKERS_MOST - 1);
    world->clients = 1 + (int) world_draw (world, CLIENTS_MOST);
    world->network = network_new ();
    world->store = store_new (world);
    world->sources = sources_new (world);
    world->asks = calloc (1, sizeof *world->asks);
    world->faults = faults_new (world);
    world->ventilator = ventilator_new (world);
    world->sink = sink_new (world);
    for (int n = 0; n < world->workers; n++)
        world->worker[n] = worker_new (world, n);
    for (int n = 0; n < world->clients; n++)
        world->client[n] = client_new (world, n);
    connect_all (world);
    faults_begin (world);
}

static void
begin (world_t *world)
{
    sink_start (world);
    ventilator_start (world);
    for (int n = 0; n < world->workers; n++)
        worker_start (world, world->worker[n]);
    for (int n = 0; n < world->clients; n++)
        client_start (world, world->client[n]);
}

static void
destroy (world_t *world)
{
    for (int n = 0; n < world->clients; n++)
        client_destroy (&world->client[n]);
    for (int n = 0; n < world->workers; n++)
        worker_destroy (&world->worker[n]);
    sink_destroy (&world->sink);
    ventilator_destroy (&world->ventilator);
    network_destroy (&world->network);
    faults_destroy (&world->faults);
    sources_destroy (&world->sources);
    store_destroy (&world->store);
    free (world->asks);
    world_free (world);
    truth_forget ();
}

//  ---------------------------------------------------------------------------------------
//  Its life

//  Nobody keeps more and more; `before` is what the program had in use without a world.
static void
check_memory (world_t *world, size_t before)
{
    size_t used = mallinfo2 ().uordblks;
    if (used > before + MEMORY_MOST)
        world_fail (world, "%zu MiB are in use", (used - before) >> 20);
}

static void
expect_all_ended (world_t *world)
{
    for (size_t n = 0; n < world->asks->size; n++) {
        const ask_t *ask = &world->asks->items[n];
        if (ask->open && !ask->abandoned)
            world_fail (world, "%s of client %d has not ended", ask->id, ask->client);
    }
}

static void
run_until_ended (world_t *world)
{
    int64_t end = world->now + LIVENESS;
    for (size_t n = 0; n < world->sources->size; n++)
        if (world->sources->items[n].poison_is_deadly)
            end = world->now + DEADLY;
    while (world->now < end && asks_open (world->asks))
        world_run (world, world->now + 500 * MS);
    expect_all_ended (world);
}

static void
live (world_t *world, size_t before)
{
    begin (world);
    world_run (world, world->faults->end);
    check_memory (world, before);
    faults_heal (world);
    int64_t healed = world->now;
    run_until_ended (world);
    if (world->seed % 3)
        return; //  What follows takes long, and is always the same
    if (world->now < healed + SETTLED)
        world_run (world, healed + SETTLED);
    for (int n = 0; n < world->clients; n++)
        client_ask (world, world->client[n]);
    run_until_ended (world);
    world_run (world, world->now + REST);
    check_rest (world);
}

//  ---------------------------------------------------------------------------------------
//  Many worlds

typedef struct {
    uint64_t passed, failed, events, messages, replies, partials, finals, again;
    uint64_t estimates, sampled, samples, coarse, compared, cut_short, glimpses, wishes;
    uint64_t errors[INK_ERROR_COUNT];
    size_t used; //  Memory, after some worlds
    uint64_t lost, doubled, overtaken, broken, parts;
    double virtual_seconds;
} sum_t;

static void
add_up (sum_t *sum, const world_t *world)
{
    sum->events += world->events;
    sum->replies += world->asks->replies;
    sum->partials += world->asks->partials;
    sum->finals += world->asks->finals;
    sum->estimates += world->asks->estimates;
    sum->sampled += world->asks->sampled;
    sum->coarse += world->asks->coarse;
    sum->compared += world->asks->compared;
    sum->cut_short += world->asks->cut_short;
    sum->glimpses += world->ventilator->glimpses;
    sum->wishes += world->ventilator->wishes;
    sum->lost += world->network->lost;
    sum->doubled += world->network->doubled;
    sum->overtaken += world->network->overtaken;
    sum->broken += world->network->broken;
    sum->virtual_seconds += (double) world->now / 1e6;
    for (int n = 0; n < world->workers; n++) {
        sum->parts += world->worker[n]->parts;
        sum->samples += world->worker[n]->samples;
    }
    for (int n = 0; n < INK_ERROR_COUNT; n++)
        sum->errors[n] += world->asks->errors[n];
}

//  The hash of its trace, or 0 when it has failed: it is left as it was then.
static uint64_t
run_world (uint64_t seed, bool printing, sum_t *sum)
{
    static world_t world;
    jmp_buf failed;
    setitimer (ITIMER_PROF, &(struct itimerval){.it_value.tv_sec = WATCH}, NULL);
    const size_t before = mallinfo2 ().uordblks;
    create (&world, seed, printing);
    present = &world;
    world.failed = &failed;
    if (setjmp (failed))
        return 0;
    live (&world, before);
    if (sum)
        add_up (sum, &world);
    destroy (&world);
    if (sum && sum->passed == 20)
        sum->used = before;
    if (sum && sum->used && !sum->failed && mallinfo2 ().uordblks > sum->used + LEAK_MOST)
        world_fail (&world, "worlds leave more and more behind them");
    present = NULL;
    return world.trace.hash | 1;
}

//  Runs a seed; one of a hundred is run twice.
static bool
run_seed (uint64_t seed, bool printing, sum_t *sum)
{
    uint64_t hash = run_world (seed, printing, sum);
    if (printing)
        printf ("hash %016llx\n", (unsigned long long) hash);
    bool twice = hash && seed % 100 == 0 && !printing;
    if (twice && run_world (seed, false, NULL) != hash) {
        printf ("seed %llu FAILED: two runs of it differ\n", (unsigned long long) seed);
        hash = 0;
    }
    return hash != 0;
}

//  A brain that aborts has found a bug of its own, and one may go round and round: say in
//  which world.
static void
on_signal (int number)
{
    if (present) {
        trace_print (&present->trace);
        printf ("seed %llu FAILED at %.6f s: a brain %s\n",
                (unsigned long long) present->seed, (double) present->now / 1e6,
                number == SIGPROF   ? "does not come back"
                : number == SIGABRT ? "aborts"
                                    : "reaches for what is not there");
    }
    fflush (stdout);
    _exit (1);
}

static void
print_faults (void)
{
    printf ("\n%-22s %10s %10s %10s\n", "fault", "attempted", "applied", "hit work");
    for (fault_kind_t kind = 0; kind < FAULT_KINDS; kind++)
        printf ("%-22s %10llu %10llu %10llu\n", faults_name (kind),
                (unsigned long long) faults_tally[kind].attempted,
                (unsigned long long) faults_tally[kind].applied,
                (unsigned long long) faults_tally[kind].hit);
}

static void
print_sum (const sum_t *sum, double seconds)
{
    print_faults ();
    printf (
        "\nmessages: %llu lost, %llu doubled, %llu overtaken; %llu connections broken\n",
        (unsigned long long) sum->lost, (unsigned long long) sum->doubled,
        (unsigned long long) sum->overtaken, (unsigned long long) sum->broken);
    printf ("replies checked: %llu partials, %llu finals; parts computed: %llu\n",
            (unsigned long long) sum->partials, (unsigned long long) sum->finals,
            (unsigned long long) sum->parts);
    printf ("of these estimated: %llu partials, %llu finals; samples mapped: %llu\n",
            (unsigned long long) sum->estimates, (unsigned long long) sum->sampled,
            (unsigned long long) sum->samples);
    printf ("coarse: %llu, by nodes alone: %llu; of two files: %llu; cut short: %llu; "
            "nodes wished for: %llu\n",
            (unsigned long long) sum->coarse, (unsigned long long) sum->glimpses,
            (unsigned long long) sum->compared, (unsigned long long) sum->cut_short,
            (unsigned long long) sum->wishes);
    printf ("finals:");
    for (int n = 0; n < INK_ERROR_COUNT; n++)
        if (sum->errors[n])
            printf (" %s %llu", ink_error_name (n), (unsigned long long) sum->errors[n]);
    printf ("\n%.1f virtual hours, %llu events in %.1f s: %.0f events/s\n",
            sum->virtual_seconds / 3600, (unsigned long long) sum->events, seconds,
            (double) sum->events / seconds);
    printf ("%llu passed, %llu failed\n", (unsigned long long) sum->passed,
            (unsigned long long) sum->failed);
}

static int
run_seeds (uint64_t from, uint64_t count, bool printing)
{
    sum_t sum = {0};
    clock_t began = clock ();
    for (uint64_t seed = from; seed < from + count && (all || !sum.failed); seed++)
        if (run_seed (seed, printing, &sum))
            sum.passed++;
        else
            sum.failed++;
    print_sum (&sum, (double) (clock () - began + 1) / CLOCKS_PER_SEC);
    return sum.failed > 0;
}

static int
usage (void)
{
    fprintf (stderr, "usage: sim [--seed N] [--seeds FROM:COUNT] [--all] [--trace] "
                     "[--plant N | --plants]\n");
    return 2;
}

int
main (int argc, char **argv)
{
    uint64_t from = 0, count = 1000;
    bool printing = false;
    for (int n = 1; n < argc; n++) {
        char *rest = NULL;
        if (strcmp (argv[n], "--trace") == 0)
            printing = true;
        else if (strcmp (argv[n], "--all") == 0)
            all = true;
        else if (strcmp (argv[n], "--seed") == 0 && n + 1 < argc) {
            from = strtoull (argv[++n], NULL, 10);
            count = 1;
        } else if (strcmp (argv[n], "--seeds") == 0 && n + 1 < argc) {
            from = strtoull (argv[++n], &rest, 10);
            count = *rest == ':' ? strtoull (rest + 1, NULL, 10) : 1;
        } else if (strcmp (argv[n], "--plants") == 0) {
            plants_list ();
            return 0;
        } else if (strcmp (argv[n], "--plant") == 0 && n + 1 < argc) {
            if (!plants_choose (atoi (argv[++n])))
                return usage ();
        } else
            return usage ();
    }
    signal (SIGABRT, on_signal);
    signal (SIGSEGV, on_signal);
    signal (SIGPROF, on_signal);
    return run_seeds (from, count, printing);
}

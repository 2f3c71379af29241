//  network.c: an Inkling on five machines whose network fails in every way.
//
//    network [--long] [--seed N] [--only PATTERN] [--without heal|faults]
//
//  Ends with 77 when the system permits no network namespaces. `--without` takes away what
//  the test stands on, to show that it then fails.

#include "lost.h"
#include "place.h"

#include <errno.h>
#include <stdio.h>

#include "../unit/chance.h"

#define SKIPPED 77
#define ASKERS 2
#define KEPT_OPEN 2 //  Requests of each asker

//  After a fault is gone, everybody works and a fresh question is answered within:
#define RECOVERY_MS 20000
#define DRAIN_MS 60000

//  A fault stays until it has done something, but no longer than this beyond its time
#define PATIENCE_MS 10000

static struct {
    bool is_long, heals, applies;
    uint64_t seed;
    const char *only; //  Tests of such names
} options = {.heals = true, .applies = true, .seed = 1};

//  ---------------------------------------------------------------------------------------
//  Faults, and the links that they befall

typedef enum {
    LOSS,
    DELAY,
    DOUBLING,
    SLOW,
    RESET,
    BLINK,
    BLINK_THERE,
    BLINK_BACK,
    CUT,
    CUT_THERE,
    CUT_BACK,
    KINDS
} kind_t;

static const char *const kind_names[KINDS] = {"loss, 1 to 30 %",
                                              "delay, jitter, reorder",
                                              "doubling",
                                              "2 to 10 kB/s",
                                              "resets",
                                              "cut, 0.3 s",
                                              "cut one way, 0.3 s",
                                              "cut other way, 0.3 s",
                                              "cut beyond silence",
                                              "one way beyond silence",
                                              "other way beyond silence"};

static const int kind_ms[KINDS] = {3000, 3000, 2000, 3000, 500, 300, 300, 300};

//  `cut_ms` is longer than what the two take for the other's death.
typedef struct {
    const char *name;
    host_t a, b;
    int cut_ms;
} link_t;

#define LINKS 4
static const link_t links[LINKS] = {
    {"client - ventilator", CLIENT, VENTILATOR, 6000},
    {"ventilator - worker", VENTILATOR, WORKER_1, 3500},
    {"ventilator - sink", VENTILATOR, SINK, 11500},
    {"worker - sink", WORKER_1, SINK, 5000},
};

//  What has come of a fault on a link.
typedef struct {
    unsigned attempted, applied, hit;
    uint64_t touched;
    int64_t slowest_ms; //  To recover
} cell_t;

typedef struct {
    place_t place;
    asker_t *askers[ASKERS];
    score_t score;
    uint64_t seed;
    cell_t cells[KINDS][LINKS];
} campaign_t;

static fault_t
make_fault (kind_t kind, uint64_t *seed)
{
    fault_t fault = {0};
    switch (kind) {
    case LOSS:
        fault.loss = 10 + (unsigned) chance_below (seed, 291);
        break;
    case DELAY:
        fault.delay_ms = (unsigned) chance_below (seed, 300);
        fault.jitter_ms = 20 + (unsigned) chance_below (seed, 181);
        break;
    case DOUBLING:
        fault.doubling = 200 + (unsigned) chance_below (seed, 600);
        break;
    case SLOW:
        fault.rate = 2000 + (unsigned) chance_below (seed, 8000);
        break;
    case RESET:
        fault.reset = true;
        break;
    default:
        fault.cut = true;
    }
    return fault;
}

//  ---------------------------------------------------------------------------------------
//  A round: one fault, on one link, while requests run

static void
turn (campaign_t *self, size_t keep, int within_ms)
{
    for (size_t n = 0; n < ASKERS; n++)
        asker_turn (self->askers[n], keep, within_ms / ASKERS);
}

static uint64_t
touched (campaign_t *self, host_t a, host_t b, uint64_t *data)
{
    tally_t there = wire_tally (self->place.wire, a, b),
            back = wire_tally (self->place.wire, b, a);
    *data = there.data + back.data;
    return there.touched + back.touched;
}

static void
inflict (campaign_t *self, kind_t kind, host_t a, host_t b)
{
    fault_t fault = make_fault (kind, &self->seed);
    if (!options.applies)
        return;
    if (kind != BLINK_BACK && kind != CUT_BACK)
        wire_set (self->place.wire, a, b, &fault);
    if (kind != BLINK_THERE && kind != CUT_THERE)
        wire_set (self->place.wire, b, a, &fault);
}

static void
wait_for_work (campaign_t *self)
{
    int64_t until = now_ms () + PATIENCE_MS;
    while (!place_look (&self->place).in_progress && now_ms () < until)
        turn (self, KEPT_OPEN, 20);
}

//  The time it took; it is told when it took too long.
static int64_t
recover (campaign_t *self, kind_t kind, const link_t *link)
{
    int64_t began = now_ms ();
    seen_t seen = place_look (&self->place);
    asker_prove (self->askers[0]);
    while (seen.live < WORKERS || !asker_has_proof (self->askers[0])) {
        if (now_ms () - began > RECOVERY_MS) {
            score_anomaly (&self->score,
                           "%s, %s: not well %d ms after: %zu workers live, %s",
                           kind_names[kind], link->name, RECOVERY_MS, seen.live,
                           asker_has_proof (self->askers[0]) ? "answers" : "no answer");
            break;
        }
        turn (self, KEPT_OPEN, 40);
        seen = place_look (&self->place);
    }
    return now_ms () - began;
}

static void
play (campaign_t *self, kind_t kind, size_t l)
{
    const link_t *link = &links[l];
    host_t second = chance_below (&self->seed, 2) ? WORKER_1 : WORKER_2;
    host_t a = link->a == WORKER_1 ? second : link->a;
    host_t b = link->b == WORKER_1 ? second : link->b;
    cell_t *cell = &self->cells[kind][l];
    uint64_t data_before, data;
    wait_for_work (self);
    bool works = place_look (&self->place).in_progress > 0;
    uint64_t before = touched (self, a, b, &data_before), now;
    int64_t began = now_ms (), lasts = kind_ms[kind] ? kind_ms[kind] : link->cut_ms;
    inflict (self, kind, a, b);
    do {
        turn (self, KEPT_OPEN, 20);
        now = touched (self, a, b, &data) - before;
    } while (now_ms () - began < lasts ||
             (data == data_before && now_ms () - began < lasts + PATIENCE_MS &&
              options.applies));
    if (options.heals)
        wire_heal (self->place.wire);
    int64_t took = recover (self, kind, link);
    cell->attempted++;
    cell->applied += now > 0;
    cell->hit += works && data > data_before;
    cell->touched += now;
    cell->slowest_ms = took > cell->slowest_ms ? took : cell->slowest_ms;
    printf ("%-26s %-20s %6llu packets, well after %5lld ms\n", kind_names[kind],
            link->name, (unsigned long long) now, (long long) took);
    fflush (stdout);
}

//  ---------------------------------------------------------------------------------------
//  The campaign

static bool
is_idle (const seen_t *seen)
{
    return seen->requests == 0 && seen->leases == 0 && seen->live == WORKERS;
}

//  Everything comes to an end, and the ventilator then knows of nothing more.
static void
drain (campaign_t *self)
{
    int64_t until = now_ms () + DRAIN_MS;
    seen_t seen;
    do {
        turn (self, 0, 100);
        seen = place_look (&self->place);
    } while ((asker_open (self->askers[0]) || asker_open (self->askers[1]) ||
              !is_idle (&seen)) &&
             now_ms () < until);
    if (!is_idle (&seen))
        score_anomaly (&self->score, "%zu requests, %zu leases, %zu live workers at rest",
                       seen.requests, seen.leases, seen.live);
}

//  In the short form each fault once, on a link that is another with each seed; in the long
//  form each on each.
static void
play_all (campaign_t *self)
{
    for (size_t l = 0; l < (options.is_long ? LINKS : 1); l++)
        for (int kind = 0; kind < KINDS; kind++)
            play (self, (kind_t) kind, (l + (size_t) kind + options.seed) % LINKS);
}

static void
print_cells (const campaign_t *self, cell_t *all)
{
    printf ("\n%-26s %-20s %9s %8s %5s %9s %9s\n", "fault", "between", "attempted",
            "applied", "hit", "packets", "well in");
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t l = 0; l < LINKS; l++) {
            const cell_t *cell = &self->cells[kind][l];
            if (!cell->attempted)
                continue;
            printf ("%-26s %-20s %9u %8u %5u %9llu %6lld ms\n", kind_names[kind],
                    links[l].name, cell->attempted, cell->applied, cell->hit,
                    (unsigned long long) cell->touched, (long long) cell->slowest_ms);
            all->attempted += cell->attempted;
            all->applied += cell->applied;
            all->hit += cell->hit;
        }
}

static void
print_score (const score_t *score)
{
    printf ("requests %llu, partials %llu, finals %llu: right %llu, incomplete %llu",
            (unsigned long long) score->requests, (unsigned long long) score->partials,
            (unsigned long long) score->finals, (unsigned long long) score->right,
            (unsigned long long) score->incomplete);
    for (int error = INK_OK + 1; error < INK_ERROR_COUNT; error++)
        if (score->errors[error])
            printf (", %s %llu", ink_error_name (error),
                    (unsigned long long) score->errors[error]);
    printf ("\nlongest request %lld ms, anomalies %llu\n", (long long) score->longest_ms,
            (unsigned long long) score->anomalies);
}

//  Who has nothing to say to whom says nothing.
static void
check_strangers (campaign_t *self)
{
    static const host_t others[] = {SINK, WORKER_1, WORKER_2};
    for (size_t n = 0; n < 3; n++)
        assert_int_equal (wire_tally (self->place.wire, CLIENT, others[n]).packets, 0);
    assert_int_equal (wire_tally (self->place.wire, WORKER_1, WORKER_2).packets, 0);
}

static void
whatever_befalls_the_network_each_request_has_one_right_end (void **state)
{
    campaign_t self = {.place = *(place_t *) *state, .seed = options.seed};
    cell_t all = {0};
    for (size_t n = 0; n < ASKERS; n++)
        self.askers[n] = asker_new (self.place.endpoint, &self.place.truth,
                                    options.seed * 100 + n, &self.score);
    int64_t began = now_ms ();
    play_all (&self);
    drain (&self);
    print_cells (&self, &all);
    print_score (&self.score);
    printf ("seed %llu, %lld s: %u attempted, %u applied, %u hit work in flight\n",
            (unsigned long long) options.seed, (long long) (now_ms () - began) / 1000,
            all.attempted, all.applied, all.hit);
    for (size_t n = 0; n < ASKERS; n++)
        asker_destroy (&self.askers[n]);
    check_strangers (&self);
    assert_int_equal (self.score.anomalies, 0);
    assert_int_equal (all.applied, all.attempted);
    assert_true (all.hit * 10 >= all.attempted * 8);
    assert_true (self.score.right * 10 >= self.score.finals * 8);
}

//  ---------------------------------------------------------------------------------------

//  One for all tests: libzmq's own thread stays on the machine where it was started.
static wire_t *wire;

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    void *world;
    assert_non_null (place);
    wire_heal (wire);
    world_begin (&world);
    place_open (place, world, wire);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    free (place);
    return world_end (&world);
}

static int
usage (void)
{
    fprintf (stderr,
             "network [--long] [--seed N] [--only PATTERN] [--without heal|faults]\n");
    return 2;
}

static bool
read_options (int argc, char **argv)
{
    for (int n = 1; n < argc; n++) {
        const char *next = n + 1 < argc ? argv[n + 1] : "";
        if (!strcmp (argv[n], "--long"))
            options.is_long = true;
        else if (!strcmp (argv[n], "--seed") && *next)
            options.seed = strtoull (argv[++n], NULL, 10);
        else if (!strcmp (argv[n], "--only") && *next)
            options.only = argv[++n];
        else if (!strcmp (argv[n], "--without") && !strcmp (next, "heal"))
            options.heals = n++ < 0;
        else if (!strcmp (argv[n], "--without") && !strcmp (next, "faults"))
            options.applies = n++ < 0;
        else
            return false;
    }
    return true;
}

int
main (int argc, char **argv)
{
    const char *why;
    if (!read_options (argc, argv))
        return usage ();
    wire = wire_new (options.seed, &why);
    if (!wire) {
        printf ("SKIPPED, for want of root and /dev/net/tun: %s: %s\n", why,
                strerror (errno));
        return SKIPPED;
    }
#define ON_FIVE_MACHINES(name) cmocka_unit_test_setup_teardown (name, begin, end)
    cmocka_set_test_filter (options.only);
    const struct CMUnitTest tests[] = {
        ON_FIVE_MACHINES (a_revocation_lost_for_a_moment_costs_at_most_one_lease),
        ON_FIVE_MACHINES (a_revocation_lost_beyond_silence_costs_at_most_one_lease),
        ON_FIVE_MACHINES (whatever_befalls_the_network_each_request_has_one_right_end),
    };
    int failed = cmocka_run_group_tests (tests, NULL, NULL);
    wire_destroy (&wire);
    return failed;
}

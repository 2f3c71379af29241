//  campaign.c: faults of every kind on every link, while requests run.

#include "campaign.h"

#include <stdio.h>

#include "../unit/chance.h"
#include "errand.h"
#include "place.h"

#define ASKERS 2
#define KEPT_OPEN 2 //  Requests of each asker
#define AT_ONCE 2   //  Faults, in the second half of the long form
#define PAIRS 18    //  Of such faults

//  After a fault is gone, everybody works and a fresh question is answered within:
#define RECOVERY_MS 10000
#define DRAIN_MS 60000

//  A fault stays until it has hit data, but no longer than this beyond its time
#define PATIENCE_MS 10000

campaign_options_t campaign_options = {.seed = 1, .heals = true, .breaks = true};

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

//  A cut without a length is longer than what the two ends take for the other's death.
static const struct {
    const char *name;
    int64_t ms;
} kinds[KINDS] = {
    [LOSS] = {"loss, 1 to 30 %", 3000},
    [DELAY] = {"delay, jitter, reorder", 3000},
    [DOUBLING] = {"doubling", 2000},
    [SLOW] = {"2 to 10 kB/s", 3000},
    [RESET] = {"resets", 500},
    [BLINK] = {"cut, 0.3 s", 300},
    [BLINK_THERE] = {"cut there, 0.3 s", 300},
    [BLINK_BACK] = {"cut back, 0.3 s", 300},
    [CUT] = {"cut beyond silence", 0},
    [CUT_THERE] = {"cut there beyond silence", 0},
    [CUT_BACK] = {"cut back beyond silence", 0},
};

#define LINKS 4
static const struct {
    const char *name;
    host_t a, b; //  WORKER_1 stands for either
    int64_t silence_ms, longest_ms;
} links[LINKS] = {
    {"client - ventilator", CLIENT, VENTILATOR, 6000, 12000},
    {"ventilator - worker", VENTILATOR, WORKER_1, 3500, 8000},
    {"ventilator - sink", VENTILATOR, SINK, 11500, 20000},
    {"worker - sink", WORKER_1, SINK, 5000, 20000},
};

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

//  What has come of a fault on a link.
typedef struct {
    unsigned attempted, applied, hit;
    uint64_t packets;
    int64_t slowest_ms; //  To recover
} cell_t;

typedef struct {
    place_t *place;
    asker_t *askers[ASKERS];
    errand_t errand;
    score_t score;
    uint64_t seed;
    cell_t cells[KINDS][LINKS];
} campaign_t;

//  A fault on a link, and what it has touched.
typedef struct {
    kind_t kind;
    size_t link;
    host_t a, b;
    int64_t lasts_ms;
    uint64_t packets, data;
} strike_t;

static void
turn (campaign_t *self, size_t keep, int within_ms)
{
    for (size_t n = 0; n < ASKERS; n++)
        asker_turn (self->askers[n], keep, within_ms / ASKERS);
    errand_turn (&self->errand, keep > 0);
}

static strike_t
make_strike (campaign_t *self, kind_t kind, size_t link)
{
    host_t worker = chance_below (&self->seed, 2) ? WORKER_1 : WORKER_2;
    strike_t strike = {.kind = kind, .link = link, .lasts_ms = kinds[kind].ms};
    strike.a = links[link].a == WORKER_1 ? worker : links[link].a;
    strike.b = links[link].b == WORKER_1 ? worker : links[link].b;
    uint64_t more = (uint64_t) (links[link].longest_ms - links[link].silence_ms);
    if (!strike.lasts_ms) {
        strike.lasts_ms = links[link].silence_ms;
        if (campaign_options.is_long)
            strike.lasts_ms += (int64_t) chance_below (&self->seed, more);
    }
    return strike;
}

//  What all faults have touched between the two, until now.
static tally_t
tally_of (campaign_t *self, const strike_t *strike)
{
    tally_t there = wire_tally (self->place->wire, strike->a, strike->b),
            back = wire_tally (self->place->wire, strike->b, strike->a);
    return (tally_t){.touched = there.touched + back.touched,
                     .data = there.data + back.data};
}

static void
inflict (campaign_t *self, strike_t *strike)
{
    fault_t fault = make_fault (strike->kind, &self->seed);
    tally_t before = tally_of (self, strike);
    strike->packets = before.touched;
    strike->data = before.data;
    if (!campaign_options.breaks)
        return;
    if (strike->kind != BLINK_BACK && strike->kind != CUT_BACK)
        wire_set (self->place->wire, strike->a, strike->b, &fault);
    if (strike->kind != BLINK_THERE && strike->kind != CUT_THERE)
        wire_set (self->place->wire, strike->b, strike->a, &fault);
}

static bool
has_lasted (campaign_t *self, const strike_t *strike, int64_t ms)
{
    if (ms < strike->lasts_ms)
        return false;
    return tally_of (self, strike).data > strike->data || !campaign_options.breaks ||
           ms > strike->lasts_ms + PATIENCE_MS;
}

//  Keeps asking until each strike has done its part.
static void
endure (campaign_t *self, const strike_t *strikes, size_t count)
{
    int64_t began = now_ms ();
    size_t done = 0;
    while (done < count) {
        turn (self, KEPT_OPEN, 20);
        done = 0;
        for (size_t n = 0; n < count; n++)
            done += has_lasted (self, &strikes[n], now_ms () - began);
    }
}

//  True when chunks are being computed; they soon are.
static bool
wait_for_work (campaign_t *self)
{
    int64_t until = now_ms () + PATIENCE_MS;
    while (!place_look (self->place).in_progress && now_ms () < until)
        turn (self, KEPT_OPEN, 20);
    return now_ms () < until;
}

//  The time it took; that it took too long is an anomaly.
static int64_t
recover (campaign_t *self)
{
    int64_t began = now_ms ();
    seen_t seen = place_look (self->place);
    asker_prove (self->askers[0]);
    while (seen.live < WORKERS || !asker_has_proof (self->askers[0])) {
        if (now_ms () - began > RECOVERY_MS) {
            score_anomaly (&self->score, "not well after %d ms: %zu workers live, %s",
                           RECOVERY_MS, seen.live,
                           asker_has_proof (self->askers[0]) ? "answers" : "no answer");
            break;
        }
        turn (self, KEPT_OPEN, 40);
        seen = place_look (self->place);
    }
    return now_ms () - began;
}

static void
note (campaign_t *self, const strike_t *strike, bool works, int64_t took)
{
    cell_t *cell = &self->cells[strike->kind][strike->link];
    tally_t after = tally_of (self, strike);
    uint64_t packets = after.touched - strike->packets;
    cell->attempted++;
    cell->applied += packets > 0;
    cell->hit += works && after.data > strike->data;
    cell->packets += packets;
    cell->slowest_ms = took > cell->slowest_ms ? took : cell->slowest_ms;
    printf ("%-26s %-20s %6lld ms, %6llu packets, well after %5lld ms\n",
            kinds[strike->kind].name, links[strike->link].name,
            (long long) strike->lasts_ms, (unsigned long long) packets, (long long) took);
    fflush (stdout);
}

//  Strikes befall while requests run; then the network heals, and all goes well again.
static void
play (campaign_t *self, strike_t *strikes, size_t count)
{
    bool works = wait_for_work (self);
    for (size_t n = 0; n < count; n++)
        inflict (self, &strikes[n]);
    endure (self, strikes, count);
    if (campaign_options.heals)
        wire_heal (self->place->wire);
    int64_t took = recover (self);
    for (size_t n = 0; n < count; n++)
        note (self, &strikes[n], works, took);
}

//  ---------------------------------------------------------------------------------------
//  The campaign

//  In the short form each fault once, on links that are others with another seed.
static void
play_each (campaign_t *self)
{
    size_t rounds = campaign_options.is_long ? LINKS : 1;
    for (size_t l = 0; l < rounds; l++)
        for (size_t kind = 0; kind < KINDS; kind++) {
            size_t link = (l + kind + (size_t) campaign_options.seed) % LINKS;
            strike_t strike = make_strike (self, (kind_t) kind, link);
            play (self, &strike, 1);
        }
}

//  Two faults at once, on links of which neither is the other.
static void
play_pairs (campaign_t *self)
{
    for (int n = 0; n < PAIRS; n++) {
        strike_t strikes[AT_ONCE];
        size_t link = chance_below (&self->seed, LINKS);
        for (size_t s = 0; s < AT_ONCE; s++) {
            kind_t kind = (kind_t) chance_below (&self->seed, KINDS);
            strikes[s] = make_strike (self, kind, (link + s) % LINKS);
        }
        play (self, strikes, AT_ONCE);
    }
}

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
        seen = place_look (self->place);
    } while ((asker_open (self->askers[0]) || asker_open (self->askers[1]) ||
              errand_runs (&self->errand) || !is_idle (&seen)) &&
             now_ms () < until);
    if (!is_idle (&seen))
        score_anomaly (&self->score, "%zu requests, %zu leases, %zu live workers at rest",
                       seen.requests, seen.leases, seen.live);
    if (errand_runs (&self->errand))
        score_anomaly (&self->score, "a program that asks does not end");
}

static cell_t
print_cells (const campaign_t *self)
{
    cell_t all = {0};
    printf ("\n%-26s %-20s %9s %8s %5s %9s %9s\n", "fault", "between", "attempted",
            "applied", "hit", "packets", "well in");
    for (int kind = 0; kind < KINDS; kind++)
        for (size_t l = 0; l < LINKS; l++) {
            const cell_t *cell = &self->cells[kind][l];
            if (!cell->attempted)
                continue;
            printf ("%-26s %-20s %9u %8u %5u %9llu %6lld ms\n", kinds[kind].name,
                    links[l].name, cell->attempted, cell->applied, cell->hit,
                    (unsigned long long) cell->packets, (long long) cell->slowest_ms);
            all.attempted += cell->attempted;
            all.applied += cell->applied;
            all.hit += cell->hit;
        }
    printf ("seed %llu: %u attempted, %u applied, %u hit work in flight\n",
            (unsigned long long) campaign_options.seed, all.attempted, all.applied,
            all.hit);
    return all;
}

//  What the wire did, over all links.
static void
print_wire (wire_t *wire)
{
    tally_t all = {0};
    for (int n = 0; n < HOSTS * HOSTS; n++) {
        tally_t tally = wire_tally (wire, (host_t) (n / HOSTS), (host_t) (n % HOSTS));
        all.packets += tally.packets;
        all.lost += tally.lost;
        all.delayed += tally.delayed;
        all.overtaken += tally.overtaken;
        all.doubled += tally.doubled;
        all.resets += tally.resets;
    }
    printf ("packets %llu: lost %llu, delayed %llu, overtaken %llu, doubled %llu, "
            "answered by a reset %llu\n",
            (unsigned long long) all.packets, (unsigned long long) all.lost,
            (unsigned long long) all.delayed, (unsigned long long) all.overtaken,
            (unsigned long long) all.doubled, (unsigned long long) all.resets);
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
    printf ("\nprograms that asked %llu: right %llu",
            (unsigned long long) (score->errands + score->excused),
            (unsigned long long) score->errands);
    printf ("\nlongest request %lld ms, anomalies %llu\n", (long long) score->longest_ms,
            (unsigned long long) score->anomalies);
}

//  Who has nothing to say to whom says nothing.
static void
check_strangers (campaign_t *self)
{
    static const host_t others[] = {SINK, WORKER_1, WORKER_2};
    for (size_t n = 0; n < 3; n++)
        assert_int_equal (wire_tally (self->place->wire, CLIENT, others[n]).packets, 0);
    assert_int_equal (wire_tally (self->place->wire, WORKER_1, WORKER_2).packets, 0);
}

void
whatever_befalls_the_network_each_request_has_one_right_end (void **state)
{
    campaign_t self = {.place = *state, .seed = campaign_options.seed};
    for (size_t n = 0; n < ASKERS; n++)
        self.askers[n] = asker_new (self.place->endpoint, &self.place->truth,
                                    self.seed * 100 + n, &self.score);
    self.errand = (errand_t){.place = self.place, .score = &self.score};
    play_each (&self);
    if (campaign_options.is_long)
        play_pairs (&self);
    drain (&self);
    cell_t all = print_cells (&self);
    print_wire (self.place->wire);
    print_score (&self.score);
    for (size_t n = 0; n < ASKERS; n++)
        asker_destroy (&self.askers[n]);
    check_strangers (&self);
    assert_int_equal (self.score.anomalies, 0);
    assert_int_equal (all.applied, all.attempted);
    assert_true (all.hit * 10 >= all.attempted * 8);
    assert_true (self.score.right * 10 >= self.score.finals * 7);
    assert_true (self.score.errands > 0);
}

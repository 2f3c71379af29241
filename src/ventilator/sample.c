//  sample.c: what is looked at first of a range that takes long.
//
//  What the range lacks is divided into 256 strata, and of each a piece of 4 KiB is drawn, or
//  less of what is small, or a cell: so much is read within some 10 ms, wherever it lies, and
//  tells what the whole is like. The pieces are mapped in eight batches, each of which is spread over the
//  whole and becomes one value. They are a luxury: a batch that is lost is not drawn again.
//
//  Of a demand that is only sampled, fewer parts are computed: the first of its course.

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/plant.h"
#include "value/estimate.h"
#include "value/outline.h"
#include "ventilator/cut.h"

#define BATCHES 8
#define BATCH_PIECES 32
#define STRATA ((uint64_t) BATCHES * BATCH_PIECES)

//  A piece has so many bytes, but no more than an eighth of its stratum: else one might as well
//  compute all of it. Below the least it says nothing.
#define PIECE_MOST ((uint64_t) 4 << 10)
#define PIECE_LEAST 16
#define PIECE_SHARE 8
#define SECTOR 512

//  A piece of a suspect is drawn again so often
#define DRAWS_MOST 8

//  What takes longer than this is sampled, or, while no speed is known, what is larger
#define LONG_NS 50000000
#define LARGE ((uint64_t) 64 << 20)

//  What it costs to go somewhere else on a disk, about
#define SEEK_NS 50000

//  A lease has so many batches, by how many workers there are
#define LEASE_BATCHES_LEAST 2
#define LEASE_BATCHES_MOST 4

//  Of a demand that is only sampled so many parts are computed at least, if there are so many:
//  what the cache knows is no fair sample
#define SAMPLED_LEAST 24

//  ---------------------------------------------------------------------------------------
//  Whether

//  An estimate is worth something only before the first report.
static bool
is_hasty (const ink_demand_t *demand)
{
    for (size_t n = 0; n < demand->report_count; n++)
        if (!demand->reports[n].millionths)
            return true;
    return !demand->report_count;
}

static bool
takes_long (ink_foreman_t *self, const ink_demand_t *demand, const ink_worker_t *worker)
{
    int64_t known_ns = 0;
    bool large = demand->millionths > 0; //  The few parts of it tell less than samples
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        uint64_t bytes = strand->ready * demand->chunk;
        if (ink_registry_knows (self->registry, worker, strand->number))
            known_ns +=
                ink_registry_estimate (self->registry, worker, strand->number, bytes);
        else
            large |= bytes > LARGE;
    }
    size_t live = ink_registry_live (self->registry);
    return large || known_ns / (int64_t) (live ? live : 1) > LONG_NS;
}

//  Pieces begin and end with cells; counts have none.
static uint64_t
grain_of (const ink_strand_t *strand)
{
    ink_geometry_t geometry = {0};
    strand->kernel->geometry (&strand->args, &geometry);
    return strand->kernel->shape == INK_SHAPE_CELLS ? geometry.cell_bytes : 1;
}

static bool
is_sampleable (const ink_strand_t *strand, const ink_worker_t *worker)
{
    if (strand->batch >= BATCHES || !strand->ready ||
        !(worker->offers >> strand->number & 1))
        return false;
    if (ink_estimate_suits (strand->kernel, &strand->args))
        return true;
    return ink_outline_suits (strand->kernel, &strand->args) &&
           strand->left * strand->demand->chunk / STRATA / PIECE_SHARE >=
               grain_of (strand);
}

void
ink_office_sample_anew (ink_demand_t *demand)
{
    bool wanted = demand->estimates && !demand->unsampled && is_hasty (demand);
    for (size_t k = 0; k < demand->strand_count; k++)
        demand->strands[k].batch = wanted ? 0 : BATCHES;
}

//  The leases that are out are of no use any more.
void
ink_office_sample_no_more (ink_foreman_t *self, ink_demand_t *demand)
{
    for (size_t k = 0; k < demand->strand_count; k++)
        demand->strands[k].batch = BATCHES;
    if (!demand->running || INK_PLANTED (61))
        return;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        INK_LIST_EACH (held, &worker->leases)
        {
            ink_lease_t *lease = INK_ITEM (held, ink_lease_t, link);
            if (lease->fold && lease->handle == demand->handle &&
                lease->state == INK_LEASE_RUNNING)
                ink_office_revoke (self, lease);
        }
    }
}

//  ---------------------------------------------------------------------------------------
//  Of what: the strands of a lease lack the same parts. A place is counted in the bytes that
//  they lack.

static bool
lacks (const ink_strand_t *strand, uint64_t p)
{
    uint8_t state = strand->states[p];
    return (state != INK_PART_DONE && state != INK_PART_ERROR) || INK_PLANTED (62);
}

static uint64_t
lacking_bytes (const ink_strand_t *strand)
{
    uint64_t bytes = 0;
    for (uint64_t p = 0; p < strand->demand->parts; p++)
        if (lacks (strand, p))
            bytes += ink_plan_part (&strand->demand->plan, p).length;
    return bytes;
}

//  A walk over what a strand lacks
typedef struct {
    const ink_strand_t *strand;
    uint64_t part, before; //  before: so much is lacking of the parts before it
} walk_t;

//  Goes on to the part that has the place, which is not behind the end.
static void
walk_to (walk_t *self, uint64_t place)
{
    for (;; self->part++) {
        if (!lacks (self->strand, self->part))
            continue;
        uint64_t length = ink_plan_part (&self->strand->demand->plan, self->part).length;
        if (place < self->before + length)
            return;
        self->before += length;
    }
}

//  The piece at a place of the walk's part: it begins with a sector, or a cell, and lies within
//  the part. Parts themselves begin and end with cells, or with the range.
static ink_msg_span_t
piece_at (const walk_t *walk, uint64_t place, uint64_t length, uint64_t grain)
{
    ink_part_t part = ink_plan_part (&walk->strand->demand->plan, walk->part);
    if (part.length < length + grain)
        return (ink_msg_span_t){part.offset, part.length};
    uint64_t last = part.offset + part.length - length;
    uint64_t at = part.offset + (place - walk->before);
    at = at < last ? at : last;
    uint64_t sector = at - at % SECTOR, cell = at - at % grain;
    if (length >= SECTOR && grain < SECTOR && sector >= part.offset)
        return (ink_msg_span_t){sector, length};
    return (ink_msg_span_t){cell < part.offset ? cell + grain : cell, length};
}

//  Whether each strand of the cut lacks the part, and none of them suspects it.
static bool
is_sound (ink_foreman_t *self, const ink_cut_t *cut, uint64_t p)
{
    for (size_t n = 0; n < cut->kernels; n++) {
        const ink_strand_t *strand = &cut->demand->strands[cut->strands[n]];
        ink_chunk_key_t key = ink_office_key (strand, p);
        if (!lacks (strand, p) || ink_leases_suspect (&self->leases, &key))
            return false;
    }
    return true;
}

static uint64_t
grain_of_all (const ink_cut_t *cut)
{
    uint64_t largest = 1;
    for (size_t n = 0; n < cut->kernels; n++) {
        uint64_t grain = grain_of (&cut->demand->strands[cut->strands[n]]);
        largest = grain > largest ? grain : largest;
    }
    return largest;
}

//  By chance, but the same again for the same request.
static uint64_t
draw (const ink_demand_t *demand, uint64_t stratum, uint64_t draws, uint64_t below)
{
    const uint64_t seed[] = {demand->offset, demand->length, stratum, draws};
    return XXH3_64bits (seed, sizeof seed) % below;
}

//  A part of so much, without passing 64 bits.
static uint64_t
part_of (uint64_t whole, uint64_t n, uint64_t parts)
{
    return whole / parts * n + whole % parts * n / parts;
}

//  Draws the piece of a stratum; false when there is none.
static bool
draw_piece (ink_foreman_t *self, const ink_cut_t *cut, walk_t *walk, uint64_t bytes,
            uint64_t stratum, ink_msg_span_t *piece)
{
    uint64_t from = part_of (bytes, stratum, STRATA);
    uint64_t size = part_of (bytes, stratum + 1, STRATA) - from;
    uint64_t length = size / PIECE_SHARE < PIECE_MOST ? size / PIECE_SHARE : PIECE_MOST;
    uint64_t grain = grain_of_all (cut);
    length = length > grain ? length - length % grain : grain;
    walk_to (walk, from);
    for (uint64_t draws = 0; draws < DRAWS_MOST; draws++) {
        uint64_t place = from + draw (cut->demand, stratum, draws, size - length + 1);
        walk_t near = *walk;
        walk_to (&near, place);
        *piece = piece_at (&near, place, length, grain);
        if (is_sound (self, cut, near.part))
            return true;
    }
    return false;
}

//  Draws the pieces of some batches, one batch behind the other.
static bool
draw_batches (ink_foreman_t *self, const ink_cut_t *cut, unsigned first, unsigned count,
              ink_msg_span_t *pieces)
{
    walk_t walk = {.strand = &cut->demand->strands[cut->strands[0]]};
    uint64_t bytes = lacking_bytes (walk.strand), grain = grain_of_all (cut);
    uint64_t least = grain > PIECE_LEAST ? grain : PIECE_LEAST;
    if (bytes / STRATA / PIECE_SHARE < least)
        return false;
    //  Of every eight strata the first is in batch 0, the fifth in batch 1, and so on: batches one
    //  after the other are spread as evenly as each of them
    static const unsigned batch_of[BATCHES] = {0, 4, 2, 6, 1, 5, 3, 7};
    for (uint64_t stratum = 0; stratum < STRATA; stratum++) {
        unsigned batch = batch_of[stratum % BATCHES] - first;
        if (batch < count &&
            !draw_piece (self, cut, &walk, bytes, stratum,
                         &pieces[batch * BATCH_PIECES + stratum / BATCHES]))
            return false;
    }
    return true;
}

//  ---------------------------------------------------------------------------------------
//  Who

//  The strands that this worker may sample together: those that lack as much as the first one;
//  whether it is the same will be seen at each piece.
static void
choose_strands (ink_cut_t *cut)
{
    const ink_strand_t *first = NULL;
    for (size_t k = 0; k < cut->demand->strand_count; k++) {
        const ink_strand_t *strand = &cut->demand->strands[k];
        if (!is_sampleable (strand, cut->worker))
            continue;
        first = first ? first : strand;
        if (strand->batch == first->batch && strand->left == first->left)
            cut->strands[cut->kernels++] = k;
    }
}

static unsigned
batches_for (ink_foreman_t *self, unsigned left)
{
    size_t live = ink_registry_live (self->registry);
    size_t share = (BATCHES + live - 1) / (live ? live : 1);
    unsigned count = share < LEASE_BATCHES_LEAST  ? LEASE_BATCHES_LEAST
                     : share > LEASE_BATCHES_MOST ? LEASE_BATCHES_MOST
                                                  : (unsigned) share;
    return count < left ? count : left;
}

static void
estimate (ink_foreman_t *self, ink_cut_t *cut, const ink_msg_span_t *pieces, size_t count)
{
    uint64_t bytes = 0;
    for (size_t n = 0; n < count; n++)
        bytes += pieces[n].length;
    cut->estimate_ns = (int64_t) count * SEEK_NS;
    for (size_t n = 0; n < cut->kernels; n++)
        cut->estimate_ns +=
            ink_registry_estimate (self->registry, cut->worker,
                                   cut->demand->strands[cut->strands[n]].number, bytes);
}

bool
ink_office_sample (ink_foreman_t *self, ink_demand_t *demand, ink_worker_t *worker,
                   bool ahead)
{
    ink_cut_t cut = {.demand = demand, .worker = worker, .ahead = ahead};
    ink_msg_span_t pieces[LEASE_BATCHES_MOST * BATCH_PIECES];
    choose_strands (&cut);
    if (!cut.kernels)
        return false;
    unsigned first = demand->strands[cut.strands[0]].batch;
    unsigned count = batches_for (self, BATCHES - first);
    bool drawn = (first || takes_long (self, demand, worker)) &&
                 draw_batches (self, &cut, first, count, pieces);
    for (size_t n = 0; n < cut.kernels; n++)
        demand->strands[cut.strands[n]].batch = drawn ? first + count : BATCHES;
    if (!drawn)
        return false;
    estimate (self, &cut, pieces, count * BATCH_PIECES);
    return ink_cut_hand_out_samples (self, &cut, pieces, count * BATCH_PIECES,
                                     BATCH_PIECES);
}

//  ---------------------------------------------------------------------------------------
//  How much, when all is only sampled

//  How many parts of each strand the cache does not know.
typedef struct {
    uint64_t of[INK_KERNELS_MOST];
} fresh_t;

static void
count_fresh (fresh_t *self, const ink_demand_t *demand, const uint8_t *const known[],
             uint64_t p)
{
    for (size_t k = 0; k < demand->strand_count; k++)
        self->of[k] += !known[k] || !known[k][p];
}

//  Whether the parts that were counted are enough, of all that there are.
static bool
is_enough (const fresh_t *self, const fresh_t *all, size_t strands)
{
    for (size_t k = 0; k < strands; k++)
        if (self->of[k] < SAMPLED_LEAST && self->of[k] < all->of[k])
            return false;
    return true;
}

uint64_t
ink_office_places (const ink_demand_t *demand, const uint8_t *const known[])
{
    const ink_course_t *course = &demand->course;
    uint64_t wanted =
        (demand->parts * demand->millionths + INK_MILLION - 1) / INK_MILLION;
    uint64_t place = 0, parts = 0;
    fresh_t all = {{0}}, fresh = {{0}};
    if (!demand->millionths)
        return 0;
    for (uint64_t p = 0; p < demand->parts; p++)
        count_fresh (&all, demand, known, p);
    for (uint64_t p; place < ink_course_places (course); place++) {
        if (parts >= wanted && is_enough (&fresh, &all, demand->strand_count))
            break;
        if (!ink_course_part (course, place, &p))
            continue;
        parts++;
        count_fresh (&fresh, demand, known, p);
    }
    return place;
}

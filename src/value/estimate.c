//  estimate.c: what the rest of a table of counters will be, and how far off that may be.

#include "value/estimate.h"

#include <assert.h>
#include <string.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "value/answer.h"

#define CELLS_MOST ((size_t) 1 << 18)
#define GROUPS 8
#define FOLDED_MOST 4096 //  Adjacent counters are watched together when there are more
#define UNITS_MOST 4096
#define UNITS_LEAST 16
#define PARTS_LEAST 8 //  Fewer do not tell how parts vary

//  The parts left may be few, and how they differ is of no known form: so many deviations
#define SIGMAS 3

//  Places of a course one after the other are 1/8 of the range apart, eight of them a round
//  through all of it: rounds are dealt to groups, not places.
#define ROUND 8

//  Units of one kind: samples, or parts
typedef struct {
    uint64_t units, bytes;
    uint64_t *cells; //  Of all of them
    struct {
        uint64_t units, bytes;
        uint64_t *cells; //  Folded
    } group[GROUPS];
} tally_t;

struct ink_estimate {
    uint64_t length, chunk;
    uint64_t lacked, *base; //  At the beginning: bytes, and the answer
    uint32_t lookahead;
    size_t cells, folded;
    unsigned shift; //  Of a cell's number to that of its fold
    uint64_t *scratch;
    tally_t samples, parts;
    double *squares;  //  Sums of the squares of the rates of single parts, folded
    uint64_t batches; //  Of samples
};

static size_t
cells_of (const ink_kernel_t *kernel, const ink_args_t *args)
{
    ink_geometry_t geometry = {0};
    kernel->geometry (args, &geometry);
    return geometry.cells;
}

bool
ink_estimate_suits (const ink_kernel_t *kernel, const ink_args_t *args)
{
    return kernel->shape == INK_SHAPE_COUNTS && !(kernel->flags & INK_KERNEL_UNREAD) &&
           cells_of (kernel, args) <= CELLS_MOST;
}

static bool
make_tally (const ink_estimate_t *self, tally_t *tally)
{
    tally->cells = ink_alloc (self->cells * sizeof *tally->cells);
    bool made = tally->cells;
    for (size_t g = 0; g < GROUPS; g++) {
        tally->group[g].cells = ink_alloc (self->folded * sizeof *tally->cells);
        made &= tally->group[g].cells != NULL;
    }
    return made;
}

static void
free_tally (tally_t *tally)
{
    ink_free (tally->cells);
    for (size_t g = 0; g < GROUPS; g++)
        ink_free (tally->group[g].cells);
}

ink_estimate_t *
ink_estimate_new (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length,
                  uint64_t chunk, const ink_answer_t *known, uint64_t lacking)
{
    assert (ink_estimate_suits (kernel, args) && length > 0 && chunk > 0);
    ink_estimate_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->length = length;
    self->chunk = chunk;
    self->lacked = lacking;
    self->lookahead = ink_value_reach (kernel, args).lookahead;
    self->cells = cells_of (kernel, args);
    while (self->cells >> self->shift > FOLDED_MOST)
        self->shift++;
    self->folded = ((self->cells - 1) >> self->shift) + 1;
    self->scratch = ink_alloc (self->cells * sizeof *self->scratch);
    self->squares = ink_alloc (self->folded * sizeof *self->squares);
    self->base = ink_alloc (self->cells * sizeof *self->base);
    bool made = self->scratch && self->squares && self->base;
    made &= make_tally (self, &self->samples);
    made &= make_tally (self, &self->parts);
    if (made)
        ink_answer_write (known, self->base);
    else
        ink_estimate_destroy (&self);
    return self;
}

void
ink_estimate_destroy (ink_estimate_t **self_p)
{
    ink_estimate_t *self = *self_p;
    if (!self)
        return;
    free_tally (&self->samples);
    free_tally (&self->parts);
    ink_free (self->scratch);
    ink_free (self->squares);
    ink_free (self->base);
    ink_free (self);
    *self_p = NULL;
}

//  ---------------------------------------------------------------------------------------
//  Units

static int
add (ink_estimate_t *self, tally_t *tally, const void *value, size_t size, uint64_t units,
     uint64_t bytes, size_t group)
{
    memset (self->scratch, 0, self->cells * sizeof *self->scratch);
    int rc = ink_counts_add (value, size, self->scratch, self->cells);
    if (rc)
        return rc;
    uint64_t *folded = tally->group[group].cells;
    for (size_t c = 0; c < self->cells; c++) {
        tally->cells[c] += self->scratch[c];
        folded[c >> self->shift] += self->scratch[c];
    }
    tally->units += units;
    tally->bytes += bytes;
    tally->group[group].units += units;
    tally->group[group].bytes += bytes;
    return INK_OK;
}

int
ink_estimate_sample (ink_estimate_t *self, const void *value, size_t size, uint64_t units,
                     uint64_t bytes)
{
    uint64_t unseen =
        units * self->lookahead; //  Each sample ends before it could look on
    if (!units || bytes <= unseen)
        return INK_EVALUE;
    int rc = add (self, &self->samples, value, size, units, bytes - unseen,
                  self->batches % GROUPS);
    self->batches += rc == INK_OK;
    return rc;
}

//  Of the part that is unpacked.
static void
add_squares (ink_estimate_t *self, double length)
{
    for (size_t c = 0; c < self->cells;) {
        uint64_t count = 0;
        size_t fold = c >> self->shift;
        for (; c < self->cells && c >> self->shift == fold; c++)
            count += self->scratch[c];
        double rate = (double) count / length;
        self->squares[fold] += rate * rate;
    }
}

int
ink_estimate_part (ink_estimate_t *self, const void *value, size_t size, uint64_t length,
                   uint64_t place)
{
    if (self->parts.units >= UNITS_MOST)
        return INK_OK;
    int rc = add (self, &self->parts, value, size, 1, length, place / ROUND % GROUPS);
    if (rc == INK_OK)
        add_squares (self, (double) length);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  What follows from them

//  The square root, without a mathematics library.
static double
root (double square)
{
    if (square <= 0)
        return 0;
    double guess = square > 1 ? square : 1;
    for (int n = 0; n < 60; n++)
        guess = (guess + square / guess) / 2;
    return guess;
}

//  The square of the error of a mean of all units, by how the groups differ.
static double
error_of_mean (const tally_t *tally, size_t groups, size_t fold)
{
    double sum = 0, squares = 0, units = (double) tally->units;
    for (size_t g = 0; g < GROUPS; g++) {
        if (!tally->group[g].units)
            continue;
        double weight = (double) tally->group[g].units;
        double rate =
            (double) tally->group[g].cells[fold] / (double) tally->group[g].bytes;
        sum += weight * rate;
        squares += weight * rate * rate;
    }
    return (squares - sum * sum / units) / (double) (groups - 1) / units;
}

//  How much the rates of single parts vary; known when there are some.
static double
variance_of_parts (const ink_estimate_t *self, size_t fold)
{
    double units = (double) self->parts.units, sum = 0;
    for (size_t g = 0; g < GROUPS; g++)
        sum += (double) self->parts.group[g].cells[fold];
    sum *= units / (double) self->parts.bytes;
    double variance = (self->squares[fold] - sum * sum / units) / (units - 1);
    return variance > 0 ? variance : 0;
}

//  Student's t, 97.5 %, of so many degrees of freedom.
static double
student (size_t degrees)
{
    static const double t[] = {12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365};
    size_t most = sizeof t / sizeof *t;
    return t[(degrees < most ? degrees : most) - 1];
}

static size_t
groups_of (const tally_t *tally)
{
    size_t groups = 0;
    for (size_t g = 0; g < GROUPS; g++)
        groups += tally->group[g].units > 0;
    return groups;
}

static bool
is_enough (const tally_t *tally)
{
    return tally->units >= UNITS_LEAST && groups_of (tally) > 1;
}

//  How far off the rate of the units is, when what it is used for differs from what they are
//  spread over by so much of the variance of single parts.
static double
error_of_rate (const ink_estimate_t *self, const tally_t *tally, double parts)
{
    size_t groups = groups_of (tally);
    double largest = 0, t = student (groups - 1);
    for (size_t fold = 0; fold < self->folded; fold++) {
        double square = t * t * error_of_mean (tally, groups, fold);
        if (parts > 0)
            square += SIGMAS * SIGMAS * variance_of_parts (self, fold) * parts;
        largest = square > largest ? square : largest;
    }
    return root (largest) + 3 / (double) tally->units;
}

//  A way to estimate: a rate for what is left, or for all that lacked at the beginning.
typedef struct {
    const tally_t *tally;
    bool from_beginning;
    double bound; //  A share of the length
} way_t;

static void
consider (way_t *best, way_t way)
{
    if (!best->tally || way.bound < best->bound)
        *best = way;
}

//  The way with the smallest bound; none when there are too few units.
static way_t
choose (const ink_estimate_t *self, uint64_t rest)
{
    way_t best = {0};
    double length = (double) self->length, lacked = (double) self->lacked;
    double left = (double) ((rest + self->chunk - 1) / self->chunk);
    double all = left + (double) self->parts.units, of_rest = (double) rest / length;
    if (is_enough (&self->samples)) {
        double error = error_of_rate (self, &self->samples, 0);
        consider (&best, (way_t){&self->samples, true, lacked / length * error});
    }
    if (is_enough (&self->samples) && self->parts.units >= PARTS_LEAST) {
        double error = error_of_rate (self, &self->samples, 1 / left - 1 / all);
        consider (&best, (way_t){&self->samples, false, of_rest * error});
    }
    if (is_enough (&self->parts)) {
        double error = error_of_rate (self, &self->parts, 1 / left);
        consider (&best, (way_t){&self->parts, false, of_rest * error});
    }
    return best;
}

bool
ink_estimate_bound (const ink_estimate_t *self, uint64_t rest, uint64_t *millionths)
{
    assert (rest > 0);
    way_t way = choose (self, rest);
    if (!way.tally)
        return false;
    *millionths = way.bound < 1 ? (uint64_t) (way.bound * 1e6) + 1 : 1000000;
    return true;
}

//  How many more of counter c there will be than are known, before all are made to add up.
static double
more_of (const ink_estimate_t *self, const way_t *way, size_t c, uint64_t known,
         uint64_t rest)
{
    double rate = (double) way->tally->cells[c] / (double) way->tally->bytes;
    if (!way->from_beginning)
        return rate * (double) rest;
    double more = rate * (double) self->lacked + (double) self->base[c] - (double) known;
    return more > 0 ? more : 0;
}

static uint64_t
load (const uint8_t *item)
{
    uint64_t count;
    memcpy (&count, item, sizeof count);
    return count;
}

void
ink_estimate_write (const ink_estimate_t *self, const ink_answer_t *exact, uint64_t rest,
                    void *out)
{
    way_t way = choose (self, rest);
    double sum = 0, counts = 0;
    uint8_t *items = out;
    assert (way.tally);
    ink_answer_write (exact, out);
    for (size_t c = 0; c < self->cells; c++) {
        sum += more_of (self, &way, c, load (items + c * sizeof (uint64_t)), rest);
        counts += (double) way.tally->cells[c];
    }
    double wanted = counts / (double) way.tally->bytes * (double) rest;
    double scale = sum > 0 ? wanted / sum : 0;
    for (size_t c = 0; c < self->cells; c++) {
        uint8_t *item = items + c * sizeof (uint64_t);
        uint64_t count = load (item);
        count += (uint64_t) (scale * more_of (self, &way, c, count, rest) + 0.5);
        memcpy (item, &count, sizeof count);
    }
}

//  truth.c: whether what a reply says is true.

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system/oracle.h"
#include "faults.h"
#include "truth.h"

#define KEPT 64

typedef struct {
    const uint8_t *bytes, *other; //  Of the versions
    const char *kernel;
    uint64_t offset, length;
    int64_t param;
    void *output;
    size_t size;
    uint64_t used; //  When last: the oldest one goes
} kept_t;

static kept_t kept[KEPT];
static uint64_t kept_uses;

void
truth_forget (void)
{
    for (size_t n = 0; n < KEPT; n++)
        free (kept[n].output);
    memset (kept, 0, sizeof kept);
    kept_uses = 0;
}

typedef struct {
    const ask_t *ask;
    const ink_reply_t *reply;
    const version_t *version, *other; //  other: NULL for none
    const char *kernel;
    uint64_t offset, length;
    const uint8_t *data;
    size_t size;
} claim_t;

//  ---------------------------------------------------------------------------------------
//  Oracles

//  Records are 16 bytes and, of strings, the text.
static size_t
size_of_record (const claim_t *claim, uint64_t length)
{
    if (strcmp (claim->kernel, "search") == 0)
        return 16;
    return 16 + (size_t) ((length < 4096 ? length : 4096) + 7) / 8 * 8;
}

//  What is searched for is any run of these letters, or of one of them, that has two or more.
static bool
is_sought (const claim_t *claim, uint8_t byte)
{
    return byte == '@' || (!claim->ask->single && byte >= 'A' && byte <= 'G');
}

static void
search (const claim_t *claim, uint64_t offset, uint64_t length, kept_t *place)
{
    const uint8_t *bytes = claim->version->bytes + offset;
    uint64_t *out = calloc (2 + length, sizeof *out), run = 0;
    size_t size = 2;
    for (uint64_t at = 0; out && at <= length; at++) {
        if (at < length && is_sought (claim, bytes[at])) {
            run++;
            continue;
        }
        if (run >= 2) {
            out[size++] = offset + at - run;
            out[size++] = run;
        }
        run = 0;
    }
    if (!out)
        abort ();
    out[0] = out[1] = size / 2 - 1;
    place->output = out;
    place->size = size * sizeof *out;
}

//  How many bytes of each cell are not those of the other file.
static void
differ (const claim_t *claim, uint64_t offset, uint64_t length, kept_t *place)
{
    const version_t *other = claim->other;
    uint64_t cell = (uint64_t) claim->ask->cell, first = offset / cell;
    size_t cells = (size_t) ((offset + length - 1) / cell - first + 1);
    uint64_t *out = calloc (cells, sizeof *out);
    if (!out)
        abort ();
    for (uint64_t at = offset; at < offset + length; at++)
        out[at / cell - first] +=
            at >= other->identity.size || other->bytes[at] != claim->version->bytes[at];
    place->output = out;
    place->size = cells * sizeof *out;
}

static void
compute (const claim_t *claim, uint64_t offset, uint64_t length, kept_t *place)
{
    const int64_t params[2] = {place->param, 1000000};
    if (strcmp (claim->kernel, "search") == 0)
        search (claim, offset, length, place);
    else if (claim->other)
        differ (claim, offset, length, place);
    else if (oracle_compute (claim->kernel, params, claim->version->bytes + offset,
                             offset, length, &place->output, &place->size))
        abort ();
}

//  What is right of a range, with all records.
static const kept_t *
ask_oracle (const claim_t *claim, uint64_t offset, uint64_t length)
{
    const uint8_t *bytes = claim->version->bytes,
                  *other = claim->other ? claim->other->bytes : NULL;
    int64_t param = strcmp (claim->kernel, "strings") == 0  ? 4
                    : strcmp (claim->kernel, "search") == 0 ? claim->ask->single
                                                            : claim->ask->cell;
    for (size_t n = 0; n < KEPT; n++)
        if (kept[n].bytes == bytes && kept[n].other == other &&
            kept[n].kernel == claim->kernel && kept[n].offset == offset &&
            kept[n].length == length && kept[n].param == param) {
            kept[n].used = ++kept_uses;
            return &kept[n];
        }
    kept_t *place = kept;
    for (size_t n = 1; n < KEPT; n++)
        place = kept[n].used < place->used ? &kept[n] : place;
    free (place->output);
    *place = (kept_t){bytes, other, claim->kernel, offset, length, param,
                      NULL,  0,     ++kept_uses};
    compute (claim, offset, length, place);
    return place;
}

//  ---------------------------------------------------------------------------------------
//  Values

static uint64_t
failed_bytes (const ink_reply_t *reply)
{
    uint64_t bytes = 0;
    for (size_t n = 0; n < reply->failures; n++)
        bytes += reply->failure[n].length;
    return bytes;
}

static uint64_t
word (const void *data, size_t n)
{
    uint64_t value;
    memcpy (&value, (const uint8_t *) data + n * 8, 8);
    return value;
}

//  What a final with failures must hold of counter `n`.
static uint64_t
without_failures (const claim_t *claim, uint64_t all, size_t n)
{
    for (size_t f = 0; f < claim->reply->failures; f++) {
        const ink_failure_t *failure = &claim->reply->failure[f];
        uint64_t behind =
            claim->offset + claim->length - failure->offset - failure->length;
        uint64_t more = strcmp (claim->kernel, "digraph") == 0 && behind > 0;
        const kept_t *lost = ask_oracle (claim, failure->offset, failure->length + more);
        all -= word (lost->output, n);
    }
    return all;
}

//  What is estimated stands for all the rest: the sum is that of the whole, but for what each
//  counter is rounded by and, of digraphs, what the end of each sample has not seen.
static bool
estimate_adds_up (const claim_t *claim, const uint64_t *all, size_t cells)
{
    uint64_t sum = 0, right = 0;
    for (size_t n = 0; n < cells; n++) {
        sum += word (claim->data, n);
        right += word (all, n);
    }
    uint64_t slack = cells / 2 + 2 + right / 8;
    return claim->reply->failures || (sum <= right + slack && sum + slack >= right);
}

static bool
counts_hold (const claim_t *claim)
{
    const kept_t *truth = ask_oracle (claim, claim->offset, claim->length);
    if (claim->size != truth->size)
        return false;
    size_t cells = truth->size / 8;
    if (claim->reply->estimated)
        return estimate_adds_up (claim, truth->output, cells);
    if (claim->reply->final && !claim->reply->failures)
        return memcmp (claim->data, truth->output, truth->size) == 0;
    const uint64_t *all = truth->output;
    uint64_t sum = 0;
    bool holds = true;
    for (size_t n = 0; n < cells; n++) {
        uint64_t is = word (claim->data, n);
        sum += is;
        holds &= claim->reply->final ? is == without_failures (claim, all[n], n)
                                     : is <= all[n];
    }
    bool digraph = strcmp (claim->kernel, "digraph") == 0;
    uint64_t covered = claim->reply->cached + claim->reply->computed;
    return holds && (digraph ? sum <= covered && sum + 1 >= covered : sum == covered);
}

static size_t
item_size (const char *kernel)
{
    return strcmp (kernel, "byteclass") == 0 ? 48
           : strcmp (kernel, "diff") == 0    ? 8
           : strcmp (kernel, "bytes") == 0   ? 1
                                             : 4;
}

static bool
is_unknown (const char *kernel, const uint8_t *item, size_t size)
{
    static const uint8_t zeros[48], nan[4] = {0x00, 0x00, 0xc0, 0x7f};
    return memcmp (item, strcmp (kernel, "entropy") == 0 ? nan : zeros, size) == 0;
}

//  A mean of what is between the least and the most of the cells; a sum that is no more than
//  that of them all, unless it is estimated.
static bool
coarse_item_holds (const claim_t *claim, const uint8_t *is, const uint8_t *right,
                   size_t cells)
{
    size_t size = item_size (claim->kernel);
    if (size == 4) {
        float value, least = 8, most = 0, of;
        memcpy (&value, is, size);
        for (size_t n = 0; n < cells; n++) {
            memcpy (&of, right + n * size, size);
            least = of < least ? of : least;
            most = of > most ? of : most;
        }
        return value >= least - 1e-4f && value <= most + 1e-4f;
    }
    for (size_t word_n = 0; word_n < size / 8 && !claim->reply->estimated; word_n++) {
        uint64_t sum = 0;
        for (size_t n = 0; n < cells; n++)
            sum += word (right, n * size / 8 + word_n);
        if (word (is, word_n) > sum)
            return false;
    }
    return true;
}

//  Cells that are 2^n times as wide, of partials alone.
static bool
coarse_cells_hold (const claim_t *claim)
{
    const kept_t *truth = ask_oracle (claim, claim->offset, claim->length);
    uint64_t own = (uint64_t) claim->ask->cell, wide = claim->reply->precision;
    uint64_t first = claim->offset / own,
             last = (claim->offset + claim->length - 1) / own;
    uint64_t step = wide / own, begin = first / step, end = last / step;
    size_t size = item_size (claim->kernel);
    if (claim->reply->final || wide % own || (step & (step - 1)) ||
        claim->size != (end - begin + 1) * size)
        return false;
    for (uint64_t n = begin; n <= end; n++) {
        uint64_t from = n * step < first ? first : n * step;
        uint64_t to = (n + 1) * step - 1 > last ? last : (n + 1) * step - 1;
        const uint8_t *is = claim->data + (n - begin) * size;
        const uint8_t *right = (uint8_t *) truth->output + (from - first) * size;
        if (!is_unknown (claim->kernel, is, size) &&
            !coarse_item_holds (claim, is, right, (size_t) (to - from + 1)))
            return false;
    }
    return true;
}

//  An item is the oracle's, or, in what is not known, not-a-number or zero.
static bool
cells_hold (const claim_t *claim)
{
    size_t item = item_size (claim->kernel);
    uint64_t own = item == 1 ? 1 : (uint64_t) claim->ask->cell;
    if (claim->reply->precision != own)
        return coarse_cells_hold (claim);
    const kept_t *truth = ask_oracle (claim, claim->offset, claim->length);
    if (claim->size != truth->size)
        return false;
    if (claim->reply->final && !claim->reply->failures)
        return memcmp (claim->data, truth->output, truth->size) == 0;
    const uint8_t *right = truth->output;
    for (size_t at = 0; at < claim->size; at += item) {
        const uint8_t *is = claim->data + at;
        if (memcmp (is, right + at, item) != 0 && !is_unknown (claim->kernel, is, item))
            return false;
    }
    return true;
}

//  Records of the oracle, and those of the answer, one behind the other: whether the one at
//  `at` is there, no longer than it is in truth.
static bool
is_same_record (const claim_t *claim, size_t at, const kept_t *truth, size_t right)
{
    uint64_t length = word (claim->data + at, 1),
             whole = word ((uint8_t *) truth->output + right, 1);
    size_t text = size_of_record (claim, length) > 16
                      ? (size_t) (length < 4096 ? length : 4096)
                      : 0;
    return length <= whole && at + 16 + text <= claim->size &&
           memcmp (claim->data + at + 16, (uint8_t *) truth->output + right + 16, text) ==
               0;
}

//  Whether a record that is missing may be: it is not known yet, or begins where all failed.
static bool
may_lack (const claim_t *claim, uint64_t offset)
{
    bool may = !claim->reply->final;
    for (size_t f = 0; f < claim->reply->failures; f++) {
        const ink_failure_t *failure = &claim->reply->failure[f];
        may |= offset >= failure->offset && offset - failure->offset < failure->length;
    }
    return may;
}

//  As many as may be listed are, and no more than there are.
static bool
numbers_hold (const claim_t *claim, const kept_t *truth)
{
    if (claim->size < 16)
        return false;
    uint64_t limit = (uint64_t) claim->ask->limit, count = word (claim->data, 0);
    bool all = claim->reply->final && !claim->reply->failures;
    return word (claim->data, 1) == (count < limit ? count : limit) &&
           count <= word (truth->output, 0) && (!all || count == word (truth->output, 0));
}

//  What is listed is in the oracle's list; what is not may be lacking, or stands behind all
//  that may be listed.
static bool
records_hold (const claim_t *claim)
{
    const kept_t *truth = ask_oracle (claim, claim->offset, claim->length);
    if (!numbers_hold (claim, truth))
        return false;
    bool all = claim->reply->final && !claim->reply->failures;
    uint64_t listed = word (claim->data, 1), limit = (uint64_t) claim->ask->limit;
    size_t at = 16;
    const uint8_t *whole = truth->output;
    for (size_t right = 16; right < truth->size;
         right += size_of_record (claim, word (whole + right, 1))) {
        if (listed == 0 && word (claim->data, 1) == limit)
            break;
        if (!listed || word (claim->data + at, 0) != word (whole + right, 0)) {
            if (!may_lack (claim, word (whole + right, 0)))
                return false;
            continue;
        }
        if (!is_same_record (claim, at, truth, right) ||
            (all && word (claim->data + at, 1) != word (whole + right, 1)))
            return false;
        at += size_of_record (claim, word (claim->data + at, 1));
        listed--;
    }
    return listed == 0 && at == claim->size;
}

//  A digest is that of the beginning which is covered; behind it all has failed.
static bool
digest_holds (const claim_t *claim)
{
    uint64_t digested = claim->size == 56 ? word (claim->data, 0) : UINT64_MAX;
    if (digested != claim->reply->cached + claim->reply->computed ||
        digested > claim->length)
        return false;
    if (!digested)
        return true;
    const kept_t *truth = ask_oracle (claim, claim->offset, digested);
    return memcmp (claim->data, truth->output, claim->size) == 0;
}

static bool
holds_for (claim_t *claim, const version_t *version, const version_t *other)
{
    const ask_t *ask = claim->ask;
    uint64_t size = version->identity.size;
    if (ask->offset >= size)
        return false;
    claim->version = version;
    claim->other = other;
    claim->offset = ask->offset;
    claim->length = ask->length == UINT64_MAX ? size - ask->offset : ask->length;
    if (claim->length > size - ask->offset || claim->reply->total != claim->length)
        return false;
    const char *kernel = claim->kernel;
    if (strcmp (kernel, "digest") == 0)
        return digest_holds (claim);
    if (strcmp (kernel, "strings") == 0 || strcmp (kernel, "search") == 0)
        return records_hold (claim);
    bool counts = strcmp (kernel, "histogram") == 0 || strcmp (kernel, "digraph") == 0 ||
                  strcmp (kernel, "count") == 0;
    return counts ? counts_hold (claim) : cells_hold (claim);
}

//  The other source was so at some time since the request was made.
static bool
holds_with_another (claim_t *claim, const version_t *version)
{
    const source_t *other = claim->ask->other;
    if (!other)
        return holds_for (claim, version, NULL);
    for (size_t n = other->count; n-- > 0;) {
        if (holds_for (claim, version, &other->versions[n]))
            return true;
        if (other->versions[n].since < claim->ask->since)
            return false;
    }
    return false;
}

//  A state that the source had at some time since the request was made.
static bool
holds_at_all (claim_t *claim)
{
    const source_t *source = claim->ask->source;
    for (size_t n = source ? source->count : 0; n-- > 0;) {
        if (holds_with_another (claim, &source->versions[n]))
            return true;
        if (source->versions[n].since < claim->ask->since)
            return false; //  It was another one before
    }
    return false;
}

static const char *
own_name (const ask_t *ask, const char *kernel)
{
    for (size_t k = 0; k < ask->kernels; k++)
        if (strcmp (ask->kernel[k].name, kernel) == 0)
            return ask->kernel[k].name;
    return "";
}

static void
check_value (world_t *world, const ask_t *ask, const ink_reply_t *reply)
{
    claim_t claim = {.ask = ask, .reply = reply, .kernel = own_name (ask, reply->kernel)};
    if (reply->payload) {
        claim.data = ink_payload_data (reply->payload);
        claim.size = ink_payload_size (reply->payload);
    }
    uint64_t covered = reply->cached + reply->computed;
    if (covered > reply->total)
        world_fail (world, "%s covers more than there is", ask->id);
    if (reply->estimated
            ? covered + reply->estimated != reply->total || reply->bound > INK_MILLION
            : reply->bound != INK_EXACT)
        world_fail (world, "%s covers %llu of %llu and estimates %llu", ask->id,
                    (unsigned long long) covered, (unsigned long long) reply->total,
                    (unsigned long long) reply->estimated);
    if (reply->estimated && (reply->final ? !ask->sample : ask->exact && !ask->sample))
        world_fail (world, "%s of %s is estimated, and nobody asked for that",
                    reply->kernel, ask->id);
    if (reply->final && !reply->estimated &&
        covered + failed_bytes (reply) != reply->total)
        world_fail (world, "the final of %s of %s covers %llu of %llu, %llu failed",
                    reply->kernel, ask->id, (unsigned long long) covered,
                    (unsigned long long) reply->total,
                    (unsigned long long) failed_bytes (reply));
    if (!holds_at_all (&claim))
        world_fail (world, "the %s of %s of %s is not true",
                    reply->final ? "final" : "partial", reply->kernel, ask->id);
}

//  ---------------------------------------------------------------------------------------
//  Errors

static bool
changed_since (const ask_t *ask)
{
    return (ask->source && source_now (ask->source)->since >= ask->since) ||
           (ask->other && source_now (ask->other)->since >= ask->since);
}

//  One who asked by this id has stated its view anew.
static bool
was_superseded (const world_t *world, const ask_t *ask)
{
    const asks_t *asks = world->asks;
    for (size_t a = 0; ask_view (ask) && a < asks->size; a++)
        for (size_t b = a + 1; b < asks->size; b++) {
            const ask_t *same = &asks->items[a], *later = &asks->items[b];
            if (strcmp (same->id, ask->id) == 0 && strcmp (later->id, ask->id) != 0 &&
                later->client == same->client && ask_view (later) &&
                strcmp (ask_view (later), ask_view (ask)) == 0)
                return true;
        }
    return false;
}

static bool
is_excused (world_t *world, const ask_t *ask, int error)
{
    const faults_t *faults = world->faults;
    int64_t from = ask->submitted - 6 * SECOND;
    switch (error) {
    case INK_ECANCELLED:
        return ask->cancelled >= from || faults->last_front >= from ||
               was_superseded (world, ask);
    case INK_ETIMEOUT:
        return ask->timeout_us && world->now >= ask->since + ask->timeout_us;
    case INK_ENOWORKER:
        return faults->last_workers >= from || faults->last_poison >= from;
    case INK_ENOSINK:
        return faults->last_sink >= from;
    case INK_EUNREACHABLE:
        return faults->last_front >= from;
    case INK_ECHANGED:
        return changed_since (ask);
    case INK_ECONFLICT:
        return ask->conflicts;
    case INK_ERANGE:
    case INK_EEMPTY:
        return ask->length != UINT64_MAX || ask->offset || changed_since (ask);
    case INK_ENOTFOUND:
        return !ask->source;
    default:
        return false;
    }
}

static bool
failure_is_excused (world_t *world, const ask_t *ask, const char *kernel,
                    const ink_failure_t *failure)
{
    const faults_t *faults = world->faults;
    if (failure->error == INK_ELOST &&
        source_is_poisoned (ask->source, failure->offset, failure->length)) {
        //  When all is calm, only what kills
        bool cells = strcmp (kernel, "entropy") == 0 ||
                     strcmp (kernel, "byteclass") == 0 || strcmp (kernel, "diff") == 0;
        uint64_t grain = cells ? (uint64_t) ask->cell : 1;
        return failure->length <= grain || strcmp (kernel, "digest") == 0 ||
               ask->source->poison_is_deadly || !ask->late;
    }
    if (ask->late)
        return false;
    if (failure->error == INK_ELOST)
        return faults->last_workers >= 0;
    if (failure->error == INK_EIO)
        return faults->had_read_errors;
    return faults->last_lie >= 0;
}

static void
check_failures (world_t *world, const ask_t *ask, const ink_reply_t *reply)
{
    for (size_t n = 0; n < reply->failures; n++)
        if (!failure_is_excused (world, ask, reply->kernel, &reply->failure[n]))
            world_fail (world, "%s has no right to fail at %llu with %s", ask->id,
                        (unsigned long long) reply->failure[n].offset,
                        ink_error_name (reply->failure[n].error));
}

void
truth_check (world_t *world, const ask_t *ask, const ink_reply_t *reply)
{
    if (reply->error == INK_OK) {
        check_failures (world, ask, reply);
        check_value (world, ask, reply);
    } else if (!is_excused (world, ask, reply->error))
        world_fail (world, "%s of %s has no right to end with %s", reply->kernel, ask->id,
                    ink_error_name (reply->error));
}

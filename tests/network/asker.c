//  asker.c: a client that asks without end, and judges every answer.

#include "asker.h"

#include <stdio.h>

#include "../system/oracle.h"
#include "../unit/chance.h"

#define OPEN_MOST 8
#define KERNELS 6
#define CHUNK (64 * KIB)
#define PROOF_CHUNK (16 * KIB) //  Of its own: a proof waits for nobody else's leases
#define TIMEOUT_LEAST 30000
#define TIMEOUT_MOST 45000

//  What a client allows itself behind a request's timeout, and what a busy machine may take
#define GRACE_MS 10000

//  The same behind a cancel
#define CANCEL_MS 5000

typedef struct {
    ink_request_t *request; //  NULL: free
    int64_t cell, us;       //  Parameters of entropy and of slow
    uint64_t offset, length;
    int64_t begun, ends;
    int64_t cancel_at; //  0: not at all
    bool cancelled, proof;
    char kernels[2][16];
    size_t count;
    bool ended[2];
} pending_t;

struct asker {
    ink_client_t *client;
    const truth_t *truth;
    uint64_t seed;
    score_t *score;
    pending_t open[OPEN_MOST];
    bool proven;
};

void
score_anomaly (score_t *self, const char *format, ...)
{
    va_list arguments;
    va_start (arguments, format);
    self->anomalies++;
    printf ("ANOMALY: ");
    vprintf (format, arguments);
    printf ("\n");
    fflush (stdout);
    va_end (arguments);
}

asker_t *
asker_new (const char *endpoint, const truth_t *truth, uint64_t seed, score_t *score)
{
    asker_t *self = calloc (1, sizeof *self);
    assert_non_null (self);
    self->client = connect_to (endpoint);
    self->truth = truth;
    self->seed = seed;
    self->score = score;
    return self;
}

void
asker_destroy (asker_t **self_p)
{
    asker_t *self = *self_p;
    if (!self)
        return;
    for (size_t n = 0; n < OPEN_MOST; n++)
        ink_request_destroy (&self->open[n].request);
    ink_client_destroy (&self->client);
    free (self);
    *self_p = NULL;
}

size_t
asker_open (const asker_t *self)
{
    size_t count = 0;
    for (size_t n = 0; n < OPEN_MOST; n++)
        count += self->open[n].request != NULL;
    return count;
}

//  ---------------------------------------------------------------------------------------
//  Asking

static void
add_kernel (pending_t *pending, const char *kernel)
{
    snprintf (pending->kernels[pending->count++], sizeof pending->kernels[0], "%s",
              kernel);
    assert_int_equal (ink_request_add_kernel (pending->request, kernel), INK_OK);
    if (strcmp (kernel, "slow") == 0)
        ink_request_set_param (pending->request, "us", pending->us);
    if (strcmp (kernel, "entropy") == 0)
        ink_request_set_param (pending->request, "cell", pending->cell);
}

static pending_t *
begin (asker_t *self, uint64_t offset, uint64_t length)
{
    pending_t *pending = self->open;
    while (pending->request)
        pending++;
    assert_true (pending < self->open + OPEN_MOST);
    int64_t timeout = TIMEOUT_LEAST +
                      (int64_t) chance_below (&self->seed, TIMEOUT_MOST - TIMEOUT_LEAST);
    *pending = (pending_t){.request = ink_request_new (self->truth->name),
                           .cell = 256 << chance_below (&self->seed, 5),
                           .us = 200000 + (int64_t) chance_below (&self->seed, 800000),
                           .offset = offset,
                           .length = length,
                           .begun = now_ms ()};
    pending->ends = pending->begun + timeout + GRACE_MS;
    assert_non_null (pending->request);
    ink_request_set_range (pending->request, offset, length);
    ink_request_set_chunk (pending->request, CHUNK);
    ink_request_set_timeout (pending->request, (uint32_t) timeout);
    return pending;
}

static void
hand_in (asker_t *self, pending_t *pending)
{
    self->score->requests++;
    submit (self->client, pending->request);
}

//  Half of them take a while and so are hit by what happens; some want what they may not
//  take from the cache, some have two kernels, some are cancelled.
static void
ask (asker_t *self)
{
    static const char *const kernels[KERNELS] = {"slow",  "histogram", "digraph",
                                                 "count", "entropy",   "bytes"};
    uint64_t *seed = &self->seed, size = self->truth->size;
    uint64_t first = chance_below (seed, 2) ? chance_below (seed, KERNELS) : 0;
    uint64_t length = 1 + chance_below (seed, first == 0 ? size : size / 4);
    pending_t *pending = begin (self, chance_below (seed, size - length + 1), length);
    add_kernel (pending, kernels[first]);
    if (chance_below (seed, 4) == 0)
        add_kernel (pending, kernels[(first + 1) % 5]);
    ink_request_set_cache (pending->request, chance_below (seed, 2), true);
    if (chance_below (seed, 8) == 0)
        pending->cancel_at = pending->begun + (int64_t) chance_below (seed, 2000);
    hand_in (self, pending);
}

void
asker_prove (asker_t *self)
{
    uint64_t length = self->truth->size / 2;
    pending_t *pending = begin (self, chance_below (&self->seed, length), length);
    add_kernel (pending, "histogram");
    ink_request_set_chunk (pending->request, PROOF_CHUNK);
    ink_request_set_cache (pending->request, false, true);
    pending->proof = true;
    self->proven = false;
    hand_in (self, pending);
}

bool
asker_has_proof (const asker_t *self)
{
    return self->proven;
}

//  ---------------------------------------------------------------------------------------
//  Judging

static bool
is_right (const asker_t *self, const pending_t *pending, size_t k,
          const ink_reply_t *reply)
{
    const char *kernel = pending->kernels[k];
    const uint8_t *bytes = self->truth->bytes + pending->offset;
    void *expected;
    size_t size;
    assert_int_equal (oracle_compute (strcmp (kernel, "slow") ? kernel : "histogram",
                                      &pending->cell, bytes, pending->offset,
                                      pending->length, &expected, &size),
                      0);
    bool right = covered_by (reply) == pending->length &&
                 ink_reply_size (reply) == size &&
                 memcmp (ink_reply_data (reply), expected, size) == 0;
    free (expected);
    return right;
}

//  The counts of a partial stand for as many bytes as it says that it covers; with an estimate,
//  of which each is rounded, for all.
static bool
adds_up (const pending_t *pending, size_t k, const ink_reply_t *reply)
{
    const uint64_t *counts = ink_reply_data (reply);
    uint64_t sum = 0;
    if (strcmp (pending->kernels[k], "slow") && strcmp (pending->kernels[k], "histogram"))
        return covered_by (reply) <= pending->length;
    for (size_t n = 0; n < ink_reply_size (reply) / sizeof *counts; n++)
        sum += counts[n];
    uint64_t estimated = ink_reply_estimated (reply),
             most = covered_by (reply) + estimated;
    if (!estimated)
        return sum == most;
    return most == pending->length && sum + 128 >= most && sum <= most + 128;
}

//  Errors with which a network that fails may end a request. A timeout is none: requests have
//  far more time than any fault lasts.
static bool
is_excused (const pending_t *pending, int error)
{
    return error == INK_ENOWORKER || error == INK_ENOSINK || error == INK_EUNREACHABLE ||
           (error == INK_ECANCELLED && pending->cancelled);
}

static void
judge_final (asker_t *self, pending_t *pending, size_t k, const ink_reply_t *reply)
{
    score_t *score = self->score;
    const char *id = ink_request_id (pending->request);
    int error = ink_reply_error (reply);
    score->finals++;
    score->errors[error]++;
    if (pending->ended[k])
        score_anomaly (score, "%s has a second final of %s", id, pending->kernels[k]);
    pending->ended[k] = true;
    if (error) {
        if (!is_excused (pending, error))
            score_anomaly (score, "%s ended with %s (%s)", id, ink_error_name (error),
                           ink_reply_detail (reply));
    } else if (ink_reply_failures (reply))
        score->incomplete++;
    else if (is_right (self, pending, k, reply)) {
        score->right++;
        self->proven |= pending->proof;
    } else
        score_anomaly (score, "%s has a wrong answer of %s", id, pending->kernels[k]);
}

static pending_t *
find (asker_t *self, const char *id)
{
    for (size_t n = 0; n < OPEN_MOST; n++)
        if (self->open[n].request &&
            strcmp (ink_request_id (self->open[n].request), id) == 0)
            return &self->open[n];
    return NULL;
}

static void
end (asker_t *self, pending_t *pending)
{
    int64_t took = now_ms () - pending->begun;
    if (took > self->score->longest_ms)
        self->score->longest_ms = took;
    ink_request_destroy (&pending->request);
}

static void
judge (asker_t *self, const ink_reply_t *reply)
{
    pending_t *pending = find (self, ink_reply_request (reply));
    size_t k = 0;
    while (pending && k < pending->count &&
           strcmp (pending->kernels[k], ink_reply_kernel (reply)))
        k++;
    if (!pending || k == pending->count) {
        score_anomaly (self->score, "a reply to %s, which nobody waits for",
                       ink_reply_request (reply));
        return;
    }
    if (ink_reply_is_final (reply))
        judge_final (self, pending, k, reply);
    else {
        self->score->partials++;
        if (pending->ended[k] || !adds_up (pending, k, reply))
            score_anomaly (self->score, "%s has a wrong partial of %s",
                           ink_reply_request (reply), pending->kernels[k]);
    }
    if (pending->ended[0] && (pending->count == 1 || pending->ended[1]))
        end (self, pending);
}

//  ---------------------------------------------------------------------------------------

static void
cancel_some (asker_t *self)
{
    for (size_t n = 0; n < OPEN_MOST; n++) {
        pending_t *pending = &self->open[n];
        if (!pending->request || !pending->cancel_at || now_ms () < pending->cancel_at)
            continue;
        //  One that has ended cannot be cancelled, and its final may wait to be taken
        (void) ink_client_cancel (self->client, ink_request_id (pending->request));
        self->score->cancels++;
        pending->cancel_at = 0;
        pending->cancelled = true;
        pending->ends = now_ms () + CANCEL_MS;
    }
}

static void
look_for_late (asker_t *self)
{
    for (size_t n = 0; n < OPEN_MOST; n++) {
        pending_t *pending = &self->open[n];
        if (!pending->request || now_ms () < pending->ends)
            continue;
        score_anomaly (self->score, "%s has no end after %lld ms%s",
                       ink_request_id (pending->request),
                       (long long) (now_ms () - pending->begun),
                       pending->cancelled ? ", cancelled" : "");
        (void) ink_client_cancel (self->client, ink_request_id (pending->request));
        ink_request_destroy (&pending->request);
    }
}

void
asker_turn (asker_t *self, size_t keep, int within_ms)
{
    int64_t until = now_ms () + within_ms;
    do {
        while (asker_open (self) < keep)
            ask (self);
        cancel_some (self);
        int64_t left = until - now_ms ();
        ink_reply_t *reply = ink_client_receive (self->client, left < 0    ? 0
                                                               : left < 20 ? (int) left
                                                                           : 20);
        if (reply)
            judge (self, reply);
        ink_reply_destroy (&reply);
        look_for_late (self);
    } while (now_ms () < until);
}

//  asker.c: a client process that keeps asking, and checks all it is told.

#include "asker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../system/harness.h"
#include "../unit/chance.h"
#include "moving.h"
#include "question.h"

//  Behind ANSWER_MS and what a client adds to it comes only what a busy machine takes.
#define BOUND_MS (ANSWER_MS + 30000)

typedef enum {
    FIRST,
    TWIN,    //  The same, over another connection
    RIVAL,   //  Another body, over another connection
    FOLLOWER //  Another body, over the same connection when FIRST has ended
} role_t;

//  A question that is on its way.
typedef struct {
    entry_t *entry; //  NULL: none
    question_t question;
    role_t role;
    uint64_t seq[KERNELS_MOST];
    int64_t since, act_at; //  act_at: when its manner shows; 0: it has
    size_t state;          //  Of the moving file when it was asked
    bool cancelled;
} errand_t;

typedef struct {
    board_t *board;
    desk_t *desk;
    uint64_t seed, base;
    char name[24]; //  Of the moving file
    uint8_t *files[FILES];
    moving_t moving;
    ink_client_t *clients[2];
    errand_t errands[ERRANDS];
    int64_t next_question, next_change, deaf_until, turned, calm_since;
} asker_t;

static ink_client_t *
client_of (const asker_t *self, role_t role)
{
    return self->clients[role == TWIN || role == RIVAL];
}

static uint32_t
all_kernels (const question_t *question)
{
    return (1u << question->kernel_count) - 1;
}

static size_t
open_kernels (const errand_t *errand)
{
    uint32_t open = all_kernels (&errand->question) & ~errand->entry->ended;
    return (size_t) __builtin_popcount (open);
}

//  ---------------------------------------------------------------------------------------
//  Asking

static void
close_errand (errand_t *errand)
{
    errand->entry->seed = 0;
    errand->entry = NULL;
}

static ink_request_t *
request_of (const asker_t *self, const question_t *question)
{
    char source[64];
    if (question->manner == MOVING)
        snprintf (source, sizeof source, "data/%s", self->name);
    else
        snprintf (source, sizeof source, "data/file-%zu", question->file);
    ink_request_t *request = question_request (question, source);
    if (!request)
        abort ();
    return request;
}

static int
send (asker_t *self, ink_client_t *client, const question_t *question)
{
    ink_request_t *request = request_of (self, question);
    int rc = ink_client_submit (client, request);
    ink_request_destroy (&request);
    return rc;
}

static errand_t *
free_errand (asker_t *self)
{
    for (size_t n = 0; n < ERRANDS; n++)
        if (!self->errands[n].entry && !self->desk->entries[n].seed)
            return &self->errands[n];
    return NULL;
}

static bool
is_rival (uint32_t role)
{
    return role == RIVAL || role == FOLLOWER;
}

static void
enter (asker_t *self, errand_t *errand, uint64_t seed, role_t role)
{
    int64_t now = now_ms ();
    entry_t *entry = &self->desk->entries[errand - self->errands];
    *errand = (errand_t){.entry = entry,
                         .question = question_of (seed, is_rival (role)),
                         .role = role,
                         .since = now,
                         .state = self->moving.number};
    errand->question.other_bytes = self->files[errand->question.other];
    if (role == FIRST && errand->question.manner != PLAIN)
        errand->act_at = now + (int64_t) chance_below (&self->seed, 800);
    entry->role = role;
    entry->ended = 0;
    entry->seed = seed;
    self->board->requests++;
    self->board->finals_due += errand->question.kernel_count;
}

static void
ask_one (asker_t *self, errand_t *errand, uint64_t seed, role_t role)
{
    enter (self, errand, seed, role);
    int rc = send (self, client_of (self, role), &errand->question);
    if (rc)
        board_note (self->board, UNEXPECTED, "%s was not taken: %s", errand->question.id,
                    ink_error_name (rc));
}

static void
maybe_ask (asker_t *self)
{
    errand_t *errand;
    size_t busy = 0;
    for (size_t n = 0; n < ERRANDS; n++)
        busy += self->errands[n].entry != NULL;
    //  Room is left for twins and rivals
    if (self->board->calm || now_ms () < self->next_question || busy >= ERRANDS / 2 ||
        !(errand = free_errand (self)))
        return;
    uint64_t seed = self->base + (self->desk->serial++ << 8);
    ask_one (self, errand, chance (&seed) | 1, FIRST);
    self->next_question = now_ms () + (int64_t) chance_below (&self->seed, 300);
}

//  What the one before us had asked is asked again, or given up.
static void
take_over (asker_t *self)
{
    for (size_t n = 0; n < ERRANDS; n++) {
        entry_t *entry = &self->desk->entries[n];
        uint64_t seed = entry->seed;
        if (!seed)
            continue;
        question_t question = question_of (seed, is_rival (entry->role));
        uint32_t open = all_kernels (&question) & ~entry->ended;
        self->board->given_up += (uint64_t) __builtin_popcount (open);
        entry->seed = 0;
        if (entry->role != FIRST || question.manner == MOVING ||
            chance_below (&self->seed, 4) == 0)
            continue;
        self->board->reissued++;
        ask_one (self, &self->errands[n], seed, FIRST);
    }
}

//  ---------------------------------------------------------------------------------------
//  Manners

static void
cancel (asker_t *self, errand_t *errand)
{
    errand->cancelled = true;
    self->board->cancels++;
    if (chance_below (&self->seed, 2))
        ink_client_cancel (self->clients[0], errand->question.id);
    else
        ink_client_cancel_other (self->clients[1], errand->question.id, 200);
}

//  Our own client refuses it, unless all finals wait to be read by us.
static void
bring_rival (asker_t *self, uint64_t seed)
{
    question_t other = question_of (seed, true);
    errand_t *free = free_errand (self);
    if (!free)
        return;
    self->board->rivals++;
    int rc = send (self, self->clients[0], &other);
    if (rc == INK_OK) {
        enter (self, free, seed, FOLLOWER);
        return;
    }
    self->board->refused_here++;
    if (rc != INK_ECONFLICT)
        board_note (self->board, UNEXPECTED, "%s with another body: %s", other.id,
                    ink_error_name (rc));
    ask_one (self, free, seed, RIVAL);
}

static void
show_manner (asker_t *self, errand_t *errand)
{
    uint64_t seed = errand->entry->seed;
    errand_t *free;
    errand->act_at = 0;
    switch (errand->question.manner) {
    case CANCELLED:
        cancel (self, errand);
        break;
    case TWINNED:
        if ((free = free_errand (self))) {
            self->board->twins++;
            ask_one (self, free, seed, TWIN);
        }
        break;
    case RIVALLED:
        bring_rival (self, seed);
        break;
    case SLOWLY:
        self->deaf_until = now_ms () + 300 + (int64_t) chance_below (&self->seed, 1500);
        break;
    default:
        break;
    }
}

static void
show_manners (asker_t *self)
{
    for (size_t n = 0; n < ERRANDS; n++) {
        errand_t *errand = &self->errands[n];
        if (errand->entry && errand->act_at && now_ms () >= errand->act_at)
            show_manner (self, errand);
    }
}

static bool
is_moving (const errand_t *errand)
{
    return errand->entry && errand->question.manner == MOVING;
}

static void
maybe_change (asker_t *self)
{
    size_t keep = self->moving.number;
    bool asked = false;
    for (size_t n = 0; n < ERRANDS; n++)
        if (is_moving (&self->errands[n])) {
            asked = true;
            keep = self->errands[n].state < keep ? self->errands[n].state : keep;
        }
    if (self->board->calm || !asked || now_ms () < self->next_change)
        return;
    self->board->faults[SOURCE_REWRITTEN].tried++;
    if (moving_change (&self->moving, keep)) {
        self->board->faults[SOURCE_REWRITTEN].applied++;
        self->board->faults[SOURCE_REWRITTEN].hit++; //  There is a request for it
    }
    self->next_change = now_ms () + 30 + (int64_t) chance_below (&self->seed, 700);
}

//  ---------------------------------------------------------------------------------------
//  Replies

static bool
explains (const errand_t *errand, int error)
{
    switch (error) {
    case INK_ECANCELLED:
        return errand->question.manner == CANCELLED;
    case INK_ECONFLICT:
        return errand->question.manner == RIVALLED;
    case INK_ECHANGED:
    case INK_EEMPTY:
    case INK_ERANGE:
        return errand->question.manner == MOVING;
    case INK_ETIMEOUT:
    case INK_EUNREACHABLE:
    case INK_ENOWORKER:
    case INK_ENOSINK:
    case INK_ELOST:
        return true; //  Of what the faults do
    default:
        return false;
    }
}

static void
check_final (asker_t *self, errand_t *errand, const ink_reply_t *reply)
{
    const question_t *question = &errand->question;
    int error = ink_reply_error (reply);
    if (error) {
        self->board->errors[error]++;
        if (error == INK_ETIMEOUT && self->calm_since &&
            now_ms () - self->calm_since > SOON_MS)
            board_note (self->board, STUCK, "%s %s: a timeout, and nothing is wrong",
                        question->id, ink_reply_kernel (reply));
        else if (!explains (errand, error))
            board_note (self->board, UNEXPECTED, "%s %s: %s (%s)", question->id,
                        ink_reply_kernel (reply), ink_error_name (error),
                        ink_reply_detail (reply));
        return;
    }
    bool moving = question->manner == MOVING;
    bool right = moving
                     ? moving_is_answered (&self->moving, errand->state, question, reply)
                     : question_is_answered (question, reply, self->files[question->file],
                                             file_size (question->file));
    for (size_t n = 0; n < ink_reply_failures (reply); n++)
        self->board->failures[ink_reply_failure (reply, n)->error]++;
    if (right && ink_reply_failures (reply))
        self->board->partly++;
    else
        self->board->right++;
    if (!right)
        board_note (self->board, WRONG, "%s %s%s", question->id, ink_reply_kernel (reply),
                    moving ? " of a source that changed" : "");
}

static void
check_partial (asker_t *self, const errand_t *errand, const ink_reply_t *reply)
{
    const question_t *question = &errand->question;
    self->board->partials++;
    self->board->estimates += ink_reply_estimated (reply) > 0;
    if (question->manner != MOVING && chance_below (&self->seed, 4) == 0 &&
        !question_is_approached (question, reply, self->files[question->file],
                                 file_size (question->file)))
        board_note (self->board, WRONG_PARTIAL, "%s %s", question->id,
                    ink_reply_kernel (reply));
}

//  Of two over one connection it is for the one that was first.
static errand_t *
errand_of (asker_t *self, ink_client_t *client, const char *id)
{
    errand_t *found = NULL;
    for (size_t n = 0; n < ERRANDS; n++) {
        errand_t *errand = &self->errands[n];
        if (errand->entry && client_of (self, errand->role) == client &&
            strcmp (errand->question.id, id) == 0 && (!found || errand->role != FOLLOWER))
            found = errand;
    }
    return found;
}

static void
take (asker_t *self, ink_client_t *client, const ink_reply_t *reply)
{
    errand_t *errand = errand_of (self, client, ink_reply_request (reply));
    size_t k = 0;
    while (errand && k < errand->question.kernel_count &&
           strcmp (errand->question.kernels[k], ink_reply_kernel (reply)))
        k++;
    if (!errand || k == errand->question.kernel_count ||
        (errand->entry->ended >> k & 1)) {
        board_note (self->board, SECOND, "%s %s%s", ink_reply_request (reply),
                    ink_reply_kernel (reply),
                    ink_reply_is_final (reply) ? "" : " (a partial)");
        return;
    }
    if (ink_reply_seq (reply) <= errand->seq[k])
        board_note (self->board, SECOND, "%s %s: seq goes back", errand->question.id,
                    ink_reply_kernel (reply));
    errand->seq[k] = ink_reply_seq (reply);
    if (!ink_reply_is_final (reply)) {
        check_partial (self, errand, reply);
        return;
    }
    check_final (self, errand, reply); //  Counted first: we may be killed in between
    errand->entry->ended |= 1u << k;
    tally_most (&self->board->longest_ms, (uint64_t) (now_ms () - errand->since));
    if (open_kernels (errand) == 0)
        close_errand (errand);
}

static void
take_all (asker_t *self, ink_client_t *client, int timeout_ms)
{
    ink_reply_t *reply;
    while ((reply = ink_client_receive (client, timeout_ms))) {
        take (self, client, reply);
        ink_reply_destroy (&reply);
        timeout_ms = 0;
    }
}

//  ---------------------------------------------------------------------------------------
//  The loop

//  The time we were stopped is nobody's fault.
static void
mind_time (asker_t *self)
{
    int64_t now = now_ms (), gap = now - self->turned;
    if (self->board->calm && !self->calm_since)
        self->calm_since = now;
    self->turned = now;
    for (size_t n = 0; n < ERRANDS && gap > 1000; n++)
        self->errands[n].since =
            self->errands[n].since + gap < now ? self->errands[n].since + gap : now;
}

static void
find_stuck (asker_t *self)
{
    for (size_t n = 0; n < ERRANDS; n++) {
        errand_t *errand = &self->errands[n];
        if (!errand->entry || now_ms () - errand->since < BOUND_MS)
            continue;
        board_note (self->board, STUCK, "%s waits for %zu finals since %d s",
                    errand->question.id, open_kernels (errand), BOUND_MS / 1000);
        self->board->given_up += open_kernels (errand);
        close_errand (errand);
    }
}

static bool
has_errands (const asker_t *self)
{
    for (size_t n = 0; n < ERRANDS; n++)
        if (self->errands[n].entry)
            return true;
    return false;
}

static void
begin (asker_t *self, size_t stand, size_t number, const char *folder,
       const char *endpoint)
{
    self->base = self->board->seed * 1000003 + stand * 1009 + number * 101;
    self->seed = self->base ^ self->desk->serial << 32;
    self->turned = now_ms ();
    snprintf (self->name, sizeof self->name, "moving-%zu", number);
    for (size_t n = 0; n < FILES; n++)
        if (!(self->files[n] = file_make (self->board->seed, n)))
            abort ();
    for (size_t n = 0; n < 2; n++)
        if (!(self->clients[n] = ink_client_new (endpoint)))
            abort ();
    if (!moving_begin (&self->moving, folder, self->name, self->seed))
        abort ();
}

static void
end (asker_t *self)
{
    for (size_t n = 0; n < 2; n++) {
        take_all (self, self->clients[n], 200); //  A second final would come now
        ink_client_destroy (&self->clients[n]);
    }
    for (size_t n = 0; n < FILES; n++)
        free (self->files[n]);
    moving_end (&self->moving);
}

int
ask (board_t *board, size_t stand, size_t number, const char *folder,
     const char *endpoint)
{
    static asker_t asker;
    asker_t *self = &asker;
    self->board = board;
    self->desk = &board->desks[stand][number];
    begin (self, stand, number, folder, endpoint);
    take_over (self);
    while (!board->leave && !(board->calm && !has_errands (self))) {
        mind_time (self);
        maybe_ask (self);
        show_manners (self);
        maybe_change (self);
        if (now_ms () < self->deaf_until) {
            breathe ();
            continue;
        }
        take_all (self, self->clients[0], 5);
        take_all (self, self->clients[1], 5);
        find_stuck (self);
    }
    end (self);
    return 0;
}

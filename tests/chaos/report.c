//  report.c: what a campaign was and what came of it, for machines and for people.

#include "report.h"

#include <stdio.h>

//  A campaign that strikes idle servers, or of which little comes, shows nothing.
#define HIT_LEAST 80      //  Percent of the kills
#define TOGETHER_LEAST 20 //  The same
#define RIGHT_LEAST 1     //  Finals a kill
#define ENDED_MOST 5  //  Percent of the finals: by errors that the faults alone explain
#define EACH_FROM 500 //  From so many kills on each kind of fault has come

static unsigned long long
number (const tally_t *tally)
{
    return (unsigned long long) *tally;
}

static uint64_t
percent (uint64_t part, uint64_t whole)
{
    return whole ? part * 100 / whole : 0;
}

static void
print_faults (const board_t *board)
{
    printf ("%-34s %9s %9s %9s\n", "fault", "attempted", "applied", "in-flight");
    for (fault_t n = 0; n < FAULT_COUNT; n++)
        printf ("%-34s %9llu %9llu %9llu\n", fault_text (n),
                number (&board->faults[n].tried), number (&board->faults[n].applied),
                number (&board->faults[n].hit));
}

static void
print_line (const char *name, const tally_t *tally)
{
    printf ("%-44s %10llu\n", name, number (tally));
}

static void
print_errors (const char *title, const tally_t errors[INK_ERROR_COUNT])
{
    for (int code = 0; code < INK_ERROR_COUNT; code++)
        if (errors[code])
            printf ("%-22s %-21s %10llu\n", title, ink_error_name (code),
                    number (&errors[code]));
}

static void
print_requests (const board_t *board)
{
    print_line ("requests", &board->requests);
    print_line ("finals due", &board->finals_due);
    print_line ("finals equal to the oracle", &board->right);
    print_line ("finals equal but for failed ranges", &board->partly);
    print_errors ("finals with error", board->errors);
    print_errors ("failed ranges", board->failures);
    print_line ("finals a killed client did not wait for", &board->given_up);
    print_line ("partials", &board->partials);
    print_line ("of these estimated", &board->estimates);
    print_line ("asked again after the client was killed", &board->reissued);
    print_line ("asked twice at once", &board->twins);
    print_line ("rivals of one id", &board->rivals);
    print_line ("rivals refused where they were asked", &board->refused_here);
    print_line ("cancels", &board->cancels);
    print_line ("starts of parts", &board->starts);
    print_line ("servers that gave up or were refused", &board->surrenders);
    print_line ("parts that fell with their damaged cache", &board->fell_with_cache);
    for (size_t n = 0; n < COUNTED; n++)
        print_line (counted[n], &board->counters[n]);
    print_line ("longest request, ms", &board->longest_ms);
    print_line ("largest part, bytes", &board->most_memory);
    print_line ("most descriptors", &board->most_descriptors);
}

static void
print_anomalies (const board_t *board)
{
    for (anomaly_t n = 0; n < ANOMALY_COUNT; n++)
        printf ("%-9s %-34s %10llu\n", "anomaly", anomaly_text (n),
                number (&board->anomalies[n]));
    for (uint32_t n = 0; n < NOTES && n < board->noted; n++)
        printf ("note: %s\n", board->notes[n]);
}

//  ---------------------------------------------------------------------------------------
//  Floors

static bool
demand (bool met, const char *what)
{
    if (!met)
        printf ("below the floor: %s\n", what);
    return met;
}

static bool
each_has_come (const board_t *board)
{
    bool all = true;
    for (fault_t n = 0; n < FAULT_COUNT && board->kills_wanted >= EACH_FROM; n++)
        all = demand (board->faults[n].applied || n == DISK_FULL, fault_text (n)) && all;
    return all;
}

//  Answers there should have been, for no fault lasts.
static uint64_t
ended_by_faults (const board_t *board)
{
    return board->errors[INK_ETIMEOUT] + board->errors[INK_EUNREACHABLE] +
           board->errors[INK_ENOWORKER] + board->errors[INK_ENOSINK] +
           board->errors[INK_ELOST] + board->partly;
}

static bool
is_believable (const board_t *board)
{
    uint64_t hit = 0, kills = board->kills;
    for (fault_t n = 0; n < FAULT_COUNT; n++)
        hit += fault_kills (n) ? board->faults[n].hit : 0;
    printf ("%-44s %10llu\n", "kills", number (&board->kills));
    printf ("%-44s %10llu %%\n", "kills that hit work in flight",
            (unsigned long long) percent (hit, kills));
    printf ("%-44s %10llu %%\n", "kills that came two or three at once",
            (unsigned long long) percent (board->kills_together, kills));
    bool all = demand (kills >= board->kills_wanted, "kills");
    all = demand (percent (hit, kills) >= HIT_LEAST, "kills in flight") && all;
    all = demand (percent (board->kills_together, kills) >= TOGETHER_LEAST,
                  "kills at once") &&
          all;
    all =
        demand (board->right >= RIGHT_LEAST * kills, "finals equal to the oracle") && all;
    all = demand (percent (ended_by_faults (board), board->finals_due) <= ENDED_MOST,
                  "finals that are answers") &&
          all;
    return each_has_come (board) && all;
}

bool
report (const board_t *board, uint64_t wall_ms)
{
    printf ("%-44s %10llu\n", "seed", (unsigned long long) board->seed);
    printf ("%-44s %10llu\n", "wall time, ms", (unsigned long long) wall_ms);
    print_faults (board);
    print_requests (board);
    bool believable = is_believable (board);
    print_anomalies (board);
    bool good = believable && !board_has_anomalies (board);
    printf ("%s\n", good ? "chaos: all was well" : "chaos: FAILED");
    return good;
}

//  chaos.c: real servers and clients, killed, paused, cut off and robbed at random.
//
//      chaos [--kills N] [--seed S] [--stands N]
//
//  A stand is one server with its clients (stand.h); several of them live side by side, each
//  looked after by a process of its own, so that there is always one with work in flight. The
//  seed fixes what is asked and what is done; when it is done, the machine decides.

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <limits.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../unit/chance.h"
#include "asker.h"
#include "faults.h"
#include "report.h"

#define STANDS 6
#define PAUSE_MOST_MS 1500 //  Between two strikes at one stand
#define CALM_MS 150000     //  Within which all that was asked has ended

typedef struct {
    uint64_t kills, seed, stands;
} options_t;

//  ---------------------------------------------------------------------------------------
//  One stand

static void
play (stand_t *stand)
{
    int64_t next = now_ms () + SOON_MS;
    while (!stand_is_up (stand) && now_ms () < next)
        stand_tend (stand);
    for (next = 0; !stand->board->calm; breathe ()) {
        stand_tend (stand);
        if (now_ms () < next ||
            (stand_is_paused (stand) && chance_below (&stand->seed, 80)))
            continue;
        faults_strike (stand);
        next = now_ms () + (int64_t) chance_below (&stand->seed, PAUSE_MOST_MS);
    }
}

static void
come_to_rest (stand_t *stand)
{
    int64_t until = now_ms () + CALM_MS;
    stand_calm (stand);
    while (stand_has_clients (stand) && now_ms () < until) {
        stand_tend (stand);
        breathe ();
    }
    if (stand_has_clients (stand))
        board_note (stand->board, STUCK, "stand %zu: clients still wait after %d s",
                    stand->number, CALM_MS / 1000);
}

static int
look_after (stand_t *stand)
{
    void *state;
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    world_begin (&state);
    stand_begin (stand, state);
    play (stand);
    come_to_rest (stand);
    stand_end (stand);
    world_end (&state);
    return 0;
}

//  ---------------------------------------------------------------------------------------
//  The campaign

//  Mounts and ports that nobody else sees. What cannot be had is done without, and said.
static bool
be_alone (void)
{
    if (unshare (CLONE_NEWNS) || mount ("none", "/", NULL, MS_REC | MS_PRIVATE, NULL)) {
        printf ("no mounts of our own (%s): disks are never full\n", strerror (errno));
        return false;
    }
    struct ifreq loopback = {.ifr_name = "lo", .ifr_flags = IFF_UP};
    int probe = -1;
    if (unshare (CLONE_NEWNET) || (probe = socket (AF_INET, SOCK_DGRAM, 0)) < 0 ||
        ioctl (probe, SIOCSIFFLAGS, &loopback))
        printf ("no network of our own (%s)\n", strerror (errno));
    if (probe >= 0)
        close (probe);
    return true;
}

static void
start_stands (board_t *board, int descriptor, const options_t *options, pid_t *pids)
{
    static char program[PATH_MAX];
    bool disks = be_alone ();
    if (readlink ("/proc/self/exe", program, sizeof program - 1) < 0)
        abort ();
    uint64_t seed = options->seed;
    for (size_t n = 0; n < options->stands; n++) {
        stand_t stand = {.board = board,
                         .number = n,
                         .seed = chance (&seed),
                         .program = program,
                         .descriptor = descriptor,
                         .served = n % 4 < 2,
                         .disk = disks && n % 3 != 2};
        fflush (NULL);
        pids[n] = fork ();
        if (pids[n] == 0)
            exit (look_after (&stand));
    }
}

//  A stand that breaks says so by its exit status.
static size_t
reap_stands (board_t *board, pid_t *pids, size_t stands)
{
    size_t left = 0;
    for (size_t n = 0; n < stands; n++) {
        int status;
        if (pids[n] && waitpid (pids[n], &status, WNOHANG) == pids[n]) {
            pids[n] = 0;
            if (status)
                board_note (board, DOWN, "stand %zu broke with status %x", n, status);
        }
        left += pids[n] != 0;
    }
    return left;
}

static void
count_due (board_t *board)
{
    uint64_t ended = board->right + board->partly + board->given_up;
    for (int code = 0; code < INK_ERROR_COUNT; code++)
        ended += board->errors[code];
    if (ended != board->finals_due)
        board_note (board, LOST, "%llu finals were due, %llu came",
                    (unsigned long long) board->finals_due, (unsigned long long) ended);
}

static int
campaign (const options_t *options)
{
    int descriptor;
    pid_t pids[STANDS_MOST];
    board_t *board = board_new (&descriptor);
    board->seed = options->seed;
    board->kills_wanted = options->kills;
    int64_t began = now_ms (), told = began;
    int64_t slow = began + 60000 + 1000 * (int64_t) options->kills;
    start_stands (board, descriptor, options, pids);
    while (reap_stands (board, pids, options->stands)) {
        if (board->kills >= options->kills || now_ms () > slow)
            board->calm = true;
        if (now_ms () - told > 10000) {
            told = now_ms ();
            fprintf (stderr, "%d s: %llu kills, %llu requests, %llu finals right%s\n",
                     (int) ((told - began) / 1000), (unsigned long long) board->kills,
                     (unsigned long long) board->requests,
                     (unsigned long long) board->right, board->calm ? ", calm" : "");
        }
        breathe ();
    }
    count_due (board);
    return report (board, (uint64_t) (now_ms () - began)) ? 0 : 1;
}

static int
usage (void)
{
    fprintf (stderr, "chaos [--kills N] [--seed S] [--stands N]\n");
    return 2;
}

int
main (int argc, char **argv)
{
    if (argc == 7 && strcmp (argv[1], "--asker") == 0)
        return ask (board_join (atoi (argv[2])), (size_t) atoi (argv[3]),
                    (size_t) atoi (argv[4]), argv[5], argv[6]);
    static const struct option names[] = {{"kills", required_argument, NULL, 'k'},
                                          {"seed", required_argument, NULL, 's'},
                                          {"stands", required_argument, NULL, 'n'},
                                          {0}};
    options_t options = {.kills = 100, .seed = 1, .stands = STANDS};
    for (int key; (key = getopt_long (argc, argv, "", names, NULL)) != -1;)
        if (key == 'k')
            options.kills = strtoull (optarg, NULL, 0);
        else if (key == 's')
            options.seed = strtoull (optarg, NULL, 0);
        else if (key == 'n')
            options.stands = strtoull (optarg, NULL, 0);
        else
            return usage ();
    if (optind != argc || !options.stands || options.stands > STANDS_MOST)
        return usage ();
    return campaign (&options);
}

//  serve.c: `inkling serve`: ventilator, sink and workers as processes that are kept running.

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/arguments.h"
#include "cli/complain.h"
#include "cli/daemon.h"
#include "cli/folder.h"
#include "cli/mend.h"
#include "inkling/error.h"
#include "supervisor/supervisor.h"

#define WORKERS_MOST 256
#define PARTS_MOST (WORKERS_MOST + 2)

//  Descriptors: a ventilator's own, those it has for each worker, and some clients'. Its limit
//  is ours.
#define BASE_NEEDS 128
#define WORKER_NEEDS 8

//  A child: the program's name, its verb, `--name NAME`, then what `serve` itself was told
typedef struct {
    char name[32];
    char **argv;
} part_t;

static size_t
processors (void)
{
    long count = sysconf (_SC_NPROCESSORS_ONLN);
    return count < 1 ? 1 : (size_t) count;
}

static char **
make_argv (char *verb, char *name, int argc, char **argv)
{
    char **made = calloc ((size_t) argc + 4, sizeof *made);
    if (!made)
        return NULL;
    size_t n = 0;
    made[n++] = "inkling";
    made[n++] = verb;
    if (name) {
        made[n++] = "--name";
        made[n++] = name;
    }
    for (int arg = 1; arg < argc; arg++)
        made[n++] = argv[arg];
    return made;
}

//  Ventilator and sink have no number, and share the cache.
static int
add_part (ink_supervisor_t *supervisor, part_t *part, char *verb, size_t number, int argc,
          char **argv)
{
    if (number)
        snprintf (part->name, sizeof part->name, "%s-%zu", verb, number);
    else
        snprintf (part->name, sizeof part->name, "%s", verb);
    part->argv = make_argv (verb, number ? part->name : NULL, argc, argv);
    return part->argv
               ? ink_supervisor_add (supervisor, part->name, part->argv, number == 0)
               : INK_ENOMEM;
}

//  0, or the exit status after a complaint.
static int
take_state (const char *path)
{
    char lock[4096];
    if (mkdir (path, 0700) && errno != EEXIST)
        return ink_complain_so (INK_ESYSTEM, "name another with --state",
                                "the folder %s cannot be made: %s", path,
                                strerror (errno));
    snprintf (lock, sizeof lock, "%s/lock", path);
    int descriptor = open (lock, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0)
        return ink_complain_so (INK_ESYSTEM, "name another with --state",
                                "%s cannot be opened: %s", lock, strerror (errno));
    if (flock (descriptor, LOCK_EX | LOCK_NB))
        return ink_complain_so (INK_EBUSY, "end it, or name another folder",
                                "another server uses %s", path);
    return 0; //  Kept until the process ends
}

//  A port that is listened at is refused by bind, which libzmq would tell our children again
//  and again, while our workers joined the other server.
static bool
is_listened_at (const char *address)
{
    char host[INK_ENDPOINT_MOST], *name = host;
    snprintf (host, sizeof host, "%s", address);
    char *colon = strrchr (host, ':');
    *colon = 0;
    if (*name == '[') { //  [::1]
        name++;
        colon[-1] = 0;
    }
    const struct addrinfo hints = {.ai_flags = AI_PASSIVE, .ai_socktype = SOCK_STREAM};
    struct addrinfo *found;
    if (getaddrinfo (strcmp (name, "*") ? name : NULL, colon + 1, &hints, &found))
        return false;
    int probe = socket (found->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0), yes = 1;
    setsockopt (probe, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    bool taken = bind (probe, found->ai_addr, found->ai_addrlen) && errno == EADDRINUSE;
    close (probe);
    freeaddrinfo (found);
    return taken;
}

static int
open_cache (const void *options)
{
    int status = 0;
    ink_cache_t *cache;
    (void) ink_daemon_cache (options, &cache, &status);
    ink_cache_close (&cache);
    return status;
}

//  Opening a damaged cache may crash, which the server must survive.
static int
check_cache (const ink_daemon_options_t *options)
{
    char fallback[INK_FOLDER_MOST];
    const char *path = options->cache;
    int status = ink_mend_apart (open_cache, options);
    if (status < 0)
        return ink_complain (INK_ESYSTEM, "the cache cannot be tried");
    if (!ink_mend_crashed (status))
        return WEXITSTATUS (status);
    if (!path && ink_folder_cache (fallback) == 0)
        path = fallback;
    ink_log (INK_LOG_EVENTS, "serve", "to open the cache crashes, so it is set aside");
    return ink_mend_renew (path);
}

//  What the children would complain about one by one is found out before there are any.
static int
check (const ink_daemon_options_t *options, const ink_endpoints_t *endpoints)
{
    int status = 0;
    if (!options->root_count)
        return ink_complain_so (INK_EUSAGE, "inkling serve --root data=/srv/data",
                                "nothing to serve: --root is missing");
    ink_roots_t *roots = ink_daemon_roots (options, &status);
    if (!roots)
        return status;
    ink_roots_destroy (&roots);
    if ((status = check_cache (options)))
        return status;
    if (options->state && (status = take_state (options->state)))
        return status;
    if (endpoints->transport == INK_OVER_TCP &&
        is_listened_at (endpoints->front + strlen ("tcp://")))
        return ink_complain_so (INK_EBUSY, "end it, or name another endpoint",
                                "another server is running at %s", endpoints->front);
    return ink_daemon_lock (endpoints, "server");
}

static int
supervise (const ink_daemon_options_t *options, part_t *parts, size_t workers, int argc,
           char **argv)
{
    ink_supervisor_t *supervisor = ink_supervisor_new (options->state);
    if (!supervisor)
        return ink_complain (INK_ENOMEM, NULL);
    //  An argv of execv is not const, but not written to either
    char *path = (char *) (uintptr_t) options->cache;
    char *check[] = {"inkling", "cache", "mend", path ? "--cache" : NULL, path, NULL};
    char *renew[] = {"inkling", "cache", "renew", path ? "--cache" : NULL, path, NULL};
    if (!options->no_cache)
        ink_supervisor_mend (supervisor, check, renew);
    const char *failed = NULL;
    int rc = add_part (supervisor, &parts[0], "sink", 0, argc, argv);
    if (rc == INK_OK)
        rc = add_part (supervisor, &parts[1], "ventilator", 0, argc, argv);
    for (size_t n = 1; rc == INK_OK && n <= workers; n++)
        rc = add_part (supervisor, &parts[n + 1], "worker", n, argc, argv);
    int status = rc ? ink_complain (rc, NULL) : ink_supervisor_run (supervisor, &failed);
    if (failed)
        ink_complain_so (INK_ESYSTEM, "its own words are above, or in --state DIR",
                         "%s could not be kept running", failed);
    ink_supervisor_destroy (&supervisor);
    return status;
}

int
ink_cli_serve (int argc, char **argv)
{
    static const struct argp_child children[] = {{&ink_daemon_argp, 0, NULL, 0}, {0}};
    static const struct argp argp = {
        .children = children,
        .parser = ink_arguments_pass,
        .doc =
            "Serve files to clients: a ventilator, a sink and workers, each a process of "
            "its own that is started again when it dies."};
    int status;
    ink_daemon_options_t options;
    ink_endpoints_t endpoints;
    if (!ink_daemon_begin (&argp, argc, argv, &options, &endpoints, &status))
        return status;
    size_t workers = options.workers ? (size_t) options.workers : processors ();
    workers = workers < WORKERS_MOST ? workers : WORKERS_MOST;
    if ((status = ink_daemon_descriptors (BASE_NEEDS + workers * WORKER_NEEDS)) ||
        (status = check (&options, &endpoints)))
        return status;
    part_t *parts = calloc (PARTS_MOST, sizeof *parts);
    if (!parts)
        return ink_complain (INK_ENOMEM, NULL);
    ink_log (INK_LOG_EVENTS, "serve", "%zu workers, clients connect to %s", workers,
             endpoints.front);
    status = supervise (&options, parts, workers, argc, argv);
    for (size_t n = 0; n < PARTS_MOST; n++)
        free (parts[n].argv);
    free (parts);
    return status;
}

//  daemon.c: `inkling ventilator`, `sink` and `worker`: one part each, for several machines.

#include "cli/daemon.h"

#include <czmq.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "base/descriptors.h"
#include "base/log.h"
#include "cli/arguments.h"
#include "cli/cli.h"
#include "cli/complain.h"
#include "cli/doors.h"
#include "cli/folder.h"
#include "cli/pulse.h"
#include "cli/signals.h"
#include "inkling/error.h"
#include "inkling/local.h"
#include "protocol/actor.h"
#include "sink/sink.h"
#include "ventilator/ventilator.h"
#include "worker/worker.h"

#define CACHE_SIZE ((uint64_t) 4 << 30)
#define CACHE_LEAST ((uint64_t) 1 << 20)
#define WORKERS_MOST 256
#define SOCKETS_MOST 8192

//  Descriptors: what a part takes by itself, with room for what comes and goes
#define NEEDS 128

//  ---------------------------------------------------------------------------------------
//  Options

enum {
    ROOT = 0x700,
    LOAD,
    ENDPOINT,
    SINK,
    CACHE,
    CACHE_SIZE_KEY,
    NO_CACHE,
    STATE,
    NAME,
    WORKERS,
    INSECURE,
    QUIET,
    TRACE
};

static const struct argp_option table[] = {
    {"root", ROOT, "NAME=DIR", 0, "Serve the files beneath DIR as NAME/PATH; repeatable",
     0},
    {"endpoint", ENDPOINT, "E", 0,
     "Where clients connect: ipc://DIR/front or tcp://HOST:PORT, PORT odd and below "
     "32000. "
     "If not said: $INKLING_ENDPOINT, or ipc in the user's runtime folder",
     0},
    {"sink", SINK, "E", 0, "Another endpoint from which to derive the sink's", 0},
    {"workers", WORKERS, "N", 0,
     "Worker processes of `serve`; if not said, one a processor", 0},
    {"name", NAME, "NAME", 0, "What a worker is called; if not said, HOST/PID", 0},
    {"cache", CACHE, "DIR", 0, "If not said, $XDG_CACHE_HOME/inkling or ~/.cache/inkling",
     0},
    {"cache-size", CACHE_SIZE_KEY, "SIZE", 0, "What the cache may take; if not said, 4G",
     0},
    {"no-cache", NO_CACHE, NULL, 0, "Keep nothing", 0},
    {"state", STATE, "DIR", 0,
     "A folder that is ours alone: one server at a time, and the logs of its processes",
     0},
    {"load", LOAD, "FILE.so", 0, "Load a kernel; repeatable", 0},
    {"insecure", INSECURE, NULL, 0,
     "Allow a tcp endpoint that other machines reach: whoever does may read what is "
     "served",
     0},
    {"quiet", QUIET, NULL, 0, "Log errors only", 0},
    {"trace", TRACE, NULL, 0, "Log every message", 0},
    {0}};

static error_t
add_text (const char **list, size_t *count, size_t most, char *text)
{
    if (*count == most)
        return ink_argument_spare (text);
    list[(*count)++] = text;
    return 0;
}

static error_t
parse_number (int key, char *arg, ink_daemon_options_t *options)
{
    if (key == CACHE_SIZE_KEY)
        return ink_argument_size ("--cache-size", arg, CACHE_LEAST, (uint64_t) 1 << 46,
                                  &options->cache_size);
    int64_t workers;
    error_t rc = ink_argument_number ("--workers", arg, 1, WORKERS_MOST, &workers);
    if (rc == 0)
        options->workers = (uint64_t) workers;
    return rc;
}

static error_t
parse (int key, char *arg, struct argp_state *state)
{
    ink_daemon_options_t *options = state->input;
    switch (key) {
    case ROOT:
        return add_text (options->roots, &options->root_count, INK_DAEMON_ROOTS, arg);
    case LOAD:
        return add_text (options->loads, &options->load_count, INK_DAEMON_LOADS, arg);
    case ENDPOINT:
        options->endpoint = arg;
        return 0;
    case SINK:
        options->sink = arg;
        return 0;
    case CACHE:
        options->cache = arg;
        return 0;
    case STATE:
        options->state = arg;
        return 0;
    case NAME:
        options->name = arg;
        return 0;
    case NO_CACHE:
        options->no_cache = true;
        return 0;
    case INSECURE:
        options->insecure = true;
        return 0;
    case QUIET:
        options->quiet = true;
        return 0;
    case TRACE:
        options->trace = true;
        return 0;
    case CACHE_SIZE_KEY:
    case WORKERS:
        return parse_number (key, arg, options);
    case ARGP_KEY_ARG:
        return ink_argument_spare (arg);
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

const struct argp ink_daemon_argp = {.options = table, .parser = parse};

//  ---------------------------------------------------------------------------------------
//  What all of them need

static int
check_endpoint (const char *named, bool insecure, ink_endpoints_t *endpoints)
{
    if (ink_endpoints_derive (named, endpoints) ||
        endpoints->transport == INK_OVER_INPROC)
        return ink_complain_so (INK_EUSAGE,
                                "ipc://DIR/front, or tcp://HOST:PORT with an odd "
                                "port from 1025 to 31667",
                                "%s cannot be an endpoint", named);
    if (ink_endpoints_public (endpoints) && !insecure)
        return ink_complain_so (
            INK_EUSAGE,
            "name a loopback address, or say --insecure if the network "
            "is yours alone",
            "%s can be reached from other machines, and nothing is "
            "encrypted or authenticated",
            named);
    return 0;
}

static int
find_endpoints (const ink_daemon_options_t *options, ink_endpoints_t *endpoints)
{
    char fallback[INK_ENDPOINT_MOST];
    const char *named = options->endpoint;
    if (!named)
        named = getenv ("INKLING_ENDPOINT");
    if (!named || !*named) {
        ink_endpoint_default (getenv ("XDG_RUNTIME_DIR"), (unsigned) getuid (), fallback);
        named = fallback;
    }
    int status = check_endpoint (named, options->insecure, endpoints);
    if (status || !options->sink)
        return status;
    ink_endpoints_t other;
    status = check_endpoint (options->sink, options->insecure, &other);
    if (status == 0) {
        memcpy (endpoints->sink, other.sink, sizeof other.sink);
        memcpy (endpoints->values, other.values, sizeof other.values);
    }
    return status;
}

//  Values of some 100 KiB come and go all the time: have malloc keep their memory instead of
//  asking the kernel for it, page by page, each time.
static void
keep_memory (void)
{
    mallopt (M_MMAP_THRESHOLD, 64 << 20);
    mallopt (M_TRIM_THRESHOLD, 256 << 20);
}

int
ink_daemon_descriptors (size_t count)
{
    if (ink_descriptors_are_there (count))
        return 0;
    return ink_complain_so (INK_ESYSTEM, "raise the limit, as with `ulimit -Hn 4096`",
                            "%zu files and sockets are needed, and fewer may be opened",
                            count);
}

bool
ink_daemon_begin (const struct argp *argp, int argc, char **argv,
                  ink_daemon_options_t *options, ink_endpoints_t *endpoints, int *status)
{
    *options = (ink_daemon_options_t){.cache_size = CACHE_SIZE};
    if (!ink_arguments_parse (argp, argc, argv, options, status))
        return false;
    if ((*status = ink_daemon_descriptors (NEEDS)))
        return false;
    keep_memory ();
    zsys_handler_set (NULL);
    zsys_set_max_sockets (SOCKETS_MOST);
    if (!options->quiet)
        ink_log_set (options->trace ? INK_LOG_TRACE : INK_LOG_EVENTS);
    for (size_t n = 0; n < options->load_count; n++) {
        char why[256] = "";
        int rc = ink_kernel_load (options->loads[n], why, sizeof why);
        if (rc) {
            *status = ink_complain (rc, why);
            return false;
        }
    }
    *status = find_endpoints (options, endpoints);
    return *status == 0;
}

ink_roots_t *
ink_daemon_roots (const ink_daemon_options_t *options, int *status)
{
    ink_roots_t *roots = ink_roots_new ();
    for (size_t n = 0; roots && n < options->root_count; n++) {
        char name[64];
        const char *equals = strchr (options->roots[n], '=');
        size_t length = equals ? (size_t) (equals - options->roots[n]) : 0;
        int rc = INK_EUSAGE;
        if (length > 0 && length < sizeof name) {
            memcpy (name, options->roots[n], length);
            name[length] = 0;
            rc = ink_roots_add (roots, name, equals + 1);
        }
        if (rc == INK_OK)
            continue;
        *status =
            rc == INK_EUSAGE
                ? ink_complain_so (rc,
                                   "--root NAME=DIR, each NAME once and of letters, "
                                   "digits, '.', '_' and '-'",
                                   "%s cannot be a root", options->roots[n])
                : ink_complain (rc, options->roots[n]);
        ink_roots_destroy (&roots);
        return NULL;
    }
    return roots;
}

bool
ink_daemon_cache (const ink_daemon_options_t *options, ink_cache_t **cache_p, int *status)
{
    char fallback[INK_FOLDER_MOST];
    const char *path = options->cache;
    *cache_p = NULL;
    if (options->no_cache)
        return true;
    if (!path) {
        if (ink_folder_cache (fallback)) {
            *status =
                ink_complain_so (INK_ECACHE, "name one with --cache", "there is no home");
            return false;
        }
        path = fallback;
    }
    int rc;
    *cache_p = ink_cache_open_lmdb (path, options->cache_size, &rc);
    if (!*cache_p)
        *status = ink_complain (rc, path);
    return *cache_p;
}

int
ink_daemon_lock (const ink_endpoints_t *endpoints, const char *role)
{
    if (endpoints->transport != INK_OVER_IPC)
        return 0; //  A tcp port that is taken is refused
    char path[INK_ENDPOINT_MOST + 32];
    const char *folder = endpoints->front + strlen ("ipc://");
    const char *end = strrchr (folder, '/');
    snprintf (path, sizeof path, "%.*s", (int) (end - folder), folder);
    if (mkdir (path, 0700) && errno != EEXIST)
        return ink_complain_so (
            INK_ESYSTEM, "make the folder, or name another with --endpoint",
            "the folder %s cannot be made: %s", path, strerror (errno));
    snprintf (path, sizeof path, "%.*s/%s.lock", (int) (end - folder), folder, role);
    int lock = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (lock < 0)
        return ink_complain_so (INK_ESYSTEM, "name another folder with --endpoint",
                                "%s cannot be opened: %s", path, strerror (errno));
    if (flock (lock, LOCK_EX | LOCK_NB))
        return ink_complain_so (INK_EBUSY, "end it, or name another endpoint",
                                "another %s is running at %s", role, endpoints->front);
    return 0; //  The descriptor, and with it the lock, is kept until the process ends
}

//  ---------------------------------------------------------------------------------------
//  One actor, until a signal comes

static int
wait_for_end (ink_actor_t *actor, int signals)
{
    struct pollfd item = {signals, POLLIN, 0};
    while (!ink_signals_read (signals))
        poll (&item, 1, ink_pulse_take (actor));
    return 0;
}

static int
run_actor (zactor_fn *function, void *options, const int *error, const char *where,
           int signals)
{
    ink_actor_t *actor = ink_actor_new (function, options);
    if (!actor)
        return ink_complain (INK_ESYSTEM, NULL);
    int status = *error ? ink_complain_so (*error, "is something else bound there?",
                                           "cannot begin at %s: %s", where,
                                           ink_error_text (*error))
                        : wait_for_end (actor, signals);
    ink_signals_leave (status, 5);
    ink_actor_destroy (&actor);
    return status;
}

//  A ventilator that was killed has left its lanes. We hold the lock, so they are nobody's.
static void
remove_lanes (const ink_endpoints_t *endpoints)
{
    char lane[INK_ENDPOINT_MOST];
    ink_endpoints_lane (endpoints, 0, lane);
    if (endpoints->transport != INK_OVER_IPC)
        return;
    char *folder = lane + strlen ("ipc://"), *end = strrchr (folder, '/');
    *end = 0;
    DIR *found = opendir (folder);
    for (struct dirent *entry; found && (entry = readdir (found));)
        if (strncmp (entry->d_name, "lane-", 5) == 0 && entry->d_type == DT_SOCK)
            unlinkat (dirfd (found), entry->d_name, 0);
    if (found)
        closedir (found);
}

int
ink_cli_ventilator (int argc, char **argv)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .doc = "Take requests, cut them into chunks and give these to workers."};
    int status, signals = ink_signals_block ();
    ink_daemon_options_t options;
    ink_ventilator_options_t ventilator = {0};
    if (!ink_daemon_begin (&argp, argc, argv, &options, &ventilator.endpoints, &status))
        return status;
    if ((status = ink_daemon_lock (&ventilator.endpoints, "ventilator")))
        return status;
    remove_lanes (&ventilator.endpoints);
    ink_doors_guard (ventilator.endpoints.front);
    ink_roots_t *roots = ink_daemon_roots (&options, &status);
    if (!roots)
        return status;
    if (ink_daemon_cache (&options, &ventilator.cache, &status)) {
        ventilator.roots = roots;
        status = run_actor (ink_ventilator_actor, &ventilator, &ventilator.error,
                            ventilator.endpoints.front, signals);
    }
    ink_cache_close (&ventilator.cache);
    ink_roots_destroy (&roots);
    return status;
}

int
ink_cli_sink (int argc, char **argv)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .doc = "Collect values, keep them in the cache and merge them into replies."};
    int status, signals = ink_signals_block ();
    ink_daemon_options_t options;
    ink_sink_options_t sink = {0};
    if (!ink_daemon_begin (&argp, argc, argv, &options, &sink.endpoints, &status))
        return status;
    if ((status = ink_daemon_lock (&sink.endpoints, "sink")))
        return status;
    if (ink_daemon_cache (&options, &sink.cache, &status))
        status =
            run_actor (ink_sink_actor, &sink, &sink.error, sink.endpoints.sink, signals);
    ink_cache_close (&sink.cache);
    return status;
}

int
ink_cli_worker (int argc, char **argv)
{
    static const struct argp argp = {
        .options = table,
        .parser = parse,
        .doc =
            "Compute what the ventilator gives out. The roots must be the same files."};
    char name[64], host[32] = "";
    int status, signals = ink_signals_block ();
    ink_daemon_options_t options;
    ink_worker_options_t worker = {0};
    if (!ink_daemon_begin (&argp, argc, argv, &options, &worker.endpoints, &status))
        return status;
    ink_roots_t *roots = ink_daemon_roots (&options, &status);
    if (!roots)
        return status;
    gethostname (host, sizeof host - 1);
    snprintf (name, sizeof name, "%s/%d", host, (int) getpid ());
    worker.roots = roots;
    worker.name = options.name ? options.name : name;
    status = run_actor (ink_worker_actor, &worker, &worker.error, worker.endpoints.back,
                        signals);
    ink_roots_destroy (&roots);
    return status;
}

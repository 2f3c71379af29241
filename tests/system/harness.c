//  harness.c: what system tests share: a folder, its files, and processes.

#include "harness.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../unit/chance.h"

#define PROCESSES_MOST 64

struct world {
    char folder[32];
    pid_t processes[PROCESSES_MOST];
    void **kept;
    size_t kept_size;
};

int64_t
now_ms (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void
breathe (void)
{
    poll (NULL, 0, 5);
}

//  ---------------------------------------------------------------------------------------
//  World

static const char *
build_folder (void)
{
    static char path[PATH_MAX];
    const char *build = getenv ("BUILD");
    if (!*path && !realpath (build && *build ? build : "build", path))
        fail_msg ("there is no build folder");
    return path;
}

const char *
slow_kernel (void)
{
    static char path[PATH_MAX + 16];
    snprintf (path, sizeof path, "%s/tests/slow.so", build_folder ());
    return path;
}

const char *
preloaded (world_t *world, const char *name)
{
    return world_text (world, "LD_PRELOAD=%s/tests/%s.so", build_folder (), name);
}

static void
set_environment (const world_t *world)
{
    static char usual[PATH_MAX]; //  Without those of earlier worlds
    char text[3 * PATH_MAX];
    if (!*usual)
        snprintf (usual, sizeof usual, "%s", getenv ("PATH"));
    snprintf (text, sizeof text, "%s:%s/examples:%s", build_folder (), build_folder (),
              usual);
    setenv ("PATH", text, 1);
    snprintf (text, sizeof text, "ipc://%s/front", world->folder);
    setenv ("INKLING_ENDPOINT", text, 1);
    setenv ("XDG_CACHE_HOME", world->folder, 1);
    setenv ("XDG_RUNTIME_DIR", world->folder, 1);
    setenv ("HOME", world->folder, 1);
    setenv ("F", world->folder, 1);
    setenv ("SLOW", slow_kernel (), 1);
    snprintf (text, sizeof text, "%s/tests/bad.so", build_folder ());
    setenv ("BAD", text, 1);
    snprintf (text, sizeof text, "%s/examples", build_folder ());
    setenv ("EXAMPLES", text, 1);
}

int
world_begin (void **state)
{
    world_t *world = calloc (1, sizeof *world);
    assert_non_null (world);
    strcpy (world->folder, "/tmp/inkling-XXXXXX");
    assert_non_null (mkdtemp (world->folder));
    set_environment (world);
    *state = world;
    return 0;
}

//  What a process must never say.
static bool
tells_of_a_bug (const char *path)
{
    static const char *const words[] = {"Sanitizer", "runtime error", "ssertion"};
    const char *end = strrchr (path, '.');
    FILE *log = end && strcmp (end, ".log") == 0 ? fopen (path, "re") : NULL;
    char *line = NULL;
    size_t room = 0;
    bool told = false;
    while (log && getline (&line, &room, log) > 0) {
        for (size_t n = 0; n < sizeof words / sizeof *words; n++)
            told |= strstr (line, words[n]) != NULL;
        if (told) //  And what follows explains it
            print_message ("%s", line);
    }
    free (line);
    if (log)
        fclose (log);
    return told;
}

static bool bug_told;

static int
remove_one (const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void) stat;
    (void) kind;
    (void) walk;
    bug_told |= tells_of_a_bug (path);
    remove (path);
    return 0;
}

int
world_end (void **state)
{
    world_t *world = *state;
    for (size_t n = 0; n < PROCESSES_MOST; n++)
        if (world->processes[n]) {
            kill (world->processes[n], SIGKILL);
            waitpid (world->processes[n], NULL, 0);
        }
    UNTIL (processes_of (world) == 0, SOON_MS); //  Children of what was killed
    nftw (world->folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
    for (size_t n = 0; n < world->kept_size; n++)
        free (world->kept[n]);
    free (world->kept);
    free (world);
    if (bug_told)
        fail_msg ("a process told of a bug");
    return 0;
}

const char *
world_folder (const world_t *world)
{
    return world->folder;
}

void *
world_keep (world_t *world, void *memory)
{
    assert_non_null (memory);
    void **kept = realloc (world->kept, (world->kept_size + 1) * sizeof *kept);
    assert_non_null (kept);
    world->kept = kept;
    world->kept[world->kept_size++] = memory;
    return memory;
}

const char *
world_text (world_t *world, const char *format, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start (arguments, format);
    if (vasprintf (&text, format, arguments) < 0)
        text = NULL;
    va_end (arguments);
    return world_keep (world, text);
}

static bool
port_is_free (unsigned port)
{
    struct sockaddr_in address = {.sin_family = AF_INET,
                                  .sin_port = htons ((uint16_t) port),
                                  .sin_addr.s_addr = htonl (INADDR_LOOPBACK)};
    int probe = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool free_port =
        probe >= 0 && bind (probe, (struct sockaddr *) &address, sizeof address) == 0;
    if (probe >= 0)
        close (probe);
    return free_port;
}

const char *
world_endpoint (world_t *world, bool tcp)
{
    if (!tcp)
        return world_text (world, "ipc://%s/front", world->folder);
    uint64_t seed = (uint64_t) now_ms () * 65536 + (uint64_t) getpid ();
    for (;;) {
        unsigned port = 20001 + 2 * (unsigned) chance_below (&seed, 5000);
        bool all = true;
        for (unsigned n = 0; n <= 8; n += 2)
            all = all && port_is_free (port + n);
        if (all)
            return world_text (world, "tcp://127.0.0.1:%u", port);
    }
}

//  ---------------------------------------------------------------------------------------
//  Files

static const char *
path_of (world_t *world, const char *name)
{
    return name[0] == '/' ? name : world_text (world, "%s/%s", world->folder, name);
}

void
write_file (world_t *world, const char *name, const void *bytes, size_t size)
{
    int file =
        open (path_of (world, name), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true (file >= 0);
    for (size_t at = 0; at < size;) {
        ssize_t written = write (file, (const char *) bytes + at, size - at);
        assert_true (written > 0);
        at += (size_t) written;
    }
    close (file);
}

void *
read_file (world_t *world, const char *name, size_t *size)
{
    int file = open (path_of (world, name), O_RDONLY | O_CLOEXEC);
    struct stat stat;
    if (file < 0 || fstat (file, &stat))
        fail_msg ("there is no file %s", name);
    char *bytes = world_keep (world, calloc (1, (size_t) stat.st_size + 1));
    *size = (size_t) stat.st_size;
    assert_int_equal (read (file, bytes, *size), (ssize_t) *size);
    close (file);
    return bytes;
}

static uint8_t
byte_of (content_t content, uint64_t at, uint64_t *seed)
{
    static const char words[] = "the quick brown fox jumps over a lazy dog\n";
    switch (content) {
    case NOISE:
        return (uint8_t) chance (seed);
    case TEXT:
        return (uint8_t) words[(at + (at >> 13)) % (sizeof words - 1)];
    case SAME:
        return 0xAA;
    default: //  Zeros, and some noise every 64 KiB
        return at % 65536 < 100 ? (uint8_t) chance (seed) : 0;
    }
}

uint8_t *
make_file (world_t *world, const char *name, content_t content, uint64_t seed,
           size_t size)
{
    uint8_t *bytes = world_keep (world, malloc (size + 1));
    for (size_t at = 0; at < size; at++)
        bytes[at] = byte_of (content, at, &seed);
    write_file (world, name, bytes, size);
    return bytes;
}

//  ---------------------------------------------------------------------------------------
//  Processes

static pid_t
spawn (world_t *world, const char *line, int out, int err)
{
    pid_t parent = getpid (), pid = fork ();
    assert_true (pid >= 0);
    if (pid == 0) {
        prctl (PR_SET_PDEATHSIG, SIGKILL);
        int in = open ("/dev/null", O_RDONLY);
        if (getppid () != parent || chdir (world->folder) || dup2 (in, 0) < 0 ||
            dup2 (out, 1) < 0 || dup2 (err, 2) < 0)
            _exit (126);
        execl ("/bin/sh", "sh", "-c", line, (char *) NULL);
        _exit (126);
    }
    for (size_t n = 0; n < PROCESSES_MOST; n++)
        if (!world->processes[n]) {
            world->processes[n] = pid;
            return pid;
        }
    fail_msg ("too many processes");
    return 0;
}

bool
has_ended (world_t *world, pid_t pid, int *status)
{
    int raw;
    if (waitpid (pid, &raw, WNOHANG) != pid)
        return false;
    *status = WIFEXITED (raw) ? WEXITSTATUS (raw) : 128 + WTERMSIG (raw);
    for (size_t n = 0; n < PROCESSES_MOST; n++)
        if (world->processes[n] == pid)
            world->processes[n] = 0;
    return true;
}

int
end_of (world_t *world, pid_t pid, int within_ms)
{
    int status;
    UNTIL (has_ended (world, pid, &status), within_ms);
    return status;
}

void
kill_hard (world_t *world, pid_t pid)
{
    kill (pid, SIGKILL);
    end_of (world, pid, SOON_MS);
}

ran_t
run (world_t *world, int within_ms, const char *line)
{
    char out[] = "/tmp/inkling-out-XXXXXX", err[] = "/tmp/inkling-err-XXXXXX";
    int out_file = mkostemp (out, O_CLOEXEC), err_file = mkostemp (err, O_CLOEXEC);
    assert_true (out_file >= 0 && err_file >= 0);
    int64_t began = now_ms ();
    pid_t pid = spawn (world, line, out_file, err_file);
    ran_t ran = {.status = -1};
    while (!has_ended (world, pid, &ran.status) && now_ms () - began < within_ms)
        breathe ();
    if (ran.status < 0)
        kill_hard (world, pid);
    ran.ms = now_ms () - began;
    size_t size;
    ran.out = read_file (world, out, &ran.out_size);
    ran.err = read_file (world, err, &size);
    close (out_file);
    close (err_file);
    unlink (out);
    unlink (err);
    if (ran.status < 0)
        fail_msg ("did not end in %d ms: %s\n%s", within_ms, line, ran.err);
    return ran;
}

pid_t
start (world_t *world, const char *name, const char *line)
{
    const char *log = world_text (world, "%s/%s.log", world->folder, name);
    int file = open (log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    assert_true (file >= 0);
    pid_t pid = spawn (world, world_text (world, "exec %s", line), file, file);
    close (file);
    return pid;
}

//  ---------------------------------------------------------------------------------------
//  What /proc tells

static size_t
read_proc (pid_t pid, const char *what, char *text, size_t size)
{
    char path[80];
    snprintf (path, sizeof path, "/proc/%d/%s", (int) pid, what);
    int file = open (path, O_RDONLY | O_CLOEXEC);
    ssize_t got = file < 0 ? 0 : read (file, text, size - 1);
    if (file >= 0)
        close (file);
    got = got < 0 ? 0 : got;
    text[got] = 0;
    return (size_t) got;
}

//  Arguments end with zeros.
static bool
arguments_hold (pid_t pid, const char *word)
{
    char text[8192];
    size_t size = read_proc (pid, "cmdline", text, sizeof text);
    for (size_t at = 0; at < size; at += strlen (text + at) + 1)
        if (strstr (text + at, word))
            return true;
    return false;
}

pid_t
child_with (pid_t parent, const char *word)
{
    char path[64], text[8192];
    snprintf (path, sizeof path, "task/%d/children", (int) parent);
    read_proc (parent, path, text, sizeof text);
    for (char *at = text, *end; *at; at = end) {
        pid_t pid = (pid_t) strtol (at, &end, 10);
        if (end == at)
            break;
        if (arguments_hold (pid, word))
            return pid;
    }
    return 0;
}

pid_t
signal_child (pid_t parent, const char *word, int signal)
{
    pid_t child = 0;
    UNTIL ((child = child_with (parent, word)), SOON_MS);
    kill (child, signal);
    return child;
}

bool
is_running (pid_t pid)
{
    char text[512];
    read_proc (pid, "stat", text, sizeof text);
    const char *state = strrchr (text, ')');
    return state && state[2] != 'Z';
}

size_t
processes_of (const world_t *world)
{
    size_t count = 0;
    DIR *all = opendir ("/proc");
    assert_non_null (all);
    for (struct dirent *entry; (entry = readdir (all));) {
        pid_t pid = (pid_t) atoi (entry->d_name);
        count += pid > 0 && pid != getpid () && arguments_hold (pid, world->folder) &&
                 is_running (pid);
    }
    closedir (all);
    return count;
}

size_t
descriptors_of (pid_t pid)
{
    char path[64];
    snprintf (path, sizeof path, "/proc/%d/fd", (int) pid);
    DIR *all = opendir (path);
    size_t count = 0;
    while (all && readdir (all))
        count++;
    if (all)
        closedir (all);
    return count;
}

//  In ticks of 10 ms: fields 14 and 15, behind the name in brackets.
int64_t
processor_ms_of (pid_t pid)
{
    char text[512];
    unsigned long long user = 0, system = 0;
    read_proc (pid, "stat", text, sizeof text);
    const char *name_end = strrchr (text, ')');
    if (name_end)
        sscanf (name_end + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu",
                &user, &system);
    return (int64_t) (user + system) * 10;
}

uint64_t
memory_of (pid_t pid)
{
    char text[256];
    unsigned long long all, resident = 0;
    read_proc (pid, "statm", text, sizeof text);
    sscanf (text, "%llu %llu", &all, &resident);
    return resident * (uint64_t) sysconf (_SC_PAGESIZE);
}

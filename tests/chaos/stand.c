//  stand.c: one server with its clients, all of which may be harmed, and what is seen of it.

#include "stand.h"

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/chance.h"
#include "question.h"

#define REFUSALS_MOST 60

const char *
part_name (part_t part)
{
    static const char *const names[PARTS] = {
        "serve", "ventilator", "sink", "worker-1", "worker-2", "asker-0", "asker-1"};
    return names[part];
}

//  Whether we start it ourselves.
static bool
is_ours (const stand_t *self, part_t part)
{
    return part >= ASKER || (part == SUPERVISOR) == self->served;
}

void
stand_store (const stand_t *self, char path[96])
{
    snprintf (path, 96, "%s/cache/data.mdb", self->folder);
}

//  ---------------------------------------------------------------------------------------
//  Processes

static const char *
line_of (stand_t *self, part_t part)
{
    if (part >= ASKER)
        return world_text (self->world, "%s --asker %d %zu %d %s %s", self->program,
                           self->descriptor, self->number, (int) part - ASKER,
                           self->folder, self->endpoint);
    if (part == SUPERVISOR)
        return world_text (self->world, "inkling serve --workers %d --state %s/state %s",
                           WORKERS, self->folder, self->options);
    if (part >= WORKER)
        return world_text (self->world, "inkling worker --name %s %s", part_name (part),
                           self->options);
    return world_text (self->world, "inkling %s %s", part_name (part), self->options);
}

static void
start_part (stand_t *self, part_t part)
{
    self->parts[part].pid = start (self->world, part_name (part), line_of (self, part));
    self->parts[part].start = now_ms ();
    self->board->starts++;
}

pid_t
stand_pid (const stand_t *self, part_t part)
{
    if (is_ours (self, part))
        return self->parts[part].pid;
    if (part == SUPERVISOR || !self->parts[SUPERVISOR].pid)
        return 0;
    return child_with (self->parts[SUPERVISOR].pid, part_name (part));
}

//  A server may be refused while its predecessor's parts still die, but not for ever.
static void
explain_surrender (stand_t *self)
{
    size_t size;
    self->board->surrenders++;
    if (++self->refusals != REFUSALS_MOST)
        return;
    const char *log = read_file (self->world, "serve.log", &size);
    board_note (self->board, DOWN, "stand %zu: %d times in a row: %s", self->number,
                REFUSALS_MOST, size > 160 ? log + size - 160 : log);
}

//  What we did not do ourselves must have a reason.
static void
explain_end (stand_t *self, part_t part, int status)
{
    bool killed = status == 128 + SIGKILL;
    if (part == SUPERVISOR && !killed)
        explain_surrender (self);
    else if (part < ASKER && !killed && self->damaged)
        self->board->fell_with_cache++;
    else if (!killed && !(part >= ASKER && self->board->calm && status == 0))
        board_note (self->board, FALLEN, "stand %zu: %s ended with %d", self->number,
                    part_name (part), status);
}

static void
reap (stand_t *self)
{
    int status;
    for (part_t part = 0; part < PARTS; part++) {
        pid_t pid = self->parts[part].pid;
        if (!pid || !has_ended (self->world, pid, &status))
            continue;
        explain_end (self, part, status);
        self->parts[part].pid = 0;
        self->parts[part].due = now_ms () + (int64_t) chance_below (&self->seed, 300);
    }
}

//  A client that has ended while all is calm had nothing left to ask.
static bool
is_wanted (const stand_t *self, part_t part)
{
    if (!is_ours (self, part) || self->parts[part].pid)
        return false;
    if (part < ASKER || !self->board->calm)
        return true;
    for (size_t n = 0; n < ERRANDS; n++)
        if (self->board->desks[self->number][part - ASKER].entries[n].seed)
            return true;
    return false;
}

static void
let_go_on (stand_t *self, int64_t now)
{
    for (size_t n = 0; n < PAUSES; n++)
        if (self->pauses[n].pid && now >= self->pauses[n].until) {
            kill (self->pauses[n].pid, SIGCONT);
            self->pauses[n].pid = 0;
        }
    if (self->filler >= 0 && now >= self->full_until) {
        if (ftruncate (self->filler, 0))
            abort ();
        close (self->filler);
        self->filler = -1;
    }
}

void
stand_tend (stand_t *self)
{
    reap (self);
    let_go_on (self, now_ms ());
    for (part_t part = 0; part < PARTS; part++)
        if (is_wanted (self, part) && now_ms () >= self->parts[part].due)
            start_part (self, part);
}

void
stand_calm (stand_t *self)
{
    let_go_on (self, INT64_MAX);
}

void
stand_pause (stand_t *self, pid_t pid, int64_t ms)
{
    for (size_t n = 0; n < PAUSES; n++)
        if (!self->pauses[n].pid) {
            if (kill (pid, SIGSTOP) == 0) {
                self->pauses[n].pid = pid;
                self->pauses[n].until = now_ms () + ms;
            }
            return;
        }
}

bool
stand_is_paused (const stand_t *self)
{
    for (size_t n = 0; n < PAUSES; n++)
        if (self->pauses[n].pid)
            return true;
    return false;
}

bool
stand_has_clients (const stand_t *self)
{
    for (part_t part = ASKER; part < PARTS; part++)
        if (self->parts[part].pid || is_wanted (self, part))
            return true;
    return false;
}

//  ---------------------------------------------------------------------------------------
//  What the ventilator tells

//  Counters begin anew with each ventilator.
static void
add_counters (stand_t *self, const ink_status_t *status)
{
    const ink_counter_t *found;
    for (size_t n = 0; (found = ink_status_counter (status, n)); n++)
        for (size_t c = 0; c < COUNTED; c++)
            if (strcmp (found->name, counted[c]) == 0) {
                uint64_t before = self->counters[c];
                self->board->counters[c] +=
                    found->value < before ? found->value : found->value - before;
                self->counters[c] = found->value;
            }
}

sight_t
stand_look (stand_t *self, int timeout_ms)
{
    sight_t sight = {.seen = false};
    ink_status_t *status = ink_client_status (self->client, timeout_ms);
    if (!status)
        return sight;
    sight.seen = true;
    self->refusals = 0;
    const ink_worker_info_t *worker;
    for (size_t n = 0; (worker = ink_status_worker (status, n)); n++) {
        sight.leases += worker->leases;
        sight.live += strcmp (worker->state, "live") == 0;
        for (part_t part = WORKER; part < WORKER + WORKERS; part++)
            if (strcmp (worker->name, part_name (part)) == 0)
                sight.held[part - WORKER] += worker->leases;
    }
    while (ink_status_request (status, sight.requests))
        sight.requests++;
    add_counters (self, status);
    ink_status_destroy (&status);
    return sight;
}

bool
stand_is_up (stand_t *self)
{
    for (part_t part = VENTILATOR; part < ASKER; part++)
        if (!stand_pid (self, part))
            return false;
    return stand_look (self, 200).live == WORKERS;
}

//  ---------------------------------------------------------------------------------------
//  Beginning

static void
make_disk (stand_t *self)
{
    const char *cache = world_text (self->world, "%s/cache", self->folder);
    if (mkdir (cache, 0700) || !self->disk)
        return;
    self->disk = mount ("none", cache, "tmpfs", 0, "size=12m,mode=0700") == 0;
}

void
stand_begin (stand_t *self, void *state)
{
    self->world = state;
    self->folder = world_folder (self->world);
    self->endpoint =
        self->number % 2
            ? world_text (self->world, "tcp://127.0.0.1:%zu", 11001 + 2000 * self->number)
            : world_text (self->world, "ipc://%s/front", self->folder);
    self->filler = -1;
    make_disk (self);
    self->options = world_text (
        self->world,
        "--root data=%s --endpoint %s --cache %s/cache --cache-size 4M --load %s",
        self->folder, self->endpoint, self->folder, slow_kernel ());
    for (size_t n = 0; n < FILES; n++) {
        uint8_t *bytes = world_keep (self->world, file_make (self->board->seed, n));
        char name[16];
        snprintf (name, sizeof name, "file-%zu", n);
        write_file (self->world, name, bytes, file_size (n));
    }
    self->client = ink_client_new (self->endpoint);
    assert_non_null (self->client);
}

//  ---------------------------------------------------------------------------------------
//  The end

//  Faults are over: what is asked now is answered, and right.
static bool
answers (stand_t *self, uint64_t seed)
{
    question_t question = question_of (seed, false);
    question.manner = PLAIN;
    char source[16];
    snprintf (source, sizeof source, "data/file-%zu", question.file);
    ink_request_t *request = question_request (&question, source);
    uint8_t *bytes = file_make (self->board->seed, question.file);
    uint8_t *other = file_make (self->board->seed, question.other);
    question.other_bytes = other;
    bool right = request && bytes && other && !ink_client_submit (self->client, request);
    int64_t until = now_ms () + ANSWER_MS;
    for (size_t finals = 0; right && finals < question.kernel_count;) {
        stand_tend (self); //  A damaged cache may still take a part along
        ink_reply_t *reply = ink_client_receive (self->client, 100);
        right = now_ms () < until;
        if (reply && ink_reply_is_final (reply)) {
            finals++;
            right =
                right && !ink_reply_error (reply) && !ink_reply_failures (reply) &&
                question_is_answered (&question, reply, bytes, file_size (question.file));
        }
        ink_reply_destroy (&reply);
    }
    ink_request_destroy (&request);
    free (bytes);
    free (other);
    return right;
}

static void
check_liveness (stand_t *self)
{
    int64_t until = now_ms () + SOON_MS;
    while (!stand_is_up (self) && now_ms () < until)
        stand_tend (self);
    if (!stand_is_up (self))
        board_note (self->board, DOWN, "stand %zu: %d s after the last fault",
                    self->number, SOON_MS / 1000);
    for (size_t n = 0; n < 4; n++)
        if (!answers (self, self->seed + n))
            board_note (self->board, DOWN, "stand %zu: a last question has no answer",
                        self->number);
    until = now_ms () + SOON_MS;
    sight_t sight;
    while (sight = stand_look (self, 500),
           !sight.seen || sight.requests || sight.leases) {
        stand_tend (self);
        if (now_ms () > until) {
            board_note (self->board, LEFT, "stand %zu: %d requests, %d leases",
                        self->number, (int) sight.requests, (int) sight.leases);
            break;
        }
    }
}

static void
check_size (stand_t *self)
{
    for (part_t part = 0; part < ASKER; part++) {
        pid_t pid = stand_pid (self, part);
        if (!pid)
            continue;
        uint64_t memory = memory_of (pid), descriptors = descriptors_of (pid);
        tally_most (&self->board->most_memory, memory);
        tally_most (&self->board->most_descriptors, descriptors);
        if (memory > MEMORY_MOST || descriptors > DESCRIPTORS_MOST)
            board_note (self->board, LARGE,
                        "stand %zu: %s has %llu MiB, %llu descriptors", self->number,
                        part_name (part), (unsigned long long) (memory / MIB),
                        (unsigned long long) descriptors);
    }
}

static void
end_processes (stand_t *self)
{
    int status;
    for (part_t part = 0; part < PARTS; part++)
        if (self->parts[part].pid)
            kill (self->parts[part].pid, SIGTERM);
    int64_t until = now_ms () + SOON_MS;
    for (part_t part = 0; part < PARTS; part++) {
        if (!self->parts[part].pid)
            continue;
        while (!has_ended (self->world, self->parts[part].pid, &status) &&
               now_ms () < until)
            breathe ();
        if (now_ms () >= until || status)
            board_note (self->board, LEFT, "stand %zu: %s did not leave as it was asked",
                        self->number, part_name (part));
    }
    while (processes_of (self->world) && now_ms () < until)
        breathe ();
    if (processes_of (self->world))
        board_note (self->board, LEFT, "stand %zu: %zu processes", self->number,
                    processes_of (self->world));
}

//  Its supervisor has kept a log of how its children ended.
static void
read_log (stand_t *self)
{
    size_t size;
    const char *said = "was ended by ";
    if (!self->served)
        return;
    for (char *at = read_file (self->world, "serve.log", &size); (at = strstr (at, said));
         at += strlen (said)) {
        const char *signal = at + strlen (said);
        if (strncmp (signal, "Killed", 6) == 0 || strncmp (signal, "Terminated", 10) == 0)
            continue;
        if (self->damaged)
            self->board->fell_with_cache++;
        else
            board_note (self->board, FALLEN, "stand %zu: a part was ended by %.20s",
                        self->number, signal);
    }
}

//  What may lie about when all have left: what is asked about, logs, locks and folders.
static bool
may_stay (const struct dirent *entry)
{
    static const char *const words[] = {"file-", "moving-", ".log", ".lock"};
    for (size_t n = 0; n < sizeof words / sizeof *words; n++)
        if (strstr (entry->d_name, words[n]))
            return true;
    return entry->d_type == DT_DIR;
}

static void
check_folder (stand_t *self)
{
    DIR *folder = opendir (self->folder);
    for (struct dirent *entry; folder && (entry = readdir (folder));)
        if (!may_stay (entry))
            board_note (self->board, LEFT, "stand %zu: %s", self->number, entry->d_name);
    if (folder)
        closedir (folder);
}

void
stand_end (stand_t *self)
{
    check_liveness (self);
    check_size (self);
    ink_client_destroy (&self->client);
    end_processes (self);
    read_log (self);
    check_folder (self);
    if (self->disk)
        umount2 (world_text (self->world, "%s/cache", self->folder), MNT_DETACH);
}

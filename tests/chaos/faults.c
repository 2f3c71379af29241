//  faults.c: what is done to a stand, at random.

#include "faults.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../unit/chance.h"

#define PATIENCE_MS 4000 //  For work to be in flight
#define EARLY_MS 3200    //  A supervised part that dies sooner makes its supervisor wary
#define TARGETS_MOST 3

typedef struct {
    part_t part;
    pid_t pid;
} target_t;

static uint64_t
below (stand_t *stand, uint64_t n)
{
    return chance_below (&stand->seed, n);
}

static void
count (stand_t *stand, fault_t fault, bool applied, bool hit)
{
    stand->board->faults[fault].applied += applied;
    stand->board->faults[fault].hit += applied && hit;
}

//  ---------------------------------------------------------------------------------------
//  Whom, and when

static bool
has_question (const stand_t *stand, part_t part)
{
    for (size_t n = 0; n < ERRANDS; n++)
        if (stand->board->desks[stand->number][part - ASKER].entries[n].seed)
            return true;
    return false;
}

static bool
is_busy (const stand_t *stand, part_t part, const sight_t *sight)
{
    if (part >= ASKER)
        return has_question (stand, part);
    if (part >= WORKER)
        return sight->held[part - WORKER] > 0;
    return sight->leases > 0;
}

static part_t
random_part (stand_t *stand)
{
    static const part_t parts[] = {WORKER,     WORKER,     WORKER,     WORKER + 1,
                                   WORKER + 1, WORKER + 1, SINK,       SINK,
                                   SINK,       VENTILATOR, VENTILATOR, VENTILATOR,
                                   SINK,       VENTILATOR, SUPERVISOR};
    return parts[below (stand, sizeof parts / sizeof *parts)];
}

static bool
is_spared (stand_t *stand, part_t part)
{
    return stand->served && part < ASKER &&
           now_ms () - stand->parts[part].start < EARLY_MS && below (stand, 12);
}

static size_t
choose (stand_t *stand, size_t wanted, target_t *targets)
{
    size_t chosen = 0;
    bool client = below (stand, 8) == 0;
    for (size_t tries = 0; tries < 20 && chosen < wanted; tries++) {
        part_t part =
            client ? ASKER + (part_t) below (stand, ASKERS) : random_part (stand);
        client = false;
        bool taken = is_spared (stand, part);
        for (size_t n = 0; n < chosen; n++)
            taken |= targets[n].part == part;
        pid_t pid = taken ? 0 : stand_pid (stand, part);
        if (pid && is_running (pid))
            targets[chosen++] = (target_t){part, pid};
    }
    return chosen;
}

//  Waits until all of them have something to lose, most times: a few faults come whenever.
static sight_t
wait_busy (stand_t *stand, const target_t *targets, size_t size)
{
    int64_t until = now_ms () + (below (stand, 20) ? PATIENCE_MS : 0);
    for (;;) {
        sight_t sight = stand_look (stand, 100);
        bool busy = true;
        for (size_t n = 0; n < size; n++)
            busy = busy && is_busy (stand, targets[n].part, &sight);
        if (busy || now_ms () >= until || stand->board->calm)
            return sight;
        stand_tend (stand);
        breathe ();
    }
}

//  ---------------------------------------------------------------------------------------
//  Death

static fault_t
kill_of (part_t part)
{
    switch (part) {
    case SUPERVISOR:
        return KILL_SUPERVISOR;
    case VENTILATOR:
        return KILL_VENTILATOR;
    case SINK:
        return KILL_SINK;
    default:
        return part < ASKER ? KILL_WORKER : KILL_CLIENT;
    }
}

//  It is dead when it is seen to be. Who is ours stays a zombie until it is reaped.
static bool
is_killed (pid_t pid)
{
    int64_t until = now_ms () + SOON_MS;
    while (is_running (pid) && now_ms () < until)
        breathe ();
    return !is_running (pid);
}

static void
forget_parts (stand_t *stand, part_t part)
{
    stand->parts[part].start = now_ms ();
    for (part_t n = VENTILATOR; part == SUPERVISOR && n < ASKER; n++)
        stand->parts[n].start = now_ms ();
}

static void
kill_all (stand_t *stand, const target_t *targets, size_t size, const sight_t *sight)
{
    bool sent[TARGETS_MOST];
    for (size_t n = 0; n < size; n++)
        sent[n] = kill (targets[n].pid, SIGKILL) == 0;
    for (size_t n = 0; n < size; n++) {
        bool applied = sent[n] && is_killed (targets[n].pid);
        count (stand, kill_of (targets[n].part), applied,
               is_busy (stand, targets[n].part, sight));
        forget_parts (stand, targets[n].part);
        stand->board->kills += applied;
        stand->board->kills_together += applied && size > 1;
    }
}

static void
strike_dead (stand_t *stand)
{
    static const size_t sizes[] = {1, 1, 1, 1, 1, 1, 1, 2, 2, 3};
    target_t targets[TARGETS_MOST];
    size_t size = choose (stand, sizes[below (stand, 10)], targets);
    for (size_t n = 0; n < size; n++)
        stand->board->faults[kill_of (targets[n].part)].tried++;
    sight_t sight = wait_busy (stand, targets, size);
    kill_all (stand, targets, size, &sight);
}

//  ---------------------------------------------------------------------------------------
//  Sleep

static fault_t
pause_of (part_t part)
{
    return (fault_t) (kill_of (part) - KILL_WORKER + PAUSE_WORKER);
}

static int64_t
pause_length (stand_t *stand)
{
    switch (below (stand, 10)) {
    case 0:
        return 3000 + (int64_t) below (stand, 7000);
    case 1:
    case 2:
    case 3:
        return 1000 + (int64_t) below (stand, 2000);
    default:
        return 100 + (int64_t) below (stand, 900);
    }
}

static void
strike_asleep (stand_t *stand)
{
    target_t target;
    if (!choose (stand, 1, &target))
        return;
    stand->board->faults[pause_of (target.part)].tried++;
    sight_t sight = wait_busy (stand, &target, 1);
    stand_pause (stand, target.pid, pause_length (stand));
    count (stand, pause_of (target.part), stand_is_paused (stand),
           is_busy (stand, target.part, &sight));
}

static void
strike_all_asleep (stand_t *stand)
{
    int64_t length = pause_length (stand);
    target_t any = {VENTILATOR, 0};
    bool all = true;
    stand->board->faults[PAUSE_ALL].tried++;
    sight_t sight = wait_busy (stand, &any, 1);
    for (part_t part = 0; part < PARTS; part++) {
        pid_t pid = stand_pid (stand, part);
        if (pid)
            stand_pause (stand, pid, length);
        all = all && (pid || (part == SUPERVISOR && !stand->served));
    }
    count (stand, PAUSE_ALL, all, sight.leases > 0);
}

//  ---------------------------------------------------------------------------------------
//  Cuts: a connection of another process is shut down through a descriptor of our own.

static bool
cut_descriptor (int process, int descriptor)
{
    struct sockaddr_storage peer;
    socklen_t size = sizeof peer;
    int ours = (int) syscall (SYS_pidfd_getfd, process, descriptor, 0);
    bool cut = ours >= 0 && getpeername (ours, (struct sockaddr *) &peer, &size) == 0 &&
               shutdown (ours, SHUT_RDWR) == 0;
    if (ours >= 0)
        close (ours);
    return cut;
}

//  Cuts up to `most` connections of a process, beginning anywhere; returns how many.
static size_t
cut (stand_t *stand, pid_t pid, size_t most)
{
    char path[32];
    snprintf (path, sizeof path, "/proc/%d/fd", (int) pid);
    int process = (int) syscall (SYS_pidfd_open, pid, 0), descriptors[DESCRIPTORS_MOST];
    size_t size = 0, done = 0;
    DIR *folder = opendir (path);
    for (struct dirent *entry; folder && (entry = readdir (folder));)
        if (entry->d_name[0] != '.' && size < DESCRIPTORS_MOST)
            descriptors[size++] = atoi (entry->d_name);
    if (folder)
        closedir (folder);
    uint64_t first = size ? below (stand, size) : 0;
    for (size_t n = 0; process >= 0 && n < size && done < most; n++)
        done += cut_descriptor (process, descriptors[(first + n) % size]);
    if (process >= 0)
        close (process);
    return done;
}

static void
strike_apart (stand_t *stand)
{
    target_t target;
    fault_t fault = below (stand, 3) ? CUT_ONE : CUT_ALL;
    if (!choose (stand, 1, &target) || target.part == SUPERVISOR)
        return; //  A supervisor talks to nobody
    stand->board->faults[fault].tried++;
    sight_t sight = wait_busy (stand, &target, 1);
    size_t done = cut (stand, target.pid, fault == CUT_ONE ? 1 : SIZE_MAX);
    count (stand, fault, done > 0, is_busy (stand, target.part, &sight));
}

//  ---------------------------------------------------------------------------------------
//  The cache

static void
strike_disk (stand_t *stand)
{
    static const char bytes[65536];
    target_t any = {SINK, 0};
    if (!stand->disk || stand->filler >= 0)
        return;
    stand->board->faults[DISK_FULL].tried++;
    sight_t sight = wait_busy (stand, &any, 1);
    const char *path = world_text (stand->world, "%s/cache/filler", stand->folder);
    stand->filler = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    while (stand->filler >= 0 && write (stand->filler, bytes, sizeof bytes) > 0)
        continue;
    count (stand, DISK_FULL, stand->filler >= 0 && errno == ENOSPC, sight.leases > 0);
    stand->full_until = now_ms () + 200 + (int64_t) below (stand, 3000);
}

static bool
garble (stand_t *stand, const char *path, uint64_t size)
{
    int file = open (path, O_WRONLY | O_CLOEXEC);
    bool done = file >= 0 && size > 0;
    for (uint64_t n = 1 + below (stand, 64); done && n; n--) {
        uint8_t byte = (uint8_t) chance (&stand->seed);
        done = pwrite (file, &byte, 1, (off_t) below (stand, size)) == 1;
    }
    if (file >= 0)
        close (file);
    return done;
}

static bool
cut_short (stand_t *stand, const char *path, uint64_t size)
{
    return size > 0 && truncate (path, (off_t) below (stand, size)) == 0;
}

static bool
take_away (stand_t *stand, const char *path, uint64_t size)
{
    (void) size;
    if (below (stand, 2)) {
        char lock[96];
        snprintf (lock, sizeof lock, "%s/cache/lock.mdb", stand->folder);
        unlink (lock);
    }
    return unlink (path) == 0;
}

//  0: garbled, 1: cut short, 2: removed; in the order of the faults.
static bool
harm_store (stand_t *stand, uint64_t how)
{
    static bool (*const hows[]) (stand_t *, const char *, uint64_t) = {garble, cut_short,
                                                                       take_away};
    char path[96];
    struct stat stat_;
    stand_store (stand, path);
    return stat (path, &stat_) == 0 && hows[how](stand, path, (uint64_t) stat_.st_size);
}

//  That of the three from `first` on which was tried least.
static uint64_t
rarest (const stand_t *stand, fault_t first)
{
    uint64_t how = 0;
    for (uint64_t n = 1; n < 3; n++)
        if (stand->board->faults[first + n].tried <
            stand->board->faults[first + how].tried)
            how = n;
    return how;
}

static void
strike_cache (stand_t *stand)
{
    uint64_t how = rarest (stand, CACHE_GARBLED);
    target_t any = {SINK, 0};
    stand->board->faults[CACHE_GARBLED + how].tried++;
    sight_t sight = wait_busy (stand, &any, 1);
    stand->damaged = true;
    count (stand, (fault_t) (CACHE_GARBLED + how), harm_store (stand, how),
           sight.leases > 0);
}

//  Nobody has the store open when it is harmed: all who do are killed, which counts as such.
static void
strike_store (stand_t *stand)
{
    uint64_t how = rarest (stand, STORE_GARBLED);
    target_t targets[TARGETS_MOST];
    size_t size = 0;
    for (part_t part = SUPERVISOR; part <= SINK; part++) {
        pid_t pid = stand_pid (stand, part);
        if (pid)
            targets[size++] = (target_t){part, pid};
        else if (part != SUPERVISOR || stand->served)
            return;
    }
    stand->board->faults[STORE_GARBLED + how].tried++;
    for (size_t n = 0; n < size; n++)
        stand->board->faults[kill_of (targets[n].part)].tried++;
    sight_t sight = wait_busy (stand, targets, size);
    kill_all (stand, targets, size, &sight);
    count (stand, (fault_t) (STORE_GARBLED + how), harm_store (stand, how),
           sight.leases > 0);
}

void
faults_strike (stand_t *stand)
{
    uint64_t kind = below (stand, 100);
    if (kind < 62)
        strike_dead (stand);
    else if (kind < 74)
        strike_asleep (stand);
    else if (kind < 77)
        strike_all_asleep (stand);
    else if (kind < 87)
        strike_apart (stand);
    else if (kind < 91)
        strike_disk (stand);
    else if (kind < 95)
        strike_cache (stand);
    else
        strike_store (stand);
}

//  test_cache_rot.c: a store that is damaged while processes have it open.
//
//  Two children use one store, a writer and a reader, round by round, as sink and ventilator
//  do. Before each round something happens to their file. A child may be killed by it, for
//  LMDB believes its map; then another one takes its place, and must live. Nobody ever sees
//  a wrong value.
//
//  INK_CAMPAIGN=N does N times as much.

#include "lmdb_world.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>

#include "cache/page.h"

#define RECORDS 600
#define ROUND_MOST_S 120

typedef struct {
    uint64_t right, wrong, corrupt, renewed, failed;
} report_t;

typedef struct {
    void (*use) (ink_cache_t *cache, uint64_t round);
    pid_t process;
    int order, answer; //  Pipes
    uint64_t deaths, hangs, corrupt, renewed, failed;
    report_t last;
} child_t;

//  ---------------------------------------------------------------------------------------
//  In the children

//  Puts what is missing in small batches, and lets some go again. What fails may fail.
static void
write_a_round (ink_cache_t *cache, uint64_t round)
{
    ink_series_t series;
    uint64_t records, bad;
    for (uint64_t n = 0; n < RECORDS; n += 50)
        put_all (cache, n, n + 50);
    memset (series.bytes, (int) (round % 4), sizeof series.bytes);
    ink_cache_purge (cache, &series);
    if (round % 8 == 0)
        ink_cache_verify (cache, &records, &bad);
    ink_cache_tend (cache);
}

static void
only_read (ink_cache_t *cache, uint64_t round)
{
    (void) round;
    ink_cache_tend (cache);
}

static void
see_values (ink_cache_t *cache, report_t *report)
{
    count_t count = count_values (cache, 0, RECORDS);
    report->right = count.right;
    report->wrong += count.wrong;
}

static void
serve_rounds (const world_t *self, const child_t *child, int order, int answer)
{
    uint64_t round;
    ink_cache_stat_t stat;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    if (!cache)
        _exit (NOT_OPENED);
    while (read (order, &round, sizeof round) == sizeof round) {
        alarm (ROUND_MOST_S);
        report_t report = {.wrong = 0};
        see_values (cache, &report);
        child->use (cache, round);
        see_values (cache, &report);
        ink_cache_stat (cache, &stat);
        alarm (0);
        report.corrupt = stat.corrupt;
        report.renewed = stat.renewed;
        report.failed = stat.failed;
        if (write (answer, &report, sizeof report) != sizeof report)
            break;
    }
    ink_cache_close (&cache);
    _exit (FINE);
}

//  ---------------------------------------------------------------------------------------
//  In the parent

//  An end of a sibling's pipe would keep it from seeing the parent's close.
static void
close_all_but (int one, int other)
{
    for (int file = 3; file < 256; file++)
        if (file != one && file != other)
            close (file);
}

static void
bear (const world_t *self, child_t *child)
{
    int orders[2], answers[2];
    assert_int_equal (pipe (orders) | pipe (answers), 0);
    child->process = fork ();
    if (child->process == 0) {
        unhandle ();
        close_all_but (orders[0], answers[1]);
        serve_rounds (self, child, orders[0], answers[1]);
    }
    close (orders[0]);
    close (answers[1]);
    child->order = orders[1];
    child->answer = answers[0];
    child->last = (report_t){.right = 0};
}

static int
bury (child_t *child)
{
    int status;
    close (child->order);
    close (child->answer);
    assert_int_equal (waitpid (child->process, &status, 0), child->process);
    return status;
}

//  False when the child died in it.
static bool
have_round (child_t *child, uint64_t round)
{
    report_t before = child->last, *now = &child->last;
    if (write (child->order, &round, sizeof round) != sizeof round ||
        read (child->answer, now, sizeof *now) != sizeof *now)
        return false;
    assert_int_equal (now->wrong, 0);
    child->corrupt += now->corrupt - before.corrupt;
    child->renewed += now->renewed - before.renewed;
    child->failed += now->failed - before.failed;
    return true;
}

//  Who dies has a successor, which finds the damage when it opens the store, and lives.
static void
have_round_or_successor (const world_t *self, child_t *child, uint64_t round)
{
    if (have_round (child, round))
        return;
    int status = bury (child);
    assert_int_not_equal (status, FINE);
    assert_int_not_equal (WEXITSTATUS (status), NOT_OPENED);
    child->hangs += WTERMSIG (status) == SIGALRM;
    child->deaths++;
    bear (self, child);
    if (!have_round (child, round))
        fail_msg ("round %d: the successor ended with %x", (int) round, bury (child));
}

static int
open_data (const world_t *self, off_t *end)
{
    char path[PATH_MOST];
    in_folder (self, "data.mdb", path);
    int file = open (path, O_RDWR | O_CLOEXEC);
    assert_true (file >= 0);
    *end = lseek (file, 0, SEEK_HOLE);
    assert_true (*end >= 8192);
    return file;
}

static uint64_t
choose_page (world_t *self, off_t end)
{
    return next_random (&self->random) % ((uint64_t) end / ink_page_size ());
}

//  Every second one in the first bytes of a page of a tree or of a head, where it hurts.
static void
flip_a_bit (world_t *self)
{
    off_t end, place = 0;
    int file = open_data (self, &end);
    bool aimed = next_random (&self->random) % 2;
    for (int tries = 0; tries < 10000; tries++) {
        ink_page_t page;
        place = (off_t) (choose_page (self, end) * ink_page_size ());
        assert_int_equal (pread (file, &page, sizeof page, place), sizeof page);
        if (!aimed || !(page.flags & INK_PAGE_OVERFLOW))
            break;
    }
    uint64_t bit = next_random (&self->random) % (8 * (aimed ? 128 : ink_page_size ()));
    uint8_t byte;
    place += (off_t) (bit / 8);
    assert_int_equal (pread (file, &byte, 1, place), 1);
    byte ^= (uint8_t) (1 << bit % 8);
    assert_int_equal (pwrite (file, &byte, 1, place), 1);
    close (file);
}

static void
clear_a_page (world_t *self)
{
    static const uint8_t zeros[65536];
    off_t end;
    int file = open_data (self, &end);
    off_t place = (off_t) (choose_page (self, end) * ink_page_size ());
    assert_true (pwrite (file, zeros, ink_page_size (), place) > 0);
    close (file);
}

static void
cut_it_short (world_t *self)
{
    off_t end;
    int file = open_data (self, &end);
    off_t size = (off_t) (next_random (&self->random) % (uint64_t) end);
    assert_int_equal (ftruncate (file, size), 0);
    close (file);
}

static uint64_t
campaign (uint64_t count)
{
    const char *times = getenv ("INK_CAMPAIGN");
    return count * (times ? strtoull (times, NULL, 10) : 1);
}

//  Whatever happened, soon all but the purged can be written, and is found by both.
static void
recover (const world_t *self, child_t *writer, child_t *reader, uint64_t round)
{
    time_t end = time (NULL) + ROUND_MOST_S;
    do {
        assert_true (time (NULL) < end);
        have_round_or_successor (self, writer, round);
        have_round_or_successor (self, reader, round);
    } while (writer->last.right < RECORDS * 3 / 4 ||
             reader->last.right < RECORDS * 3 / 4);
}

static void
tell (const char *who, const child_t *child)
{
    print_message (
        "    %s: died %d, hung %d, bad records %d, opened anew %d, failed %d\n", who,
        (int) child->deaths, (int) child->hangs, (int) child->corrupt,
        (int) child->renewed, (int) child->failed);
}

//  Returns how many died.
static uint64_t
damage_in_use (world_t *self, const char *what, void (*damage) (world_t *self),
               uint64_t rounds)
{
    child_t writer = {.use = write_a_round}, reader = {.use = only_read};
    signal (SIGPIPE, SIG_IGN);
    bear (self, &writer);
    assert_true (have_round (&writer, 0));
    bear (self, &reader);
    for (uint64_t round = 1; round <= rounds; round++) {
        damage (self);
        have_round_or_successor (self, &reader, round);
        have_round_or_successor (self, &writer, round);
        recover (self, &writer, &reader, round);
    }
    assert_int_equal (bury (&writer), FINE);
    assert_int_equal (bury (&reader), FINE);
    print_message ("%s: %d, wrong values 0\n", what, (int) rounds);
    tell ("writer", &writer);
    tell ("reader", &reader);
    return writer.deaths + reader.deaths;
}

static void
bits_flip_in_use (void **state)
{
    damage_in_use (*state, "bits flipped", flip_a_bit, campaign (100));
}

static void
pages_are_cleared_in_use (void **state)
{
    damage_in_use (*state, "pages cleared", clear_a_page, campaign (20));
}

//  Each look and step begins with the length of the file, so nobody dies of it.
static void
the_file_is_cut_in_use (void **state)
{
    uint64_t deaths = damage_in_use (*state, "files cut", cut_it_short, campaign (20));
    assert_int_equal (deaths, 0);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (bits_flip_in_use),
        TEST (pages_are_cleared_in_use),
        TEST (the_file_is_cut_in_use),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

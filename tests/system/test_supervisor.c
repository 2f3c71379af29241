//  test_supervisor.c: a supervisor whose parts hang, and whose cache crashes them.

#include "asking.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "oracle.h"

#define CHUNK (64 * KIB)
#define SIZE (2 * MIB + 77)
#define PACE 500000 //  Half a second a MiB
#define SILENCE_MS 5000
#define LOOK_MS 500
#define PAGE 4096

enum { SINK, VENTILATOR, WORKER_1, WORKER_2, PARTS };
static const char *const names[PARTS] = {"sink", "ventilator", "worker-1", "worker-2"};

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *client;
    pid_t server;
    pid_t parts[PARTS]; //  As we have seen them last
} place_t;

static void
see_parts (place_t *place)
{
    wait_live (place->client, 2);
    for (size_t n = 0; n < PARTS; n++)
        UNTIL ((place->parts[n] = child_with (place->server, names[n])), SOON_MS);
}

static void
serve (place_t *place)
{
    place->server = start (place->world, "serve",
                           "inkling serve --root data=$F --cache $F/cache --load $SLOW "
                           "--load $BAD --workers 2");
    see_parts (place);
}

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    //  A crash is a crash, also under a sanitizer
    setenv ("ASAN_OPTIONS",
            "handle_segv=0:handle_sigbus=0:handle_abort=0:replace_intrin=0", 1);
    place->bytes = make_file (place->world, "file", NOISE, 17, SIZE);
    place->client = connect_to (world_endpoint (place->world, false));
    serve (place);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    free (place);
    return world_end (&world);
}

//  ---------------------------------------------------------------------------------------
//  What the tests do and see

static bool
log_has (place_t *place, const char *words)
{
    size_t size;
    return strstr (read_file (place->world, "serve.log", &size), words);
}

static bool
is_replaced (const place_t *place, size_t part)
{
    pid_t now = child_with (place->server, names[part]);
    return now && now != place->parts[part];
}

static bool
all_are_the_same (const place_t *place)
{
    for (size_t n = 0; n < PARTS; n++)
        if (child_with (place->server, names[n]) != place->parts[n])
            return false;
    return true;
}

static ink_request_t *
slow_question (int64_t pace)
{
    ink_request_t *request = question ("data/file", "slow", pace);
    ink_request_set_chunk (request, CHUNK);
    return request;
}

//  Asks with a pace that is new, so that it must be computed, or an old one.
static uint64_t
answer (place_t *place, int64_t pace)
{
    replies_t replies = {0};
    ink_request_t *request = slow_question (pace);
    submit (place->client, request);
    take_finals (place->client, &replies, 1, 3 * SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, place->bytes, 0, SIZE);
    uint64_t cached = ink_reply_cached (final_of (&replies, "slow"));
    forget (&replies);
    ink_request_destroy (&request);
    return cached;
}

//  ---------------------------------------------------------------------------------------
//  Parts that hang

//  A stopped process is as silent as one that loops, and hears no SIGTERM either.
static void
stop_one (place_t *place, size_t part)
{
    replies_t replies = {0};
    ink_request_t *request = slow_question (PACE);
    submit (place->client, request);
    wait_partial (place->client, &replies);
    kill (place->parts[part], SIGSTOP);
    UNTIL (is_replaced (place, part), SOON_MS);
    take_finals (place->client, &replies, 1, 3 * SOON_MS);
    check_final (final_of (&replies, "slow"), NULL, place->bytes, 0, SIZE);
    assert_int_equal (replies.finals, 1);
    forget (&replies);
    ink_request_destroy (&request);
    assert_true (log_has (place, "has been silent"));
    assert_true (log_has (place, "so it is killed"));
    for (size_t n = 0; n < PARTS; n++)
        if (n != part)
            assert_int_equal (child_with (place->server, names[n]), place->parts[n]);
}

static void
a_sink_that_hangs_is_replaced (void **state)
{
    stop_one (*state, SINK);
}

static void
a_ventilator_that_hangs_is_replaced (void **state)
{
    stop_one (*state, VENTILATOR);
}

static void
signal_parts (const place_t *place, int signal)
{
    for (size_t n = 0; n < PARTS; n++)
        kill (place->parts[n], signal);
}

//  Lets time pass: here it is what the test is about.
static void
pass (int ms)
{
    int64_t until = now_ms () + ms;
    while (now_ms () < until)
        poll (NULL, 0, (int) (until - now_ms ()));
}

//  The parts stop before their supervisor, and go on after it, so that it sees some of their
//  silence. True when it was little; a busy machine cannot be sure.
static bool
pause_all (place_t *place)
{
    int64_t began = now_ms ();
    signal_parts (place, SIGSTOP);
    pass (LOOK_MS + 100);
    kill (place->server, SIGSTOP);
    pass (SILENCE_MS + 1000);
    kill (place->server, SIGCONT);
    pass (LOOK_MS + 100);
    signal_parts (place, SIGCONT);
    return now_ms () - began < SILENCE_MS + 3000;
}

static void
a_pause_of_everything_kills_nobody (void **state)
{
    place_t *place = *state;
    answer (place, 1000);
    for (int n = 0; n < 3; n++) {
        bool seen_little = pause_all (place);
        answer (place, PACE + n); //  A kill would come meanwhile
        if (seen_little) {
            assert_false (log_has (place, "has been silent"));
            assert_true (all_are_the_same (place));
            return;
        }
        see_parts (place);
    }
    print_message ("this machine is too busy to tell\n");
}

static void
a_supervisor_that_was_stopped_kills_nobody (void **state)
{
    place_t *place = *state;
    kill (place->server, SIGSTOP);
    int64_t until = now_ms () + SILENCE_MS + 1000;
    for (int64_t pace = 1000; now_ms () < until; pace++)
        answer (place, pace);
    kill (place->server, SIGCONT);
    answer (place, PACE);
    assert_false (log_has (place, "has been silent"));
    assert_true (all_are_the_same (place));
}

//  Whatever its children are doing.
static void
a_supervisor_that_is_killed_leaves_nothing_that_hangs (void **state)
{
    place_t *place = *state;
    ink_request_t *request = question ("data/file", "bad", 0);
    assert_int_equal (ink_request_set_param (request, "fault", 1), INK_OK); //  To loop
    submit (place->client, request);
    UNTIL (access (world_text (place->world, "%s/struck", world_folder (place->world)),
                   F_OK) == 0,
           SOON_MS);
    kill (place->parts[SINK], SIGSTOP);
    kill_hard (place->world, place->server);
    UNTIL (processes_of (place->world) == 0, SOON_MS);
    ink_request_destroy (&request);
}

//  ---------------------------------------------------------------------------------------
//  A cache that crashes who uses it

static void
crash (place_t *place, size_t part)
{
    kill (place->parts[part], SIGSEGV);
    UNTIL (is_replaced (place, part), 2 * SOON_MS);
    see_parts (place);
}

static void
crashes_have_a_sound_cache_checked_and_kept (void **state)
{
    place_t *place = *state;
    answer (place, 1000);
    crash (place, SINK);
    assert_false (log_has (place, "it is checked"));
    crash (place, VENTILATOR);
    assert_true (log_has (place, "it is checked"));
    assert_true (log_has (place, "it is sound"));
    assert_int_equal (answer (place, 1000), SIZE);
}

static void
crashes_that_go_on_have_the_cache_set_aside (void **state)
{
    place_t *place = *state;
    answer (place, 1000);
    for (int n = 0; n < 4; n++)
        crash (place, SINK);
    assert_true (log_has (place, "set aside, though no damage was found"));
    assert_true (log_has (place, "a new cache begins"));
    assert_int_equal (answer (place, 1000), 0);
    assert_int_equal (answer (place, 1000), SIZE);
}

//  A worker does not use it.
static void
crashes_of_workers_are_not_the_caches_fault (void **state)
{
    place_t *place = *state;
    for (int n = 0; n < 4; n++)
        crash (place, WORKER_1);
    assert_false (log_has (place, "who uses the cache crashes"));
}

//  Has each leaf of the trees of LMDB say that it is fuller than a page can be, so that whoever
//  changes it crashes. The file stays the same file: it may be in use.
static void
damage_cache (place_t *place)
{
    size_t size, damaged = 0;
    uint8_t *bytes = read_file (place->world, "cache/data.mdb", &size);
    int file =
        open (world_text (place->world, "%s/cache/data.mdb", world_folder (place->world)),
              O_WRONLY | O_CLOEXEC);
    for (uint64_t page = 2; page < size / PAGE; page++) {
        const uint8_t *head = bytes + page * PAGE;
        uint64_t number;
        memcpy (&number, head, sizeof number);
        if (number != page || head[10] != 2 || head[11] != 0)
            continue;
        assert_int_equal (
            pwrite (file, "\xb0\x0f\xf0\xff", 4, (off_t) (page * PAGE + 12)), 4);
        damaged++;
    }
    close (file);
    assert_true (damaged > 0);
}

//  Questions that are new have the sink write, and it crashes until the cache is another: the
//  one that follows finds the damage when it opens the cache.
static void
a_cache_that_is_damaged_under_us_is_set_aside (void **state)
{
    place_t *place = *state;
    answer (place, 1000);
    damage_cache (place);
    answer (place, 1001);
    UNTIL (log_has (place, "is damaged: it is set aside"), SOON_MS);
    assert_false (log_has (place, "though no damage was found"));
    see_parts (place);
    answer (place, 1002);
    assert_int_equal (answer (place, 1002), SIZE);
    size_t size;
    read_file (place->world, "cache/bad/data.mdb", &size);
    assert_true (size > 0);
}

//  The server is not, as its parts are, started again by anybody.
static void
a_damaged_cache_does_not_keep_the_server_from_beginning (void **state)
{
    place_t *place = *state;
    answer (place, 1000);
    kill (place->server, SIGTERM);
    assert_int_equal (end_of (place->world, place->server, SOON_MS), 0);
    damage_cache (place);
    serve (place);
    answer (place, 1001);
    assert_true (log_has (place, "is damaged: it is set aside"));
    assert_int_equal (answer (place, 1001), SIZE);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (a_sink_that_hangs_is_replaced),
        TEST (a_ventilator_that_hangs_is_replaced),
        TEST (a_pause_of_everything_kills_nobody),
        TEST (a_supervisor_that_was_stopped_kills_nobody),
        TEST (a_supervisor_that_is_killed_leaves_nothing_that_hangs),
        TEST (crashes_have_a_sound_cache_checked_and_kept),
        TEST (crashes_that_go_on_have_the_cache_set_aside),
        TEST (crashes_of_workers_are_not_the_caches_fault),
        TEST (a_cache_that_is_damaged_under_us_is_set_aside),
        TEST (a_damaged_cache_does_not_keep_the_server_from_beginning),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

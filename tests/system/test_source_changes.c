//  test_source_changes.c: a file that is written to while it is read gives an error, never a
//  mixture, and nothing of it stays in the cache.

#include "asking.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 * KIB)
#define SIZE (3 * MIB)
#define PACE 400000

typedef struct {
    world_t *world;
    const char *name;
    uint8_t *bytes;
    ink_local_t *local;
    ink_client_t *client, *other;
} place_t;

static int
begin (void **state)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", NOISE, 9, SIZE);
    place->name = world_text (place->world, "%s/file", world_folder (place->world));
    ink_local_options_t options = {
        .workers = 2,
        .cache = world_text (place->world, "%s/cache", world_folder (place->world))};
    int error;
    place->local = ink_local_new (&options, &error);
    assert_int_equal (error, INK_OK);
    place->client = connect_to (ink_local_endpoint (place->local));
    place->other = connect_to (ink_local_endpoint (place->local));
    wait_live (place->client, 2);
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    ink_client_destroy (&place->other);
    ink_local_destroy (&place->local);
    free (place);
    return world_end (&world);
}

static ink_request_t *
slow_question (const place_t *place, int64_t pace)
{
    ink_request_t *request = question (place->name, "slow", pace);
    ink_request_set_chunk (request, CHUNK);
    return request;
}

static long
cached_values (place_t *place)
{
    ran_t ran = run (place->world, SOON_MS, "inkling cache stat --json --cache $F/cache");
    assert_int_equal (ran.status, 0);
    const char *records = strstr (ran.out, "\"records\":");
    assert_non_null (records);
    return strtol (records + strlen ("\"records\":"), NULL, 10);
}

typedef void change_t (place_t *place);

//  Two clients read; both are told, and what is asked next is right.
static void
change_while_it_is_read (place_t *place, change_t *change)
{
    ink_request_t *request = slow_question (place, PACE);
    ink_request_t *second = slow_question (place, PACE);
    replies_t replies = {0}, others = {0};
    submit (place->client, request);
    submit (place->other, second);
    wait_partial (place->client, &replies);
    assert_true (cached_values (place) > 0);
    change (place);
    take_finals (place->client, &replies, 1, SOON_MS);
    take_finals (place->other, &others, 1, SOON_MS);
    const ink_reply_t *final = final_of (&replies, "slow");
    assert_int_equal (ink_reply_error (final), INK_ECHANGED);
    assert_string_equal (ink_reply_status (final), "failed");
    assert_int_equal (ink_reply_error (final_of (&others, "slow")), INK_ECHANGED);
    UNTIL (leases_held (place->client) == 0, SOON_MS);
    UNTIL (cached_values (place) == 0, SOON_MS);
    forget (&replies);
    forget (&others);
    ink_request_destroy (&request);
    ink_request_destroy (&second);
}

//  Of a file of that size: the chunks, and the nodes above them.
static long
nodes_of (size_t size)
{
    long nodes = 0;
    for (size_t count = size, span = CHUNK; count > 1; span *= 16) {
        count = (size + span - 1) / span;
        nodes += (long) count;
    }
    return nodes;
}

static void
ask_again (place_t *place)
{
    size_t size;
    uint8_t *bytes = read_file (place->world, "file", &size);
    ink_request_t *request = slow_question (place, 0);
    check_answer (place->client, request, "slow", bytes, 0, size);
    check_answer (place->client, request, "slow", bytes, 0, size); //  From the cache
    ink_request_destroy (&request);
    UNTIL (cached_values (place) == nodes_of (size), SOON_MS);
}

//  ---------------------------------------------------------------------------------------

static void
rewrite_end (place_t *place)
{
    int file = open (place->name, O_WRONLY | O_CLOEXEC);
    assert_int_equal (pwrite (file, "changed", 7, SIZE - 100), 7);
    close (file);
}

static void
rewrite_beginning (place_t *place)
{
    int file = open (place->name, O_WRONLY | O_CLOEXEC);
    assert_int_equal (pwrite (file, "changed", 7, 0), 7);
    close (file);
}

static void
truncate_it (place_t *place)
{
    assert_int_equal (truncate (place->name, SIZE / 2), 0);
}

static void
append (place_t *place)
{
    int file = open (place->name, O_WRONLY | O_APPEND | O_CLOEXEC);
    assert_int_equal (write (file, "more", 4), 4);
    close (file);
}

//  The bytes differ, size and time of writing are what they were.
static void
rewrite_and_turn_back_the_clock (place_t *place)
{
    struct stat before;
    stat (place->name, &before);
    rewrite_end (place);
    const struct timespec times[2] = {before.st_atim, before.st_mtim};
    assert_int_equal (utimensat (AT_FDCWD, place->name, times, 0), 0);
}

static void
replace (place_t *place)
{
    make_file (place->world, "new", TEXT, 1, SIZE);
    rename (world_text (place->world, "%s/new", world_folder (place->world)),
            place->name);
    //  Whoever has the old one open could go on for ever: it has a new ctime, though
}

static void
removal (place_t *place)
{
    unlink (place->name);
}

static void
a_rewritten_file_is_told_of (void **state)
{
    change_while_it_is_read (*state, rewrite_end);
    ask_again (*state);
}

static void
a_beginning_that_was_read_already_counts_too (void **state)
{
    change_while_it_is_read (*state, rewrite_beginning);
    ask_again (*state);
}

static void
a_truncated_file_is_told_of (void **state)
{
    change_while_it_is_read (*state, truncate_it);
    ask_again (*state);
}

static void
an_appended_file_is_told_of (void **state)
{
    change_while_it_is_read (*state, append);
    ask_again (*state);
}

static void
a_time_that_was_set_back_hides_nothing (void **state)
{
    change_while_it_is_read (*state, rewrite_and_turn_back_the_clock);
    ask_again (*state);
}

static void
a_replaced_file_is_told_of (void **state)
{
    change_while_it_is_read (*state, replace);
    ask_again (*state);
}

static void
a_removed_file_is_told_of (void **state)
{
    place_t *place = *state;
    change_while_it_is_read (place, removal);
    replies_t replies = {0};
    ink_request_t *request = slow_question (place, 0);
    submit (place->client, request);
    take_finals (place->client, &replies, 1, SOON_MS);
    assert_int_equal (ink_reply_error (replies.items[0]), INK_ENOTFOUND);
    forget (&replies);
    ink_request_destroy (&request);
}

//  Between two requests: what the cache has of the old one is not used for the new one.
static void
a_file_that_changed_since_is_another_one (void **state)
{
    place_t *place = *state;
    for (int round = 0; round < 20; round++) {
        size_t size = SIZE / 4 + (size_t) (round % 2) * 5;
        uint8_t *bytes = make_file (place->world, "file", NOISE, (uint64_t) round, size);
        ink_request_t *request = slow_question (place, 0);
        check_answer (place->client, request, "slow", bytes, 0, size);
        ink_request_destroy (&request);
    }
}

//  The clock of a file system goes in steps of some milliseconds. Within one step a file can
//  be written twice and look the same.
static void
a_file_that_changed_a_moment_ago_is_another_one_too (void **state)
{
    place_t *place = *state;
    for (int round = 0; round < 300; round++) {
        uint8_t *bytes = make_file (place->world, "file", NOISE, (uint64_t) round, 4096);
        ink_request_t *request = question (place->name, "histogram", -1);
        check_answer (place->client, request, "histogram", bytes, 0, 4096);
        ink_request_destroy (&request);
    }
}

static int
load_slow (void **state)
{
    (void) state;
    return ink_kernel_load (slow_kernel (), NULL, 0);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (a_rewritten_file_is_told_of),
        TEST (a_beginning_that_was_read_already_counts_too),
        TEST (a_truncated_file_is_told_of),
        TEST (an_appended_file_is_told_of),
        TEST (a_time_that_was_set_back_hides_nothing),
        TEST (a_replaced_file_is_told_of),
        TEST (a_removed_file_is_told_of),
        TEST (a_file_that_changed_since_is_another_one),
        TEST (a_file_that_changed_a_moment_ago_is_another_one_too),
    };
    return cmocka_run_group_tests (tests, load_slow, NULL);
}

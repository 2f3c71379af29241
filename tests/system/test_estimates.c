//  test_estimates.c: the first inkling of a large range, and answers that stay one.

#include "asking.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include "../unit/chance.h"
#include "oracle.h"

#define GIB ((uint64_t) 1 << 30)
#define LARGE (80 * MIB) //  Enough to be sampled while no speed is known
#define BEYOND 2         //  One reply of twenty may be beyond its bound, none far

typedef struct {
    world_t *world;
    ink_local_t *local;
    ink_client_t *client;
} place_t;

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    int error;
    place->local = ink_local_new (&(ink_local_options_t){.workers = 2}, &error);
    assert_int_equal (error, INK_OK);
    place->client = connect_to (ink_local_endpoint (place->local));
    wait_live (place->client, 2);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    ink_local_destroy (&place->local);
    free (place);
    return world_end (&world);
}

static const char *
path_of (place_t *place, const char *name)
{
    return world_text (place->world, "%s/%s", world_folder (place->world), name);
}

//  Text and noise, by turns of some MiB.
static uint8_t *
make_patchwork (place_t *place, size_t size)
{
    uint8_t *bytes = malloc (size);
    uint64_t seed = 5;
    assert_non_null (bytes);
    for (size_t n = 0; n < size; n++) {
        uint64_t drawn = n % 8 ? seed >> n % 8 * 8 : chance (&seed);
        bytes[n] = (uint8_t) (n / (3 * MIB) % 2 ? drawn : 'a' + drawn % 16);
    }
    write_file (place->world, "patchwork", bytes, size);
    return world_keep (place->world, bytes);
}

//  40 GiB, of which 64 places have a MiB of noise.
static const char *
make_huge (place_t *place)
{
    const char *path = path_of (place, "huge");
    uint8_t *noise = malloc (MIB);
    uint64_t seed = 9;
    int file = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_int_equal (ftruncate (file, (off_t) (40 * GIB)), 0);
    for (uint64_t n = 0; n < MIB; n++)
        noise[n] = (uint8_t) chance (&seed);
    for (uint64_t n = 0; n < 64; n++)
        assert_int_equal (
            pwrite (file, noise, MIB, (off_t) (n * (40 * GIB / 64) + n * 4099)),
            (ssize_t) MIB);
    close (file);
    free (noise);
    return path;
}

//  ---------------------------------------------------------------------------------------

static uint64_t
sum_of (const ink_reply_t *reply)
{
    const uint64_t *counts = ink_reply_data (reply);
    uint64_t sum = 0;
    for (size_t n = 0; n < ink_reply_size (reply) / 8; n++)
        sum += counts[n];
    return sum;
}

//  What a reply with an estimate says of itself, and that it stands for the whole range.
static void
check_claim (const ink_reply_t *reply)
{
    uint64_t total = ink_reply_total (reply);
    assert_true (covered_by (reply) + ink_reply_estimated (reply) == total);
    assert_true (ink_reply_bound (reply) > 0 && ink_reply_bound (reply) < 1);
    assert_true (sum_of (reply) > total - total / 50 &&
                 sum_of (reply) < total + total / 50);
}

//  By how much the counter that is most wrong is wrong, as a share of the range.
static double
error_of (const ink_reply_t *reply, const uint8_t *bytes)
{
    const uint64_t *counts = ink_reply_data (reply);
    void *truth;
    size_t size;
    oracle_compute (ink_reply_kernel (reply), NULL, bytes, 0, ink_reply_total (reply),
                    &truth, &size);
    uint64_t most = 0;
    assert_int_equal (size, ink_reply_size (reply));
    for (size_t n = 0; n < size / 8; n++) {
        uint64_t right = ((uint64_t *) truth)[n];
        uint64_t wrong = counts[n] > right ? counts[n] - right : right - counts[n];
        most = wrong > most ? wrong : most;
    }
    free (truth);
    return (double) most / (double) ink_reply_total (reply);
}

static void
the_first_reply_of_a_huge_range_is_an_estimate_from_samples (void **state)
{
    place_t *place = *state;
    ink_request_t *request = question (make_huge (place), "histogram", -1);
    ink_request_add_kernel (request, "digraph");
    replies_t replies = {0};
    submit (place->client, request);
    for (size_t n = 0; n < 2; n++) {
        assert_true (take_reply (place->client, &replies, SOON_MS));
        const ink_reply_t *first = replies.items[n];
        assert_false (ink_reply_is_final (first));
        assert_int_equal (covered_by (first), 0);
        check_claim (first);
        assert_true (((const uint64_t *) ink_reply_data (first))[0] > 39 * GIB);
    }
    assert_string_not_equal (ink_reply_kernel (replies.items[0]),
                             ink_reply_kernel (replies.items[1]));
    assert_int_equal (ink_client_cancel (place->client, ink_request_id (request)),
                      INK_OK);
    take_finals (place->client, &replies, 2, SOON_MS);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
estimates_hold_and_the_final_is_exact (void **state)
{
    place_t *place = *state;
    uint8_t *bytes = make_patchwork (place, LARGE);
    ink_request_t *request = question (path_of (place, "patchwork"), "histogram", -1);
    ink_request_add_kernel (request, "digraph");
    replies_t replies = {0};
    submit (place->client, request);
    take_finals (place->client, &replies, 2, 3 * SOON_MS);
    size_t estimates = 0;
    for (size_t n = 0; n < replies.size; n++) {
        const ink_reply_t *reply = replies.items[n];
        if (ink_reply_is_final (reply)) {
            assert_int_equal (ink_reply_estimated (reply), 0);
            assert_true (ink_reply_bound (reply) < 0);
            check_final (reply, NULL, bytes, 0, LARGE);
        } else if (ink_reply_estimated (reply)) {
            check_claim (reply);
            assert_true (error_of (reply, bytes) < BEYOND * ink_reply_bound (reply));
            estimates++;
        }
    }
    assert_true (estimates >= 2);
    assert_true (counter (place->client, "samples") > 0);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
who_wants_no_estimates_gets_what_is_exact (void **state)
{
    place_t *place = *state;
    make_patchwork (place, LARGE);
    ink_request_t *request = question (path_of (place, "patchwork"), "histogram", -1);
    ink_request_set_estimates (request, false);
    replies_t replies = {0};
    submit (place->client, request);
    take_finals (place->client, &replies, 1, 3 * SOON_MS);
    for (size_t n = 0; n < replies.size; n++) {
        assert_int_equal (ink_reply_estimated (replies.items[n]), 0);
        assert_true (ink_reply_bound (replies.items[n]) < 0);
        assert_true (sum_of (replies.items[n]) == covered_by (replies.items[n]));
    }
    assert_int_equal (counter (place->client, "samples"), 0);
    forget (&replies);
    ink_request_destroy (&request);
}

//  ---------------------------------------------------------------------------------------
//  Only sampled

static void
a_tenth_is_computed_and_the_final_says_so (void **state)
{
    place_t *place = *state;
    uint8_t *bytes = make_patchwork (place, LARGE);
    ink_request_t *request = question (path_of (place, "patchwork"), "histogram", -1);
    ink_request_add_kernel (request, "digraph");
    assert_int_equal (ink_request_set_sample (request, 0.1), INK_OK);
    replies_t replies = {0};
    submit (place->client, request);
    take_finals (place->client, &replies, 2, 3 * SOON_MS);
    for (size_t n = 0; n < replies.size; n++) {
        const ink_reply_t *reply = replies.items[n];
        if (!ink_reply_is_final (reply))
            continue;
        assert_int_equal (ink_reply_error (reply), INK_OK);
        assert_string_equal (ink_reply_status (reply), "ok");
        check_claim (reply);
        assert_in_range (covered_by (reply), LARGE / 10, LARGE / 10 + MIB);
        assert_true (error_of (reply, bytes) < BEYOND * ink_reply_bound (reply));
    }
    forget (&replies);
    ink_request_destroy (&request);
}

static void
what_is_not_counted_is_not_sampled (void **state)
{
    place_t *place = *state;
    make_file (place->world, "file", NOISE, 1, MIB);
    ink_request_t *request = question (path_of (place, "file"), "entropy", -1);
    assert_int_equal (ink_request_set_sample (request, 0.5), INK_OK);
    replies_t replies = {0};
    submit (place->client, request);
    take_finals (place->client, &replies, 1, SOON_MS);
    assert_int_equal (ink_reply_error (replies.items[0]), INK_EPARAM);
    assert_non_null (strstr (ink_reply_detail (replies.items[0]), "cannot be sampled"));
    forget (&replies);
    ink_request_destroy (&request);
}

static void
the_program_says_how_approximate_it_is (void **state)
{
    place_t *place = *state;
    make_patchwork (place, LARGE);
    ran_t ran = run (place->world, 3 * SOON_MS,
                     "inkling run histogram $F/patchwork --no-cache --sample 0.1");
    assert_int_equal (ran.status, 0);
    assert_non_null (strstr (ran.out, "approximate: 10.0 % known, ± "));
    ran =
        run (place->world, 3 * SOON_MS,
             "inkling run histogram $F/patchwork --no-cache --sample 0.1 --format json");
    assert_non_null (strstr (ran.out, "\"estimated\":"));
    assert_null (strstr (ran.out, "\"estimated\":0,"));
    assert_non_null (strstr (ran.out, "\"bound\":0.0"));
    ran = run (place->world, 3 * SOON_MS,
               "inkling run histogram $F/patchwork --no-cache --format json");
    assert_non_null (strstr (ran.out, "\"estimated\":0,\"bound\":null,"));
    ran = run (place->world, 3 * SOON_MS,
               "inkling run histogram $F/patchwork --no-cache --json --no-estimates");
    assert_null (strstr (ran.out, "\"bound\":0"));
    ran = run (place->world, SOON_MS, "inkling run entropy $F/patchwork --sample 0.1");
    assert_int_equal (ran.status, 2);
    ran = run (place->world, SOON_MS, "inkling run histogram $F/patchwork --sample 1.5");
    assert_int_equal (ran.status, 2);
}

//  ---------------------------------------------------------------------------------------
//  Workers that die

static uint64_t
deaths (ink_client_t *client)
{
    ink_status_t *status = ink_client_status (client, SOON_MS);
    uint64_t sum = 0;
    const ink_worker_info_t *info;
    assert_non_null (status);
    for (size_t n = 0; (info = ink_status_worker (status, n)); n++)
        sum += info->deaths;
    ink_status_destroy (&status);
    return sum;
}

static void
a_worker_that_dies_with_a_sample_takes_no_part_with_it (void **state)
{
    place_t *place = *state;
    uint8_t *bytes = make_file (place->world, "file", NOISE, 3, 2 * MIB);
    ink_client_t *client = connect_to (world_endpoint (place->world, false));
    pid_t server =
        start (place->world, "serve",
               "inkling serve --root data=$F --no-cache --load $SLOW --workers 2");
    wait_live (client, 2);
    replies_t replies = {0};
    ink_request_t *small = question ("data/file", "slow", 2000000); //  2 s a MiB
    ink_request_set_range (small, 0, 65536);
    submit (client, small);
    take_finals (client, &replies, 1, SOON_MS);
    forget (&replies);
    ink_request_t *request = question ("data/file", "slow", 2000000);
    ink_request_set_chunk (request, 65536);
    submit (client, request);
    UNTIL (leases_held (client) >= 2, SOON_MS);
    signal_child (server, "worker-1", SIGKILL);
    take_finals (client, &replies, 1, 5 * SOON_MS);
    assert_true (counter (client, "workers_lost") >= 1);
    assert_int_equal (deaths (client), 0);
    check_final (final_of (&replies, "slow"), NULL, bytes, 0, 2 * MIB);
    forget (&replies);
    ink_request_destroy (&small);
    ink_request_destroy (&request);
    ink_client_destroy (&client);
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, begin, end)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (the_first_reply_of_a_huge_range_is_an_estimate_from_samples),
        STORY (estimates_hold_and_the_final_is_exact),
        STORY (who_wants_no_estimates_gets_what_is_exact),
        STORY (a_tenth_is_computed_and_the_final_says_so),
        STORY (what_is_not_counted_is_not_sampled),
        STORY (the_program_says_how_approximate_it_is),
        STORY (a_worker_that_dies_with_a_sample_takes_no_part_with_it),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

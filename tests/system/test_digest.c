//  test_digest.c: a chain of parts over real processes: killed midway, cut anyhow, continued.

#include "asking.h"

#include <signal.h>

#include "oracle.h"

#define CHUNK (64 * KIB)
#define SIZE (3 * MIB + 77)
#define PACE 300000 //  A third of a second a MiB

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *client;
    pid_t server;
} place_t;

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    world_begin ((void **) &place->world);
    place->bytes = make_file (place->world, "file", NOISE, 12, SIZE);
    place->client = connect_to (world_endpoint (place->world, false));
    place->server =
        start (place->world, "serve",
               "inkling serve --root data=$F --cache $F/cache --load $SLOW --workers 2");
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
    free (place);
    return world_end (&world);
}

//  Of a digest alone, or one that is as slow as the kernel beside it.
static ink_request_t *
digest_of (uint64_t offset, uint64_t length, bool slow)
{
    ink_request_t *request = question ("data/file", "digest", -1);
    if (slow) {
        assert_int_equal (ink_request_add_kernel (request, "slow"), INK_OK);
        assert_int_equal (ink_request_set_param (request, "us", PACE), INK_OK);
    }
    ink_request_set_chunk (request, CHUNK);
    ink_request_set_range (request, offset, length);
    return request;
}

static uint64_t
check_digest (const place_t *place, const replies_t *replies, uint64_t offset,
              uint64_t length)
{
    const ink_reply_t *final = final_of (replies, "digest");
    void *expected;
    size_t size;
    assert_int_equal (ink_reply_error (final), INK_OK);
    assert_int_equal (ink_reply_failures (final), 0);
    oracle_compute ("digest", NULL, place->bytes + offset, offset, length, &expected,
                    &size);
    assert_int_equal (ink_reply_size (final), size);
    assert_memory_equal (ink_reply_data (final), expected, size);
    free (expected);
    return ink_reply_cached (final);
}

static uint64_t
ask (place_t *place, uint64_t offset, uint64_t length)
{
    replies_t replies = {0};
    ink_request_t *request = digest_of (offset, length, false);
    submit (place->client, request);
    take_finals (place->client, &replies, 1, 3 * SOON_MS);
    uint64_t cached = check_digest (place, &replies, offset, length);
    forget (&replies);
    ink_request_destroy (&request);
    return cached;
}

static void
a_worker_that_is_killed_does_not_change_the_digest (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = digest_of (0, INK_TO_END, true);
    submit (place->client, request);
    for (int n = 1; n <= 2; n++) {
        size_t before = replies.size;
        UNTIL (take_reply (place->client, &replies, 500) && replies.size > before,
               SOON_MS);
        pid_t worker = child_with (place->server, n == 1 ? "worker-1" : "worker-2");
        assert_true (worker > 0);
        kill (worker, SIGKILL);
    }
    take_finals (place->client, &replies, 2, 3 * SOON_MS);
    check_digest (place, &replies, 0, SIZE);
    assert_true (counter (place->client, "workers_lost") > 0);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
a_longer_range_goes_on_where_a_shorter_one_ended (void **state)
{
    place_t *place = *state;
    assert_int_equal (ask (place, 1000, 10 * CHUNK), 0);
    uint64_t whole = 10 * CHUNK - 1000; //  The last part of it is no whole chunk
    assert_int_equal (ask (place, 1000, 20 * CHUNK), whole);
    assert_int_equal (ask (place, 1000, 15 * CHUNK - 1000), 15 * CHUNK - 1000);
    assert_int_equal (ask (place, 1001, 10 * CHUNK), 0);
}

static bool
has_digest (const replies_t *replies)
{
    const ink_reply_t *last = replies->items[replies->size - 1];
    return strcmp (ink_reply_kernel (last), "digest") == 0 && covered_by (last) > 0;
}

static void
an_interrupted_digest_is_continued (void **state)
{
    place_t *place = *state;
    replies_t replies = {0};
    ink_request_t *request = digest_of (0, INK_TO_END, true);
    submit (place->client, request);
    UNTIL (take_reply (place->client, &replies, 500) && has_digest (&replies), SOON_MS);
    ink_client_cancel (place->client, ink_request_id (request));
    take_finals (place->client, &replies, 2, SOON_MS);
    assert_true (ask (place, 0, SIZE) > 0);
    forget (&replies);
    ink_request_destroy (&request);
}

//  What other programs say of the same bytes.
static void
digests_are_those_of_sha256sum (void **state)
{
    place_t *place = *state;
    for (int workers = 1; workers <= 4; workers++) {
        const char *line = world_text (
            place->world,
            "inkling run digest file --no-cache --chunk %dK --workers %d | "
            "grep -F \"$(sha256sum <file | cut -d' ' -f1)\" && "
            "inkling run digest file --range 77:1000003 --workers %d --no-cache "
            "--format json | "
            "grep -F \"\\\"sha256\\\":\\\"$(tail -c +78 file | head -c 1000003 | "
            "sha256sum | "
            "cut -d' ' -f1)\\\"}\"",
            4 << workers, workers, workers);
        ran_t ran = run (place->world, 3 * SOON_MS, line);
        assert_int_equal (ran.status, 0);
    }
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (a_worker_that_is_killed_does_not_change_the_digest),
        TEST (a_longer_range_goes_on_where_a_shorter_one_ended),
        TEST (an_interrupted_digest_is_continued),
        TEST (digests_are_those_of_sha256sum),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_odd_files.c: files that are huge, tiny, growing, of odd sizes, or no files at all.

#include "asking.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "../unit/chance.h"
#include "oracle.h"

#define GIB ((uint64_t) 1 << 30)
#define TIB ((uint64_t) 1 << 40)
#define CELL 16
#define BITS 5

//  The last one alone: a request has at most eight.
#define KERNELS 9
static const char *const all[KERNELS] = {"histogram", "digraph",   "trigram",
                                         "entropy",   "byteclass", "byteplot",
                                         "hilbert",   "count",     "bytes"};

typedef struct {
    uint64_t offset, length;
} range_t;

typedef struct {
    world_t *world;
    ink_local_t *local;
    ink_client_t *client;
} place_t;

static int
begin (void **state)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    ink_local_options_t options = {
        .workers = 2,
        .cache = world_text (place->world, "%s/cache", world_folder (place->world))};
    int error;
    place->local = ink_local_new (&options, &error);
    assert_int_equal (error, INK_OK);
    place->client = connect_to (ink_local_endpoint (place->local));
    wait_live (place->client, 2);
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

//  ---------------------------------------------------------------------------------------
//  Files, and what is in them

static const char *
path_of (place_t *place, const char *name)
{
    return world_text (place->world, "%s/%s", world_folder (place->world), name);
}

static bool
make_sparse (const char *path, uint64_t size)
{
    int file = open (path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool made = file >= 0 && ftruncate (file, (off_t) size) == 0;
    if (file >= 0)
        close (file);
    return made;
}

//  Noise over the range, as a sparse file has it here and there.
static void
fill (const char *path, range_t range, uint64_t seed)
{
    uint8_t *noise = malloc (range.length);
    int file = open (path, O_WRONLY | O_CLOEXEC);
    assert_non_null (noise);
    for (uint64_t n = 0; n < range.length; n++)
        noise[n] = (uint8_t) chance (&seed);
    assert_int_equal (pwrite (file, noise, range.length, (off_t) range.offset),
                      (ssize_t) range.length);
    close (file);
    free (noise);
}

//  To be freed.
static uint8_t *
bytes_of (const char *path, range_t range)
{
    uint8_t *bytes = malloc (range.length);
    int file = open (path, O_RDONLY | O_CLOEXEC);
    assert_non_null (bytes);
    assert_int_equal (pread (file, bytes, range.length, (off_t) range.offset),
                      (ssize_t) range.length);
    close (file);
    return bytes;
}

//  ---------------------------------------------------------------------------------------
//  Questions

//  For `count` of the kernels from the `first` one on.
static ink_request_t *
ask_for (const char *path, size_t first, size_t count, range_t range)
{
    ink_request_t *request = ink_request_new (path);
    for (size_t k = first; k < first + count; k++)
        assert_int_equal (ink_request_add_kernel (request, all[k]), INK_OK);
    ink_request_set_range (request, range.offset, range.length);
    return request;
}

static void
check_answers (const replies_t *replies, const uint8_t *bytes, range_t range)
{
    static const int64_t cell = CELL, bits = BITS;
    for (size_t n = 0; n < replies->size; n++) {
        const ink_reply_t *reply = replies->items[n];
        bool trigram = strcmp (ink_reply_kernel (reply), "trigram") == 0;
        if (ink_reply_is_final (reply))
            check_final (reply, trigram ? &bits : &cell, bytes, range.offset,
                         range.length);
    }
}

//  What every kernel answers is the oracle's over the bytes that the file has there.
static void
check_range (place_t *place, const char *path, range_t range, uint64_t chunk)
{
    uint8_t *bytes = bytes_of (path, range);
    replies_t replies = {0};
    ink_request_t *most = ask_for (path, 0, KERNELS - 1, range);
    ink_request_t *rest = ask_for (path, KERNELS - 1, 1, range);
    ink_request_set_param (most, "cell", CELL);
    ink_request_set_chunk (most, chunk);
    submit (place->client, most);
    submit (place->client, rest);
    take_finals (place->client, &replies, KERNELS, SOON_MS);
    check_answers (&replies, bytes, range);
    forget (&replies);
    ink_request_destroy (&most);
    ink_request_destroy (&rest);
    free (bytes);
}

//  The first kernel may be any: it is refused before one is looked at.
static void
check_refused (place_t *place, ink_request_t *request, int error)
{
    replies_t replies = {0};
    submit (place->client, request);
    take_finals (place->client, &replies, 1, SOON_MS);
    if (ink_reply_error (replies.items[0]) != error)
        fail_msg ("%s (%s), not %s", ink_error_name (ink_reply_error (replies.items[0])),
                  ink_reply_detail (replies.items[0]), ink_error_name (error));
    assert_int_equal (ink_reply_size (replies.items[0]), 0);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
check_range_refused (place_t *place, const char *path, range_t range, int error)
{
    for (size_t k = 0; k < KERNELS; k++)
        check_refused (place, ask_for (path, k, 1, range), error);
}

//  ---------------------------------------------------------------------------------------
//  Huge files

//  Across all borders at which a number of 31, 32 or 40 bits would begin anew.
static void
any_range_of_a_sparse_tebibyte_is_answered (void **state)
{
    static const range_t noise[] = {
        {0, 5000},          {2 * GIB - 3000, 6000},     {4 * GIB - 70000, 200000},
        {TIB / 2, 1000000}, {TIB - 100000, 100000 - 7},
    };
    static const range_t ranges[] = {
        {0, 1},
        {2 * GIB - 1, 2},
        {2 * GIB - 5000, 9999},
        {4 * GIB - 3, 7},
        {4 * GIB - 65536, 131072},
        {7 * GIB + 4095, 4098},
        {TIB / 2 - 4321, 1000000},
        {TIB - 8 * MIB - 1, 300000},
        {TIB - 150000, 150000},
        {TIB - 8, 8},
        {TIB - 1, 1},
    };
    place_t *place = *state;
    const char *path = path_of (place, "sparse");
    assert_true (make_sparse (path, TIB));
    for (size_t n = 0; n < sizeof noise / sizeof *noise; n++)
        fill (path, noise[n], n);
    for (size_t n = 0; n < sizeof ranges / sizeof *ranges; n++)
        check_range (place, path, ranges[n], n % 2 ? 64 * KIB : 0);
    check_range_refused (place, path, (range_t){TIB, 1}, INK_ERANGE);
    check_range_refused (place, path, (range_t){TIB - 1, 2}, INK_ERANGE);
    check_range_refused (place, path, (range_t){5, UINT64_MAX - 1}, INK_ERANGE);
    check_range_refused (place, path, (range_t){UINT64_MAX, 1}, INK_ERANGE);
}

static void
cancel_the_whole (place_t *place, const char *path, uint64_t chunk)
{
    replies_t replies = {0};
    ink_request_t *request = ask_for (path, 0, 1, (range_t){0, INK_TO_END});
    ink_request_set_chunk (request, chunk);
    submit (place->client, request);
    wait_partial (place->client, &replies);
    assert_int_equal (ink_reply_total (replies.items[0]), TIB);
    assert_int_equal (ink_client_cancel (place->client, ink_request_id (request)),
                      INK_OK);
    take_finals (place->client, &replies, 1, SOON_MS);
    const ink_reply_t *final = final_of (&replies, "histogram");
    assert_int_equal (ink_reply_error (final), INK_ECANCELLED);
    assert_true (covered_by (final) < TIB);
    UNTIL (leases_held (place->client) == 0, SOON_MS);
    assert_int_equal (requests_known (place->client), 0);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
a_whole_tebibyte_is_counted_planned_and_cancelled (void **state)
{
    place_t *place = *state;
    const range_t whole = {0, INK_TO_END};
    const char *path = path_of (place, "sparse");
    assert_true (make_sparse (path, TIB));
    replies_t replies = {0};
    ink_request_t *count = ask_for (path, 7, 1, whole);
    submit (place->client, count);
    take_finals (place->client, &replies, 1, SOON_MS);
    check_final (final_of (&replies, "count"), NULL, NULL, 0, TIB);
    forget (&replies);
    ink_request_destroy (&count);

    cancel_the_whole (place, path, 64 * MIB);
    cancel_the_whole (place, path, 0);
    ink_request_t *parts = ask_for (path, 0, 1, whole);
    ink_request_set_chunk (parts, 4096);
    check_refused (place, parts, INK_ETOOLARGE);
    check_refused (place, ask_for (path, 3, 1, whole), INK_ETOOLARGE);
    check_refused (place, ask_for (path, 8, 1, whole), INK_ETOOLARGE);
    check_range (place, path, (range_t){3 * GIB, 70000}, 0);
}

//  Its last byte is the last one that a read can name.
static void
the_end_of_the_largest_file_there_can_be_is_answered (void **state)
{
    place_t *place = *state;
    const uint64_t size = INT64_MAX;
    const char *path =
        world_text (place->world, "/dev/shm/inkling-odd-%d", (int) getpid ());
    if (!make_sparse (path, size)) { //  Few file systems have such
        unlink (path);
        skip ();
    }
    fill (path, (range_t){size - 100000, 100000}, 1);
    check_range (place, path, (range_t){size - 1, 1}, 0);
    check_range (place, path, (range_t){size - 70000, 70000}, 4 * KIB);
    check_range (place, path, (range_t){size - 200000, 170001}, 64 * MIB);
    check_range (place, path, (range_t){size / 2, 5000}, 0);
    check_range_refused (place, path, (range_t){size - 1, 2}, INK_ERANGE);
    check_range_refused (place, path, (range_t){size, 1}, INK_ERANGE);
    check_range_refused (place, path, (range_t){0, INK_TO_END}, INK_ETOOLARGE);
    unlink (path);
}

//  ---------------------------------------------------------------------------------------
//  Sizes that are no multiple of anything

static void
any_range_of_an_image_of_odd_size_is_answered (void **state)
{
    static const uint64_t chunks[] = {0, 4 * KIB, 64 * KIB, MIB};
    place_t *place = *state;
    const uint64_t size = 9 * MIB + 2039; //  A prime
    const char *path = path_of (place, "image");
    uint64_t seed = 5;
    make_file (place->world, "image", SPARSE, 3, size);
    check_range (place, path, (range_t){0, size}, 0);
    for (size_t n = 0; n < 40; n++) {
        uint64_t chunk = chunks[n % 4], grain = chunk ? chunk : 8 * MIB;
        uint64_t border = (1 + chance_below (&seed, size / grain)) * grain;
        range_t range = {border - 1 - chance_below (&seed, 3 * KIB), 0};
        uint64_t most = size - range.offset < 200000 ? size - range.offset : 200000;
        range.length = n % 5 ? 1 + chance_below (&seed, most) : most;
        check_range (place, path, range, chunk);
    }
}

static void
a_file_of_one_byte_has_an_answer_and_an_empty_one_none (void **state)
{
    place_t *place = *state;
    make_file (place->world, "empty", SAME, 1, 0);
    make_file (place->world, "one", SAME, 1, 1);
    const char *empty = path_of (place, "empty"), *one = path_of (place, "one");
    check_range (place, one, (range_t){0, 1}, 0);
    check_range_refused (place, one, (range_t){0, 2}, INK_ERANGE);
    check_range_refused (place, one, (range_t){1, INK_TO_END}, INK_ERANGE);
    check_range_refused (place, one, (range_t){0, 0}, INK_EEMPTY);
    check_range_refused (place, empty, (range_t){0, INK_TO_END}, INK_EEMPTY);
    check_range_refused (place, empty, (range_t){0, 1}, INK_EEMPTY);
}

static void
the_last_byte_is_answered_and_nothing_behind_it (void **state)
{
    place_t *place = *state;
    static const uint64_t sizes[] = {2, 4096, 4097, 65535, 8 * MIB, 8 * MIB + 1};
    for (size_t n = 0; n < sizeof sizes / sizeof *sizes; n++) {
        const uint64_t size = sizes[n];
        make_file (place->world, "file", NOISE, n, size);
        const char *path = path_of (place, "file");
        check_range (place, path, (range_t){size - 1, 1}, 0);
        check_range (place, path, (range_t){size - 2, 2}, 4 * KIB);
        check_range_refused (place, path, (range_t){size - 1, 2}, INK_ERANGE);
        check_range_refused (place, path, (range_t){0, size + 1}, INK_ERANGE);
        check_range_refused (place, path, (range_t){size, INK_TO_END}, INK_ERANGE);
    }
}

//  ---------------------------------------------------------------------------------------
//  A log that grows

#define LOG_MOST (2 * MIB)

typedef struct {
    const char *path;
    uint8_t bytes[LOG_MOST];
    uint64_t size, seed;
} log_t;

//  One write, as loggers do.
static void
append (log_t *log)
{
    uint64_t length = 1 + chance_below (&log->seed, 200);
    int file = open (log->path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    for (uint64_t n = 0; n < length; n++)
        log->bytes[log->size + n] = (uint8_t) chance (&log->seed);
    assert_int_equal (write (file, log->bytes + log->size, length), (ssize_t) length);
    log->size += length;
    close (file);
}

//  All kernels of a request see one state, one that the log had since it was asked about; or
//  are told that it changed.
static void
check_one_state (const replies_t *replies, const log_t *log, uint64_t least)
{
    uint64_t seen = 0;
    for (size_t n = 0; n < replies->size; n++) {
        const ink_reply_t *reply = replies->items[n];
        if (!ink_reply_is_final (reply) || ink_reply_error (reply) == INK_ECHANGED)
            continue;
        uint64_t size = ink_reply_total (reply);
        assert_in_range (size, least, log->size);
        assert_true (seen == 0 || seen == size);
        check_final (reply, NULL, log->bytes, 0, size);
        seen = size;
    }
}

static void
each_request_sees_one_state_of_a_log_that_grows (void **state)
{
    place_t *place = *state;
    log_t *log = world_keep (place->world, calloc (1, sizeof *log));
    log->path = path_of (place, "log");
    for (int n = 0; n < 5000; n++)
        append (log);
    for (int round = 0; round < 120; round++) {
        const uint64_t least = log->size;
        const bool quiet = round % 4 == 3;
        replies_t replies = {0};
        ink_request_t *request = ask_for (log->path, 0, 2, (range_t){0, INK_TO_END});
        ink_request_set_chunk (request, 4096u << round % 8);
        submit (place->client, request);
        for (uint64_t n = quiet ? 0 : chance_below (&log->seed, 4); n; n--)
            append (log);
        take_reply (place->client, &replies, SOON_MS);
        if (!quiet)
            append (log);
        take_finals (place->client, &replies, 2, SOON_MS);
        check_one_state (&replies, log, least);
        if (quiet) //  Nobody wrote: the answer is there, over all that was ever written
            assert_int_equal (covered_by (final_of (&replies, "digraph")), log->size);
        forget (&replies);
        ink_request_destroy (&request);
    }
}

//  ---------------------------------------------------------------------------------------
//  What is no file

static void
make_odd_ones (place_t *place)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int listener = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    snprintf (address.sun_path, sizeof address.sun_path, "%s", path_of (place, "socket"));
    assert_int_equal (bind (listener, (struct sockaddr *) &address, sizeof address), 0);
    close (listener);
    assert_int_equal (mkfifo (path_of (place, "pipe"), 0644), 0);
    assert_int_equal (mkdir (path_of (place, "folder"), 0755), 0);
    assert_int_equal (symlink ("pipe", path_of (place, "to-pipe")), 0);
    assert_int_equal (symlink ("ring", path_of (place, "ring")), 0);
    assert_int_equal (symlink ("missing", path_of (place, "to-nothing")), 0);
    make_file (place->world, "file", SAME, 1, 10);
}

static void
what_is_no_file_of_bytes_is_refused (void **state)
{
    static const struct {
        const char *path;
        int error;
    } cases[] = {
        {"socket", INK_ENOTREGULAR},
        {"pipe", INK_ENOTREGULAR},
        {"to-pipe", INK_ENOTREGULAR},
        {"folder", INK_ENOTREGULAR},
        {"ring", INK_EESCAPE},
        {"to-nothing", INK_ENOTFOUND},
        {"missing", INK_ENOTFOUND},
        {"file/more", INK_ENOTFOUND},
        {"/", INK_ENOTREGULAR},
        {"/dev", INK_ENOTREGULAR},
        {"/dev/null", INK_ENOTREGULAR},
        {"/dev/zero", INK_ENOTREGULAR},
        {"/proc/version", INK_ENOTREGULAR},
        {"/proc/self/status", INK_ENOTREGULAR},
        {"/proc/self/maps", INK_ENOTREGULAR},
        {"/proc/self/exe", INK_EESCAPE},
        {"/proc/self/fd/0", INK_EESCAPE},
        {"/sys/kernel/mm/transparent_hugepage/enabled", INK_ENOTREGULAR},
    };
    place_t *place = *state;
    make_odd_ones (place);
    for (size_t n = 0; n < sizeof cases / sizeof *cases; n++) {
        const char *name = cases[n].path;
        const char *path = *name == '/' ? name : path_of (place, name);
        if (strncmp (name, "/sys", 4) == 0 && access (name, R_OK))
            continue; //  This kernel was built without
        check_refused (place, ask_for (path, 0, 1, (range_t){0, INK_TO_END}),
                       cases[n].error);
        check_refused (place, ask_for (path, 8, 1, (range_t){0, 1}), cases[n].error);
    }
}

//  ---------------------------------------------------------------------------------------
//  Ten thousand tiny requests

#define REQUESTS 10000
#define SIZE 300000

typedef struct {
    place_t *place;
    const uint8_t *bytes;
    range_t ranges[REQUESTS];
    bool answered[REQUESTS];
    size_t finals;
} crowd_t;

static void
take_one (crowd_t *crowd)
{
    ink_reply_t *reply = ink_client_receive (crowd->place->client, SOON_MS);
    assert_non_null (reply);
    if (ink_reply_is_final (reply)) {
        static const int64_t cell = CELL;
        size_t n = (size_t) atoi (ink_reply_request (reply) + 1);
        range_t range = crowd->ranges[n];
        assert_false (crowd->answered[n]);
        check_final (reply, &cell, crowd->bytes + range.offset, range.offset,
                     range.length);
        crowd->answered[n] = true;
        crowd->finals++;
    }
    ink_reply_destroy (&reply);
}

//  Not the kernels whose answers are large.
static ink_request_t *
tiny (const char *path, size_t n, range_t range)
{
    static const size_t kernels[] = {0, 3, 4, 5, 6, 7, 8};
    char id[16];
    size_t kernel = kernels[n % 7];
    ink_request_t *request = ask_for (path, kernel, 1, range);
    snprintf (id, sizeof id, "n%zu", n);
    assert_int_equal (ink_request_set_id (request, id), INK_OK);
    if (kernel >= 3 && kernel <= 6)
        ink_request_set_param (request, "cell", CELL);
    return request;
}

static void
ten_thousand_tiny_requests_are_each_answered_once (void **state)
{
    place_t *place = *state;
    crowd_t *crowd = world_keep (place->world, calloc (1, sizeof *crowd));
    const char *path = path_of (place, "file");
    uint64_t seed = 8;
    size_t busy = 0;
    crowd->place = place;
    crowd->bytes = make_file (place->world, "file", NOISE, 2, SIZE);
    for (size_t n = 0; n < REQUESTS; n++) {
        range_t *range = &crowd->ranges[n];
        range->offset = chance_below (&seed, SIZE);
        range->length = 1 + chance_below (&seed, 64);
        if (range->length > SIZE - range->offset)
            range->length = SIZE - range->offset;
        ink_request_t *request = tiny (path, n, *range);
        int error;
        while ((error = ink_client_submit (place->client, request)) == INK_EBUSY) {
            busy++;
            take_one (crowd);
        }
        assert_int_equal (error, INK_OK);
        ink_request_destroy (&request);
    }
    while (crowd->finals < REQUESTS)
        take_one (crowd);
    assert_true (busy >= REQUESTS - 1024); //  As many were on their way as may be
    assert_null (ink_client_receive (place->client, 0));
    assert_int_equal (requests_known (place->client), 0);
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST (any_range_of_a_sparse_tebibyte_is_answered),
        TEST (a_whole_tebibyte_is_counted_planned_and_cancelled),
        TEST (the_end_of_the_largest_file_there_can_be_is_answered),
        TEST (any_range_of_an_image_of_odd_size_is_answered),
        TEST (a_file_of_one_byte_has_an_answer_and_an_empty_one_none),
        TEST (the_last_byte_is_answered_and_nothing_behind_it),
        TEST (each_request_sees_one_state_of_a_log_that_grows),
        TEST (what_is_no_file_of_bytes_is_refused),
        TEST (ten_thousand_tiny_requests_are_each_answered_once),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

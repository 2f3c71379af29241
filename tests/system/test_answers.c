//  test_answers.c: whatever the file, the range, the cut, the workers and the cache, the final
//  is bit for bit what the oracle says, and every partial is part of it.

#include "asking.h"

#include <math.h>
#include <stdio.h>

#include "../unit/chance.h"
#include "oracle.h"

#define FILES 8
#define WORKERS_MOST 4
#define CASES 110 //  For each number of workers
#define KERNELS 9

typedef struct {
    char name[80];
    uint8_t *bytes;
    uint64_t size;
} file_t;

typedef struct {
    world_t *world;
    file_t files[FILES];
    ink_local_t *local;
    ink_client_t *client;
    uint64_t seed;
    const char *transport;
} table_t;

//  One question, as the dice made it.
typedef struct {
    const file_t *file;
    uint64_t offset, length, chunk;
    int64_t cell, bits;
    const char *kernels[KERNELS];
    size_t kernel_count, reports;
    bool read, write;
} case_t;

static uint64_t
roll (table_t *table, uint64_t n)
{
    return chance_below (&table->seed, n);
}

//  ---------------------------------------------------------------------------------------
//  Files: the size is what matters most

static void
make_one (table_t *table, size_t n)
{
    static const uint64_t sizes[FILES] = {1,     2,      4095,    4096,
                                          65537, 300000, 1 << 20, (3 << 20) + 123};
    file_t *file = &table->files[n];
    char name[32];
    snprintf (name, sizeof name, "file-%zu", n);
    snprintf (file->name, sizeof file->name, "%s/%s", world_folder (table->world), name);
    file->size = sizes[n] + (n > 4 ? roll (table, 5000) : 0);
    file->bytes = make_file (table->world, name, (content_t) roll (table, CONTENTS),
                             chance (&table->seed), file->size);
}

//  ---------------------------------------------------------------------------------------
//  A case

static void
roll_range (table_t *table, case_t *c)
{
    uint64_t size = c->file->size, grain = roll (table, 2) ? 1 : c->chunk;
    c->offset = roll (table, size) / grain * grain;
    c->length = 1 + roll (table, size - c->offset);
    uint64_t end = (c->offset + c->length) / grain * grain;
    if (end > c->offset)
        c->length = end - c->offset;
    if (roll (table, 4) == 0)
        c->length = size - c->offset;
}

static void
roll_kernels (table_t *table, case_t *c)
{
    static const char *const all[KERNELS] = {"histogram", "digraph", "trigram",
                                             "entropy",   "bytes",   "byteclass",
                                             "byteplot",  "hilbert", "count"};
    uint64_t mask = 1 + roll (table, (1 << KERNELS) - 2); //  All are more than may be
    if (roll (table, 2))
        mask = 1u << roll (table, KERNELS);
    for (size_t k = 0; k < KERNELS; k++)
        if (mask >> k & 1)
            c->kernels[c->kernel_count++] = all[k];
}

static bool
has_kernel (const case_t *c, const char *kernel)
{
    for (size_t k = 0; k < c->kernel_count; k++)
        if (strcmp (c->kernels[k], kernel) == 0)
            return true;
    return false;
}

//  What the kernel's one parameter is, if it has one.
static const int64_t *
params_of (const case_t *c, const char *kernel)
{
    return strcmp (kernel, "trigram") == 0 ? &c->bits : &c->cell;
}

static case_t
roll_case (table_t *table)
{
    static const uint64_t chunks[] = {4096, 8192, 32768, 65536, 262144, 1048576};
    case_t c = {.file = &table->files[roll (table, FILES)],
                .chunk = chunks[roll (table, 6)],
                .cell = 16 << roll (table, 9),
                .bits = roll (table, 20) ? 4 + (int64_t) roll (table, 3) : 7,
                .reports = roll (table, 3) ? 0 : 1 + roll (table, 6),
                .read = roll (table, 4) > 0,
                .write = roll (table, 4) > 0};
    if (c.chunk < 32768 && c.file->size > 500000)
        c.chunk = 32768; //  Thousands of parts take their time under a sanitizer
    roll_kernels (table, &c);
    if (has_kernel (&c, "trigram") && c.bits > 5 && c.chunk < 262144)
        c.chunk = 262144; //  So do large tables
    roll_range (table, &c);
    return c;
}

static ink_request_t *
request_of (table_t *table, const case_t *c)
{
    ink_request_t *request = ink_request_new (c->file->name);
    for (size_t k = 0; k < c->kernel_count; k++)
        assert_int_equal (ink_request_add_kernel (request, c->kernels[k]), INK_OK);
    if (has_kernel (c, "entropy") || has_kernel (c, "byteclass") ||
        has_kernel (c, "byteplot") || has_kernel (c, "hilbert"))
        ink_request_set_param (request, "cell", c->cell);
    if (has_kernel (c, "trigram"))
        ink_request_set_param (request, "bits", c->bits);
    for (size_t n = 0; n < c->reports; n++)
        ink_request_add_report_at (request, (double) roll (table, 101) / 100,
                                   roll (table, 2) ? 0
                                                   : UINT64_C (1) << roll (table, 20));
    ink_request_set_range (request, c->offset, c->length);
    ink_request_set_chunk (request, c->chunk);
    ink_request_set_cache (request, c->read, c->write);
    return request;
}

//  ---------------------------------------------------------------------------------------
//  What must hold

static void
check_cell_floats (const float *partial, const float *final, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (!isnan (partial[n]) && memcmp (&partial[n], &final[n], sizeof *final))
            fail_msg ("cell %zu of a partial is not that of the final", n);
}

static void
check_bytes (const uint8_t *partial, const uint8_t *final, size_t count)
{
    for (size_t n = 0; n < count; n++)
        if (partial[n] && partial[n] != final[n])
            fail_msg ("byte %zu of a partial is not that of the final", n);
}

//  All six of a cell are known together.
static void
check_classes (const uint64_t *partial, const uint64_t *final, size_t count)
{
    static const uint64_t unknown[6];
    for (size_t n = 0; n < count; n += 6)
        if (memcmp (partial + n, unknown, 48) && memcmp (partial + n, final + n, 48))
            fail_msg ("cell %zu of a partial is not that of the final", n / 6);
}

//  No counter is above the final's, and together they count no more than is covered.
static void
check_counts (const ink_reply_t *partial, const ink_reply_t *final)
{
    const uint64_t *some = ink_reply_data (partial), *all = ink_reply_data (final);
    uint64_t sum = 0, covered = covered_by (partial);
    for (size_t n = 0; n < ink_reply_size (final) / sizeof *all; n++) {
        if (some[n] > all[n])
            fail_msg ("counter %zu of a partial is above the final's", n);
        sum += some[n];
    }
    const char *kernel = ink_reply_kernel (final);
    if (strcmp (kernel, "digraph") == 0 || strcmp (kernel, "trigram") == 0)
        assert_true (sum <= covered);
    else
        assert_int_equal (sum, covered);
}

//  Item `n` of entropy, byteclass or a plot; not-a-number when it is not known.
static double
item_of (const ink_reply_t *reply, size_t n)
{
    const char *kernel = ink_reply_kernel (reply);
    if (strcmp (kernel, "entropy") == 0)
        return (double) ((const float *) ink_reply_data (reply))[n];
    if (strcmp (kernel, "byteclass") == 0)
        return (double) ((const uint64_t *) ink_reply_data (reply))[n];
    return ((const uint8_t *) ink_reply_data (reply))[n];
}

//  A coarse cell lies between the least and the most of the final's that it stands for; of
//  classes it has at most their sum. Where nothing is known, it is 0.
static void
check_coarse_cell (const ink_reply_t *partial, const ink_reply_t *final, size_t cell,
                   size_t from, size_t to)
{
    bool classes = strcmp (ink_reply_kernel (final), "byteclass") == 0;
    size_t rows = classes ? 6 : 1;
    for (size_t row = 0; row < rows; row++) {
        double item = item_of (partial, cell * rows + row), least = 1e30, most = 0;
        for (size_t n = from; n < to; n++) {
            double fine = item_of (final, n * rows + row);
            least = fine < least ? fine : least;
            most = classes ? most + fine : fine > most ? fine : most;
        }
        bool known = item != 0 && !isnan (item) && !classes;
        if (item > most + 1e-4 || (known && item < least - 1e-4))
            fail_msg ("cell %zu of a coarse partial is none of the final", cell);
    }
}

static void
check_coarse (const ink_reply_t *partial, const ink_reply_t *final, uint64_t offset)
{
    uint64_t own = ink_reply_precision (final), wide = ink_reply_precision (partial);
    uint64_t end = offset + ink_reply_total (final);
    uint64_t first = offset / wide, last = (end - 1) / wide;
    size_t cells = (size_t) ((end - 1) / own - offset / own + 1);
    size_t item = ink_reply_size (final) / cells;
    assert_int_equal (ink_reply_size (partial), (last - first + 1) * item);
    for (uint64_t cell = first; cell <= last; cell++) {
        uint64_t from =
            cell * wide < offset ? 0 : (cell * wide - offset / own * own) / own;
        uint64_t to = (cell + 1) * wide > end
                          ? cells
                          : ((cell + 1) * wide - offset / own * own) / own;
        check_coarse_cell (partial, final, (size_t) (cell - first), (size_t) from,
                           (size_t) to);
    }
}

static void
check_partial (const ink_reply_t *partial, const ink_reply_t *final, uint64_t offset)
{
    const char *kernel = ink_reply_kernel (final);
    size_t size = ink_reply_size (final);
    assert_int_equal (ink_reply_error (partial), INK_OK);
    if (!covered_by (partial) && !ink_reply_size (partial))
        return; //  A report of 0 was asked for, and nothing is known
    if (ink_reply_precision (partial) > ink_reply_precision (final)) {
        check_coarse (partial, final, offset);
        return;
    }
    assert_int_equal (ink_reply_size (partial), size);
    if (strcmp (kernel, "entropy") == 0)
        check_cell_floats (ink_reply_data (partial), ink_reply_data (final), size / 4);
    else if (strcmp (kernel, "byteclass") == 0)
        check_classes (ink_reply_data (partial), ink_reply_data (final), size / 8);
    else if (strcmp (kernel, "bytes") == 0 || strcmp (kernel, "byteplot") == 0 ||
             strcmp (kernel, "hilbert") == 0)
        check_bytes (ink_reply_data (partial), ink_reply_data (final), size);
    else
        check_counts (partial, final);
}

//  It stands for the whole range. Cells are outlined by wider ones.
static void
check_estimate (const ink_reply_t *reply, const ink_reply_t *final)
{
    assert_ptr_not_equal (reply, final);
    assert_int_equal (covered_by (reply) + ink_reply_estimated (reply),
                      ink_reply_total (reply));
    assert_true (ink_reply_bound (reply) > 0 && ink_reply_bound (reply) <= 1);
    uint64_t own = ink_reply_precision (final), wide = ink_reply_precision (reply);
    if (own)
        assert_true (wide > own && ink_reply_size (reply) < ink_reply_size (final));
    else
        assert_int_equal (ink_reply_size (reply), ink_reply_size (final));
}

//  The replies of one kernel: coverage and seq go up, the final is the last.
static void
check_kernel (const replies_t *replies, const case_t *c, const char *kernel)
{
    const ink_reply_t *final = final_of (replies, kernel), *last = NULL;
    for (size_t n = 0; n < replies->size; n++) {
        const ink_reply_t *reply = replies->items[n];
        if (strcmp (ink_reply_kernel (reply), kernel))
            continue;
        assert_true (!last || ink_reply_seq (last) < ink_reply_seq (reply));
        assert_true (!last || covered_by (last) <= covered_by (reply));
        assert_int_equal (ink_reply_total (reply), c->length);
        assert_true (covered_by (reply) <= c->length);
        assert_true (c->read || ink_reply_cached (reply) == 0);
        if (ink_reply_estimated (reply))
            check_estimate (reply, final);
        else if (reply != final)
            check_partial (reply, final, c->offset);
        last = reply;
    }
    assert_ptr_equal (last, final);
    check_final (final, params_of (c, kernel), c->file->bytes + c->offset, c->offset,
                 c->length);
}

//  ---------------------------------------------------------------------------------------
//  Playing

//  The case that is being played, to be told when it fails.
static struct {
    bool playing;
    const char *transport;
    uint64_t dice, size;
    size_t workers, n;
    case_t c;
} at;

static void
describe (void)
{
    const case_t *c = &at.c;
    print_message ("case %zu over %s, %zu workers, dice %llu: %llu bytes from %llu of "
                   "%llu, chunk %llu, cell %lld, bits %lld, read %d write %d",
                   at.n, at.transport, at.workers, (unsigned long long) at.dice,
                   (unsigned long long) c->length, (unsigned long long) c->offset,
                   (unsigned long long) at.size, (unsigned long long) c->chunk,
                   (long long) c->cell, (long long) c->bits, c->read, c->write);
    for (size_t k = 0; k < c->kernel_count; k++)
        print_message (" %s", c->kernels[k]);
    print_message ("\n");
}

static void
play (table_t *table, size_t workers, size_t n)
{
    at.dice = table->seed;
    case_t c = roll_case (table);
    at.playing = true;
    at.transport = table->transport;
    at.size = c.file->size;
    at.workers = workers;
    at.n = n;
    at.c = c;
    ink_request_t *request = request_of (table, &c);
    replies_t replies = {0};
    submit (table->client, request);
    take_finals (table->client, &replies, c.kernel_count, SOON_MS);
    assert_int_equal (replies.finals, c.kernel_count);
    for (size_t k = 0; k < c.kernel_count; k++)
        check_kernel (&replies, &c, c.kernels[k]);
    assert_false (take_reply (table->client, &replies, 0)); //  Nothing behind a final
    forget (&replies);
    ink_request_destroy (&request);
    at.playing = false;
}

//  Now and then the cache is emptied by another process, or a file is another one.
static void
stir (table_t *table, const char *cache)
{
    if (roll (table, 15) == 0) {
        const char *line =
            world_text (table->world, "inkling cache clear --cache %s", cache);
        assert_int_equal (run (table->world, SOON_MS, line).status, 0);
    }
    if (roll (table, 10) == 0)
        make_one (table, roll (table, FILES));
}

static void
play_with (table_t *table, size_t workers, const char *endpoint)
{
    const char *cache =
        world_text (table->world, "%s/cache-%zu", world_folder (table->world), workers);
    ink_local_options_t options = {
        .workers = workers, .cache = cache, .endpoint = endpoint};
    int error;
    table->local = ink_local_new (&options, &error);
    assert_int_equal (error, INK_OK);
    table->client = connect_to (ink_local_endpoint (table->local));
    wait_live (table->client, workers);
    for (size_t n = 0; n < CASES; n++) {
        play (table, workers, n);
        stir (table, cache);
    }
    ink_client_destroy (&table->client);
    ink_local_destroy (&table->local);
}

static void
play_over (void **state, const char *transport, uint64_t seed)
{
    table_t table = {.world = *state, .seed = seed, .transport = transport};
    for (size_t n = 0; n < FILES; n++)
        make_one (&table, n);
    for (size_t workers = 1; workers <= WORKERS_MOST; workers++)
        play_with (&table, workers,
                   strcmp (transport, "inproc") == 0
                       ? NULL
                       : world_endpoint (table.world, strcmp (transport, "tcp") == 0));
}

//  Says which case it was, when one failed.
static int
end_world (void **state)
{
    if (at.playing)
        describe ();
    at.playing = false;
    return world_end (state);
}

static void
every_answer_over_inproc_is_the_oracles (void **state)
{
    play_over (state, "inproc", 1);
}

static void
every_answer_over_ipc_is_the_oracles (void **state)
{
    play_over (state, "ipc", 2);
}

static void
every_answer_over_tcp_is_the_oracles (void **state)
{
    play_over (state, "tcp", 3);
}

//  ---------------------------------------------------------------------------------------
//  An empty file, a range of nothing, a range behind the end

static void
check_refused (ink_client_t *client, ink_request_t *request, int error)
{
    replies_t replies = {0};
    submit (client, request);
    take_finals (client, &replies, 1, SOON_MS);
    assert_int_equal (ink_reply_error (replies.items[0]), error);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
nothing_to_compute_is_told_as_such (void **state)
{
    world_t *world = *state;
    ink_local_options_t options = {.workers = 1};
    ink_local_t *local = ink_local_new (&options, NULL);
    ink_client_t *client = connect_to (ink_local_endpoint (local));
    make_file (world, "empty", SAME, 0, 0);
    make_file (world, "some", SAME, 0, 100);
    const char *empty = world_text (world, "%s/empty", world_folder (world));
    const char *some = world_text (world, "%s/some", world_folder (world));

    check_refused (client, question (empty, "histogram", -1), INK_EEMPTY);
    ink_request_t *nothing = question (some, "histogram", -1);
    ink_request_set_range (nothing, 10, 0);
    check_refused (client, nothing, INK_EEMPTY);
    ink_request_t *behind = question (some, "histogram", -1);
    ink_request_set_range (behind, 50, 51);
    check_refused (client, behind, INK_ERANGE);
    ink_client_destroy (&client);
    ink_local_destroy (&local);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown (every_answer_over_inproc_is_the_oracles,
                                         world_begin, end_world),
        cmocka_unit_test_setup_teardown (every_answer_over_ipc_is_the_oracles,
                                         world_begin, end_world),
        cmocka_unit_test_setup_teardown (every_answer_over_tcp_is_the_oracles,
                                         world_begin, end_world),
        cmocka_unit_test_setup_teardown (nothing_to_compute_is_told_as_such, world_begin,
                                         world_end),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

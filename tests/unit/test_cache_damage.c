//  test_cache_damage.c: a store that was damaged on the disk gives no wrong value.

#include "lmdb_world.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "cache/page.h"

typedef struct {
    uint8_t *bytes;
    size_t size;
    off_t file_size;
} image_t;

//  The part of data.mdb that is in use; behind it is a hole.
static image_t
load_image (const world_t *self)
{
    char path[PATH_MOST];
    in_folder (self, "data.mdb", path);
    int file = open (path, O_RDONLY);
    off_t end = lseek (file, 0, SEEK_HOLE);
    image_t image = {.size = (size_t) end, .file_size = lseek (file, 0, SEEK_END)};
    assert_true (end > 0);
    image.bytes = malloc (image.size);
    assert_int_equal (pread (file, image.bytes, image.size, 0), end);
    close (file);
    return image;
}

static void
store_image (const world_t *self, const image_t *image)
{
    char path[PATH_MOST];
    in_folder (self, "data.mdb", path);
    int file = open (path, O_WRONLY | O_CREAT, 0600);
    assert_int_equal (pwrite (file, image->bytes, image->size, 0), image->size);
    assert_int_equal (ftruncate (file, image->file_size), 0);
    close (file);
}

#define RECORDS 300

//  A store with trees of two levels, and free pages.
static void
make_large_store (const world_t *self)
{
    ink_series_t series = {.bytes = {0}};
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    for (uint64_t n = 0; n < RECORDS; n += 20)
        assert_int_equal (put_all (cache, n, n + 20), INK_OK);
    assert_int_equal (ink_cache_purge (cache, &series), INK_OK);
    ink_cache_close (&cache);
}

//  Reads all, writes more, removes some, verifies, closes. What the store can no longer do it
//  may refuse.
static int
use_store (const world_t *self, uint64_t records)
{
    uint64_t all, bad;
    ink_series_t series;
    memset (series.bytes, 1, sizeof series.bytes);
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    if (!cache)
        return NOT_OPENED;
    count_t before = count_values (cache, 0, records);
    put_all (cache, 0, records + 20);
    ink_cache_purge (cache, &series);
    put_all (cache, records, records + 40);
    count_t after = count_values (cache, 0, records + 40);
    ink_cache_verify (cache, &all, &bad);
    ink_cache_close (&cache);
    return before.wrong + after.wrong > 0 ? WRONG_VALUE : FINE;
}

//  Once it was used, nothing is left of the damage.
static int
use_sound_store (const world_t *self, uint64_t records)
{
    uint64_t all = 0, bad = 0;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    if (!cache)
        return NOT_OPENED;
    int written = put_all (cache, 0, records);
    count_t count = count_values (cache, 0, records);
    bool sound = ink_cache_verify (cache, &all, &bad) == INK_OK && bad == 0;
    ink_cache_close (&cache);
    if (count.wrong)
        return WRONG_VALUE;
    return written || !sound || count.right != records ? NOT_WRITTEN : FINE;
}

typedef struct {
    uint64_t rounds, aside;
} tally_t;

//  Damages the image, lets a child use the store, and another one use it again.
static void
use_damaged (world_t *self, const image_t *image, tally_t *tally)
{
    char bad[PATH_MOST];
    in_folder (self, "bad/data.mdb", bad);
    unlink (bad);
    store_image (self, image);
    int status = in_child (use_store, self, RECORDS);
    if (status == FINE)
        status = in_child (use_sound_store, self, RECORDS);
    if (status != FINE)
        fail_msg ("round %d: status %x", (int) tally->rounds, status);
    tally->rounds++;
    tally->aside += access (bad, F_OK) == 0;
}

//  INK_CAMPAIGN=N does N times as much; 5 is 1000 flips, 50 pages and 200 cuts.
static uint64_t
campaign (uint64_t count)
{
    const char *times = getenv ("INK_CAMPAIGN");
    return count * (times ? strtoull (times, NULL, 10) : 1);
}

static void
tell (const char *what, const tally_t *tally)
{
    print_message ("%d %s: wrong values 0, deaths 0, stores set aside %d\n",
                   (int) tally->rounds, what, (int) tally->aside);
}

//  Every second one in the first bytes of a page, where it hurts.
static void
no_flipped_bit_gives_a_wrong_value (void **state)
{
    world_t *self = *state;
    tally_t tally = {0, 0};
    make_large_store (self);
    image_t image = load_image (self);
    while (tally.rounds < campaign (200)) {
        size_t bit = next_random (&self->random) % (8 * image.size);
        if (next_random (&self->random) % 2)
            bit = bit / 32768 * 32768 + bit % 1024;
        image.bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
        use_damaged (self, &image, &tally);
        image.bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
    }
    tell ("flipped bits", &tally);
    assert_true (tally.aside > 0);
    free (image.bytes);
}

static void
no_cleared_page_gives_a_wrong_value (void **state)
{
    world_t *self = *state;
    tally_t tally = {0, 0};
    make_large_store (self);
    image_t image = load_image (self);
    while (tally.rounds < campaign (10)) {
        uint8_t page[4096];
        uint8_t *place =
            image.bytes + next_random (&self->random) % (image.size / 4096) * 4096;
        memcpy (page, place, sizeof page);
        memset (place, 0, sizeof page);
        use_damaged (self, &image, &tally);
        memcpy (place, page, sizeof page);
    }
    tell ("cleared pages", &tally);
    assert_true (tally.aside > 0);
    free (image.bytes);
}

static void
assert_begun_anew (const world_t *self)
{
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_non_null (cache);
    assert_holds (cache, 0, 120, 0);
    assert_int_equal (put_all (cache, 0, 20), INK_OK);
    assert_holds (cache, 0, 120, 20);
    ink_cache_close (&cache);
}

//  Cut anywhere: either nothing of use was lost, or the store is begun anew.
static void
a_store_cut_short_is_moved_aside (void **state)
{
    static const size_t sizes[] = {1, 100, 4096, 8191};
    world_t *self = *state;
    tally_t tally = {0, 0};
    make_large_store (self);
    image_t image = load_image (self);
    size_t whole = image.size;
    while (tally.rounds < campaign (40)) {
        image.size =
            tally.rounds < 4 ? sizes[tally.rounds] : next_random (&self->random) % whole;
        image.file_size = (off_t) image.size;
        use_damaged (self, &image, &tally);
    }
    tell ("files cut", &tally);
    assert_true (tally.aside >= tally.rounds - 1);
    store_image (self, &image);
    assert_begun_anew (self);
    free (image.bytes);
}

static void
write_over (const world_t *self, const char *name, const void *bytes, size_t size)
{
    char path[PATH_MOST];
    in_folder (self, name, path);
    FILE *file = fopen (path, "w");
    assert_int_equal (fwrite (bytes, 1, size, file), size);
    fclose (file);
}

static void
garbage_is_moved_aside (void **state)
{
    static const size_t sizes[] = {1, 100, 4096, 8192, 60000};
    world_t *self = *state;
    uint8_t garbage[60000];
    for (size_t i = 0; i < sizeof garbage; i++)
        garbage[i] = (uint8_t) next_random (&self->random);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        make_store (self, 10);
        write_over (self, "data.mdb", garbage, sizes[i]);
        assert_begun_anew (self);
        assert_true (exists (self, "bad/data.mdb"));
    }
    write_over (self, "lock.mdb", garbage, 9000);
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_holds (cache, 0, 20, 20);
    ink_cache_close (&cache);
    write_over (self, "data.mdb", "", 0);
    assert_begun_anew (self);
}

static void
a_store_without_a_mark_of_this_version_is_moved_aside (void **state)
{
    static const char *const marks[] = {"", "x", "inkling-cache 999 - clean\n",
                                        "inkling-cache 1 - broken\n"};
    world_t *self = *state;
    for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
        make_store (self, 20);
        write_over (self, "mark", marks[i], strlen (marks[i]));
        assert_begun_anew (self);
    }
}

//  A record that lies damaged on the disk is a miss, is counted, and is put anew.
static void
a_damaged_record_is_found_and_replaced (void **state)
{
    world_t *self = *state;
    uint64_t all, bad;
    uint8_t bytes[VALUE_MOST];
    make_store (self, 20);
    image_t image = load_image (self);
    size_t size = one_value (7, bytes);
    uint8_t *place = memmem (image.bytes, image.size, bytes, size);
    assert_true (size > 100 && place != NULL);
    place[50] ^= 1;
    store_image (self, &image);
    free (image.bytes);
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_holds (cache, 0, 20, 19);
    assert_int_equal (put_all (cache, 7, 8), INK_OK);
    assert_holds (cache, 0, 20, 20);
    assert_int_equal (ink_cache_verify (cache, &all, &bad), INK_OK);
    assert_int_equal (all, 20);
    assert_int_equal (bad, 0);
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.corrupt, 1);
    ink_cache_close (&cache);
}

//  LMDB would free as many pages as the head of a large value says.
static void
a_large_value_of_wrong_length_frees_no_page_of_others (void **state)
{
    world_t *self = *state;
    ink_cache_stat_t stat;
    size_t refused = 0;
    make_store (self, 120);
    image_t image = load_image (self);
    for (size_t place = 8192; place < image.size; place += 4096) {
        ink_page_t page;
        memcpy (&page, image.bytes + place, sizeof page);
        if (page.flags == INK_PAGE_OVERFLOW && page.number == place / 4096)
            image.bytes[place + offsetof (ink_page_t, span)] += 5;
    }
    store_image (self, &image);
    free (image.bytes);
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    assert_holds (cache, 0, 120, 120);
    for (int n = 0; n < 4; n++) {
        ink_series_t series;
        memset (series.bytes, n, sizeof series.bytes);
        refused += ink_cache_purge (cache, &series) == INK_ECACHE;
    }
    assert_int_equal (refused, 1); //  After which the store was begun anew
    ink_cache_stat (cache, &stat);
    assert_int_equal (stat.set_aside, 1);
    assert_int_equal (put_all (cache, 0, 120), INK_OK);
    assert_holds (cache, 0, 120, 120);
    ink_cache_close (&cache);
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (no_flipped_bit_gives_a_wrong_value),
        TEST (no_cleared_page_gives_a_wrong_value),
        TEST (a_store_cut_short_is_moved_aside),
        TEST (garbage_is_moved_aside),
        TEST (a_store_without_a_mark_of_this_version_is_moved_aside),
        TEST (a_large_value_of_wrong_length_frees_no_page_of_others),
        TEST (a_damaged_record_is_found_and_replaced),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_cache_damage.c: a store that was damaged on the disk gives no wrong value.

#include "lmdb_world.h"

#include <fcntl.h>
#include <sys/stat.h>

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

//  Reads all, writes more, verifies, closes. What the store can no longer do it may refuse.
static int
use_store (const world_t *self, uint64_t records)
{
    uint64_t all, bad;
    ink_cache_t *cache = open_cache (self, 16 * MIB);
    if (!cache)
        return NOT_OPENED;
    count_t before = count_values (cache, 0, records);
    put_all (cache, 0, records + 20);
    count_t after = count_values (cache, 0, records + 20);
    ink_cache_verify (cache, &all, &bad);
    ink_cache_close (&cache);
    return before.wrong + after.wrong > 0 ? WRONG_VALUE : FINE;
}

static void
no_flipped_bit_gives_a_wrong_value (void **state)
{
    world_t *self = *state;
    make_store (self, 120);
    image_t image = load_image (self);
    for (int i = 0; i < 400; i++) {
        size_t bit = next_random (&self->random) % (8 * image.size);
        image.bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
        store_image (self, &image);
        image.bytes[bit / 8] ^= (uint8_t) (1 << bit % 8);
        int status = in_child (use_store, self, 120);
        if (status != FINE)
            fail_msg ("bit %zu of byte %zu: status %x", bit % 8, bit / 8, status);
    }
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
    world_t *self = *state;
    make_store (self, 120);
    image_t image = load_image (self);
    size_t whole = image.size;
    for (int i = 0; i < 40; i++) {
        image.size = i < 4 ? (size_t[]){1, 100, 4096, 8191}[i]
                           : next_random (&self->random) % whole;
        image.file_size = (off_t) image.size;
        store_image (self, &image);
        assert_int_equal (in_child (use_store, self, 120), FINE);
        assert_true (exists (self, "bad/data.mdb"));
    }
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

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (no_flipped_bit_gives_a_wrong_value),
        TEST (a_store_cut_short_is_moved_aside),
        TEST (garbage_is_moved_aside),
        TEST (a_store_without_a_mark_of_this_version_is_moved_aside),
        TEST (a_damaged_record_is_found_and_replaced),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

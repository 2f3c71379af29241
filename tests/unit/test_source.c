//  test_source.c: what can be opened beneath a root, and what is noticed of changes.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "inkling/error.h"
#include "source/source.h"

#define PATH_MOST 4096
#define INSIDE "these bytes lie inside"
#define SECRET "these bytes lie outside"
#define COUNT(array) (sizeof (array) / sizeof *(array))

typedef struct {
    char top[64]; //  Holds `secret` and the root `served`
    ink_roots_t *roots;
} world_t;

static void
in_world (const world_t *self, const char *name, char path[PATH_MOST])
{
    snprintf (path, PATH_MOST, "%s/%s", self->top, name);
}

static void
write_file (const world_t *self, const char *name, const char *text)
{
    char path[PATH_MOST];
    in_world (self, name, path);
    FILE *file = fopen (path, "w");
    assert_non_null (file);
    fputs (text, file);
    fclose (file);
}

static void
make_folder (const world_t *self, const char *name)
{
    char path[PATH_MOST];
    in_world (self, name, path);
    assert_int_equal (mkdir (path, 0755), 0);
}

static void
make_link (const world_t *self, const char *name, const char *target)
{
    char path[PATH_MOST];
    in_world (self, name, path);
    assert_int_equal (symlink (target, path), 0);
}

static void
make_odd_files (const world_t *self)
{
    char path[PATH_MOST];
    in_world (self, "served/pipe", path);
    assert_int_equal (mkfifo (path, 0644), 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf (address.sun_path, sizeof address.sun_path, "%s/served/socket", self->top);
    int fd = socket (AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal (bind (fd, (struct sockaddr *) &address, sizeof address), 0);
    close (fd);
    in_world (self, "served/locked", path);
    write_file (self, "served/locked", INSIDE);
    assert_int_equal (chmod (path, 0), 0);
}

static void
make_links (const world_t *self)
{
    char path[PATH_MOST];
    make_link (self, "served/to_file", "file");
    make_link (self, "served/to_folder", "folder");
    make_link (self, "served/to_link", "to_file");
    make_link (self, "served/folder/up", "../file");
    make_link (self, "served/nowhere", "missing");
    make_link (self, "served/ring", "ring");
    make_link (self, "served/out", "../secret");
    make_link (self, "served/out_folder", "..");
    make_link (self, "served/to_out", "out");
    make_link (self, "served/proc", "/proc/self/root");
    in_world (self, "secret", path);
    make_link (self, "served/absolute_out", path);
    in_world (self, "served/file", path);
    make_link (self, "served/absolute_in", path);
}

static int
set_up (void **state)
{
    world_t *self = calloc (1, sizeof *self);
    strcpy (self->top, "/tmp/inkling-source-XXXXXX");
    assert_non_null (mkdtemp (self->top));
    assert_int_equal (chmod (self->top, 0755), 0);
    make_folder (self, "served");
    make_folder (self, "served/folder");
    make_folder (self, "served/folder/deep");
    write_file (self, "secret", SECRET);
    write_file (self, "served/file", INSIDE);
    write_file (self, "served/folder/inner", INSIDE);
    write_file (self, "served/folder/deep/leaf", INSIDE);
    write_file (self, "served/..dots", INSIDE);
    make_links (self);
    make_odd_files (self);
    char path[PATH_MOST];
    in_world (self, "served", path);
    self->roots = ink_roots_new ();
    assert_int_equal (ink_roots_add (self->roots, "data", path), INK_OK);
    assert_int_equal (ink_roots_add (self->roots, "", "/"), INK_OK);
    *state = self;
    return 0;
}

static int
tear_down (void **state)
{
    world_t *self = *state;
    char command[PATH_MOST];
    ink_roots_destroy (&self->roots);
    assert_null (self->roots);
    snprintf (command, sizeof command, "rm -rf '%s'", self->top);
    int rc = system (command);
    free (self);
    return rc;
}

//  Opens and reads all; what is opened must have the bytes that lie inside.
static int
try_open (const world_t *self, const char *name)
{
    ink_source_t *source = NULL;
    int error = ink_source_open (self->roots, name, &source);
    if (error) {
        assert_null (source);
        return error;
    }
    char text[sizeof INSIDE] = "";
    assert_int_equal (ink_source_identity (source)->size, strlen (INSIDE));
    assert_int_equal (ink_source_read (source, 0, text, strlen (INSIDE)), INK_OK);
    assert_string_equal (text, INSIDE);
    ink_source_close (&source);
    assert_null (source);
    return INK_OK;
}

typedef struct {
    const char *path;
    int error;
} case_t;

static const case_t endings[] = {
    {"file", INK_OK},
    {"folder/inner", INK_OK},
    {"folder/deep/leaf", INK_OK},
    {"..dots", INK_OK},
    {"to_file", INK_OK},
    {"to_link", INK_OK},
    {"to_folder/inner", INK_OK},
    {"to_folder/deep/../inner", INK_OK},
    {"folder/up", INK_OK},
    {"to_folder/up", INK_OK},
    {"missing", INK_ENOTFOUND},
    {"nowhere", INK_ENOTFOUND},
    {"", INK_ENOTREGULAR},
    {"folder", INK_ENOTREGULAR},
    {"folder/", INK_ENOTREGULAR},
    {"folder/deep/.", INK_ENOTREGULAR},
    {"to_folder", INK_ENOTREGULAR},
    {"file/", INK_ENOTFOUND},
    {"file/.", INK_ENOTFOUND},
    {"file/..", INK_ENOTFOUND},
    {"file/more", INK_ENOTFOUND},
    {"missing/../file", INK_ENOTFOUND},
    {"...", INK_ENOTFOUND},
    {"FILE", INK_ENOTFOUND},
    {"file ", INK_ENOTFOUND},
    {"file%00", INK_ENOTFOUND},
    {"%2e%2e/secret", INK_ENOTFOUND},
    {"..\\secret", INK_ENOTFOUND},
    {"pipe", INK_ENOTREGULAR},
    {"socket", INK_ENOTREGULAR},
    {"ring", INK_EESCAPE},
    {"ring/file", INK_EESCAPE},
    {"out", INK_EESCAPE},
    {"to_out", INK_EESCAPE},
    {"out_folder", INK_EESCAPE},
    {"out_folder/secret", INK_EESCAPE},
    {"out_folder/served/file", INK_EESCAPE},
    {"absolute_in", INK_EESCAPE},
    {"absolute_out", INK_EESCAPE},
    {"proc", INK_EESCAPE},
    {"proc/etc/passwd", INK_EESCAPE},
};

//  Ways to the root itself, as long as one stays inside.
static const char *const harmless[] = {
    "./",           "folder/../",   "folder/deep/../../",   ".//./", "to_folder/../",
    "folder//..//", "folder/./../", "to_folder/deep/../../"};

//  Ways that lead out, wherever they come back to.
static const char *const escaping[] = {
    "../served/",         "folder/../../served/",    "/",
    "out_folder/served/", "to_folder/../../served/", "folder/deep/../../../"};

static void
expect (const world_t *self, const char *before, const case_t *end, int error)
{
    char name[PATH_MOST];
    snprintf (name, sizeof name, "data/%s%s", before, end->path);
    int got = try_open (self, name);
    if (got != error)
        fail_msg ("%s: %s instead of %s", name, ink_error_name (got),
                  ink_error_name (error));
}

static void
paths_end_inside_or_nowhere (void **state)
{
    for (size_t i = 0; i < COUNT (endings); i++) {
        if (*endings[i].path)
            expect (*state, "", &endings[i], endings[i].error);
        for (size_t j = 0; j < COUNT (harmless); j++)
            expect (*state, harmless[j], &endings[i], endings[i].error);
        for (size_t j = 0; j < COUNT (escaping); j++)
            expect (*state, escaping[j], &endings[i], INK_EESCAPE);
    }
}

static void
names_without_a_root_or_a_path_are_refused (void **state)
{
    static const case_t cases[] = {
        {"data", INK_ENOTFOUND},       {"data/", INK_ENOTFOUND},
        {"other/file", INK_ENOROOT},   {"dat/file", INK_ENOROOT},
        {"data2/file", INK_ENOROOT},   {"DATA/file", INK_ENOROOT},
        {"../data/file", INK_ENOROOT}, {"./data/file", INK_ENOROOT}};
    for (size_t i = 0; i < COUNT (cases); i++)
        assert_int_equal (try_open (*state, cases[i].path), cases[i].error);
    char name[PATH_MOST];
    memset (name, 'a', sizeof name);
    memcpy (name, "data/", 5);
    name[sizeof name - 1] = 0;
    assert_int_equal (try_open (*state, name), INK_ENOTFOUND);
}

static void
nothing_is_served_before_a_root_is_added (void **state)
{
    world_t bare = {.roots = ink_roots_new ()};
    (void) state;
    assert_int_equal (try_open (&bare, "/etc/passwd"), INK_ENOROOT);
    assert_int_equal (try_open (&bare, ""), INK_ENOROOT);
    ink_roots_destroy (&bare.roots);
}

static void
the_whole_file_system_follows_absolute_links (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    static const case_t cases[] = {
        {"served/file", INK_OK},           {"served/absolute_in", INK_OK},
        {"served/to_folder/up", INK_OK},   {"served/out_folder/served/file", INK_OK},
        {"served/pipe", INK_ENOTREGULAR},  {"served", INK_ENOTREGULAR},
        {"served/missing", INK_ENOTFOUND}, {"served/proc/etc/passwd", INK_EESCAPE},
        {"served/ring", INK_EESCAPE}};
    for (size_t i = 0; i < COUNT (cases); i++) {
        in_world (self, cases[i].path, path);
        assert_int_equal (try_open (self, path), cases[i].error);
    }
    snprintf (path, sizeof path, "/../..%s/served/file", self->top);
    assert_int_equal (try_open (self, path), INK_OK);
    assert_int_equal (try_open (self, "/dev/null"), INK_ENOTREGULAR);
    assert_int_equal (try_open (self, "/"), INK_ENOTREGULAR);
    assert_int_equal (try_open (self, "/proc/self/root/etc/passwd"), INK_EESCAPE);
    assert_int_equal (try_open (self, "/proc/self/cwd/x"), INK_EESCAPE);
    assert_int_equal (try_open (self, "/proc/self/fd/0"), INK_EESCAPE);
    assert_int_equal (try_open (self, "/proc/self/exe"), INK_EESCAPE);
    assert_int_equal (try_open (self, "/proc/version"), INK_ENOTREGULAR);
    assert_int_equal (try_open (self, "/sys/kernel/notes"), INK_ENOTREGULAR);
}

static void
roots_have_names_of_one_form_and_folders_that_open (void **state)
{
    static const char *const bad[] = {
        "a/b", "a b", "data", "\303\244", "a:b", "abcdefghijklmnopqrstuvwxyz1234567"};
    world_t *self = *state;
    char path[PATH_MOST];
    for (size_t i = 0; i < COUNT (bad); i++)
        assert_int_equal (ink_roots_add (self->roots, bad[i], self->top), INK_EUSAGE);
    assert_int_equal (ink_roots_add (self->roots, "", self->top), INK_EUSAGE);
    assert_int_equal (
        ink_roots_add (self->roots, "abcdefghijklmnopqrstuvwxyz123456", self->top),
        INK_OK);
    assert_int_equal (ink_roots_add (self->roots, "A.b_c-9", self->top), INK_OK);
    in_world (self, "missing", path);
    assert_int_equal (ink_roots_add (self->roots, "missing", path), INK_ENOTFOUND);
    in_world (self, "served/file", path);
    assert_int_equal (ink_roots_add (self->roots, "file", path), INK_ENOTFOUND);
    assert_int_equal (try_open (self, "file/x"), INK_ENOROOT);
}

//  Root may read everything: it takes another user's place for a moment.
static void
what_may_not_be_read_is_refused (void **state)
{
    bool root = geteuid () == 0;
    if (root && seteuid (65534) < 0)
        skip ();
    int error = try_open (*state, "data/locked");
    int fine = try_open (*state, "data/file");
    if (root)
        assert_int_equal (seteuid (0), 0);
    assert_int_equal (error, INK_EPERM);
    assert_int_equal (fine, INK_OK);
}

typedef struct {
    const world_t *world;
    atomic_bool stop;
} swapper_t;

//  Lets `served/swap` be now a folder, now a link that leads out.
static void *
swap (void *argument)
{
    swapper_t *self = argument;
    char here[PATH_MOST], folder[PATH_MOST], link[PATH_MOST];
    in_world (self->world, "served/swap", here);
    in_world (self->world, "served/a_folder", folder);
    in_world (self->world, "served/a_link", link);
    while (!atomic_load (&self->stop)) {
        rename (folder, here);
        rename (here, folder);
        rename (link, here);
        rename (here, link);
    }
    return NULL;
}

static void
no_race_leads_out (void **state)
{
    swapper_t swapper = {.world = *state};
    pthread_t thread;
    make_folder (*state, "served/a_folder");
    write_file (*state, "served/a_folder/secret", INSIDE);
    make_link (*state, "served/a_link", "..");
    assert_int_equal (pthread_create (&thread, NULL, swap, &swapper), 0);
    size_t opened = 0, refused = 0;
    for (int i = 0; i < 20000 || ((opened == 0 || refused == 0) && i < 5000000); i++) {
        int error = try_open (*state, "data/swap/../swap/secret");
        opened += error == INK_OK;
        refused += error == INK_EESCAPE;
    }
    atomic_store (&swapper.stop, true);
    pthread_join (thread, NULL);
    assert_true (opened > 0 && refused > 0);
}

static ink_source_t *
open_file (const world_t *self)
{
    ink_source_t *source = NULL;
    assert_int_equal (ink_source_open (self->roots, "data/file", &source), INK_OK);
    assert_int_equal (ink_source_check (source), INK_OK);
    return source;
}

static void
assert_changed (ink_source_t *source)
{
    assert_int_equal (ink_source_check (source), INK_ECHANGED);
    ink_source_close (&source);
}

static void
a_file_that_grows_has_changed (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    in_world (self, "served/file", path);
    ink_source_t *source = open_file (self);
    FILE *file = fopen (path, "a");
    fputs ("more", file);
    fclose (file);
    assert_changed (source);
}

static void
a_file_that_is_cut_short_has_changed_and_reads_no_further (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST], text[sizeof INSIDE];
    in_world (self, "served/file", path);
    ink_source_t *source = open_file (self);
    assert_int_equal (truncate (path, 5), 0);
    assert_int_equal (ink_source_read (source, 0, text, 5), INK_OK);
    assert_int_equal (ink_source_read (source, 0, text, 6), INK_ECHANGED);
    assert_int_equal (ink_source_read (source, 5, text, 1), INK_ECHANGED);
    assert_changed (source);
}

//  The clock of a file system moves in steps: it is rewritten until a step has passed.
static void
a_rewrite_of_the_same_size_that_hides_its_time_has_changed (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    struct stat before, after;
    in_world (self, "served/file", path);
    ink_source_t *source = open_file (self);
    assert_int_equal (stat (path, &before), 0);
    do {
        int file = open (path, O_WRONLY);
        assert_int_equal (pwrite (file, "T", 1, 0), 1);
        close (file);
        struct timespec times[2] = {before.st_atim, before.st_mtim};
        assert_int_equal (utimensat (AT_FDCWD, path, times, 0), 0);
        assert_int_equal (stat (path, &after), 0);
        assert_int_equal (after.st_size, before.st_size);
    } while (after.st_ctim.tv_nsec == before.st_ctim.tv_nsec);
    assert_changed (source);
}

//  The source is the file that was opened; the name leads to another identity.
static void
a_file_that_is_replaced_is_another_source (void **state)
{
    world_t *self = *state;
    char from[PATH_MOST], to[PATH_MOST];
    in_world (self, "served/folder/inner", from);
    in_world (self, "served/file", to);
    ink_source_t *old = open_file (self);
    assert_int_equal (rename (from, to), 0);
    ink_source_t *new = open_file (self);
    assert_true (ink_source_identity (old)->inode != ink_source_identity (new)->inode);
    assert_int_equal (ink_source_check (new), INK_OK);
    ink_source_close (&new);
    char text[sizeof INSIDE];
    assert_int_equal (ink_source_read (old, 0, text, strlen (INSIDE)), INK_OK);
    assert_changed (old);
}

static void
identities_are_what_stat_says (void **state)
{
    world_t *self = *state;
    char path[PATH_MOST];
    struct stat stat_;
    in_world (self, "served/file", path);
    assert_int_equal (stat (path, &stat_), 0);
    ink_source_t *source = open_file (self);
    const ink_identity_t *identity = ink_source_identity (source);
    assert_int_equal (identity->device, stat_.st_dev);
    assert_int_equal (identity->inode, stat_.st_ino);
    assert_int_equal (identity->size, stat_.st_size);
    assert_int_equal (identity->mtime_ns % 1000000000, stat_.st_mtim.tv_nsec);
    assert_int_equal (identity->mtime_ns / 1000000000, stat_.st_mtim.tv_sec);
    assert_int_equal (identity->ctime_ns / 1000000000, stat_.st_ctim.tv_sec);
    ink_source_close (&source);
}

static void
every_range_inside_is_read_and_none_beyond (void **state)
{
    ink_source_t *source = open_file (*state);
    size_t whole = strlen (INSIDE);
    for (size_t offset = 0; offset <= whole + 2; offset++)
        for (size_t size = 0; size <= whole + 2; size++) {
            char text[sizeof INSIDE + 2] = "";
            int error = ink_source_read (source, offset, text, size);
            bool inside = size == 0 || offset + size <= whole;
            assert_int_equal (error, inside ? INK_OK : INK_ECHANGED);
            if (inside && size > 0)
                assert_memory_equal (text, &INSIDE[offset], size);
        }
    char byte;
    assert_int_equal (ink_source_read (source, INT64_MAX, &byte, 1), INK_ECHANGED);
    assert_int_equal (ink_source_read (source, UINT64_MAX, &byte, 1), INK_ECHANGED);
    assert_int_equal (ink_source_read (source, 1, &byte, SIZE_MAX), INK_ECHANGED);
    ink_source_close (&source);
}

#define TEST(name) cmocka_unit_test_setup_teardown (name, set_up, tear_down)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        TEST (paths_end_inside_or_nowhere),
        TEST (names_without_a_root_or_a_path_are_refused),
        TEST (nothing_is_served_before_a_root_is_added),
        TEST (the_whole_file_system_follows_absolute_links),
        TEST (roots_have_names_of_one_form_and_folders_that_open),
        TEST (what_may_not_be_read_is_refused),
        TEST (no_race_leads_out),
        TEST (a_file_that_grows_has_changed),
        TEST (a_file_that_is_cut_short_has_changed_and_reads_no_further),
        TEST (a_rewrite_of_the_same_size_that_hides_its_time_has_changed),
        TEST (a_file_that_is_replaced_is_another_source),
        TEST (identities_are_what_stat_says),
        TEST (every_range_inside_is_read_and_none_beyond),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

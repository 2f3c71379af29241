//  fuzz_source.c: names of sources. Whatever the name, nothing but the two files beneath the
//  root is ever opened.

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "fuzz.h"
#include "inkling/error.h"
#include "source/source.h"

static char folder[] = "/tmp/inkling-fuzz-XXXXXX";
static ink_roots_t *roots;
static ino_t inside[2];

static void
make_file (const char *name, ino_t *inode)
{
    struct stat stat;
    int file = open (name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    assert (file >= 0 && write (file, "x", 1) == 1 && fstat (file, &stat) == 0);
    *inode = stat.st_ino;
    close (file);
}

static void
remove_all (void)
{
    static const char *const names[] = {
        "root/d/g", "root/d",    "root/f",      "root/in",   "root/out", "root/up",
        "root/me",  "root/ring", "root/device", "root/pipe", "outside",  "root"};
    assert (chdir (folder) == 0);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        remove (names[n]);
    remove (folder);
    ink_roots_destroy (&roots);
}

//  The root has files f and d/g, and links to inside and outside, a pipe and a device.
static void
make_all (void)
{
    ino_t outside;
    int home = open (".", O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert (home >= 0 && mkdtemp (folder) && chdir (folder) == 0);
    assert (mkdir ("root", 0700) == 0 && mkdir ("root/d", 0700) == 0);
    make_file ("root/f", &inside[0]);
    make_file ("root/d/g", &inside[1]);
    make_file ("outside", &outside);
    assert (symlink ("d/../f", "root/in") == 0 &&
            symlink ("/dev/null", "root/device") == 0);
    assert (symlink ("../outside", "root/out") == 0 && symlink ("..", "root/up") == 0);
    assert (symlink ("ring", "root/ring") == 0 && mkfifo ("root/pipe", 0600) == 0);
    assert (symlink ("/proc/self/root", "root/me") == 0);
    roots = ink_roots_new ();
    assert (roots && ink_roots_add (roots, "data", "root") == INK_OK);
    assert (fchdir (home) == 0);
    close (home);
    atexit (remove_all);
}

static void
open_name (const char *name)
{
    ink_source_t *source;
    int rc = ink_source_open (roots, name, &source);
    assert (rc == INK_OK || rc == INK_ENOROOT || rc == INK_ENOTFOUND || rc == INK_EPERM ||
            rc == INK_EESCAPE || rc == INK_ENOTREGULAR);
    if (rc)
        return;
    uint64_t inode = ink_source_identity (source)->inode;
    assert (inode == inside[0] || inode == inside[1]);
    ink_source_close (&source);
}

//  As it is, and as a path beneath the root.
int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    static const char root[] = "data/";
    if (!roots)
        make_all ();
    char *name = calloc (sizeof root + size, 1);
    memcpy (name, root, sizeof root);
    memcpy (name + sizeof root - 1, bytes, size);
    open_name (name + sizeof root - 1);
    open_name (name);
    free (name);
    return 0;
}

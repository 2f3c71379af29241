//  source.h: bytes that can be read by range, beneath a root.
//
//  A source is named "ROOT/PATH". Roots are folders that were named at start; a path is
//  opened with openat2 so that neither "..", links nor /proc tricks lead out of its root.
//  Only regular files are sources, and not those of /proc and /sys, whose size means nothing.
//  Everything is read with pread: a file that is cut short under us is an error, never a
//  signal.

#ifndef INK_SOURCE_H_INCLUDED
#define INK_SOURCE_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

//  Changes when the bytes may have changed.
typedef struct {
    uint64_t device, inode, size;
    int64_t mtime_ns, ctime_ns;
} ink_identity_t;

typedef struct ink_roots ink_roots_t;
typedef struct ink_source ink_source_t;

ink_roots_t *ink_roots_new (void);
void ink_roots_destroy (ink_roots_t **self_p);

//  Serves the folder `path` as `name`: 1 to 32 of [A-Za-z0-9._-]. The name "" with the path
//  "/" serves the whole file system to an embedded Inkling: a source is then an absolute
//  path, and links that are absolute are followed. INK_EUSAGE: the name is of another form
//  or taken; INK_ENOTFOUND, INK_EPERM: the folder cannot be opened; INK_ESYSTEM: this kernel
//  has no openat2.
int ink_roots_add (ink_roots_t *self, const char *name, const char *path);

//  Opens "NAME/PATH", or an absolute path beneath the root "". Stores the source in *source_p
//  and returns INK_OK; else INK_ENOROOT, INK_ENOTFOUND, INK_EPERM, INK_EESCAPE,
//  INK_ENOTREGULAR, INK_ESYSTEM (no more descriptors), INK_ENOMEM.
int ink_source_open (const ink_roots_t *roots, const char *name, ink_source_t **source_p);
void ink_source_close (ink_source_t **self_p);

//  As it was when the source was opened.
const ink_identity_t *ink_source_identity (const ink_source_t *self);

//  INK_OK while the file is what it was when opened, else INK_ECHANGED. One fstat.
int ink_source_check (const ink_source_t *self);

//  Says that these bytes will be read soon: a disk can then fetch many such ranges at once.
void ink_source_announce (const ink_source_t *self, uint64_t offset, uint64_t size);

//  Reads exactly `size` bytes. INK_ECHANGED: the file ends before; INK_EIO.
int ink_source_read (const ink_source_t *self, uint64_t offset, void *out, size_t size);

#endif

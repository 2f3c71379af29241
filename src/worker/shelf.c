//  shelf.c: sources that are kept open.

#include "worker/shelf.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "inkling/error.h"

static bool
is_the_one (const ink_source_t *source, const ink_msg_file_t *file)
{
    const ink_identity_t *identity = ink_source_identity (source);
    return identity->device == file->device && identity->inode == file->inode &&
           identity->size == file->size && identity->mtime_ns == file->mtime_ns &&
           identity->ctime_ns == file->ctime_ns;
}

//  What was found is not the next to go: a lease may need another one beside it.
static ink_source_t *
find (ink_shelf_t *self, const ink_msg_file_t *file)
{
    for (size_t n = 0; n < INK_SHELF_PLACES; n++)
        if (self->places[n].source && strcmp (self->places[n].name, file->source) == 0 &&
            is_the_one (self->places[n].source, file)) {
            self->next += self->next % INK_SHELF_PLACES == n;
            return self->places[n].source;
        }
    return NULL;
}

//  Takes the place of the oldest.
static void
put (ink_shelf_t *self, char *name, ink_source_t *source)
{
    size_t place = self->next++ % INK_SHELF_PLACES;
    free (self->places[place].name);
    ink_source_close (&self->places[place].source);
    self->places[place].name = name;
    self->places[place].source = source;
}

int
ink_shelf_open (ink_shelf_t *self, const ink_roots_t *roots, const ink_msg_file_t *file,
                ink_source_t **source_p)
{
    ink_source_t *source = find (self, file);
    if (source) {
        *source_p = source;
        return INK_OK;
    }
    int rc = ink_source_open (roots, file->source, &source);
    if (rc)
        return rc == INK_ENOTFOUND ? INK_ECHANGED : rc;
    char *name = strdup (file->source);
    if (!name || !is_the_one (source, file)) {
        ink_source_close (&source);
        rc = name ? INK_ECHANGED : INK_ENOMEM;
        free (name);
        return rc;
    }
    put (self, name, source);
    *source_p = source;
    return INK_OK;
}

void
ink_shelf_clear (ink_shelf_t *self)
{
    for (size_t n = 0; n < INK_SHELF_PLACES; n++) {
        free (self->places[n].name);
        ink_source_close (&self->places[n].source);
    }
}

//  shelf.h: sources that are kept open, for leases of one source come one after the other.

#ifndef INK_SHELF_H_INCLUDED
#define INK_SHELF_H_INCLUDED

#include "protocol/messages.h"
#include "source/source.h"

#define INK_SHELF_PLACES 8

//  Zeros: empty
typedef struct {
    struct {
        char *name;
        ink_source_t *source;
    } places[INK_SHELF_PLACES];
    size_t next;
} ink_shelf_t;

//  The source of that name and identity, which stays on the shelf, at least until another
//  two were opened. INK_ECHANGED: it is another one now; what ink_source_open says.
int ink_shelf_open (ink_shelf_t *self, const ink_roots_t *roots,
                    const ink_msg_file_t *file, ink_source_t **source_p);

//  Closes all.
void ink_shelf_clear (ink_shelf_t *self);

#endif

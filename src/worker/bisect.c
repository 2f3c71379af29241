//  bisect.c: finds the smallest ranges of a part that cannot be computed.

#include <string.h>

#include "base/memory.h"
#include "inkling/error.h"
#include "worker/bisect.h"

typedef struct {
    ink_part_t part;
    int error; //  That of the piece it was cut from
} piece_t;

struct ink_bisect {
    piece_t pieces[2 * INK_BISECT_TRIALS + 1];
    size_t tried, size;
    ink_msg_failure_t failures[INK_BISECT_TRIALS + 1];
    size_t failure_count;
};

ink_bisect_t *
ink_bisect_new (ink_part_t part)
{
    ink_bisect_t *self = ink_alloc (sizeof *self);
    if (self)
        self->pieces[self->size++] = (piece_t){part, INK_ELOST};
    return self;
}

void
ink_bisect_destroy (ink_bisect_t **self_p)
{
    ink_free (*self_p);
    *self_p = NULL;
}

bool
ink_bisect_next (const ink_bisect_t *self, ink_part_t *piece)
{
    if (self->tried == self->size)
        return false;
    *piece = self->pieces[self->tried].part;
    return true;
}

static bool
joins (const ink_msg_failure_t *one, const ink_msg_failure_t *next)
{
    return one->offset + one->length == next->offset && one->error == next->error;
}

//  Takes the n-th into the one before it when they are one range.
static void
join (ink_bisect_t *self, size_t n)
{
    if (!n || n >= self->failure_count ||
        !joins (&self->failures[n - 1], &self->failures[n]))
        return;
    self->failures[n - 1].length += self->failures[n].length;
    self->failure_count--;
    memmove (&self->failures[n], &self->failures[n + 1],
             (self->failure_count - n) * sizeof *self->failures);
}

static void
enter (ink_bisect_t *self, ink_part_t part, int error)
{
    size_t n = self->failure_count++;
    for (; n && self->failures[n - 1].offset > part.offset; n--)
        self->failures[n] = self->failures[n - 1];
    self->failures[n] = (ink_msg_failure_t){part.offset, part.length, (uint64_t) error};
    join (self, n + 1);
    join (self, n);
}

//  Where to cut, a multiple of the grain near the middle; 0: it is one grain.
static uint64_t
middle (ink_part_t part, uint64_t grain)
{
    uint64_t cut = part.offset + part.length / 2;
    cut -= cut % grain;
    if (cut <= part.offset)
        cut += grain;
    return cut < part.offset + part.length ? cut : 0;
}

static void
go_on (ink_bisect_t *self)
{
    if (++self->tried == INK_BISECT_TRIALS)
        ink_bisect_stop (self);
}

void
ink_bisect_passed (ink_bisect_t *self)
{
    go_on (self);
}

void
ink_bisect_failed (ink_bisect_t *self, int error, uint64_t grain)
{
    ink_part_t part = self->pieces[self->tried].part;
    uint64_t cut = middle (part, grain);
    if (cut) {
        ink_part_t left = {part.offset, cut - part.offset};
        ink_part_t right = {cut, part.length - left.length};
        self->pieces[self->size++] = (piece_t){left, error};
        self->pieces[self->size++] = (piece_t){right, error};
    } else
        enter (self, part, error);
    go_on (self);
}

void
ink_bisect_stop (ink_bisect_t *self)
{
    for (; self->tried < self->size; self->tried++)
        enter (self, self->pieces[self->tried].part, self->pieces[self->tried].error);
}

const ink_msg_failure_t *
ink_bisect_failures (const ink_bisect_t *self, size_t *count)
{
    *count = self->failure_count;
    return self->failures;
}

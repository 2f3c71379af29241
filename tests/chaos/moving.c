//  moving.c: a file that is rewritten while it is asked about, and all it has ever been.

#include "moving.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../unit/chance.h"

#define SIZE_LEAST 150000
#define SIZE_MORE 350000

static bool
write_all (const char *path, int flags, const uint8_t *bytes, size_t size, off_t at)
{
    int file = open (path, flags | O_WRONLY | O_CLOEXEC, 0644);
    bool good = file >= 0 && pwrite (file, bytes, size, at) == (ssize_t) size;
    //  A time of its own, so that whoever read between the bytes can tell
    good = good && futimens (file, NULL) == 0;
    if (file >= 0)
        close (file);
    return good;
}

static void
fill (uint8_t *bytes, size_t size, uint64_t *seed)
{
    for (size_t at = 0; at < size; at++)
        bytes[at] = (uint8_t) chance (seed);
}

static bool
replace (moving_t *self, uint8_t **bytes, size_t *size)
{
    char other[96];
    snprintf (other, sizeof other, "%s.new", self->path);
    *size = SIZE_LEAST + chance_below (&self->seed, SIZE_MORE);
    *bytes = malloc (*size);
    if (!*bytes)
        return false;
    fill (*bytes, *size, &self->seed);
    return write_all (other, O_CREAT | O_TRUNC, *bytes, *size, 0) &&
           rename (other, self->path) == 0;
}

static bool
rewrite (moving_t *self, uint8_t **bytes, size_t *size)
{
    size_t last = self->number % STATES;
    *size = self->states[last].size;
    *bytes = malloc (*size);
    if (!*bytes)
        return false;
    memcpy (*bytes, self->states[last].bytes, *size);
    size_t at = chance_below (&self->seed, *size);
    size_t length = 1 + chance_below (&self->seed, *size - at);
    fill (*bytes + at, length, &self->seed);
    return write_all (self->path, 0, *bytes + at, length, (off_t) at);
}

static bool
cut (moving_t *self, uint8_t **bytes, size_t *size)
{
    size_t last = self->number % STATES;
    *size = 1 + chance_below (&self->seed, self->states[last].size);
    *bytes = malloc (*size);
    if (!*bytes)
        return false;
    memcpy (*bytes, self->states[last].bytes, *size);
    return truncate (self->path, (off_t) *size) == 0;
}

static bool
add_state (moving_t *self, bool (*how) (moving_t *, uint8_t **, size_t *))
{
    uint8_t *bytes = NULL;
    size_t size = 0;
    if (!how (self, &bytes, &size)) {
        fprintf (stderr, "cannot write %s\n", self->path);
        abort (); //  Nobody knows what it is now
    }
    size_t place = ++self->number % STATES;
    free (self->states[place].bytes);
    self->states[place].bytes = bytes;
    self->states[place].size = size;
    return true;
}

bool
moving_begin (moving_t *self, const char *folder, const char *name, uint64_t seed)
{
    *self = (moving_t){.seed = seed};
    snprintf (self->path, sizeof self->path, "%s/%s", folder, name);
    return add_state (self, replace);
}

void
moving_end (moving_t *self)
{
    for (size_t n = 0; n < STATES; n++)
        free (self->states[n].bytes);
}

bool
moving_change (moving_t *self, size_t keep)
{
    if (self->number + 1 >= keep + STATES)
        return false;
    switch (chance_below (&self->seed, 6)) {
    case 0:
    case 1:
        return add_state (self, rewrite);
    case 2:
        return add_state (self, cut);
    default:
        return add_state (self, replace);
    }
}

bool
moving_is_answered (const moving_t *self, size_t from, const question_t *question,
                    const ink_reply_t *final)
{
    for (size_t n = from; n <= self->number; n++)
        if (question_is_answered (question, final, self->states[n % STATES].bytes,
                                  self->states[n % STATES].size))
            return true;
    return false;
}

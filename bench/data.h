//  data.h: the file that is computed over, and what is known of it.

#ifndef BENCH_DATA_H_INCLUDED
#define BENCH_DATA_H_INCLUDED

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "measure.h"

typedef struct {
    int file;
    uint64_t size;
    char served[PATH_MAX], local[PATH_MAX]; //  As sources
} data_t;

static inline void
data_open (data_t *self, const char *folder, const char *name)
{
    char path[PATH_MAX], *real = realpath (folder, path);
    snprintf (self->served, sizeof self->served, "data/%s", name);
    if (!real || (size_t) snprintf (self->local, sizeof self->local, "%s/%s", real,
                                    name) >= sizeof self->local)
        die ("%s cannot be found", folder);
    self->file = open (self->local, O_RDONLY);
    struct stat stat;
    if (self->file == -1 || fstat (self->file, &stat) || stat.st_size < 1 << 20)
        die ("%s cannot be used", self->local);
    self->size = (uint64_t) stat.st_size;
}

//  The share of the file that is in memory.
static inline double
data_warmth (const data_t *self)
{
    size_t pages = (self->size + 4095) / 4096, warm = 0;
    unsigned char *here = malloc (pages);
    void *map = mmap (NULL, self->size, PROT_READ, MAP_SHARED, self->file, 0);
    if (!here || map == MAP_FAILED || mincore (map, self->size, here))
        die ("cannot see what is in the page cache");
    for (size_t page = 0; page < pages; page++)
        warm += here[page] & 1;
    munmap (map, self->size);
    free (here);
    return (double) warm / (double) pages;
}

//  Reads everything, so that what is measured next does not wait for the disk.
static inline void
data_warm_up (const data_t *self)
{
    static uint8_t buffer[1 << 20];
    for (uint64_t at = 0; at < self->size; at += sizeof buffer)
        if (pread (self->file, buffer, sizeof buffer, (off_t) at) <= 0)
            die ("the data cannot be read");
    double warmth = data_warmth (self);
    if (warmth < 0.99)
        fprintf (stderr, "bench: only %.0f %% of the data stay in the page cache\n",
                 100 * warmth);
}

//  The file gets a new time, so that no cache knows it.
static inline void
data_renew (const data_t *self)
{
    if (futimens (self->file, NULL))
        die ("the data cannot get a new time");
}

#endif

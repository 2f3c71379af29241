//  sound.c: the head pages of data.mdb, as LMDB 0.9 lays them out.

#include "cache/sound.h"

#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

#define MAGIC 0xBEEFC0DE
#define VERSION 1
#define NO_PAGE UINT64_MAX
#define META_PAGE 8 //  In flags

typedef struct {
    uint32_t page_size; //  Of the first table only
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
} table_t;

typedef struct {
    uint64_t number;
    uint16_t unused, flags;
    uint32_t bounds;
    uint32_t magic, version;
    uint64_t address, map_size;
    table_t free, main;
    uint64_t last_page, transaction;
} head_t;

_Static_assert(sizeof (head_t) == 152, "as LMDB writes it where a word has 64 bits");

static bool
read_head (int file, uint64_t page_size, uint64_t number, head_t *head)
{
    return pread (file, head, sizeof *head, (off_t) (number * page_size)) ==
               (ssize_t) sizeof *head &&
           head->number == number && head->flags == META_PAGE && head->magic == MAGIC &&
           head->version == VERSION && head->free.page_size == page_size;
}

static bool
root_fits (const table_t *table, uint64_t last_page)
{
    return table->root == NO_PAGE || (table->root >= 2 && table->root <= last_page);
}

//  The newer of the heads is the one that counts.
static bool
heads_are_sound (int file, uint64_t file_size)
{
    uint64_t page_size = (uint64_t) sysconf (_SC_PAGESIZE);
    head_t heads[2];
    if (!read_head (file, page_size, 0, &heads[0]) ||
        !read_head (file, page_size, 1, &heads[1]))
        return false;
    const head_t *head = &heads[heads[1].transaction > heads[0].transaction];
    return head->last_page < file_size / page_size &&
           root_fits (&head->free, head->last_page) &&
           root_fits (&head->main, head->last_page);
}

bool
ink_store_is_sound (int folder)
{
    int file = openat (folder, "data.mdb", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;
    if (file < 0)
        return false;
    bool sound = fstat (file, &stat) == 0 && S_ISREG (stat.st_mode) &&
                 (stat.st_size == 0 || heads_are_sound (file, (uint64_t) stat.st_size));
    close (file);
    return sound;
}

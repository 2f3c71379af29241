//  sound.c: the head pages of data.mdb.

#include "cache/sound.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cache/page.h"

#define MAGIC 0xBEEFC0DE
#define VERSION 1
#define MAP_MOST ((uint64_t) 1 << 46)

uint64_t
ink_page_size (void)
{
    return (uint64_t) sysconf (_SC_PAGESIZE);
}

bool
ink_head_read (int file, uint64_t number, ink_head_t *head)
{
    uint64_t page_size = ink_page_size ();
    return pread (file, head, sizeof *head, (off_t) (number * page_size)) ==
               (ssize_t) sizeof *head &&
           head->page.number == number && head->page.flags == INK_PAGE_HEAD &&
           head->magic == MAGIC && head->version == VERSION &&
           head->free.page_size == page_size && head->map_size <= MAP_MOST;
}

static bool
root_fits (const ink_table_t *table, uint64_t last_page)
{
    return table->root == INK_NO_PAGE ||
           (table->root >= INK_FIRST_PAGE && table->root <= last_page);
}

//  The newer of the heads is the one that counts.
static bool
heads_are_sound (int file, uint64_t file_size)
{
    ink_head_t heads[2];
    if (!ink_head_read (file, 0, &heads[0]) || !ink_head_read (file, 1, &heads[1]))
        return false;
    const ink_head_t *head = &heads[heads[1].transaction > heads[0].transaction];
    return head->last_page < file_size / ink_page_size () &&
           root_fits (&head->free, head->last_page) &&
           root_fits (&head->main, head->last_page);
}

bool
ink_store_is_sound (int folder)
{
    int file = openat (folder, "data.mdb", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat stat;
    if (file < 0)
        return errno == ENOENT;
    bool sound = fstat (file, &stat) == 0 && S_ISREG (stat.st_mode) &&
                 (stat.st_size == 0 || heads_are_sound (file, (uint64_t) stat.st_size));
    close (file);
    return sound;
}

//  page.h: the pages of data.mdb, as LMDB 0.9 lays them out in the machine's own order.
//
//  LMDB maps its file and believes every number in it. These layouts let sound.c and tree.c
//  read the same pages with distrust, before LMDB does.

#ifndef INK_PAGE_H_INCLUDED
#define INK_PAGE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#define INK_NO_PAGE UINT64_MAX
#define INK_FIRST_PAGE 2 //  Behind the two heads

enum { INK_PAGE_BRANCH = 1, INK_PAGE_LEAF = 2, INK_PAGE_OVERFLOW = 4, INK_PAGE_HEAD = 8 };

typedef struct {
    uint64_t number;
    uint16_t unused, flags;
    union {
        struct {
            uint16_t lower, upper; //  End of the places of entries, begin of entries
        };
        uint32_t span; //  Pages of a large value
    };
} ink_page_t;

_Static_assert(sizeof (ink_page_t) == 16, "as LMDB writes it");

//  An entry and its key; then the data, or the page where large data begin.
typedef struct {
    uint32_t low; //  Of a branch the child's page, of a leaf the size of the data
    uint16_t flags, key_size;
} ink_entry_t;

enum { INK_ENTRY_LARGE = 1, INK_ENTRY_TABLE = 2 };

typedef struct {
    uint32_t page_size; //  Of the first table of a head only
    uint16_t flags, depth;
    uint64_t branch_pages, leaf_pages, overflow_pages, entries, root;
} ink_table_t;

//  The heads are written in turn, the even transactions to page 0.
typedef struct {
    ink_page_t page;
    uint32_t magic, version;
    uint64_t address, map_size;
    ink_table_t free, main;
    uint64_t last_page, transaction;
} ink_head_t;

_Static_assert(sizeof (ink_head_t) == 152, "as LMDB writes it where a word has 64 bits");

uint64_t ink_page_size (void);

//  Reads the head in page 0 or 1; false when it is none of ours.
bool ink_head_read (int file, uint64_t number, ink_head_t *head);

#endif

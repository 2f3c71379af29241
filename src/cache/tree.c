//  tree.c: walks the trees of an LMDB file with distrust.
//
//  A head names two tables: the free pages, and the main one, whose entries are the tables
//  `values` and `order`. Each is a tree of branches and leaves.

#include "cache/tree.h"

#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "cache/cache.h"
#include "cache/page.h"

#define DEPTH_MOST 32 //  Of LMDB's own cursors
#define KEY_MOST 511
#define FREE_FLAGS 8 //  Keys are numbers
#define PAGES_A_GLANCE 64
#define WORDS_A_READ 512

typedef struct walk walk_t;
typedef struct kind kind_t;

typedef struct {
    const uint8_t *key;
    size_t key_size;
    const uint8_t *data; //  NULL: large, from `page` on
    uint64_t page;
    uint32_t size;
} item_t;

//  What is asked of the items of a table.
struct kind {
    uint16_t flags;
    size_t key_least, key_most;
    int (*compare) (const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size);
    bool (*look) (walk_t *self, const item_t *item);
};

struct walk {
    int file;
    uint64_t page_size, last_page;
    int64_t deadline;
    uint64_t count;  //  Of pages read
    uint8_t *seen;   //  A bit a page
    uint8_t *starts; //  Of the page that is looked at: places where entries begin
    uint8_t *pages;  //  One a level

    //  Of the tree that is walked.
    const kind_t *kind;
    ink_table_t found;
    uint8_t last[KEY_MOST]; //  Key, or bound told by a branch
    size_t last_size;
    enum { NO_LAST, LAST_KEY, LAST_BOUND } last_kind;

    //  Of the main tree.
    ink_table_t tables[2];
    size_t table_count;
};

//  Marks pages as used; false when one is out of the file or used already.
static bool
claim (walk_t *self, uint64_t page, uint64_t span)
{
    if (page < INK_FIRST_PAGE || page > self->last_page ||
        span > self->last_page - page + 1)
        return false;
    for (; span > 0; span--, page++) {
        uint8_t bit = (uint8_t) (1 << page % 8);
        if (self->seen[page / 8] & bit)
            return false;
        self->seen[page / 8] |= bit;
    }
    return true;
}

static bool
read_at (const walk_t *self, void *bytes, size_t size, uint64_t place)
{
    return pread (self->file, bytes, size, (off_t) place) == (ssize_t) size;
}

static ink_entry_t
entry_at (const uint8_t *bytes)
{
    ink_entry_t entry;
    memcpy (&entry, bytes, sizeof entry);
    return entry;
}

static uint16_t
place_of (const uint8_t *bytes, size_t n)
{
    uint16_t place;
    memcpy (&place, bytes + sizeof (ink_page_t) + n * sizeof place, sizeof place);
    return place;
}

//  Of an entry in its page, which is always even.
static size_t
entry_size (const ink_entry_t *entry, bool leaf)
{
    size_t size = sizeof *entry + entry->key_size;
    if (leaf)
        size += entry->flags & INK_ENTRY_LARGE ? sizeof (uint64_t) : entry->low;
    return (size + 1) & ~(size_t) 1;
}

//  Entries fill a page from its end without a gap: going from one to the next must meet the
//  begin of each.
static bool
entries_fit (walk_t *self, const uint8_t *bytes, const ink_page_t *page, size_t count,
             bool leaf)
{
    memset (self->starts, 0, self->page_size / 2);
    for (size_t n = 0; n < count; n++) {
        uint16_t place = place_of (bytes, n);
        if (place % 2 || place < page->upper || place >= self->page_size ||
            self->starts[place / 2])
            return false;
        self->starts[place / 2] = 1;
    }
    size_t place = page->upper;
    for (; count > 0; count--) {
        if (place + sizeof (ink_entry_t) > self->page_size || !self->starts[place / 2])
            return false;
        ink_entry_t entry = entry_at (bytes + place);
        place += entry_size (&entry, leaf);
    }
    return place == self->page_size;
}

//  Reads a page of a tree; false when it is not one. Stores how many entries it has.
static bool
read_page (walk_t *self, uint64_t number, uint8_t *bytes, bool leaf, size_t *count)
{
    ink_page_t page;
    if (!claim (self, number, 1) ||
        !read_at (self, bytes, self->page_size, number * self->page_size))
        return false;
    memcpy (&page, bytes, sizeof page);
    if (page.number != number || page.flags != (leaf ? INK_PAGE_LEAF : INK_PAGE_BRANCH) ||
        page.lower < sizeof page || page.lower > page.upper ||
        page.upper > self->page_size || page.lower % 2)
        return false;
    *count = (page.lower - sizeof page) / sizeof (uint16_t);
    return *count >= (leaf ? 1 : 2) && entries_fit (self, bytes, &page, *count, leaf);
}

//  Whether a key, or the bound before a child, stands behind all before it. The first key of
//  a child may be its bound.
static bool
in_order (walk_t *self, const uint8_t *key, size_t size, bool bound)
{
    if (size < self->kind->key_least || size > self->kind->key_most)
        return false;
    if (self->last_kind != NO_LAST) {
        int order = self->kind->compare (self->last, self->last_size, key, size);
        if (order > 0 || (order == 0 && (bound || self->last_kind == LAST_KEY)))
            return false;
    }
    memcpy (self->last, key, size);
    self->last_size = size;
    self->last_kind = bound ? LAST_BOUND : LAST_KEY;
    return true;
}

static bool
claim_large (walk_t *self, const item_t *item)
{
    uint64_t span =
        (sizeof (ink_page_t) + item->size + self->page_size - 1) / self->page_size;
    self->found.overflow_pages += span;
    return claim (self, item->page, span);
}

static bool
check_entry (walk_t *self, const uint8_t *bytes)
{
    ink_entry_t entry = entry_at (bytes);
    item_t item = {
        .key = bytes + sizeof entry, .key_size = entry.key_size, .size = entry.low};
    if (entry.flags & INK_ENTRY_LARGE)
        memcpy (&item.page, item.key + item.key_size, sizeof item.page);
    else
        item.data = item.key + item.key_size;
    self->found.entries++;
    return (entry.flags & ~INK_ENTRY_LARGE) == self->kind->flags &&
           in_order (self, item.key, item.key_size, false) &&
           (item.data || claim_large (self, &item)) && self->kind->look (self, &item);
}

static ink_tree_t walk_page (walk_t *self, uint64_t number, size_t level);

//  What keys a child may hold is told by its entry; of the first child nothing is told.
static ink_tree_t
walk_child (walk_t *self, const uint8_t *bytes, bool first, size_t level)
{
    ink_entry_t entry = entry_at (bytes);
    if (!first && !in_order (self, bytes + sizeof entry, entry.key_size, true))
        return INK_TREE_DAMAGED;
    return walk_page (self, (uint64_t) entry.flags << 32 | entry.low, level);
}

static ink_tree_t
walk_page (walk_t *self, uint64_t number, size_t level)
{
    bool leaf = level + 1 == self->found.depth;
    uint8_t *bytes = self->pages + level * self->page_size;
    size_t count;
    if (self->count++ % PAGES_A_GLANCE == 0 && ink_clock_us () > self->deadline)
        return INK_TREE_UNKNOWN;
    if (!read_page (self, number, bytes, leaf, &count))
        return INK_TREE_DAMAGED;
    if (leaf)
        self->found.leaf_pages++;
    else
        self->found.branch_pages++;
    ink_tree_t tree = INK_TREE_SOUND;
    for (size_t n = 0; n < count && tree == INK_TREE_SOUND; n++) {
        const uint8_t *entry = bytes + place_of (bytes, n);
        if (!leaf)
            tree = walk_child (self, entry, n == 0, level + 1);
        else if (!check_entry (self, entry))
            tree = INK_TREE_DAMAGED;
    }
    return tree;
}

static ink_tree_t
walk_table (walk_t *self, const kind_t *kind, const ink_table_t *table)
{
    self->kind = kind;
    self->last_kind = NO_LAST;
    self->found = (ink_table_t){.page_size = table->page_size,
                                .flags = table->flags,
                                .depth = table->depth,
                                .root = table->root};
    if (table->depth > DEPTH_MOST || (table->depth == 0) != (table->root == INK_NO_PAGE))
        return INK_TREE_DAMAGED;
    ink_tree_t tree = INK_TREE_SOUND;
    if (table->depth > 0)
        tree = walk_page (self, table->root, 0);
    if (tree == INK_TREE_SOUND && memcmp (&self->found, table, sizeof *table) != 0)
        tree = INK_TREE_DAMAGED;
    return tree;
}

//  ---------------------------------------------------------------------------------------
//  What the tables hold

static int
compare_bytes (const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    int order = memcmp (a, b, a_size < b_size ? a_size : b_size);
    return order ? order : (a_size > b_size) - (a_size < b_size);
}

static int
compare_numbers (const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size)
{
    uint64_t x, y;
    (void) a_size;
    (void) b_size;
    memcpy (&x, a, sizeof x);
    memcpy (&y, b, sizeof y);
    return (x > y) - (x < y);
}

//  A record is checked when it is opened.
static bool
look_at_record (walk_t *self, const item_t *item)
{
    (void) self;
    (void) item;
    return true;
}

static bool
look_at_line (walk_t *self, const item_t *item)
{
    (void) self;
    return item->data && item->size > 0 && item->size <= INK_CACHE_KEY_MOST;
}

static bool
look_at_table (walk_t *self, const item_t *item)
{
    static const char *const names[] = {"order", "values"};
    size_t n = self->table_count++;
    if (n >= 2 || !item->data || item->size != sizeof (ink_table_t) ||
        item->key_size != strlen (names[n]) ||
        memcmp (item->key, names[n], item->key_size) != 0)
        return false;
    memcpy (&self->tables[n], item->data, item->size);
    return true;
}

static bool
read_words (walk_t *self, const item_t *item, uint64_t from, uint64_t *words,
            size_t count)
{
    if (item->data) {
        memcpy (words, item->data + from * sizeof *words, count * sizeof *words);
        return true;
    }
    return read_at (self, words, count * sizeof *words,
                    item->page * self->page_size + sizeof (ink_page_t) +
                        from * sizeof *words);
}

//  A list of free pages: their count, and each, the highest first.
static bool
look_at_free (walk_t *self, const item_t *item)
{
    uint64_t words[WORDS_A_READ], all = item->size / sizeof *words, count, before;
    if (all == 0 || !read_words (self, item, 0, &count, 1) || count >= all)
        return false;
    before = INK_NO_PAGE;
    for (uint64_t n = 0; n < count; n++) {
        uint64_t left = count - n, next = n % WORDS_A_READ;
        if (next == 0 && !read_words (self, item, 1 + n, words,
                                      left < WORDS_A_READ ? left : WORDS_A_READ))
            return false;
        if (words[next] >= before || !claim (self, words[next], 1))
            return false;
        before = words[next];
    }
    return true;
}

static const kind_t values = {0, 1, INK_CACHE_KEY_MOST, compare_bytes, look_at_record};
static const kind_t order = {0, 8, 8, compare_bytes, look_at_line};
static const kind_t tables = {INK_ENTRY_TABLE, 1, KEY_MOST, compare_bytes, look_at_table};
static const kind_t unused = {0, 8, 8, compare_numbers, look_at_free};

//  A file without any table is one that LMDB has just made.
static ink_tree_t
walk_all (walk_t *self, const ink_head_t *head)
{
    if (head->free.flags != FREE_FLAGS || head->main.flags != 0)
        return INK_TREE_DAMAGED;
    ink_tree_t tree = walk_table (self, &tables, &head->main);
    if (tree == INK_TREE_SOUND && self->table_count == 1)
        return INK_TREE_DAMAGED;
    for (size_t n = 0; tree == INK_TREE_SOUND && n < self->table_count; n++)
        tree = self->tables[n].flags
                   ? INK_TREE_DAMAGED
                   : walk_table (self, n ? &values : &order, &self->tables[n]);
    return tree == INK_TREE_SOUND ? walk_table (self, &unused, &head->free) : tree;
}

ink_tree_t
ink_tree_check (int file, uint64_t transaction, int64_t patience_us)
{
    ink_head_t head;
    if (!ink_head_read (file, transaction % 2, &head) || head.transaction != transaction)
        return INK_TREE_DAMAGED;
    walk_t self = {.file = file,
                   .page_size = ink_page_size (),
                   .last_page = head.last_page,
                   .deadline = ink_clock_us () + patience_us};
    self.seen = ink_alloc (head.last_page / 8 + 1);
    self.starts = ink_alloc (self.page_size / 2);
    self.pages = ink_alloc (DEPTH_MOST * self.page_size);
    ink_tree_t tree = INK_TREE_UNKNOWN;
    if (self.seen && self.starts && self.pages)
        tree = walk_all (&self, &head);
    ink_free (self.seen);
    ink_free (self.starts);
    ink_free (self.pages);
    return tree;
}

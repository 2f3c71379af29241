//  memory.c: a store in memory.
//
//  Items stand in a map by key and in a list by turn. One mutex guards both. What is removed
//  while a look lasts waits in a second list, so that values stay as long as the look.

#include "cache/store.h"

#include <assert.h>
#include <string.h>

#include "base/list.h"
#include "base/map.h"
#include "base/memory.h"
#include "cache/record.h"
#include "cache/turn.h"
#include "inkling/error.h"

typedef struct {
    ink_link_t link;
    ink_cache_key_t key; //  Zeros behind its size
    size_t size;
    uint64_t turn, step; //  step: of the writer, that put it
    uint8_t record[];
} item_t;

typedef struct {
    ink_cache_t cache;
    pthread_mutex_t mutex;
    ink_map_t *map;
    ink_link_t items;   //  By turn
    ink_link_t removed; //  To be freed when no look is left
    uint64_t bytes, steps;
    size_t looks;
} memory_t;

static item_t *
item_of (ink_link_t *link)
{
    return INK_ITEM (link, item_t, link);
}

static uint64_t
weight (size_t record_size)
{
    return sizeof (item_t) + record_size;
}

static item_t *
find_item (memory_t *self, const ink_cache_key_t *key)
{
    ink_cache_key_t padded = {.size = key->size};
    memcpy (padded.bytes, key->bytes, key->size);
    return ink_map_get (self->map, &padded);
}

static bool
is_good (const item_t *item)
{
    const void *value;
    size_t size;
    return ink_record_open (item->record, item->size, &item->key, &value, &size);
}

static void
free_items (ink_link_t *list)
{
    INK_LIST_EACH (link, list)
    {
        ink_list_remove (link);
        ink_free (item_of (link));
    }
}

static void
remove_item (memory_t *self, item_t *item)
{
    ink_map_remove (self->map, &item->key);
    ink_list_remove (&item->link);
    ink_list_append (&self->removed, &item->link);
    self->bytes -= weight (item->size);
}

static void
unlock (memory_t *self)
{
    if (self->looks == 0)
        free_items (&self->removed);
    pthread_mutex_unlock (&self->mutex);
}

static void
memory_close (ink_cache_t *cache)
{
    memory_t *self = (memory_t *) cache;
    assert (self->looks == 0);
    free_items (&self->items);
    free_items (&self->removed);
    ink_map_destroy (&self->map);
    pthread_mutex_destroy (&self->mutex);
    ink_cache_fini (cache);
    ink_free (self);
}

static ink_look_t *
memory_look (ink_cache_t *cache)
{
    memory_t *self = (memory_t *) cache;
    ink_look_t *look = ink_alloc (sizeof *look);
    if (!look)
        return NULL;
    pthread_mutex_lock (&self->mutex);
    self->looks++;
    unlock (self);
    return look;
}

static bool
memory_find (ink_look_t *look, const ink_cache_key_t *key, const void **record,
             size_t *size)
{
    memory_t *self = (memory_t *) look->cache;
    pthread_mutex_lock (&self->mutex);
    const item_t *item = find_item (self, key);
    if (item) {
        *record = item->record;
        *size = item->size;
    }
    unlock (self);
    return item != NULL;
}

static void
memory_end (ink_look_t *look)
{
    memory_t *self = (memory_t *) look->cache;
    pthread_mutex_lock (&self->mutex);
    self->looks--;
    unlock (self);
    ink_free (look);
}

//  Makes the items of a batch before any is added, so that all or none are.
static int
make_items (const ink_batch_t *batch, ink_link_t *fresh)
{
    ink_put_t put;
    for (size_t cursor = 0; ink_batch_next (batch, &cursor, &put);) {
        item_t *item = ink_alloc (sizeof *item + INK_RECORD_HEAD + put.size);
        if (!item) {
            free_items (fresh);
            return INK_ENOMEM;
        }
        item->key = put.key;
        item->size = INK_RECORD_HEAD + put.size;
        ink_record_seal (item->record, &put.key, 0, put.value, put.size);
        ink_list_append (fresh, &item->link);
    }
    return INK_OK;
}

static void
evict (memory_t *self, size_t size, ink_tally_t *tally)
{
    while (!ink_list_empty (&self->items) &&
           self->bytes + weight (size) > self->cache.limit) {
        remove_item (self, item_of (self->items.next));
        tally->evicted++;
    }
}

//  Its turn is behind all who have the same place on the clock.
static void
line_up (memory_t *self, item_t *item)
{
    bool first = ink_list_empty (&self->items);
    uint64_t next = first ? 0 : item_of (self->items.next)->turn;
    item->turn = ink_turn_first (&item->key, next);
    uint64_t behind = ink_turn_behind (item->turn);
    ink_link_t *before = self->items.prev;
    while (before != &self->items && item_of (before)->turn >= behind)
        before = before->prev;
    if (before != &self->items && item_of (before)->turn >= item->turn)
        item->turn = item_of (before)->turn + 1;
    ink_list_append (before->next, &item->link); //  In front of the one behind
}

//  Takes an item whose key is not there, or holds a wrong record.
static int
add_item (memory_t *self, item_t *item, ink_tally_t *tally)
{
    item_t *old = find_item (self, &item->key);
    if (old && is_good (old)) {
        ink_free (item);
        return INK_OK;
    }
    if (old)
        remove_item (self, old);
    evict (self, item->size, tally);
    if (ink_map_put (self->map, &item->key, item)) {
        ink_free (item);
        return INK_ENOMEM;
    }
    line_up (self, item);
    item->step = self->steps;
    self->bytes += weight (item->size);
    tally->puts++;
    return INK_OK;
}

//  Takes the items of this step out again.
static void
undo (memory_t *self)
{
    INK_LIST_EACH (link, &self->items)
    if (item_of (link)->step == self->steps)
        remove_item (self, item_of (link));
}

static void
settle_doubts (memory_t *self, const ink_doubts_t *doubts)
{
    for (size_t i = 0; i < doubts->count; i++) {
        item_t *item = find_item (self, &doubts->keys[i]);
        if (item && !is_good (item))
            remove_item (self, item);
    }
}

static int
memory_write (ink_cache_t *cache, const ink_batch_t *batch, ink_tally_t *tally)
{
    memory_t *self = (memory_t *) cache;
    ink_link_t fresh;
    ink_list_init (&fresh);
    int error = make_items (batch, &fresh);
    if (error)
        return error;
    pthread_mutex_lock (&self->mutex);
    settle_doubts (self, &batch->doubts);
    while (!error && !ink_list_empty (&fresh)) {
        item_t *item = item_of (fresh.next);
        ink_list_remove (&item->link);
        error = add_item (self, item, tally);
    }
    if (error)
        undo (self);
    self->steps++;
    unlock (self);
    free_items (&fresh);
    return error;
}

static int
memory_purge (ink_cache_t *cache, const ink_series_t *series)
{
    memory_t *self = (memory_t *) cache;
    pthread_mutex_lock (&self->mutex);
    INK_LIST_EACH (link, &self->items)
    if (memcmp (item_of (link)->key.bytes, series->bytes, sizeof series->bytes) == 0)
        remove_item (self, item_of (link));
    unlock (self);
    return INK_OK;
}

static int
memory_verify (ink_cache_t *cache, uint64_t *records, uint64_t *bad)
{
    memory_t *self = (memory_t *) cache;
    pthread_mutex_lock (&self->mutex);
    INK_LIST_EACH (link, &self->items)
    {
        ++*records;
        if (!is_good (item_of (link))) {
            ++*bad;
            remove_item (self, item_of (link));
        }
    }
    unlock (self);
    return INK_OK;
}

static int
memory_clear (ink_cache_t *cache)
{
    memory_t *self = (memory_t *) cache;
    pthread_mutex_lock (&self->mutex);
    INK_LIST_EACH (link, &self->items)
    remove_item (self, item_of (link));
    unlock (self);
    return INK_OK;
}

//  Nothing to do: there is no disk, and a dead reader is our own death.
static void
memory_tend (ink_cache_t *cache)
{
    (void) cache;
}

static void
memory_measure (ink_cache_t *cache, uint64_t *records, uint64_t *bytes)
{
    memory_t *self = (memory_t *) cache;
    pthread_mutex_lock (&self->mutex);
    *records = ink_map_size (self->map);
    *bytes = self->bytes;
    unlock (self);
}

static const ink_store_t memory_store = {.close = memory_close,
                                         .look = memory_look,
                                         .find = memory_find,
                                         .end = memory_end,
                                         .write = memory_write,
                                         .purge = memory_purge,
                                         .verify = memory_verify,
                                         .clear = memory_clear,
                                         .tend = memory_tend,
                                         .measure = memory_measure};

ink_cache_t *
ink_cache_open_memory (uint64_t limit)
{
    memory_t *self = ink_alloc (sizeof *self);
    ink_map_t *map = ink_map_new (sizeof (ink_cache_key_t));
    if (!self || !map) {
        ink_map_destroy (&map);
        ink_free (self);
        return NULL;
    }
    self->map = map;
    pthread_mutex_init (&self->mutex, NULL);
    ink_list_init (&self->items);
    ink_list_init (&self->removed);
    ink_cache_init (&self->cache, &memory_store, limit);
    return &self->cache;
}

//  record.c: seals values into records and opens those that are whole.

#include "cache/record.h"

#include <assert.h>
#include <string.h>
#include <xxhash.h>
#ifdef __x86_64__
#include <xxh_x86dispatch.h> //  The same hashes by the widest instructions there are
#endif

#define MAGIC 0x6B49 //  "Ik"

typedef struct {
    uint16_t magic, version;
    uint32_t length;
    uint64_t turn;
    uint64_t key_hash;
    uint64_t checksum;
} head_t;

_Static_assert(sizeof (head_t) == INK_RECORD_HEAD, "the head has no gaps");

static uint64_t
hash_key (const ink_cache_key_t *key, const head_t *head)
{
    uint64_t seed = head->turn ^ ((uint64_t) head->length << 32);
    return XXH3_64bits_withSeed (key->bytes, key->size, seed);
}

void
ink_record_seal (void *record, const ink_cache_key_t *key, uint64_t turn,
                 const void *value, size_t size)
{
    assert (size <= UINT32_MAX);
    head_t head = {.magic = MAGIC,
                   .version = INK_RECORD_VERSION,
                   .length = (uint32_t) size,
                   .turn = turn,
                   .checksum = XXH3_64bits (value, size)};
    head.key_hash = hash_key (key, &head);
    memcpy (record, &head, sizeof head);
    if (size > 0)
        memcpy ((uint8_t *) record + sizeof head, value, size);
}

//  The length is believed only after the hash, for a wrong one could lead past the store.
bool
ink_record_open (const void *record, size_t record_size, const ink_cache_key_t *key,
                 const void **value, size_t *size)
{
    head_t head;
    if (record_size < sizeof head)
        return false;
    memcpy (&head, record, sizeof head);
    const uint8_t *bytes = (const uint8_t *) record + sizeof head;
    if (head.magic != MAGIC || head.version != INK_RECORD_VERSION ||
        head.length != record_size - sizeof head ||
        head.key_hash != hash_key (key, &head) ||
        head.checksum != XXH3_64bits (bytes, head.length))
        return false;
    *value = bytes;
    *size = head.length;
    return true;
}

uint64_t
ink_record_turn (const void *record, size_t record_size)
{
    head_t head;
    if (record_size < sizeof head)
        return 0;
    memcpy (&head, record, sizeof head);
    return head.turn;
}

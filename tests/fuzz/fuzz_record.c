//  fuzz_record.c: records of the cache. Only the very bytes that were sealed under a key are
//  opened by it.

#include "cache/record.h"
#include "fuzz.h"

#define VALUE_MOST 256

//  Opens any bytes: what opens must be what sealing makes.
static void
open_any (const ink_cache_key_t *key, const uint8_t *bytes, size_t size)
{
    const void *value;
    size_t value_size;
    uint64_t sequence = ink_record_turn (bytes, size);
    if (!ink_record_open (bytes, size, key, &value, &value_size))
        return;
    uint8_t *sealed = malloc (INK_RECORD_HEAD + value_size);
    ink_record_seal (sealed, key, sequence, value, value_size);
    assert (size == INK_RECORD_HEAD + value_size && memcmp (sealed, bytes, size) == 0);
    free (sealed);
}

//  Seals a value, then spoils the record: each pair of bytes is a place and what to do to it.
static void
open_spoilt (const ink_cache_key_t *key, const uint8_t *bytes, size_t size)
{
    uint8_t record[INK_RECORD_HEAD + VALUE_MOST], whole[sizeof record];
    size_t value_size = size < VALUE_MOST ? size : VALUE_MOST, found;
    size_t record_size = INK_RECORD_HEAD + value_size;
    const void *value;
    ink_record_seal (record, key, size, bytes, value_size);
    memcpy (whole, record, record_size);
    assert (ink_record_open (record, record_size, key, &value, &found));
    assert (found == value_size && memcmp (value, bytes, found) == 0);
    for (size_t n = 0; n + 1 < size; n += 2)
        record[bytes[n] % record_size] ^= bytes[n + 1];
    bool same = memcmp (record, whole, record_size) == 0;
    assert (ink_record_open (record, record_size, key, &value, &found) == same);
    assert (!ink_record_open (whole, record_size - 1, key, &value, &found));
}

//  The first byte is the size of the key, the key follows.
int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    ink_cache_key_t key = {.size = INK_CACHE_KEY_MOST};
    if (size < 1 + INK_CACHE_KEY_MOST)
        return 0;
    key.size = bytes[0] % (INK_CACHE_KEY_MOST + 1);
    memcpy (key.bytes, bytes + 1, key.size);
    bytes += 1 + INK_CACHE_KEY_MOST;
    size -= 1 + INK_CACHE_KEY_MOST;
    open_any (&key, bytes, size);
    open_spoilt (&key, bytes, size);
    return 0;
}

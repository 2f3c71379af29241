//  record.h: how a value is kept, so that a wrong one is never given out.
//
//  A record is a head and the value:
//      magic 2 | version 2 | length 4 | turn 8 | hash of the key 8 | checksum 8 | value
//  Numbers are in the machine's own order; a store from another kind of machine is all
//  misses. The hash of the key is seeded with length and turn, so that every bit of the
//  record is covered by something. When the head or the value's form changes, raise
//  INK_RECORD_VERSION: older stores are then moved aside when they are opened.

#ifndef INK_RECORD_H_INCLUDED
#define INK_RECORD_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cache/cache.h"

#define INK_RECORD_VERSION 1
#define INK_RECORD_HEAD 32

//  Writes a record of INK_RECORD_HEAD + size bytes. Values have less than 4 GiB.
void ink_record_seal (void *record, const ink_cache_key_t *key, uint64_t turn,
                      const void *value, size_t size);

//  Finds the value in the record of `key`; false when anything does not match.
bool ink_record_open (const void *record, size_t record_size, const ink_cache_key_t *key,
                      const void **value, size_t *size);

//  As it stands in the head, which may be wrong; 0 when there is no whole head.
uint64_t ink_record_turn (const void *record, size_t record_size);

#endif

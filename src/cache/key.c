//  key.c: under which key the value of a part is kept.

#include "cache/cache.h"

#include <string.h>
#include <xxhash.h>

//  Bytes of a series before it is hashed: name, version, parameters, two identities, begin
#define SERIES_MOST \
    (INK_KERNEL_NAME + 1 + 4 + 8 * (INK_KERNEL_PARAMS + 2 * 5 + 1) + INK_KERNEL_TEXTS)

typedef struct {
    uint8_t *at;
} writer_t;

static void
write_bytes (writer_t *self, const void *bytes, size_t size)
{
    memcpy (self->at, bytes, size);
    self->at += size;
}

static void
write_big_endian (writer_t *self, uint64_t number, unsigned size)
{
    for (unsigned shift = 8 * size; shift > 0; shift -= 8)
        *self->at++ = (uint8_t) (number >> (shift - 8));
}

static void
write_param (writer_t *self, const ink_param_t *param, const ink_args_t *args, size_t n)
{
    write_big_endian (self, (uint64_t) args->numbers[n], 8);
    if (param->kind == INK_PARAM_TEXT || param->kind == INK_PARAM_BYTES)
        write_bytes (self, ink_args_text (args, n), (size_t) args->numbers[n]);
}

static void
write_identity (writer_t *self, const ink_identity_t *identity)
{
    write_big_endian (self, identity->device, 8);
    write_big_endian (self, identity->inode, 8);
    write_big_endian (self, identity->size, 8);
    write_big_endian (self, (uint64_t) identity->mtime_ns, 8);
    write_big_endian (self, (uint64_t) identity->ctime_ns, 8);
}

//  The name goes in with its NUL, a text with its length before it, and the rest has a fixed
//  size (a kernel always takes as many sources), so no two different beginnings spell the
//  same bytes.
ink_series_t
ink_series_of (const ink_kernel_t *kernel, const ink_args_t *args,
               const ink_identity_t *identity, const ink_identity_t *other,
               uint64_t begin)
{
    uint8_t bytes[SERIES_MOST];
    writer_t writer = {bytes};
    write_bytes (&writer, kernel->name, strnlen (kernel->name, INK_KERNEL_NAME));
    write_bytes (&writer, "", 1);
    write_big_endian (&writer, kernel->version, 4);
    for (size_t i = 0; kernel->params && kernel->params[i].name; i++)
        write_param (&writer, &kernel->params[i], args, i);
    write_identity (&writer, identity);
    if (other)
        write_identity (&writer, other);
    if (kernel->shape == INK_SHAPE_CHAIN)
        write_big_endian (&writer, begin, 8);

    XXH128_canonical_t hash;
    XXH128_canonicalFromHash (&hash, XXH3_128bits (bytes, (size_t) (writer.at - bytes)));
    ink_series_t series;
    memcpy (series.bytes, hash.digest, sizeof series.bytes);
    return series;
}

ink_cache_key_t
ink_cache_key (const ink_series_t *series, const ink_plan_t *plan, ink_part_t part,
               ink_reach_t reach)
{
    bool node = ink_plan_is_node (plan, part, reach);
    ink_cache_key_t key = {0};
    writer_t writer = {key.bytes};
    write_bytes (&writer, series->bytes, sizeof series->bytes);
    write_big_endian (&writer, node ? (unsigned) __builtin_ctzll (plan->chunk) : 0, 1);
    write_big_endian (&writer, part.offset, 8);
    if (!node) {
        write_big_endian (&writer, part.length, 8);
        ink_reach_t sight = ink_plan_sight (plan, part, reach);
        write_big_endian (&writer, sight.lookback, 4);
        write_big_endian (&writer, sight.lookahead, 4);
    }
    key.size = (uint8_t) (writer.at - key.bytes);
    return key;
}

void
ink_cache_key_coarsen (ink_cache_key_t *key, unsigned doublings)
{
    if (doublings)
        key->bytes[key->size++] = (uint8_t) doublings;
}

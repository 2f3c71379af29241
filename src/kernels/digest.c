//  digest.c: XXH3-128 and SHA-256 of a range.
//
//  Neither can be merged: each byte is mixed with all before it. So the kernel is a chain,
//  and the state of both is written down behind each part, in a form of our own.

#include <nettle/sha2.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "inkling/kernel.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "states are little-endian");

//  What follows from nothing but the bytes that were digested. All zeros: none were.
typedef struct {
    uint64_t digested;
    uint64_t xxh_sums[8], xxh_stripes;
    uint8_t xxh_rest[XXH3_INTERNALBUFFER_SIZE];
    uint64_t xxh_rest_size;
    uint32_t sha_sums[8];
    uint8_t sha_rest[SHA256_BLOCK_SIZE];
} state_t;

_Static_assert(sizeof (state_t) % 8 == 0 && sizeof (state_t) <= INK_KERNEL_STATE,
               "a state fits");

//  The answer: how many bytes, then the digests, as they are written, the big end first
typedef struct {
    uint64_t digested;
    uint8_t xxh[sizeof (XXH128_canonical_t)], sha[SHA256_DIGEST_SIZE];
} answer_t;

typedef struct {
    XXH3_state_t xxh;
    struct sha256_ctx sha;
} both_t;

//  ---------------------------------------------------------------------------------------
//  States

static void
load (const state_t *state, both_t *both)
{
    XXH3_128bits_reset (&both->xxh);
    sha256_init (&both->sha);
    if (!state->digested)
        return;
    memcpy (both->xxh.acc, state->xxh_sums, sizeof state->xxh_sums);
    memcpy (both->xxh.buffer, state->xxh_rest, sizeof state->xxh_rest);
    both->xxh.bufferedSize = (XXH32_hash_t) state->xxh_rest_size;
    both->xxh.nbStripesSoFar = state->xxh_stripes;
    both->xxh.totalLen = state->digested;
    memcpy (both->sha.state, state->sha_sums, sizeof state->sha_sums);
    memcpy (both->sha.block, state->sha_rest, sizeof state->sha_rest);
    both->sha.count = state->digested / SHA256_BLOCK_SIZE;
    both->sha.index = (unsigned) (state->digested % SHA256_BLOCK_SIZE);
}

static void
save (const both_t *both, state_t *state)
{
    memset (state, 0, sizeof *state);
    state->digested = both->xxh.totalLen;
    memcpy (state->xxh_sums, both->xxh.acc, sizeof state->xxh_sums);
    memcpy (state->xxh_rest, both->xxh.buffer, sizeof state->xxh_rest);
    state->xxh_rest_size = both->xxh.bufferedSize;
    state->xxh_stripes = both->xxh.nbStripesSoFar;
    memcpy (state->sha_sums, both->sha.state, sizeof state->sha_sums);
    memcpy (state->sha_rest, both->sha.block, both->sha.index);
}

//  The numbers that XXH3 uses as places must be within its tables.
static int
sound (const ink_args_t *args, const void *bytes)
{
    (void) args;
    state_t state;
    memcpy (&state, bytes, sizeof state);
    const uint64_t stripes = (XXH_SECRET_DEFAULT_SIZE - XXH_STRIPE_LEN) / 8;
    return state.digested > 0 && state.xxh_rest_size <= XXH3_INTERNALBUFFER_SIZE &&
           state.xxh_stripes < stripes;
}

//  ---------------------------------------------------------------------------------------
//  The kernel

static void
geometry (const ink_args_t *args, ink_geometry_t *geometry)
{
    (void) args;
    geometry->cells = sizeof (state_t);
    geometry->cell_size = sizeof (answer_t);
}

static void
map (const ink_slice_t *slice, void *cells)
{
    state_t state;
    both_t both;
    memcpy (&state, cells, sizeof state);
    load (&state, &both);
    XXH3_128bits_update (&both.xxh, slice->bytes, slice->length);
    sha256_update (&both.sha, slice->length, slice->bytes);
    save (&both, &state);
    memcpy (cells, &state, sizeof state);
}

static void
finish (const ink_args_t *args, const void *bytes, void *answer)
{
    (void) args;
    state_t state;
    both_t both;
    answer_t out;
    XXH128_canonical_t xxh;
    memcpy (&state, bytes, sizeof state);
    load (&state, &both);
    out.digested = state.digested;
    XXH128_canonicalFromHash (&xxh, XXH3_128bits_digest (&both.xxh));
    memcpy (out.xxh, xxh.digest, sizeof out.xxh);
    sha256_digest (&both.sha, sizeof out.sha, out.sha);
    memcpy (answer, &out, sizeof out);
}

const ink_kernel_t ink_kernel_digest = {
    .abi = INK_KERNEL_ABI,
    .version = 1,
    .name = "digest",
    .summary = "XXH3-128 and SHA-256 of the range",
    .shape = INK_SHAPE_CHAIN,
    .item = INK_ITEM_U8,
    .chunk_log2 = 23,
    .geometry = geometry,
    .map = map,
    .sound = sound,
    .finish = finish,
};

//  digest.c: digests as people and other programs write them.

#include "cli/digest.h"

#include <inttypes.h>
#include <string.h>

//  doc/kernels.md has the layout.
#define XXH3_AT 8
#define XXH3_SIZE 16
#define SHA256_AT 24
#define SHA256_SIZE 32
#define SIZE 56

static void
write_hex (const uint8_t *bytes, size_t size, FILE *out)
{
    for (size_t n = 0; n < size; n++)
        fprintf (out, "%02x", bytes[n]);
}

static uint64_t
digested (const ink_data_t *data)
{
    uint64_t size;
    memcpy (&size, data->bytes, sizeof size);
    return size;
}

bool
ink_digest_suits (const ink_data_t *data)
{
    return strcmp (data->kernel, "digest") == 0 && data->size == SIZE;
}

//  A partial has the digest of the beginning: it says of how much.
void
ink_digest_write (const ink_data_t *data, FILE *out)
{
    if (digested (data) < data->length)
        fprintf (out, "  of the first %" PRIu64 " bytes\n", digested (data));
    fputs ("  xxh3-128  ", out);
    write_hex (data->bytes + XXH3_AT, XXH3_SIZE, out);
    fputs ("\n  sha256    ", out);
    write_hex (data->bytes + SHA256_AT, SHA256_SIZE, out);
    putc ('\n', out);
}

void
ink_digest_write_json (const ink_data_t *data, FILE *out)
{
    fprintf (out, "\"digested\":%" PRIu64 ",\"xxh3_128\":\"", digested (data));
    write_hex (data->bytes + XXH3_AT, XXH3_SIZE, out);
    fputs ("\",\"sha256\":\"", out);
    write_hex (data->bytes + SHA256_AT, SHA256_SIZE, out);
    putc ('"', out);
}

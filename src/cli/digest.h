//  digest.h: digests as people and other programs write them.

#ifndef INK_CLI_DIGEST_H_INCLUDED
#define INK_CLI_DIGEST_H_INCLUDED

#include <stdbool.h>
#include <stdio.h>

#include "cli/data.h"

//  Whether it is what the kernel `digest` answers; a final with an error has no data.
bool ink_digest_suits (const ink_data_t *data);

//  A line each, in hexadecimal; and of how much they are, when that is not all.
void ink_digest_write (const ink_data_t *data, FILE *out);

//  `"digested":N,"xxh3_128":"…","sha256":"…"`.
void ink_digest_write_json (const ink_data_t *data, FILE *out);

#endif

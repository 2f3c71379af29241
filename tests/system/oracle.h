//  oracle.h: what each kernel must answer, computed the plainest way.

#ifndef INK_ORACLE_H_INCLUDED
#define INK_ORACLE_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

//  The output of a kernel over bytes [length], which begin at `offset` of their source,
//  as doc/kernels.md lays it out. *output is to be freed. -1: unknown kernel, no memory.
//  params are the kernel's parameters: bits of trigram, or the cell; min and limit of strings.
//  Kernels without any do not look at them.
int oracle_compute (const char *kernel, const int64_t *params, const uint8_t *bytes,
                    uint64_t offset, uint64_t length, void **output, size_t *size);

#endif

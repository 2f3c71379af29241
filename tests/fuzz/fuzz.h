//  fuzz.h: what a fuzz target is.
//
//  A target is one function that takes any bytes. libFuzzer calls it with bytes of its own
//  making (tests/fuzz/run), replay.c with those of the corpus (make check). What must hold for
//  all bytes is asserted; the sanitizers see the rest.

#ifndef FUZZ_H_INCLUDED
#define FUZZ_H_INCLUDED

#undef NDEBUG //  Here an assert is what is tested
#include <assert.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size);

#endif

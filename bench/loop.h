//  loop.h: the yardstick for the data job: two threads, a file and a table each.
//
//  Threads claim chunks of 1 MiB as they get to them and read them with pread. The kernels
//  are the quickest of the simple ones, and owe nothing to Inkling's.

#ifndef BENCH_LOOP_H_INCLUDED
#define BENCH_LOOP_H_INCLUDED

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

#include "process.h"

#define LOOP_CHUNK ((size_t) 1 << 20)
#define LOOP_CELLS 65536
#define LOOP_THREADS 2

//  Adds `size` bytes, behind which another one may be read, to a table of LOOP_CELLS.
typedef void (loop_kernel_t) (const uint8_t *bytes, size_t size, uint32_t *table);

typedef struct {
    int file;
    uint64_t size;
    loop_kernel_t *kernel;
    _Atomic uint64_t next; //  Chunk
} loop_t;

typedef struct {
    loop_t *loop;
    pthread_t thread;
    uint32_t table[LOOP_CELLS];
    uint8_t buffer[LOOP_CHUNK + 1];
} loop_thread_t;

//  Eight tables side by side, so that equal bytes do not wait for each other.
static inline void
loop_histogram (const uint8_t *bytes, size_t size, uint32_t *table)
{
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        table[bytes[at]]++;
        table[256 + bytes[at + 1]]++;
        table[512 + bytes[at + 2]]++;
        table[768 + bytes[at + 3]]++;
        table[1024 + bytes[at + 4]]++;
        table[1280 + bytes[at + 5]]++;
        table[1536 + bytes[at + 6]]++;
        table[1792 + bytes[at + 7]]++;
    }
    for (; at < size; at++)
        table[bytes[at]]++;
}

//  One load a pair: the first byte is the low one here and the high one in the answer.
//  Where nine bytes are equal, eight pairs are counted at once.
static inline void
loop_digraph (const uint8_t *bytes, size_t size, uint32_t *table)
{
    uint16_t pair;
    uint64_t word, next;
    size_t at = 0;
    for (; at + 8 <= size; at += 8) {
        memcpy (&word, bytes + at, 8);
        memcpy (&next, bytes + at + 1, 8);
        if (word == next) {
            table[word & 0xffff] += 8;
            continue;
        }
        for (size_t n = 0; n < 8; n++) {
            memcpy (&pair, bytes + at + n, 2);
            table[pair]++;
        }
    }
    for (; at < size; at++) {
        memcpy (&pair, bytes + at, 2);
        table[pair]++;
    }
}

static inline void *
loop_thread (void *arg)
{
    loop_thread_t *self = arg;
    loop_t *loop = self->loop;
    be_nice ();
    memset (self->table, 0, sizeof self->table);
    for (;;) {
        uint64_t offset = atomic_fetch_add (&loop->next, 1) * LOOP_CHUNK;
        if (offset >= loop->size)
            return NULL;
        ssize_t got = pread (loop->file, self->buffer, LOOP_CHUNK + 1, (off_t) offset);
        if (got <= 0)
            die ("the data cannot be read");
        size_t size = (size_t) got > LOOP_CHUNK ? LOOP_CHUNK : (size_t) got;
        //  Behind the last byte of all there is none to make a pair with
        bool last = loop->kernel == loop_digraph && offset + size == loop->size;
        loop->kernel (self->buffer, size - last, self->table);
    }
}

static inline void
run_loop (int file, uint64_t size, loop_kernel_t *kernel, uint64_t totals[LOOP_CELLS])
{
    static loop_thread_t threads[LOOP_THREADS];
    loop_t loop = {.file = file, .size = size, .kernel = kernel};
    for (size_t n = 0; n < LOOP_THREADS; n++) {
        threads[n].loop = &loop;
        if (pthread_create (&threads[n].thread, NULL, loop_thread, &threads[n]))
            die ("no thread for the loop");
    }
    memset (totals, 0, LOOP_CELLS * sizeof *totals);
    for (size_t n = 0; n < LOOP_THREADS; n++) {
        pthread_join (threads[n].thread, NULL);
        for (size_t cell = 0; cell < LOOP_CELLS; cell++)
            totals[cell] += threads[n].table[cell];
    }
}

//  The tables as Inkling answers.
static inline void
arrange_histogram (const uint64_t *totals, uint64_t *answer)
{
    for (size_t byte = 0; byte < 256; byte++) {
        answer[byte] = 0;
        for (size_t n = 0; n < 8; n++)
            answer[byte] += totals[n * 256 + byte];
    }
}

static inline void
arrange_digraph (const uint64_t *totals, uint64_t *answer)
{
    for (size_t pair = 0; pair < LOOP_CELLS; pair++)
        answer[(pair & 255) << 8 | pair >> 8] = totals[pair];
}

#endif

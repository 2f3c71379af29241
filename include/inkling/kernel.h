//  kernel.h: all that a kernel sees of Inkling.
//
//  A kernel computes something over a range of bytes. It is a table of constants and two
//  to five functions; it reads no files, keeps no state between calls and starts no
//  threads. Inkling cuts the range into parts, reads each once, cuts the parts into slices
//  of about 256 KiB, hands them to `map`, packs, caches, sends and merges what comes out.
//
//  What `map` makes has one of these shapes:
//
//    counts   a table of counters. The value of a range is the sum of the values of its
//             parts, in any order. `map` adds to uint32_t[cells]; the answer is
//             uint64_t[cells], little-endian.
//    cells    an item for each `cell_bytes` of the source, cells aligned to offset 0 of
//             the source; the first and the last cell of a range may be short. The value
//             of a range is that of its parts put side by side. `map` writes the items of
//             the slice; the answer is those of the range, one after the other.
//    records  stretches of the source, as many as there are. `map` emits those that begin in
//             the slice, and how far one goes on that came in from before; the answer is how
//             many there are, and a list of the first ones.
//    chain    a small state that goes through the range from its begin to its end, for what
//             cannot be merged. `map` takes the state on by a slice; the parts of a range are
//             computed one after the other, and the state behind a part is kept, so that
//             the next one, or the next request, goes on from there.
//
//  A kernel that looks past the bytes it accounts for (pairs, for instance) says how far in its
//  geometry: each slice then comes with up to that many bytes before it and behind it, fewer
//  only where the range begins or ends. The answer must be the same for every way of cutting.
//
//  A kernel lives in the program or in a shared object that exports one function:
//
//      const ink_kernel_t *ink_kernel_entry (void);
//
//  and is loaded with `inkling run --load ./mine.so mine FILE`. See examples/parity.c.

#ifndef INKLING_KERNEL_H_INCLUDED
#define INKLING_KERNEL_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

//  Goes up when a kernel built against an older header would be misunderstood. A shared
//  object with another number is refused.
#define INK_KERNEL_ABI 2

//  At most so many parameters, a name of at most so many characters, and texts that have so
//  many bytes together.
#define INK_KERNEL_PARAMS 8
#define INK_KERNEL_NAME 32
#define INK_KERNEL_TEXTS 256

//  An item that can be made coarser has at most so many bytes.
#define INK_COARSE_ITEM 64

typedef enum {
    INK_SHAPE_COUNTS = 1,
    INK_SHAPE_CELLS = 2,
    INK_SHAPE_RECORDS = 3,
    INK_SHAPE_CHAIN = 4
} ink_shape_t;

//  A kernel looks no further than this, and no more of a record's bytes are kept.
#define INK_KERNEL_REACH 8192
#define INK_RECORD_TEXT 4096

//  What the items of the answer are: told to those who draw and print them. Cells of which
//  nothing is known yet are 0, or not-a-number in floats.
typedef enum { INK_ITEM_U64 = 1, INK_ITEM_U8 = 2, INK_ITEM_F32 = 3 } ink_item_t;

enum {
    INK_KERNEL_UNCACHED = 1, //  Cheaper to compute than to look up: never cached
    INK_KERNEL_UNREAD = 2    //  `map` wants no bytes: `bytes` is NULL
};

//  What a parameter is.
typedef enum {
    INK_PARAM_NUMBER = 0, //  From `least` to `most`
    INK_PARAM_WORD = 1,   //  One of `words`
    INK_PARAM_TEXT = 2,   //  UTF-8 without control characters, as it was typed
    INK_PARAM_BYTES = 3   //  Any bytes, typed as hexadecimal digits
} ink_param_kind_t;

//  A row of the kernel's table: a parameter it takes. The fallback is used when the request
//  does not say.
typedef struct {
    const char *name;         //  NULL ends the table
    const char *summary;      //  A few words for `inkling kernels`
    int64_t fallback;         //  Of a number; of a word: its place in the list
    int64_t least, most;      //  Of a number: limits, both allowed
    int power_of_two;         //  Of a number: nothing else is allowed
    ink_param_kind_t kind;    //  What was not said of it is not needed
    const char *const *words; //  Ends with NULL
    const char *text;         //  Fallback of a text or of bytes, as typed; NULL: empty
} ink_param_t;

//  The parameters as they were asked for, each in its place of the table.
typedef struct {
    int64_t numbers[INK_KERNEL_PARAMS]; //  The number; the place of the word; how many
                                        //  bytes the text or the bytes have
    uint16_t begins[INK_KERNEL_PARAMS]; //  Where in `texts` these are
    uint8_t texts[INK_KERNEL_TEXTS];    //  No zero ends them
} ink_args_t;

//  The n-th parameter, a text or bytes: args->numbers [n] bytes.
static inline const uint8_t *
ink_args_text (const ink_args_t *args, size_t n)
{
    return args->texts + args->begins[n];
}

//  The most bytes a state may have.
#define INK_KERNEL_STATE 1024

//  What the parameters fix. For counts: `cells`. For cells: the other two. For a chain: `cells`
//  is the bytes of its state, a multiple of 8, and `cell_size` those of the answer.
typedef struct {
    //  Counts
    size_t cells; //  Number of counters, at most 2^22

    //  Cells
    size_t cell_bytes; //  Source bytes a cell: a power of two, at most 1 MiB
    size_t cell_size;  //  Bytes of a cell in the answer, at most 4096 or cell_bytes

    //  Records
    uint64_t listed; //  At most so many in the answer, at least 1
    size_t text;     //  So many bytes of each are in it; not above `lookahead`

    //  All: bytes looked at before the begin of a part and behind its end
    uint32_t lookback, lookahead;
} ink_geometry_t;

typedef struct {
    const uint8_t
        *bytes;       //  [-lookback, length + lookahead) may be read; borrowed for the
                      //  call
    size_t length;    //  Bytes to account for, never 0
    size_t lookahead; //  Bytes behind them, at most as many as the geometry says
    uint64_t offset;  //  Of bytes [0] in the source. For cells: start of a cell, or
                      //  of the range
    const ink_args_t *args;
    const uint8_t *other; //  Of a kernel of two sources: the bytes of the second at the
                          //  same offset, looked at like the first
    size_t
        other_length; //  How many there are of them: fewer, or none, where it has ended
    size_t lookback;  //  Bytes before them, at most as many as the geometry says
} ink_slice_t;

//  Takes the records of a slice. Positions count from bytes [0].
typedef struct ink_emit ink_emit_t;

struct ink_emit {
    //  There is a record [begin, end), not empty, that begins in the slice; each one behind the
    //  one before. What it has in the slice and the bytes behind it must be told at once. With
    //  a negative `begin`: the last record that began before the slice goes on to `end`.
    void (*record) (ink_emit_t *self, int64_t begin, uint64_t end);

    //  The slice cannot be done: the range it lies in fails with gave_up.
    void (*give_up) (ink_emit_t *self);
};

typedef struct {
    uint32_t abi;        //  INK_KERNEL_ABI
    uint32_t version;    //  Goes up when the answer changes: part of the cache key
    const char *name;    //  Lower case letters, digits and '-'
    const char *summary; //  A line for `inkling kernels`
    ink_shape_t shape;
    ink_item_t item;           //  Counts and records are always INK_ITEM_U64
    uint32_t flags;            //  INK_KERNEL_... or 0
    uint32_t chunk_log2;       //  The chunk it likes: 12 (4 KiB) to 26 (64 MiB)
    const ink_param_t *params; //  Ends with a NULL name; NULL for none
    uint32_t sources;          //  2: it compares two sources; else 0 or 1

    //  Fills *geometry from checked parameters. Constant time.
    void (*geometry) (const ink_args_t *args, ink_geometry_t *geometry);

    //  Accounts for one slice. Counts: adds to uint32_t [cells], which begins as zeros; a
    //  part has at most 64 MiB, so a counter that goes up by one a byte cannot overflow.
    //  Cells: writes the items of the slice from cells [0] on; all bytes of a cell come in
    //  one slice. Records: `cells` is an ink_emit_t.
    //  Chain: takes the state on, which is all zeros before the first byte of the range. It may
    //  come from another process: no pointers, and all that is kept of it is in these bytes.
    void (*map) (const ink_slice_t *slice, void *cells);

    //  Called once after the last slice of a part; NULL for none. For kernels whose table
    //  is faster to fill in another order than the answer's. Counts only.
    void (*settle) (const ink_args_t *args, void *cells);

    //  What the table cannot say of its parameters; NULL: nothing. 0 when they are allowed;
    //  else it has written why not, a sentence of at most `why_size` bytes with its zero.
    int (*check) (const ink_args_t *args, char *why, size_t why_size);

    //  Makes one item of `count` adjacent ones, 1 to 16: what a cell as wide as all of them is
    //  like, as near as they can tell. The n-th stands for bytes [n] of the source, or for
    //  nothing that is known when that is 0; one of them is more. So partials of long ranges can
    //  be coarse, and quick; finals never are. NULL for none. Cells only, of a cell_size that no
    //  parameter changes, at most INK_COARSE_ITEM.
    void (*coarsen) (const void *items, const uint64_t *bytes, size_t count, void *item);

    //  With `coarsen`: the largest number an INK_ITEM_F32 can be, 0 if that is not known; then
    //  nothing is estimated. Numbers of INK_ITEM_U64 are counts of the bytes of their cell.
    double scale;

    //  Of a chain, both needed. Whether bytes from outside can be a state: not 0 when `map` may
    //  have them. And the answer, of a state that is sound, or of all zeros.
    int (*sound) (const ink_args_t *args, const void *state);
    void (*finish) (const ink_args_t *args, const void *state, void *answer);
} ink_kernel_t;

typedef const ink_kernel_t *(ink_kernel_entry_t) (void);

#endif

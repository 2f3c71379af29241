//  replyline.h: a reply as one line of JSON.

#ifndef INK_REPLYLINE_H_INCLUDED
#define INK_REPLYLINE_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "inkling/client.h"

//  What a line tells.
typedef struct {
    const char *request, *kernel, *status;
    uint64_t seq, total, cached, computed, estimated;
    bool final;
    int error;
    double bound, elapsed_ms; //  bound: negative when exact
    const ink_failure_t *failures;
    size_t failure_count, bytes;
    uint64_t precision; //  Of a partial that is coarser than the final will be, else 0
} ink_replyline_t;

//  Without a line feed; to be freed. NULL when out of memory.
char *ink_replyline (const ink_replyline_t *reply);

//  The same of a reply of the library.
char *ink_replyline_of (const ink_reply_t *reply, uint64_t precision);

#endif

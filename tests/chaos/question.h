//  question.h: a random question, all of which follows from one number.

#ifndef CHAOS_QUESTION_H_INCLUDED
#define CHAOS_QUESTION_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "inkling.h"

#define FILES 4
#define KERNELS_MOST 3
#define ANSWER_MS 60000 //  The timeout of every question

//  The files all clients of a stand ask about: file-0 to file-3.
size_t file_size (size_t file);
uint8_t *file_make (uint64_t seed, size_t file);

typedef enum {
    PLAIN,
    CANCELLED, //  By its own client, or by another one
    TWINNED,   //  Asked once more by another connection
    RIVALLED,  //  Another body with the same id, by the same and by another connection
    SLOWLY,    //  Its replies are not read for a while
    MOVING     //  Its source is rewritten meanwhile
} manner_t;

typedef struct {
    char id[32];
    manner_t manner;
    size_t file, other;
    const uint8_t *other_bytes; //  Of what is compared with; whoever asks sets them
    const char *kernels[KERNELS_MOST];
    size_t kernel_count;
    uint64_t offset, length, chunk;
    int64_t us, cell;
    int priority;
    size_t reports;
    bool read, write;
    bool exact;    //  Estimates are refused
    double sample; //  0: all
} question_t;

//  `rival`: the same id with another body.
question_t question_of (uint64_t seed, bool rival);

//  `source` is its name. NULL when out of memory.
ink_request_t *question_request (const question_t *self, const char *source);

//  Whether a final without error is the right answer about the bytes of that file; failed
//  ranges must be missing from it. `bytes` is the whole file.
bool question_is_answered (const question_t *self, const ink_reply_t *final,
                           const uint8_t *bytes, uint64_t size);

//  Whether a partial may be one on the way to it.
bool question_is_approached (const question_t *self, const ink_reply_t *partial,
                             const uint8_t *bytes, uint64_t size);

#endif

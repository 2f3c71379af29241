//  collection.h: a request as the sink serves it.
//
//  A strand for each kernel, as at the ventilator; here it holds the answer and knows which
//  parts are in it.

#ifndef INK_COLLECTION_H_INCLUDED
#define INK_COLLECTION_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "base/list.h"
#include "cache/cache.h"
#include "inkling/kernel.h"
#include "protocol/messages.h"
#include "sink/schedule.h"
#include "value/answer.h"
#include "value/course.h"
#include "value/estimate.h"
#include "value/kin.h"
#include "value/outline.h"

#define INK_THERE 1
#define INK_SPARED 254 //  It will not come: the answer is to be an estimate
#define INK_TORN 255   //  There, but for the ranges in `torn`

//  Samples of a strand: twice as many as a ventilator draws
#define INK_SAMPLES_MOST 16

typedef struct ink_collection ink_collection_t;

typedef struct {
    ink_kin_t kin;    //  Others of the series
    ink_link_t dirty; //  Among those whose answer has changed since the last reply
    ink_collection_t *collection;
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_series_t series;
    ink_answer_t *answer;
    bool estimates;                     //  What is not there is to be estimated
    ink_estimate_t *estimate;           //  Of counts; NULL: from nothing so far
    ink_outline_t *outline;             //  The same of cells
    uint64_t sampled[INK_SAMPLES_MOST]; //  Where the first piece of each begins
    size_t samples;
    uint8_t
        *there; //  A byte a part: 0, INK_THERE, that and its error, INK_SPARED, INK_TORN
    uint64_t left;                     //  Parts that are still to come
    uint64_t cached, computed, failed; //  Bytes
    ink_schedule_t schedule;
    ink_msg_failure_t *torn; //  What is missing in parts that are there, as it came
    size_t torn_count;
    ink_msg_failure_t *failures; //  Listed for the final
    size_t failure_count;
    bool ended;
    int error; //  It ended with, beside its values
} ink_collected_t;

//  Names a collection, no padding
typedef struct {
    uint64_t epoch, handle;
} ink_collection_key_t;

struct ink_collection {
    ink_link_t link;
    ink_collection_key_t key;
    ink_plan_t plan;
    uint64_t parts;
    ink_course_t course; //  In which they come
    bool spread;         //  So it is; else the order of coming says nothing
    uint64_t places;     //  What stands behind these is spared; 0: nothing
    bool write;          //  Values go to the cache
    uint64_t knowns;     //  Still to come before it gets values
    uint64_t order;
    ink_collected_t strands[INK_KERNELS_MOST];
    size_t strand_count;
};

//  Reads the parameters of a kernel. INK_EMESSAGE: it has them not, or they are not allowed.
int ink_collection_args (ink_args_t *args, const ink_kernel_t *kernel,
                         const ink_msg_kernel_t *msg);

//  Makes a collection of what a ventilator expects. INK_EMESSAGE: the message makes no sense;
//  INK_ENOKERNEL: this sink has not that kernel; INK_ENOMEM.
int ink_collection_new (const ink_msg_expect_t *expect, ink_collection_t **self_p);
void ink_collection_destroy (ink_collection_t **self_p);

//  Enters the value of a part, but for the ranges that have failed in it. INK_EVALUE; a part
//  that is there already is not merged again, and *doubled is set.
int ink_collected_add (ink_collected_t *self, uint64_t n, const ink_msg_value_t *msg,
                       const void *value, size_t size, bool *doubled);

//  Enters what the cache knew of some runs of parts. INK_EVALUE, INK_EMESSAGE.
int ink_collected_know (ink_collected_t *self, const ink_msg_known_t *known,
                        const void *value, size_t size);

//  Spares the parts that will not come: those behind the places of the collection that are
//  not there. To be called when what the cache knew is.
void ink_collected_spare (ink_collected_t *self);

//  Enters a sample of the range; one that came before is not entered again. INK_EVALUE,
//  INK_ENOMEM.
int ink_collected_sample (ink_collected_t *self, const ink_msg_sample_t *msg,
                          const void *value, size_t size);

//  What the strand can tell now, at which precision, and by what it estimates the rest, if it
//  does. `bound` in millionths, INK_EXACT when it estimates nothing.
typedef struct {
    uint64_t covered, estimated, bound, precision;
    const ink_estimate_t *estimate;
    const ink_outline_t *outline;
} ink_tidings_t;

ink_tidings_t ink_collected_tidings (const ink_collected_t *self);

//  A part will not come.
int ink_collected_fail (ink_collected_t *self, uint64_t n, uint64_t error);

//  Nothing could be estimated: what was spared has failed.
void ink_collected_miss (ink_collected_t *self);

//  Lists what failed, when nothing is left: in order, adjacent parts joined. INK_ENOMEM.
int ink_collected_list_failures (ink_collected_t *self);

#endif

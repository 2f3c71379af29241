//  request.h: one question, as it is told to the ventilator.

#ifndef INK_REQUEST_H_INCLUDED
#define INK_REQUEST_H_INCLUDED

#include <stdbool.h>

#include "inkling/client.h"
#include "protocol/messages.h"

#define INK_DAY_MS ((uint32_t) 24 * 60 * 60 * 1000)

//  Room for an id or a name, with zeros behind it.
typedef char ink_name_t[INK_NAME_MOST + 1];

struct ink_request {
    ink_name_t id;        //  Zeros behind it: it is a key of maps
    char *source, *other; //  other: NULL for none
    uint64_t offset, length, chunk;
    int64_t priority;
    uint32_t timeout_ms;
    bool cache_read, cache_write;
    ink_name_t view; //  "": of none
    uint64_t focus;
    uint64_t move; //  Counts what a session has submitted: of a view, the last one holds
    bool estimates;
    uint64_t sample; //  Millionths; 0: all
    size_t kernels, params, reports;
    ink_name_t kernel_names[INK_KERNELS_MOST];
    ink_name_t param_names[INK_PARAMS_MOST];
    int64_t param_values[INK_PARAMS_MOST];
    char param_texts[INK_PARAMS_MOST][INK_TYPED_MOST + 1]; //  Empty: a number
    ink_msg_report_t report_list[INK_REPORTS_MOST];

    //  What ink_request_message lends out
    ink_msg_kernel_t kernel_list[INK_KERNELS_MOST];
    ink_msg_param_t param_list[INK_PARAMS_MOST];
};

//  Whether `id` is up to 64 of [A-Za-z0-9._-], and not empty.
bool ink_id_is_valid (const char *id);

//  NULL when out of memory.
ink_request_t *ink_request_copy (const ink_request_t *self);

//  Whether both ask the same, by the same id.
bool ink_request_same (const ink_request_t *self, const ink_request_t *other);

//  The REQUEST message; its texts and lists are those of `self`.
void ink_request_message (ink_request_t *self, ink_msg_t *msg);

#endif

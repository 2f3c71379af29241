//  terms.c: what a lease asks for.

#include "worker/terms.h"

#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"

bool
ink_terms_are_workable (const ink_msg_lease_t *lease)
{
    if (!lease->spans.size || !lease->kernels.size ||
        lease->kernels.size != lease->series.size)
        return false;
    for (size_t n = 0; n < lease->spans.size; n++) {
        const ink_msg_span_t *span = &lease->spans.items[n];
        if ((lease->fold && !span->length) || span->length > INK_CHUNK_MOST ||
            span->offset < lease->begin || span->offset > lease->end ||
            span->length > lease->end - span->offset)
            return false;
    }
    return true;
}

int
ink_terms_kernel (const ink_msg_kernel_t *msg, const ink_kernel_t **kernel,
                  ink_args_t *args)
{
    ink_why_t why;
    *kernel = ink_kernels_find (msg->name);
    if (!*kernel || (*kernel)->version != msg->version)
        return INK_ENOKERNEL;
    ink_args_init (args, *kernel);
    for (size_t n = 0; n < msg->params.size; n++) {
        const ink_msg_param_t *param = &msg->params.items[n];
        if (ink_args_set (args, *kernel, param->name, param->value, param->text, &why))
            return INK_EPARAM;
    }
    return INK_OK;
}

ink_reach_t
ink_terms_sight (const ink_msg_lease_t *lease, const ink_msg_span_t *span,
                 ink_part_t piece, ink_reach_t reach)
{
    ink_plan_t range = {.offset = lease->begin, .length = lease->end - lease->begin};
    if (lease->fold)
        range = (ink_plan_t){.offset = span->offset, .length = span->length};
    return ink_plan_sight (&range, piece, reach);
}

ink_msg_t
ink_terms_value (uint64_t instance, const ink_msg_lease_t *lease, size_t span, size_t k)
{
    ink_msg_t msg = {.kind = INK_MSG_VALUE};
    msg.value.epoch = lease->epoch;
    msg.value.worker = instance;
    msg.value.lease = lease->lease;
    msg.value.slot = span * lease->kernels.size + k;
    msg.value.series = lease->series.items[k].key;
    msg.value.offset = lease->spans.items[span].offset;
    msg.value.length = lease->spans.items[span].length;
    return msg;
}

size_t
ink_terms_first (const ink_msg_lease_t *lease, size_t span)
{
    return lease->fold ? span - span % lease->fold : span;
}

bool
ink_terms_end_value (const ink_msg_lease_t *lease, size_t span)
{
    return span + 1 == lease->spans.size || ink_terms_first (lease, span + 1) == span + 1;
}

ink_msg_t
ink_terms_sample (uint64_t instance, const ink_msg_lease_t *lease, size_t first,
                  size_t last, size_t k)
{
    ink_msg_t msg = {.kind = INK_MSG_SAMPLE};
    msg.sample.epoch = lease->epoch;
    msg.sample.worker = instance;
    msg.sample.lease = lease->lease;
    msg.sample.slot = first / lease->fold * lease->kernels.size + k;
    msg.sample.handle = lease->handle;
    msg.sample.series = lease->series.items[k].key;
    msg.sample.spans.items = lease->spans.items + first;
    msg.sample.spans.size = last - first + 1;
    return msg;
}

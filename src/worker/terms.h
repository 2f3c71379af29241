//  terms.h: what a lease asks for.

#ifndef INK_TERMS_H_INCLUDED
#define INK_TERMS_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

#include "inkling/kernel.h"
#include "protocol/messages.h"
#include "value/plan.h"

//  Whether a lease can be worked on at all. Spans without bytes are passed over.
bool ink_terms_are_workable (const ink_msg_lease_t *lease);

//  The kernel a lease names, and its parameters. INK_ENOKERNEL, INK_EPARAM.
int ink_terms_kernel (const ink_msg_kernel_t *msg, const ink_kernel_t **kernel,
                      ink_args_t *args);

//  What a kernel with this reach sees around a piece of a span: nothing outside the range of
//  the request. A sample sees nothing around its span, so that it is the same wherever it lies.
ink_reach_t ink_terms_sight (const ink_msg_lease_t *lease, const ink_msg_span_t *span,
                             ink_part_t piece, ink_reach_t reach);

//  Samples are folded: the span with which the value begins that a span belongs to, and whether
//  it ends there. Else each span is a value.
size_t ink_terms_first (const ink_msg_lease_t *lease, size_t span);
bool ink_terms_end_value (const ink_msg_lease_t *lease, size_t span);

//  A VALUE that names span and kernel of a lease, and holds nothing yet.
ink_msg_t
ink_terms_value (uint64_t instance, const ink_msg_lease_t *lease, size_t span, size_t k);

//  A SAMPLE of the spans from `first` to `last`, which are borrowed; it holds nothing yet.
ink_msg_t ink_terms_sample (uint64_t instance, const ink_msg_lease_t *lease, size_t first,
                            size_t last, size_t k);

#endif

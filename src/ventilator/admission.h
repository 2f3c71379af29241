//  admission.h: what a request must be to be served.

#ifndef INK_ADMISSION_H_INCLUDED
#define INK_ADMISSION_H_INCLUDED

#include "protocol/messages.h"
#include "ventilator/demand.h"

//  Fills a demand that is all zeros from a request, but for its source and its place among
//  others. INK_EMESSAGE, INK_ENOKERNEL, INK_EPARAM, INK_ECHUNK.
int ink_admission_read (ink_demand_t *demand, const ink_msg_request_t *request,
                        int64_t now, ink_detail_t *detail);

//  Sets range, plan and output of a demand whose source is known now. INK_EEMPTY, INK_ERANGE,
//  INK_ETOOLARGE, INK_EBUSY: its client has too much on its way.
int ink_admission_fit (ink_demand_t *demand, const ink_identity_t *identity,
                       const ink_identity_t *other, ink_detail_t *detail);

//  The hash by which two requests of one id are told apart.
uint64_t ink_admission_body (const ink_msg_request_t *request);

#endif

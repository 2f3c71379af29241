//  status.h: what the ventilator sees, copied out of its message.

#ifndef INK_STATUS_H_INCLUDED
#define INK_STATUS_H_INCLUDED

#include "inkling/client.h"
#include "protocol/messages.h"

//  NULL when out of memory.
ink_status_t *ink_status_new (const ink_msg_status_t *msg);

#endif

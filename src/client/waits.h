//  waits.h: what a request waits for, in words.

#ifndef INK_WAITS_H_INCLUDED
#define INK_WAITS_H_INCLUDED

#include <stddef.h>

#include "protocol/messages.h"

//  One sentence without a full stop, with its figures, into `size` bytes of `out`; "" when the
//  code is not known.
void ink_waits_say (const ink_msg_request_info_t *info, char *out, size_t size);

//  The name of a code, for programs: "busy". Unknown codes give "unknown".
const char *ink_waits_name (uint64_t code);

#endif

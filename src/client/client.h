//  client.h: what the public face of the client leaves out.

#ifndef INK_CLIENT_H_INCLUDED
#define INK_CLIENT_H_INCLUDED

#include "client/session.h"

//  As ink_client_new, with a patience of one's own.
ink_client_t *
ink_client_new_with (const char *endpoint, const ink_session_limits_t *limits);

#endif

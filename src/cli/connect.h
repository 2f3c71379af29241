//  connect.h: a client at an endpoint, or why there is none.

#ifndef INK_CONNECT_H_INCLUDED
#define INK_CONNECT_H_INCLUDED

#include "inkling/client.h"

//  As ink_client_new; NULL after a complaint, with its exit status in *status.
ink_client_t *ink_connect (const char *endpoint, int *status);

#endif

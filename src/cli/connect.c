//  connect.c: a client at an endpoint, or why there is none.

#include "cli/connect.h"

#include <stdlib.h>

#include "base/endpoint.h"
#include "cli/complain.h"
#include "inkling/error.h"

ink_client_t *
ink_connect (const char *endpoint, int *status)
{
    ink_client_t *client = ink_client_new (endpoint);
    if (client)
        return client;
    const char *named = endpoint ? endpoint : getenv ("INKLING_ENDPOINT");
    ink_endpoints_t endpoints;
    if (named && ink_endpoints_derive (named, &endpoints))
        *status = ink_complain_so (INK_EUSAGE, "ipc://FOLDER/front, or tcp://HOST:PORT",
                                   "cannot connect to '%s'", named);
    else
        *status = ink_complain (INK_ESYSTEM, "no socket to connect with");
    return NULL;
}

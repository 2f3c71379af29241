//  fuzz_endpoint.c: endpoints. What is taken gives five that are different, of one transport,
//  and lanes.

#include <sys/socket.h>
#include <sys/un.h>

#include "base/endpoint.h"
#include "fuzz.h"
#include "inkling/error.h"

static void
is_whole (const char *endpoint, const char *transport)
{
    assert (strlen (endpoint) < INK_ENDPOINT_MOST);
    assert (strncmp (endpoint, transport, strlen (transport)) == 0);
    const struct sockaddr_un *address = NULL; //  A longer path cannot be bound
    assert (strcmp (transport, "ipc://") != 0 ||
            strlen (endpoint + strlen (transport)) < sizeof address->sun_path);
}

static void
follow (const ink_endpoints_t *endpoints)
{
    static const char *const transports[] = {"inproc://", "ipc://", "tcp://"};
    const char *transport = transports[endpoints->transport];
    const char *all[] = {endpoints->front, endpoints->back, endpoints->control,
                         endpoints->sink, endpoints->values};
    char lane[INK_ENDPOINT_MOST];
    for (size_t n = 0; n < 5; n++) {
        is_whole (all[n], transport);
        for (size_t m = 0; m < n; m++)
            assert (strcmp (all[n], all[m]) != 0);
    }
    for (size_t n = 1; n < 1000000000; n *= 31) {
        ink_endpoints_lane (endpoints, n, lane);
        is_whole (lane, transport);
    }
    assert (!ink_endpoints_public (endpoints) || endpoints->transport == INK_OVER_TCP);
}

int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    char *text = calloc (size + 1, 1), front[INK_ENDPOINT_MOST];
    memcpy (text, bytes, size);
    ink_endpoints_t endpoints;
    int rc = ink_endpoints_derive (text, &endpoints);
    assert (rc == INK_OK || rc == INK_EUSAGE);
    if (rc == INK_OK) {
        assert (strcmp (endpoints.front, text) == 0);
        follow (&endpoints);
    }
    ink_endpoint_default (text, (unsigned) size * 1234567, front);
    assert (ink_endpoints_derive (front, &endpoints) == INK_OK);
    free (text);
    return 0;
}

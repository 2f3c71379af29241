//  endpoint.c: where the parts of one Inkling meet, all told by one endpoint.

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/endpoint.h"
#include "inkling/error.h"

#define IPC "ipc://"
#define TCP "tcp://"
#define INPROC "inproc://"
#define FRONT "/front"

#define PORT_LEAST 1024
#define LANES_FROM 100
#define IPC_PATH_MOST 107 //  What the system takes for the path of a socket
#define DIGITS_MOST 10    //  Of the number of a lane in such a path

static bool
begins (const char *text, const char *with)
{
    return strncmp (text, with, strlen (with)) == 0;
}

static bool
all_of (const char *text, size_t size, const char *allowed)
{
    return size > 0 && strspn (text, allowed) >= size;
}

__attribute__ ((format (printf, 2, 3))) static void
print (char endpoint[INK_ENDPOINT_MOST], const char *format, ...)
{
    va_list args;
    va_start (args, format);
    int size = vsnprintf (endpoint, INK_ENDPOINT_MOST, format, args);
    va_end (args);
    assert (size > 0 && size < INK_ENDPOINT_MOST);
    (void) size;
}

//  The number of bytes that all endpoints of one transport have in common: the folder, the
//  host with its colon, or the name.
static int
stem (const ink_endpoints_t *self)
{
    if (self->transport == INK_OVER_IPC)
        return (int) (strlen (self->front) - strlen (FRONT));
    if (self->transport == INK_OVER_TCP)
        return (int) (strrchr (self->front, ':') + 1 - self->front);
    return (int) strlen (self->front);
}

//  0 when `text` is not the plain decimal form of a port.
static unsigned
port_of (const char *text)
{
    size_t size = strlen (text);
    if (size > 5 || text[0] == '0' || !all_of (text, size, "0123456789"))
        return 0;
    unsigned port = 0;
    for (; *text; text++)
        port = port * 10 + (unsigned) (*text - '0');
    return port;
}

//  Abstract sockets, which begin with @, are open to every user and so are not taken.
static bool
ipc_is_valid (const char *path)
{
    size_t size = strlen (path), end = strlen (FRONT);
    if (size <= end || strcmp (path + size - end, FRONT) != 0 || path[0] == '@')
        return false;
    return size - end + strlen ("/lane-") + DIGITS_MOST <= IPC_PATH_MOST;
}

static bool
tcp_is_valid (const char *address)
{
    const char *colon = strrchr (address, ':');
    if (!colon)
        return false;
    size_t size = (size_t) (colon - address);
    bool bracketed = size > 2 && address[0] == '[' && colon[-1] == ']';
    bool host = bracketed ? all_of (address + 1, size - 2, "0123456789abcdefABCDEF:.%")
                          : size > 0 && strcspn (address, ":/;[]@ ") == size;
    unsigned port = port_of (colon + 1);
    return host && port % 2 == 1 && port >= PORT_LEAST && port <= INK_PORT_MOST;
}

static bool
recognise (const char *front, ink_transport_t *transport)
{
    if (begins (front, IPC)) {
        *transport = INK_OVER_IPC;
        return ipc_is_valid (front + strlen (IPC));
    }
    if (begins (front, TCP)) {
        *transport = INK_OVER_TCP;
        return tcp_is_valid (front + strlen (TCP));
    }
    *transport = INK_OVER_INPROC;
    return begins (front, INPROC) && front[strlen (INPROC)] != '\0';
}

//  The endpoint of another room: `name` for ipc and inproc, `port` behind the front's for tcp.
static void
derive (const ink_endpoints_t *self, const char *name, unsigned port,
        char endpoint[INK_ENDPOINT_MOST])
{
    int size = stem (self);
    if (self->transport == INK_OVER_TCP)
        print (endpoint, "%.*s%u", size, self->front,
               port_of (self->front + size) + port);
    else
        print (endpoint, "%.*s%c%s", size, self->front,
               self->transport == INK_OVER_IPC ? '/' : '-', name);
}

int
ink_endpoints_derive (const char *front, ink_endpoints_t *endpoints)
{
    ink_transport_t transport;
    //  Room is left for the longest name that is derived, that of a lane.
    if (strlen (front) + 32 > INK_ENDPOINT_MOST || !recognise (front, &transport))
        return INK_EUSAGE;
    *endpoints = (ink_endpoints_t){.transport = transport};
    memcpy (endpoints->front, front, strlen (front));
    derive (endpoints, "back", 2, endpoints->back);
    derive (endpoints, "control", 4, endpoints->control);
    derive (endpoints, "sink", 6, endpoints->sink);
    derive (endpoints, "values", 8, endpoints->values);
    return INK_OK;
}

void
ink_endpoints_lane (const ink_endpoints_t *self, size_t n, char lane[INK_ENDPOINT_MOST])
{
    char name[32];
    int size = snprintf (name, sizeof name, "lane-%zu", n);
    assert (size > 0 && (size_t) size < sizeof name);
    (void) size;
    derive (self, name, LANES_FROM + (unsigned) (n % INK_LANE_PORTS), lane);
}

void
ink_endpoint_default (const char *runtime, unsigned uid, char front[INK_ENDPOINT_MOST])
{
    if (runtime && runtime[0] == '/' && strlen (runtime) < IPC_PATH_MOST) {
        print (front, IPC "%s/inkling" FRONT, runtime);
        if (ipc_is_valid (front + strlen (IPC)))
            return;
    }
    print (front, IPC "/tmp/inkling-%u" FRONT, uid);
}

bool
ink_endpoints_public (const ink_endpoints_t *self)
{
    if (self->transport != INK_OVER_TCP)
        return false;
    const char *host = self->front + strlen (TCP);
    size_t size = strcspn (host, ":");
    bool loopback = (begins (host, "127.") && all_of (host, size, "0123456789.")) ||
                    begins (host, "localhost:") || begins (host, "[::1]:");
    return !loopback;
}

void
ink_endpoint_reach (const char *told, const char *near, char reached[INK_ENDPOINT_MOST])
{
    static const char *const everywhere[] = {TCP "*:", TCP "0.0.0.0:", TCP "[::]:"};
    const char *port = NULL;
    for (size_t n = 0; n < sizeof everywhere / sizeof *everywhere; n++)
        if (begins (told, everywhere[n]))
            port = told + strlen (everywhere[n]);
    const char *end = strrchr (near, ':');
    int written;
    if (port && begins (near, TCP) && end)
        written = snprintf (reached, INK_ENDPOINT_MOST, "%.*s:%s", (int) (end - near),
                            near, port);
    else
        written = snprintf (reached, INK_ENDPOINT_MOST, "%s", told);
    if (written >= INK_ENDPOINT_MOST)
        reached[0] = 0; //  What is too long was told by nobody of ours
}

//  doors.c: no more peers than there are descriptors for.

#include "cli/doors.h"

#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "inkling/error.h"

#define SPARE 24              //  For sources, lanes and what a library wants
#define SPARE_OF_GUARDED 1024 //  At most
#define PAUSE_MS 1

static const char *guarded = ""; //  "/PATH" or the digits of a port

void
ink_doors_guard (const char *endpoint)
{
    const char *colon = strrchr (endpoint, ':');
    guarded = strncmp (endpoint, "tcp", 3) ? endpoint + strlen ("ipc://") : colon + 1;
}

static bool
is_guarded (int door)
{
    union {
        struct sockaddr any;
        struct sockaddr_un local;
        struct sockaddr_in four;
        struct sockaddr_in6 six;
    } address = {.any.sa_family = AF_UNSPEC};
    socklen_t size = sizeof address;
    if (getsockname (door, &address.any, &size))
        return false;
    switch (address.any.sa_family) {
    case AF_UNIX:
        return strcmp (address.local.sun_path, guarded) == 0;
    case AF_INET:
        return ntohs (address.four.sin_port) == atoi (guarded);
    case AF_INET6:
        return ntohs (address.six.sin6_port) == atoi (guarded);
    default:
        return false;
    }
}

//  Descriptors are given out from below: a high one tells how many are taken.
static bool
is_too_high (int descriptor, int door)
{
    struct rlimit limit = {0};
    getrlimit (RLIMIT_NOFILE, &limit);
    rlim_t spare = SPARE;
    if (is_guarded (door))
        spare +=
            limit.rlim_cur / 4 < SPARE_OF_GUARDED ? limit.rlim_cur / 4 : SPARE_OF_GUARDED;
    return (rlim_t) descriptor + spare >= limit.rlim_cur;
}

//  In place of that of libc, for libzmq: who cannot be let in has gone again, as it seems.
INK_EXPORT int
accept4 (int door, struct sockaddr *address, socklen_t *size, int flags)
{
    int descriptor = (int) syscall (SYS_accept4, door, address, size, flags);
    if (descriptor >= 0 && is_too_high (descriptor, door)) {
        close (descriptor);
        descriptor = -1;
        errno = ECONNABORTED;
    } else if (descriptor < 0 && (errno == EMFILE || errno == ENFILE)) {
        poll (NULL, 0, PAUSE_MS); //  It will be tried again at once
        errno = EAGAIN;
    }
    return descriptor;
}

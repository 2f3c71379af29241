//  hosts.c: machines of their own for the parts: network namespaces, each with one device.

#include "hosts.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define DEVICE "wire"
#define PREFIX_MASK 0xFFFFFF00u

static const char *const names[HOSTS] = {"client", "ventilator", "sink", "worker-1",
                                         "worker-2"};

const char *
host_name (host_t host)
{
    return names[host];
}

const char *
host_address (host_t host)
{
    static char texts[HOSTS][16];
    snprintf (texts[host], sizeof texts[host], "10.77.0.%u", (unsigned) host + 1);
    return texts[host];
}

static bool
set_up (int control, const char *device)
{
    struct ifreq request = {0};
    strcpy (request.ifr_name, device);
    request.ifr_flags = IFF_UP | IFF_RUNNING;
    return ioctl (control, SIOCSIFFLAGS, &request) == 0;
}

static bool
set_address (int control, unsigned long what, uint32_t address)
{
    struct ifreq request = {0};
    struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl (address)};
    strcpy (request.ifr_name, DEVICE);
    memcpy (&request.ifr_addr, &in, sizeof in);
    return ioctl (control, what, &request) == 0;
}

static int
open_device (void)
{
    struct ifreq request = {.ifr_flags = IFF_TUN | IFF_NO_PI};
    int device = open ("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
    strcpy (request.ifr_name, DEVICE);
    if (device >= 0 && ioctl (device, TUNSETIFF, &request)) {
        close (device);
        device = -1;
    }
    return device;
}

//  Before Linux 6.5 a connection that is not answered was tried again after 1, 2, 4, 8 ... s;
//  what recovers there recovers with any. Later systems have this switch.
static void
behave_as_older (void)
{
    int file = open ("/proc/sys/net/ipv4/tcp_syn_linear_timeouts", O_WRONLY | O_CLOEXEC);
    ssize_t written = file < 0 ? 0 : write (file, "0", 1);
    (void) written;
    if (file >= 0)
        close (file);
}

//  Makes a namespace, which is the calling thread's from now on.
static const char *
open_host (hosts_t *self, host_t host)
{
    if (unshare (CLONE_NEWNET))
        return "a network namespace cannot be made";
    behave_as_older ();
    self->spaces[host] = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    if (self->spaces[host] < 0)
        return "a network namespace cannot be named";
    self->devices[host] = open_device ();
    if (self->devices[host] < 0)
        return "a tun device cannot be opened";
    int control = socket (AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    bool done = control >= 0 && set_up (control, "lo") &&
                set_address (control, SIOCSIFADDR, HOST_NETWORK + 1 + (uint32_t) host) &&
                set_address (control, SIOCSIFNETMASK, PREFIX_MASK) &&
                set_up (control, DEVICE);
    if (control >= 0)
        close (control);
    return done ? NULL : "a tun device cannot be given an address";
}

bool
hosts_open (hosts_t *self, const char **why)
{
    for (int host = 0; host < HOSTS; host++)
        self->spaces[host] = self->devices[host] = -1;
    self->home = open ("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC);
    *why = self->home < 0 ? "there is no /proc/thread-self/ns/net" : NULL;
    for (int host = 0; host < HOSTS && !*why; host++)
        *why = open_host (self, (host_t) host);
    if (*why)
        hosts_close (self);
    return !*why;
}

static void
close_one (int *descriptor)
{
    if (*descriptor >= 0)
        close (*descriptor);
    *descriptor = -1;
}

void
hosts_close (hosts_t *self)
{
    if (self->spaces[0] >= 0 && setns (self->home, CLONE_NEWNET))
        abort ();
    for (int host = 0; host < HOSTS; host++) {
        close_one (&self->devices[host]);
        close_one (&self->spaces[host]);
    }
    close_one (&self->home);
}

void
hosts_enter (const hosts_t *self, host_t host)
{
    if (setns (self->spaces[host], CLONE_NEWNET))
        abort ();
}

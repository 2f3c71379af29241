//  descriptors.c: how many files and sockets this process may open.

#include "base/descriptors.h"

#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/memory.h"

void
ink_descriptors_raise (void)
{
    struct rlimit limit;
    if (getrlimit (RLIMIT_NOFILE, &limit))
        return;
    limit.rlim_cur = limit.rlim_max;
    (void) setrlimit (RLIMIT_NOFILE, &limit); //  What is missing is found by counting
}

bool
ink_descriptors_are_there (size_t count)
{
    int *taken = ink_alloc (count * sizeof *taken);
    size_t size = 0;
    while (taken && size < count && (taken[size] = eventfd (0, EFD_CLOEXEC)) >= 0)
        size++;
    bool all = size == count;
    while (size > 0)
        close (taken[--size]);
    ink_free (taken);
    return all;
}

//  human.c: numbers as people like to read them.

#include "cli/human.h"

#include <stdio.h>

//  Three digits, whatever the size.
static int
digits (double number)
{
    return number < 10 ? 2 : number < 100 ? 1 : 0;
}

ink_human_t
ink_human_bytes (uint64_t bytes)
{
    static const char *const units[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
    double number = (double) bytes;
    size_t unit = 0;
    for (; number >= 1024; unit++)
        number /= 1024;
    ink_human_t out;
    snprintf (out.text, sizeof out, "%.*f %s", unit ? digits (number) : 0, number,
              units[unit]);
    return out;
}

ink_human_t
ink_human_rate (double bytes_second)
{
    ink_human_t out;
    double unit = bytes_second < 1e6 ? 1e3 : bytes_second < 1e9 ? 1e6 : 1e9;
    const char *name = bytes_second < 1e6 ? "KB/s" : bytes_second < 1e9 ? "MB/s" : "GB/s";
    snprintf (out.text, sizeof out, "%.*f %s", digits (bytes_second / unit),
              bytes_second / unit, name);
    return out;
}

ink_human_t
ink_human_count (double count)
{
    static const char units[] = " KMGTPE";
    size_t unit = 0;
    for (; count >= 999.5 && units[unit + 1]; unit++)
        count /= 1000;
    ink_human_t out;
    snprintf (out.text, sizeof out, "%.*f%.1s",
              unit && count < 9.95 && count > (int) count, count,
              unit ? units + unit : "");
    return out;
}

ink_human_t
ink_human_seconds (double seconds)
{
    ink_human_t out;
    if (seconds < 1)
        snprintf (out.text, sizeof out, "%.*f ms", seconds < 0.01 ? 1 : 0,
                  seconds * 1000);
    else if (seconds < 60)
        snprintf (out.text, sizeof out, "%.*f s", digits (seconds), seconds);
    else if (seconds < 3600)
        snprintf (out.text, sizeof out, "%d:%02d", (int) seconds / 60,
                  (int) seconds % 60);
    else
        snprintf (out.text, sizeof out, "%.1f h", seconds / 3600);
    return out;
}

ink_human_t
ink_human_share (double part, double whole)
{
    double share = whole > 0 ? part * 100 / whole : 0;
    ink_human_t out;
    //  Only what is all of it is 100 %
    if (share < 100 && share >= 99.95)
        share = 99.9;
    int places = share == 0 || share >= 100 ? 0 : share < 1 ? 2 : 1;
    snprintf (out.text, sizeof out, "%.*f %%", places, share);
    return out;
}

//  workers.c: `inkling workers`: who computes for a ventilator.

#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/arguments.h"
#include "cli/human.h"
#include "cli/query.h"

static const struct argp_child children[] = {{.argp = &ink_query_argp}, {0}};
static const struct argp workers_argp = {
    .parser = ink_arguments_pass,
    .doc = "Show the workers that are there, and those that were lost.",
    .children = children};

static json_t *
json_of (const ink_worker_info_t *info)
{
    return json_pack (
        "{s:s, s:s, s:I, s:s, s:s, s:s, s:s, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I, "
        "s:I}",
        "name", info->name, "host", info->host, "pid", (json_int_t) info->pid, "state",
        info->state, "version", info->version, "kernels", info->kernels, "speeds",
        info->speeds, "slots", (json_int_t) info->slots, "leases",
        (json_int_t) info->leases, "chunks", (json_int_t) info->chunks, "lost",
        (json_int_t) info->lost, "deaths", (json_int_t) info->deaths, "refused",
        (json_int_t) info->refused, "seen_ms", (json_int_t) info->seen_ms, "cpu_percent",
        (json_int_t) info->cpu_percent, "memory_bytes", (json_int_t) info->memory_bytes);
}

static json_t *
json_of_all (const ink_status_t *status)
{
    json_t *workers = json_array ();
    const ink_worker_info_t *info;
    for (size_t n = 0; (info = ink_status_worker (status, n)); n++)
        json_array_append_new (workers, json_of (info));
    return json_pack ("{s:o}", "workers", workers);
}

static void
print (const ink_worker_info_t *info)
{
    printf ("%-20s %-12s %-16s %8" PRIu64 " %6" PRIu64 " %6" PRIu64 " %8" PRIu64
            " %5" PRIu64 " %6" PRIu64 " %7" PRIu64 " %4" PRIu64 "%% %10s %9s\n",
            info->name, info->state, info->host, info->pid, info->slots, info->leases,
            info->chunks, info->lost, info->deaths, info->refused, info->cpu_percent,
            ink_human_bytes (info->memory_bytes).text,
            ink_human_seconds ((double) info->seen_ms / 1000).text);
    if (*info->speeds)
        printf ("    %s\n", info->speeds);
}

static void
print_all (const ink_status_t *status)
{
    const ink_worker_info_t *info = ink_status_worker (status, 0);
    if (!info) {
        puts ("no worker is connected");
        return;
    }
    printf ("%-20s %-12s %-16s %8s %6s %6s %8s %5s %6s %7s %5s %10s %9s\n", "NAME",
            "STATE", "HOST", "PID", "SLOTS", "LEASES", "CHUNKS", "LOST", "DEATHS",
            "REFUSED", "CPU", "MEMORY", "HEARD");
    for (size_t n = 0; (info = ink_status_worker (status, n)); n++)
        print (info);
}

int
ink_cli_workers (int argc, char **argv)
{
    ink_query_t query = {0};
    int result = 0;
    if (!ink_arguments_parse (&workers_argp, argc, argv, &query, &result))
        return result;
    ink_status_t *status = ink_query_status (&query, &result);
    if (!status)
        return result;
    if (query.json)
        result = ink_query_print (json_of_all (status));
    else
        print_all (status);
    ink_status_destroy (&status);
    return result;
}

//  status.c: `inkling status`: the requests a ventilator has, and what it has counted.

#include "cli/cli.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "cli/arguments.h"
#include "cli/complain.h"
#include "cli/human.h"
#include "cli/query.h"

static const struct argp_child children[] = {{.argp = &ink_query_argp}, {0}};
static const struct argp status_argp = {
    .parser = ink_arguments_pass,
    .args_doc = "[ID]",
    .doc = "Show the requests that run, or one of them, and what was counted.",
    .children = children};

static json_t *
json_of_wait (const ink_request_info_t *info)
{
    return json_pack ("{s:s, s:I, s:I, s:I, s:s, s:I}", "name", info->wait, "chunks",
                      (json_int_t) info->wait_chunks, "workers",
                      (json_int_t) info->wait_workers, "ms", (json_int_t) info->wait_ms,
                      "kernels", info->wait_kernels, "untaken",
                      (json_int_t) info->untaken);
}

static json_t *
json_of (const ink_request_info_t *info)
{
    return json_pack (
        "{s:s, s:s, s:s, s:s, s:s, s:o, s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:I}", "id",
        info->id, "source", info->source, "kernels", info->kernels, "state", info->state,
        "waits_for", info->waits_for, "wait", json_of_wait (info), "total",
        (json_int_t) info->total, "covered", (json_int_t) info->covered, "cached",
        (json_int_t) info->cached, "computed", (json_int_t) info->computed, "age_ms",
        (json_int_t) info->age_ms, "ready", (json_int_t) info->ready, "in_progress",
        (json_int_t) info->in_progress, "priority", (json_int_t) info->priority);
}

//  Those that are there.
static size_t
count_workers (const ink_status_t *status)
{
    const ink_worker_info_t *info;
    size_t count = 0;
    for (size_t n = 0; (info = ink_status_worker (status, n)); n++)
        count += strcmp (info->state, "lost") != 0;
    return count;
}

static json_t *
json_of_all (const ink_status_t *status)
{
    json_t *requests = json_array (), *counters = json_object ();
    const ink_request_info_t *info;
    const ink_counter_t *counter;
    for (size_t n = 0; (info = ink_status_request (status, n)); n++)
        json_array_append_new (requests, json_of (info));
    for (size_t n = 0; (counter = ink_status_counter (status, n)); n++)
        json_object_set_new (counters, counter->name,
                             json_integer ((json_int_t) counter->value));
    return json_pack ("{s:o, s:I, s:o}", "requests", requests, "workers",
                      (json_int_t) count_workers (status), "counters", counters);
}

static void
print_request (const ink_request_info_t *info)
{
    printf ("%s  %s  %s of %s  %s\n", info->id, info->state,
            ink_human_share ((double) info->covered, (double) info->total).text,
            ink_human_bytes (info->total).text, info->kernels);
    printf ("    %s\n", info->source);
    printf ("    %s cached · %s computed · %" PRIu64 " chunks ready, %" PRIu64
            " in progress · %s old · priority %" PRId64 "\n",
            ink_human_bytes (info->cached).text, ink_human_bytes (info->computed).text,
            info->ready, info->in_progress,
            ink_human_seconds ((double) info->age_ms / 1000).text, info->priority);
    if (*info->waits_for)
        printf ("    %s\n", info->waits_for);
}

static void
print_all (const ink_status_t *status)
{
    const ink_request_info_t *info;
    const ink_counter_t *counter;
    size_t requests = 0, workers = count_workers (status);
    for (; (info = ink_status_request (status, requests)); requests++)
        print_request (info);
    printf ("%s%zu request%s, %zu worker%s\n", requests ? "\n" : "", requests,
            requests == 1 ? "" : "s", workers, workers == 1 ? "" : "s");
    for (size_t n = 0; (counter = ink_status_counter (status, n)); n++)
        printf ("    %-28s %" PRIu64 "\n", counter->name, counter->value);
}

static int
show_one (const ink_status_t *status, const ink_query_t *query)
{
    const ink_request_info_t *info;
    for (size_t n = 0; (info = ink_status_request (status, n)); n++) {
        if (strcmp (info->id, query->id) != 0)
            continue;
        if (query->json)
            return ink_query_print (json_of (info));
        print_request (info);
        return 0;
    }
    return ink_complain (INK_ENOREQUEST, query->id);
}

int
ink_cli_status (int argc, char **argv)
{
    ink_query_t query = {.takes_id = true};
    int result = 0;
    if (!ink_arguments_parse (&status_argp, argc, argv, &query, &result))
        return result;
    ink_status_t *status = ink_query_status (&query, &result);
    if (!status)
        return result;
    if (query.id)
        result = show_one (status, &query);
    else if (query.json)
        result = ink_query_print (json_of_all (status));
    else
        print_all (status);
    ink_status_destroy (&status);
    return result;
}

//  report.c: what a person sees of the ventilator.

#include <stdio.h>
#include <string.h>

#include "ventilator/office.h"
#include "ventilator/reason.h"

//  So many of each fit into a header frame, however long their texts
#define LISTED_MOST 256

static const char *
join_kernels (ink_foreman_t *self, const ink_demand_t *demand)
{
    char names[512];
    size_t used = 0;
    names[0] = 0;
    for (size_t k = 0; k < demand->strand_count && used < sizeof names; k++)
        used += (size_t) snprintf (names + used, sizeof names - used, "%s%s",
                                   k ? "," : "", demand->strands[k].kernel->name);
    return ink_office_text (self, names);
}

static void
tell_reason (ink_foreman_t *self, const ink_demand_t *demand,
             ink_msg_request_info_t *info)
{
    ink_reason_t reason = ink_reason_find (
        demand, self->registry,
        (ink_reason_sink_t){self->sink > 0, self->sink_refuses, self->sink_heard});
    char names[600];
    ink_registry_names (self->registry, reason.kernels, names, sizeof names);
    info->waits_for = reason.code;
    info->wait_chunks = reason.chunks;
    info->wait_workers = reason.workers;
    info->wait_ms = reason.since ? (uint64_t) (self->now - reason.since) / 1000 : 0;
    info->wait_kernels = ink_office_text (self, names);
    info->untaken = reason.untaken;
}

static void
list_requests (ink_foreman_t *self, ink_msg_status_t *status)
{
    static const char *const states[] = {"opening", "looking", "running"};
    size_t count = ink_map_size (self->demands.by_handle);
    count = count < LISTED_MOST ? count : LISTED_MOST;
    ink_msg_request_info_t *infos = ink_office_alloc (self, (count + 1) * sizeof *infos);
    size_t cursor = 0, n = 0;
    const ink_demand_t *demand;
    while (infos && n < count &&
           (demand = ink_map_next (self->demands.by_handle, &cursor))) {
        ink_msg_request_info_t *info = &infos[n++];
        info->id = ink_office_text (self, demand->id);
        info->source = ink_office_text (self, demand->source);
        info->kernels = join_kernels (self, demand);
        info->state = states[demand->state];
        tell_reason (self, demand, info);
        info->age_ms = (uint64_t) (self->now - demand->admitted) / 1000;
        info->priority = demand->priority;
        for (size_t k = 0; demand->parts && k < demand->strand_count; k++) {
            const ink_strand_t *strand = &demand->strands[k];
            info->total += demand->length;
            info->cached += strand->cached;
            info->computed += strand->computed;
            info->ready += strand->ready;
            info->in_progress += strand->in_progress;
        }
        info->covered = info->cached + info->computed;
    }
    status->requests.items = infos;
    status->requests.size = n;
}

static void
list_workers (ink_foreman_t *self, ink_msg_status_t *status)
{
    static const char *const states[] = {"greeted", "proving", "live"};
    size_t count = 0, n = 0;
    INK_LIST_EACH (counted, ink_registry_workers (self->registry))
    count++;
    count = count < LISTED_MOST ? count : LISTED_MOST;
    ink_msg_worker_info_t *infos = ink_office_alloc (self, (count + 1) * sizeof *infos);
    if (!infos)
        return;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    {
        const ink_worker_t *worker = INK_ITEM (link, ink_worker_t, link);
        if (n == count)
            break;
        char text[2048];
        ink_msg_worker_info_t *info = &infos[n++];
        info->name = ink_office_text (self, worker->name);
        info->host = ink_office_text (self, worker->host);
        info->version = ink_office_text (self, worker->version);
        info->state = states[worker->state];
        ink_registry_names (self->registry, worker->offers, text, sizeof text);
        info->kernels = ink_office_text (self, text);
        ink_registry_describe (self->registry, worker, text, sizeof text);
        info->speeds = ink_office_text (self, text);
        info->pid = worker->pid;
        info->slots = worker->slots;
        info->leases = worker->held;
        info->chunks = worker->chunks;
        info->lost = worker->lost;
        info->seen_ms = (uint64_t) (self->now - worker->heard) / 1000;
        info->cpu_percent = worker->cpu_percent;
        info->memory_bytes = worker->memory_bytes;
    }
    status->workers.items = infos;
    status->workers.size = n;
}

void
ink_office_status (ink_foreman_t *self, uint64_t peer)
{
    ink_msg_status_t status = {.requests.size = 0};
    list_requests (self, &status);
    list_workers (self, &status);
    ink_office_list_counters (self, &status);
    ink_office_say (self, INK_DO_SEND_CLIENT, peer, INK_MSG_STATUS)->status = status;
}

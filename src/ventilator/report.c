//  report.c: what a person sees of the ventilator.

#include <stdio.h>
#include <string.h>

#include "ventilator/office.h"
#include "ventilator/reason.h"
#include "ventilator/unread.h"

//  So many of each fit into a header frame, however long their texts
#define LISTED_MOST 256
#define LISTED_BYTES 1024 //  Of each, about

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

static ink_msg_worker_info_t
describe (ink_foreman_t *self, const ink_worker_t *worker)
{
    static const char *const states[] = {"greeted", "proving", "live"};
    char kernels[2048], speeds[2048];
    ink_registry_names (self->registry, worker->offers, kernels, sizeof kernels);
    ink_registry_describe (self->registry, worker, speeds, sizeof speeds);
    return (ink_msg_worker_info_t){
        .name = ink_office_text (self, worker->name),
        .host = ink_office_text (self, worker->host),
        .version = ink_office_text (self, worker->version),
        .kernels = ink_office_text (self, kernels),
        .speeds = ink_office_text (self, speeds),
        .state = worker->quarantined_until ? "quarantined" : states[worker->state],
        .pid = worker->pid,
        .slots = worker->slots,
        .leases = worker->held,
        .chunks = worker->chunks,
        .lost = worker->record.lost,
        .deaths = worker->record.deaths,
        .refused = worker->record.refused,
        .seen_ms = (uint64_t) (self->now - worker->heard) / 1000,
        .cpu_percent = worker->cpu_percent,
        .memory_bytes = worker->memory_bytes,
    };
}

static ink_msg_worker_info_t
describe_lost (ink_foreman_t *self, const ink_lost_t *lost)
{
    return (ink_msg_worker_info_t){
        .name = ink_office_text (self, lost->name),
        .host = ink_office_text (self, lost->host),
        .version = ink_office_text (self, lost->version),
        .kernels = "",
        .speeds = "",
        .state = "lost",
        .pid = lost->pid,
        .slots = lost->slots,
        .chunks = lost->chunks,
        .lost = lost->record.lost,
        .deaths = lost->record.deaths,
        .refused = lost->record.refused,
        .seen_ms = (uint64_t) (self->now - lost->heard) / 1000,
    };
}

//  Those that are there, then those that were, the last one lost first.
static void
list_workers (ink_foreman_t *self, ink_msg_status_t *status)
{
    size_t n = 0, count = ink_registry_size (self->registry) + self->past.size;
    count = count < LISTED_MOST ? count : LISTED_MOST;
    ink_msg_worker_info_t *infos = ink_office_alloc (self, (count + 1) * sizeof *infos);
    if (!infos)
        return;
    INK_LIST_EACH (link, ink_registry_workers (self->registry))
    if (n < count)
        infos[n++] = describe (self, INK_ITEM (link, ink_worker_t, link));
    for (size_t left = self->past.size; left && n < count; left--)
        infos[n++] = describe_lost (self, &self->past.lost[left - 1]);
    status->workers.items = infos;
    status->workers.size = n;
}

void
ink_office_status (ink_foreman_t *self, ink_client_entry_t *client)
{
    ink_msg_status_t status = {.requests.size = 0};
    list_requests (self, &status);
    list_workers (self, &status);
    ink_office_list_counters (self, &status);
    ink_unread_sent (&self->demands, client,
                     (status.requests.size + status.workers.size) * LISTED_BYTES);
    ink_office_say (self, INK_DO_SEND_CLIENT, client->peer, INK_MSG_STATUS)->status =
        status;
}

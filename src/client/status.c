//  status.c: what the ventilator sees, copied out of its message.

#include <string.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "client/status.h"
#include "client/waits.h"

struct ink_status {
    ink_arena_t arena; //  Everything below lives in it
    size_t requests, workers, counters;
    ink_request_info_t *request;
    ink_worker_info_t *worker;
    ink_counter_t *counter;
    bool incomplete; //  A text found no memory
};

static const char *
keep (ink_status_t *self, const char *text)
{
    const char *copy = ink_arena_string (&self->arena, text, strlen (text));
    if (copy == NULL)
        self->incomplete = true;
    return copy;
}

static ink_request_info_t
copy_request (ink_status_t *self, const ink_msg_request_info_t *info)
{
    char sentence[INK_TEXT_MOST + 600];
    ink_waits_say (info, sentence, sizeof sentence);
    return (ink_request_info_t){
        .id = keep (self, info->id),
        .source = keep (self, info->source),
        .kernels = keep (self, info->kernels),
        .state = keep (self, info->state),
        .waits_for = keep (self, sentence),
        .wait = ink_waits_name (info->waits_for),
        .wait_kernels = keep (self, info->wait_kernels),
        .wait_chunks = info->wait_chunks,
        .wait_workers = info->wait_workers,
        .wait_ms = info->wait_ms,
        .untaken = info->untaken,
        .total = info->total,
        .covered = info->covered,
        .cached = info->cached,
        .computed = info->computed,
        .age_ms = info->age_ms,
        .ready = info->ready,
        .in_progress = info->in_progress,
        .priority = info->priority,
    };
}

static ink_worker_info_t
copy_worker (ink_status_t *self, const ink_msg_worker_info_t *info)
{
    return (ink_worker_info_t){
        .name = keep (self, info->name),
        .host = keep (self, info->host),
        .kernels = keep (self, info->kernels),
        .version = keep (self, info->version),
        .state = keep (self, info->state),
        .speeds = keep (self, info->speeds),
        .pid = info->pid,
        .slots = info->slots,
        .leases = info->leases,
        .chunks = info->chunks,
        .lost = info->lost,
        .deaths = info->deaths,
        .refused = info->refused,
        .seen_ms = info->seen_ms,
        .cpu_percent = info->cpu_percent,
        .memory_bytes = info->memory_bytes,
    };
}

//  Room for `count` items; an arena has nothing of size 0.
static void *
room (ink_status_t *self, size_t count, size_t size)
{
    void *items = ink_arena_alloc (&self->arena, (count ? count : 1) * size);
    if (items == NULL)
        self->incomplete = true;
    return items;
}

static void
copy (ink_status_t *self, const ink_msg_status_t *msg)
{
    self->request = room (self, msg->requests.size, sizeof (ink_request_info_t));
    self->worker = room (self, msg->workers.size, sizeof (ink_worker_info_t));
    self->counter = room (self, msg->counters.size, sizeof (ink_counter_t));
    if (self->incomplete)
        return;
    self->requests = msg->requests.size;
    self->workers = msg->workers.size;
    self->counters = msg->counters.size;
    for (size_t n = 0; n < self->requests; n++)
        self->request[n] = copy_request (self, &msg->requests.items[n]);
    for (size_t n = 0; n < self->workers; n++)
        self->worker[n] = copy_worker (self, &msg->workers.items[n]);
    for (size_t n = 0; n < self->counters; n++) {
        const ink_msg_counter_t *counter = &msg->counters.items[n];
        self->counter[n] = (ink_counter_t){keep (self, counter->name), counter->value};
    }
}

ink_status_t *
ink_status_new (const ink_msg_status_t *msg)
{
    ink_status_t *self = ink_alloc (sizeof *self);
    if (self == NULL)
        return NULL;
    copy (self, msg);
    if (self->incomplete)
        ink_status_destroy (&self);
    return self;
}

void
ink_status_destroy (ink_status_t **self_p)
{
    ink_status_t *self = *self_p;
    if (self) {
        ink_arena_free (&self->arena);
        ink_free (self);
        *self_p = NULL;
    }
}

const ink_request_info_t *
ink_status_request (const ink_status_t *self, size_t n)
{
    return n < self->requests ? &self->request[n] : NULL;
}

const ink_worker_info_t *
ink_status_worker (const ink_status_t *self, size_t n)
{
    return n < self->workers ? &self->worker[n] : NULL;
}

const ink_counter_t *
ink_status_counter (const ink_status_t *self, size_t n)
{
    return n < self->counters ? &self->counter[n] : NULL;
}

//  tally.c: what is counted, and how a person is told of it.

#include <string.h>

#include "ventilator/office.h"

void
ink_office_bad (ink_foreman_t *self, ink_event_kind_t from)
{
    self->counters.bad_messages++;
    self->counters.bad_at_front += from == INK_EVENT_CLIENT;
    self->counters.bad_at_back += from == INK_EVENT_WORKER;
    self->counters.bad_from_sink += from == INK_EVENT_SINK;
}

void
ink_office_ended (ink_foreman_t *self, int error, bool incomplete)
{
    ink_counters_t *counters = &self->counters;
    switch (error) {
    case INK_OK:
        counters->ended_ok += !incomplete;
        counters->ended_partial += incomplete;
        break;
    case INK_ECANCELLED:
        counters->ended_cancelled++;
        break;
    case INK_ETIMEOUT:
        counters->ended_timeout++;
        break;
    case INK_ENOWORKER:
    case INK_ENOSINK:
        counters->ended_no_worker++;
        break;
    case INK_ECHANGED:
        counters->ended_changed++;
        break;
    default:
        counters->ended_failed++;
    }
}

//  ---------------------------------------------------------------------------------------
//  For people

//  clang-format never comes to rest over such lists.
// clang-format off
void
ink_office_list_counters (ink_foreman_t *self, ink_msg_status_t *status)
{
    const ink_msg_counter_t told[] = {
#define INK_OURS(name) {#name, self->counters.name},
        INK_COUNTERS (INK_OURS)
        {"cache_hits", self->cache.hits},
        {"cache_misses", self->cache.misses},
        {"cache_corrupt", self->cache.corrupt},
        {"cache_set_aside", self->cache.set_aside},
#define INK_OF_SINK(kind, name, most, type) {"sink_" #name, self->greeting.name},
        INK_SINK_COUNTERS (INK_OF_SINK)
    };
    ink_msg_counter_t *copy = ink_office_alloc (self, sizeof told);
    if (!copy)
        return;
    memcpy (copy, told, sizeof told);
    status->counters.items = copy;
    status->counters.size = sizeof told / sizeof *told;
}
// clang-format on

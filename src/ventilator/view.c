//  view.c: views that move: a request ends the earlier ones of its client and view.

#include "base/plant.h"
#include "ventilator/office.h"

static void
end (ink_foreman_t *self, ink_demand_t *demand)
{
    self->counters.superseded++;
    ink_office_end (self, demand, INK_ECANCELLED, "the view has moved on");
}

//  A later statement of the view has been taken in before this one.
static bool
is_late (const ink_demand_t *demand)
{
    INK_LIST_EACH (link, &demand->client->demands)
    {
        const ink_demand_t *other = INK_ITEM (link, ink_demand_t, link);
        if (other->state == INK_DEMAND_RUNNING && ink_demand_supersedes (other, demand))
            return true;
    }
    return false;
}

bool
ink_office_end_if_late (ink_foreman_t *self, ink_demand_t *demand)
{
    bool late = demand->view[0] && is_late (demand);
    if (late)
        end (self, demand);
    return late;
}

void
ink_office_end_earlier (ink_foreman_t *self, const ink_demand_t *demand)
{
    if (!demand->view[0] || INK_PLANTED (41))
        return;
    INK_LIST_EACH (link, &demand->client->demands)
    {
        ink_demand_t *other = INK_ITEM (link, ink_demand_t, link);
        if (ink_demand_supersedes (demand, other))
            end (self, other);
    }
}

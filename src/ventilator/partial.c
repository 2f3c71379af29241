//  partial.c: which partials a demand is told of what the cache knew.

#include "ventilator/partial.h"

#include "base/share.h"
#include "value/coarse.h"

//  An estimate of all of a range shows as much as this part of it that is known
#define ESTIMATED_PART 4

static uint64_t
precision_of (const ink_strand_t *strand, const ink_msg_report_t *report)
{
    const ink_plan_t *plan = &strand->demand->plan;
    ink_part_t range = {plan->offset, plan->length};
    if (!report)
        return ink_coarse_usual (strand->kernel, &strand->args, range);
    return ink_coarse_near (strand->kernel, &strand->args, range, report->precision);
}

uint64_t
ink_partial_first (const ink_strand_t *strand)
{
    const ink_demand_t *demand = strand->demand;
    const ink_msg_report_t *first = demand->report_count ? demand->reports : NULL;
    for (size_t n = 1; n < demand->report_count; n++)
        if (demand->reports[n].millionths < first->millionths)
            first = &demand->reports[n];
    return precision_of (strand, first);
}

bool
ink_partial_is_due (const ink_strand_t *strand, uint64_t covered, uint64_t *precision)
{
    const ink_demand_t *demand = strand->demand;
    const ink_msg_report_t *last = NULL; //  Of those that are reached
    for (size_t n = 0; n < demand->report_count; n++) {
        const ink_msg_report_t *report = &demand->reports[n];
        if (ink_share_is_reached (report->millionths, covered, demand->plan.length) &&
            (!last || report->millionths > last->millionths))
            last = report;
    }
    if (!covered || (demand->report_count && !last))
        return false;
    *precision = precision_of (strand, last);
    return true;
}

bool
ink_partial_is_less (const ink_strand_t *strand, const ink_msg_reply_t *reply)
{
    uint64_t shown = reply->cached + reply->computed;
    if (reply->estimated && shown < reply->total / ESTIMATED_PART)
        shown = reply->total / ESTIMATED_PART;
    return !reply->final && shown < strand->glimpsed &&
           reply->precision >= strand->glimpse_precision;
}

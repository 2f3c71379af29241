//  admission.c: what a request must be to be served.

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "inkling/error.h"
#include "kernels/args.h"
#include "kernels/kernels.h"
#include "value/estimate.h"
#include "ventilator/admission.h"

//  Of answers on their way to one client
#define CLIENT_OUTPUT_MOST ((uint64_t) 1 << 30)

//  A range that is only sampled is cut into so many parts at least, unless they get smaller
//  than this: fewer make a poor sample
#define SAMPLED_PARTS 256
#define SAMPLED_CHUNK ((uint64_t) 64 << 10)

#define PRIORITY_MOST 1000
#define DAY_US ((int64_t) 24 * 3600 * 1000000)

static int
refuse (int error, ink_detail_t *detail, const char *format, ...)
{
    va_list args;
    va_start (args, format);
    vsnprintf (detail->text, sizeof detail->text, format, args);
    va_end (args);
    return error;
}

//  ---------------------------------------------------------------------------------------
//  What it asks for

static bool
name_is_good (const char *name)
{
    size_t good = strspn (name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                "0123456789._-");
    return good > 0 && name[good] == 0;
}

static int
set_args (ink_strand_t *strand, const ink_msg_kernel_t *asked, ink_detail_t *detail)
{
    ink_args_init (&strand->args, strand->kernel);
    ink_why_t why;
    int rc = INK_OK;
    for (size_t n = 0; n < asked->params.size && rc != INK_EPARAM; n++) {
        const ink_msg_param_t *param = &asked->params.items[n];
        //  One that this kernel has not may be another's: params_are_known
        rc = ink_args_set (&strand->args, strand->kernel, param->name, param->value,
                           param->text, &why);
    }
    if (rc != INK_EPARAM)
        rc = ink_args_check (&strand->args, strand->kernel, &why);
    return rc ? refuse (rc, detail, "%s", why.text) : INK_OK;
}

static int
set_strand (ink_strand_t *strand, const ink_msg_kernel_t *asked, bool names_two,
            ink_detail_t *detail)
{
    strand->kernel = ink_kernels_find (asked->name);
    if (!strand->kernel)
        return refuse (INK_ENOKERNEL, detail, "%s", asked->name);
    if (asked->version && asked->version != strand->kernel->version)
        return refuse (INK_ENOKERNEL, detail, "%s has another version", asked->name);
    if (names_two != (strand->kernel->sources == 2))
        return refuse (INK_EFILES, detail, "%s takes %s", asked->name,
                       names_two ? "one" : "two");
    return set_args (strand, asked, detail);
}

//  Every parameter must belong to some kernel of the request.
static int
params_are_known (const ink_demand_t *demand, const ink_msg_request_t *request,
                  ink_detail_t *detail)
{
    for (size_t k = 0; k < request->kernels.size; k++)
        for (size_t n = 0; n < request->kernels.items[k].params.size; n++) {
            const char *name = request->kernels.items[k].params.items[n].name;
            bool known = false;
            for (size_t s = 0; s < demand->strand_count; s++)
                known |= ink_kernels_param (demand->strands[s].kernel, name) >= 0;
            if (!known)
                return refuse (INK_EPARAM, detail, "no kernel of it has %s", name);
        }
    return INK_OK;
}

//  What stands side by side follows from nothing else, and tables that are too large from too
//  little.
static int
check_sample (const ink_demand_t *demand, ink_detail_t *detail)
{
    for (size_t k = 0; demand->millionths && k < demand->strand_count; k++) {
        const ink_kernel_t *kernel = demand->strands[k].kernel;
        if (ink_estimate_suits (kernel, &demand->strands[k].args))
            continue;
        const char *instead = "";
        if (ink_kernels_param (kernel, "cell") >= 0)
            instead = "; ask for larger cells instead";
        else if (kernel->shape == INK_SHAPE_COUNTS &&
                 !(kernel->flags & INK_KERNEL_UNREAD))
            instead = ", it has too many counters";
        return refuse (INK_EPARAM, detail, "%s cannot be sampled%s", kernel->name,
                       instead);
    }
    return INK_OK;
}

static int
set_strands (ink_demand_t *demand, const ink_msg_request_t *request, ink_detail_t *detail)
{
    if (!request->kernels.size)
        return refuse (INK_EMESSAGE, detail, "it names no kernel");
    bool names_two = request->other && *request->other;
    for (size_t k = 0; k < request->kernels.size; k++) {
        ink_strand_t *strand = &demand->strands[k];
        int rc = set_strand (strand, &request->kernels.items[k], names_two, detail);
        if (rc)
            return rc;
        for (size_t n = 0; n < k; n++)
            if (demand->strands[n].kernel == strand->kernel)
                return refuse (INK_EMESSAGE, detail, "%s is named twice",
                               strand->kernel->name);
        strand->demand = demand;
        ink_kin_init (&strand->kin);
        demand->strand_count++;
    }
    int rc = check_sample (demand, detail);
    return rc ? rc : params_are_known (demand, request, detail);
}

//  The chunk that was asked for, or the largest that one of the kernels likes; no cell may
//  be cut by it.
static int
set_chunk (ink_demand_t *demand, uint64_t asked, ink_detail_t *detail)
{
    uint64_t chunk = asked;
    for (size_t k = 0; !asked && k < demand->strand_count; k++) {
        uint64_t liked = (uint64_t) 1 << demand->strands[k].kernel->chunk_log2;
        if (liked > chunk)
            chunk = liked;
    }
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        ink_geometry_t geometry = {0};
        strand->kernel->geometry (&strand->args, &geometry);
        if (strand->kernel->shape == INK_SHAPE_CELLS && geometry.cell_bytes > chunk) {
            if (asked)
                return refuse (INK_ECHUNK, detail, "smaller than a cell of %s",
                               strand->kernel->name);
            chunk = geometry.cell_bytes;
        }
    }
    if (chunk < INK_CHUNK_LEAST || chunk > INK_CHUNK_MOST || (chunk & (chunk - 1)))
        return refuse (INK_ECHUNK, detail, "not a power of two from 4K to 64M");
    demand->chunk = chunk;
    demand->named_chunk = asked > 0;
    return INK_OK;
}

//  2 ^ (priority / 100) without a mathematics library: these objects need none
static double
weight_of (int64_t priority)
{
    double weight = 1, step = 1.0069555500567189; //  2 ^ (1 / 100)
    for (int64_t n = priority < 0 ? -priority : priority; n > 0; n--)
        weight *= step;
    return priority < 0 ? 1 / weight : weight;
}

static int
set_simple (ink_demand_t *demand, const ink_msg_request_t *request, int64_t now,
            ink_detail_t *detail)
{
    if (!name_is_good (request->id))
        return refuse (INK_EMESSAGE, detail, "the id has another form");
    if (request->priority < -PRIORITY_MOST || request->priority > PRIORITY_MOST)
        return refuse (INK_EMESSAGE, detail, "the priority is not from %d to %d",
                       -PRIORITY_MOST, PRIORITY_MOST);
    if (*request->view && !name_is_good (request->view))
        return refuse (INK_EMESSAGE, detail, "the view has another form");
    snprintf (demand->id, sizeof demand->id, "%s", request->id);
    snprintf (demand->view, sizeof demand->view, "%s", request->view);
    demand->focus = request->focus;
    demand->move = request->move;
    demand->offset = request->offset;
    demand->length = request->length;
    demand->priority = request->priority;
    demand->weight = weight_of (request->priority);
    demand->cache_read = request->cache_read;
    demand->cache_write = request->cache_write;
    demand->estimates = request->estimates;
    demand->millionths = request->sample < INK_MILLION ? request->sample : 0;
    demand->report_count = request->reports.size;
    if (request->reports.size)
        memcpy (demand->reports, request->reports.items,
                request->reports.size * sizeof *request->reports.items);
    demand->admitted = now;
    int64_t timeout = (int64_t) request->timeout_ms * 1000;
    demand->deadline = now + (timeout && timeout < DAY_US ? timeout : DAY_US);
    return INK_OK;
}

int
ink_admission_read (ink_demand_t *demand, const ink_msg_request_t *request, int64_t now,
                    ink_detail_t *detail)
{
    int rc = set_simple (demand, request, now, detail);
    if (rc == INK_OK)
        rc = set_strands (demand, request, detail);
    if (rc == INK_OK)
        rc = set_chunk (demand, request->chunk, detail);
    demand->body = ink_admission_body (request);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  Whether it fits its source

static int
check_range (ink_demand_t *demand, uint64_t source_size, ink_detail_t *detail)
{
    if (source_size == 0)
        return refuse (INK_EEMPTY, detail, "the file is empty");
    unsigned long long bytes = source_size;
    if (demand->offset >= source_size)
        return refuse (INK_ERANGE, detail, "it begins behind the end of %llu bytes",
                       bytes);
    if (demand->length == UINT64_MAX)
        demand->length = source_size - demand->offset;
    if (demand->length == 0)
        return refuse (INK_EEMPTY, detail, "the length is 0");
    if (demand->length > source_size - demand->offset)
        return refuse (INK_ERANGE, detail, "it ends behind the end of %llu bytes", bytes);
    return INK_OK;
}

static int
check_output (ink_demand_t *demand, ink_detail_t *detail)
{
    ink_part_t range = {demand->offset, demand->length};
    uint64_t all = 0;
    for (size_t k = 0; k < demand->strand_count; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        uint64_t bytes = ink_answer_bytes (strand->kernel, &strand->args, range);
        if (bytes > INK_ANSWER_MOST)
            return refuse (INK_ETOOLARGE, detail, "%s would be above 256 MiB",
                           strand->kernel->name);
        all += bytes;
    }
    if (demand->parts * demand->strand_count > INK_PARTS_MOST)
        return refuse (INK_ETOOLARGE, detail, "above 1 048 576 parts");
    ink_client_entry_t *client = demand->client;
    if (client->open > 1 && client->output + all > CLIENT_OUTPUT_MOST)
        return refuse (INK_EBUSY, detail, "1 GiB of answers is on its way");
    demand->output = all;
    return INK_OK;
}

static void
plan (ink_demand_t *demand)
{
    demand->plan = (ink_plan_t){demand->offset, demand->length, demand->identity.size,
                                demand->chunk};
    demand->parts = ink_plan_count (&demand->plan);
}

int
ink_admission_fit (ink_demand_t *demand, const ink_identity_t *identity,
                   const ink_identity_t *other, ink_detail_t *detail)
{
    int rc = check_range (demand, identity->size, detail);
    if (rc)
        return rc;
    demand->identity = *identity;
    if (other)
        demand->other_identity = *other;
    plan (demand);
    while (demand->millionths && !demand->named_chunk && demand->parts < SAMPLED_PARTS &&
           demand->chunk > SAMPLED_CHUNK) {
        demand->chunk /= 2;
        plan (demand);
    }
    return check_output (demand, detail);
}

//  ---------------------------------------------------------------------------------------

static void
hash_text (XXH64_state_t *state, const char *text)
{
    if (!text)
        text = "";
    XXH64_update (state, text, strlen (text) + 1);
}

uint64_t
ink_admission_body (const ink_msg_request_t *request)
{
    XXH64_state_t state;
    XXH64_reset (&state, 0);
    hash_text (&state, request->source);
    hash_text (&state, request->other);
    hash_text (&state, request->view);
    const uint64_t numbers[] = {request->offset,       request->length,
                                request->chunk,        (uint64_t) request->priority,
                                request->timeout_ms,   request->cache_read,
                                request->cache_write,  request->kernels.size,
                                request->reports.size, request->focus,
                                request->estimates,    request->sample};
    XXH64_update (&state, numbers, sizeof numbers);
    for (size_t k = 0; k < request->kernels.size; k++) {
        const ink_msg_kernel_t *kernel = &request->kernels.items[k];
        hash_text (&state, kernel->name);
        XXH64_update (&state, &kernel->version, sizeof kernel->version);
        XXH64_update (&state, &kernel->params.size, sizeof kernel->params.size);
        for (size_t n = 0; n < kernel->params.size; n++) {
            hash_text (&state, kernel->params.items[n].name);
            XXH64_update (&state, &kernel->params.items[n].value, sizeof (int64_t));
            hash_text (&state, kernel->params.items[n].text);
        }
    }
    for (size_t n = 0; n < request->reports.size; n++) {
        const ink_msg_report_t *report = &request->reports.items[n];
        XXH64_update (&state, &report->millionths, sizeof report->millionths);
        XXH64_update (&state, &report->precision, sizeof report->precision);
    }
    return XXH64_digest (&state);
}

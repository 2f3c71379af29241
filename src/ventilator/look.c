//  look.c: what the cache knows of a demand, in the fewest values, merged on the spot.

#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "value/coarse.h"
#include "value/node.h"
#include "ventilator/glimpse.h"
#include "ventilator/look.h"

//  The sink is told of what is known in so many runs at most; what would be more is computed
#define RUNS_MOST 65000

//  The clock is looked at after 64 values, or fewer when they are large: each counts for one,
//  and each 4 KiB of it for one more
#define WORK_A_GLANCE 64
#define BYTES_A_STEP 4096

typedef struct {
    const ink_kernel_t *kernel;
    ink_args_t args;
    ink_reach_t reach;
    ink_series_t series;
    uint8_t *known;
    uint64_t runs;
    ink_answer_t *answer;
    ink_glimpse_t glimpse;
    uint64_t since; //  Part where the present run began
    ink_msg_node_t lacking[INK_NODES_MOST];
    size_t lacks;
} column_t;

struct ink_lookup {
    ink_cache_t *cache;
    uint64_t handle, parts;
    ink_plan_t plan;
    size_t columns;
    column_t column[INK_KERNELS_MOST];
    size_t glimpses; //  That have ended
    bool told;       //  Of them
    size_t k;        //  Where we are
    uint64_t p;
    size_t work; //  Since the clock was looked at
};

ink_lookup_t *
ink_lookup_new (ink_cache_t *cache, const ink_demand_t *demand)
{
    ink_lookup_t *self = ink_alloc (sizeof *self);
    if (!self)
        return NULL;
    self->cache = demand->cache_read ? cache : NULL;
    self->handle = demand->handle;
    self->parts = demand->parts;
    self->plan = demand->plan;
    self->columns = demand->strand_count;
    for (size_t k = 0; k < self->columns; k++) {
        const ink_strand_t *strand = &demand->strands[k];
        column_t *column = &self->column[k];
        column->kernel = strand->kernel;
        column->args = strand->args;
        column->reach = strand->kin.reach;
        column->series = strand->series;
        ink_glimpse_begin (&column->glimpse, demand, strand, &column->args);
    }
    return self;
}

void
ink_lookup_destroy (ink_lookup_t **self_p)
{
    ink_lookup_t *self = *self_p;
    if (!self)
        return;
    for (size_t k = 0; k < self->columns; k++) {
        ink_glimpse_end (&self->column[k].glimpse);
        ink_answer_destroy (&self->column[k].answer);
        ink_free (self->column[k].known);
    }
    ink_free (self);
    *self_p = NULL;
}

//  Answer and marks are made when the first value is found: most looks find none.
static bool
prepare (ink_lookup_t *self, column_t *column)
{
    if (column->answer)
        return true;
    ink_part_t range = {self->plan.offset, self->plan.length};
    column->known = ink_alloc (self->parts);
    column->answer = ink_answer_new (column->kernel, &column->args, range);
    if (column->known && column->answer)
        return true;
    ink_free (column->known);
    column->known = NULL;
    ink_answer_destroy (&column->answer);
    return false;
}

//  A node that counts could have been read in place of its children has been looked for; of
//  cells, chunks are read even if it is there.
static bool
is_lacking (const column_t *column, ink_look_t *look, const ink_node_t *node,
            uint64_t doublings)
{
    if (!doublings)
        return true;
    ink_plan_t level = ink_node_level (node);
    ink_cache_key_t key = ink_cache_key (&column->series, &level,
                                         ink_plan_part (&level, node->n), column->reach);
    ink_cache_key_coarsen (&key, (unsigned) doublings);
    return !ink_look_holds (look, &key);
}

//  Behind a node that is known, all of one above it may be known.
static void
note_lack (const ink_lookup_t *self, ink_look_t *look, column_t *column, ink_part_t part,
           uint64_t span)
{
    bool cells = column->kernel->shape == INK_SHAPE_CELLS;
    uint64_t since = ink_plan_part (&self->plan, column->since).offset, doublings = 0;
    ink_node_t node = {self->plan.size, span, part.offset / span};
    ink_plan_t level = self->plan;
    level.chunk = span;
    if (column->kernel->shape == INK_SHAPE_RECORDS ||
        !ink_plan_is_node (&level, part, column->reach) ||
        (cells && !ink_coarse_has_levels (column->kernel, &column->args, span)))
        return;
    while (column->lacks < INK_NODES_MOST && ink_node_parent (&node, &node)) {
        level = ink_node_level (&node);
        ink_part_t whole = ink_plan_part (&level, node.n);
        if (whole.offset < since ||
            whole.offset + whole.length != part.offset + part.length)
            return;
        doublings += cells ? INK_COARSE_LEVEL : 0;
        if (is_lacking (column, look, &node, doublings)) {
            column->lacking[column->lacks++] =
                (ink_msg_node_t){node.span, node.n, doublings};
            return; //  Those above it follow when it is there
        }
    }
}

//  Merges the value of the part where we are, or of a node above it that is cut at `span`, and
//  goes on behind it; false when it is not known.
static bool
merge (ink_lookup_t *self, ink_look_t *look, column_t *column, uint64_t span)
{
    ink_plan_t level = self->plan;
    level.chunk = span;
    ink_part_t part = ink_node_part (&self->plan, self->p, span);
    ink_cache_key_t key = ink_cache_key (&column->series, &level, part, column->reach);
    const void *value;
    size_t size;
    if (!ink_look_get (look, &key, &value, &size) || !prepare (self, column))
        return false;
    bool joins = self->p > 0 && column->known[self->p - 1];
    if (!joins && column->runs == RUNS_MOST)
        return false;
    if (ink_answer_add (column->answer, value, size, part))
        return false;
    uint64_t parts = ink_node_parts (&self->plan, part);
    memset (column->known + self->p, 1, parts);
    column->runs += !joins;
    if (!joins)
        column->since = self->p;
    self->p += parts;
    note_lack (self, look, column, part, span);
    self->work += size / BYTES_A_STEP;
    return true;
}

//  Looks for the widest node that begins here, then for those below it that do. Values that
//  lie side by side are not merged above the chunks.
static void
look_at_next (ink_lookup_t *self, ink_look_t *look, column_t *column)
{
    uint64_t span = self->plan.chunk;
    if (column->kernel->shape == INK_SHAPE_COUNTS)
        span = ink_node_widest (&self->plan, self->p, column->reach);
    self->work++;
    for (; span >= self->plan.chunk; span /= INK_NODE_CHILDREN)
        if (merge (self, look, column, span))
            return;
    self->p++;
}

//  The farthest state of a chain stands for all before it, so the look goes backwards from the
//  end, and ends with the first one it finds.
static void
look_back (ink_lookup_t *self, ink_look_t *look, column_t *column)
{
    uint64_t n = self->parts - 1 - self->p++;
    ink_part_t part = ink_plan_part (&self->plan, n);
    ink_cache_key_t key =
        ink_cache_key (&column->series, &self->plan, part, column->reach);
    const void *value;
    size_t size;
    self->work++;
    if (!ink_look_get (look, &key, &value, &size) || !prepare (self, column) ||
        ink_answer_add (column->answer, value, size, part))
        return;
    memset (column->known, 1, n + 1);
    self->p = self->parts;
}

static bool
is_over (ink_lookup_t *self, int64_t end)
{
    if (self->work < WORK_A_GLANCE)
        return false;
    self->work = 0;
    return ink_clock_us () > end;
}

//  True when all glimpses have ended.
static bool
glimpse_on (ink_lookup_t *self, ink_look_t *look, int64_t end)
{
    for (; self->glimpses < self->columns; self->glimpses++) {
        size_t bytes = 0;
        while (ink_glimpse_step (&self->column[self->glimpses].glimpse, look, &bytes)) {
            self->work += INK_NODE_CHILDREN + bytes / BYTES_A_STEP;
            bytes = 0;
            if (is_over (self, end))
                return false;
        }
    }
    return true;
}

static bool
look_on (ink_lookup_t *self, ink_look_t *look, int64_t end)
{
    for (; self->k < self->columns; self->k++, self->p = 0) {
        column_t *column = &self->column[self->k];
        if (column->kernel->flags & INK_KERNEL_UNCACHED)
            continue;
        while (self->p < self->parts) {
            if (column->kernel->shape == INK_SHAPE_CHAIN)
                look_back (self, look, column);
            else
                look_at_next (self, look, column);
            if (is_over (self, end))
                return false;
        }
    }
    return true;
}

static bool
has_seen_any (const ink_lookup_t *self)
{
    bool any = false;
    for (size_t k = 0; k < self->columns; k++)
        any |= self->column[k].glimpse.answer != NULL;
    return any;
}

bool
ink_lookup_advance (ink_lookup_t *self, int64_t budget_us)
{
    ink_look_t *look = self->cache ? ink_cache_look (self->cache) : NULL;
    if (!look)
        return true;
    int64_t end = ink_clock_us () + budget_us;
    self->work = 0;
    bool ended = glimpse_on (self, look, end) && (self->told || !has_seen_any (self)) &&
                 look_on (self, look, end);
    ink_look_end (&look);
    return ended;
}

bool
ink_lookup_has_glimpsed (ink_lookup_t *self)
{
    bool tells = !self->told && self->glimpses == self->columns && has_seen_any (self);
    self->told |= tells;
    return tells;
}

const ink_answer_t *
ink_lookup_glimpse (const ink_lookup_t *self, size_t k)
{
    return self->column[k].glimpse.answer;
}

uint64_t
ink_lookup_glimpsed (const ink_lookup_t *self, size_t k)
{
    return self->column[k].glimpse.covered;
}

const ink_msg_node_t *
ink_lookup_lacking (const ink_lookup_t *self, size_t k, size_t *count)
{
    *count = self->column[k].lacks;
    return self->column[k].lacking;
}

uint64_t
ink_lookup_handle (const ink_lookup_t *self)
{
    return self->handle;
}

const uint8_t *
ink_lookup_known (const ink_lookup_t *self, size_t k)
{
    return self->column[k].known;
}

uint64_t
ink_lookup_bytes (const ink_lookup_t *self, size_t k)
{
    const ink_answer_t *answer = self->column[k].answer;
    return answer ? ink_answer_size (answer) : 0;
}

const void *
ink_lookup_state (const ink_lookup_t *self, size_t k, size_t *size)
{
    const ink_answer_t *answer = self->column[k].answer;
    *size = 0;
    return answer ? ink_answer_state (answer, size) : NULL;
}

const ink_answer_t *
ink_lookup_answer (const ink_lookup_t *self, size_t k)
{
    return self->column[k].answer;
}

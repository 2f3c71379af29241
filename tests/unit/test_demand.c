//  test_demand.c: requests as the ventilator keeps them, and whose turn it is.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "inkling/error.h"
#include "ventilator/admission.h"
#include "ventilator/demand.h"
#include "chance.h"
#include "scarce.h"

#define PART ((uint64_t) 4096)
#define PARTS 32
#define CLIENTS 4
#define DEMANDS 12

static const ink_msg_kernel_t two_kernels[] = {{.name = "histogram"},
                                               {.name = "digraph"}};
static const ink_identity_t file = {.inode = 3, .size = PARTS * PART};

static int
setup (void **state)
{
    ink_demands_t *self = calloc (1, sizeof *self);
    *state = self;
    return ink_demands_init (self);
}

static int
teardown (void **state)
{
    ink_demands_free (*state);
    free (*state);
    return 0;
}

static ink_msg_request_t
wish (const char *id, uint64_t first, uint64_t count)
{
    return (ink_msg_request_t){.id = id,
                               .source = "data/file",
                               .offset = first * PART,
                               .length = count * PART,
                               .kernels = {two_kernels, 2},
                               .chunk = PART,
                               .view = ""};
}

//  NULL when memory ran out.
static ink_demand_t *
add (ink_demands_t *self, uint64_t peer, const ink_msg_request_t *request)
{
    ink_detail_t detail;
    ink_demand_t *demand = NULL;
    ink_client_entry_t *client = ink_demands_client (self, peer, 1);
    if (!client || ink_demands_add (self, client, request, 1, &demand, &detail))
        return NULL;
    if (ink_demand_plan (self, demand, &file, &file, &detail)) {
        ink_demands_remove (self, demand);
        return NULL;
    }
    return demand;
}

static ink_demand_t *
add_range (ink_demands_t *self, uint64_t peer, const char *id, uint64_t first,
           uint64_t count)
{
    ink_msg_request_t request = wish (id, first, count);
    return add (self, peer, &request);
}

//  ---------------------------------------------------------------------------------------
//  Parts

static void
all_parts_are_looked_for_at_first (void **state)
{
    ink_demand_t *demand = add_range (*state, 1, "a", 2, 5);
    assert_int_equal (demand->parts, 5);
    assert_int_equal (demand->strand_count, 2);
    assert_int_equal (demand->strands[0].left, 5);
    assert_int_equal (demand->strands[0].states[4], INK_PART_LOOKING);
    assert_int_equal (ink_demand_ready (demand), 0);
}

static void
counts_are_those_of_the_states_whatever_changes (void **state)
{
    uint64_t seed = 1;
    ink_demand_t *demand = add_range (*state, 1, "a", 0, PARTS);
    ink_strand_t *strand = &demand->strands[1];
    for (int n = 0; n < 5000; n++) {
        uint64_t part = chance_below (&seed, PARTS);
        ink_strand_set (*state, strand, part,
                        (ink_part_state_t) chance_below (&seed, INK_PART_ERROR + 1));
        uint64_t counts[INK_PART_ERROR + 1] = {0}, first = UINT64_MAX;
        for (uint64_t p = 0; p < PARTS; p++) {
            uint64_t place = ink_course_place (&demand->course, p);
            counts[strand->states[p]]++;
            if (strand->states[p] == INK_PART_READY && place < first)
                first = place;
        }
        assert_int_equal (strand->ready, counts[INK_PART_READY]);
        assert_int_equal (strand->in_progress, counts[INK_PART_IN_PROGRESS]);
        assert_int_equal (strand->left,
                          PARTS - counts[INK_PART_DONE] - counts[INK_PART_ERROR]);
        assert_true (strand->cursor <= first);
        assert_int_equal (demand->node.place > 0, strand->ready > 0);
    }
}

//  ---------------------------------------------------------------------------------------
//  Kin

static size_t
kin_of (ink_demands_t *self, const ink_demand_t *demand, size_t k, uint64_t part)
{
    size_t found = 0;
    const ink_strand_t *strand = &demand->strands[k];
    ink_part_t piece = ink_plan_part (&demand->plan, part);
    ink_reach_t sight = ink_plan_sight (&demand->plan, piece, strand->kin.reach);
    for (ink_kin_walk_t walk =
             ink_kin_walk (&self->kin, strand->series.bytes, piece, sight);
         ink_kin_next (&walk);) {
        const ink_strand_t *kin = INK_ITEM (walk.kin, ink_strand_t, kin);
        ink_part_t theirs = ink_plan_part (&kin->demand->plan, walk.n);
        assert_true (theirs.offset == piece.offset && theirs.length == piece.length);
        assert_ptr_equal (kin->kernel, strand->kernel);
        found++;
    }
    return found;
}

static void
kin_want_the_very_same_value (void **state)
{
    ink_demand_t *a = add_range (*state, 1, "a", 0, 8);
    add_range (*state, 2, "b", 4, 4);
    ink_msg_request_t coarse = wish ("c", 0, 8);
    coarse.chunk = 2 * PART;
    add (*state, 2, &coarse);
    ink_demand_t *d = add_range (*state, 3, "d", 4, 8);
    assert_int_equal (kin_of (*state, a, 0, 0), 1);
    assert_int_equal (kin_of (*state, a, 0, 7), 3);
    assert_int_equal (kin_of (*state, a, 1, 6), 3);
    assert_int_equal (kin_of (*state, a, 1, 7), 2); //  d looks behind it
    ink_demands_remove (*state, d);
    assert_int_equal (kin_of (*state, a, 0, 7), 2);
}

//  ---------------------------------------------------------------------------------------
//  Admission

static void
a_handle_is_never_used_again (void **state)
{
    ink_demand_t *demand = add_range (*state, 1, "a", 0, 1);
    uint64_t handle = demand->handle;
    ink_demands_remove (*state, demand);
    assert_true (add_range (*state, 1, "a", 0, 1)->handle > handle);
}

static void
to_the_end_is_as_far_as_the_file_goes (void **state)
{
    ink_msg_request_t request = wish ("a", 3, 0);
    request.length = INK_ANY;
    assert_int_equal (add (*state, 1, &request)->length, (PARTS - 3) * PART);
}

static void
without_a_chunk_the_largest_that_a_kernel_likes_is_taken (void **state)
{
    ink_msg_request_t request = wish ("a", 0, 1);
    request.chunk = 0;
    assert_int_equal (add (*state, 1, &request)->chunk, 8 << 20);
}

static void
a_body_tells_requests_apart (void **state)
{
    (void) state;
    ink_msg_request_t same = wish ("a", 0, 4), other = same;
    uint64_t body = ink_admission_body (&same);
    ink_msg_param_t param = {"cell", 64, ""};
    ink_msg_kernel_t changed[] = {two_kernels[0], two_kernels[1]};
    ink_msg_report_t report = {5, 0};
    other.move++; //  Which statement of its view it is: another session counts otherwise
    assert_int_equal (ink_admission_body (&other), body);
#define DIFFERS(change)                                           \
    do {                                                          \
        other = same;                                             \
        change;                                                   \
        assert_int_not_equal (ink_admission_body (&other), body); \
    } while (0)
    DIFFERS (other.source = "data/other");
    DIFFERS (other.other = "data/other");
    DIFFERS (other.offset++);
    DIFFERS (other.length++);
    DIFFERS (other.chunk *= 2);
    DIFFERS (other.priority = -1);
    DIFFERS (other.timeout_ms = 1);
    DIFFERS (other.cache_read = 1);
    DIFFERS (other.cache_write = 1);
    DIFFERS (other.view = "view");
    DIFFERS (other.focus++);
    DIFFERS (other.kernels.size = 1);
    DIFFERS ((other.reports.items = &report, other.reports.size = 1));
    other.kernels.items = changed;
    changed[0].params.items = &param;
    changed[0].params.size = 1;
    uint64_t number = ink_admission_body (&other);
    assert_int_not_equal (number, body);
    param.text = "64";
    assert_int_not_equal (ink_admission_body (&other), number);
}

//  ---------------------------------------------------------------------------------------
//  Whose turn it is

static double
score_of (const ink_client_entry_t *client)
{
    const ink_heap_node_t *first = ink_heap_first (&client->eager);
    return (double) (client->running + 1) * INK_ITEM (first, ink_demand_t, node)->weight;
}

//  The first of the heap has the smallest score of all, by a plain search.
static void
check_order (ink_demands_t *self)
{
    size_t cursor = 0;
    const ink_client_entry_t *client;
    const ink_heap_node_t *node = ink_heap_first (&self->eager);
    const ink_client_entry_t *first =
        node ? INK_ITEM (node, ink_client_entry_t, node) : NULL;
    while ((client = ink_map_next (self->clients, &cursor))) {
        bool eager = ink_heap_first (&client->eager) != NULL;
        assert_int_equal (client->node.place > 0, eager);
        if (eager)
            assert_true (score_of (first) <= score_of (client));
    }
}

static void
change_one (ink_demands_t *self, ink_demand_t *demand, uint64_t *seed)
{
    uint64_t part = chance_below (seed, demand->parts);
    switch (chance_below (seed, 4)) {
    case 0:
        ink_strand_set (self, &demand->strands[0], part, INK_PART_READY);
        break;
    case 1:
        ink_strand_set (self, &demand->strands[0], part, INK_PART_DONE);
        break;
    case 2:
        demand->running++;
        demand->client->running++;
        ink_demand_reorder (self, demand);
        break;
    default:
        ink_demand_adopt (self, demand,
                          ink_demands_client (self, chance_below (seed, CLIENTS), 1));
    }
}

static void
the_client_with_the_smallest_claim_is_first_whatever_happens (void **state)
{
    uint64_t seed = 7;
    ink_demands_t *self = *state;
    ink_demand_t *demands[DEMANDS] = {0};
    for (int step = 0; step < 20000; step++) {
        size_t n = chance_below (&seed, DEMANDS);
        if (!demands[n]) {
            char id[8];
            snprintf (id, sizeof id, "r%zu", n);
            ink_msg_request_t request = wish (id, 0, 2);
            request.priority = (int64_t) chance_below (&seed, 600) - 300;
            demands[n] = add (self, chance_below (&seed, CLIENTS), &request);
        } else if (chance_below (&seed, 20) == 0) {
            ink_demands_remove (self, demands[n]);
            demands[n] = NULL;
        } else
            change_one (self, demands[n], &seed);
        check_order (self);
    }
}

static void
a_hundred_doubles_the_weight (void **state)
{
    static const struct {
        int64_t priority;
        double weight;
    } rows[] = {{0, 1}, {100, 2}, {-100, 0.5}, {1000, 1024}, {-1000, 1.0 / 1024}};
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        ink_msg_request_t request = wish ("a", 0, 1);
        request.priority = rows[n].priority;
        ink_demand_t *demand = add (*state, 1, &request);
        double ratio = demand->weight / rows[n].weight;
        assert_true (ratio > 0.999 && ratio < 1.001);
        ink_demands_remove (*state, demand);
    }
}

//  ---------------------------------------------------------------------------------------
//  Memory

static void
memory_may_run_out_at_any_moment (void **state)
{
    (void) state;
    bool whole = false;
    for (size_t left = 0; !whole; left++) {
        ink_demands_t self;
        scarce_begin (left);
        if (ink_demands_init (&self) == INK_OK) {
            ink_demand_t *demand = add_range (&self, 1, "a", 0, 4);
            if (demand) {
                ink_strand_set (&self, &demand->strands[0], 2, INK_PART_READY);
                assert_true (self.failed || demand->node.place > 0);
                assert_true (self.failed || self.eager.size == 1);
                whole = !self.failed;
            } else
                assert_int_equal (ink_map_size (self.by_id), 0);
            ink_demands_free (&self);
        }
        scarce_end ();
    }
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (all_parts_are_looked_for_at_first),
        STORY (counts_are_those_of_the_states_whatever_changes),
        STORY (kin_want_the_very_same_value),
        STORY (a_handle_is_never_used_again),
        STORY (to_the_end_is_as_far_as_the_file_goes),
        STORY (without_a_chunk_the_largest_that_a_kernel_likes_is_taken),
        cmocka_unit_test (a_body_tells_requests_apart),
        STORY (the_client_with_the_smallest_claim_is_first_whatever_happens),
        STORY (a_hundred_doubles_the_weight),
        cmocka_unit_test (memory_may_run_out_at_any_moment),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

//  test_reason.c: why a request is not done yet.
//
//  A demand of two kernels, count and entropy, and workers that are put together by hand.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "inkling/error.h"
#include "ventilator/lease.h"
#include "ventilator/reason.h"

typedef struct {
    ink_registry_t *registry;
    ink_leases_t leases;
    ink_demand_t demand;
    ink_reason_sink_t sink;
    uint64_t next;
} bench_t;

static int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    self->registry = ink_registry_new ();
    self->sink = (ink_reason_sink_t){.met = true, .heard = 77};
    self->demand.state = INK_DEMAND_RUNNING;
    self->demand.handle = 5;
    self->demand.admitted = 11;
    self->demand.strand_count = 2;
    self->demand.strands[0].number = ink_registry_kernel (self->registry, "count", 1);
    self->demand.strands[1].number = ink_registry_kernel (self->registry, "entropy", 1);
    *state = self;
    return !self->registry || ink_leases_init (&self->leases);
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    ink_leases_free (&self->leases);
    ink_registry_destroy (&self->registry);
    free (self);
    return 0;
}

//  One that offers count, or entropy, or both as two of them.
static ink_worker_t *
worker (bench_t *self, const char *kernel, ink_worker_state_t in_state)
{
    char name[16];
    ink_msg_kernel_t kernels[] = {{.name = kernel, .version = 1}};
    snprintf (name, sizeof name, "w%d", (int) ++self->next);
    ink_msg_hello_t hello = {name, self->next, "here", 1, 1, "1", {kernels, 1}};
    ink_worker_t *worker = ink_registry_add (self->registry, &hello, self->next, 31);
    worker->state = in_state;
    return worker;
}

//  The worker holds a lease of that demand, since then.
static ink_lease_t *
lease (bench_t *self, ink_worker_t *holder, uint64_t handle, int64_t since)
{
    ink_chunk_key_t key = {.offset = ++self->next};
    ink_chunk_t *chunk = ink_leases_make_chunk (&self->leases, &key, 0);
    ink_lease_t *held = ink_leases_grant (&self->leases, holder, handle, &chunk, 1, 0);
    held->since = since;
    return held;
}

//  Parts of the two kernels that are READY and IN_PROGRESS; nothing else is left.
static void
parts (bench_t *self, uint64_t count_ready, uint64_t count_busy, uint64_t entropy_ready,
       uint64_t entropy_busy)
{
    ink_strand_t *strands = self->demand.strands;
    strands[0].ready = count_ready;
    strands[0].in_progress = count_busy;
    strands[0].left = count_ready + count_busy;
    strands[1].ready = entropy_ready;
    strands[1].in_progress = entropy_busy;
    strands[1].left = entropy_ready + entropy_busy;
}

#define WAITS(self, expected, for_chunks, for_workers, began)                  \
    do {                                                                       \
        ink_reason_t found =                                                   \
            ink_reason_find (&(self)->demand, (self)->registry, (self)->sink); \
        assert_int_equal (found.code, INK_WAIT_##expected);                    \
        assert_int_equal (found.chunks, for_chunks);                           \
        assert_int_equal (found.workers, for_workers);                         \
        assert_int_equal (found.since, began);                                 \
    } while (0)

static uint64_t
lacking (bench_t *self)
{
    return ink_reason_find (&self->demand, self->registry, self->sink).kernels;
}

static void
before_it_runs_it_waits_for_source_and_cache (void **state)
{
    bench_t *self = *state;
    self->demand.state = INK_DEMAND_OPENING;
    WAITS (self, SOURCE, 0, 0, 11);
    self->demand.state = INK_DEMAND_LOOKING;
    WAITS (self, CACHE, 0, 0, 11);
}

static void
without_a_sink_everything_else_is_in_vain (void **state)
{
    bench_t *self = *state;
    self->sink.met = false;
    parts (self, 3, 0, 0, 1);
    WAITS (self, SINK, 4, 0, 77);
    parts (self, 0, 0, 0, 0);
    WAITS (self, SINK, 0, 0, 77);
    self->sink.refuses = true;
    WAITS (self, REFUSED, 0, 0, 77);
}

static void
a_kernel_nobody_has_comes_before_a_busy_worker (void **state)
{
    bench_t *self = *state;
    lease (self, worker (self, "count", INK_WORKER_LIVE), 5, 50);
    parts (self, 4, 1, 3, 0);
    WAITS (self, WORKER, 3, 0, 0);
    assert_int_equal (lacking (self), 1 << self->demand.strands[1].number);
    parts (self, 4, 1, 0, 0);
    WAITS (self, CREDIT, 4, 1, 50);
    assert_int_equal (lacking (self), 0);
}

static void
a_worker_that_is_being_met_is_no_worker_yet (void **state)
{
    bench_t *self = *state;
    parts (self, 0, 0, 3, 0);
    worker (self, "entropy", INK_WORKER_GREETED);
    WAITS (self, PROOF, 3, 1, 31);
    worker (self, "entropy", INK_WORKER_PROVING)->provable = 20;
    WAITS (self, PROOF, 3, 2, 20);
    parts (self, 2, 0, 3, 0); //  Nobody at all is there for count
    WAITS (self, WORKER, 2, 0, 0);
    worker (self, "entropy", INK_WORKER_LIVE);
    parts (self, 0, 0, 3, 0);
    WAITS (self, CREDIT, 3, 1, 0);
}

static void
a_worker_that_is_not_trusted_is_no_worker (void **state)
{
    bench_t *self = *state;
    parts (self, 0, 0, 3, 0);
    worker (self, "entropy", INK_WORKER_LIVE)->quarantined_until =
        INK_WORKER_QUARANTINE + 25;
    WAITS (self, TRUST, 3, 1, 25);
    worker (self, "entropy", INK_WORKER_PROVING);
    WAITS (self, PROOF, 3, 1, 31);
    worker (self, "entropy", INK_WORKER_LIVE);
    WAITS (self, CREDIT, 3, 1, 0);
}

static void
busy_are_those_who_could_take_it (void **state)
{
    bench_t *self = *state;
    ink_worker_t *first = worker (self, "count", INK_WORKER_LIVE);
    ink_worker_t *second = worker (self, "count", INK_WORKER_LIVE);
    lease (self, first, 9, 60);
    lease (self, second, 9, 40);
    lease (self, worker (self, "entropy", INK_WORKER_LIVE), 9, 10);
    parts (self, 12, 0, 0, 5);
    WAITS (self, CREDIT, 12, 2, 40);
}

static void
what_is_in_work_is_told_by_its_oldest_lease (void **state)
{
    bench_t *self = *state;
    ink_worker_t *first = worker (self, "count", INK_WORKER_LIVE);
    parts (self, 0, 3, 0, 2);
    lease (self, first, 9, 10);
    WAITS (self, VALUES, 5, 0, 0); //  Along with another request
    lease (self, first, 5, 60);
    lease (self, first, 5, 50);
    lease (self, worker (self, "entropy", INK_WORKER_LIVE), 5, 70);
    WAITS (self, VALUES, 5, 2, 50);
    lease (self, first, 5, 1)->state = INK_LEASE_CANCELLING;
    WAITS (self, VALUES, 5, 2, 50);
}

static void
when_nothing_is_left_the_sink_owes_the_final (void **state)
{
    bench_t *self = *state;
    WAITS (self, FINAL, 0, 0, 77);
}

static void
a_part_may_be_looked_up_while_it_runs (void **state)
{
    bench_t *self = *state;
    self->demand.strands[0].left = 1;
    WAITS (self, CACHE, 0, 0, 0);
}

static void
untaken_replies_are_counted_whatever_it_waits_for (void **state)
{
    bench_t *self = *state;
    self->demand.strands[1].held = true;
    assert_int_equal (ink_reason_find (&self->demand, self->registry, self->sink).untaken,
                      1);
    self->demand.strands[0].held = true;
    self->demand.state = INK_DEMAND_LOOKING;
    assert_int_equal (ink_reason_find (&self->demand, self->registry, self->sink).untaken,
                      2);
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (before_it_runs_it_waits_for_source_and_cache),
        STORY (without_a_sink_everything_else_is_in_vain),
        STORY (a_kernel_nobody_has_comes_before_a_busy_worker),
        STORY (a_worker_that_is_being_met_is_no_worker_yet),
        STORY (a_worker_that_is_not_trusted_is_no_worker),
        STORY (busy_are_those_who_could_take_it),
        STORY (what_is_in_work_is_told_by_its_oldest_lease),
        STORY (when_nothing_is_left_the_sink_owes_the_final),
        STORY (a_part_may_be_looked_up_while_it_runs),
        STORY (untaken_replies_are_counted_whatever_it_waits_for),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

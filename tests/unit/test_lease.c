//  test_lease.c: who computes what.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include "inkling/error.h"
#include "ventilator/lease.h"
#include "scarce.h"

typedef struct {
    ink_leases_t leases;
    ink_worker_t worker;
} bench_t;

static int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    ink_list_init (&self->worker.leases);
    *state = self;
    return ink_leases_init (&self->leases);
}

static int
teardown (void **state)
{
    bench_t *self = *state;
    ink_leases_free (&self->leases);
    free (self);
    return 0;
}

static ink_chunk_key_t
key_of (uint64_t part)
{
    return (ink_chunk_key_t){.offset = part * 4096, .length = 4096, .sight = {0, 1}};
}

static ink_chunk_t *
chunk (bench_t *self, uint64_t part)
{
    ink_chunk_key_t key = key_of (part);
    return ink_leases_make_chunk (&self->leases, &key, 2);
}

//  Parts [first, first + 2)
static ink_lease_t *
grant (bench_t *self, uint64_t first)
{
    ink_chunk_t *chunks[] = {chunk (self, first), chunk (self, first + 1)};
    return ink_leases_grant (&self->leases, &self->worker, 5, chunks, 2, 300);
}

static void
a_chunk_is_made_once_and_found_by_its_key (void **state)
{
    bench_t *self = *state;
    ink_chunk_key_t key = key_of (3);
    assert_null (ink_leases_chunk (&self->leases, &key));
    ink_chunk_t *made = chunk (self, 3);
    assert_ptr_equal (chunk (self, 3), made);
    assert_ptr_equal (ink_leases_chunk (&self->leases, &key), made);
    key.sight.lookahead = 0;
    assert_null (ink_leases_chunk (&self->leases, &key));
    assert_int_equal (made->kernel, 2);
}

static void
a_grant_is_entered_in_the_worker_s_books_and_an_end_taken_out (void **state)
{
    bench_t *self = *state;
    ink_lease_t *one = grant (self, 0), *two = grant (self, 2);
    assert_true (one->id != two->id && one->id > 0);
    assert_int_equal (self->worker.held, 2);
    assert_int_equal (self->worker.in_hand_ns, 600);
    assert_ptr_equal (self->worker.leases.next, &one->link);
    assert_ptr_equal (ink_leases_find (&self->leases, two->id), two);
    assert_int_equal (one->open, 2);
    assert_int_equal (one->handle, 5);
    uint64_t id = one->id;
    ink_leases_end (&self->leases, one);
    assert_null (ink_leases_find (&self->leases, id));
    assert_int_equal (self->worker.held, 1);
    assert_int_equal (self->worker.in_hand_ns, 300);
    assert_null (chunk (self, 0)->lease);
    assert_true (grant (self, 0)->id > two->id);
}

static void
a_dropped_chunk_leaves_its_slot_empty (void **state)
{
    bench_t *self = *state;
    ink_lease_t *lease = grant (self, 0);
    ink_chunk_key_t key = key_of (1);
    ink_leases_drop_chunk (&self->leases, lease->chunks[1]);
    assert_null (lease->chunks[1]);
    assert_null (ink_leases_chunk (&self->leases, &key));
    assert_non_null (ink_lease_first (lease));
    ink_leases_drop_chunk (&self->leases, lease->chunks[0]);
    assert_null (ink_lease_first (lease));
    ink_leases_end (&self->leases, lease);
    assert_int_equal (ink_map_size (self->leases.chunks), 0);
}

//  What is left costs its share, however many were passed over one by one.
static void
what_is_passed_over_costs_nothing_any_more (void **state)
{
    bench_t *self = *state;
    ink_lease_t *lease =
        ink_leases_grant (&self->leases, &self->worker, 5, NULL, 10, 1000);
    for (size_t slot = 0; slot < 9; slot++) {
        ink_lease_pass_over (lease, slot);
        ink_lease_pass_over (lease, slot); //  Only once
        assert_int_equal (lease->open, 9 - slot);
        assert_int_equal (self->worker.in_hand_ns, 900 - (int64_t) slot * 100);
    }
    ink_leases_end (&self->leases, lease);
    assert_int_equal (self->worker.in_hand_ns, 0);
}

static void
without_memory_nothing_changes (void **state)
{
    bench_t *self = *state;
    scarce_begin (0);
    assert_null (chunk (self, 0));
    scarce_end ();
    assert_int_equal (ink_map_size (self->leases.chunks), 0);
    ink_lease_t *lease = NULL;
    chunk (self, 0);
    chunk (self, 1);
    for (size_t left = 0; !lease; left++) {
        scarce_begin (left);
        lease = grant (self, 0);
        scarce_end ();
        assert_int_equal (self->worker.held, lease != NULL);
        assert_ptr_equal (chunk (self, 0)->lease, lease);
    }
    ink_leases_t other;
    for (size_t left = 0; left < 2; left++) {
        scarce_begin (left);
        assert_int_equal (ink_leases_init (&other), INK_ENOMEM);
        scarce_end ();
    }
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

int
main (void)
{
    const struct CMUnitTest tests[] = {
        STORY (a_chunk_is_made_once_and_found_by_its_key),
        STORY (a_grant_is_entered_in_the_worker_s_books_and_an_end_taken_out),
        STORY (a_dropped_chunk_leaves_its_slot_empty),
        STORY (what_is_passed_over_costs_nothing_any_more),
        STORY (without_memory_nothing_changes),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

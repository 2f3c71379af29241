//  errand.c: `inkling request`, run again and again on the client's machine.

#include "errand.h"

#include "../system/oracle.h"

#define TIMEOUT_S 30
#define GRACE_MS 15000

//  Exit codes of README.md with which a network that fails may end one: no ventilator; no
//  worker or no sink
#define UNREACHABLE 3
#define NOBODY 4

bool
errand_runs (const errand_t *self)
{
    return self->pid != 0;
}

static void
begin (errand_t *self)
{
    self->number++;
    self->ends = now_ms () + TIMEOUT_S * 1000 + GRACE_MS;
    self->pid = start (self->place->world, "request",
                       world_text (self->place->world,
                                   "inkling request histogram %s --no-cache --timeout %d "
                                   "-o errand.%u.raw",
                                   self->place->truth.name, TIMEOUT_S, self->number));
}

static bool
is_right (errand_t *self)
{
    const truth_t *truth = &self->place->truth;
    void *expected;
    size_t size, got_size;
    const void *got = read_file (
        self->place->world,
        world_text (self->place->world, "errand.%u.raw", self->number), &got_size);
    assert_int_equal (oracle_compute ("histogram", NULL, truth->bytes, 0, truth->size,
                                      &expected, &size),
                      0);
    bool right = got_size == size && memcmp (got, expected, size) == 0;
    free (expected);
    return right;
}

static void
judge (errand_t *self, int status)
{
    self->pid = 0;
    if (status == 0 && is_right (self))
        self->score->errands++;
    else if (status == UNREACHABLE || status == NOBODY)
        self->score->excused++;
    else
        score_anomaly (self->score, "errand %u ended with %d%s", self->number, status,
                       status ? "" : " and a wrong answer");
}

void
errand_turn (errand_t *self, bool goes_on)
{
    if (self->pid && !is_running (self->pid))
        judge (self, end_of (self->place->world, self->pid, SOON_MS));
    else if (self->pid && now_ms () > self->ends) {
        score_anomaly (self->score, "errand %u does not end", self->number);
        kill_hard (self->place->world, self->pid);
        self->pid = 0;
    }
    if (!self->pid && goes_on)
        begin (self);
}

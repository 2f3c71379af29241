//  lost.c: revocations that are really lost, not only late.
//
//  tcp delivers late what a cut held up. So the connection of the control channel, and only
//  that, is reset at each packet: what is published meanwhile has nobody to go to. One of the
//  two workers is off the network, so that all work is the other's.

#include "lost.h"

#include "place.h"

#define CHUNK (64 * KIB)
#define PARTS 4
#define WARM_US 4000000  //  A MiB: a quarter of a second a part
#define PACE_US 64000000 //  4 s a part: a part that runs when it is revoked does not end
#define HELD 2           //  Leases of a worker with one slot

static ink_request_t *
slow_question (const place_t *place, int64_t us)
{
    ink_request_t *request = question (place->truth.name, "slow", us);
    ink_request_set_chunk (request, CHUNK);
    ink_request_set_range (request, 0, PARTS * CHUNK);
    ink_request_set_cache (request, false, false);
    return request;
}

static void
answer (place_t *place, ink_client_t *client)
{
    ink_request_t *request = slow_question (place, WARM_US);
    check_answer (client, request, "slow", place->truth.bytes, 0, PARTS * CHUNK);
    ink_request_destroy (&request);
}

static void
take_off (place_t *place, host_t host)
{
    for (int other = 0; other < HOSTS; other++) {
        wire_set (place->wire, host, (host_t) other, &(fault_t){.cut = true});
        wire_set (place->wire, (host_t) other, host, &(fault_t){.cut = true});
    }
    UNTIL (place_look (place).live == WORKERS - 1, SOON_MS);
}

static void
set_control (place_t *place, bool breaks)
{
    fault_t fault = {.reset = breaks, .port = place_port_control (place)};
    wire_set (place->wire, VENTILATOR, WORKER_1, &fault);
    wire_set (place->wire, WORKER_1, VENTILATOR, &fault);
}

static uint64_t
resets (place_t *place)
{
    return wire_tally (place->wire, VENTILATOR, WORKER_1).resets +
           wire_tally (place->wire, WORKER_1, VENTILATOR).resets;
}

//  Begins a request, and cancels it when nobody hears the control channel.
static void
cancel_unheard (place_t *place, ink_client_t *client)
{
    replies_t replies = {0};
    ink_request_t *request = slow_question (place, PACE_US);
    submit (client, request);
    UNTIL (place_look (place).leases == HELD, SOON_MS);
    uint64_t before = resets (place);
    set_control (place, true);
    UNTIL (resets (place) > before, SOON_MS);
    assert_int_equal (ink_client_cancel (client, ink_request_id (request)), INK_OK);
    take_finals (client, &replies, 1, SOON_MS);
    assert_int_equal (ink_reply_error (final_of (&replies, "slow")), INK_ECANCELLED);
    seen_t seen = place_look (place);
    if (seen.leases != HELD)
        fail_msg ("%zu leases held by %zu workers, %llu lost: it has heard of the cancel",
                  seen.leases, seen.live, (unsigned long long) seen.workers_lost);
    forget (&replies);
    ink_request_destroy (&request);
}

static void
lose_revocations (place_t *place, bool beyond_silence)
{
    ink_client_t *client = connect_to (place->endpoint);
    answer (place, client); //  So that speeds are known, and a lease is one part
    take_off (place, WORKER_2);
    answer (place, client);
    seen_t before = place_look (place);
    cancel_unheard (place, client);
    if (beyond_silence)
        UNTIL (place_look (place).live == 0, SOON_MS);
    set_control (place, false);
    UNTIL (place_look (place).leases == 0, SOON_MS);
    UNTIL (place_look (place).live == 1, SOON_MS);
    answer (place, client);
    seen_t after = place_look (place);
    assert_in_range (after.late_values - before.late_values, 0, 1);
    assert_in_range (after.chunks[0] - before.chunks[0], 0, PARTS + 1);
    assert_int_equal (after.parts_computed - before.parts_computed,
                      PARTS + after.late_values - before.late_values);
    wire_heal (place->wire);
    UNTIL (place_look (place).live == WORKERS, SOON_MS);
    ink_client_destroy (&client);
}

void
a_revocation_lost_for_a_moment_costs_at_most_one_lease (void **state)
{
    lose_revocations (*state, false);
}

void
a_revocation_lost_beyond_silence_costs_at_most_one_lease (void **state)
{
    lose_revocations (*state, true);
}

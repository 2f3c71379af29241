//  test_session_walk.c: a session and a toy ventilator over a network that loses, doubles
//  and reorders, while the ventilator restarts: every kernel of every request gets its
//  partials in order and exactly one final.
//
//  The seed is printed when a world fails; run the program with it to see that world
//  alone.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "chance.h"
#include "client/session.h"

#define MS ((int64_t) 1000)
#define WORLDS 1500
#define TURNS 600
#define REQUESTS 24 //  In one world, in turn
#define KERNELS 3
#define FLIGHT 512

//  A message on its way, with its id kept.
typedef struct {
    ink_msg_t msg;
    ink_name_t id;
} flying_t;

typedef struct {
    flying_t items[FLIGHT];
    size_t size;
} wire_t;

//  What the toy ventilator knows of a request.
typedef struct {
    bool known;
    uint64_t kernels, seq;
    uint64_t untaken[KERNELS]; //  The seq of the partial that was not taken; 0: none
    bool ended[KERNELS];
} job_t;

//  What the application has seen of a request.
typedef struct {
    bool submitted;
    size_t kernels;
    uint64_t seq[KERNELS];
    int finals[KERNELS];
} seen_t;

typedef struct {
    uint64_t random;
    int64_t now;
    bool calm; //  The network works and nothing restarts
    ink_session_t *session;
    ink_session_actions_t out;
    wire_t up, down;
    uint64_t epoch;
    job_t jobs[REQUESTS];
    seen_t seen[REQUESTS];
    ink_reply_t *queue[REQUESTS * KERNELS * 2];
    size_t waiting, submitted;
} world_t;

static uint64_t seed_from, seed_to;

static uint64_t
draw (world_t *world, uint64_t below)
{
    return chance_below (&world->random, below);
}

static bool
luck (world_t *world, uint64_t percent)
{
    return draw (world, 100) < percent;
}

//  --------------------------------------------------------------------------------------
//  The network

static const char *
id_of (const ink_msg_t *msg)
{
    switch (msg->kind) {
    case INK_MSG_REQUEST:
        return msg->request.id;
    case INK_MSG_CANCEL:
        return msg->cancel.id;
    case INK_MSG_TAKEN:
        return msg->taken.id;
    default:
        return "";
    }
}

static void
fly (world_t *world, wire_t *wire, const ink_msg_t *msg, const char *id)
{
    int copies = world->calm ? 1 : luck (world, 5) ? 0 : luck (world, 5) ? 2 : 1;
    for (; copies > 0 && wire->size < FLIGHT; copies--) {
        flying_t *item = &wire->items[wire->size++];
        item->msg = *msg;
        snprintf (item->id, sizeof item->id, "%s", id);
    }
}

//  Takes a message that no other of the same request is before.
static bool
land (world_t *world, wire_t *wire, flying_t *item)
{
    if (wire->size == 0)
        return false;
    size_t place = world->calm ? 0 : draw (world, wire->size);
    for (size_t n = 0; n < place; n++)
        if (!strcmp (wire->items[n].id, wire->items[place].id))
            place = n;
    *item = wire->items[place];
    memmove (wire->items + place, wire->items + place + 1,
             (--wire->size - place) * sizeof *item);
    return true;
}

//  --------------------------------------------------------------------------------------
//  The toy ventilator

static void
tell (world_t *world, const char *id, ink_msg_t msg)
{
    fly (world, &world->down, &msg, id);
}

static void
reply (world_t *world, size_t n, uint64_t kernel, bool final, int error)
{
    job_t *job = &world->jobs[n];
    char id[8];
    snprintf (id, sizeof id, "r%zu", n);
    ink_msg_t msg = {.kind = INK_MSG_REPLY,
                     .reply = {.kernel = kernel,
                               .seq = ++job->seq,
                               .final = final,
                               .error = (uint64_t) error,
                               .detail = ""}};
    job->ended[kernel] = final;
    job->untaken[kernel] = final ? 0 : job->seq;
    tell (world, id, msg);
    bool open = false;
    for (uint64_t k = 0; k < job->kernels; k++)
        open |= !job->ended[k];
    job->known = open;
}

static void
end_job (world_t *world, size_t n, int error)
{
    const uint64_t kernels = world->jobs[n].kernels;
    for (uint64_t kernel = 0; kernel < kernels; kernel++)
        if (!world->jobs[n].ended[kernel])
            reply (world, n, kernel, true, error);
}

static void
on_request (world_t *world, size_t n, uint64_t kernels)
{
    if (world->jobs[n].known)
        return;
    world->jobs[n] = (job_t){.known = true, .kernels = kernels};
}

static void
on_cancel (world_t *world, size_t n, const char *id)
{
    if (!world->jobs[n].known) {
        tell (world, id,
              (ink_msg_t){.kind = INK_MSG_REFUSAL,
                          .refusal = {.error = INK_ENOREQUEST, .detail = ""}});
        return;
    }
    end_job (world, n, INK_ECANCELLED);
    tell (world, id, (ink_msg_t){.kind = INK_MSG_CANCELLED});
}

static void
on_taken (world_t *world, size_t n, uint64_t seq)
{
    for (uint64_t kernel = 0; kernel < KERNELS; kernel++)
        if (world->jobs[n].untaken[kernel] == seq)
            world->jobs[n].untaken[kernel] = 0;
}

static void
ventilate (world_t *world, const flying_t *item)
{
    const size_t n = item->id[0] ? (size_t) atoi (item->id + 1) : 0;
    switch (item->msg.kind) {
    case INK_MSG_REQUEST:
        on_request (world, n, world->seen[n].kernels);
        break;
    case INK_MSG_CANCEL:
        on_cancel (world, n, item->id);
        break;
    case INK_MSG_TAKEN:
        on_taken (world, n, item->msg.taken.seq);
        break;
    case INK_MSG_PING:
        tell (
            world, "",
            (ink_msg_t){.kind = INK_MSG_PONG,
                        .pong = {.nonce = item->msg.ping.nonce, .epoch = world->epoch}});
        break;
    case INK_MSG_READ: //  Only of a connection that loses nothing could more be said
        assert_true (item->msg.read.replies > 0);
        break;
    default:
        fail_msg ("a client does not say %d", (int) item->msg.kind);
    }
}

//  One of the requests it knows gets on, or is refused.
static void
work (world_t *world)
{
    const size_t n = draw (world, REQUESTS);
    const uint64_t kernel = draw (world, KERNELS);
    job_t *job = &world->jobs[n];
    if (!job->known || kernel >= job->kernels || job->ended[kernel])
        return;
    if (luck (world, 30))
        reply (world, n, kernel, true, luck (world, 10) ? INK_EIO : INK_OK);
    else if (job->untaken[kernel] == 0)
        reply (world, n, kernel, false, INK_OK);
}

static void
restart (world_t *world)
{
    memset (world->jobs, 0, sizeof world->jobs);
    world->up.size = world->down.size = 0;
    world->epoch++;
}

//  --------------------------------------------------------------------------------------
//  The client

static void
put (world_t *world, const ink_session_action_t *action)
{
    size_t place = world->waiting;
    if (action->kind == INK_SESSION_REPLACE) {
        for (place = 0; world->queue[place] != action->old; place++)
            assert_true (place < world->waiting);
        ink_reply_destroy (&world->queue[place]);
    } else
        world->waiting++;
    world->queue[place] = action->reply;
}

static int
step (world_t *world, ink_session_event_t event)
{
    int rc = ink_session_step (world->session, world->now, &event, &world->out);
    for (size_t n = 0; n < world->out.size; n++) {
        const ink_session_action_t *action = &world->out.items[n];
        if (action->kind == INK_SESSION_SEND)
            fly (world, &world->up, &action->msg, id_of (&action->msg));
        else if (action->kind == INK_SESSION_RECONNECT)
            world->up.size = world->down.size = 0;
        else
            put (world, action);
    }
    return rc;
}

static void
submit (world_t *world)
{
    if (world->submitted == REQUESTS)
        return;
    char id[8];
    const size_t n = world->submitted++;
    seen_t *seen = &world->seen[n];
    snprintf (id, sizeof id, "r%zu", n);
    ink_request_t *request = ink_request_new ("data/file");
    ink_request_set_id (request, id);
    *seen = (seen_t){.submitted = true, .kernels = 1 + draw (world, KERNELS)};
    for (size_t kernel = 0; kernel < seen->kernels; kernel++)
        ink_request_add_kernel (request, (const char[]){(char) ('a' + kernel), 0});
    int rc = step (world,
                   (ink_session_event_t){.kind = INK_SESSION_SUBMIT, .request = request});
    assert_int_equal (rc, INK_OK);
}

static void
take (world_t *world)
{
    if (world->waiting == 0)
        return;
    ink_reply_t *taken = world->queue[0];
    memmove (world->queue, world->queue + 1, --world->waiting * sizeof *world->queue);
    step (world, (ink_session_event_t){.kind = INK_SESSION_TAKEN, .reply = taken});
    seen_t *seen = &world->seen[atoi (taken->request + 1)];
    const size_t kernel = (size_t) (taken->kernel[0] - 'a');
    assert_int_equal (seen->finals[kernel], 0);
    assert_true (taken->seq > seen->seq[kernel]);
    seen->seq[kernel] = taken->seq;
    seen->finals[kernel] += taken->final;
    ink_reply_destroy (&taken);
}

static void
cancel (world_t *world)
{
    char id[8];
    snprintf (id, sizeof id, "r%zu", (size_t) draw (world, REQUESTS));
    step (world, (ink_session_event_t){.kind = INK_SESSION_CANCEL, .id = id});
}

static void
hear (world_t *world)
{
    flying_t item;
    if (!land (world, &world->down, &item))
        return;
    if (item.msg.kind == INK_MSG_REPLY)
        item.msg.reply.id = item.id;
    if (item.msg.kind == INK_MSG_REFUSAL)
        item.msg.refusal.id = item.id;
    if (item.msg.kind == INK_MSG_CANCELLED)
        item.msg.cancelled.id = item.id;
    step (world, (ink_session_event_t){.kind = INK_SESSION_MESSAGE, .msg = &item.msg});
}

static void
tick (world_t *world)
{
    if (ink_session_deadline (world->session) <= world->now)
        step (world, (ink_session_event_t){.kind = INK_SESSION_TIMER});
    assert_true (ink_session_deadline (world->session) > world->now);
}

//  --------------------------------------------------------------------------------------
//  Worlds

static void
turn (world_t *world)
{
    flying_t item;
    world->now += (int64_t) draw (world, 20) * MS;
    if (luck (world, 5))
        submit (world);
    if (luck (world, 1))
        cancel (world);
    for (int n = 0; n < 3; n++) {
        if (land (world, &world->up, &item))
            ventilate (world, &item);
        work (world);
        hear (world);
    }
    if (luck (world, 60))
        take (world);
    tick (world);
    if (world->calm)
        return;
    if (draw (world, 300) == 0)
        restart (world);
    if (draw (world, 300) == 0) //  A cut, which nobody noticed
        world->now += (int64_t) draw (world, 4000) * MS;
}

static bool
all_ended (const world_t *world)
{
    if (world->submitted < REQUESTS || world->waiting)
        return false;
    for (size_t n = 0; n < REQUESTS; n++)
        for (size_t kernel = 0; kernel < world->seen[n].kernels; kernel++)
            if (world->seen[n].finals[kernel] != 1)
                return false;
    return true;
}

static void
live (world_t *world)
{
    for (int n = 0; n < TURNS; n++)
        turn (world);
    world->calm = true;
    int turns = 0;
    while (!all_ended (world) && ++turns < 20000)
        turn (world);
    if (turns == 20000)
        fail_msg ("a request never ended");
    assert_true (ink_session_deadline (world->session) == INK_SESSION_NEVER);
}

static uint64_t seed;

static void
every_kernel_gets_one_final_whatever_happens (void **state)
{
    (void) state;
    for (seed = seed_from; seed < seed_to; seed++) {
        world_t *world = calloc (1, sizeof *world);
        world->random = seed;
        world->epoch = 1;
        world->session = ink_session_new (&ink_session_usual, world->now);
        live (world);
        ink_session_destroy (&world->session);
        ink_session_actions_free (&world->out);
        free (world);
    }
}

//  With everything lost for ever, every request still ends.
static void
every_request_ends_without_a_ventilator (void **state)
{
    (void) state;
    world_t *world = calloc (1, sizeof *world);
    world->session = ink_session_new (&ink_session_usual, world->now);
    for (int n = 0; n < REQUESTS; n++)
        submit (world);
    for (int n = 0; n < 4000; n++) {
        world->now += MS;
        tick (world);
        take (world);
        world->up.size = 0;
    }
    assert_true (all_ended (world));
    ink_session_destroy (&world->session);
    ink_session_actions_free (&world->out);
    free (world);
}

static int
print_seed (void **state)
{
    (void) state;
    if (seed < seed_to)
        print_message ("seed %d\n", (int) seed);
    return 0;
}

int
main (int argc, char **argv)
{
    seed_from = argc > 1 ? strtoull (argv[1], NULL, 10) : 0;
    seed_to = argc > 1 ? seed_from + 1 : WORLDS;
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (every_kernel_gets_one_final_whatever_happens,
                                   print_seed),
        cmocka_unit_test (every_request_ends_without_a_ventilator),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

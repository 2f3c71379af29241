//  test_brains_walk.c: foreman, collector and runners in worlds where everything goes wrong.
//
//      test_brains_walk [SEED [WORLDS]]

#include "brains_world.h"

#define TURNS 300
#define CALM_TURNS 3000

//  ---------------------------------------------------------------------------------------
//  Workers

static void
say_hello (world_t *world, worker_t *worker)
{
    char name[8];
    ink_msg_kernel_t kernels[KERNELS];
    for (size_t k = 0; k < KERNELS; k++)
        kernels[k] = (ink_msg_kernel_t){.name = kernel_names[k], .version = 1};
    snprintf (name, sizeof name, "w%d", (int) (worker - world->workers));
    ink_msg_t msg = {.kind = INK_MSG_HELLO,
                     .hello = {.name = name,
                               .instance = worker->instance,
                               .slots = 1,
                               .kernels = {kernels, KERNELS}}};
    worker->peer = ++world->next_peer;
    worker->lane = 0;
    empty (&worker->back);
    empty (&worker->control);
    put (&world->back, worker->peer, &msg, NULL);
}

static void
beat (world_t *world, worker_t *worker)
{
    ink_msg_t msg = {.kind = INK_MSG_HEARTBEAT};
    msg.heartbeat.instance = worker->instance;
    put (&world->back, worker->peer, &msg, NULL);
}

static void
step_worker (world_t *world, worker_t *worker, ink_told_kind_t kind, const ink_msg_t *msg)
{
    const ink_work_actions_t *out;
    ink_told_t told = {kind, msg};
    assert_int_equal (ink_runner_step (worker->runner, world->now, &told, &out), INK_OK);
    for (size_t n = 0; n < out->size; n++)
        switch (out->items[n].kind) {
        case INK_WORK_SAY_HELLO:
            say_hello (world, worker);
            break;
        case INK_WORK_CONNECT:
            worker->lane = ink_runner_worker (worker->runner);
            break;
        case INK_WORK_SAY:
            put (&world->back, worker->peer, &out->items[n].msg, NULL);
            break;
        case INK_WORK_BEAT:
            beat (world, worker);
            break;
        case INK_WORK_PASS:
            put (&world->values, 1, &out->items[n].msg, NULL);
            break;
        }
}

static void
hear (world_t *world, worker_t *worker, queue_t *queue, ink_told_kind_t kind)
{
    parcel_t *parcel = queue ? take_at (queue, 0) : NULL;
    if (!parcel)
        return;
    step_worker (world, worker, kind, &parcel->msg);
    burn (parcel);
}

//  The value of one slot: lost, doubled, damaged, or an error, now and then.
static void
emit (world_t *world, const worker_t *worker, const ink_msg_lease_t *lease, size_t slot)
{
    uint8_t bytes[4096];
    const ink_msg_span_t *span = &lease->spans.items[slot / lease->kernels.size];
    size_t k = slot % lease->kernels.size;
    const ink_kernel_t *kernel = ink_kernels_find (lease->kernels.items[k].name);
    ink_part_t part = {span->offset, span->length};
    size_t size = value_of (kernel, part, bytes);
    ink_msg_t msg = {.kind = INK_MSG_VALUE,
                     .value = {.epoch = lease->epoch,
                               .worker = worker->lane,
                               .lease = lease->lease,
                               .slot = slot,
                               .series = lease->series.items[k].key,
                               .offset = part.offset,
                               .length = part.length,
                               .checksum = XXH3_64bits (bytes, size),
                               .busy_ns = draw (world, 3000000)}};
    ink_payload_t *payload = ink_payload_new (size);
    memcpy (ink_payload_data (payload), bytes, size);
    if (fault (world, 10))
        msg.value.error = INK_EIO;
    if (fault (world, 10))
        msg.value.checksum++;
    if (!fault (world, 30))
        put (&world->values, 1, &msg, msg.value.error ? NULL : payload);
    if (fault (world, 30))
        put (&world->values, 1, &msg, msg.value.error ? NULL : payload);
    ink_payload_destroy (&payload);
}

static void
compute (world_t *world, worker_t *worker)
{
    const ink_msg_lease_t *lease = ink_runner_current (worker->runner);
    if (!lease)
        return;
    if (lease->lease != worker->lease) {
        worker->lease = lease->lease;
        worker->next_slot = 0;
    }
    size_t slot = worker->next_slot++;
    if (lease->spans.items[slot / lease->kernels.size].length) //  Else it was revoked
        emit (world, worker, lease, slot);
    if (worker->next_slot == lease->spans.size * lease->kernels.size)
        step_worker (world, worker, INK_TOLD_DONE, NULL);
}

static void
start_worker (world_t *world, worker_t *worker)
{
    ink_runner_destroy (&worker->runner);
    worker->instance = ++world->next_instance;
    worker->runner = ink_runner_new (worker->instance);
    worker->lane = worker->lease = 0;
    step_worker (world, worker, INK_TOLD_TIMER, NULL);
}

static void
worker_turn (world_t *world, worker_t *worker)
{
    if (fault (world, 3))
        start_worker (world, worker);
    if (fault (world, 2))
        worker->hangs_until = world->now + (int64_t) draw (world, 6000) * MS;
    if (fault (world, 300) || (!world->calm && world->now < worker->hangs_until))
        return;
    hear (world, worker, &worker->control, INK_TOLD_CONTROL);
    hear (world, worker, &worker->back, INK_TOLD_BACK);
    if (worker->lane && worker->lane < LANES)
        hear (world, worker, world->lanes[worker->lane], INK_TOLD_LANE);
    for (uint64_t n = draw (world, 4); n > 0; n--)
        compute (world, worker);
    if (world->now >= ink_runner_deadline (worker->runner))
        step_worker (world, worker, INK_TOLD_TIMER, NULL);
}

//  ---------------------------------------------------------------------------------------
//  The sink

static void
start_sink (world_t *world)
{
    ink_collector_destroy (&world->collector);
    empty (&world->to_sink);
    empty (&world->from_sink);
    commit (world);
    world->collector = ink_collector_new (++world->next_instance * 1000);
}

static void
deliver_to_sink (world_t *world, queue_t *queue, size_t place, ink_heard_kind_t kind)
{
    parcel_t *parcel = take_at (queue, place);
    if (!parcel)
        return;
    step_sink (world, (ink_heard_t){.kind = kind,
                                    .peer = 1,
                                    .msg = &parcel->msg,
                                    .payload = parcel->payload});
    burn (parcel);
}

//  Values come in any order.
static size_t
any_value (world_t *world)
{
    bool orderly = world->calm || !world->values.size;
    return orderly ? 0 : draw (world, world->values.size);
}

static void
sink_turn (world_t *world)
{
    if (fault (world, 3))
        start_sink (world);
    if (fault (world, 200))
        return;
    for (uint64_t n = draw (world, 16); n > 0; n--)
        if (draw (world, 2))
            deliver_to_sink (world, &world->to_sink, 0, INK_HEARD_VENTILATOR);
        else
            deliver_to_sink (world, &world->values, any_value (world), INK_HEARD_WORKER);
    if (ink_collector_is_full (world->collector) && (world->calm || often (world))) {
        commit (world);
        step_sink (world, (ink_heard_t){.kind = INK_HEARD_STORED});
    }
    if (world->now >= ink_collector_deadline (world->collector))
        step_sink (world, (ink_heard_t){.kind = INK_HEARD_TIMER});
}

//  ---------------------------------------------------------------------------------------
//  The foreman

static void
deliver_to_foreman (world_t *world, queue_t *queue, ink_event_kind_t kind)
{
    parcel_t *parcel = take_at (queue, 0);
    if (!parcel)
        return;
    ink_event_t event = {.kind = kind, .peer = parcel->peer, .msg = &parcel->msg};
    event.payload = parcel->payload;
    parcel->payload = NULL;
    step_foreman (world, event);
    burn (parcel);
}

static void
look_on (world_t *world)
{
    for (size_t n = 0; n < 64; n++) {
        view_t *view = &world->views[n];
        if (!view->handle || view->told || !often (world))
            continue;
        ink_lookup_advance (view->lookup, INT32_MAX);
        view->told = true;
        ink_event_t event = {.kind = INK_EVENT_LOOKED, .handle = view->handle};
        for (size_t k = 0; k < INK_KERNELS_MOST; k++) {
            event.known[k] = ink_lookup_known (view->lookup, k);
            event.bytes[k] = ink_lookup_bytes (view->lookup, k);
        }
        step_foreman (world, event);
    }
}

static void
foreman_turn (world_t *world)
{
    if (fault (world, 100))
        return;
    for (uint64_t n = draw (world, 6); n > 0; n--)
        deliver_to_foreman (world, &world->back, INK_EVENT_WORKER);
    for (uint64_t n = draw (world, 10); n > 0; n--)
        deliver_to_foreman (world, &world->from_sink, INK_EVENT_SINK);
    for (uint64_t n = draw (world, 6); n > 0; n--)
        deliver_to_foreman (world, &world->front, INK_EVENT_CLIENT);
    size_t caused = world->caused_size;
    for (size_t n = 0; n < caused; n++)
        step_foreman (world, world->caused[n]);
    memmove (world->caused, world->caused + caused,
             (world->caused_size -= caused) * sizeof *world->caused);
    look_on (world);
    if (world->now >= ink_foreman_deadline (world->foreman))
        step_foreman (world, (ink_event_t){.kind = INK_EVENT_TIMER});
}

//  ---------------------------------------------------------------------------------------
//  Clients

static const char *
id_of (const wish_t *wish)
{
    static char id[16];
    snprintf (id, sizeof id, "r%d", (int) wish->number);
    return id;
}

static void
issue (world_t *world, const wish_t *wish)
{
    ink_msg_kernel_t kernels[KERNELS];
    for (size_t k = 0; k < wish->kernel_count; k++)
        kernels[k] = (ink_msg_kernel_t){.name = kernel_names[wish->places[k]]};
    ink_msg_t msg = {.kind = INK_MSG_REQUEST,
                     .request = {.id = id_of (wish),
                                 .source = "file",
                                 .offset = wish->first * PART,
                                 .length = wish->count * PART,
                                 .kernels = {kernels, wish->kernel_count},
                                 .chunk = PART,
                                 .cache_read = wish->number % 3 > 0,
                                 .cache_write = wish->number % 5 > 0,
                                 .view = ""}};
    put (&world->front, world->peers[wish->client], &msg, NULL);
}

static void
begin_wish (world_t *world, wish_t *wish)
{
    *wish = (wish_t){.number = ++world->next_number, .client = draw (world, CLIENTS)};
    wish->first = draw (world, PARTS);
    wish->count = 1 + draw (world, PARTS - wish->first);
    for (size_t k = 0; k < KERNELS; k++)
        if (k == KERNELS - 1 && !wish->kernel_count ? true : draw (world, 2) > 0)
            wish->places[wish->kernel_count++] = k;
    issue (world, wish);
}

static void
say_of (world_t *world, const wish_t *wish, ink_msg_kind_t kind, uint64_t seq)
{
    ink_msg_t msg = {.kind = kind};
    if (kind == INK_MSG_TAKEN)
        msg.taken = (ink_msg_taken_t){id_of (wish), seq};
    else
        msg.cancel.id = id_of (wish);
    put (&world->front, world->peers[wish->client], &msg, NULL);
}

static void
check_final (world_t *world, const wish_t *wish, size_t k, const parcel_t *parcel)
{
    const ink_msg_reply_t *reply = &parcel->msg.reply;
    uint64_t failed = 0;
    if (reply->error) {
        if (reply->error != INK_ENOWORKER && reply->error != INK_ENOSINK)
            assert_true (reply->error == INK_ECANCELLED && wish->cancelled);
        world->errors++;
        return;
    }
    for (size_t n = 0; n < reply->failures.size; n++)
        failed += reply->failures.items[n].length;
    assert_int_equal (reply->total, wish->count * PART);
    assert_int_equal (reply->cached + reply->computed + failed, reply->total);
    ink_part_t range = {wish->first * PART, wish->count * PART};
    ink_payload_t *right =
        oracle (ink_kernels_find (kernel_names[wish->places[k]]), range, reply);
    assert_int_equal (ink_payload_size (parcel->payload), ink_payload_size (right));
    assert_memory_equal (ink_payload_data (parcel->payload), ink_payload_data (right),
                         ink_payload_size (right));
    ink_payload_destroy (&right);
    world->finals++;
    world->failures += failed > 0;
}

//  Over one connection: numbers rise, one partial is on its way, one final comes.
static void
on_reply (world_t *world, wish_t *wish, const parcel_t *parcel)
{
    const ink_msg_reply_t *reply = &parcel->msg.reply;
    size_t k = reply->kernel;
    assert_true (k < wish->kernel_count && reply->seq > wish->seq);
    wish->seq = reply->seq;
    assert_false (wish->ended[k]);
    if (!reply->final) {
        assert_int_equal (wish->untaken[k], 0);
        wish->untaken[k] = reply->seq;
        return;
    }
    check_final (world, wish, k, parcel);
    wish->ended[k] = true;
}

static void
close_if_ended (wish_t *wish)
{
    for (size_t k = 0; k < wish->kernel_count; k++)
        if (!wish->ended[k])
            return;
    wish->number = 0;
}

static void
client_hears (world_t *world, const parcel_t *parcel)
{
    const ink_msg_t *msg = &parcel->msg;
    const char *id = msg->kind == INK_MSG_REPLY     ? msg->reply.id
                     : msg->kind == INK_MSG_REFUSAL ? msg->refusal.id
                                                    : "";
    for (size_t n = 0; n < REQUESTS; n++) {
        wish_t *wish = &world->wishes[n];
        if (!wish->number || strcmp (id, id_of (wish)))
            continue;
        if (msg->kind == INK_MSG_REPLY)
            on_reply (world, wish, parcel);
        else if (msg->refusal.error != INK_ENOREQUEST)
            fail_msg ("refused: %s", ink_error_name ((int) msg->refusal.error));
        close_if_ended (wish);
    }
}

//  A new connection: what was on its way is lost, what is open is issued again.
static void
reconnect (world_t *world, size_t client)
{
    world->peers[client] = ++world->next_peer;
    empty (&world->inbox[client]);
    for (size_t n = 0; n < REQUESTS; n++) {
        wish_t *wish = &world->wishes[n];
        if (!wish->number || wish->client != client)
            continue;
        memset (wish->ended, 0, sizeof wish->ended);
        memset (wish->untaken, 0, sizeof wish->untaken);
        wish->seq = 0;
        issue (world, wish);
    }
}

static void
wish_turn (world_t *world, wish_t *wish)
{
    if (!wish->number) {
        if (fault (world, 100))
            begin_wish (world, wish);
        return;
    }
    for (size_t k = 0; k < KERNELS; k++)
        if (wish->untaken[k] && draw (world, 3) == 0) {
            say_of (world, wish, INK_MSG_TAKEN, wish->untaken[k]);
            wish->untaken[k] = 0;
        }
    if (!wish->cancelled && fault (world, 3)) {
        wish->cancelled = true;
        say_of (world, wish, INK_MSG_CANCEL, 0);
    }
}

static void
client_turn (world_t *world, size_t client)
{
    if (fault (world, 3))
        reconnect (world, client);
    if (world->now - world->pinged[client] > 1000 * MS) {
        world->pinged[client] = world->now;
        ink_msg_t msg = {.kind = INK_MSG_PING};
        put (&world->front, world->peers[client], &msg, NULL);
    }
    parcel_t *parcel;
    while (often (world) && (parcel = take_at (&world->inbox[client], 0))) {
        client_hears (world, parcel);
        burn (parcel);
    }
}

//  ---------------------------------------------------------------------------------------
//  Worlds

static void
turn (world_t *world)
{
    world->now += (int64_t) draw (world, world->calm ? 50 : 15) * MS;
    if (fault (world, 3)) //  Everybody stands still
        world->now += (int64_t) draw (world, 20000) * MS;
    for (size_t n = 0; n < REQUESTS; n++)
        wish_turn (world, &world->wishes[n]);
    for (size_t n = 0; n < CLIENTS; n++)
        client_turn (world, n);
    foreman_turn (world);
    for (size_t n = 0; n < WORKERS; n++)
        worker_turn (world, &world->workers[n]);
    sink_turn (world);
}

static bool
is_over (const world_t *world)
{
    for (size_t n = 0; n < REQUESTS; n++)
        if (world->wishes[n].number)
            return false;
    return true;
}

//  Who waits for nothing keeps nothing.
static void
leaves_nothing_behind (world_t *world)
{
    for (int n = 0; n < 1000; n++)
        turn (world);
    assert_int_equal (ink_map_size (world->foreman->demands.by_handle), 0);
    assert_int_equal (ink_map_size (world->foreman->leases.chunks), 0);
    assert_int_equal (ink_map_size (world->foreman->leases.by_id), 0);
}

static void
live (world_t *world)
{
    for (int n = 0; n < TURNS; n++)
        turn (world);
    world->calm = true;
    int turns = 0;
    while (!is_over (world) && ++turns < CALM_TURNS)
        turn (world);
    if (turns == CALM_TURNS)
        fail_msg ("a request never ended");
    leaves_nothing_behind (world);
}

static void
begin (world_t *world, uint64_t seed)
{
    world->random = seed;
    world->now = 1000000 * MS;
    world->foreman = ink_foreman_new (1, "control", "values");
    if (draw (world, 3))
        world->cache = ink_cache_open_memory ((uint64_t) 64 << 20);
    start_sink (world);
    for (size_t n = 0; n < CLIENTS; n++)
        world->peers[n] = ++world->next_peer;
    for (size_t n = 0; n < WORKERS; n++)
        start_worker (world, &world->workers[n]);
    step_foreman (world, (ink_event_t){.kind = INK_EVENT_TIMER});
}

static void
end (world_t *world)
{
    for (size_t n = 0; n < world->caused_size; n++)
        ink_payload_destroy (&world->caused[n].payload);
    for (size_t n = 0; n < 64; n++)
        end_view (&world->views[n]);
    for (size_t n = 0; n < LANES; n++)
        set_lane (world, n, NULL);
    for (size_t n = 0; n < WORKERS; n++) {
        ink_runner_destroy (&world->workers[n].runner);
        empty (&world->workers[n].back);
        empty (&world->workers[n].control);
    }
    for (size_t n = 0; n < CLIENTS; n++)
        empty (&world->inbox[n]);
    empty (&world->front);
    empty (&world->back);
    empty (&world->to_sink);
    empty (&world->from_sink);
    empty (&world->values);
    ink_collector_destroy (&world->collector);
    ink_foreman_destroy (&world->foreman);
    if (world->cache)
        ink_cache_close (&world->cache);
}

static uint64_t seed, seed_from, worlds = 1000;

static void
every_request_ends_with_the_right_answer_whatever_happens (void **state)
{
    (void) state;
    uint64_t finals = 0, errors = 0, failures = 0;
    for (seed = seed_from; seed < seed_from + worlds; seed++) {
        world_t *world = calloc (1, sizeof *world);
        begin (world, seed);
        live (world);
        end (world);
        finals += world->finals;
        errors += world->errors;
        failures += world->failures;
        free (world);
    }
    print_message ("%d answers, %d of them without some parts, and %d errors\n",
                   (int) finals, (int) failures, (int) errors);
    assert_true (finals > 4 * worlds);
}

static int
print_seed (void **state)
{
    (void) state;
    if (seed < seed_from + worlds)
        print_message ("seed %d\n", (int) seed);
    return 0;
}

int
main (int argc, char **argv)
{
    if (argc > 1) {
        seed_from = strtoull (argv[1], NULL, 10);
        worlds = argc > 2 ? strtoull (argv[2], NULL, 10) : 1;
    }
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown (
            every_request_ends_with_the_right_answer_whatever_happens, print_seed),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

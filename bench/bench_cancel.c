//  bench_cancel.c: how soon a cancel is acknowledged while both workers compute, beside a
//  round trip while both processors are as busy; and how soon nothing is computed any more, and
//  how much was in vain, after a cancel and after a view was stated anew.
//
//      bench_cancel BUILD FOLDER FILE

#include <pthread.h>
#include <stdatomic.h>

#include "data.h"
#include "echo.h"
#include "question.h"
#include "server.h"

#define CANCELS 60
#define REST_MOST 10000.0 //  Microseconds
#define SECONDS 0.4

static samples_t samples;
static atomic_bool busy;

static void *
keep_busy (void *arg)
{
    (void) arg;
    be_nice ();
    while (atomic_load (&busy))
        ;
    return NULL;
}

static void
measure_echo (const service_t *echo, double *p50, double *p99)
{
    pthread_t threads[2];
    atomic_store (&busy, true);
    for (size_t n = 0; n < 2; n++)
        if (pthread_create (&threads[n], NULL, keep_busy, NULL))
            die ("no thread to keep busy");
    measure_times (echo, SECONDS, &samples);
    atomic_store (&busy, false);
    for (size_t n = 0; n < 2; n++)
        pthread_join (threads[n], NULL);
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

//  The first partial shows that both workers compute. Microseconds until the acknowledgement,
//  or -1 when the request had ended.
static double
cancel_one (question_t *question, ink_client_t *other)
{
    ink_request_t *request = question_request (question);
    if (ink_client_submit (question->client, request))
        die ("cannot ask");
    ink_reply_t *reply = ink_client_receive (question->client, 10000);
    if (!reply || ink_reply_is_final (reply))
        die ("no partial came");
    ink_reply_destroy (&reply);
    double began = seconds_now ();
    int rc = ink_client_cancel_other (other, ink_request_id (request), 5000);
    double passed = (seconds_now () - began) * 1e6;
    reply = question_final (question);
    bool cancelled = rc == INK_OK && ink_reply_error (reply) == INK_ECANCELLED;
    ink_reply_destroy (&reply);
    ink_request_destroy (&request);
    return cancelled ? passed : -1;
}

static void
measure_cancels (question_t *question, ink_client_t *other, double *p50, double *p99)
{
    samples.count = 0;
    while (samples.count < CANCELS) {
        double passed = cancel_one (question, other);
        if (passed >= 0)
            samples_add (&samples, passed);
    }
    *p50 = samples_at (&samples, 0.5);
    *p99 = samples_at (&samples, 0.99);
}

//  ---------------------------------------------------------------------------------------
//  Until nothing is computed any more

//  What the ventilator sees.
typedef struct {
    uint64_t held; //  Leases, by all workers
    uint64_t late; //  Values that came and nobody wanted
} sight_t;

static sight_t
look (ink_client_t *client)
{
    sight_t sight = {0};
    ink_status_t *status = ink_client_status (client, 5000);
    const ink_worker_info_t *worker;
    const ink_counter_t *counter;
    if (!status)
        die ("no status");
    for (size_t n = 0; (worker = ink_status_worker (status, n)); n++)
        sight.held += worker->leases;
    for (size_t n = 0; (counter = ink_status_counter (status, n)); n++)
        if (strcmp (counter->name, "late_values") == 0)
            sight.late = counter->value;
    ink_status_destroy (&status);
    return sight;
}

//  What was seen when the work was ended, and how long the workers went on with it.
typedef struct {
    sight_t before, after;
    double passed;
} end_t;

static end_t
watch (ink_client_t *client, sight_t before, double began)
{
    end_t end = {.before = before};
    do {
        end.after = look (client);
        end.passed = (seconds_now () - began) * 1e6;
    } while (end.after.held);
    return end;
}

static ink_request_t *
begin_view (question_t *question)
{
    ink_request_t *request = question_request (question);
    ink_request_set_view (request, "view", INK_MIDDLE);
    if (ink_client_submit (question->client, request))
        die ("cannot ask");
    ink_reply_t *reply = ink_client_receive (question->client, 10000);
    if (!reply || ink_reply_is_final (reply))
        die ("no partial came");
    ink_reply_destroy (&reply);
    return request;
}

//  The view is left for one that is answered at once.
static void
leave_view (question_t *question)
{
    ink_request_t *request = ink_request_new (question->source);
    ink_request_add_kernel (request, "count");
    ink_request_set_range (request, 0, 1);
    ink_request_set_view (request, "view", INK_MIDDLE);
    if (ink_client_submit (question->client, request))
        die ("cannot ask");
    ink_request_destroy (&request);
}

//  False when the request had ended before.
static bool
end_one (question_t *question, ink_client_t *other, bool by_view, end_t *end)
{
    ink_request_t *request = begin_view (question);
    sight_t before = look (other);
    double began = seconds_now ();
    if (by_view)
        leave_view (question);
    else
        (void) ink_client_cancel (question->client, ink_request_id (request));
    *end = watch (other, before, began);
    size_t cancelled = 0;
    for (size_t finals = 0; finals < 1 + (size_t) by_view; finals++) {
        ink_reply_t *reply = question_final (question);
        cancelled += ink_reply_error (reply) == INK_ECANCELLED;
        ink_reply_destroy (&reply);
    }
    ink_request_destroy (&request);
    return cancelled == 1;
}

static void
measure_ends (question_t *question, ink_client_t *other, bool by_view, row_t *time,
              row_t *wasted)
{
    double late = 0, held = 0;
    samples.count = 0;
    while (samples.count < CANCELS) {
        end_t end;
        if (!end_one (question, other, by_view, &end))
            continue;
        samples_add (&samples, end.passed);
        late += (double) (end.after.late - end.before.late);
        held += (double) end.before.held;
    }
    row_add (time, samples_at (&samples, 0.99), REST_MOST);
    row_add (wasted, late, held);
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_cancel BUILD FOLDER FILE");
    static data_t data;
    static server_t server;
    static echo_t echo = {.wanted = 100};
    data_open (&data, argv[2], argv[3]);
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    echo_start (&echo);
    question_t question = {.client = meet (server.endpoint, data.served),
                           .source = data.served,
                           .kernel = "digraph",
                           .length = data.size};
    ink_client_t *other = meet (server.endpoint, data.served);
    service_t round_trip = echo_service (&echo);

    row_t p50 = {.what = "cancel to acknowledgement, busy, p50", .unit = "us"};
    row_t p99 = {.what = "  p99", .unit = "us"};
    row_t rest = {.what = "cancel to nothing computed, p99, beside 10 ms",
                  .unit = "us",
                  .at_most = 1};
    row_t in_vain = {
        .what = "  chunks in vain, beside leases in flight", .unit = "", .at_most = 1};
    row_t moved = {
        .what = "view moved to nothing computed, p99", .unit = "us", .at_most = 1};
    row_t moved_in_vain = in_vain;
    data_warm_up (&data);
    for (int round = 0; round < ROUNDS; round++) {
        double echo_p50, echo_p99, cancel_p50, cancel_p99;
        measure_echo (&round_trip, &echo_p50, &echo_p99);
        measure_cancels (&question, other, &cancel_p50, &cancel_p99);
        row_add (&p50, cancel_p50, echo_p50);
        row_add (&p99, cancel_p99, echo_p99);
        measure_ends (&question, other, false, &rest, &in_vain);
        measure_ends (&question, other, true, &moved, &moved_in_vain);
    }
    row_print (&p50);
    row_print (&p99);
    row_print (&rest);
    row_print (&in_vain);
    row_print (&moved);
    row_print (&moved_in_vain);

    ink_client_destroy (&question.client);
    ink_client_destroy (&other);
    server_stop (&server);
    echo_stop (&echo);
    return 0;
}

//  asking.c: questions of system tests, answers to them, and what the ventilator tells.

#include "asking.h"

#include "oracle.h"

//  ---------------------------------------------------------------------------------------
//  What the ventilator tells

ink_client_t *
connect_to (const char *endpoint)
{
    ink_client_t *client = ink_client_new (endpoint);
    assert_non_null (client);
    return client;
}

static ink_status_t *
status_of (ink_client_t *client)
{
    ink_status_t *status = NULL;
    UNTIL ((status = ink_client_status (client, 500)), SOON_MS);
    return status;
}

size_t
live_workers (ink_client_t *client)
{
    ink_status_t *status = status_of (client);
    const ink_worker_info_t *worker;
    size_t live = 0;
    for (size_t n = 0; (worker = ink_status_worker (status, n)); n++)
        live += strcmp (worker->state, "live") == 0;
    ink_status_destroy (&status);
    return live;
}

void
wait_live (ink_client_t *client, size_t workers)
{
    UNTIL (live_workers (client) >= workers, SOON_MS);
}

uint64_t
counter (ink_client_t *client, const char *name)
{
    ink_status_t *status = status_of (client);
    const ink_counter_t *found;
    uint64_t value = UINT64_MAX;
    for (size_t n = 0; (found = ink_status_counter (status, n)); n++)
        if (strcmp (found->name, name) == 0)
            value = found->value;
    ink_status_destroy (&status);
    if (value == UINT64_MAX)
        fail_msg ("there is no counter %s", name);
    return value;
}

size_t
requests_known (ink_client_t *client)
{
    ink_status_t *status = status_of (client);
    size_t count = 0;
    while (ink_status_request (status, count))
        count++;
    ink_status_destroy (&status);
    return count;
}

uint64_t
leases_held (ink_client_t *client)
{
    ink_status_t *status = status_of (client);
    const ink_worker_info_t *worker;
    uint64_t leases = 0;
    for (size_t n = 0; (worker = ink_status_worker (status, n)); n++)
        leases += worker->leases;
    ink_status_destroy (&status);
    return leases;
}

//  ---------------------------------------------------------------------------------------
//  Questions and answers

ink_request_t *
question (const char *source, const char *kernel, int64_t us)
{
    ink_request_t *request = ink_request_new (source);
    assert_non_null (request);
    assert_int_equal (ink_request_add_kernel (request, kernel), INK_OK);
    if (us >= 0)
        assert_int_equal (ink_request_set_param (request, "us", us), INK_OK);
    return request;
}

void
submit (ink_client_t *client, const ink_request_t *request)
{
    assert_int_equal (ink_client_submit (client, request), INK_OK);
}

bool
take_reply (ink_client_t *client, replies_t *replies, int within_ms)
{
    ink_reply_t *reply = ink_client_receive (client, within_ms);
    if (!reply)
        return false;
    ink_reply_t **items =
        realloc (replies->items, (replies->size + 1) * sizeof (ink_reply_t *));
    assert_non_null (items);
    replies->items = items;
    items[replies->size++] = reply;
    replies->finals += ink_reply_is_final (reply);
    return true;
}

void
take_finals (ink_client_t *client, replies_t *replies, size_t finals, int within_ms)
{
    int64_t until = now_ms () + within_ms;
    while (replies->finals < finals) {
        int64_t left = until - now_ms ();
        if (left <= 0)
            fail_msg ("%zu of %zu finals within %d ms, %zu replies", replies->finals,
                      finals, within_ms, replies->size);
        take_reply (client, replies, (int) left);
    }
}

const ink_reply_t *
final_of (const replies_t *replies, const char *kernel)
{
    for (size_t n = 0; n < replies->size; n++)
        if (ink_reply_is_final (replies->items[n]) &&
            strcmp (ink_reply_kernel (replies->items[n]), kernel) == 0)
            return replies->items[n];
    fail_msg ("no final of %s came", kernel);
    return NULL;
}

uint64_t
covered_by (const ink_reply_t *reply)
{
    return ink_reply_cached (reply) + ink_reply_computed (reply);
}

void
forget (replies_t *replies)
{
    for (size_t n = 0; n < replies->size; n++)
        ink_reply_destroy (&replies->items[n]);
    free (replies->items);
    *replies = (replies_t){0};
}

void
wait_partial (ink_client_t *client, replies_t *replies)
{
    int64_t until = now_ms () + SOON_MS;
    while (!replies->size || !covered_by (replies->items[replies->size - 1])) {
        if (now_ms () > until || replies->finals)
            fail_msg ("no partial came");
        take_reply (client, replies, 100);
    }
    assert_false (ink_reply_is_final (replies->items[replies->size - 1]));
}

void
check_final (const ink_reply_t *final, const int64_t *params, const uint8_t *bytes,
             uint64_t offset, uint64_t length)
{
    const char *kernel = ink_reply_kernel (final);
    bool slow = strcmp (kernel, "slow") == 0;
    void *expected;
    size_t size;
    if (ink_reply_error (final))
        fail_msg ("%s: %s (%s)", kernel, ink_error_name (ink_reply_error (final)),
                  ink_reply_detail (final));
    assert_int_equal (ink_reply_failures (final), 0);
    assert_int_equal (covered_by (final), length);
    assert_int_equal (oracle_compute (slow ? "histogram" : kernel, params, bytes, offset,
                                      length, &expected, &size),
                      0);
    assert_int_equal (ink_reply_size (final), size);
    bool same = memcmp (ink_reply_data (final), expected, size) == 0;
    free (expected);
    if (!same)
        fail_msg ("the answer of %s is wrong", kernel);
}

void
check_answer (ink_client_t *client, const ink_request_t *request, const char *kernel,
              const uint8_t *bytes, uint64_t offset, uint64_t length)
{
    replies_t replies = {0};
    submit (client, request);
    take_finals (client, &replies, 1, 3 * SOON_MS);
    check_final (final_of (&replies, kernel), NULL, bytes + offset, offset, length);
    forget (&replies);
}

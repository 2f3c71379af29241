//  test_endpoint.c: all endpoints follow from one.

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/endpoint.h"
#include "inkling/error.h"

static ink_endpoints_t
derived (const char *front)
{
    ink_endpoints_t endpoints;
    if (ink_endpoints_derive (front, &endpoints) != INK_OK)
        fail_msg ("%s is refused", front);
    assert_string_equal (endpoints.front, front);
    return endpoints;
}

static void
over_ipc_they_share_a_folder (void **state)
{
    (void) state;
    ink_endpoints_t all = derived ("ipc:///run/ink/front");
    assert_int_equal (all.transport, INK_OVER_IPC);
    assert_string_equal (all.back, "ipc:///run/ink/back");
    assert_string_equal (all.control, "ipc:///run/ink/control");
    assert_string_equal (all.sink, "ipc:///run/ink/sink");
    assert_string_equal (all.values, "ipc:///run/ink/values");
    char lane[INK_ENDPOINT_MOST];
    ink_endpoints_lane (&all, 4711, lane);
    assert_string_equal (lane, "ipc:///run/ink/lane-4711");
}

static void
over_tcp_they_share_a_host (void **state)
{
    (void) state;
    ink_endpoints_t all = derived ("tcp://[::1]:7001");
    assert_int_equal (all.transport, INK_OVER_TCP);
    assert_string_equal (all.back, "tcp://[::1]:7003");
    assert_string_equal (all.control, "tcp://[::1]:7005");
    assert_string_equal (all.sink, "tcp://[::1]:7007");
    assert_string_equal (all.values, "tcp://[::1]:7009");
    char lane[INK_ENDPOINT_MOST];
    ink_endpoints_lane (&all, 12, lane);
    assert_string_equal (lane, "tcp://[::1]:7113");
    ink_endpoints_lane (&all, 3000 + 12, lane);
    assert_string_equal (lane, "tcp://[::1]:7113");
}

static void
inside_a_process_they_share_a_name (void **state)
{
    (void) state;
    ink_endpoints_t all = derived ("inproc://ink");
    assert_int_equal (all.transport, INK_OVER_INPROC);
    assert_string_equal (all.back, "inproc://ink-back");
    assert_string_equal (all.values, "inproc://ink-values");
    char lane[INK_ENDPOINT_MOST];
    ink_endpoints_lane (&all, SIZE_MAX, lane);
    assert_string_equal (lane, "inproc://ink-lane-18446744073709551615");
}

static void
what_is_no_endpoint_is_refused (void **state)
{
    (void) state;
    static const char *const wrong[] = {
        "",
        "front",
        "udp://host:7001",
        "IPC:///run/front",
        "ipc://",
        "ipc:///front",
        "ipc:///run/ink",
        "ipc:///run/ink/fronts",
        "ipc://@ink/front",
        "inproc://",
        "tcp://",
        "tcp://host",
        "tcp://:7001",
        "tcp://host:",
        "tcp://host:7002",
        "tcp://host:1023",
        "tcp://host:31669",
        "tcp://host:65537",
        "tcp://host:4294974297",
        "tcp://host:07001",
        "tcp://host:+7001",
        "tcp://host:7001 ",
        "tcp://host:70 1",
        "tcp://::1:7001",
        "tcp://[::1:7001",
        "tcp://[]:7001",
        "tcp://ho/st:7001",
        "tcp://eth0;host:7001",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        ink_endpoints_t endpoints = {.front = "as before"};
        if (ink_endpoints_derive (wrong[i], &endpoints) != INK_EUSAGE)
            fail_msg ("%s is taken", wrong[i]);
        assert_string_equal (endpoints.front, "as before");
    }
}

static void
every_odd_port_in_range_is_taken_and_no_other (void **state)
{
    (void) state;
    for (int port = 0; port < 70000; port++) {
        char front[64];
        snprintf (front, sizeof front, "tcp://*:%d", port);
        bool fits = port % 2 == 1 && port >= 1024 && port <= INK_PORT_MOST;
        ink_endpoints_t endpoints;
        assert_int_equal (ink_endpoints_derive (front, &endpoints) == INK_OK, fits);
    }
}

static void
no_port_that_follows_is_one_of_connecting_peers (void **state)
{
    (void) state;
    char front[64], lane[INK_ENDPOINT_MOST];
    snprintf (front, sizeof front, "tcp://host:%d", INK_PORT_MOST);
    ink_endpoints_t all = derived (front);
    for (size_t n = 0; n < INK_LANE_PORTS; n++) {
        int port = 0;
        ink_endpoints_lane (&all, n, lane);
        assert_int_equal (sscanf (lane, "tcp://host:%d", &port), 1);
        assert_in_range (port, INK_PORT_MOST + 9, 32767);
    }
}

//  Each length is either refused or leaves room for every endpoint that follows.
static void
the_longest_that_is_taken_leaves_room_for_lanes (void **state)
{
    (void) state;
    static const char *const forms[][2] = {
        {"ipc:///", "/front"}, {"tcp://", ":7001"}, {"inproc://", ""}};
    for (size_t form = 0; form < 3; form++) {
        size_t longest = 0;
        for (int length = 1; length < 400; length++) {
            char front[512], lane[INK_ENDPOINT_MOST], name[401];
            memset (name, 'x', sizeof name);
            snprintf (front, sizeof front, "%s%.*s%s", forms[form][0], length, name,
                      forms[form][1]);
            ink_endpoints_t endpoints;
            if (ink_endpoints_derive (front, &endpoints) != INK_OK)
                continue;
            longest = strlen (front);
            ink_endpoints_lane (&endpoints, UINT32_MAX, lane);
            assert_true (form > 0 || strlen (lane) <= strlen ("ipc://") + 107);
        }
        assert_in_range (longest, form == 0 ? 90 : 200, INK_ENDPOINT_MOST);
    }
}

static void
the_default_is_a_folder_of_the_user (void **state)
{
    (void) state;
    char front[INK_ENDPOINT_MOST], longest[300] = "/";
    ink_endpoint_default ("/run/user/1000", 1000, front);
    assert_string_equal (front, "ipc:///run/user/1000/inkling/front");
    memset (longest + 1, 'x', sizeof longest - 2);
    const char *unusable[] = {NULL, "", "relative", longest, longest + 200};
    for (size_t i = 0; i < 5; i++) {
        ink_endpoint_default (unusable[i], 4294967295u, front);
        assert_string_equal (front, "ipc:///tmp/inkling-4294967295/front");
        derived (front);
    }
    longest[95] = '\0';
    ink_endpoint_default (longest, 7, front);
    assert_string_equal (front, "ipc:///tmp/inkling-7/front");
}

static void
only_tcp_beyond_loopback_is_public (void **state)
{
    (void) state;
    static const char *const open[] = {"tcp://*:7001",
                                       "tcp://0.0.0.0:7001",
                                       "tcp://host:7001",
                                       "tcp://127.evil.net:7001",
                                       "tcp://localhost.net:7001",
                                       "tcp://[::]:7001"};
    static const char *const closed[] = {"tcp://127.0.0.1:7001", "tcp://localhost:7001",
                                         "tcp://[::1]:7001", "ipc:///run/front",
                                         "inproc://ink"};
    for (size_t i = 0; i < sizeof open / sizeof open[0]; i++) {
        ink_endpoints_t all = derived (open[i]);
        assert_true (ink_endpoints_public (&all));
    }
    for (size_t i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        ink_endpoints_t all = derived (closed[i]);
        assert_false (ink_endpoints_public (&all));
    }
}

static void
every_address_of_another_machine_is_that_we_reach_it_at (void **state)
{
    (void) state;
    static const char *const rows[][3] = {
        {"tcp://0.0.0.0:5673", "tcp://server:5671", "tcp://server:5673"},
        {"tcp://*:5673", "tcp://10.0.0.1:5671", "tcp://10.0.0.1:5673"},
        {"tcp://[::]:5673", "tcp://[fe80::1]:5671", "tcp://[fe80::1]:5673"},
        {"tcp://other:5673", "tcp://server:5671", "tcp://other:5673"},
        {"tcp://0.0.0.0.net:5673", "tcp://server:5671", "tcp://0.0.0.0.net:5673"},
        {"ipc:///run/lane-1", "ipc:///run/back", "ipc:///run/lane-1"},
        {"tcp://*:5673", "ipc:///run/back", "tcp://*:5673"},
        {"inproc://ink-lane-1", "inproc://ink-back", "inproc://ink-lane-1"},
    };
    char reached[INK_ENDPOINT_MOST];
    for (size_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        ink_endpoint_reach (rows[n][0], rows[n][1], reached);
        assert_string_equal (reached, rows[n][2]);
    }
    char endless[2 * INK_ENDPOINT_MOST] = "tcp://";
    memset (endless + 6, 'x', sizeof endless - 7);
    ink_endpoint_reach (endless, "tcp://server:5671", reached);
    assert_string_equal (reached, "");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (over_ipc_they_share_a_folder),
        cmocka_unit_test (over_tcp_they_share_a_host),
        cmocka_unit_test (inside_a_process_they_share_a_name),
        cmocka_unit_test (what_is_no_endpoint_is_refused),
        cmocka_unit_test (every_odd_port_in_range_is_taken_and_no_other),
        cmocka_unit_test (no_port_that_follows_is_one_of_connecting_peers),
        cmocka_unit_test (the_longest_that_is_taken_leaves_room_for_lanes),
        cmocka_unit_test (the_default_is_a_folder_of_the_user),
        cmocka_unit_test (only_tcp_beyond_loopback_is_public),
        cmocka_unit_test (every_address_of_another_machine_is_that_we_reach_it_at),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

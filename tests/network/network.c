//  network.c: an Inkling on five machines whose network fails in every way.
//
//    network [--long] [--seed N] [--only PATTERN] [--without heal|faults]
//
//  Ends with 77 when the system permits no network namespaces. `--without` takes away what
//  the test stands on, to show that it then fails.

#include <errno.h>
#include <stdio.h>

#include "campaign.h"
#include "lost.h"
#include "place.h"

#define SKIPPED 77

//  One for all tests: libzmq's own thread stays on the machine where it was started.
static wire_t *wire;

static int
begin (void **state)
{
    place_t *place = calloc (1, sizeof *place);
    void *world;
    assert_non_null (place);
    wire_heal (wire);
    world_begin (&world);
    place_open (place, world, wire);
    *state = place;
    return 0;
}

static int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    free (place);
    return world_end (&world);
}

static bool
read_options (int argc, char **argv)
{
    for (int n = 1; n < argc; n++) {
        const char *next = n + 1 < argc ? argv[n + 1] : "";
        if (!strcmp (argv[n], "--long"))
            campaign_options.is_long = true;
        else if (!strcmp (argv[n], "--seed") && *next)
            campaign_options.seed = strtoull (argv[++n], NULL, 10);
        else if (!strcmp (argv[n], "--only") && *next)
            cmocka_set_test_filter (argv[++n]);
        else if (!strcmp (argv[n], "--without") && !strcmp (next, "heal"))
            campaign_options.heals = n++ < 0;
        else if (!strcmp (argv[n], "--without") && !strcmp (next, "faults"))
            campaign_options.breaks = n++ < 0;
        else
            return false;
    }
    return true;
}

int
main (int argc, char **argv)
{
    const char *why;
    if (!read_options (argc, argv)) {
        fprintf (stderr, "network [--long] [--seed N] [--only PATTERN] "
                         "[--without heal|faults]\n");
        return 2;
    }
    wire = wire_new (campaign_options.seed, &why);
    if (!wire) {
        printf ("SKIPPED, for want of root and /dev/net/tun: %s: %s\n", why,
                strerror (errno));
        return SKIPPED;
    }
#define ON_FIVE_MACHINES(name) cmocka_unit_test_setup_teardown (name, begin, end)
    const struct CMUnitTest tests[] = {
        ON_FIVE_MACHINES (a_revocation_lost_for_a_moment_costs_at_most_one_lease),
        ON_FIVE_MACHINES (a_revocation_lost_beyond_silence_costs_at_most_one_lease),
        ON_FIVE_MACHINES (whatever_befalls_the_network_each_request_has_one_right_end),
    };
    int failed = cmocka_run_group_tests (tests, NULL, NULL);
    wire_destroy (&wire);
    return failed;
}

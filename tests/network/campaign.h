//  campaign.h: faults of every kind on every link, while requests run.

#ifndef CAMPAIGN_H_INCLUDED
#define CAMPAIGN_H_INCLUDED

#include <stdbool.h>
#include <stdint.h>

typedef struct {
    uint64_t seed;
    bool is_long;       //  Each fault on each link, and then two at a time
    bool heals, breaks; //  False: it does not, to show that the test then fails
} campaign_options_t;

extern campaign_options_t campaign_options;

//  A test over a place_t.
void whatever_befalls_the_network_each_request_has_one_right_end (void **state);

#endif

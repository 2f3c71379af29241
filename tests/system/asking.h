//  asking.h: questions of system tests, answers to them, and what the ventilator tells.

#ifndef ASKING_H_INCLUDED
#define ASKING_H_INCLUDED

#include "harness.h"
#include "inkling.h"

ink_client_t *connect_to (const char *endpoint);

//  Waits until so many workers are live.
void wait_live (ink_client_t *client, size_t workers);
size_t live_workers (ink_client_t *client);
uint64_t counter (ink_client_t *client, const char *name);
size_t requests_known (ink_client_t *client);
uint64_t leases_held (ink_client_t *client); //  By all workers

//  A request over a whole source for one kernel. `us` is the pace of the slow kernel, or -1.
ink_request_t *question (const char *source, const char *kernel, int64_t us);
void submit (ink_client_t *client, const ink_request_t *request);

//  All replies of one request, in the order in which they came.
typedef struct {
    ink_reply_t **items;
    size_t size, finals;
} replies_t;

//  Takes the next reply, whichever request it is of; false when none came in time.
bool take_reply (ink_client_t *client, replies_t *replies, int within_ms);

//  Takes replies until `finals` of them were final.
void take_finals (ink_client_t *client, replies_t *replies, size_t finals, int within_ms);
const ink_reply_t *final_of (const replies_t *replies, const char *kernel);
uint64_t covered_by (const ink_reply_t *reply);
void forget (replies_t *replies);

//  Waits for the first partial that covers something.
void wait_partial (ink_client_t *client, replies_t *replies);

//  Asks, takes all replies and checks that the final is the oracle's over those bytes.
void check_answer (ink_client_t *client, const ink_request_t *request, const char *kernel,
                   const uint8_t *bytes, uint64_t offset, uint64_t length);

//  Checks that a final has no error and the oracle's value. "slow" is a histogram.
void check_final (const ink_reply_t *final, const int64_t *params, const uint8_t *bytes,
                  uint64_t offset, uint64_t length);

#endif

//  office.h: what the rooms of the foreman share; nobody else includes it.
//
//      foreman.c   the door, time, and how demands end
//      front.c     what clients say
//      back.c      what workers say, and what becomes of lost ones
//      revoke.c    what workers need not compute any more
//      dispatch.c  who gets which work
//      cut.c       a lease in the making
//      sample.c    what is looked at first of a range that takes long
//      chain.c     parts that are computed one after the other
//      known.c     what the cache says
//      settle.c    what the sink says
//      view.c      what becomes of views that move
//      report.c    what a person sees of all this
//      tally.c     what is counted

#ifndef INK_OFFICE_H_INCLUDED
#define INK_OFFICE_H_INCLUDED

#include "inkling/error.h"
#include "ventilator/foreman.h"
#include "ventilator/lease.h"
#include "ventilator/past.h"
#include "ventilator/registry.h"

//  clang-format never comes to rest over such lists.
// clang-format off
#define INK_COUNTERS(C) \
    C (requests) C (refused) \
    C (ended_ok) C (ended_partial) C (ended_cancelled) C (ended_timeout) \
    C (ended_no_worker) C (ended_changed) C (ended_failed) C (ended_refused) \
    C (finals) C (partials) C (partials_replaced) C (cancelled) C (superseded) \
    C (parts_cached) C (parts_computed) C (parts_shared) C (parts_failed) \
    C (leases) C (leases_ahead) C (samples) C (backups) C (leases_revoked) \
    C (spans_revoked) C (leases_expired) C (retries) \
    C (late_values) C (doubled_values) C (bad_values) \
    C (clients_lost) C (workers_lost) C (workers_refused) C (quarantines) C (sinks_lost) \
    C (bad_messages) C (bad_at_front) C (bad_at_back) C (bad_from_sink)
// clang-format on

typedef struct {
#define INK_COUNTER_MEMBER(name) uint64_t name;
    INK_COUNTERS (INK_COUNTER_MEMBER)
#undef INK_COUNTER_MEMBER
} ink_counters_t;

//  What is revoked in this step, in one message
typedef struct {
    ink_msg_revoked_t *items; //  NULL: nothing yet
    size_t size;
    size_t action; //  Which one says so
} ink_revoked_t;

struct ink_foreman {
    uint64_t epoch;
    const char *control, *values;
    int64_t now, next_tick;
    ink_demands_t demands;
    ink_leases_t leases;
    ink_registry_t *registry;
    ink_past_t past;
    ink_counters_t counters;
    ink_cache_stat_t cache;      //  As last told by the shell
    ink_msg_greeting_t greeting; //  As last told by the sink

    uint64_t seq;   //  Of the control channel
    uint64_t order; //  Of the last EXPECT
    uint64_t sink;  //  Instance; 0: not met yet
    bool sink_met, sink_refuses;
    int64_t sink_heard;
    uint64_t sink_order; //  Of the last EXPECT that it has heard, as it says
    bool early;          //  There are demands that are
    int64_t next_greet, next_beacon, next_meeting;
    uint64_t next_nonce;
    uint64_t turn; //  Counts dispatches

    ink_actions_t out;
    ink_revoked_t revoked;
    bool thinned;         //  Of some lease not all is wanted any more
    ink_arena_t arena;    //  Of texts and lists in `out`
    ink_action_t nowhere; //  Written to when memory ran out, never performed
    bool failed;          //  Memory ran out in this step
};

//  Appends an action and returns it, to be filled in before the next one is appended.
ink_action_t *ink_office_do (ink_foreman_t *self, ink_do_t kind);

//  The same for a message; returns it.
ink_msg_t *
ink_office_say (ink_foreman_t *self, ink_do_t kind, uint64_t peer, ink_msg_kind_t msg);

//  Zeroed memory that lives as long as the actions; NULL, and the step fails, when there is
//  none.
void *ink_office_alloc (ink_foreman_t *self, size_t size);
const char *ink_office_text (ink_foreman_t *self, const char *text);

//  foreman.c
void
ink_office_end (ink_foreman_t *self, ink_demand_t *demand, int error, const char *detail);
void ink_office_retire (ink_foreman_t *self, ink_demand_t *demand, bool purge);

//  Sends the reply, or keeps a partial back while the last one was not taken, or drops it when it
//  shows less than a glimpse did: NULL then.
ink_action_t *ink_office_reply (ink_foreman_t *self, ink_strand_t *strand,
                                const ink_msg_reply_t *reply, ink_payload_t *payload);

void ink_office_replan (ink_foreman_t *self, ink_demand_t *demand);

//  front.c
void ink_office_client (ink_foreman_t *self, ink_event_t *event);
void ink_office_client_gone (ink_foreman_t *self, uint64_t peer);
void ink_office_client_silent (ink_foreman_t *self, ink_client_entry_t *client);
void ink_office_bad_message (ink_foreman_t *self, const ink_event_t *event);
void ink_office_opened (ink_foreman_t *self, const ink_event_t *event);

//  back.c
void ink_office_worker (ink_foreman_t *self, const ink_event_t *event);
void ink_office_proven (ink_foreman_t *self, const ink_msg_probe_t *probe);
void ink_office_probe_all (ink_foreman_t *self);
void ink_office_meet_again (ink_foreman_t *self, ink_worker_t *worker);
void ink_office_lane_stuck (ink_foreman_t *self, uint64_t worker);
void ink_office_lose (ink_foreman_t *self, ink_worker_t *worker, bool blame);
void ink_office_expire (ink_foreman_t *self, ink_lease_t *lease);
void ink_office_revoke (ink_foreman_t *self, ink_lease_t *lease);
void ink_office_close_lease (ink_foreman_t *self, ink_lease_t *lease);

//  Drops the chunk, and revokes the leases of which nothing is left then.
void ink_office_drop (ink_foreman_t *self, ink_chunk_t *chunk);

//  Takes the chunk out of a lease; unless it has another, it is READY again or, when nobody
//  wants it, dropped.
void ink_office_return (ink_foreman_t *self, ink_lease_t *lease, size_t slot);
void ink_office_give_up (ink_foreman_t *self, ink_chunk_t *chunk, int error);

//  revoke.c

//  Tells the worker to leave a lease, or one span of it (INK_ANY: all).
void
ink_office_tell_revoked (ink_foreman_t *self, const ink_lease_t *lease, uint64_t span);

//  Nobody wants the chunk any more, which is about to be dropped.
void ink_office_note_unwanted (ink_foreman_t *self, const ink_chunk_t *chunk);

//  Tells workers which spans to leave out of leases that are not wanted whole any more. To be
//  called before work is handed out.
void ink_office_thin_out (ink_foreman_t *self);

//  dispatch.c
void ink_office_dispatch (ink_foreman_t *self);

//  Nobody waits for the demand any more: leases of it that go on, because others want their
//  values, are counted as those others' from now on.
void ink_office_bequeath (ink_foreman_t *self, ink_demand_t *demand);

//  Gives what slow workers hold to idle ones too. To be called now and then.
void ink_office_back_up (ink_foreman_t *self);
void ink_office_kernel (ink_foreman_t *self, const ink_strand_t *strand,
                        ink_msg_kernel_t *kernel);
ink_chunk_key_t ink_office_key (const ink_strand_t *strand, uint64_t part);

//  All strands that want the value of a chunk.
ink_kin_walk_t ink_office_kin (ink_foreman_t *self, const ink_chunk_key_t *key);

//  The present strand of such a walk.
ink_strand_t *ink_office_strand (const ink_kin_walk_t *walk);

//  Sets the state of a chunk's part in all strands that want it and are in state `from`;
//  returns in how many.
size_t ink_office_mark (ink_foreman_t *self, const ink_chunk_key_t *key,
                        ink_part_state_t from, ink_part_state_t to);
bool ink_office_is_wanted (ink_foreman_t *self, const ink_chunk_key_t *key,
                           const ink_demand_t *except);

//  Drops chunks that are in no lease and that nobody wants any more.
void ink_office_sweep (ink_foreman_t *self);

//  sample.c

//  Gives the worker samples of the demand, if there are to be any before its parts; when
//  `ahead`, before what waits there.
bool ink_office_sample (ink_foreman_t *self, ink_demand_t *demand, ink_worker_t *worker,
                        bool ahead);

//  Samples are taken from the beginning, of what is now lacking; or no more of them.
void ink_office_sample_anew (ink_demand_t *demand);
void ink_office_sample_no_more (ink_foreman_t *self, ink_demand_t *demand);

//  The places of the course that a demand needs which is only sampled, by what the cache knows;
//  0: all of them.
uint64_t ink_office_places (const ink_demand_t *demand, const uint8_t *const known[]);

//  chain.c

//  Begins behind the parts that are DONE, of which the last left this state.
void ink_office_begin_chain (ink_strand_t *strand, const void *state, size_t size);

//  The parts that may be computed next become READY. Nothing happens to a strand that is no
//  chain.
void ink_office_release (ink_foreman_t *self, ink_strand_t *strand);

//  Part n is being computed: those behind it are not READY any more.
void ink_office_hold (ink_foreman_t *self, ink_strand_t *strand, uint64_t n);

//  The state behind part n has come; part n was given up, and with it all behind it.
void ink_office_reach (ink_foreman_t *self, ink_strand_t *strand, uint64_t n,
                       const ink_msg_arrival_t *arrival);
void ink_office_break (ink_foreman_t *self, ink_strand_t *strand, uint64_t n);

//  settle.c
void ink_office_sink (ink_foreman_t *self, ink_event_t *event);

//  known.c

//  Asks the cache what it knows of the demand, if that makes sense, and goes on from there.
void ink_office_look (ink_foreman_t *self, ink_demand_t *demand);
void ink_office_glimpsed (ink_foreman_t *self, const ink_event_t *event);
void ink_office_looked (ink_foreman_t *self, const ink_event_t *event);
void ink_office_found (ink_foreman_t *self, ink_event_t *event);

//  Has those parts computed again whose values came too early, at most every 100 ms.
void ink_office_go_on (ink_foreman_t *self, ink_demand_t *demand);

//  view.c

//  Ends the demand when a later statement of its view runs, and says whether.
bool ink_office_end_if_late (ink_foreman_t *self, ink_demand_t *demand);

//  Ends all earlier statements of the demand's view.
void ink_office_end_earlier (ink_foreman_t *self, const ink_demand_t *demand);

//  report.c
void ink_office_status (ink_foreman_t *self, ink_client_entry_t *client);

//  tally.c

//  Counts a message that is not of the protocol, or of the wrong direction, where it came.
void ink_office_bad (ink_foreman_t *self, ink_event_kind_t from);

//  Counts a request by how it ended.
void ink_office_ended (ink_foreman_t *self, int error, bool incomplete);
void ink_office_list_counters (ink_foreman_t *self, ink_msg_status_t *status);

#endif

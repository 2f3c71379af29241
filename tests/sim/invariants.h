//  invariants.h: what must hold after every step, whatever happens.

#ifndef SIM_INVARIANTS_H_INCLUDED
#define SIM_INVARIANTS_H_INCLUDED

#include "client.h"
#include "sink.h"
#include "ventilator.h"
#include "worker.h"

//  The books of the foreman agree with each other, and its actions with them.
void check_foreman (world_t *world, sim_ventilator_t *self, const ink_event_t *event,
                    const ink_actions_t *actions);

//  The control channel counts what it says.
void check_published (world_t *world, sim_ventilator_t *self, const ink_msg_t *msg);

//  Nothing is told of before it is visible, no final before its values.
void check_collector (world_t *world, sim_sink_t *self, const ink_heard_t *heard,
                      const ink_sink_actions_t *actions);

//  What was missed on the control channel is asked for; a revoked lease is not worked on.
void check_runner (world_t *world, sim_worker_t *self, ink_told_kind_t kind,
                   const ink_msg_t *msg, const ink_work_actions_t *actions);

void check_slice (world_t *world, sim_worker_t *self, const ink_msg_lease_t *lease);

//  What takes the place of a partial says so to the ventilator.
void check_session (world_t *world, const ink_session_actions_t *actions);

//  No more waits for an application than a partial and a final of each kernel.
void check_client (world_t *world, sim_client_t *self);

//  Everything has ended: nobody holds on to anything.
void check_rest (world_t *world);

#endif

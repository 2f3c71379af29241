//  client.h: the shell around a session, faked whole (src/client/client.c), and the
//  application behind it.

#ifndef SIM_CLIENT_H_INCLUDED
#define SIM_CLIENT_H_INCLUDED

#include "asks.h"
#include "network.h"

#define WAITING_MOST 256

struct sim_client {
    process_t process;
    ink_session_t *session;
    ink_session_actions_t out;
    link_t *front;
    ink_letter_t letter;
    ink_reply_t *waiting[WAITING_MOST]; //  For the application
    size_t waiting_size;
    bool lazy;   //  The application takes nothing
    bool asking; //  A call of it waits for an ANSWER
    int64_t next_whim;
};

sim_client_t *client_new (world_t *world, int n);
void client_destroy (sim_client_t **self_p);

void client_start (world_t *world, sim_client_t *self);

//  Without a word, as kill -9.
void client_kill (world_t *world, sim_client_t *self, int64_t back_at);

//  Asks something new at once.
void client_ask (world_t *world, sim_client_t *self);

#endif

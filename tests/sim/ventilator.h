//  ventilator.h: the shell around the foreman, faked whole (src/ventilator/ventilator.c).

#ifndef SIM_VENTILATOR_H_INCLUDED
#define SIM_VENTILATOR_H_INCLUDED

#include "network.h"
#include "ventilator/foreman.h"
#include "ventilator/look.h"

#define LOOKS_MOST 256
#define LANES_MOST 256
#define UNTAKEN_MOST 256

struct sim_ventilator {
    process_t process;
    ink_foreman_t *foreman;
    uint64_t epoch, seq; //  seq: of the last REVOKE
    link_t *sink;
    ink_letter_t letter;

    struct {
        uint64_t worker, number; //  0: none
    } lanes[LANES_MOST];
    uint64_t next_lane;

    struct {
        uint64_t handle; //  0: none
        ink_lookup_t *lookup;
        int64_t due; //  When it is LOOKED; NEVER: it was
        bool later;  //  The cache is asked then, not at the beginning
    } looks[LOOKS_MOST];

    ink_event_t *caused; //  Events that performing has caused
    size_t caused_size, caused_room;

    //  Partials that were sent and not taken; seq 0: none
    struct {
        uint64_t handle, kernel, peer, seq;
    } untaken[UNTAKEN_MOST];

    uint64_t glimpses, wishes; //  Of all its lives
};

sim_ventilator_t *ventilator_new (world_t *world);
void ventilator_destroy (sim_ventilator_t **self_p);

//  A new life, with another epoch; the end of one.
void ventilator_start (world_t *world);
void ventilator_kill (world_t *world, int64_t back_at);

//  The lane a worker was told of, when it is bound now.
bool ventilator_has_lane (const sim_ventilator_t *self, uint64_t number);

#endif

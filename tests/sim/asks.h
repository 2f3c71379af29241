//  asks.h: every question that was ever asked in a world, and what became of it.

#ifndef SIM_ASKS_H_INCLUDED
#define SIM_ASKS_H_INCLUDED

#include "client/session.h"
#include "sources.h"
#include "world.h"

#define ASKS_MOST 48

typedef struct {
    const char *name; //  Of a kernel
    uint64_t shown;   //  The newest seq the application has seen
    uint64_t covered; //  Of the newest partial
    int finals;
    int error; //  Of the final
} asked_t;

typedef struct {
    int n, client;
    uint64_t life; //  Of the client
    char id[16];
    source_t *source; //  NULL: there is none
    source_t *other;  //  With which it is compared; NULL: with none
    uint64_t offset, length;
    uint64_t chunk;
    int64_t cell;
    int64_t limit;      //  Of the records that are listed
    bool single;        //  It searches for two bytes, else for a pattern
    uint64_t precision; //  Of the first report; the others are finer
    enum { NONE, SOON, LATER } reports;
    double sample;      //  0: all
    bool exact;         //  Estimates are refused
    int64_t timeout_us; //  0: none
    int64_t submitted, ended;
    int64_t since;     //  When its id was first used: it may have joined one that runs
    int64_t cancelled; //  When somebody last said so; -1: never
    bool conflicts;    //  The id is also that of another body
    bool abandoned;    //  Its client has vanished
    bool late;         //  Asked when all was calm: nothing excuses an error
    size_t kernels, open;
    asked_t kernel[INK_KERNELS_MOST];
} ask_t;

struct asks {
    ask_t items[ASKS_MOST];
    size_t size;
    uint64_t replies, partials, finals;
    uint64_t estimates, sampled, coarse, compared, cut_short; //  Of these
    uint64_t errors[INK_ERROR_COUNT];
};

//  Makes a question nobody has asked before; NULL when there are enough.
ask_t *asks_new (world_t *world, int client);

//  The same question once more, from whomever.
ask_t *asks_again (world_t *world, const ask_t *old, int client);

ink_request_t *ask_request (const ask_t *self);

//  The view that it states; NULL for none.
const char *ask_view (const ask_t *self);

//  The open one of that client and id, or NULL.
ask_t *asks_find (world_t *world, int client, const char *id);

//  How many are open and not abandoned.
size_t asks_open (const asks_t *self);

//  A reply was handed to the application; one was taken by it. Both check what it says.
void asks_delivered (world_t *world, int client, const ink_reply_t *reply);
void asks_taken (world_t *world, int client, const ink_reply_t *reply);

#endif

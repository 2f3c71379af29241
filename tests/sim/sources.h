//  sources.h: the files of a world, with all they have ever been.

#ifndef SIM_SOURCES_H_INCLUDED
#define SIM_SOURCES_H_INCLUDED

#include "source/source.h"
#include "world.h"

#define SOURCES_MOST 3
#define VERSIONS_MOST 8

typedef struct {
    ink_identity_t identity;
    uint8_t *bytes;
    int64_t since; //  When it came to be so
} version_t;

typedef struct {
    char name[32];
    version_t versions[VERSIONS_MOST];
    size_t count; //  The last one is what it is now
    //  Whoever maps a byte of this range crashes; length 0: none
    uint64_t poison, poison_length;
    bool poison_is_deadly; //  Also to who computes with care
} source_t;

struct sources {
    source_t items[SOURCES_MOST];
    size_t size;
};

sources_t *sources_new (world_t *world);
void sources_destroy (sources_t **self_p);

source_t *sources_find (sources_t *self, const char *name); //  Or NULL
const version_t *source_now (const source_t *self);

//  Its bytes change, and sometimes its size. False when it has changed often enough.
bool source_change (world_t *world, source_t *self);

bool source_is_poisoned (const source_t *self, uint64_t offset, uint64_t length);

#endif

//  chunks.h: a server of its own over a file of 4096 chunks, of which nothing is known.

#ifndef CHUNKS_H_INCLUDED
#define CHUNKS_H_INCLUDED

#include "asking.h"

#define CHUNK (4 * KIB)
#define CHUNKS 4096
#define SIZE (CHUNKS * CHUNK)

//  The chunks, and those above them: 256, 16 and 1
#define NODES (CHUNKS + CHUNKS / 16 + CHUNKS / 256 + CHUNKS / 4096)

typedef struct {
    world_t *world;
    uint8_t *bytes;
    ink_client_t *client;
} place_t;

static inline int
begin (void **state)
{
    world_begin (state);
    place_t *place = calloc (1, sizeof *place);
    assert_non_null (place);
    place->world = *state;
    *state = place;
    place->bytes = make_file (place->world, "file", TEXT, 3, SIZE);
    const char *endpoint = world_endpoint (place->world, false);
    setenv ("INKLING_ENDPOINT", endpoint, 1);
    start (place->world, "serve",
           "inkling serve --workers 2 --state $F/state --root data=$F "
           "--endpoint $INKLING_ENDPOINT --cache $F/cache");
    place->client = connect_to (endpoint);
    wait_live (place->client, 2);
    return 0;
}

static inline int
end (void **state)
{
    place_t *place = *state;
    void *world = place->world;
    ink_client_destroy (&place->client);
    free (place);
    return world_end (&world);
}

#endif

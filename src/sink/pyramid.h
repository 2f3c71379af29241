//  pyramid.h: nodes that may have all their children by now.
//
//  When the value of a node is stored, the one above it becomes a wish: it is looked into when
//  the sink has nothing else to do. Once it has been made, the next one up is a wish, and so
//  on to the top. Wishes beyond a bound are dropped, for a node that is not there costs time,
//  never an answer, and the next value stored beneath it is another chance.

#ifndef INK_PYRAMID_H_INCLUDED
#define INK_PYRAMID_H_INCLUDED

#include "base/list.h"
#include "base/map.h"
#include "cache/cache.h"
#include "inkling/kernel.h"
#include "value/node.h"

#define INK_WISHES_MOST 4096

//  Names a value of a node of a series, no padding
typedef struct {
    ink_series_t series;
    ink_node_t node;
    uint64_t doublings; //  Of its cells: some a level; 0 for chunks and counts
} ink_wish_key_t;

typedef struct {
    ink_wish_key_t key;
    const ink_kernel_t *kernel;
    ink_args_t args;
} ink_wish_t;

typedef struct {
    ink_map_t *map;     //  By key
    ink_link_t waiting; //  The oldest first
} ink_pyramid_t;

//  INK_ENOMEM.
int ink_pyramid_init (ink_pyramid_t *self);
void ink_pyramid_free (ink_pyramid_t *self);

//  The value of the node that `stored` names is in the cache.
void ink_pyramid_grow (ink_pyramid_t *self, const ink_wish_t *stored);

//  The node itself may have all its children.
void ink_pyramid_wish (ink_pyramid_t *self, const ink_wish_t *wish);

//  Takes the oldest wish; false when there is none.
bool ink_pyramid_take (ink_pyramid_t *self, ink_wish_t *wish);

size_t ink_pyramid_size (const ink_pyramid_t *self);

#endif

//  heap.h: a priority queue whose nodes live inside the items.
//
//  The smallest node, by the order given, comes first. push, remove and update take
//  O(log n), first O(1).

#ifndef INK_HEAP_H_INCLUDED
#define INK_HEAP_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

typedef struct {
    size_t place; //  1 + index in the heap; 0: in none
} ink_heap_node_t;

//  True when a is to come before b.
typedef bool (ink_heap_before_t) (const ink_heap_node_t *a, const ink_heap_node_t *b);

typedef struct {
    ink_heap_before_t *before;
    ink_heap_node_t **nodes;
    size_t size, room;
} ink_heap_t;

void ink_heap_init (ink_heap_t *self, ink_heap_before_t *before);
void ink_heap_free (ink_heap_t *self); //  The items stay

//  The first node, or NULL.
ink_heap_node_t *ink_heap_first (const ink_heap_t *self);

//  Adds a node that is in no heap. INK_ENOMEM: nothing has changed.
int ink_heap_push (ink_heap_t *self, ink_heap_node_t *node);

//  Takes a node out; nothing happens when it is in no heap.
void ink_heap_remove (ink_heap_t *self, ink_heap_node_t *node);

//  Call after the order of a node in the heap has changed.
void ink_heap_update (ink_heap_t *self, ink_heap_node_t *node);

#endif

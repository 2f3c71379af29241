//  heap.c: a binary heap of nodes that know their place.

#include <assert.h>

#include "base/heap.h"
#include "base/memory.h"
#include "inkling/error.h"

#define ROOM_AT_FIRST 16

void
ink_heap_init (ink_heap_t *self, ink_heap_before_t *before)
{
    *self = (ink_heap_t){.before = before};
}

void
ink_heap_free (ink_heap_t *self)
{
    for (size_t i = 0; i < self->size; i++)
        self->nodes[i]->place = 0;
    ink_free (self->nodes);
    ink_heap_init (self, self->before);
}

ink_heap_node_t *
ink_heap_first (const ink_heap_t *self)
{
    return self->size ? self->nodes[0] : NULL;
}

//  Puts `node` at `index`, whatever was there.
static void
settle (ink_heap_t *self, size_t index, ink_heap_node_t *node)
{
    self->nodes[index] = node;
    node->place = index + 1;
}

static void
rise (ink_heap_t *self, ink_heap_node_t *node)
{
    size_t index = node->place - 1;
    while (index > 0) {
        size_t parent = (index - 1) / 2;
        if (!self->before (node, self->nodes[parent]))
            break;
        settle (self, index, self->nodes[parent]);
        index = parent;
    }
    settle (self, index, node);
}

static void
sink (ink_heap_t *self, ink_heap_node_t *node)
{
    size_t index = node->place - 1;
    for (;;) {
        size_t child = 2 * index + 1;
        if (child + 1 < self->size &&
            self->before (self->nodes[child + 1], self->nodes[child]))
            child++;
        if (child >= self->size || !self->before (self->nodes[child], node))
            break;
        settle (self, index, self->nodes[child]);
        index = child;
    }
    settle (self, index, node);
}

static int
grow (ink_heap_t *self)
{
    size_t room = self->room ? self->room * 2 : ROOM_AT_FIRST;
    ink_heap_node_t **nodes = ink_resize (self->nodes, room * sizeof *nodes);
    if (!nodes)
        return INK_ENOMEM;
    self->nodes = nodes;
    self->room = room;
    return INK_OK;
}

int
ink_heap_push (ink_heap_t *self, ink_heap_node_t *node)
{
    assert (node->place == 0);
    if (self->size == self->room && grow (self) != INK_OK)
        return INK_ENOMEM;
    settle (self, self->size++, node);
    rise (self, node);
    return INK_OK;
}

void
ink_heap_remove (ink_heap_t *self, ink_heap_node_t *node)
{
    if (node->place == 0)
        return;
    assert (self->nodes[node->place - 1] == node);
    ink_heap_node_t *last = self->nodes[--self->size];
    if (last != node) {
        settle (self, node->place - 1, last);
        ink_heap_update (self, last);
    }
    node->place = 0;
}

void
ink_heap_update (ink_heap_t *self, ink_heap_node_t *node)
{
    assert (node->place > 0);
    rise (self, node);
    sink (self, node);
}

//  list.h: a doubly linked list whose links live inside the items.
//
//  Nothing is allocated. A link that is in no list points to itself.

#ifndef INK_LIST_H_INCLUDED
#define INK_LIST_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

typedef struct ink_link {
    struct ink_link *prev, *next;
} ink_link_t;

//  The item of which `link` is the member `member`.
#define INK_ITEM(link, type, member) \
    ((type *) (void *) ((char *) (link) -offsetof (type, member)))

//  Walks over `list`; the body may take the present item out.
#define INK_LIST_EACH(link, list)                                                    \
    for (ink_link_t *link = (list)->next, *link##_next = link->next; link != (list); \
         link = link##_next, link##_next = link->next)

static inline void
ink_list_init (ink_link_t *list)
{
    list->prev = list->next = list;
}

static inline bool
ink_list_empty (const ink_link_t *list)
{
    return list->next == list;
}

static inline void
ink_list_append (ink_link_t *list, ink_link_t *link)
{
    link->prev = list->prev;
    link->next = list;
    list->prev->next = link;
    list->prev = link;
}

//  Takes `link` out of its list, if it is in one.
static inline void
ink_list_remove (ink_link_t *link)
{
    link->prev->next = link->next;
    link->next->prev = link->prev;
    link->prev = link->next = link;
}

#endif

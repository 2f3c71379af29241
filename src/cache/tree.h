//  tree.h: whether the pages of an LMDB file hang together.

#ifndef INK_TREE_H_INCLUDED
#define INK_TREE_H_INCLUDED

#include <stdint.h>

typedef enum {
    INK_TREE_SOUND,
    INK_TREE_DAMAGED,
    INK_TREE_UNKNOWN //  Time or memory ended before the walk; so far it was sound
} ink_tree_t;

//  LMDB follows every page number and offset it reads, so a flipped bit in a page of its
//  trees can kill or mislead the process. This walks the trees, as of a transaction, without
//  trusting anything: reads instead of a map, each page once, keys in order, all counts as
//  the tables say, no free page in use. It reads the pages of the trees, not the large
//  values, and takes no longer than `patience_us`.
//
//  A reader of that transaction must last meanwhile, or nobody may write.
ink_tree_t ink_tree_check (int file, uint64_t transaction, int64_t patience_us);

#endif

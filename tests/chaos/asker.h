//  asker.h: a client process that keeps asking, and checks all it is told.

#ifndef CHAOS_ASKER_H_INCLUDED
#define CHAOS_ASKER_H_INCLUDED

#include "board.h"

//  Asks until the board is calm and all it has asked has ended. First it goes on with what
//  the one it replaces had asked. Returns the exit status.
int ask (board_t *board, size_t stand, size_t number, const char *folder,
         const char *endpoint);

#endif

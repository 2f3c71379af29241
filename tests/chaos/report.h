//  report.h: what a campaign was and what came of it, for machines and for people.

#ifndef CHAOS_REPORT_H_INCLUDED
#define CHAOS_REPORT_H_INCLUDED

#include "board.h"

//  Prints all of it and returns whether the campaign may be believed and all was well.
bool report (const board_t *board, uint64_t wall_ms);

#endif

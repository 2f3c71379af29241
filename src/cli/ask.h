//  ask.h: the common part of `run` and `request`: submit, receive, show, keep.

#ifndef INK_ASK_H_INCLUDED
#define INK_ASK_H_INCLUDED

#include "cli/options.h"

//  Asks the ventilator at `endpoint` about `source` and follows until every kernel has its
//  final. `signals` is from ink_signals_block. Returns the exit status.
int ink_ask (const ink_options_t *options, const char *endpoint, const char *source,
             const char *other, int signals);

#endif

//  trace.h: what happened, a line an event and a line a decision.
//
//        12.345678  worker 2      <  LEASE         lease 7, slots 4, first at 8192
//
//  Lines are kept as numbers and hashed as such; they become text only when somebody wants to
//  read them. Two runs of one seed give the same hash.

#ifndef SIM_TRACE_H_INCLUDED
#define SIM_TRACE_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "protocol/messages.h"

#define TRACE_LAST 40

typedef struct {
    int64_t time;
    const char *role; //  Of constant text, as `word` and `form`
    int n;
    char mark; //  '<' heard, '>' said, '=' decided, '!' a fault, '?' the application
    const char *word;
    char name[24];
    const char *form; //  Of three numbers at most
    uint64_t numbers[3];
} trace_line_t;

typedef struct {
    uint64_t hash;
    uint64_t count;
    bool printing;
    trace_line_t last[TRACE_LAST];
} trace_t;

//  Adds a line, and prints it when `printing`.
void trace_add (trace_t *self, const trace_line_t *line);

//  Prints the last lines.
void trace_print (const trace_t *self);

//  What a message says of itself in a line: fills name, form and numbers.
void trace_describe (trace_line_t *line, const ink_msg_t *msg);

#endif

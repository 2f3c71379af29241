//  log.h: what a daemon says about itself, a line an event, on stderr.
//
//      12.345678 ventilator: worker host/1 is live
//
//  Silent in a program that embeds Inkling, unless it asks.

#ifndef INK_LOG_H_INCLUDED
#define INK_LOG_H_INCLUDED

typedef enum {
    INK_LOG_SILENT,
    INK_LOG_EVENTS, //  What an operator wants to know
    INK_LOG_TRACE   //  Every message as well
} ink_log_level_t;

void ink_log_set (ink_log_level_t level);
ink_log_level_t ink_log_level (void);

//  `who` is the role. Control characters in what is printed become '?'.
void ink_log (ink_log_level_t level, const char *who, const char *format, ...)
    __attribute__ ((format (printf, 3, 4)));

//  For shells whose brain is out of memory: says so, whatever the level, and aborts. Whoever
//  supervises the process starts it again.
void ink_log_starved (const char *who) __attribute__ ((noreturn));

#endif

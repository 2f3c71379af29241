//  signals.h: Ctrl-C and SIGTERM as events of a poll loop.

#ifndef INK_SIGNALS_H_INCLUDED
#define INK_SIGNALS_H_INCLUDED

//  Blocks SIGINT and SIGTERM; to be called before any thread starts, which all inherit it.
//  Returns a descriptor that is readable when one came, or -1.
int ink_signals_block (void);

//  The signal that came, or 0. Does not wait.
int ink_signals_read (int descriptor);

//  The last words are said: from here on a signal ends the program at once, and it ends with
//  `status` when cleaning up takes longer than `seconds`.
void ink_signals_leave (int status, unsigned seconds);

#endif

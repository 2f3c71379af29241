//  mend.h: sets aside a cache that crashes whoever reads it.

#ifndef INK_MEND_H_INCLUDED
#define INK_MEND_H_INCLUDED

#include <stdbool.h>

//  Does what may crash in a process of its own, which ends with what `act` returns, or after
//  20 s. Returns how it ended, as wait tells; -1: there was none.
int ink_mend_apart (int (*act) (const void *arg), const void *arg);

//  Whether such a process crashed: by a signal, or by what a sanitizer makes of one.
bool ink_mend_crashed (int status);

//  Reads all of the cache in `path` in a process of its own. When that crashes, or finds the
//  structure damaged, the cache is set aside in PATH/bad and a new one begun. Tells which on
//  stdout; 0, or the exit status after a complaint.
int ink_mend_check (const char *path);

//  Sets it aside without looking.
int ink_mend_renew (const char *path);

#endif

//  complain.h: the one shape in which the program says what went wrong.
//
//      inkling: CAUSE: SENTENCE (DETAIL)
//        hint: HINT

#ifndef INK_COMPLAIN_H_INCLUDED
#define INK_COMPLAIN_H_INCLUDED

//  Says an error of inkling/error.h; `detail` may be NULL or "". Returns its exit status.
int ink_complain (int error, const char *detail);

//  As above, with a sentence of its own, and a hint of its own unless it is NULL.
int ink_complain_so (int error, const char *hint, const char *sentence, ...)
    __attribute__ ((format (printf, 3, 4)));

#endif

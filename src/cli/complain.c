//  complain.c: the one shape in which the program says what went wrong.

#include "cli/complain.h"

#include <stdarg.h>
#include <stdio.h>

#include "inkling/error.h"

static int
say (int error, const char *sentence, const char *detail, const char *hint)
{
    //  One write, so that lines of several processes do not mix.
    char text[2048];
    int size =
        snprintf (text, sizeof text, "inkling: %s: %s%s%s%s\n", ink_error_name (error),
                  sentence, *detail ? " (" : "", detail, *detail ? ")" : "");
    if (*hint && size > 0 && (size_t) size < sizeof text)
        snprintf (text + size, sizeof text - (size_t) size, "  hint: %s\n", hint);
    fflush (stdout);
    fputs (text, stderr);
    return ink_error_status (error);
}

int
ink_complain (int error, const char *detail)
{
    return say (error, ink_error_text (error), detail ? detail : "",
                ink_error_hint (error));
}

int
ink_complain_so (int error, const char *hint, const char *sentence, ...)
{
    char text[1024];
    va_list arguments;
    va_start (arguments, sentence);
    vsnprintf (text, sizeof text, sentence, arguments);
    va_end (arguments);
    return say (error, text, "", hint ? hint : ink_error_hint (error));
}

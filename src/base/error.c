//  error.c: what each code of error.h is called, means and advises.

#include <string.h>

#include "inkling/error.h"

static const struct {
    const char *name, *text, *hint;
    int status, again;
} errors[INK_ERROR_COUNT] = {
#define ROW(code, name, status, again, sentence, hint) \
    [INK_##code] = {name, sentence, hint, status, again},
    INK_ERRORS (ROW)
#undef ROW
};

static int
known (int code)
{
    return code >= 0 && code < INK_ERROR_COUNT;
}

const char *
ink_error_name (int code)
{
    return known (code) ? errors[code].name : "unknown";
}

const char *
ink_error_text (int code)
{
    return known (code) ? errors[code].text : "an error this version does not know";
}

const char *
ink_error_hint (int code)
{
    return known (code) ? errors[code].hint : "";
}

int
ink_error_status (int code)
{
    return known (code) ? errors[code].status : 1;
}

int
ink_error_again (int code)
{
    return known (code) ? errors[code].again : 0;
}

int
ink_error_from_name (const char *name)
{
    for (int code = 0; code < INK_ERROR_COUNT; code++)
        if (strcmp (errors[code].name, name) == 0)
            return code;
    return -1;
}

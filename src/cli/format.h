//  format.h: the forms in which data leaves the program.

#ifndef INK_FORMAT_H_INCLUDED
#define INK_FORMAT_H_INCLUDED

#include <stdio.h>

#include "cli/data.h"

typedef enum {
    INK_FORMAT_NONE, //  Not said
    INK_FORMAT_RAW,
    INK_FORMAT_JSON,
    INK_FORMAT_PNG,
    INK_FORMAT_TEXT
} ink_format_t;

//  The format of a name, or of the extension of a path; INK_FORMAT_NONE for others.
ink_format_t ink_format_named (const char *name);
ink_format_t ink_format_of_path (const char *path);

//  "raw", "json", "png" or "txt".
const char *ink_format_extension (ink_format_t format);

//  0, or -1 with errno set.
int ink_format_write (ink_format_t format, const ink_data_t *data, FILE *out);

#endif

//  output.h: where data goes: a file, a folder or stdout.

#ifndef INK_OUTPUT_H_INCLUDED
#define INK_OUTPUT_H_INCLUDED

#include "cli/options.h"

typedef struct {
    const char *path, *partials; //  NULL: none
    bool folder;                 //  path is one
    bool standard;               //  Data goes to stdout
    ink_format_t format;         //  Of the data
    ink_format_t partial_format;
} ink_output_t;

//  Settles what goes where, and makes the folders. 0, or the exit status after a complaint.
int ink_output_init (ink_output_t *self, const ink_options_t *options);

//  Puts the data of a partial or of a final in its place; files change all at once. 0, or the
//  exit status after a complaint.
int ink_output_partial (const ink_output_t *self, const ink_data_t *data, uint64_t seq);
int ink_output_final (const ink_output_t *self, const ink_data_t *data);

//  Makes a folder and those above it, unless they are there. 0, or -1 with errno set.
int ink_output_make_folders (const char *path);

#endif

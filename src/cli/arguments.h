//  arguments.h: argp, with errors in the program's own shape and near misses named.

#ifndef INK_ARGUMENTS_H_INCLUDED
#define INK_ARGUMENTS_H_INCLUDED

#include <argp.h>
#include <stdbool.h>
#include <stdint.h>

//  What a parser returns after it has complained.
#define INK_ARGUMENT_BAD ECANCELED

//  Parses the arguments of a verb: `verb` is its argp, `input` goes to its parser, and --help
//  is added. True: go on. False: help was shown or something was wrong, and the verb ends
//  with *status.
bool ink_arguments_parse (const struct argp *verb, int argc, char **argv, void *input,
                          int *status);

//  The parser of an argp that has nothing but one child: hands its input on.
error_t ink_arguments_pass (int key, char *arg, struct argp_state *state);

//  Read one value of an option, here named "--chunk", within limits. 0, or a complaint and
//  INK_ARGUMENT_BAD.
error_t ink_argument_size (const char *option, const char *text, uint64_t least,
                           uint64_t most, uint64_t *value);
error_t ink_argument_number (const char *option, const char *text, int64_t least,
                             int64_t most, int64_t *value);
error_t ink_argument_decimal (const char *option, const char *text, double least,
                              double most, double *value);

//  Seconds, as milliseconds, at least 1.
error_t
ink_argument_seconds (const char *option, const char *text, uint32_t *milliseconds);

//  Complains about an argument that is one too many, or one that is missing.
error_t ink_argument_spare (const char *text);
error_t ink_argument_missing (const char *what);

#endif

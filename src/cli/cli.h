//  cli.h: the verbs of the program.
//
//  A verb gets its own arguments, argv [0] being its name, and returns the exit status.

#ifndef INK_CLI_H_INCLUDED
#define INK_CLI_H_INCLUDED

#include <stddef.h>

int ink_cli_run (int argc, char **argv);
int ink_cli_request (int argc, char **argv);
int ink_cli_serve (int argc, char **argv);
int ink_cli_ventilator (int argc, char **argv);
int ink_cli_sink (int argc, char **argv);
int ink_cli_worker (int argc, char **argv);
int ink_cli_status (int argc, char **argv);
int ink_cli_workers (int argc, char **argv);
int ink_cli_kernels (int argc, char **argv);
int ink_cli_cancel (int argc, char **argv);
int ink_cli_cache (int argc, char **argv);
int ink_cli_version (int argc, char **argv);
int ink_cli_help (int argc, char **argv);

#endif

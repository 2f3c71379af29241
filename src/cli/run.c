//  run.c: `inkling run`: everything in this process, nothing to set up.

#include "cli/cli.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/arguments.h"
#include "cli/ask.h"
#include "cli/complain.h"
#include "cli/folder.h"
#include "cli/output.h"
#include "cli/signals.h"
#include "inkling/client.h"
#include "inkling/local.h"

static const struct argp_child children[] = {{.argp = &ink_options_argp}, {0}};
static const struct argp run_argp = {
    .parser = ink_arguments_pass,
    .args_doc = "KERNEL[,KERNEL...] FILE [OTHER]",
    .doc = "Compute over a file, here and now.\v"
           "A kernel may also be the path of a shared object, as in ./mine.so. "
           "See `inkling kernels` for those there are.",
    .children = children};

static int
complain_open (const char *path)
{
    if (errno == EACCES || errno == EPERM)
        return ink_complain (INK_EPERM, path);
    if (errno == ENOENT || errno == ENOTDIR)
        return ink_complain (INK_ENOTFOUND, path);
    return ink_complain_so (INK_ESYSTEM, NULL, "cannot open %s (%s)", path,
                            strerror (errno));
}

//  The ventilator checks again; here the words are about the file that was typed.
static int
check_range (const ink_options_t *options, uint64_t size)
{
    if (options->length == 0)
        return ink_complain (INK_EEMPTY, options->source);
    if (size == 0) //  Or a file of /proc: the ventilator can tell
        return 0;
    bool inside = options->offset < size && (options->length == INK_TO_END ||
                                             options->length <= size - options->offset);
    if (inside)
        return 0;
    return ink_complain_so (INK_ERANGE, NULL,
                            "the range ends behind %s, which has %llu bytes",
                            options->source, (unsigned long long) size);
}

//  0, or the exit status after a complaint.
static int
check_file (const char *path, uint64_t *size)
{
    //  Without O_NONBLOCK a pipe would keep us waiting for its other end.
    int file = open (path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0)
        return complain_open (path);
    struct stat stat_of;
    int failed = fstat (file, &stat_of);
    close (file);
    if (failed)
        return complain_open (path);
    if (!S_ISREG (stat_of.st_mode))
        return ink_complain (INK_ENOTREGULAR, path);
    *size = (uint64_t) stat_of.st_size;
    return 0;
}

static int
check_files (const ink_options_t *options)
{
    uint64_t size, other_size;
    int status = check_file (options->source, &size);
    if (status == 0)
        status = check_range (options, size);
    if (status == 0 && options->other)
        status = check_file (options->other, &other_size);
    return status;
}

//  Where the cache is: NULL for none. 0, or the exit status after a complaint.
static int
choose_cache (const ink_options_t *options, char path[INK_FOLDER_MOST],
              const char **cache)
{
    *cache = options->cache;
    if (options->no_cache)
        *cache = NULL;
    if (options->cache || options->no_cache)
        return 0;
    if (ink_folder_cache (path) != 0 || ink_output_make_folders (path) != 0)
        return ink_complain (INK_ECACHE, path);
    *cache = path;
    return 0;
}

static int
run (const ink_options_t *options, const char *source, const char *other)
{
    char path[INK_FOLDER_MOST] = "";
    ink_local_options_t how = {.workers = options->workers,
                               .cache_size = options->cache_size};
    int error, status = choose_cache (options, path, &how.cache);
    if (status)
        return status;

    int signals = ink_signals_block (); //  Before any thread starts
    ink_local_t *local = ink_local_new (&how, &error);
    if (!local)
        return ink_complain (error, error == INK_ECACHE ? how.cache : NULL);
    status = ink_ask (options, ink_local_endpoint (local), source, other, signals);
    ink_local_destroy (&local);
    return status;
}

int
ink_cli_run (int argc, char **argv)
{
    ink_options_t options;
    ink_options_init (&options);
    int status;
    if (!ink_arguments_parse (&run_argp, argc, argv, &options, &status))
        return status;
    status = ink_options_load (&options);
    if (status == 0)
        status = ink_options_check (&options);
    if (status == 0)
        status = check_files (&options);
    if (status)
        return status;

    char *source = realpath (options.source, NULL);
    char *other = options.other ? realpath (options.other, NULL) : NULL;
    if (!source || (options.other && !other))
        status = complain_open (source ? options.other : options.source);
    else
        status = run (&options, source, other);
    free (source);
    free (other);
    return status;
}

//  cache.c: `inkling cache`: looks into a cache, checks it, mends it, clears it.

#include "cli/cli.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cache/cache.h"
#include "cli/arguments.h"
#include "cli/complain.h"
#include "cli/folder.h"
#include "cli/human.h"
#include "cli/mend.h"
#include "cli/query.h"

#define LIMIT (UINT64_C (4) << 30)

enum { CACHE = 0x700, JSON };

typedef struct {
    const char *action, *path;
    bool json;
} options_t;

static const struct argp_option table[] = {
    {"cache", CACHE, "DIR", 0,
     "The cache; if not said, $XDG_CACHE_HOME/inkling or ~/.cache/inkling", 0},
    {"json", JSON, NULL, 0, "Print JSON", 0},
    {0}};

static error_t
parse (int key, char *arg, struct argp_state *state)
{
    options_t *options = state->input;
    switch (key) {
    case CACHE:
        options->path = arg;
        return 0;
    case JSON:
        options->json = true;
        return 0;
    case ARGP_KEY_ARG:
        if (options->action)
            return ink_argument_spare (arg);
        options->action = arg;
        return 0;
    case ARGP_KEY_END:
        return options->action ? 0 : ink_argument_missing ("stat, verify or clear");
    default:
        return ARGP_ERR_UNKNOWN;
    }
}

static const struct argp cache_argp = {
    .options = table,
    .parser = parse,
    .args_doc = "stat|verify|clear",
    .doc = "Show what a cache holds, check all of it, or remove everything and give the "
           "disk back. Servers may go on using it meanwhile; verify ends with 5 when the "
           "cache was damaged and had to be set aside."};

static int
show_stat (ink_cache_t *cache, const options_t *options)
{
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    if (options->json)
        return ink_query_print (json_pack ("{s:s, s:I, s:I}", "cache", options->path,
                                           "records", (json_int_t) stat.records, "bytes",
                                           (json_int_t) stat.bytes));
    printf ("%s: %" PRIu64 " values, %s\n", options->path, stat.records,
            ink_human_bytes (stat.bytes).text);
    return 0;
}

static bool
was_set_aside (ink_cache_t *cache)
{
    ink_cache_stat_t stat;
    ink_cache_tend (cache);
    ink_cache_stat (cache, &stat);
    return stat.set_aside > 0;
}

//  Bad records are gone afterwards, so they are told, not an error; a store that cannot be
//  read as a whole is one, although a new one has begun.
static int
verify (ink_cache_t *cache, const options_t *options)
{
    uint64_t records, bad;
    int error = ink_cache_verify (cache, &records, &bad);
    if (was_set_aside (cache))
        return ink_complain_so (INK_ECACHE,
                                "nothing is lost but time: a new one has begun",
                                "the cache at %s was damaged and is now in %s/bad",
                                options->path, options->path);
    if (error != INK_OK)
        return ink_complain (error, options->path);
    if (options->json)
        return ink_query_print (json_pack ("{s:s, s:I, s:I}", "cache", options->path,
                                           "records", (json_int_t) records, "bad",
                                           (json_int_t) bad));
    printf ("%s: %" PRIu64 " values read, %" PRIu64 " bad%s\n", options->path, records,
            bad, bad ? " and removed" : "");
    return 0;
}

static int
clear (ink_cache_t *cache, const options_t *options)
{
    ink_cache_stat_t stat;
    ink_cache_stat (cache, &stat);
    int error = ink_cache_clear (cache);
    if (error != INK_OK)
        return ink_complain (error, options->path);
    if (options->json)
        return ink_query_print (json_pack ("{s:s, s:I}", "cache", options->path,
                                           "removed", (json_int_t) stat.records));
    printf ("%s: %" PRIu64 " values removed\n", options->path, stat.records);
    return 0;
}

//  With the cache open, or with its folder alone: those two are for the supervisor, and are not
//  in the help.
static const struct {
    const char *name;
    int (*act) (ink_cache_t *cache, const options_t *options);
    int (*mend) (const char *path);
} actions[] = {{"stat", show_stat, NULL},
               {"verify", verify, NULL},
               {"mend", NULL, ink_mend_check},
               {"renew", NULL, ink_mend_renew},
               {"clear", clear, NULL}};

static int
act_on (size_t n, const options_t *options)
{
    //  Opening would make a new one.
    if (access (options->path, F_OK) != 0)
        return ink_complain_so (INK_ENOTFOUND,
                                "`inkling run` begins one, or name another "
                                "with --cache",
                                "there is no cache at %s", options->path);
    if (actions[n].mend && options->json)
        return ink_complain_so (INK_EUSAGE, "leave out --json", "%s prints no JSON",
                                options->action);
    if (actions[n].mend)
        return actions[n].mend (options->path);
    int error = INK_OK;
    ink_cache_t *cache = ink_cache_open_lmdb (options->path, LIMIT, &error);
    if (!cache)
        return ink_complain (error, options->path);
    int status = actions[n].act (cache, options);
    ink_cache_close (&cache);
    return status;
}

static int
act (const options_t *options)
{
    for (size_t n = 0; n < sizeof actions / sizeof *actions; n++)
        if (strcmp (actions[n].name, options->action) == 0)
            return act_on (n, options);
    return ink_complain_so (INK_EUSAGE, NULL,
                            "a cache can do stat, verify or clear, not '%s'",
                            options->action);
}

int
ink_cli_cache (int argc, char **argv)
{
    options_t options = {0};
    char path[INK_FOLDER_MOST];
    int status;
    if (!ink_arguments_parse (&cache_argp, argc, argv, &options, &status))
        return status;
    if (!options.path && ink_folder_cache (path) != 0)
        return ink_complain (INK_ECACHE, "there is no home folder");
    if (!options.path)
        options.path = path;
    return act (&options);
}

//  replay.c: runs a fuzz target over the files of its corpus, once each.
//
//      build/tests/fuzz_message [FILE...]      without files: tests/fuzz/corpus/message/*

#include <glob.h>
#include <stdio.h>

#include "fuzz.h"

//  The bytes lie in memory of exactly their size, so that a sanitizer sees what is read behind
//  their end.
static bool
replay (const char *path)
{
    FILE *file = fopen (path, "rb");
    if (!file || fseek (file, 0, SEEK_END))
        return false;
    size_t size = (size_t) ftell (file);
    uint8_t *bytes = malloc (size ? size : 1);
    rewind (file);
    bool whole = bytes && fread (bytes, 1, size, file) == size;
    fclose (file);
    if (whole) {
        fprintf (stderr, "%s\n", path); //  The last one is the one that failed
        LLVMFuzzerTestOneInput (bytes, size);
    }
    free (bytes);
    return whole;
}

//  The target's name is the program's, behind "fuzz_".
static int
find_corpus (const char *program, glob_t *found)
{
    char pattern[4096];
    const char *name = strrchr (program, '/');
    name = name ? name + 1 : program;
    snprintf (pattern, sizeof pattern, "tests/fuzz/corpus/%s/*",
              strncmp (name, "fuzz_", 5) == 0 ? name + 5 : name);
    return glob (pattern, 0, NULL, found);
}

int
main (int argc, char **argv)
{
    size_t passed = 0, failed = 0;
    for (int n = 1; n < argc; n++)
        replay (argv[n]) ? passed++ : failed++;
    glob_t found = {0};
    if (argc == 1 && find_corpus (argv[0], &found) == 0)
        for (size_t n = 0; n < found.gl_pathc; n++)
            replay (found.gl_pathv[n]) ? passed++ : failed++;
    globfree (&found);
    printf ("%zu passed, %zu failed\n", passed, failed);
    return failed || !passed; //  A corpus that is not there proves nothing
}

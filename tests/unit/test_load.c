//  test_load.c: kernels from shared objects.
//
//  Builds the objects with the compiler that builds the project.

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <setjmp.h>
#include <cmocka.h>

#include "inkling/local.h"
#include "kernels/kernels.h"

static char folder[] = "/tmp/inkling-test-XXXXXX";

static void
command (const char *format, ...)
{
    char line[1024];
    va_list args;
    va_start (args, format);
    vsnprintf (line, sizeof line, format, args);
    va_end (args);
    assert_int_equal (system (line), 0);
}

//  Where the repository is, as seen when this file was compiled.
static const char *
root (void)
{
    static char path[1024];
    snprintf (path, sizeof path, "%s", __FILE__);
    char *end = strstr (path, "tests/unit/");
    assert_non_null (end);
    *end = '\0';
    return *path ? path : "./";
}

//  A kernel that is right but for what a macro changes.
static const char template[] =
    "#include <inkling/kernel.h>\n"
    "#ifndef ENTRY\n#define ENTRY ink_kernel_entry\n#endif\n"
    "#ifndef CELLS\n#define CELLS 256\n#endif\n"
    "#ifndef AHEAD\n#define AHEAD 0\n#endif\n"
    "#ifndef BACK\n#define BACK 0\n#endif\n"
    "#ifndef TEXT\n#define TEXT 0\n#endif\n"
    "#ifndef LISTED\n#define LISTED 1\n#endif\n"
    "#ifndef BYTES\n#define BYTES 16\n#endif\n"
    "#ifndef SIZE\n#define SIZE 8\n#endif\n"
    "#ifndef PARAM\n#define PARAM {\"bits\", \"a few\", 2, 1, 4}\n#endif\n"
    "#ifndef CHANGE\n#define CHANGE\n#endif\n"
    "#ifndef W\n#define W\n#endif\n"
    "W\n"
    "static void geometry (const ink_args_t *p, ink_geometry_t *g)\n"
    "{ (void) p; g->cells = CELLS; g->cell_bytes = BYTES; g->cell_size = SIZE;\n"
    "  g->lookahead = AHEAD; g->lookback = BACK; g->text = TEXT; g->listed = LISTED; }\n"
    "static void map (const ink_slice_t *s, void *c) { (void) s; (void) c; }\n"
    "void settle (const ink_args_t *p, void *c);\n"
    "void settle (const ink_args_t *p, void *c) { (void) p; (void) c; }\n"
    "void coarsen (const void *i, const uint64_t *b, size_t n, void *o);\n"
    "void coarsen (const void *i, const uint64_t *b, size_t n, void *o)\n"
    "{ (void) i; (void) b; (void) n; (void) o; }\n"
    "static const ink_param_t params[] = {PARAM, {0}};\n"
    "static const ink_kernel_t kernel = {.abi = INK_KERNEL_ABI, .version = 1,\n"
    "  .name = \"mine\", .summary = \"mine\", .shape = INK_SHAPE_COUNTS,\n"
    "  .item = INK_ITEM_U64, .chunk_log2 = 20, .params = params,\n"
    "  .geometry = geometry, .map = map, CHANGE};\n"
    "const ink_kernel_t *ENTRY (void);\n"
    "const ink_kernel_t *ENTRY (void)\n"
    "#ifdef NOTHING\n{ return 0; }\n#else\n{ return &kernel; }\n#endif\n";

#define CHAIN                                                                            \
    "-D'W=int sound (const ink_args_t *p, const void *s); int sound (const ink_args_t "  \
    "*p, "                                                                               \
    "const void *s){(void) p; (void) s; return 1;} void finish (const ink_args_t *p, "   \
    "const void *s, void *a); void finish (const ink_args_t *p, const void *s, void *a)" \
    "{(void) p; (void) s; (void) a;}' "
#define SOUND ".shape=INK_SHAPE_CHAIN,.sound=sound,.finish=finish"

//  What is changed, and a word of the reason that must be given.
static const struct {
    const char *flags, *reason;
} broken[] = {
    {"-DENTRY=another", "ink_kernel_entry"},
    {"-DNOTHING", "no kernel"},
    {"-D'CHANGE=.abi=0'", "another version"},
    {"-D'CHANGE=.abi=INK_KERNEL_ABI+1'", "another version"},
    {"-D'CHANGE=.name=0'", "name"},
    {"-D'CHANGE=.name=\"\"'", "name"},
    {"-D'CHANGE=.name=\"Mine\"'", "name"},
    {"-D'CHANGE=.name=\"a/b\"'", "name"},
    {"-D'CHANGE=.name=\"a23456789012345678901234567890123\"'", "name"},
    {"-D'CHANGE=.name=\"digraph\"'", "known already"},
    {"-D'CHANGE=.summary=0'", "summary"},
    {"-D'CHANGE=.shape=5'", "shape"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS,.item=INK_ITEM_U8'", "INK_ITEM_U64"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS,.settle=settle'", "settled"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS,.flags=INK_KERNEL_UNREAD'", "without bytes"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS' -DLISTED=0", "no records"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS' -DAHEAD=8192 -DTEXT=4097", "4096 bytes"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS' -DAHEAD=15 -DTEXT=16", "looks ahead"},
    {"-DBACK=8193", "further"},
    {"-D'CHANGE=.item=4'", "items"},
    {"-D'CHANGE=.sources=3'", "two sources"},
    {"-D'CHANGE=.sources=2,.flags=INK_KERNEL_UNREAD'", "reads none"},
    {"-D'CHANGE=.shape=INK_SHAPE_CHAIN'", "sound and finish"},
    {CHAIN "-DAHEAD=1 -D'CHANGE=" SOUND "'", "beside a part"},
    {CHAIN "-DCELLS=12 -D'CHANGE=" SOUND "'", "state"},
    {CHAIN "-DCELLS=1032 -D'CHANGE=" SOUND "'", "state"},
    {CHAIN "-DCELLS=0 -D'CHANGE=" SOUND "'", "state"},
    {CHAIN "-DSIZE=0 -D'CHANGE=" SOUND "'", "answer"},
    {"-D'CHANGE=.item=INK_ITEM_F32'", "INK_ITEM_U64"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS,.settle=settle'", "settled"},
    {"-D'CHANGE=.coarsen=coarsen'", "coarser"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS,.coarsen=coarsen' -DSIZE=72", "coarser"},
    {"-D'CHANGE=.shape=INK_SHAPE_RECORDS,.coarsen=coarsen'", "coarser"},
    {CHAIN "-D'CHANGE=" SOUND ",.coarsen=coarsen'", "coarser"},
    {"-D'CHANGE=.flags=4'", "flags"},
    {"-DAHEAD=8193", "further"},
    {"-D'CHANGE=.chunk_log2=11'", "chunk"},
    {"-D'CHANGE=.chunk_log2=27'", "chunk"},
    {"-D'CHANGE=.geometry=0'", "geometry"},
    {"-D'CHANGE=.map=0'", "map"},
    {"-DCELLS=0", "cells"},
    {"-D'CELLS=(1<<22)+1'", "cells"},
    {"-D'CELLS=(p->numbers[0]-1)'", "cells"}, //  None when the parameter is the least, 1
    {"-D'CELLS=(4-p->numbers[0])'", "cells"}, //  None when it is the most, 4
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS' -DBYTES=24", "power of two"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS' -DBYTES=0", "power of two"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS' -D'BYTES=1<<21'", "power of two"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS' -DSIZE=0", "cell"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS' -DSIZE=4104", "cell"},
    {"-D'CHANGE=.shape=INK_SHAPE_CELLS' -DSIZE=12", "whole items"},
    {"-D'PARAM={\"a b\",\"\",1,1,1,0}'", "proper name"},
    {"-D'PARAM={\"a\",0,1,1,1,0}'", "summary"},
    {"-D'PARAM={\"a\",\"\",1,1,1,0},{\"a\",\"\",1,1,1,0}'", "one name"},
    {"-D'PARAM={\"a\",\"\",9,1,8,0}'", "fallback"},
    {"-D'PARAM={\"a\",\"\",3,1,8,1}'", "fallback"},
    {"-D'PARAM={\"a\",\"\",4,1,9,1}'", "limits"},
    {"-D'PARAM={\"a\",\"\",.kind=4}'", "kind"},
    {"-D'PARAM={\"a\",\"\",.kind=INK_PARAM_WORD}'", "words"},
    {"-D'W=static const char *const w[]={\"A\",0};' "
     "-D'PARAM={\"a\",\"\",.kind=INK_PARAM_WORD,.words=w}'",
     "letters"},
    {"-D'W=static const char *const w[]={\"a\",0};' "
     "-D'PARAM={\"a\",\"\",1,.kind=INK_PARAM_WORD,.words=w}'",
     "words"},
    {"-D'PARAM={\"a\",\"\",.kind=INK_PARAM_BYTES,.text=\"0g\"}'", "text"},
    {"-D'W=static char w[258];__attribute__((constructor)) static void f (void)"
     "{for (int n=0;n<257;n++) w[n]=65;}' "
     "-D'PARAM={\"a\",\"\",.kind=INK_PARAM_TEXT,.text=w}'",
     "too long"},
    {"-D'PARAM={\"a\",\"\",1,1,1,0},{\"b\",\"\",1,1,1,0},"
     "{\"c\",\"\",1,1,1,0},{\"d\",\"\",1,1,1,0},{\"e\",\"\",1,1,1,0},{\"f\",\"\",1,1,1,0}"
     ","
     "{\"g\",\"\",1,1,1,0},{\"h\",\"\",1,1,1,0},{\"i\",\"\",1,1,1,0}'",
     "too many parameters"},
};

static size_t
known (void)
{
    size_t count = 0;
    while (ink_kernels_at (count))
        count++;
    return count;
}

//  Loads what is to be refused; the reason holds the path and a word.
static void
check_not_loaded (const char *path, const char *word)
{
    char why[300] = "";
    size_t before = known ();
    int rc = ink_kernel_load (path, why, sizeof why);
    if (rc != INK_EKERNEL || !strstr (why, word) || !strstr (why, path))
        fail_msg ("%s: code %d, said \"%s\", expected \"%s\"", path, rc, why, word);
    assert_int_equal (ink_kernel_load (path, NULL, 0), INK_EKERNEL);
    assert_int_equal (known (), before);
}

static int
make_folder (void **unused)
{
    (void) unused;
    if (!mkdtemp (folder))
        return -1;
    char path[200];
    snprintf (path, sizeof path, "%s/kernel.c", folder);
    FILE *file = fopen (path, "w");
    if (!file)
        return -1;
    fputs (template, file);
    return fclose (file);
}

static int
remove_folder (void **unused)
{
    (void) unused;
    command ("rm -r %s", folder);
    return 0;
}

static void
build (const char *name, const char *source, const char *flags)
{
    command ("gcc -w -shared -fPIC -I%sinclude %s -o %s/%s %s", root (), flags, folder,
             name, source);
}

static void
objects_that_break_a_rule_are_not_loaded (void **unused)
{
    (void) unused;
    char source[200], name[32], path[200];
    snprintf (source, sizeof source, "%s/kernel.c", folder);
    for (size_t n = 0; n < sizeof broken / sizeof *broken; n++) {
        snprintf (name, sizeof name, "broken-%zu.so", n);
        snprintf (path, sizeof path, "%s/%s", folder, name);
        build (name, source, broken[n].flags);
        check_not_loaded (path, broken[n].reason);
    }
}

static void
what_is_no_object_is_not_loaded (void **unused)
{
    (void) unused;
    char path[200];
    snprintf (path, sizeof path, "%s/none.so", folder);
    check_not_loaded (path, "No such file");
    snprintf (path, sizeof path, "%s/kernel.c", folder);
    check_not_loaded (path, "kernel.c");
    check_not_loaded (folder, folder);
    check_not_loaded ("libm.so.6", "No such file"); //  Not looked for in the system
}

static void
the_example_is_loaded_once (void **unused)
{
    (void) unused;
    char source[1100], path[200];
    snprintf (source, sizeof source, "%sexamples/parity.c", root ());
    snprintf (path, sizeof path, "%s/parity.so", folder);
    build ("parity.so", source, "-O2");
    size_t before = known ();
    assert_int_equal (ink_kernel_load (path, NULL, 0), INK_OK);
    assert_int_equal (known (), before + 1);
    assert_string_equal (ink_kernels_at (before)->name, "parity");
    check_not_loaded (path, "known already");
}

static void
a_kernel_that_keeps_the_rules_is_loaded (void **unused)
{
    (void) unused;
    char source[200], path[200], why[100] = "";
    snprintf (source, sizeof source, "%s/kernel.c", folder);
    snprintf (path, sizeof path, "%s/mine.so", folder);
    build ("mine.so", source, "-D'CHANGE=.settle=settle' -D'CELLS=1<<22'");
    assert_int_equal (ink_kernel_load (path, why, sizeof why), INK_OK);
    assert_non_null (ink_kernels_find ("mine"));
    assert_string_equal (why, "");
}

int
main (void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test (objects_that_break_a_rule_are_not_loaded),
        cmocka_unit_test (what_is_no_object_is_not_loaded),
        cmocka_unit_test (the_example_is_loaded_once),
        cmocka_unit_test (a_kernel_that_keeps_the_rules_is_loaded),
    };
    return cmocka_run_group_tests (tests, make_folder, remove_folder);
}

//  test_cli.c: what the program says and how it ends, line by line.

#include "asking.h"

#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

//  Everything that is not NULL must be found: in stdout, in stderr.
typedef struct {
    const char *line;
    int status;
    const char *out, *err;
} expectation_t;

#define SIZE 300000

static world_t *world;
static pid_t server;

static bool
holds (const char *text, const char *wanted)
{
    return !wanted || strstr (text, wanted);
}

static void
check_lines (const expectation_t *lines, size_t count)
{
    size_t wrong = 0;
    for (size_t n = 0; n < count; n++) {
        ran_t ran = run (world, SOON_MS, lines[n].line);
        if (ran.status == lines[n].status && holds (ran.out, lines[n].out) &&
            holds (ran.err, lines[n].err) &&
            (ran.status == 0 || strncmp (ran.err, "inkling: ", 9) == 0))
            continue;
        wrong++;
        print_message ("%s\n  status %d, not %d\n  out: %.600s\n  err: %.600s\n",
                       lines[n].line, ran.status, lines[n].status, ran.out, ran.err);
    }
    assert_int_equal (wrong, 0);
}
#define CHECK_LINES(lines) check_lines (lines, sizeof (lines) / sizeof *(lines))

//  ---------------------------------------------------------------------------------------
//  Words about the program itself

static void
it_explains_itself (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling help", 0, "inkling run histogram,digraph,entropy FILE", NULL},
        {"inkling --help", 0, "compute over a file, here and now", NULL},
        {"inkling version", 0, "inkling " INK_VERSION, NULL},
        {"inkling --version", 0, INK_VERSION, NULL},
        {"inkling help run", 0, "--range", NULL},
        {"inkling run --help", 0, "--chunk", NULL},
        {"inkling help serve", 0, "--root", NULL},
        {"inkling help request", 0, "--endpoint", NULL},
        {"inkling help cache", 0, "stat|verify|clear", NULL},
        {"inkling help status", 0, "inkling status", NULL},
        {"inkling help nothing", 2, NULL, "there is no verb 'nothing'"},
        {"inkling rum", 2, NULL, "did you mean inkling run?"},
        {"inkling kernels", 0, "entropy", NULL},
        {"inkling kernels --json", 0, "{\"kernels\":[{\"name\":\"histogram\"", NULL},
    };
    CHECK_LINES (lines);
    assert_int_equal (run (world, SOON_MS, "inkling").status, 2);
}

//  ---------------------------------------------------------------------------------------
//  Mistakes

static const expectation_t mistakes[] = {
    {"inkling run", 2, NULL, "the kernel is missing"},
    {"inkling run histogram", 2, NULL, "the file is missing"},
    {"inkling run histogram data more evenmore", 2, NULL, "'evenmore' is one argument"},
    {"inkling run histogran data", 2, NULL, "did you mean histogram?"},
    {"inkling run zzzzzzzz data", 2, NULL, "unknown_kernel"},
    {"inkling run histogram,histogram data", 2, NULL, "named twice"},
    {"inkling run histogram,,digraph data", 2, NULL, "a kernel has no name"},
    {"inkling run histogram nowhere", 6, NULL, "not_found"},
    {"inkling run histogram nowhere/data", 6, NULL, "not_found"},
    {"inkling run histogram folder", 5, NULL, "not_regular"},
    {"inkling run histogram pipe", 5, NULL, "not_regular"},
    {"inkling run histogram /dev/null", 5, NULL, "not_regular"},
    {"inkling run histogram /proc/version", 5, NULL, "not_regular"},
    {"inkling run histogram empty", 2, NULL, "empty_range"},
    {"inkling run histogram data --range 0:0", 2, NULL, "empty_range"},
    {"inkling run histogram data --range 1M:", 2, NULL, "bad_range"},
    {"inkling run histogram data --range 0:1M", 2, NULL, "bad_range"},
    {"inkling run histogram data --range 299999:2", 2, NULL, "300000 bytes"},
    {"inkling run histogram data --range x", 2, NULL, "--range cannot be 'x'"},
    {"inkling run histogram data --range -5:1", 2, NULL, "--range"},
    {"inkling run histogram data --range 99999999999999999999:1", 2, NULL, "--range"},
    {"inkling run entropy data --param cell=5", 2, NULL, "a power of two, not 5"},
    {"inkling run entropy data --param cells=4K", 2, NULL, "did you mean cell?"},
    {"inkling run entropy data --param cell", 2, NULL, "NAME=VALUE"},
    {"inkling run entropy data --param cell=x", 2, NULL, "cell of entropy is a number"},
    {"inkling run histogram data --param cell=4K", 2, NULL, "bad_parameter"},
    {"inkling run search data", 2, NULL,
     "it wants bytes, as in 7f454c46, or a pattern\n"},
    {"inkling run search data --param bytes=00 --param pattern=a", 2, NULL, "not both"},
    {"inkling run search data --param bytes=0", 2, NULL, "digits, as in 7f454c46, not 0"},
    {"inkling run search data --param pattern='a('", 2, NULL, "at character 2: missing"},
    {"inkling run search data --param pattern=$(printf %0300d 0)", 2, NULL,
     "pattern of search may have 256 bytes at most\n"},
    {"inkling run search data --param pattern=$(printf '\\377')", 2, NULL,
     "pattern is not UTF-8, or has control characters\n  hint: in a pattern, \\xff"},
    {"inkling run search data --param pattern=\"$(printf 'a\\tb')\"", 2, NULL,
     "pattern is not UTF-8, or has control characters"},
    {"inkling run histogram $(printf 'odd\\377')", 2, NULL,
     "the name of the file is not UTF-8"},
    {"inkling run diff data $(printf 'odd\\377')", 2, NULL,
     "the name of the other file is not UTF-8"},
    {"inkling run histogram data --sample 0", 2, NULL, "--sample cannot be 0"},
    {"inkling run histogram data --sample 2", 2, NULL, "--sample wants a number"},
    {"inkling run entropy data --sample 0.5", 2, NULL, "larger cells instead"},
    {"inkling run strings data --sample 0.5", 2, NULL, "strings cannot be sampled)"},
    {"inkling run count data --sample 0.5", 2, NULL, "count cannot be sampled)"},
    {"inkling run trigram data --param bits=7 --sample 0.5", 2, NULL,
     "trigram cannot be sampled, it has too many counters"},
    {"inkling run entropy data --report 0@", 2, NULL, "--report cannot be ''"},
    {"inkling run entropy data --report @4K", 2, NULL, "--report wants a number"},
    {"inkling run histogram data --chunk 5000", 2, NULL, "a power of two"},
    {"inkling run histogram data --chunk 1K", 2, NULL, "from 4K to 64M"},
    {"inkling run entropy data --param cell=1M --chunk 64K", 2, NULL, "bad_chunk"},
    {"inkling run histogram data --wrokers 2", 2, NULL, "did you mean --workers?"},
    {"inkling run histogram data --zzzzzzzzz", 2, NULL, "there is no option"},
    {"inkling run histogram data --chunk", 2, NULL, "--chunk needs a value"},
    {"inkling run histogram data --json=1", 2, NULL, "takes no value"},
    {"inkling run histogram data -q", 2, NULL, "there is no option -q"},
    {"inkling run histogram data --workers 0", 2, NULL, "--workers"},
    {"inkling run histogram data --timeout soon", 2, NULL, "--timeout"},
    {"inkling run histogram data --timeout 0", 2, NULL, "--timeout"},
    {"inkling run histogram data --report 2", 2, NULL, "--report"},
    {"inkling run histogram data --report nan", 2, NULL, "--report"},
    {"inkling run histogram data --priority 5000", 2, NULL, "--priority"},
    {"inkling run histogram data --format gif", 2, NULL, "not 'gif'"},
    {"inkling run histogram data --progress loud", 2, NULL, "not 'loud'"},
    {"inkling run histogram,digraph data --format raw", 2, NULL, "give a folder"},
    {"inkling run histogram,digraph data -o one.raw", 2, NULL, "share the file"},
    {"inkling run histogram data -o nowhere/out", 5, NULL, "cannot write"},
    {"inkling run histogram data --json -o -", 2, NULL, "share stdout"},
    {"inkling run histogram data --cache data", 5, NULL, "cache_failed"},
    {"inkling run histogram data --load nowhere.so", 5, NULL, "bad_kernel"},
    {"inkling run histogram data --load ./data", 5, NULL, "bad_kernel"},
    {"inkling request histogram data", 2, NULL, "not of the form NAME/PATH"},
    {"inkling request histogram data/data --endpoint what", 2, NULL, "cannot connect"},
    {"inkling serve", 2, NULL, "--root is missing"},
    {"inkling serve --root data", 2, NULL, "data cannot be a root"},
    {"inkling serve --root a=. --root a=.", 2, NULL, "cannot be a root"},
    {"inkling serve --root a=nowhere", 6, NULL, "not_found"},
    {"inkling serve --root a=. --endpoint tcp://127.0.0.1:5000", 2, NULL, "odd port"},
    {"inkling serve --root a=. --endpoint tcp://0.0.0.0:5001", 2, NULL, "--insecure"},
    {"inkling serve --root a=. --workers 0", 2, NULL, "--workers"},
    {"inkling serve --root a=. --endpoint ipc://nowhere/at/all/front", 5, NULL, NULL},
    {"inkling cancel", 2, NULL, "the id of a request is missing"},
    {"inkling cache", 2, NULL, "stat, verify or clear is missing"},
    {"inkling cache burn", 2, NULL, "not 'burn'"},
    {"inkling cache stat --cache nowhere", 6, NULL, "there is no cache at"},
};

static void
mistakes_are_explained (void **state)
{
    (void) state;
    CHECK_LINES (mistakes);
}

static void
a_file_that_may_not_be_read_is_told_of (void **state)
{
    (void) state;
    const char *line = "inkling run histogram secret --no-cache";
    if (geteuid () == 0) {
        ran_t probe =
            run (world, SOON_MS, "setpriv --reuid 65534 --clear-groups inkling version");
        if (probe.status) //  The build is not readable to others
            skip ();
        line = "setpriv --reuid 65534 --clear-groups "
               "inkling run histogram secret --no-cache";
    }
    ran_t ran = run (world, SOON_MS, line);
    assert_int_equal (ran.status, 5);
    assert_non_null (strstr (ran.err, "no_permission"));
}

//  ---------------------------------------------------------------------------------------
//  What comes out

static void
data_goes_where_it_was_told_to (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling run histogram data --progress none", 0, "histogram over", NULL},
        {"inkling run histogram data", 0, NULL, "293 KiB covered, 100 %"},
        {"inkling run histogram data --format json", 0, "{\"kernel\":\"histogram\"",
         NULL},
        {"inkling run entropy data --format json --range 0:4K", 0, "\"items\":[", NULL},
        {"inkling run count data -o - | od -An -tu8 | tr -d ' '", 0, "300000", NULL},
        {"inkling run bytes data -o - | cmp - data && echo same", 0, "same", NULL},
        {"inkling run bytes data -o copy.raw && cmp copy.raw data && echo same", 0,
         "same", NULL},
        {"inkling run bytes data --range 1000:100 -o - | wc -c", 0, "100\n", NULL},
        {"inkling run histogram,digraph,entropy data -o many && ls many", 0,
         "digraph.raw\nentropy.raw\nhistogram.raw\n", NULL},
        {"inkling run histogram,digraph data -o pictures --format png && ls pictures", 0,
         "digraph.png\nhistogram.png\n", NULL},
        {"inkling run digraph data -o picture.png && head -c 4 picture.png | tail -c 3",
         0, "PNG", NULL},
        {"inkling run trigram data", 0, "of 32768 occur", NULL},
        {"inkling run trigram data --param bits=4", 0, " 4096 occur", NULL},
        {"inkling run trigram data --param bits=8", 2, NULL, "bad_parameter"},
        {"inkling run byteclass data", 0, "  20-7E ", NULL},
        {"inkling run byteplot data", 0, "· 74 cells", NULL},
        {"inkling run byteplot data --param cell=1 -o - | cmp - data && echo same", 0,
         "same", NULL},
        {"inkling run trigram,byteclass,byteplot,hilbert data -o all --format png && ls "
         "all",
         0, "byteclass.png\nbyteplot.png\nhilbert.png\ntrigram.png\n", NULL},
        {"inkling run byteplot,hilbert data --param cell=64 -o two && cmp "
         "two/byteplot.raw "
         "two/hilbert.raw && echo same",
         0, "same", NULL},
        {"inkling run histogram data -o many/ && wc -c <many/histogram.raw", 0, "2048",
         NULL},
        {"inkling run histogram data --partials parts --chunk 4K -o many/h.raw && ls "
         "parts",
         0, NULL, NULL},
        {"inkling run digraph data -o full.raw --refresh && inkling run digraph data -o "
         "again.raw --no-cache --workers 1 --chunk 4K && cmp full.raw again.raw && echo "
         "same",
         0, "same", NULL},
        {"ls . many parts pictures | grep -c tmp || true", 0, "0\n", NULL},
    };
    CHECK_LINES (lines);
}

static size_t
count_of (const char *text, const char *word)
{
    size_t count = 0;
    while ((text = strstr (text, word))) {
        count++;
        text += strlen (word);
    }
    return count;
}

//  One object a line, all keys in their order, one final for each kernel.
static void
check_json (const char *text)
{
    static const char *const keys[] = {
        "{\"request\":\"",   "\",\"kernel\":\"", "\",\"seq\":",   ",\"type\":\"",
        "\",\"status\":\"",  "\",\"total\":",    ",\"covered\":", ",\"cached\":",
        ",\"computed\":",    ",\"estimated\":",  ",\"bound\":",   ",\"failed\":[",
        "],\"elapsed_ms\":", ",\"bytes\":"};
    char *copy = strdup (text), *rest = copy;
    for (char *line; (line = strsep (&rest, "\n")) && *line;) {
        const char *at = line;
        for (size_t n = 0; n < sizeof keys / sizeof *keys; n++) {
            const char *found = strstr (at, keys[n]);
            if (!found || (n == 0 && found != line))
                fail_msg ("%s is not where it should be in %s", keys[n], line);
            at = found + strlen (keys[n]);
        }
        assert_int_equal (line[strlen (line) - 1], '}');
    }
    free (copy);
}

static void
json_tells_of_each_reply (void **state)
{
    (void) state;
    ran_t ran = run (world, SOON_MS,
                     "inkling run histogram,digraph data --json --no-cache --chunk 4K "
                     "--report 0.25,0.5,0.75 --progress none");
    assert_int_equal (ran.status, 0);
    check_json (ran.out);
    assert_int_equal (count_of (ran.out, "\"type\":\"final\""), 2);
    assert_int_equal (count_of (ran.out, "\"status\":\"ok\""), count_of (ran.out, "\n"));
    assert_int_equal (count_of (ran.out, "\"covered\":300000"), 2);
    assert_string_equal (ran.err, "");

    ran = run (world, SOON_MS,
               "inkling run histogram data --json --cache warm; "
               "inkling run histogram data --json --cache warm");
    assert_int_equal (count_of (ran.out, "\"cached\":300000,\"computed\":0"), 1);
    check_json (ran.out);
}

static void
a_kernel_of_ones_own_is_loaded (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling run --load $EXAMPLES/parity.so parity data -o p.raw && wc -c <p.raw", 0,
         "74", NULL},
        {"inkling run $EXAMPLES/parity.so data --param cell=64K -o p.raw && wc -c <p.raw",
         0, "5", NULL},
        {"inkling kernels --load $EXAMPLES/parity.so", 0, "parity", NULL},
        {"inkling run parity data", 2, NULL, "unknown_kernel"},
    };
    CHECK_LINES (lines);
}

#define CHOSEN "inkling run chosen data --load ${SLOW%/*}/chosen.so --chunk 4K -o c.raw "
#define SAME_AS(bytes)                                      \
    " && test $(od -An -td8 c.raw) = $(LC_ALL=C tr -" bytes \
    " <data | wc -c) && echo the same"

//  What the kernel counts, tr leaves.
static void
parameters_may_be_words_texts_and_bytes (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {CHOSEN SAME_AS ("cd '\\000'"), 0, "the same", NULL},
        {CHOSEN "--param these=a=b" SAME_AS ("cd 'a=b\\000'"), 0, "the same", NULL},
        {CHOSEN "--param these=a=b --param hex=FFfe" SAME_AS ("cd 'a=b\\377\\376'"), 0,
         "the same", NULL},
        {CHOSEN "--param these=0 --param side=outside" SAME_AS ("d '0\\000'"), 0,
         "the same", NULL},
        {CHOSEN "--param hex=0", 2, NULL, "hex of chosen is pairs of hexadecimal"},
        {CHOSEN "--param hex=", 2, NULL, "NAME=VALUE"},
        {CHOSEN "--param side=up", 2, NULL, "side of chosen is one of inside, outside"},
        {CHOSEN "--param these=ab --param hex=61", 2, NULL, "byte 61 is chosen twice"},
        {"inkling kernels --load ${SLOW%/*}/chosen.so", 0,
         "--param side=inside   those, or the others: inside, outside", NULL},
        {"inkling kernels --json --load ${SLOW%/*}/chosen.so | python3 -m json.tool", 0,
         "\"kind\": \"word\"", NULL},
    };
    CHECK_LINES (lines);
}

static void
two_files_are_compared (void **state)
{
    (void) state;
    run (world, SOON_MS,
         "cp data same && (head -c 123456 data; printf xyz; tail -c +123460 data) >near "
         "&& "
         "head -c 200000 near >short && cat near near >long");
    static const expectation_t lines[] = {
        {"inkling run diff data same", 0, "  0 bytes differ, 0 %\n", NULL},
        {"inkling run diff data near --param cell=64", 0,
         "in 1 of 4688 cells, the first at offset 123456, the last at 123456", NULL},
        {"inkling run diff data near --param cell=64 -o d.raw --chunk 4K && test "
         "$(od -An -v -w8 -td8 d.raw | awk '{n += $1} END {print n}') = "
         "$(cmp -l data near | wc -l) && echo the same",
         0, "the same", NULL},
        {"inkling run diff data short", 0, "the last at 299008", "100000 bytes shorter"},
        {"inkling run diff data short --range 0:200000", 0, "in 1 of 49 cells", ""},
        {"inkling run diff data long", 0, NULL, "long is 300000 bytes longer"},
        {"inkling run diff data near --format png -o d.png && file d.png", 0, "PNG",
         NULL},
        {"inkling run diff data", 2, NULL,
         "diff compares two files: name the other, too"},
        {"inkling run histogram data near", 2, NULL,
         "histogram takes one file, not also"},
        {"inkling run diff data nowhere", 6, NULL, "not_found"},
        {"inkling run diff data folder", 5, NULL, "not_regular"},
        {"inkling run diff data data near", 2, NULL, "too many"},
    };
    CHECK_LINES (lines);
}

//  Reports on a cache: 74 chunks, 5 nodes of 16 and one of all. Verify finds what a flipped
//  byte has damaged.
static void
a_cache_is_shown_checked_and_cleared (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling run histogram data --chunk 4K --cache c --progress none", 0, NULL,
         NULL},
        {"inkling cache stat --cache c", 0, "c: 80 values", NULL},
        {"inkling cache stat --cache c --json", 0, "\"records\":80", NULL},
        {"inkling cache verify --cache c", 0, "80 values read, 0 bad", NULL},
        {"inkling cache clear --cache c", 0, "80 values removed", NULL},
        {"inkling cache stat --cache c --json", 0, "\"records\":0", NULL},
        {"inkling run histogram data --chunk 4K --cache c --json", 0, "\"cached\":0",
         NULL},
        {"inkling run histogram data --no-cache --cache d; ls d", 2, NULL, NULL},
        {"inkling run histogram data --chunk 4K --cache c --refresh --json", 0,
         "\"computed\":300000", NULL},
    };
    for (size_t n = 0; n < sizeof lines / sizeof *lines; n++)
        if (lines[n].status == 0)
            check_lines (&lines[n], 1);
}

//  What the supervisor has done to a cache that crashes who uses it.
static void
a_cache_is_mended_and_renewed (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling run histogram data --chunk 4K --cache m --progress none", 0, NULL,
         NULL},
        {"inkling cache mend --cache m", 0, "m: all of it was read, it is sound", NULL},
        {"inkling cache stat --cache m", 0, "m: 80 values", NULL},
        {"inkling cache renew --cache m", 0, "m: set aside in m/bad", NULL},
        {"inkling cache stat --cache m", 0, "m: 0 values", NULL},
        {"dd if=m/bad/data.mdb of=m/data.mdb bs=8k count=1 conv=notrunc 2>&1; "
         "inkling cache mend --cache m",
         0, "m: set aside in m/bad", NULL},
        {"inkling cache mend --cache m --json", 2, NULL, "mend prints no JSON"},
        {"inkling cache mend --cache none", 6, NULL, "there is no cache at none"},
    };
    CHECK_LINES (lines);
}

//  A page that leads astray: verify tells that a new cache has begun, and so it has.
static void
a_cache_that_cannot_be_read_is_set_aside (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling run histogram data --chunk 4K --cache e --progress none", 0, NULL,
         NULL},
        //  The pages behind the two heads
        {"dd if=/dev/zero of=e/data.mdb bs=4K seek=2 count=30 conv=notrunc", 0, NULL,
         NULL},
        {"inkling cache verify --cache e", 5, NULL, "is now in e/bad"},
        {"ls e/bad", 0, "data.mdb", NULL},
        {"inkling cache verify --cache e", 0, "0 values read, 0 bad", NULL},
        {"inkling cache clear --cache e", 0, "0 values removed", NULL},
        {"test ! -e e/bad", 0, NULL, NULL},
    };
    CHECK_LINES (lines);
}

//  ---------------------------------------------------------------------------------------
//  Without a server, and without the parts of one

static void
a_server_that_is_not_there_is_told_of_within_seconds (void **state)
{
    (void) state;
    static const expectation_t lines[] = {
        {"inkling request histogram data/data --endpoint ipc://$F/none/front", 3, NULL,
         "unreachable"},
        {"inkling status --endpoint ipc://$F/none/front", 3, NULL, "unreachable"},
        {"inkling workers --endpoint tcp://127.0.0.1:19999 --timeout 1", 3, NULL,
         "unreachable"},
        {"inkling cancel x --endpoint ipc://$F/none/front --timeout 0.5", 3, NULL,
         "unreachable"},
    };
    int64_t began = now_ms ();
    CHECK_LINES (lines);
    assert_true (now_ms () - began < 12000);
}

static void
a_part_that_is_missing_is_named (void **state)
{
    (void) state;
    pid_t ventilator = start (world, "lone",
                              "inkling ventilator --root data=$F --no-cache "
                              "--endpoint ipc://$F/lone/front");
    ran_t ran = run (world, SOON_MS,
                     "inkling request histogram data/data "
                     "--endpoint ipc://$F/lone/front --progress plain");
    assert_int_equal (ran.status, 4);
    assert_non_null (strstr (ran.err, "no_sink"));
    assert_non_null (strstr (ran.err, "waiting: "));

    pid_t sink = start (world, "lone-sink",
                        "inkling sink --no-cache --endpoint ipc://$F/lone/front");
    ran = run (world, SOON_MS,
               "inkling request histogram data/data --endpoint ipc://$F/lone/front");
    assert_int_equal (ran.status, 4);
    assert_non_null (strstr (ran.err, "no_worker"));
    ran = run (world, SOON_MS,
               "inkling request histogram data/data --endpoint ipc://$F/lone/front "
               "--timeout 0.3");
    assert_int_equal (ran.status, 4);
    assert_non_null (strstr (ran.err, "timeout"));
    assert_true (ran.ms < 2000);
    kill_hard (world, ventilator);
    kill_hard (world, sink);
}

//  ---------------------------------------------------------------------------------------
//  With a server

static void
serve (void)
{
    server = start (world, "serve",
                    "inkling serve --root data=$F --workers 2 --load $SLOW "
                    "--cache $F/served --quiet");
    ink_client_t *client = connect_to (NULL);
    wait_live (client, 2);
    ink_client_destroy (&client);
}

static const expectation_t asked[] = {
    {"inkling request histogram data/data --progress none", 0, "histogram over", NULL},
    {"inkling request histogram data/data", 0, NULL, "293 KiB covered, 100 %"},
    {"inkling request bytes data/data -o - | cmp - data && echo same", 0, "same", NULL},
    {"inkling request slow data/data --param us=0 -o s.raw && wc -c <s.raw", 0, "2048",
     NULL},
    {"inkling request histogran data/data", 2, NULL, "did you mean histogram?"},
    {"inkling request zzzzzzzzz data/data", 2, NULL, "unknown_kernel"},
    {"inkling request histogram data/nowhere", 6, NULL, "not_found"},
    {"inkling request histogram other/data", 6, NULL, "no_such_root"},
    {"inkling request histogram data/../data", 5, NULL, "path_escape"},
    {"inkling request histogram data//etc/passwd", 5, NULL, "path_escape"},
    {"inkling request histogram data/link", 5, NULL, "path_escape"},
    {"inkling request histogram data/folder", 5, NULL, "not_regular"},
    {"inkling request histogram data/pipe", 5, NULL, "not_regular"},
    {"inkling request histogram data/empty", 2, NULL, "empty_range"},
    {"inkling request histogram data/data --range 1M:1", 2, NULL, "bad_range"},
    {"inkling request entropy data/data --param cell=5", 2, NULL, "bad_parameter"},
    {"inkling request entropy data/data --param sell=64", 2, NULL, "bad_parameter"},
    {"cp data near && printf y | dd of=near bs=1 conv=notrunc 2>/dev/null && "
     "inkling request diff data/data data/near --format text -o is.txt && "
     "inkling run diff data near -o was.txt --format text && cmp is.txt was.txt && "
     "grep -c '  1 bytes differ' is.txt",
     0, "1", NULL},
    {"inkling request diff data/data", 2, NULL, "diff takes two"},
    {"inkling request histogram data/data data/near", 2, NULL, "histogram takes one"},
    {"inkling request diff data/data near", 2, NULL, "NAME/PATH"},
    {"inkling request diff data/data data/../../x", 5, NULL, "path_escape"},
    {"inkling request diff data/data other/x", 6, NULL, "no_such_root"},
    {"inkling request entropy data/data --param cell=1M --chunk 4K", 2, NULL,
     "bad_chunk"},
    {"inkling request slow data/data --param us=50000000 --timeout 0.3", 4, NULL,
     "timeout"},
    {"inkling status", 0, "2 workers", NULL},
    {"inkling status --json", 0, "\"workers\":2,\"counters\":{\"requests\":", NULL},
    {"inkling status nothing", 6, NULL, "no_such_request"},
    {"inkling workers", 0, "worker-1", NULL},
    {"inkling workers --json", 0, "\"worker-2\"", NULL},
    {"inkling cancel nothing", 6, NULL, "no_such_request"},
};

static void
a_server_is_asked (void **state)
{
    (void) state;
    serve ();
    CHECK_LINES (asked);
}

static void
the_examples_work (void **state)
{
    (void) state;
    serve ();
    ran_t ran = run (world, SOON_MS, "request data/data");
    assert_int_equal (ran.status, 0);
    assert_non_null (strstr (ran.out, "ok: exact over 300000 of 300000 bytes\n"));
    ran = run (world, SOON_MS, "request data/nowhere");
    assert_int_equal (ran.status, 6);
    ran = run (world, SOON_MS,
               "mkfifo typed; event-loop <typed >said & exec 3>typed; "
               "echo data/data >&3; until grep -q final said; do :; done; "
               "exec 3>&-; wait; cat said");
    assert_int_equal (ran.status, 0);
    assert_non_null (strstr (ran.out, "final: ok, 2048 bytes"));
}

//  Its moves are those of its seed; at the end nothing of it is left.
static void
the_viewer_loops (void **state)
{
    (void) state;
    serve ();
    ran_t ran = run (world, SOON_MS, "viewer-loop data/data 1.5 7");
    unsigned long long moves, requests, exact, computed, wasted;
    assert_int_equal (ran.status, 0);
    assert_int_equal (sscanf (ran.out, "moves: %llu\nrequests: %llu,", &moves, &requests),
                      2);
    assert_true (moves > 0 && requests > 0);
    const char *told = strstr (ran.out, "\nexact replies: ");
    assert_non_null (told);
    assert_int_equal (sscanf (told, "\nexact replies: %llu, p50", &exact), 1);
    assert_true (exact > 0 && exact <= requests);
    told = strstr (ran.out, "\nchunks computed: ");
    assert_non_null (told);
    assert_int_equal (
        sscanf (told, "\nchunks computed: %llu, wasted %llu", &computed, &wasted), 2);
    assert_true (computed > 0 && wasted <= computed);
    ran = run (world, SOON_MS, "inkling status --json");
    assert_non_null (strstr (ran.out, "\"requests\":[]"));
    ran = run (world, SOON_MS, "viewer-loop data/nowhere 1");
    assert_int_equal (ran.status, 6);
    ran = run (world, SOON_MS, "viewer-loop data/one 0.1");
    assert_int_equal (ran.status, 0);
}

//  ---------------------------------------------------------------------------------------

static int
begin (void **state)
{
    world_begin (state);
    world = *state;
    server = 0;
    make_file (world, "data", TEXT, 1, SIZE);
    make_file (world, "one", SAME, 1, 1);
    make_file (world, "one.raw", SAME, 1, 1);
    make_file (world, "empty", SAME, 1, 0);
    make_file (world, "odd\xff", SAME, 1, 10);
    make_file (world, "secret", SAME, 1, 1);
    const char *folder = world_folder (world);
    chmod (folder, 0711);
    chmod (world_text (world, "%s/secret", folder), 0);
    mkdir (world_text (world, "%s/folder", folder), 0755);
    assert_int_equal (mkfifo (world_text (world, "%s/pipe", folder), 0644), 0);
    assert_int_equal (symlink ("/etc/passwd", world_text (world, "%s/link", folder)), 0);
    return 0;
}

int
main (void)
{
#define TEST(name) cmocka_unit_test_setup_teardown (name, begin, world_end)
    const struct CMUnitTest tests[] = {
        TEST (it_explains_itself),
        TEST (mistakes_are_explained),
        TEST (a_file_that_may_not_be_read_is_told_of),
        TEST (data_goes_where_it_was_told_to),
        TEST (json_tells_of_each_reply),
        TEST (a_kernel_of_ones_own_is_loaded),
        TEST (parameters_may_be_words_texts_and_bytes),
        TEST (two_files_are_compared),
        TEST (a_cache_is_shown_checked_and_cleared),
        TEST (a_cache_is_mended_and_renewed),
        TEST (a_cache_that_cannot_be_read_is_set_aside),
        TEST (a_server_that_is_not_there_is_told_of_within_seconds),
        TEST (a_part_that_is_missing_is_named),
        TEST (a_server_is_asked),
        TEST (the_examples_work),
        TEST (the_viewer_loops),
    };
    return cmocka_run_group_tests (tests, NULL, NULL);
}

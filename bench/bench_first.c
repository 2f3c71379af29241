//  bench_first.c: how soon the first reply comes, of whatever tier, for any range of a cold file
//  of 100 GiB while both workers scan another one for somebody else, beside what was promised.
//
//      bench_first BUILD FOLDER FILE

#include <math.h>

#include "data.h"
#include "question.h"
#include "server.h"

#define SIZE ((uint64_t) 100 << 30)
#define LEAST ((uint64_t) 1 << 20) //  Of a range
#define PIECES 256                 //  Of FILE, somewhere in it
#define PIECE ((size_t) 4 << 20)
#define ASKS 40
#define PROMISED 100000 //  Microseconds

static samples_t samples;

static void
copy_piece (const data_t *from, int to, uint64_t n)
{
    static uint8_t buffer[PIECE];
    uint64_t at = n * (SIZE / PIECES) + n * 4099;
    if (pread (from->file, buffer, PIECE, (off_t) (n * (from->size / PIECES))) !=
            (ssize_t) PIECE ||
        pwrite (to, buffer, PIECE, (off_t) at) != (ssize_t) PIECE)
        die ("the sparse file cannot be written");
}

//  Made once: holes, and a GiB of what real files hold.
static void
make_sparse (const data_t *from, const char *folder)
{
    char path[PATH_MAX];
    snprintf (path, sizeof path, "%s/100GiB", folder);
    struct stat there;
    if (stat (path, &there) == 0 && (uint64_t) there.st_size == SIZE)
        return;
    int to = open (path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (to == -1)
        die ("%s cannot be made", path);
    for (uint64_t n = 0; n < PIECES; n++)
        copy_piece (from, to, n);
    if (ftruncate (to, (off_t) SIZE) || fsync (to) || close (to))
        die ("%s cannot be finished", path);
}

//  Nothing of it is in memory, and no cache knows it.
static void
make_cold (const data_t *data)
{
    data_renew (data);
    if (posix_fadvise (data->file, 0, 0, POSIX_FADV_DONTNEED))
        die ("the page cache does not let go");
}

//  Ranges of all sizes, the small ones as often as the large.
static void
choose_range (question_t *question)
{
    double share = drand48 ();
    uint64_t length = (uint64_t) ((double) LEAST * pow ((double) SIZE / LEAST, share));
    question->offset = (uint64_t) (drand48 () * (double) (SIZE - length));
    question->length = length;
}

static void
drain (question_t *question)
{
    ink_reply_t *reply = question_final (question);
    ink_reply_destroy (&reply);
}

//  Microseconds until the first reply; it must tell something.
static double
ask_once (question_t *question)
{
    choose_range (question);
    ink_request_t *request = question_request (question);
    double began = seconds_now ();
    if (ink_client_submit (question->client, request))
        die ("cannot ask");
    ink_reply_t *reply = ink_client_receive (question->client, 60000);
    double passed = (seconds_now () - began) * 1e6;
    if (!reply || strcmp (ink_reply_request (reply), ink_request_id (request)) ||
        ink_reply_error (reply) ||
        ink_reply_cached (reply) + ink_reply_computed (reply) +
                ink_reply_estimated (reply) ==
            0)
        die ("the first reply tells nothing: %s",
             reply ? ink_error_name (ink_reply_error (reply)) : "none");
    bool final = ink_reply_is_final (reply);
    ink_reply_destroy (&reply);
    if (!final) { //  The final may be on its way already: then that one comes
        (void) ink_client_cancel (question->client, ink_request_id (request));
        drain (question);
    }
    ink_request_destroy (&request);
    return passed;
}

int
main (int argc, char **argv)
{
    if (argc != 4)
        die ("usage: bench_first BUILD FOLDER FILE");
    static data_t real, data;
    static server_t server = {.cache = true};
    data_open (&real, argv[2], argv[3]);
    make_sparse (&real, argv[2]);
    data_open (&data, argv[2], "100GiB");
    server.build = argv[1];
    server.root = argv[2];
    server_start (&server);
    question_t question = {.client = meet (server.endpoint, real.served),
                           .source = data.served,
                           .kernel = "histogram",
                           .cache = true};
    question_t scan = {.client = meet (server.endpoint, real.served),
                       .source = real.served,
                       .kernel = "digraph",
                       .length = real.size};

    row_t p50 = {.what = "first reply, cold 100 GiB, busy, p50", .unit = "us"};
    row_t p99 = {.what = "  p99", .unit = "us", .at_most = 1};
    for (int round = 0; round < ROUNDS; round++) {
        make_cold (&data);
        srand48 (round);
        samples.count = 0;
        question_ask (&scan);
        for (size_t n = 0; n < ASKS; n++) {
            samples_add (&samples, ask_once (&question));
            ink_reply_t *done; //  The scan never rests
            while ((done = ink_client_receive (scan.client, 0))) {
                if (ink_reply_is_final (done))
                    question_ask (&scan);
                ink_reply_destroy (&done);
            }
        }
        drain (&scan);
        row_add (&p50, samples_at (&samples, 0.5), PROMISED);
        row_add (&p99, samples_at (&samples, 0.99), PROMISED);
    }
    row_print (&p50);
    row_print (&p99);

    ink_client_destroy (&question.client);
    ink_client_destroy (&scan.client);
    server_stop (&server);
    return 0;
}

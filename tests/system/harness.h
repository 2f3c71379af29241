//  harness.h: what system tests share: a folder, its files, and processes.
//
//  Every wait has an end, and ends by what is seen, not by the clock: UNTIL looks again and
//  again. What takes too long fails the test.

#ifndef HARNESS_H_INCLUDED
#define HARNESS_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

#define KIB ((uint64_t) 1024)
#define MIB ((uint64_t) 1048576)

//  As long as anything is waited for that should come at once; machines can be busy.
#define SOON_MS 20000

int64_t now_ms (void);
void breathe (void); //  Between two looks

#define UNTIL(condition, within_ms)                                              \
    do {                                                                         \
        int64_t until_ = now_ms () + (within_ms);                                \
        while (!(condition)) {                                                   \
            if (now_ms () > until_)                                              \
                fail_msg ("waited %d ms for %s", (int) (within_ms), #condition); \
            breathe ();                                                          \
        }                                                                        \
    } while (0)

//  ---------------------------------------------------------------------------------------
//  World: the folder a test works in, and what it has started. All of it goes at the end.

typedef struct world world_t;

//  Set-up and tear-down of a test. The environment of what is started: PATH finds `inkling`
//  and the examples, INKLING_ENDPOINT, XDG_CACHE_HOME and HOME lie within the folder, F is
//  the folder itself, SLOW and BAD are the kernels of slow.c and bad.c.
int world_begin (void **state);
int world_end (void **state);

const char *world_folder (const world_t *world);

//  A text or memory that goes with the world.
const char *world_text (world_t *world, const char *format, ...)
    __attribute__ ((format (printf, 2, 3)));
void *world_keep (world_t *world, void *memory);

//  "ipc://FOLDER/front", or a free tcp endpoint on the loopback.
const char *world_endpoint (world_t *world, bool tcp);

//  The shared object of the slow kernel.
const char *slow_kernel (void);

//  "LD_PRELOAD=…" for `starve` or `jump`, to stand in front of a command.
const char *preloaded (world_t *world, const char *name);

//  ---------------------------------------------------------------------------------------
//  Files

typedef enum { NOISE, TEXT, SAME, SPARSE, CONTENTS } content_t;

//  Writes a file of that content beneath the folder; returns the bytes, kept by the world.
uint8_t *make_file (world_t *world, const char *name, content_t content, uint64_t seed,
                    size_t size);
void write_file (world_t *world, const char *name, const void *bytes, size_t size);
void *read_file (world_t *world, const char *name, size_t *size);

//  ---------------------------------------------------------------------------------------
//  Processes: command lines of sh, run within the folder

typedef struct {
    int status; //  128 + signal when ended by one
    char *out, *err;
    size_t out_size;
    int64_t ms;
} ran_t;

//  Runs a line to its end, which must come within the time.
ran_t run (world_t *world, int within_ms, const char *line);

//  Starts `exec LINE`; what it prints goes to NAME.log. Killed at the end of the world.
pid_t start (world_t *world, const char *name, const char *line);

//  True, and it is reaped, when it has ended; *status is its exit status, as above.
bool has_ended (world_t *world, pid_t pid, int *status);

//  Its exit status; it must end within the time.
int end_of (world_t *world, pid_t pid, int within_ms);
void kill_hard (world_t *world, pid_t pid);

//  The child of `parent` whose arguments hold `word`; 0: none.
pid_t child_with (pid_t parent, const char *word);

//  Waits until there is one and sends it a signal; returns which it was.
pid_t signal_child (pid_t parent, const char *word, int signal);
bool is_running (pid_t pid);

//  Processes that name the world's folder in their arguments.
size_t processes_of (const world_t *world);
uint64_t memory_of (pid_t pid); //  Resident bytes
size_t descriptors_of (pid_t pid);
int64_t processor_ms_of (pid_t pid); //  That it has used

#endif

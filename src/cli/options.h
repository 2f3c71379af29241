//  options.h: what `run` and `request` are asked for.

#ifndef INK_OPTIONS_H_INCLUDED
#define INK_OPTIONS_H_INCLUDED

#include <argp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/format.h"
#include "cli/progress.h"
#include "inkling/kernel.h"

#define INK_OPTION_KERNELS 8
#define INK_OPTION_PARAMS 8
#define INK_OPTION_REPORTS 64
#define INK_OPTION_LOADS 32

typedef struct {
    const char *name, *typed;
} ink_option_param_t;

typedef struct {
    double completion;
    uint64_t precision; //  0: the kernel's own
} ink_option_report_t;

//  Texts are those of the command line.
typedef struct {
    const char *kernels[INK_OPTION_KERNELS];
    size_t kernel_count;
    const char *source, *other; //  other: NULL for none
    uint64_t offset, length;    //  length: INK_TO_END
    ink_option_param_t params[INK_OPTION_PARAMS];
    size_t param_count;
    ink_option_report_t reports[INK_OPTION_REPORTS];
    size_t report_count;
    const char *loads[INK_OPTION_LOADS];
    size_t load_count;

    const char *output, *partials;
    ink_format_t format;
    bool json;
    ink_progress_mode_t progress;

    uint64_t chunk, workers, cache_size;
    const char *cache, *endpoint;
    bool no_cache, refresh, no_estimates;
    double sample;       //  0: all
    uint32_t timeout_ms; //  0: none
    int priority;
} ink_options_t;

//  Fills an ink_options_t, which is its input; to be the first child of a verb's argp.
extern const struct argp ink_options_argp;

//  What holds before anything was read.
void ink_options_init (ink_options_t *self);

//  Loads what --load names, and kernels that are named by their file, whose names take the
//  file's place. 0, or the exit status after a complaint.
int ink_options_load (ink_options_t *self);

//  Whether all kernels are known here and take the parameters. 0, or the exit status after a
//  complaint that names what was probably meant.
int ink_options_check (const ink_options_t *self);

//  The parameters of one kernel: its own, or those asked for.
void ink_options_args (const ink_options_t *self, const ink_kernel_t *kernel,
                       ink_args_t *args);

//  The name among all kernels known here that is nearest to a word, or NULL.
const char *ink_options_nearest_kernel (const char *word);

#endif

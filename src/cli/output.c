//  output.c: where data goes: a file, a folder or stdout.

#include "cli/output.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/complain.h"
#include "inkling/error.h"

static int
complain_write (const char *path)
{
    return ink_complain_so (INK_ESYSTEM, "check the path, its permissions and the disk",
                            "cannot write %s (%s)", path, strerror (errno));
}

int
ink_output_make_folders (const char *path)
{
    char part[PATH_MAX];
    size_t size = strlen (path);
    if (size == 0 || size >= sizeof part) {
        errno = size ? ENAMETOOLONG : ENOENT;
        return -1;
    }
    for (size_t n = 1; n <= size; n++) {
        if (path[n] != '/' && path[n] != '\0')
            continue;
        memcpy (part, path, n);
        part[n] = '\0';
        if (mkdir (part, 0777) != 0 && errno != EEXIST)
            return -1;
    }
    struct stat stat_of;
    if (stat (path, &stat_of) != 0)
        return -1;
    if (S_ISDIR (stat_of.st_mode))
        return 0;
    errno = ENOTDIR;
    return -1;
}

//  ---------------------------------------------------------------------------------------
//  What goes where

static bool
is_folder (const char *path)
{
    struct stat stat_of;
    return path[strlen (path) - 1] == '/' ||
           (stat (path, &stat_of) == 0 && S_ISDIR (stat_of.st_mode));
}

//  Whether a file can be made there: better said before the work than after it.
static bool
can_write (const char *path)
{
    char folder[PATH_MAX];
    const char *slash = strrchr (path, '/');
    size_t size = slash ? (size_t) (slash - path) : 0;
    snprintf (folder, sizeof folder, "%.*s", (int) size, path);
    if (size == 0)
        snprintf (folder, sizeof folder, "%s", slash ? "/" : ".");
    return access (path, W_OK) == 0 || (errno == ENOENT && access (folder, W_OK) == 0);
}

//  Data on stdout, when no -o was given.
static int
choose_standard (ink_output_t *self, const ink_options_t *options)
{
    self->standard = !options->json;
    if (self->format == INK_FORMAT_NONE)
        self->format = INK_FORMAT_TEXT;
    bool binary = self->format == INK_FORMAT_RAW || self->format == INK_FORMAT_PNG;
    if (!self->standard || !binary)
        return 0;
    if (options->kernel_count > 1)
        return ink_complain_so (INK_EUSAGE, "give a folder with -o",
                                "the data of several kernels cannot share stdout");
    if (isatty (STDOUT_FILENO))
        return ink_complain_so (INK_EUSAGE, "give a file with -o, or a pipe",
                                "a terminal cannot show raw data or pictures");
    return 0;
}

static int
choose_path (ink_output_t *self, const ink_options_t *options)
{
    if (self->format == INK_FORMAT_NONE && options->kernel_count == 1)
        self->format = ink_format_of_path (options->output);
    if (self->format == INK_FORMAT_NONE)
        self->format = INK_FORMAT_RAW;
    self->path = options->output;
    self->folder = options->kernel_count > 1 || is_folder (self->path);
    if (self->folder && access (self->path, F_OK) == 0 && !is_folder (self->path))
        return ink_complain_so (INK_EUSAGE, "give a folder with -o",
                                "several kernels cannot share the file %s", self->path);
    if (self->folder && ink_output_make_folders (self->path) != 0)
        return complain_write (self->path);
    if (!self->folder && !can_write (self->path))
        return complain_write (self->path);
    return 0;
}

int
ink_output_init (ink_output_t *self, const ink_options_t *options)
{
    *self = (ink_output_t){.format = options->format, .partials = options->partials};
    self->partial_format = options->format ? options->format : INK_FORMAT_RAW;
    if (self->partials && ink_output_make_folders (self->partials) != 0)
        return complain_write (self->partials);
    if (!options->output)
        return choose_standard (self, options);
    if (strcmp (options->output, "-") != 0)
        return choose_path (self, options);
    if (options->json)
        return ink_complain_so (INK_EUSAGE, "give a file with -o",
                                "--json and the data cannot share stdout");
    if (self->format == INK_FORMAT_NONE)
        self->format = INK_FORMAT_RAW;
    return choose_standard (self, options);
}

//  ---------------------------------------------------------------------------------------
//  Writing

static int
write_stream (ink_format_t format, const ink_data_t *data, FILE *out)
{
    int result = ink_format_write (format, data, out);
    return fflush (out) == 0 ? result : -1;
}

static int
write_to (const char *path, const char *mode, ink_format_t format, const ink_data_t *data)
{
    FILE *out = fopen (path, mode);
    if (!out)
        return -1;
    int result = write_stream (format, data, out);
    int error = errno;
    if (fclose (out) != 0)
        return -1;
    errno = error;
    return result;
}

//  Writes beside the file, then moves it into place: whoever reads it sees all or nothing of
//  it. What is no regular file, a pipe for instance, is written as it stands; a link is
//  followed.
static int
save (const char *path, ink_format_t format, const ink_data_t *data)
{
    char *real = realpath (path, NULL);
    const char *target = real ? real : path;
    char beside[PATH_MAX + 32];
    snprintf (beside, sizeof beside, "%s.%ld.tmp", target, (long) getpid ());
    struct stat stat_of;
    int result;
    if (stat (target, &stat_of) == 0 && !S_ISREG (stat_of.st_mode)) {
        result = write_to (target, "we", format, data);
    } else {
        result = write_to (beside, "wxe", format, data);
        if (result == 0)
            result = rename (beside, target);
        int error = errno;
        if (result != 0 && error != EEXIST)
            unlink (beside);
        errno = error;
    }
    int status = result == 0 ? 0 : complain_write (path);
    free (real);
    return status;
}

int
ink_output_partial (const ink_output_t *self, const ink_data_t *data, uint64_t seq)
{
    if (!self->partials)
        return 0;
    char path[PATH_MAX];
    snprintf (path, sizeof path, "%s/%s.%" PRIu64 ".%s", self->partials, data->kernel,
              seq, ink_format_extension (self->partial_format));
    return save (path, self->partial_format, data);
}

int
ink_output_final (const ink_output_t *self, const ink_data_t *data)
{
    if (self->standard) {
        bool written = write_stream (self->format, data, stdout) == 0;
        return written ? 0 : complain_write ("stdout");
    }
    if (!self->path)
        return 0;
    if (!self->folder)
        return save (self->path, self->format, data);
    char path[PATH_MAX];
    snprintf (path, sizeof path, "%s/%s.%s", self->path, data->kernel,
              ink_format_extension (self->format));
    return save (path, self->format, data);
}

//  request.c: one question, put together by the application.

#include <assert.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "base/memory.h"
#include "client/request.h"

#define ID_SIZE 26

//  48 bits of time and 80 of chance, five bits a character: ids sort by the time they
//  were made, and two of them meet only by a fault of the random generator.
static void
make_id (char id[ID_SIZE + 1])
{
    static const char digits[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
    struct timespec now;
    clock_gettime (CLOCK_REALTIME, &now);
    uint64_t ms = (uint64_t) now.tv_sec * 1000 + (uint64_t) now.tv_nsec / 1000000;
    uint8_t chance[16];
    ssize_t got = getrandom (chance, sizeof chance, 0);
    assert (got == sizeof chance);
    (void) got;
    for (int i = 9; i >= 0; i--, ms >>= 5)
        id[i] = digits[ms & 31];
    for (int i = 10; i < ID_SIZE; i++)
        id[i] = digits[chance[i - 10] & 31];
    id[ID_SIZE] = 0;
}

bool
ink_id_is_valid (const char *id)
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyz"
                                  "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strnlen (id, INK_NAME_MOST + 1);
    return size > 0 && size <= INK_NAME_MOST && strspn (id, letters) == size;
}

static char *
copy_text (const char *text)
{
    size_t size = strlen (text) + 1;
    char *copy = ink_alloc (size);
    return copy ? memcpy (copy, text, size) : NULL;
}

//  INK_EUSAGE: empty or too long.
static int
set_name (ink_name_t name, const char *text)
{
    size_t size = strnlen (text, INK_NAME_MOST + 1);
    if (size == 0 || size > INK_NAME_MOST)
        return INK_EUSAGE;
    memset (name, 0, sizeof (ink_name_t));
    memcpy (name, text, size);
    return INK_OK;
}

ink_request_t *
ink_request_new (const char *source)
{
    ink_request_t *self = ink_alloc (sizeof *self);
    if (self == NULL)
        return NULL;
    self->source = copy_text (source);
    if (self->source == NULL) {
        ink_free (self);
        return NULL;
    }
    make_id (self->id);
    self->length = INK_TO_END;
    self->timeout_ms = INK_DAY_MS;
    self->focus = INK_MIDDLE;
    self->cache_read = self->cache_write = self->estimates = true;
    return self;
}

void
ink_request_destroy (ink_request_t **self_p)
{
    ink_request_t *self = *self_p;
    if (self) {
        ink_free (self->source);
        ink_free (self->other);
        ink_free (self);
        *self_p = NULL;
    }
}

ink_request_t *
ink_request_copy (const ink_request_t *self)
{
    ink_request_t *copy = ink_alloc (sizeof *copy);
    char *source = copy_text (self->source);
    char *other = self->other ? copy_text (self->other) : NULL;
    if (copy == NULL || source == NULL || (self->other && other == NULL)) {
        ink_free (copy);
        ink_free (source);
        ink_free (other);
        return NULL;
    }
    *copy = *self;
    copy->source = source;
    copy->other = other;
    return copy;
}

int
ink_request_set_other (ink_request_t *self, const char *source)
{
    char *other = *source ? copy_text (source) : NULL;
    if (*source && other == NULL)
        return INK_ENOMEM;
    ink_free (self->other);
    self->other = other;
    return INK_OK;
}

const char *
ink_request_id (const ink_request_t *self)
{
    return self->id;
}

int
ink_request_set_id (ink_request_t *self, const char *id)
{
    return ink_id_is_valid (id) ? set_name (self->id, id) : INK_EUSAGE;
}

void
ink_request_set_range (ink_request_t *self, uint64_t offset, uint64_t length)
{
    self->offset = offset;
    self->length = length;
}

//  The place of `name`, or `count` when it is not there.
static size_t
find (ink_name_t *names, size_t count, const char *name)
{
    size_t n = 0;
    while (n < count && strcmp (names[n], name))
        n++;
    return n;
}

int
ink_request_add_kernel (ink_request_t *self, const char *kernel)
{
    size_t n = find (self->kernel_names, self->kernels, kernel);
    if (n < self->kernels || n == INK_KERNELS_MOST)
        return INK_EUSAGE;
    int rc = set_name (self->kernel_names[n], kernel);
    if (rc == INK_OK)
        self->kernels++;
    return rc;
}

static int
set_param (ink_request_t *self, const char *name, int64_t value, const char *text)
{
    size_t n = find (self->param_names, self->params, name);
    if (n == INK_PARAMS_MOST)
        return INK_EUSAGE;
    if (n == self->params) {
        int rc = set_name (self->param_names[n], name);
        if (rc)
            return rc;
        self->params++;
    }
    self->param_values[n] = value;
    strcpy (self->param_texts[n], text);
    return INK_OK;
}

int
ink_request_set_param (ink_request_t *self, const char *name, int64_t value)
{
    return set_param (self, name, value, "");
}

int
ink_request_set_text_param (ink_request_t *self, const char *name, const char *text)
{
    size_t size = strnlen (text, INK_TYPED_MOST + 1);
    if (size == 0 || size > INK_TYPED_MOST)
        return INK_EUSAGE;
    return set_param (self, name, 0, text);
}

int
ink_request_add_report (ink_request_t *self, double completion)
{
    return ink_request_add_report_at (self, completion, 0);
}

int
ink_request_add_report_at (ink_request_t *self, double completion, uint64_t precision)
{
    //  Not-a-number is refused too
    if (!(completion >= 0 && completion <= 1) || self->reports == INK_REPORTS_MOST)
        return INK_EUSAGE;
    uint64_t millionths = (uint64_t) (completion * INK_MILLION + 0.5);
    self->report_list[self->reports++] = (ink_msg_report_t){millionths, precision};
    return INK_OK;
}

void
ink_request_set_estimates (ink_request_t *self, bool estimates)
{
    self->estimates = estimates;
}

int
ink_request_set_sample (ink_request_t *self, double fraction)
{
    if (!(fraction > 0 && fraction <= 1))
        return INK_EUSAGE;
    uint64_t millionths = (uint64_t) (fraction * INK_MILLION + 0.5);
    self->sample = millionths == INK_MILLION ? 0 : millionths ? millionths : 1;
    return INK_OK;
}

void
ink_request_set_chunk (ink_request_t *self, uint64_t chunk)
{
    self->chunk = chunk;
}

void
ink_request_set_priority (ink_request_t *self, int priority)
{
    self->priority = priority < -1000 ? -1000 : priority > 1000 ? 1000 : priority;
}

void
ink_request_set_timeout (ink_request_t *self, uint32_t milliseconds)
{
    self->timeout_ms = milliseconds ? milliseconds : INK_DAY_MS;
}

void
ink_request_set_cache (ink_request_t *self, bool read, bool write)
{
    self->cache_read = read;
    self->cache_write = write;
}

int
ink_request_set_view (ink_request_t *self, const char *view, uint64_t focus)
{
    if (!ink_id_is_valid (view))
        return INK_EUSAGE;
    self->focus = focus;
    return set_name (self->view, view);
}

static bool
same_lists (const ink_request_t *a, const ink_request_t *b)
{
    if (a->kernels != b->kernels || a->params != b->params || a->reports != b->reports)
        return false;
    for (size_t n = 0; n < a->kernels; n++)
        if (strcmp (a->kernel_names[n], b->kernel_names[n]))
            return false;
    for (size_t n = 0; n < a->params; n++)
        if (strcmp (a->param_names[n], b->param_names[n]) ||
            a->param_values[n] != b->param_values[n] ||
            strcmp (a->param_texts[n], b->param_texts[n]))
            return false;
    for (size_t n = 0; n < a->reports; n++)
        if (a->report_list[n].millionths != b->report_list[n].millionths ||
            a->report_list[n].precision != b->report_list[n].precision)
            return false;
    return true;
}

//  NULL is the empty text.
static bool
same_text (const char *a, const char *b)
{
    return !strcmp (a ? a : "", b ? b : "");
}

bool
ink_request_same (const ink_request_t *self, const ink_request_t *other)
{
    return !strcmp (self->id, other->id) && !strcmp (self->source, other->source) &&
           same_text (self->other, other->other) && self->offset == other->offset &&
           self->length == other->length && self->chunk == other->chunk &&
           self->priority == other->priority && self->timeout_ms == other->timeout_ms &&
           self->cache_read == other->cache_read &&
           self->cache_write == other->cache_write && !strcmp (self->view, other->view) &&
           self->focus == other->focus && self->estimates == other->estimates &&
           self->sample == other->sample && same_lists (self, other);
}

void
ink_request_message (ink_request_t *self, ink_msg_t *msg)
{
    for (size_t n = 0; n < self->params; n++)
        self->param_list[n] = (ink_msg_param_t){.name = self->param_names[n],
                                                .value = self->param_values[n],
                                                .text = self->param_texts[n]};
    for (size_t n = 0; n < self->kernels; n++)
        self->kernel_list[n] = (ink_msg_kernel_t){
            .name = self->kernel_names[n], .params = {self->param_list, self->params}};
    *msg = (ink_msg_t){.kind = INK_MSG_REQUEST,
                       .request = {.id = self->id,
                                   .source = self->source,
                                   .other = self->other,
                                   .offset = self->offset,
                                   .length = self->length,
                                   .kernels = {self->kernel_list, self->kernels},
                                   .reports = {self->report_list, self->reports},
                                   .chunk = self->chunk,
                                   .priority = self->priority,
                                   .timeout_ms = self->timeout_ms,
                                   .cache_read = self->cache_read,
                                   .cache_write = self->cache_write,
                                   .view = self->view,
                                   .focus = self->focus,
                                   .move = self->move,
                                   .estimates = self->estimates,
                                   .sample = self->sample}};
}

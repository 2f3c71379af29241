//  args.c: the parameters a kernel was asked with, checked against its table.

#include "kernels/args.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "inkling/error.h"
#include "kernels/kernels.h"

//  The reason goes to people in messages, which carry no bytes that are not text.
static void
clean (ink_why_t *why)
{
    for (char *at = why->text; *at; at++)
        if (*at < ' ' || *at > '~')
            *at = '?';
}

static int
refuse (ink_why_t *why, const char *format, ...)
{
    va_list list;
    va_start (list, format);
    vsnprintf (why->text, sizeof why->text, format, list);
    va_end (list);
    clean (why);
    return INK_EPARAM;
}

//  ---------------------------------------------------------------------------------------
//  Numbers and words

static size_t
count_words (const ink_param_t *param)
{
    size_t count = 0;
    while (param->words[count])
        count++;
    return count;
}

bool
ink_args_allowed (const ink_kernel_t *kernel, size_t n, int64_t number)
{
    if (n >= ink_kernels_params (kernel))
        return false;
    const ink_param_t *param = &kernel->params[n];
    if (param->kind == INK_PARAM_WORD)
        return number >= 0 && (uint64_t) number < count_words (param);
    if (param->kind != INK_PARAM_NUMBER || number < param->least || number > param->most)
        return false;
    return !param->power_of_two || (number > 0 && (number & (number - 1)) == 0);
}

static int
set_number (ink_args_t *self, const ink_kernel_t *kernel, size_t n, int64_t number,
            ink_why_t *why)
{
    const ink_param_t *param = &kernel->params[n];
    if (!ink_args_allowed (kernel, n, number))
        return refuse (why, "%s of %s is %lld to %lld%s", param->name, kernel->name,
                       (long long) param->least, (long long) param->most,
                       param->power_of_two ? ", a power of two" : "");
    self->numbers[n] = number;
    return INK_OK;
}

static int
refuse_word (ink_why_t *why, const ink_kernel_t *kernel, const ink_param_t *param)
{
    char list[sizeof why->text] = "";
    size_t size = 0;
    for (size_t w = 0; param->words[w] && size < sizeof list; w++)
        size += (size_t) snprintf (list + size, sizeof list - size, "%s%s", w ? ", " : "",
                                   param->words[w]);
    return refuse (why, "%s of %s is one of %s", param->name, kernel->name, list);
}

static int
set_word (ink_args_t *self, const ink_kernel_t *kernel, size_t n, const char *word,
          ink_why_t *why)
{
    const ink_param_t *param = &kernel->params[n];
    for (size_t w = 0; param->words[w]; w++)
        if (strcmp (param->words[w], word) == 0) {
            self->numbers[n] = (int64_t) w;
            return INK_OK;
        }
    return refuse_word (why, kernel, param);
}

//  ---------------------------------------------------------------------------------------
//  Texts: they stand in `texts` without gaps, in the order in which they were set last

static bool
is_text (const ink_param_t *param)
{
    return param->kind == INK_PARAM_TEXT || param->kind == INK_PARAM_BYTES;
}

static size_t
texts_size (const ink_args_t *self, const ink_kernel_t *kernel)
{
    size_t size = 0;
    for (size_t n = 0; n < ink_kernels_params (kernel); n++)
        if (is_text (&kernel->params[n]))
            size += (size_t) self->numbers[n];
    return size;
}

static void
remove_text (ink_args_t *self, const ink_kernel_t *kernel, size_t n)
{
    size_t size = (size_t) self->numbers[n], begin = self->begins[n];
    memmove (self->texts + begin, self->texts + begin + size,
             sizeof self->texts - begin - size);
    self->numbers[n] = 0;
    for (size_t other = 0; other < ink_kernels_params (kernel); other++)
        if (self->begins[other] > begin)
            self->begins[other] = (uint16_t) (self->begins[other] - size);
}

static int
put_text (ink_args_t *self, const ink_kernel_t *kernel, size_t n, const void *bytes,
          size_t size, ink_why_t *why)
{
    size_t others = texts_size (self, kernel) - (size_t) self->numbers[n];
    if (size > INK_KERNEL_TEXTS - others)
        return refuse (why, "%s of %s may have %d bytes at most", kernel->params[n].name,
                       kernel->name, (int) (INK_KERNEL_TEXTS - others));
    remove_text (self, kernel, n);
    self->begins[n] = (uint16_t) others;
    self->numbers[n] = (int64_t) size;
    memcpy (self->texts + others, bytes, size);
    return INK_OK;
}

static int
digit_of (char letter)
{
    static const char digits[] = "0123456789abcdefABCDEF";
    const char *at = letter ? strchr (digits, letter) : NULL;
    if (!at)
        return -1;
    int digit = (int) (at - digits);
    return digit < 16 ? digit : digit - 6;
}

static int
put_bytes (ink_args_t *self, const ink_kernel_t *kernel, size_t n, const char *typed,
           ink_why_t *why)
{
    uint8_t bytes[INK_KERNEL_TEXTS + 1];
    size_t size = 0;
    for (; *typed && size < sizeof bytes; typed += 2) {
        int high = digit_of (typed[0]), low = high < 0 ? -1 : digit_of (typed[1]);
        if (low < 0)
            return refuse (why, "%s of %s is pairs of hexadecimal digits, as in 7f454c46",
                           kernel->params[n].name, kernel->name);
        bytes[size++] = (uint8_t) (high << 4 | low);
    }
    return put_text (self, kernel, n, bytes, size, why);
}

//  ---------------------------------------------------------------------------------------
//  All of them

static int
set_typed (ink_args_t *self, const ink_kernel_t *kernel, size_t n, const char *typed,
           ink_why_t *why)
{
    int64_t number;
    switch (kernel->params[n].kind) {
    case INK_PARAM_WORD:
        return set_word (self, kernel, n, typed, why);
    case INK_PARAM_TEXT:
        return put_text (self, kernel, n, typed, strlen (typed), why);
    case INK_PARAM_BYTES:
        return put_bytes (self, kernel, n, typed, why);
    case INK_PARAM_NUMBER:
        if (ink_text_number (typed, &number))
            return set_number (self, kernel, n, number, why);
    }
    return refuse (why, "%s of %s is a number, then K, M, G or T for steps of 1024",
                   kernel->params[n].name, kernel->name);
}

void
ink_args_init (ink_args_t *self, const ink_kernel_t *kernel)
{
    ink_why_t why;
    memset (self, 0, sizeof *self);
    for (size_t n = 0; n < ink_kernels_params (kernel); n++) {
        const ink_param_t *param = &kernel->params[n];
        if (!is_text (param))
            self->numbers[n] = param->fallback;
        else if (param->text) {
            int rc = set_typed (self, kernel, n, param->text, &why);
            assert (rc == INK_OK); //  It was checked when it was loaded
            (void) rc;
        }
    }
}

int
ink_args_set (ink_args_t *self, const ink_kernel_t *kernel, const char *name,
              int64_t number, const char *typed, ink_why_t *why)
{
    int place = ink_kernels_param (kernel, name);
    if (place < 0)
        return INK_ENOTFOUND;
    const ink_param_t *param = &kernel->params[place];
    if (typed && *typed)
        return set_typed (self, kernel, (size_t) place, typed, why);
    if (param->kind == INK_PARAM_NUMBER)
        return set_number (self, kernel, (size_t) place, number, why);
    if (param->kind == INK_PARAM_WORD)
        return refuse_word (why, kernel, param);
    return refuse (why, "%s of %s is a text and not empty", param->name, kernel->name);
}

int
ink_args_check (const ink_args_t *self, const ink_kernel_t *kernel, ink_why_t *why)
{
    why->text[0] = '\0';
    if (!kernel->check || kernel->check (self, why->text, sizeof why->text) == 0)
        return INK_OK;
    why->text[sizeof why->text - 1] = '\0';
    clean (why);
    return INK_EPARAM;
}

void
ink_args_type (const ink_args_t *self, const ink_kernel_t *kernel, size_t n,
               char typed[INK_ARGS_TYPED])
{
    const ink_param_t *param = &kernel->params[n];
    const uint8_t *text = ink_args_text (self, n);
    size_t size = is_text (param) ? (size_t) self->numbers[n] : 0;
    typed[0] = '\0';
    if (param->kind == INK_PARAM_WORD)
        snprintf (typed, INK_ARGS_TYPED, "%s", param->words[self->numbers[n]]);
    else if (param->kind == INK_PARAM_TEXT)
        snprintf (typed, INK_ARGS_TYPED, "%.*s", (int) size, (const char *) text);
    else
        for (size_t at = 0; at < size; at++)
            snprintf (typed + 2 * at, 3, "%02x", text[at]);
}

//  args.h: the parameters a kernel was asked with, checked against its table.

#ifndef INK_ARGS_H_INCLUDED
#define INK_ARGS_H_INCLUDED

#include <stdbool.h>
#include <stddef.h>

#include "inkling/kernel.h"

//  Why a parameter is not taken: a sentence of ASCII.
typedef struct {
    char text[160];
} ink_why_t;

//  The fallbacks of the kernel.
void ink_args_init (ink_args_t *self, const ink_kernel_t *kernel);

//  Sets a parameter by name: as it was typed; or, if `typed` is NULL or empty, to a number.
//  INK_ENOTFOUND: the kernel has none of this name; INK_EPARAM: it is not allowed, for the
//  reason in *why. Nothing has changed then.
int ink_args_set (ink_args_t *self, const ink_kernel_t *kernel, const char *name,
                  int64_t number, const char *typed, ink_why_t *why);

//  Whether the kernel takes all of them together. INK_EPARAM, and why.
int ink_args_check (const ink_args_t *self, const ink_kernel_t *kernel, ink_why_t *why);

//  Whether a number is within the limits of the n-th parameter, or the place of a word.
bool ink_args_allowed (const ink_kernel_t *kernel, size_t n, int64_t number);

//  The n-th parameter as it is set again: its number, and what would be typed, with a zero
//  behind it; "" for a number.
#define INK_ARGS_TYPED (2 * INK_KERNEL_TEXTS + 1)
void ink_args_type (const ink_args_t *self, const ink_kernel_t *kernel, size_t n,
                    char typed[INK_ARGS_TYPED]);

#endif

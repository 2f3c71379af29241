//  estimate.h: what the rest of a table of counters will be, and how far off that may be.
//
//  Units are looked at that are spread fairly over what was not known at the beginning: small
//  samples, and parts in the order of a spread course. A unit gives each counter a rate, its
//  counts a byte; the mean of all units, the small ones and the large ones alike, is the rate
//  of the rest.
//
//  The bound comes from replicates (P. C. Mahalanobis's interpenetrating subsamples, or random
//  groups: K. Wolter, Introduction to Variance Estimation, chapter 2): the units are dealt to
//  eight groups, each spread over the range as well as all are, and how much the groups differ
//  tells how much their mean may be off. To this comes the share of the range that may be of a
//  kind no unit has met: at most 3/n of it with 95 % confidence (the rule of three). doc/
//  estimates.md has the formula and what was measured.

#ifndef INK_ESTIMATE_H_INCLUDED
#define INK_ESTIMATE_H_INCLUDED

#include "value/answer.h"

typedef struct ink_estimate ink_estimate_t;

//  Whether answers of a kernel can be estimated: counts, not too many of them.
bool ink_estimate_suits (const ink_kernel_t *kernel, const ink_args_t *args);

//  For the answer of a kernel that suits over `length` bytes that are cut into parts of `chunk`
//  bytes. When it begins, `lacking` of them are not in `known`. Takes about five times the
//  memory of the answer. NULL when out of memory.
ink_estimate_t *
ink_estimate_new (const ink_kernel_t *kernel, const ink_args_t *args, uint64_t length,
                  uint64_t chunk, const ink_answer_t *known, uint64_t lacking);
void ink_estimate_destroy (ink_estimate_t **self_p);

//  A packed value over `units` places, `bytes` in all, that are spread over what lacked at the
//  beginning; the kernel saw nothing behind each of them. INK_EVALUE: nothing has changed.
int ink_estimate_sample (ink_estimate_t *self, const void *value, size_t size,
                         uint64_t units, uint64_t bytes);

//  The packed value of a part of `length` bytes at that place of a spread course. After some
//  thousands nothing is gained by more, and nothing done. INK_EVALUE.
int ink_estimate_part (ink_estimate_t *self, const void *value, size_t size,
                       uint64_t length, uint64_t place);

//  No counter of the answer is off by more than so many millionths of the length, in 19 of 20
//  cases, when `rest` bytes of it, not 0, are estimated. False: too few units to say.
bool ink_estimate_bound (const ink_estimate_t *self, uint64_t rest, uint64_t *millionths);

//  Writes what is exact and what `rest` more bytes are estimated to add: as ink_answer_write.
//  There is a bound.
void ink_estimate_write (const ink_estimate_t *self, const ink_answer_t *exact,
                         uint64_t rest, void *out);

#endif

//  measure.h: time, spreads over rounds, and the rows of the table.

#ifndef BENCH_MEASURE_H_INCLUDED
#define BENCH_MEASURE_H_INCLUDED

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ROUNDS 5
#define SAMPLES_MOST 200000

//  A bench that cannot measure says why and ends.
static inline void __attribute__ ((noreturn, format (printf, 1, 2)))
die (const char *format, ...)
{
    va_list values;
    va_start (values, format);
    fputs ("bench: ", stderr);
    vfprintf (stderr, format, values);
    fputc ('\n', stderr);
    va_end (values);
    exit (1);
}

static inline double
seconds_now (void)
{
    struct timespec now;
    clock_gettime (CLOCK_MONOTONIC, &now);
    return (double) now.tv_sec + 1e-9 * (double) now.tv_nsec;
}

static inline int
by_size (const void *a, const void *b)
{
    double x = *(const double *) a, y = *(const double *) b;
    return (x > y) - (x < y);
}

//  ---------------------------------------------------------------------------------------
//  Samples: single times, of which percentiles are wanted

typedef struct {
    double values[SAMPLES_MOST];
    size_t count;
} samples_t;

static inline void
samples_add (samples_t *self, double value)
{
    if (self->count < SAMPLES_MOST)
        self->values[self->count++] = value;
}

//  Puts the samples in order.
static inline double
samples_at (samples_t *self, double share)
{
    if (self->count == 0)
        die ("nothing was measured");
    qsort (self->values, self->count, sizeof *self->values, by_size);
    return self->values[(size_t) (share * (double) (self->count - 1))];
}

//  ---------------------------------------------------------------------------------------
//  Rows: what Inkling does beside a yardstick, round by round

typedef struct {
    double values[ROUNDS];
    size_t count;
} spread_t;

typedef struct {
    const char *what, *unit;
    double at_least, at_most; //  What the median ratio is wanted to be; 0: told only
    spread_t inkling, yardstick, ratio;
} row_t;

static inline void
row_add (row_t *self, double inkling, double yardstick)
{
    self->inkling.values[self->inkling.count++] = inkling;
    self->yardstick.values[self->yardstick.count++] = yardstick;
    self->ratio.values[self->ratio.count++] = inkling / yardstick;
}

static inline double
median (spread_t *self)
{
    qsort (self->values, self->count, sizeof *self->values, by_size);
    return self->values[self->count / 2];
}

//  Median and, in brackets, the least and the most of all rounds.
static inline void
print_spread (spread_t *self, const char *unit)
{
    double middle = median (self);
    int digits = middle < 10 ? 2 : middle < 100 ? 1 : 0;
    printf ("%.*f%s%s (%.*f..%.*f)\t", digits, middle, *unit ? " " : "", unit, digits,
            self->values[0], digits, self->values[self->count - 1]);
}

//  One line with tabs between the columns; bench/run lays out the table.
static inline void
row_print (row_t *self)
{
    double ratio = median (&self->ratio);
    bool met = ratio >= self->at_least && (self->at_most <= 0 || ratio <= self->at_most);
    printf ("%s\t", self->what);
    print_spread (&self->inkling, self->unit);
    print_spread (&self->yardstick, self->unit);
    print_spread (&self->ratio, "");
    if (self->at_least > 0)
        printf (">= %.2f\t%s\n", self->at_least, met ? "yes" : "MISSED");
    else if (self->at_most > 0)
        printf ("<= %.2f\t%s\n", self->at_most, met ? "yes" : "MISSED");
    else
        printf ("-\t-\n");
    fflush (stdout);
}

//  ---------------------------------------------------------------------------------------
//  Services: whatever is asked and answers, Inkling or not, is measured by the same loops

typedef struct {
    void *self;
    void (*ask) (void *self);
    void (*await) (void *self); //  One answer
} service_t;

//  Answers a second with `window` requests on their way.
static inline double
measure_rate (const service_t *service, size_t window, double seconds)
{
    size_t answered = 0;
    double began = seconds_now (), now = began;
    for (size_t n = 0; n < window; n++)
        service->ask (service->self);
    for (; now - began < seconds; now = seconds_now (), answered++) {
        service->await (service->self);
        service->ask (service->self);
    }
    for (size_t n = 0; n < window; n++)
        service->await (service->self);
    return (double) answered / (now - began);
}

//  Microseconds of single questions, one at a time.
static inline void
measure_times (const service_t *service, double seconds, samples_t *samples)
{
    samples->count = 0;
    for (double began = seconds_now (), now = began; now - began < seconds;) {
        double asked = now;
        service->ask (service->self);
        service->await (service->self);
        now = seconds_now ();
        samples_add (samples, (now - asked) * 1e6);
    }
}

#endif

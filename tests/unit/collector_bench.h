//  collector_bench.h: a collector, and words for what happens to it.
//
//  Ranges are of a file of 16 parts of 4 KiB; the value of part n counts its bytes at cell n
//  of a histogram. What the collector wants done is compared as lines.

#ifndef COLLECTOR_BENCH_H_INCLUDED
#define COLLECTOR_BENCH_H_INCLUDED

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "inkling/error.h"
#include "kernels/kernels.h"
#include "protocol/codec.h"
#include "sink/collector.h"

#define MS ((int64_t) 1000)
#define SECOND (1000 * MS)
#define PART ((uint64_t) 4096)
#define PARTS 16
#define PEER 4
#define EPOCH 9

typedef struct {
    ink_collector_t *collector;
    int64_t now;
    uint64_t epoch, peer;
    ink_msg_greeting_t greeting; //  The last one
    uint64_t order;
    uint64_t cells[65536]; //  Of the last reply
    ink_series_t series;
    ink_msg_report_t reports[4];
    size_t report_count;
    uint64_t parts; //  Of the source; 0: PARTS
    bool write, estimate;
    uint64_t knowns, places;
    bool untold;    //  What is known is for the sink to tell
    uint64_t bound; //  Of the last reply
    char trace[4096];
} bench_t;

static inline int
setup (void **state)
{
    bench_t *self = calloc (1, sizeof *self);
    self->now = 1000 * SECOND;
    self->epoch = EPOCH;
    self->peer = PEER;
    self->write = true;
    ink_args_t args = {0};
    self->series = ink_series_of (&ink_kernel_histogram, &args,
                                  &(ink_identity_t){.size = PARTS * PART}, NULL, 0);
    self->collector = ink_collector_new (1000);
    *state = self;
    return !self->collector;
}

static inline int
teardown (void **state)
{
    bench_t *self = *state;
    ink_collector_destroy (&self->collector);
    free (self);
    return 0;
}

//  ---------------------------------------------------------------------------------------
//  What is written down

static inline void
write_down (bench_t *self, const char *format, ...)
{
    size_t size = strlen (self->trace);
    va_list args;
    va_start (args, format);
    vsnprintf (self->trace + size, sizeof self->trace - size, format, args);
    va_end (args);
}

#define TOLD(self, expected)                             \
    do {                                                 \
        assert_string_equal ((self)->trace, (expected)); \
        (self)->trace[0] = 0;                            \
    } while (0)

static inline void
note_settled (bench_t *self, const ink_msg_settled_t *msg)
{
    write_down (self, "settled after %d:", (int) msg->order);
    for (size_t n = 0; n < msg->arrivals.size; n++)
        write_down (self, " %d.%d%s%s", (int) msg->arrivals.items[n].lease,
                    (int) msg->arrivals.items[n].slot,
                    msg->arrivals.items[n].error ? " " : "",
                    msg->arrivals.items[n].error
                        ? ink_error_name ((int) msg->arrivals.items[n].error)
                        : "");
    write_down (self, "\n");
}

static inline void
note_reply (bench_t *self, const ink_sink_action_t *action)
{
    const ink_msg_reply_t *msg = &action->msg.reply;
    write_down (self, "%s %d.%d: %d+%d", msg->final ? "final" : "partial",
                (int) msg->handle, (int) msg->kernel, (int) (msg->cached / PART),
                (int) (msg->computed / PART));
    if (msg->precision > PART) //  Coarse
        write_down (self, " at %d", (int) msg->precision);
    if (msg->estimated)
        write_down (self, " and %d estimated", (int) (msg->estimated / PART));
    self->bound = msg->bound;
    if (msg->error)
        write_down (self, " %s", ink_error_name ((int) msg->error));
    for (size_t n = 0; n < msg->failures.size; n++)
        write_down (self, " without [%d+%d] %s",
                    (int) (msg->failures.items[n].offset / PART),
                    (int) (msg->failures.items[n].length / PART),
                    ink_error_name ((int) msg->failures.items[n].error));
    write_down (self, "\n");
    if (action->outline)
        ink_outline_write (action->outline, action->answer, msg->precision, self->cells);
    else if (action->estimate)
        ink_estimate_write (action->estimate, action->answer, action->estimated,
                            self->cells);
    else if (action->answer)
        ink_answer_write_at (action->answer, msg->precision, self->cells);
}

static inline void
note (bench_t *self, const ink_sink_action_t *action)
{
    if (action->kind == INK_SINK_STORE)
        write_down (self, "store\n");
    else if (action->kind == INK_SINK_RAISE)
        write_down (self, "raise %d of %d\n", (int) action->wish.key.node.n,
                    (int) (action->wish.key.node.span / PART));
    else if (action->kind == INK_SINK_PURGE)
        write_down (self, "purge\n");
    else if (action->kind == INK_SINK_REPLY)
        note_reply (self, action);
    else if (action->msg.kind == INK_MSG_SETTLED)
        note_settled (self, &action->msg.settled);
    else if (action->msg.kind == INK_MSG_GREETING)
        self->greeting = action->msg.greeting;
    else
        write_down (self, "%s\n", ink_msg_name (action->msg.kind));
    if (action->kind == INK_SINK_SEND)
        assert_int_equal (action->peer, self->peer);
}

static inline int
step (bench_t *self, ink_heard_kind_t kind, const ink_msg_t *msg, ink_payload_t *payload)
{
    const ink_sink_actions_t *out;
    ink_heard_t heard = {
        .kind = kind, .peer = self->peer, .msg = msg, .payload = payload};
    int rc = ink_collector_step (self->collector, self->now, &heard, &out);
    for (size_t n = 0; rc == INK_OK && n < out->size; n++)
        note (self, &out->items[n]);
    ink_payload_destroy (&payload);
    return rc;
}

//  ---------------------------------------------------------------------------------------
//  What is heard

static inline int
greet (bench_t *self)
{
    ink_msg_t msg = {.kind = INK_MSG_GREET, .greet = {self->epoch, self->order}};
    return step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

static inline int
expect_kernel (bench_t *self, const char *name, uint64_t handle, uint64_t first,
               uint64_t count)
{
    ink_msg_kernel_t kernel = {.name = name, .version = 1};
    ink_msg_series_t series = {self->series.bytes};
    ink_msg_t msg = {.kind = INK_MSG_EXPECT,
                     .expect = {.epoch = self->epoch,
                                .order = ++self->order,
                                .handle = handle,
                                .offset = first * PART,
                                .length = count * PART,
                                .size = (self->parts ? self->parts : PARTS) * PART,
                                .chunk = PART,
                                .kernels = {&kernel, 1},
                                .series = {&series, 1},
                                .reports = {self->reports, self->report_count},
                                .cache_write = self->write,
                                .knowns = self->knowns,
                                .estimate = self->estimate,
                                .spread = 1,
                                .places = self->places}};
    return step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

static inline int
expect (bench_t *self, uint64_t handle, uint64_t first, uint64_t count)
{
    return expect_kernel (self, "histogram", handle, first, count);
}

//  Counts of the parts [first, first + count), packed. NULL when memory ran out.
static inline ink_payload_t *
pack (uint64_t first, uint64_t count)
{
    uint32_t cells[256] = {0};
    ink_args_t args = {0};
    for (uint64_t n = first; n < first + count; n++)
        cells[n] = (uint32_t) PART;
    ink_value_shape_t shape =
        ink_value_measure (&ink_kernel_histogram, &args, cells, (ink_part_t){0, PART});
    ink_payload_t *payload = ink_payload_new (shape.size);
    if (payload)
        ink_value_pack (&shape, &ink_kernel_histogram, &args, cells,
                        ink_payload_data (payload));
    return payload;
}

//  Lease 1, whose slot n is part n.
static inline ink_msg_t
value_of (bench_t *self, uint64_t part, const ink_payload_t *payload)
{
    ink_payload_t *there = (ink_payload_t *) (uintptr_t) payload;
    return (ink_msg_t){.kind = INK_MSG_VALUE,
                       .value = {.epoch = self->epoch,
                                 .lease = 1,
                                 .slot = part,
                                 .series = self->series.bytes,
                                 .offset = part * PART,
                                 .length = PART,
                                 .checksum = there
                                                 ? XXH3_64bits (ink_payload_data (there),
                                                                ink_payload_size (there))
                                                 : 0}};
}

static inline int
value (bench_t *self, uint64_t part)
{
    ink_payload_t *payload = pack (part, 1);
    ink_msg_t msg = value_of (self, part, payload);
    return step (self, INK_HEARD_WORKER, &msg, payload);
}

static inline int
stored (bench_t *self)
{
    return step (self, INK_HEARD_STORED, NULL, NULL);
}

static inline int
idle (bench_t *self)
{
    return step (self, INK_HEARD_IDLE, NULL, NULL);
}

static inline int
tick (bench_t *self)
{
    return step (self, INK_HEARD_TIMER, NULL, NULL);
}

static inline int
known (bench_t *self, uint64_t handle, uint64_t first, uint64_t count)
{
    ink_msg_run_t run = {first, count};
    ink_msg_t msg = {
        .kind = INK_MSG_KNOWN,
        .known = {.handle = handle, .runs = {&run, 1}, .told = !self->untold}};
    return step (self, INK_HEARD_VENTILATOR, &msg, pack (first, count));
}

static inline int
failed (bench_t *self, uint64_t handle, uint64_t part, int error)
{
    ink_msg_t msg = {
        .kind = INK_MSG_FAILED,
        .failed = {.handle = handle, .part = part, .error = (uint64_t) error}};
    return step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

static inline int
forget (bench_t *self, uint64_t handle, bool purge)
{
    ink_msg_t msg = {.kind = INK_MSG_FORGET, .forget = {handle, purge}};
    return step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

static inline int
resend (bench_t *self, uint64_t handle)
{
    ink_msg_t msg = {.kind = INK_MSG_RESEND, .resend = {handle, 0}};
    return step (self, INK_HEARD_VENTILATOR, &msg, NULL);
}

//  The last answer counted exactly these parts, each once.
static inline void
counted (const bench_t *self, uint64_t first, uint64_t count)
{
    for (uint64_t n = 0; n < 256; n++)
        assert_int_equal (self->cells[n], n >= first && n < first + count ? PART : 0);
}

#define STORY(name) cmocka_unit_test_setup_teardown (name, setup, teardown)

#endif

//  messages.h: everything that is said between client, ventilator, sink and worker.
//
//  Each message is declared once, as a list of fields; the struct, the encoder, the decoder
//  and the limits follow from it. doc/protocol.md says what they mean and in what order they
//  come. Bytes exist only in this folder.
//
//  Fields:  STR (name, most)        text of at most `most` bytes, UTF-8 without controls
//           U64 (name, most)        0 to `most`
//           I64 (name, -)           any
//           BIN (name, size)        exactly `size` bytes
//           LIST (name, most, type) at most `most` of ink_msg_<type>_t

#ifndef INK_MESSAGES_H_INCLUDED
#define INK_MESSAGES_H_INCLUDED

#include <stddef.h>
#include <stdint.h>

#define INK_PROTOCOL_VERSION 1

#define INK_ANY UINT64_MAX
#define INK_NAME_MOST 64   //  Ids and names
#define INK_PATH_MOST 4096 //  A source
#define INK_TEXT_MOST 200  //  What is said to a person
#define INK_KERNELS_MOST 8 //  In one request
#define INK_PARAMS_MOST 8
#define INK_TYPED_MOST 512  //  What is typed for a parameter
#define INK_STATE_WORDS 128 //  Of a chain
#define INK_REPORTS_MOST 64
#define INK_PARTS_MOST 1048576 //  In one request
#define INK_SPANS_MOST 256     //  In one lease
#define INK_MILLION 1000000    //  Shares are told in millionths
#define INK_EXACT UINT64_MAX   //  The bound of what is not an estimate
#define INK_FAILURES_MOST 1024 //  Listed in one reply or value
#define INK_REVOKED_MOST 1024  //  Leases and spans in one message
#define INK_NODES_MOST 64      //  Wished for at once

//  How a worker goes about a lease of one part and one kernel that has failed before: piece by
//  piece, so that only the smallest ranges fail; and each piece in a process of its own.
#define INK_CARE_PIECES 1
#define INK_CARE_ISOLATED 2

//  ---------------------------------------------------------------------------------------
//  What messages are made of

#define INK_FIELDS_param(F)        \
    F (STR, name, INK_NAME_MOST, ) \
    F (I64, value, , )             \
    F (STR, text, INK_TYPED_MOST, )

#define INK_FIELDS_kernel(F)       \
    F (STR, name, INK_NAME_MOST, ) \
    F (U64, version, UINT32_MAX, ) \
    F (LIST, params, INK_PARAMS_MOST, param)

//  Which file, and what it was when it was opened
#define INK_FIELDS_file(F)           \
    F (STR, source, INK_PATH_MOST, ) \
    F (U64, device, INK_ANY, )       \
    F (U64, inode, INK_ANY, )        \
    F (U64, size, INK_ANY, )         \
    F (I64, mtime_ns, , )            \
    F (I64, ctime_ns, , )

//  Eight bytes of a state
#define INK_FIELDS_word(F) F (U64, bits, INK_ANY, )

//  The state of a chain behind a part; empty before the first one
#define INK_FIELDS_state(F) F (LIST, words, INK_STATE_WORDS, word)

//  A partial that is wanted: when so much is covered, in cells of about so many bytes; 0: in those
//  of the kernel
#define INK_FIELDS_report(F)           \
    F (U64, millionths, INK_MILLION, ) \
    F (U64, precision, INK_ANY, )

//  Bytes [offset, offset + length) of a source
#define INK_FIELDS_span(F)     \
    F (U64, offset, INK_ANY, ) \
    F (U64, length, INK_ANY, )

//  Parts [first, first + count) of a plan
#define INK_FIELDS_run(F)            \
    F (U64, first, INK_PARTS_MOST, ) \
    F (U64, count, INK_PARTS_MOST, )

#define INK_FIELDS_failure(F)  \
    F (U64, offset, INK_ANY, ) \
    F (U64, length, INK_ANY, ) \
    F (U64, error, UINT32_MAX, )

#define INK_FIELDS_id(F) F (U64, id, INK_ANY, )

//  A lease that its worker is to leave, or one span of it (INK_ANY: all)
#define INK_FIELDS_revoked(F)  \
    F (U64, worker, INK_ANY, ) \
    F (U64, lease, INK_ANY, )  \
    F (U64, span, INK_ANY, )

#define INK_FIELDS_series(F) F (BIN, key, 16, )

//  The n-th node of the level that is cut at `span`, with its cells doubled so often
#define INK_FIELDS_node(F)   \
    F (U64, span, INK_ANY, ) \
    F (U64, n, INK_ANY, )    \
    F (U64, doublings, 63, )

//  One value of a lease that has arrived at the sink. `taken`: somebody there waited for it;
//  `failed`: so many bytes of its part are not in it and will not come; `sample`: it is one;
//  `words`: it is the state of a chain, and this is it; `place` tells which (ink_kin_place).
#define INK_FIELDS_arrival(F)              \
    F (U64, lease, INK_ANY, )              \
    F (U64, slot, UINT32_MAX, )            \
    F (U64, error, UINT32_MAX, )           \
    F (U64, taken, 1, )                    \
    F (U64, failed, INK_ANY, )             \
    F (U64, busy_ns, INK_ANY, )            \
    F (U64, sample, 1, )                   \
    F (LIST, words, INK_STATE_WORDS, word) \
    F (U64, place, INK_ANY, )

#define INK_FIELDS_counter(F)      \
    F (STR, name, INK_NAME_MOST, ) \
    F (U64, value, INK_ANY, )

#define INK_FIELDS_speed(F)          \
    F (STR, kernel, INK_NAME_MOST, ) \
    F (U64, chunks, INK_ANY, )       \
    F (U64, busy_ns, INK_ANY, )      \
    F (U64, bytes, INK_ANY, )

//  What a request waits for (doc/protocol.md, section 4): chunks, for workers, for so long. Who
//  does not know a number says nothing.
// clang-format off
#define INK_WAITS(W) \
    W (1, SOURCE, "source") W (2, CACHE, "cache") W (3, SINK, "sink") \
    W (4, REFUSED, "sink_refuses") W (5, WORKER, "worker") W (6, PROOF, "proof") \
    W (7, CREDIT, "busy") W (8, VALUES, "values") W (9, FINAL, "final") \
    W (10, TRUST, "quarantine")
// clang-format on

typedef enum {
#define INK_WAIT_CODE(number, NOUN, name) INK_WAIT_##NOUN = number,
    INK_WAITS (INK_WAIT_CODE)
#undef INK_WAIT_CODE
} ink_wait_t;

#define INK_FIELDS_request_info(F)       \
    F (STR, id, INK_NAME_MOST, )         \
    F (STR, source, INK_PATH_MOST, )     \
    F (STR, kernels, 600, )              \
    F (STR, state, INK_NAME_MOST, )      \
    F (U64, waits_for, UINT32_MAX, )     \
    F (U64, wait_chunks, INK_ANY, )      \
    F (U64, wait_workers, INK_ANY, )     \
    F (U64, wait_ms, INK_ANY, )          \
    F (STR, wait_kernels, 600, )         \
    F (U64, untaken, INK_KERNELS_MOST, ) \
    F (U64, total, INK_ANY, )            \
    F (U64, covered, INK_ANY, )          \
    F (U64, cached, INK_ANY, )           \
    F (U64, computed, INK_ANY, )         \
    F (U64, age_ms, INK_ANY, )           \
    F (U64, ready, INK_ANY, )            \
    F (U64, in_progress, INK_ANY, )      \
    F (I64, priority, , )

#define INK_FIELDS_worker_info(F)     \
    F (STR, name, INK_NAME_MOST, )    \
    F (STR, host, INK_NAME_MOST, )    \
    F (STR, kernels, 2048, )          \
    F (STR, version, INK_NAME_MOST, ) \
    F (STR, state, INK_NAME_MOST, )   \
    F (STR, speeds, 2048, )           \
    F (U64, pid, INK_ANY, )           \
    F (U64, slots, UINT32_MAX, )      \
    F (U64, leases, INK_ANY, )        \
    F (U64, chunks, INK_ANY, )        \
    F (U64, lost, INK_ANY, )          \
    F (U64, deaths, INK_ANY, )        \
    F (U64, refused, INK_ANY, )       \
    F (U64, seen_ms, INK_ANY, )       \
    F (U64, cpu_percent, INK_ANY, )   \
    F (U64, memory_bytes, INK_ANY, )

//  ---------------------------------------------------------------------------------------
//  Client and ventilator

//  With a `view`, it supersedes what this client has open of the same view with a smaller `move`,
//  and is computed from `focus` outwards (INK_ANY: from the middle).
#define INK_FIELDS_request(F)                   \
    F (STR, id, INK_NAME_MOST, )                \
    F (STR, source, INK_PATH_MOST, )            \
    F (U64, offset, INK_ANY, )                  \
    F (U64, length, INK_ANY, )                  \
    F (LIST, kernels, INK_KERNELS_MOST, kernel) \
    F (LIST, reports, INK_REPORTS_MOST, report) \
    F (U64, chunk, INK_ANY, )                   \
    F (I64, priority, , )                       \
    F (U64, timeout_ms, UINT32_MAX, )           \
    F (U64, cache_read, 1, )                    \
    F (U64, cache_write, 1, )                   \
    F (STR, view, INK_NAME_MOST, )              \
    F (U64, focus, INK_ANY, )                   \
    F (U64, move, INK_ANY, )                    \
    F (STR, other, INK_PATH_MOST, )             \
    F (U64, estimates, 1, )                     \
    F (U64, sample, INK_MILLION, )

#define INK_FIELDS_cancel(F) F (STR, id, INK_NAME_MOST, )

//  The client's application has taken the partial `seq`: another may come
#define INK_FIELDS_taken(F)      \
    F (STR, id, INK_NAME_MOST, ) \
    F (U64, seq, INK_ANY, )

#define INK_FIELDS_ping(F) F (U64, nonce, INK_ANY, )

//  The client has read so many replies and statuses from its connection
#define INK_FIELDS_read(F) F (U64, replies, INK_ANY, )

#define INK_FIELDS_ask(F) F (STR, id, INK_NAME_MOST, )

#define INK_FIELDS_pong(F)    \
    F (U64, nonce, INK_ANY, ) \
    F (U64, epoch, INK_ANY, )

//  Ventilator to client, and sink to ventilator, where `handle` names the request and `id` is
//  empty. A frame with the value follows.
#define INK_FIELDS_reply(F)                        \
    F (STR, id, INK_NAME_MOST, )                   \
    F (U64, handle, INK_ANY, )                     \
    F (U64, kernel, INK_KERNELS_MOST, )            \
    F (U64, seq, INK_ANY, )                        \
    F (U64, final, 1, )                            \
    F (U64, error, UINT32_MAX, )                   \
    F (STR, detail, INK_TEXT_MOST, )               \
    F (U64, total, INK_ANY, )                      \
    F (U64, cached, INK_ANY, )                     \
    F (U64, computed, INK_ANY, )                   \
    F (U64, estimated, INK_ANY, )                  \
    F (U64, bound, INK_ANY, )                      \
    F (U64, elapsed_us, INK_ANY, )                 \
    F (LIST, failures, INK_FAILURES_MOST, failure) \
    F (U64, source_size, INK_ANY, )                \
    F (U64, other_size, INK_ANY, )                 \
    F (U64, precision, INK_ANY, )

//  The request, or another message of the client's, is refused
#define INK_FIELDS_refusal(F)    \
    F (STR, id, INK_NAME_MOST, ) \
    F (U64, error, UINT32_MAX, ) \
    F (STR, detail, INK_TEXT_MOST, )

#define INK_FIELDS_cancelled(F)  \
    F (STR, id, INK_NAME_MOST, ) \
    F (U64, dropped, INK_ANY, )  \
    F (U64, running, INK_ANY, )

#define INK_FIELDS_status(F)               \
    F (LIST, requests, 4096, request_info) \
    F (LIST, workers, 4096, worker_info)   \
    F (LIST, counters, 256, counter)

//  ---------------------------------------------------------------------------------------
//  Worker and ventilator

#define INK_FIELDS_hello(F)           \
    F (STR, name, INK_NAME_MOST, )    \
    F (U64, instance, INK_ANY, )      \
    F (STR, host, INK_NAME_MOST, )    \
    F (U64, pid, INK_ANY, )           \
    F (U64, slots, 256, )             \
    F (STR, version, INK_NAME_MOST, ) \
    F (LIST, kernels, 256, kernel)

#define INK_FIELDS_welcome(F)         \
    F (U64, epoch, INK_ANY, )         \
    F (U64, worker, INK_ANY, )        \
    F (STR, lane, INK_PATH_MOST, )    \
    F (STR, control, INK_PATH_MOST, ) \
    F (STR, values, INK_PATH_MOST, )

//  The worker has heard a beacon on the control channel: the path may be proven
#define INK_FIELDS_ready(F) F (U64, instance, INK_ANY, )

#define INK_FIELDS_heartbeat(F)      \
    F (U64, instance, INK_ANY, )     \
    F (U64, cpu_percent, INK_ANY, )  \
    F (U64, memory_bytes, INK_ANY, ) \
    F (LIST, speeds, 256, speed)

//  The lease has ended without the rest of its values: it was revoked
#define INK_FIELDS_stopped(F)    \
    F (U64, instance, INK_ANY, ) \
    F (U64, lease, INK_ANY, )

//  The worker missed something on the control channel and asks what it still holds
#define INK_FIELDS_resync(F) F (U64, instance, INK_ANY, )

#define INK_FIELDS_held(F)    \
    F (U64, epoch, INK_ANY, ) \
    F (U64, seq, INK_ANY, )   \
    F (LIST, leases, 1024, id)

#define INK_FIELDS_bye(F) F (U64, instance, INK_ANY, )

//  I do not know you: say hello again
#define INK_FIELDS_again(F) F (U64, epoch, INK_ANY, )

//  ---------------------------------------------------------------------------------------
//  Lane: ventilator to worker

//  Work: `spans` are parts of one source, in any order, `kernels` are mapped over each. The value
//  of span s and kernel k is slot s * kernels + k. `end` is the end of the request's range,
//  which no kernel looks behind. `care`, of INK_CARE_...: it has failed before. `others`: the
//  second source, if any. `ahead`: it goes before those that wait. With `fold` the spans are
//  samples for the request `handle`: so many of them, or what is left of them, make one value. `states`:
//  what each kernel goes on from, when one of them is a chain.
#define INK_FIELDS_lease(F)                     \
    F (U64, epoch, INK_ANY, )                   \
    F (U64, lease, INK_ANY, )                   \
    F (U64, attempt, UINT32_MAX, )              \
    F (U64, care, INK_CARE_ISOLATED, )          \
    F (STR, source, INK_PATH_MOST, )            \
    F (U64, device, INK_ANY, )                  \
    F (U64, inode, INK_ANY, )                   \
    F (U64, size, INK_ANY, )                    \
    F (I64, mtime_ns, , )                       \
    F (I64, ctime_ns, , )                       \
    F (LIST, kernels, INK_KERNELS_MOST, kernel) \
    F (LIST, series, INK_KERNELS_MOST, series)  \
    F (U64, end, INK_ANY, )                     \
    F (LIST, spans, INK_SPANS_MOST, span)       \
    F (LIST, others, 1, file)                   \
    F (U64, ahead, 1, )                         \
    F (U64, fold, INK_SPANS_MOST, )             \
    F (U64, handle, INK_ANY, )                  \
    F (U64, begin, INK_ANY, )                   \
    F (LIST, states, INK_KERNELS_MOST, state)

#define INK_FIELDS_probe(F)    \
    F (U64, epoch, INK_ANY, )  \
    F (U64, worker, INK_ANY, ) \
    F (U64, nonce, INK_ANY, )

//  ---------------------------------------------------------------------------------------
//  Control: ventilator to all workers, by PUB

#define INK_FIELDS_beacon(F)  \
    F (U64, epoch, INK_ANY, ) \
    F (U64, seq, INK_ANY, )

#define INK_FIELDS_revoke(F)  \
    F (U64, epoch, INK_ANY, ) \
    F (U64, seq, INK_ANY, )   \
    F (LIST, leases, INK_REVOKED_MOST, revoked)

//  ---------------------------------------------------------------------------------------
//  Worker to sink. A frame with the packed value follows `value`, unless it has an error.
//  `failures` are ranges of the part that could not be computed: they are not in the value.

#define INK_FIELDS_value(F)                        \
    F (U64, epoch, INK_ANY, )                      \
    F (U64, worker, INK_ANY, )                     \
    F (U64, lease, INK_ANY, )                      \
    F (U64, slot, UINT32_MAX, )                    \
    F (BIN, series, 16, )                          \
    F (U64, offset, INK_ANY, )                     \
    F (U64, length, INK_ANY, )                     \
    F (U64, lookahead, UINT32_MAX, )               \
    F (U64, error, UINT32_MAX, )                   \
    F (U64, checksum, INK_ANY, )                   \
    F (U64, busy_ns, INK_ANY, )                    \
    F (LIST, failures, INK_FAILURES_MOST, failure) \
    F (U64, lookback, UINT32_MAX, )

//  What `spans` of a lease with `fold` came to. A frame with the packed value follows, unless it
//  has an error: counts added up, cells side by side.
#define INK_FIELDS_sample(F)     \
    F (U64, epoch, INK_ANY, )    \
    F (U64, worker, INK_ANY, )   \
    F (U64, lease, INK_ANY, )    \
    F (U64, slot, UINT32_MAX, )  \
    F (U64, handle, INK_ANY, )   \
    F (BIN, series, 16, )        \
    F (U64, error, UINT32_MAX, ) \
    F (U64, checksum, INK_ANY, ) \
    F (U64, busy_ns, INK_ANY, )  \
    F (LIST, spans, INK_SPANS_MOST, span)

//  (The probe is passed on as it is.)

//  ---------------------------------------------------------------------------------------
//  Ventilator and sink

//  `order` is that of the last expect that was sent before
#define INK_FIELDS_greet(F)   \
    F (U64, epoch, INK_ANY, ) \
    F (U64, order, INK_ANY, )

//  What a sink has counted since it began, and its cache (doc/protocol.md, section 10)
#define INK_SINK_COUNTERS(F)                \
    F (U64, values, INK_ANY, )              \
    F (U64, doubled_values, INK_ANY, )      \
    F (U64, stale_values, INK_ANY, )        \
    F (U64, unwanted_values, INK_ANY, )     \
    F (U64, bad_values, INK_ANY, )          \
    F (U64, bad_messages, INK_ANY, )        \
    F (U64, ventilators_lost, INK_ANY, )    \
    F (U64, ventilators_refused, INK_ANY, ) \
    F (U64, cache_puts, INK_ANY, )          \
    F (U64, cache_evicted, INK_ANY, )       \
    F (U64, cache_refused, INK_ANY, )       \
    F (U64, cache_corrupt, INK_ANY, )       \
    F (U64, cache_failed, INK_ANY, )        \
    F (U64, cache_set_aside, INK_ANY, )     \
    F (U64, samples, INK_ANY, )

#define INK_FIELDS_greeting(F)   \
    F (U64, epoch, INK_ANY, )    \
    F (U64, instance, INK_ANY, ) \
    INK_SINK_COUNTERS (F)

//  Values of this request will come, for every part of its plan and every kernel, unless a
//  `known` or `failed` message tells of them. It holds from the moment on when `knowns` of
//  the former, which follow at once, have come. Partials are to `estimate` what they do not
//  know; parts come `spread` over the range as value/course.h has it, and none behind the
//  first `places` of that course, when there are such.
#define INK_FIELDS_expect(F)                    \
    F (U64, epoch, INK_ANY, )                   \
    F (U64, order, INK_ANY, )                   \
    F (U64, handle, INK_ANY, )                  \
    F (U64, offset, INK_ANY, )                  \
    F (U64, length, INK_ANY, )                  \
    F (U64, size, INK_ANY, )                    \
    F (U64, chunk, INK_ANY, )                   \
    F (LIST, kernels, INK_KERNELS_MOST, kernel) \
    F (LIST, series, INK_KERNELS_MOST, series)  \
    F (LIST, reports, INK_REPORTS_MOST, report) \
    F (U64, cache_write, 1, )                   \
    F (U64, knowns, INK_KERNELS_MOST, )         \
    F (U64, estimate, 1, )                      \
    F (U64, spread, 1, )                        \
    F (U64, places, INK_ANY, )

//  What the cache knew of these parts. A frame with the packed value follows. `told`: so has the
//  client been, if that was due.
#define INK_FIELDS_known(F)             \
    F (U64, handle, INK_ANY, )          \
    F (U64, kernel, INK_KERNELS_MOST, ) \
    F (LIST, runs, 65536, run)          \
    F (U64, told, 1, )

//  These parts will not come
#define INK_FIELDS_failed(F)            \
    F (U64, handle, INK_ANY, )          \
    F (U64, kernel, INK_KERNELS_MOST, ) \
    F (U64, part, INK_PARTS_MOST, )     \
    F (U64, error, UINT32_MAX, )

//  The final of that kernel was lost on its way: send it again
#define INK_FIELDS_resend(F)   \
    F (U64, handle, INK_ANY, ) \
    F (U64, kernel, INK_KERNELS_MOST, )

//  Nobody waits for the request any more; with `purge`, what is cached of its series goes too
#define INK_FIELDS_forget(F)   \
    F (U64, handle, INK_ANY, ) \
    F (U64, purge, 1, )

//  Values that have arrived and are visible in the cache; `order` is that of the last expect
//  that was heard before them
#define INK_FIELDS_settled(F)    \
    F (U64, epoch, INK_ANY, )    \
    F (U64, instance, INK_ANY, ) \
    F (U64, order, INK_ANY, )    \
    F (LIST, arrivals, 1024, arrival)

//  The cache has all children of these nodes of a series, and not the nodes: to be made at leisure
#define INK_FIELDS_wish(F)       \
    F (LIST, kernels, 1, kernel) \
    F (LIST, series, 1, series)  \
    F (U64, size, INK_ANY, )     \
    F (LIST, nodes, INK_NODES_MOST, node)

//  ---------------------------------------------------------------------------------------

//  Numbers are part of the protocol and never used again for something else.
//  clang-format never comes to rest over such lists.
// clang-format off
#define INK_ELEMENTS(E) \
    E (param) E (kernel) E (file) E (word) E (state) E (report) E (span) E (run) E (failure) E (id) \
    E (revoked) E (series) E (node) E (arrival) E (counter) E (speed) \
    E (request_info) E (worker_info)

#define INK_MESSAGES(M) \
    M (1, REQUEST, request) M (2, CANCEL, cancel) M (3, TAKEN, taken) \
    M (4, PING, ping) M (5, ASK, ask) M (6, PONG, pong) M (7, REPLY, reply) \
    M (8, REFUSAL, refusal) M (9, CANCELLED, cancelled) M (10, STATUS, status) \
    M (11, READ, read) \
    M (20, HELLO, hello) M (21, WELCOME, welcome) M (22, READY, ready) \
    M (23, HEARTBEAT, heartbeat) M (24, STOPPED, stopped) M (25, RESYNC, resync) \
    M (26, HELD, held) M (27, BYE, bye) M (28, AGAIN, again) M (30, LEASE, lease) \
    M (31, PROBE, probe) M (40, BEACON, beacon) M (41, REVOKE, revoke) \
    M (50, VALUE, value) M (51, SAMPLE, sample) M (60, GREET, greet) M (61, GREETING, greeting) \
    M (62, EXPECT, expect) M (63, KNOWN, known) M (64, FAILED, failed) \
    M (65, FORGET, forget) M (66, SETTLED, settled) M (67, RESEND, resend) \
    M (68, WISH, wish)
// clang-format on

#define INK_MEMBER_STR(name, type) const char *name;
#define INK_MEMBER_U64(name, type) uint64_t name;
#define INK_MEMBER_I64(name, type) int64_t name;
#define INK_MEMBER_BIN(name, type) const uint8_t *name;
#define INK_MEMBER_LIST(name, type)      \
    struct {                             \
        const ink_msg_##type##_t *items; \
        size_t size;                     \
    } name;
#define INK_MEMBER(kind, name, most, type) INK_MEMBER_##kind (name, type)

#define INK_ELEMENT_STRUCT(noun)       \
    typedef struct {                   \
        INK_FIELDS_##noun (INK_MEMBER) \
    } ink_msg_##noun##_t;
INK_ELEMENTS (INK_ELEMENT_STRUCT)
#undef INK_ELEMENT_STRUCT

#define INK_MESSAGE_STRUCT(number, NOUN, noun) \
    typedef struct {                           \
        INK_FIELDS_##noun (INK_MEMBER)         \
    } ink_msg_##noun##_t;
INK_MESSAGES (INK_MESSAGE_STRUCT)
#undef INK_MESSAGE_STRUCT

typedef enum {
#define INK_MESSAGE_KIND(number, NOUN, noun) INK_MSG_##NOUN = number,
    INK_MESSAGES (INK_MESSAGE_KIND)
#undef INK_MESSAGE_KIND
} ink_msg_kind_t;

//  One message of any kind. Texts and lists are borrowed: from whoever made the message, or,
//  after decoding, from the arena that was given.
typedef struct {
    ink_msg_kind_t kind;
    union {
#define INK_MESSAGE_MEMBER(number, NOUN, noun) ink_msg_##noun##_t noun;
        INK_MESSAGES (INK_MESSAGE_MEMBER)
#undef INK_MESSAGE_MEMBER
    };
} ink_msg_t;

#endif

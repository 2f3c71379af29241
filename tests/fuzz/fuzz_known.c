//  fuzz_known.c: what a ventilator makes the sink expect, and what it says the cache knew. No
//  part is ever entered twice.

#include "sink/collection.h"
#include "supply.h"

static void
parts_add_up (const ink_collected_t *strand, uint64_t parts)
{
    uint64_t there = 0;
    for (uint64_t n = 0; n < parts; n++)
        there += strand->there[n] != 0;
    assert (there + strand->left == parts);
    assert (strand->cached + strand->computed + strand->failed <=
            strand->collection->plan.length);
}

static void
hear (supply_t *in, ink_collection_t *collection)
{
    ink_msg_t msg = supply_message (in);
    ink_payload_t *payload = supply_payload (in);
    ink_collected_t *strand = &collection->strands[0];
    if (msg.kind == INK_MSG_KNOWN && payload)
        (void) ink_collected_know (strand, &msg.known, ink_payload_data (payload),
                                   ink_payload_size (payload));
    if (msg.kind == INK_MSG_FAILED)
        (void) ink_collected_fail (strand, msg.failed.part, msg.failed.error);
    ink_payload_destroy (&payload);
    parts_add_up (strand, collection->parts);
}

//  One kernel over at most 128 KiB in parts of 4 KiB: fuzz_collector tries the rest.
int
LLVMFuzzerTestOneInput (const uint8_t *bytes, size_t size)
{
    static const uint8_t series[16] = {1};
    static const char *const kernels[] = {"histogram", "entropy", "count", "bytes"};
    supply_t in = {.at = bytes, .left = size};
    ink_msg_kernel_t kernel = {.name = kernels[supply_byte (&in) % 4], .version = 1};
    const ink_msg_series_t key = {.key = series};
    ink_msg_expect_t expect = {.epoch = 1,
                               .handle = 1,
                               .offset = supply_number (&in),
                               .length = supply_most (&in, 1 << 17),
                               .size = supply_number (&in),
                               .chunk = 4096,
                               .kernels = {&kernel, 1},
                               .series = {&key, 1}};
    ink_collection_t *collection;
    if (ink_collection_new (&expect, &collection) == INK_OK) {
        for (int n = 0; n < 16 && in.left; n++)
            hear (&in, collection);
        ink_collection_destroy (&collection);
    }
    supply_free (&in);
    return 0;
}
